package triage_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pi-manager/internal/ecm"
	"pi-manager/internal/triage"
)

// Rows that break the contract are set aside with their reason, never assigned, never lost.
func TestSetAside(t *testing.T) {
	t.Parallel()
	at := func(o ecm.Order, when time.Time) ecm.Order { o.Created = when; return o }
	in := func(o ecm.Order, currency string) ecm.Order { o.Send.Currency = currency; return o }
	for _, c := range []struct {
		order ecm.Order
		want  ecm.SetAside // with no reason: it is assigned
	}{
		{order("A1", "10", 20), ecm.SetAside{}},
		{order("0012345", "0", 20), ecm.SetAside{}},
		{order("1E5", "0.00", 20), ecm.SetAside{}},
		{at(order("A1", "10", 0), asOf()), ecm.SetAside{}},
		{order("", "10", 20), ecm.SetAside{Row: 1, Reason: ecm.NoID}},
		{order("A1", "-0.01", 20), ecm.SetAside{Row: 1, OrderID: "A1", Reason: ecm.NegativeAmount, Detail: "-0.01"}},
		{in(order("A1", "10", 20), "USD"), ecm.SetAside{Row: 1, OrderID: "A1", Reason: ecm.UnknownCurrency, Detail: "USD"}},
		{in(order("A1", "10", 20), ""), ecm.SetAside{Row: 1, OrderID: "A1", Reason: ecm.UnknownCurrency}},
		{at(order("A1", "10", 20), asOf().Add(time.Second)), ecm.SetAside{Row: 1, OrderID: "A1", Reason: ecm.CreatedInTheFuture, Detail: "2026-02-17 03:00:01"}},
	} {
		p := planOf(t, input(t, pending(c.order), agents("asha")))
		want := triage.SetAside
		if c.want.Reason == "" {
			want = triage.Assigned
		}
		if got := p.Outcomes[0]; got.Kind != want || got.Aside != c.want || len(p.Outcomes) != 1 {
			t.Errorf("%+v: got %s, %+v, want %+v", c.order, got.Kind, got.Aside, c.want)
		}
	}
}

// A fact that nobody can read sets its own order aside and no other.
func TestUnreadableFact(t *testing.T) {
	t.Parallel()
	in := input(t, pending(order("A1", "10", 20), order("A2", "10", 20)), agents("asha"))
	in.Pending.Columns = append(in.Pending.Columns, "payment_attempts")
	in.Pending.Orders[0].Facts = append(in.Pending.Orders[0].Facts, "twice")
	in.Pending.Orders[1].Facts = append(in.Pending.Orders[1].Facts, "2")
	p := planOf(t, in)
	want := ecm.SetAside{Row: 1, OrderID: "A1", Reason: ecm.UnreadableFact, Detail: `payment_attempts is "twice"`}
	if diff := cmp.Diff(want, p.Outcomes[0].Aside); diff != "" || p.Outcomes[1].Kind != triage.Assigned {
		t.Errorf("%s\nthe other is %s", diff, p.Outcomes[1].Kind)
	}
}

// F66: of several rows of an order the newest counts, wherever it stands, and the others are counted as duplicates.
func TestDuplicates(t *testing.T) {
	t.Parallel()
	old, newest, dead := order("A1", "10", 40), order("A1", "20", 30), order("A1", "-5", 13)
	other := order("A1", "15", 30) // as new; its facts come first
	for name, c := range map[string]struct {
		rows []ecm.Order
		want string // the amount that counts
	}{
		"the newest last":               {[]ecm.Order{old, newest}, "20"},
		"the newest first":              {[]ecm.Order{newest, old}, "20"},
		"the newest between":            {[]ecm.Order{old, newest, old}, "20"},
		"what is set aside counts not":  {[]ecm.Order{dead, old, newest}, "20"},
		"as new, by what they hold":     {[]ecm.Order{newest, other}, "15"},
		"as new, the other way round":   {[]ecm.Order{other, newest}, "15"},
		"three times the very same row": {[]ecm.Order{old, old, old}, "10"},
	} {
		p := planOf(t, input(t, pending(c.rows...), agents("asha")))
		rows := p.Rows()
		if len(rows) != 1 || rows[0].Send.Amount.String() != c.want {
			t.Errorf("%s: got %v, want %s", name, rows, c.want)
		}
		if got := p.Count(triage.SetAside); got != len(c.rows)-1 || len(p.Outcomes) != len(c.rows) {
			t.Errorf("%s: %d of %d are set aside", name, got, len(p.Outcomes))
		}
		for i := range p.Outcomes {
			if o := p.Outcomes[i]; o.Kind == triage.SetAside && o.Order.Send.Amount.Sign() >= 0 && o.Aside.Reason != ecm.DuplicateID {
				t.Errorf("%s: row %d is set aside as %s", name, i+1, o.Aside.Reason)
			}
		}
	}
}

// Ids are compared byte for byte: nothing that looks alike is one order.
func TestIDsAreBytes(t *testing.T) {
	t.Parallel()
	ids := []string{"A1", "a1", "A1 ", "0012", "12", "1E5", "100000", "А1"} // the last with a Cyrillic letter
	var orders []ecm.Order
	for _, id := range ids {
		orders = append(orders, order(id, "10", 20))
	}
	in := input(t, pending(orders...), agents("asha"))
	in.Assignments = []ecm.Assignment{row("12", "asha", ecm.Open, 1)}
	p := planOf(t, in)
	if got := len(p.Rows()); got != len(ids)-1 {
		t.Errorf("%d of %d were assigned: %v", got, len(ids)-1, dealt(p))
	}
}

// What the warehouse could not read at all is an outcome too, in its place among the rows.
func TestOutcomesStandInTheOrderOfTheRows(t *testing.T) {
	t.Parallel()
	in := input(t, pending(order("A1", "10", 20), order("A3", "9", 20)), agents("asha"))
	in.Pending.Orders[1].Row = 3
	in.Pending.SetAside = []ecm.SetAside{{Row: 4, Reason: ecm.UnreadableRow}, {Row: 2, OrderID: "A2", Reason: ecm.UnreadableAmount, Detail: `"x"`}}
	p := planOf(t, in)
	var got []string
	for i := range p.Outcomes {
		got = append(got, p.Outcomes[i].OrderID()+": "+p.Outcomes[i].Reason())
	}
	want := []string{
		"A1: no. 1 by score, next in turn", `A2: unreadable amount: "x"`,
		"A3: no. 2 by score, next in turn", ": unreadable row",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Nobody can act on it: disqualified, with the rule's name and why.
func TestDisqualified(t *testing.T) {
	t.Parallel()
	in := input(t, pending(order("A1", "10", 20), order("A2", "10", 20), order("A3", "10", 20)), agents("asha"))
	in.Pending.Columns = append(in.Pending.Columns, "lulu_record")
	for i, record := range []string{"false", "true", "false"} {
		in.Pending.Orders[i].Facts = append(in.Pending.Orders[i].Facts, record)
	}
	in.Assignments = []ecm.Assignment{row("A3", "ben", ecm.Open, 1)} // somebody works on it: that is what is said
	p := planOf(t, in)
	if o := p.Outcomes[0]; o.Kind != triage.Disqualified || o.Reason() != "dead_order: an AED order that never reached Lulu" {
		t.Errorf("got %s, %s", o.Kind, o.Reason())
	}
	if p.Outcomes[1].Kind != triage.Assigned || p.Outcomes[2].Kind != triage.Kept {
		t.Errorf("got %s and %s", p.Outcomes[1].Kind, p.Outcomes[2].Kind)
	}
	want := map[string]int{"pending": 3, "set_aside": 0, "disqualified": 1, "already_assigned": 1, "recently_resolved": 0, "new": 1, "reopened": 0, "overflow": 0}
	if diff := cmp.Diff(want, p.Counts()); diff != "" {
		t.Error(diff)
	}
}
