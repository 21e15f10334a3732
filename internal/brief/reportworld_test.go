package brief_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pi-manager/internal/brief"
	"pi-manager/internal/ecm"
	"pi-manager/internal/progress"
)

// evening is 20:00 in Dubai; the report before was at 14:00, the next slot is at 07:00.
func evening() time.Time { return time.Date(2026, 2, 17, 16, 0, 0, 0, time.UTC) }

func eveningPage() brief.Page {
	p := page()
	p.Slot = "2026-02-17T20:00"
	return p
}

func since(counts map[string]int) progress.Since {
	return progress.Since{At: evening().Add(-6 * time.Hour), Counts: counts, Next: evening().Add(11 * time.Hour)}
}

// looked is what a report is made from on a good evening: the warehouse knows
// every order, its newest is ten minutes old.
func looked(tb testing.TB, rows []ecm.Assignment, agents []ecm.Agent) progress.Input {
	in := progress.Input{
		AsOf: evening(), Day: evening().Add(-20 * time.Hour), Assignments: rows, Agents: agents, Policy: rules(tb),
		Statuses: ecm.Statuses{Source: "a test", ByID: map[string]string{}, Newest: evening().Add(-10 * time.Minute)},
	}
	for _, row := range rows {
		if row.Status != ecm.Resolved {
			in.Statuses.ByID[row.OrderID] = "PENDING"
		}
	}
	in.Statuses.Asked = len(in.Statuses.ByID)
	return in
}

// shift are the rows of a team on an ordinary day: n orders with four agents,
// assigned in the last hours, most of them within their SLA.
func shift(n int) []ecm.Assignment {
	names := strings.Fields("asha ben cleo dev")
	kinds := strings.Fields("stuck_at_lulu bulk_vda_pending rfi_pending rfi_pending bulk_vda_pending refund_triggered rfi_pending")
	rows := make([]ecm.Assignment, n)
	for i := range rows {
		o := manyOrders(n).Orders[i]
		rows[i] = openRow(o.ID, names[i%len(names)], ecm.Priorities[i%4], o.Send)
		rows[i].AssignedAt, rows[i].Diagnosis = evening().Add(-time.Duration(i*7%400)*time.Minute), kinds[i%len(kinds)]
		rows[i].Status = []ecm.Status{ecm.Open, ecm.Open, ecm.Open, ecm.InProgress}[i/3%4]
	}
	return rows
}

// workingDay has a bit of everything.
func workingDay(tb testing.TB) (progress.Input, progress.Since) {
	rows := shift(120)
	for i := range 9 {
		rows[i*11].Status = ecm.Escalated
	}
	for i := 30; i < 44; i++ {
		rows[i].Status, rows[i].ResolvedAt = ecm.Resolved, evening().Add(-time.Duration(i)*time.Minute)
	}
	for i := 50; i < 55; i++ {
		rows[i].Status, rows[i].ResolvedAt, rows[i].Notes = ecm.Resolved, evening().Add(-time.Minute), ecm.SelfHealed
	}
	rows[60].AssignedAt = time.Time{}
	agents := crew(4)
	agents[1].Capacity, agents[2].Capacity = 25, 20
	in := looked(tb, rows, agents)
	in.Statuses.ByID[rows[61].OrderID], in.Statuses.ByID[rows[62].OrderID] = "COMPLETED", "COMPLETED"
	in.Unreadable = []progress.Unreadable{{Row: 17, OrderID: "AE9", Agent: "asha@example.com", Reason: "its status is none of ours"}}
	before := map[string]int{
		progress.CountOpen: 60, progress.CountInProgress: 26, progress.CountEscalated: 9, progress.CountBreaches: 12, progress.CountHighValue: 50,
	}
	return in, since(before)
}

// disaster is a day on which nobody came: all of a large team's orders are over their SLA.
func disaster(tb testing.TB) (progress.Input, progress.Since) {
	agents := crew(60)
	var rows []ecm.Assignment
	for i, o := range manyOrders(2000).Orders {
		row := openRow(o.ID, "", ecm.Priorities[i%4], o.Send)
		row.Agent, row.AssignedAt, row.Diagnosis = agents[i%60].Email, evening().Add(-time.Duration(30+i%50)*time.Hour), strings.ToLower(o.SubState)
		rows = append(rows, row)
	}
	for i := range agents {
		agents[i].Capacity = 36 + i%3
	}
	return looked(tb, rows, agents), since(map[string]int{progress.CountOpen: 2000, progress.CountBreaches: 1400})
}

// crowded are orders of n agents that will breach in the night, each orders apiece.
func crowded(tb testing.TB, n, each int) (progress.Input, progress.Since) {
	agents := crew(n)
	var rows []ecm.Assignment
	for i := range n * each {
		row := openRow(fmt.Sprintf("GB%05d", i), "", ecm.P2, money("GBP", "120"))
		row.Agent, row.AssignedAt = agents[i%n].Email, evening().Add(-time.Duration(i%400)*time.Minute)
		rows = append(rows, row)
	}
	for i := range agents {
		agents[i].Handle = fmt.Sprintf("U0AGENT%03d", i)
	}
	return looked(tb, rows, agents), since(map[string]int{progress.CountOpen: len(rows)})
}

// unbelieved has an answer of the warehouse that knows too few orders and is old.
func unbelieved(tb testing.TB) (progress.Input, progress.Since) {
	in, before := workingDay(tb)
	in.Statuses.ByID = map[string]string{in.Assignments[61].OrderID: "COMPLETED"}
	in.Statuses.Newest = evening().Add(-30 * time.Hour)
	return in, before
}

// hostileShift has in its ids, names and diagnoses what an attacker would try there.
func hostileShift(tb testing.TB) (progress.Input, progress.Since) {
	var rows []ecm.Assignment
	var agents []ecm.Agent
	for i, payload := range payloads() {
		row := openRow(payload+fmt.Sprint(i), payload, ecm.Priorities[i%4], money("AED", fmt.Sprint(i*100)))
		row.Diagnosis, row.AssignedAt = payload, evening().Add(-time.Duration(i)*4*time.Minute)
		rows = append(rows, row)
		agents = append(agents, ecm.Agent{Email: row.Agent, Name: payload, Handle: payload, Active: true, Capacity: 1})
	}
	return looked(tb, rows, agents), since(nil)
}

func reportOf(in progress.Input, before progress.Since) *progress.Report {
	return progress.Make(in, before)
}

func quietDay(tb testing.TB) (progress.Input, progress.Since) {
	rows := shift(3)
	for i := range rows {
		rows[i].AssignedAt = evening().Add(-5 * time.Minute)
		rows[i].Diagnosis = "rfi_pending"
	}
	in := looked(tb, rows, crew(2))
	return in, progress.Since{At: in.Day, Next: evening().Add(11 * time.Hour)}
}

// reply is the reply with a name; the test ends where there is none.
func reply(tb testing.TB, r *progress.Report, name string) brief.Message {
	tb.Helper()
	for _, one := range brief.ReportReplies(r, eveningPage()) {
		if one.Name == name {
			return one.Message
		}
	}
	tb.Fatalf("no reply %q", name)
	return brief.Message{}
}
