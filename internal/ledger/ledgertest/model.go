package ledgertest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
)

// pair is a ledger and its model in memory, which people and runs treat alike.
type pair struct {
	t           *testing.T
	r           *rapid.T
	real, model World
	here        ledger.Ledger
	inMemory    ledger.Ledger
}

// asInMemory draws some runs, with a person at work between each run's reading
// and its commit, and wants the ledger to end up as the one in memory does.
func asInMemory(t *testing.T, r *rapid.T, w World) {
	p := pair{t: t, r: r, real: w, model: InMemory(ledger.NewMemory())}
	p.here, p.inMemory = p.real.Open(t), p.model.Open(t)
	for step := range rapid.IntRange(1, 4).Draw(r, "runs") {
		p.run(step)
	}
	s, want := p.read()
	if difference := setDifference(s.Assignments, want.Assignments); difference != "" {
		r.Fatalf("rows (-in memory +here):\n%s", difference)
	}
	if difference := setDifference(w.Archived(t), p.model.Archived(t)); difference != "" {
		r.Fatalf("archive (-in memory +here):\n%s", difference)
	}
	if len(s.Unreadable) != len(want.Unreadable) || len(s.Runs) != len(want.Runs) || s.Unsettled {
		r.Fatalf("%d unreadable rows and %d runs, want %d and %d; unsettled %v", len(s.Unreadable), len(s.Runs), len(want.Unreadable), len(want.Runs), s.Unsettled)
	}
}

// read gives both with their rows in the same order.
func (p pair) read() (here, inMemory ledger.Snapshot) {
	p.t.Helper()
	here, inMemory = read(p.t, p.here), read(p.t, p.inMemory)
	here.Assignments, inMemory.Assignments = byMark(here.Assignments), byMark(inMemory.Assignments)
	if difference := setDifference(here.Assignments, inMemory.Assignments); difference != "" {
		p.r.Fatalf("rows (-in memory +here):\n%s", difference)
	}
	return here, inMemory
}

// run decides on both, lets a person in, and commits to both.
func (p pair) run(step int) {
	p.t.Helper()
	here, inMemory := p.read()
	slot := fmt.Sprint("step ", step)
	mine, theirs := Commit(here.Generation, slot), Commit(inMemory.Generation, slot)
	plan := decide(p.r, here.Assignments)
	for i, do := range plan {
		if do == nil {
			continue
		}
		mine.Changes = append(mine.Changes, do(here.Assignments[i]))
		theirs.Changes = append(theirs.Changes, do(inMemory.Assignments[i]))
	}
	hands := p.people(here.Assignments, step)
	rows := newRows(p.r, step, free(here, mine.Changes, hands))
	mine.Rows, theirs.Rows = rows, slices.Clone(rows)
	commit(p.t, p.here, mine)
	commit(p.t, p.inMemory, theirs)
}

// decide draws what a run does with each row; nil is nothing.
func decide(r *rapid.T, rows []ecm.Assignment) []func(ecm.Assignment) ecm.Change {
	number := rowsByOrder(rows)
	plan := make([]func(ecm.Assignment) ecm.Change, len(rows))
	for i, row := range rows {
		switch rapid.SampledFrom([]string{"nothing", "close", "open", "note", "archive", "away"}).Draw(r, "change of "+row.OrderID) {
		case "close":
			plan[i] = closing
		case "open": // two open rows of an order are no business of this suite
			if number[row.OrderID] == 1 {
				plan[i] = opening
			}
		case "note":
			plan[i] = func(row ecm.Assignment) ecm.Change { return ecm.Change{Was: row, Is: row.WithNote("noted")} }
		case "archive":
			plan[i] = func(row ecm.Assignment) ecm.Change { return ecm.Change{Was: row, Move: ecm.ToArchive} }
		case "away":
			plan[i] = func(row ecm.Assignment) ecm.Change { return ecm.Change{Was: row, Move: ecm.Away} }
		}
	}
	return plan
}

// opening is the opposite of closing, for a row that a person has written in their own way.
func opening(row ecm.Assignment) ecm.Change {
	is, _ := row.WithoutNote(ecm.SelfHealed)
	is.Status, is.Word, is.ResolvedAt = ecm.InProgress, "in progress", time.Time{}
	return ecm.Change{Was: row, Is: is}
}

func rowsByOrder(rows []ecm.Assignment) map[string]int {
	number := map[string]int{}
	for _, row := range rows {
		number[row.OrderID]++
	}
	return number
}

// people type into rows of orders that have one row, so that the order has one open row at most.
func (p pair) people(rows []ecm.Assignment, step int) (touched map[string]bool) {
	p.t.Helper()
	touched = map[string]bool{}
	number := rowsByOrder(rows)
	texts := map[string][]string{
		"Order ID":       {fmt.Sprint("moved ", step)},
		"Assigned Agent": {"bo@example.com", "Bo"},
		"Status":         {"OPEN", "open", " In Progress", "RESOLVED", "resolved", "ESCALATED", "waiting"},
		"Notes":          {"", "called", "é 日本; self-healed", ecm.SelfHealed},
		"Resolved At":    {"", "2026-02-17 12:34:56"},
	}
	headers := []string{"Order ID", "Assigned Agent", "Status", "Notes", "Resolved At"}
	for _, row := range rows {
		if number[row.OrderID] > 1 || !rapid.Bool().Draw(p.r, "a person at "+row.OrderID) {
			continue
		}
		header := rapid.SampledFrom(headers).Draw(p.r, "header")
		if header == "Order ID" && len(touched) > 0 {
			continue // one such row a step, or two would get the same id
		}
		text := rapid.SampledFrom(texts[header]).Draw(p.r, "text")
		touched[row.OrderID] = true
		p.real.Type(p.t, row.OrderID, header, text)
		p.model.Type(p.t, row.OrderID, header, text)
	}
	return touched
}

// free are the orders whose rows are all closed or gone after the changes, and that nobody has touched.
func free(s ledger.Snapshot, changes []ecm.Change, touched map[string]bool) (ids []string) {
	taken := map[string]bool{}
	ended := map[int]bool{}
	for _, c := range changes {
		ended[c.Was.Row] = c.Move != ecm.Stay || c.Is.Status == ecm.Resolved
	}
	for _, row := range s.Assignments {
		ends, changed := ended[row.Row]
		if changed && !ends || !changed && row.Status != ecm.Resolved || touched[row.OrderID] {
			taken[row.OrderID] = true
		}
	}
	for _, row := range s.Assignments {
		if !taken[row.OrderID] && !slices.Contains(ids, row.OrderID) {
			ids = append(ids, row.OrderID)
		}
	}
	return ids
}

// newRows draws rows of new orders, and of some that may be given out again.
func newRows(r *rapid.T, step int, again []string) (rows []ecm.Assignment) {
	for i := range rapid.IntRange(0, 4).Draw(r, "new orders") {
		row := Row(fmt.Sprintf("%d-%d", step, i), "ana@example.com")
		row.Status = rapid.SampledFrom([]ecm.Status{ecm.Open, ecm.Escalated, ecm.Resolved}).Draw(r, "status")
		row.Notes = rapid.SampledFrom([]string{"", "reopened", "é; " + ecm.SelfHealed}).Draw(r, "notes")
		rows = append(rows, row)
	}
	for _, id := range again {
		if rapid.Bool().Draw(r, id+" again") {
			rows = append(rows, Row(id, "zoe@example.com"))
		}
	}
	return rows
}
