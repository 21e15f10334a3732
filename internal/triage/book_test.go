package triage_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pi-manager/internal/ecm"
	"pi-manager/internal/triage"
)

// F54: whoever has an order in any state but RESOLVED keeps it.
func TestActiveOrdersStayWhereTheyAre(t *testing.T) {
	t.Parallel()
	for _, status := range []ecm.Status{ecm.Open, ecm.InProgress, ecm.Escalated} {
		in := input(t, pending(order("A1", "9000", 20)), agents("asha", "ben"))
		in.Assignments = []ecm.Assignment{row("A1", "ben", status, 50), row("A1", "asha", ecm.Resolved, 90)}
		o := outcomeOf(t, planOf(t, in), "A1")
		want := string(status) + " with ben@example.com in row 7 of the ledger"
		if o.Kind != triage.Kept || o.Reason() != want {
			t.Errorf("%s: got %s, %s", status, o.Kind, o.Reason())
		}
	}
	in := input(t, pending(order("A1", "10", 20)), agents("asha"))
	in.Reserved = []triage.Reserved{{Row: 9, OrderID: "A1", Reason: "status \"Erledigt\""}, {Row: 10}}
	if o := outcomeOf(t, planOf(t, in), "A1"); o.Kind != triage.Kept || o.Row != 9 || !strings.Contains(o.Reason(), "row 9") {
		t.Errorf("an unreadable row: got %s, %s", o.Kind, o.Reason())
	}
}

// F49: an order that somebody pasted twice belongs to the older row, however the tab is sorted; it is one order and takes one slot.
func TestTwoActiveRows(t *testing.T) {
	t.Parallel()
	older, younger := row("A1", "asha", ecm.Open, 50), row("A1", "ben", ecm.Open, 5)
	older.Row, younger.Row = 3, 8
	undated := row("A1", "cleo", ecm.Open, 0)
	undated.AssignedAt = time.Time{}
	for name, rows := range map[string][]ecm.Assignment{
		"older first": {older, younger}, "older last": {younger, older}, "undated first": {undated, older}, "undated last": {older, undated},
	} {
		in := input(t, pending(order("A1", "10", 20)), agents("asha", "ben", "cleo"))
		in.Assignments = rows
		p := planOf(t, in)
		if o := outcomeOf(t, p, "A1"); o.Kind != triage.Kept || o.Agent != older.Agent || o.Row != 3 {
			t.Errorf("%s: got %s with %s", name, o.Kind, o.Agent)
		}
		if len(p.Desks[0].Tickets) != 1 || len(p.Desks[1].Tickets)+len(p.Desks[2].Tickets) != 0 {
			t.Errorf("%s: the order lies on more than one desk", name)
		}
		if len(p.Warnings) != 1 || !strings.Contains(p.Warnings[0], "A1") {
			t.Errorf("%s: warnings %q", name, p.Warnings)
		}
	}
}

// resolvedRow is a row that was assigned so many hours ago and closed later.
func resolvedRow(agent string, assigned int, closed time.Duration) ecm.Assignment {
	r := row("A1", agent, ecm.Resolved, assigned)
	if closed != 0 {
		r.ResolvedAt = asOf().Add(-closed)
	}
	return r
}

// When an order was resolved, and whether it comes back: domain.md section 5, point 1.
func TestReopened(t *testing.T) {
	t.Parallel()
	const day, unknown = 24 * time.Hour, 0
	note := func(ago time.Duration) ecm.Resolution { return ecm.Resolution{OrderID: "A1", At: asOf().Add(-ago)} }
	undated := func(r ecm.Assignment) ecm.Assignment { r.AssignedAt = time.Time{}; return r }
	for name, c := range map[string]struct {
		rows  []ecm.Assignment
		notes []ecm.Resolution
		had   string // whom it goes back to; empty: it stays out
	}{
		"a moment ago":                          {[]ecm.Assignment{resolvedRow("ben", 90, time.Second)}, nil, ""},
		"a second short of a day":               {[]ecm.Assignment{resolvedRow("ben", 90, day-time.Second)}, nil, ""},
		"a day":                                 {[]ecm.Assignment{resolvedRow("ben", 90, day)}, nil, "ben"},
		"in the future":                         {[]ecm.Assignment{resolvedRow("ben", 90, -time.Hour)}, nil, ""},
		"nobody noted when":                     {[]ecm.Assignment{resolvedRow("ben", 90, unknown)}, nil, ""},
		"the note of a day ago":                 {[]ecm.Assignment{resolvedRow("ben", 90, unknown)}, []ecm.Resolution{note(day)}, "ben"},
		"the note of an hour ago":               {[]ecm.Assignment{resolvedRow("ben", 90, unknown)}, []ecm.Resolution{note(time.Hour)}, ""},
		"the newest note counts":                {[]ecm.Assignment{resolvedRow("ben", 90, unknown)}, []ecm.Resolution{note(day), note(time.Hour), note(2 * day)}, ""},
		"a note older than the row":             {[]ecm.Assignment{resolvedRow("ben", 90, unknown)}, []ecm.Resolution{note(91 * time.Hour)}, ""},
		"a note as old as the row":              {[]ecm.Assignment{resolvedRow("ben", 90, unknown)}, []ecm.Resolution{note(90 * time.Hour)}, "ben"},
		"a note about another order":            {[]ecm.Assignment{resolvedRow("ben", 90, unknown)}, []ecm.Resolution{{OrderID: "A2", At: asOf().Add(-2 * day)}}, ""},
		"the row before the note, out":          {[]ecm.Assignment{resolvedRow("ben", 90, time.Hour)}, []ecm.Resolution{note(2 * day)}, ""},
		"the row before the note, back":         {[]ecm.Assignment{resolvedRow("ben", 90, 2*day)}, []ecm.Resolution{note(time.Hour)}, "ben"},
		"an undated row with a note":            {[]ecm.Assignment{undated(resolvedRow("ben", 0, unknown))}, []ecm.Resolution{note(2 * day)}, "ben"},
		"an undated row without one":            {[]ecm.Assignment{undated(resolvedRow("ben", 0, unknown))}, nil, ""},
		"two rows, the later agent":             {[]ecm.Assignment{resolvedRow("asha", 200, 190*time.Hour), resolvedRow("ben", 90, 2*day)}, nil, "ben"},
		"two rows, the later agent first":       {[]ecm.Assignment{resolvedRow("ben", 90, 2*day), resolvedRow("asha", 200, 190*time.Hour)}, nil, "ben"},
		"two rows, the earlier closed just now": {[]ecm.Assignment{resolvedRow("asha", 200, time.Hour), resolvedRow("ben", 90, 2*day)}, nil, ""},
		"two rows, the undated closed just now": {[]ecm.Assignment{undated(resolvedRow("asha", 0, time.Hour)), resolvedRow("ben", 90, 2*day)}, nil, ""},
		"two rows, nobody noted the earlier":    {[]ecm.Assignment{resolvedRow("asha", 200, unknown), resolvedRow("ben", 90, 2*day)}, nil, "ben"},
		"two rows, nobody noted the later":      {[]ecm.Assignment{resolvedRow("asha", 200, 150*time.Hour), resolvedRow("ben", 90, unknown)}, nil, ""},
		"two rows, one note, the later agent":   {[]ecm.Assignment{resolvedRow("asha", 200, unknown), resolvedRow("ben", 90, unknown)}, []ecm.Resolution{note(2 * day)}, "ben"},
		"the same, sorted the other way":        {[]ecm.Assignment{resolvedRow("ben", 90, unknown), resolvedRow("asha", 200, unknown)}, []ecm.Resolution{note(2 * day)}, "ben"},
		"two rows closed at the same time":      {[]ecm.Assignment{resolvedRow("asha", 200, 2*day), resolvedRow("ben", 90, 2*day)}, nil, "ben"},
		"no row, a note alone":                  {nil, []ecm.Resolution{note(time.Hour)}, "nobody"},
	} {
		in := input(t, pending(order("A1", "10", 300)), agents("asha", "cleo", "ben"))
		in.Assignments, in.Resolutions = c.rows, c.notes
		o := outcomeOf(t, planOf(t, in), "A1")
		switch {
		case c.had == "":
			if o.Kind != triage.RecentlyResolved || o.Reopened {
				t.Errorf("%s: got %s to %s, want it left alone", name, o.Kind, o.Agent)
			}
		case c.had == "nobody":
			if o.Kind != triage.Assigned || o.Reopened || o.Agent != "asha@example.com" {
				t.Errorf("%s: got %s to %s, reopened %v, want it dealt as new", name, o.Kind, o.Agent, o.Reopened)
			}
		case o.Kind != triage.Assigned || !o.Reopened || o.Agent != c.had+"@example.com" || o.Pass != triage.ReturnPass:
			t.Errorf("%s: got %s to %s in pass %d, want it back with %s", name, o.Kind, o.Agent, o.Pass, c.had)
		}
	}
}

// It goes back to who had it, if active and free; else it is dealt like any other, and says so.
func TestReopenedToWhom(t *testing.T) {
	t.Parallel()
	const elsewhere = "no. 1 by score, next in turn; reopened, and BEN@example.com, who had it, is not on duty or has no free slot"
	for name, c := range map[string]struct {
		change func(*triage.Input)
		agent  string
		reason string
	}{
		"at hand":    {func(*triage.Input) {}, "ben", "reopened: goes back to the agent who had it"},
		"not active": {func(in *triage.Input) { in.Agents[2].Active = false }, "asha", elsewhere},
		"excluded":   {func(in *triage.Input) { in.Policy = in.Policy.Exclude([]string{"ben@example.com"}) }, "asha", elsewhere},
		"gone":       {func(in *triage.Input) { in.Agents = in.Agents[:2] }, "asha", elsewhere},
		"no slots":   {func(in *triage.Input) { in.Agents[2].Capacity = 0 }, "asha", elsewhere},
		"full": {func(in *triage.Input) {
			in.Agents[2].Capacity = 1
			in.Assignments = append(in.Assignments, row("X", "ben", ecm.InProgress, 3))
		}, "asha", elsewhere},
		"one slot left": {func(in *triage.Input) {
			in.Agents[2].Capacity = 2
			in.Assignments = append(in.Assignments, row("X", "ben", ecm.Open, 3))
		}, "ben", "reopened: goes back to the agent who had it"},
		"full of others": {func(in *triage.Input) {
			in.Agents[2].Capacity = 1
			in.Assignments = append(in.Assignments, row("X", "ben", ecm.Escalated, 3))
		}, "ben", "reopened: goes back to the agent who had it"},
	} {
		in := input(t, pending(order("A1", "10", 300)), agents("asha", "cleo", "ben"))
		r := resolvedRow("BEN", 90, 25*time.Hour+30*time.Minute)
		in.Assignments = []ecm.Assignment{r}
		c.change(&in)
		p := planOf(t, in)
		o, rows := outcomeOf(t, p, "A1"), p.Rows()
		if o.Kind != triage.Assigned || o.Agent != c.agent+"@example.com" || o.Reason() != c.reason {
			t.Errorf("%s: got %s to %s, %s", name, o.Kind, o.Agent, o.Reason())
		}
		if len(rows) != 1 || rows[0].Notes != "reopened: resolved 25.5 h ago by BEN@example.com, still stuck" || p.Counts()["reopened"] != 1 {
			t.Errorf("%s: got %+v", name, rows)
		}
	}
}

// Of two that come back to one slot the more urgent gets it, the turn around the
// table is not touched, and the other is dealt.
func TestReopenedTakeNoTurn(t *testing.T) {
	t.Parallel()
	in := input(t, pending(order("A1", "10", 300), order("A2", "200", 300), order("N1", "10", 20)), agents("asha", "ben 1", "cleo"))
	for _, id := range []string{"A1", "A2"} {
		r := resolvedRow("ben", 90, 48*time.Hour)
		r.OrderID = id
		in.Assignments = append(in.Assignments, r)
	}
	p := planOf(t, in)
	if diff := cmp.Diff([]string{"A2 ben", "A1 asha", "N1 cleo"}, dealt(p)); diff != "" || p.LastAgent != "cleo@example.com" {
		t.Errorf("then %s, %s", p.LastAgent, diff)
	}
	in.Pending, in.LastAgent = pending(order("A2", "200", 300)), "asha@example.com"
	if p := planOf(t, in); p.LastAgent != "asha@example.com" || len(p.Rows()) != 1 {
		t.Errorf("after a return alone the deal goes on after %s", p.LastAgent)
	}
}

func TestRecentlyResolvedInWords(t *testing.T) {
	t.Parallel()
	in := input(t, pending(order("A1", "10", 300)), agents("asha"))
	in.Assignments = []ecm.Assignment{resolvedRow("ben", 90, time.Hour)}
	if got := outcomeOf(t, planOf(t, in), "A1").Reason(); got != "resolved by ben@example.com on 2026-02-17 02:00:00 UTC; the warehouse may lag behind" {
		t.Errorf("got %s", got)
	}
	in.Assignments[0].ResolvedAt = time.Time{}
	if got := outcomeOf(t, planOf(t, in), "A1").Reason(); got != "resolved by ben@example.com, nobody noted when" {
		t.Errorf("got %s", got)
	}
}

// An order that comes back and that nobody can act on is disqualified, not reopened.
func TestReopenedAndDisqualified(t *testing.T) {
	t.Parallel()
	in := input(t, pending(order("A1", "10", 300)), agents("asha", "ben"))
	in.Pending.Columns = append(in.Pending.Columns, "lulu_record")
	in.Pending.Orders[0].Facts = append(in.Pending.Orders[0].Facts, "false")
	in.Assignments = []ecm.Assignment{resolvedRow("ben", 90, 48*time.Hour)}
	if o := outcomeOf(t, planOf(t, in), "A1"); o.Kind != triage.Disqualified || o.Reopened || o.Had != "" {
		t.Errorf("got %s, reopened %v, had %q", o.Kind, o.Reopened, o.Had)
	}
}
