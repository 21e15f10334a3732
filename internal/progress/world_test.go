package progress_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/shopspring/decimal"

	"pi-manager/config"
	"pi-manager/internal/ecm"
	"pi-manager/internal/policy"
	"pi-manager/internal/progress"
)

func noon() time.Time { return time.Date(2026, 2, 17, 12, 0, 0, 0, time.UTC) }

// ago is so many hours before noon.
func ago(hours float64) time.Time { return noon().Add(-ecm.FromHours(hours)) }

// rules is the built-in policy, with parts of its text replaced.
func rules(tb testing.TB, replacements ...string) *policy.Policy {
	tb.Helper()
	file, err := config.Read("", config.PolicyFile)
	if err != nil {
		tb.Fatal(err)
	}
	for i := 0; i < len(replacements); i += 2 {
		if !strings.Contains(file.Text, replacements[i]) {
			tb.Fatalf("the policy has no %q to replace", replacements[i])
		}
	}
	file.Text = strings.NewReplacer(replacements...).Replace(file.Text)
	p, err := config.ParsePolicy(file)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// row is an OPEN order of AED 10 with ben, whose SLA is 8 h, assigned so many hours before noon.
func row(id string, hours float64) ecm.Assignment {
	return ecm.Assignment{
		OrderID: id, Agent: "ben@example.com", Status: ecm.Open, AssignedAt: ago(hours), Priority: ecm.P3, Diagnosis: "stuck_at_lulu",
		Send: money("10"), Stuck: 12 * time.Hour,
	}
}

func money(amount string) ecm.Money {
	return ecm.Money{Amount: decimal.RequireFromString(amount), Currency: "AED"}
}

// with is the row after a change.
func with(r ecm.Assignment, change func(*ecm.Assignment)) ecm.Assignment {
	change(&r)
	return r
}

// status is the row in a status.
func status(r ecm.Assignment, s ecm.Status) ecm.Assignment {
	r.Status = s
	return r
}

// closed is the row, resolved by a person so many hours before noon.
func closed(r ecm.Assignment, hours float64) ecm.Assignment {
	r.Status, r.ResolvedAt = ecm.Resolved, ago(hours)
	return r
}

// healed is the row, closed by a cleanup so many hours before noon.
func healed(r ecm.Assignment, hours float64) ecm.Assignment {
	return closed(r, hours).WithNote(ecm.SelfHealed)
}

// input is a ledger of these rows at noon, on a day that began eight hours before
// it; the warehouse knows of each order that is not resolved that it is PENDING.
func input(tb testing.TB, rows ...ecm.Assignment) progress.Input {
	tb.Helper()
	for i := range rows {
		rows[i].Row = i + 2
	}
	in := progress.Input{AsOf: noon(), Day: ago(8), Assignments: rows, Policy: rules(tb)}
	in.Statuses = answer(in)
	return in
}

// answer is a warehouse's answer: all orders are known and PENDING, but those named COMPLETED.
func answer(in progress.Input, completed ...string) ecm.Statuses {
	ids := progress.Asked(in)
	s := ecm.Statuses{Source: "a test", Asked: len(ids), ByID: map[string]string{}, Newest: in.AsOf.Add(-time.Hour)}
	for _, id := range ids {
		s.ByID[id] = "PENDING"
	}
	for _, id := range completed {
		s.ByID[id] = "COMPLETED"
	}
	return s
}

// agent is on duty, with so many slots.
func agent(name string, slots int) ecm.Agent {
	return ecm.Agent{Email: name + "@example.com", Name: strings.ToUpper(name[:1]) + name[1:], Active: true, Capacity: slots}
}

// since is a report six hours before noon; the next slot is six hours after it.
func since() progress.Since { return progress.Since{At: ago(6), Next: ago(-6)} }

func ids(tickets []progress.Ticket) []string {
	list := []string{}
	for _, t := range tickets {
		list = append(list, t.Row.OrderID)
	}
	return list
}

// healedIDs are the orders that healed; those whose row is open still have a "+" behind them.
func healedIDs(r *progress.Report) []string {
	list := []string{}
	for _, h := range r.Healed {
		if !h.Closed {
			h.Row.OrderID += "+"
		}
		list = append(list, h.Row.OrderID)
	}
	return list
}

// same compares; an empty list is as good as none, and money is compared by its value.
func same(want, got any) string {
	return cmp.Diff(want, got, cmpopts.EquateEmpty(), cmp.Comparer(func(a, b decimal.Decimal) bool { return a.Equal(b) }))
}

func levels(verdicts []ecm.Verdict) map[string]ecm.Level {
	by := map[string]ecm.Level{}
	for _, v := range verdicts {
		by[v.Check] = v.Level
	}
	return by
}
