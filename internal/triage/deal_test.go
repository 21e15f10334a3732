package triage_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pi-manager/internal/ecm"
	"pi-manager/internal/triage"
)

// High-value orders first, by amount, one by one around the table; the rest by
// score, on from where the first pass stopped: domain.md section 5, points 2 to 4.
func TestDeal(t *testing.T) {
	t.Parallel()
	review := func(o ecm.Order) ecm.Order { o.SubState = "MANUAL_REVIEW"; return o } // more severe than the others
	in := func(o ecm.Order, currency string) ecm.Order { o.Send.Currency = currency; return o }
	for _, c := range []struct {
		name     string
		orders   []ecm.Order
		team     []ecm.Agent
		last     string
		want     []string
		overflow []string
		next     string // after whom the next run deals on
	}{
		{
			name:   "large ones first, whatever their score",
			orders: []ecm.Order{review(order("R1", "4999.99", 100)), order("H1", "5000", 1), order("H2", "9000", 1), order("R2", "10", 1)},
			team:   agents("asha", "ben", "cleo"),
			want:   []string{"H2 asha", "H1 ben", "R1 cleo", "R2 asha"}, next: "asha",
		},
		{
			name:   "by amount, whatever the currency",
			orders: []ecm.Order{in(order("H1", "7000", 1), "GBP"), in(order("H2", "8000", 1), "AED"), in(order("H3", "7500", 1), "EUR")},
			team:   agents("asha"),
			want:   []string{"H2 asha", "H3 asha", "H1 asha"}, next: "asha",
		},
		{
			name:   "equal amounts: score, then age, then id",
			orders: []ecm.Order{order("H4", "6000", 5), order("H3", "6000", 5), order("H1", "6000", 6), review(order("H0", "6000.00", 5)), order("H5", "6000", 20)},
			team:   agents("asha"),
			want:   []string{"H0 asha", "H5 asha", "H1 asha", "H3 asha", "H4 asha"}, next: "asha",
		},
		{
			name:   "equal scores: amount, then age, then id",
			orders: []ecm.Order{order("R4", "20", 5), order("R3", "20", 5), order("R2", "20", 6), order("R1", "30.001", 5), order("R0", "30.01", 5), review(order("S", "1", 5))},
			team:   agents("asha"),
			want:   []string{"S asha", "R0 asha", "R1 asha", "R2 asha", "R3 asha", "R4 asha"}, next: "asha",
		},
		{
			name:   "after the one who got the last order",
			orders: []ecm.Order{order("R1", "30", 5), order("R2", "20", 5)},
			team:   agents("asha", "ben", "cleo"), last: " BEN@Example.com",
			want: []string{"R1 cleo", "R2 asha"}, next: "asha",
		},
		{
			name:   "after somebody who has left: from the top",
			orders: []ecm.Order{order("R1", "30", 5)}, team: agents("asha", "ben"), last: "gone@example.com",
			want: []string{"R1 asha"}, next: "asha",
		},
		{
			name:   "who is full drops out, and overflow is by urgency",
			orders: []ecm.Order{order("R1", "30", 5), order("R2", "20", 5), review(order("R3", "10", 100)), order("H1", "6000", 5), order("R4", "10", 5)},
			team:   agents("asha 1", "ben 0", "cleo 2"),
			want:   []string{"H1 asha", "R3 cleo", "R1 cleo"}, overflow: []string{"R2", "R4"}, next: "cleo",
		},
		{
			name:   "overflow of both passes in one order, by score",
			orders: []ecm.Order{order("H1", "6000", 1), review(order("R1", "4000", 100)), order("H2", "7000", 1), order("R2", "10", 1)},
			team:   agents("asha 1"),
			want:   []string{"H2 asha"}, overflow: []string{"R1", "H1", "R2"}, next: "asha",
		},
		{
			name:   "nobody at all",
			orders: []ecm.Order{order("R1", "30", 5), order("R2", "40", 5)}, overflow: []string{"R2", "R1"}, last: "asha@example.com", next: "asha",
		},
		{
			name:   "amounts beyond what an integer of hundredths holds",
			orders: []ecm.Order{order("H1", "99999999999999999999999999.01", 5), order("H2", "99999999999999999999999999.02", 5), order("H3", "6000", 5)},
			team:   agents("asha 0"), overflow: []string{"H2", "H1", "H3"}, last: "asha@example.com", next: "asha",
		},
		{
			name: "nothing at all", team: agents("asha"), last: "asha@example.com", next: "asha",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			in := input(t, pending(c.orders...), c.team)
			in.LastAgent = c.last
			p := planOf(t, in)
			if diff := cmp.Diff(c.want, dealt(p)); diff != "" {
				t.Errorf("dealt (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.overflow, waiting(p)); diff != "" {
				t.Errorf("overflow (-want +got):\n%s", diff)
			}
			if p.LastAgent != c.next+"@example.com" {
				t.Errorf("the next run deals on after %s, want %s", p.LastAgent, c.next)
			}
		})
	}
}

// OPEN and IN_PROGRESS rows take slots, others do not; a blank cell is the policy's number.
func TestFreeSlots(t *testing.T) {
	t.Parallel()
	var orders []ecm.Order
	for i := range 12 {
		orders = append(orders, order(fmt.Sprintf("R%02d", i), "10", 5))
	}
	in := input(t, pending(orders...), agents("asha 3", "ben", "cleo 2"))
	in.Policy = rulesWith(t, "default_max_tickets: 100", "default_max_tickets: 4")
	in.Assignments = []ecm.Assignment{
		row("X1", "asha", ecm.Open, 9), row("X2", "ASHA", ecm.InProgress, 9), row("X3", "asha", ecm.Escalated, 9), row("X4", "asha", ecm.Resolved, 9),
		row("X5", "cleo", ecm.Open, 9), row("X6", "cleo", ecm.Open, 9), row("X7", "cleo", ecm.Open, 9), // above her two already
		row("X8", "gone", ecm.Open, 9),
	}
	p := planOf(t, in)
	var got []string
	for _, d := range p.Desks {
		got = append(got, fmt.Sprintf("%s: %d open, %d new, %d free", d.Agent.Email, len(d.Tickets), d.New, d.Free))
	}
	want := []string{"asha@example.com: 3 open, 1 new, 0 free", "ben@example.com: 4 open, 4 new, 0 free", "cleo@example.com: 3 open, 0 new, 0 free"}
	if diff := cmp.Diff(want, got); diff != "" || len(p.Overflow) != 7 {
		t.Errorf("%d wait, %s", len(p.Overflow), diff)
	}
	if diff := cmp.Diff([]string{"gone@example.com is not in the Agents tab and has open rows (1)."}, p.Warnings); diff != "" {
		t.Error(diff)
	}
}

// `routing: team`: to the diagnosis's team, and to anybody if that team has no slot.
func TestRoutingByTeam(t *testing.T) {
	t.Parallel()
	team := agents("ops 2", "kyc 1", "ops2 1")
	team[0].Team, team[1].Team, team[2].Team = "Ops", "KYC_ops", "Ops"
	rfi := func(o ecm.Order) ecm.Order { o.SubState = "RFI"; return o }
	in := input(t, pending(rfi(order("K1", "9000", 5)), rfi(order("K2", "8000", 5)), order("O1", "7000", 5), order("O2", "10", 5), order("O3", "9", 5)), team)
	in.Policy = rulesWith(t, "routing: anybody", "routing: team", `sub_state == "MANUAL_REVIEW"`, `sub_state == "NEVER"`,
		`rfi_status in ["REQUESTED", "SUBMITTED", "SENT_TO_PROVIDER", "REJECTED", "EXPIRED", "RE_OPEN"]`, `sub_state == "RFI"`)
	p := planOf(t, in)
	// K1 to the KYC team; it is full then, so K2 goes to whoever is next: ops2. The other orders stay with Ops.
	if diff := cmp.Diff([]string{"K1 kyc", "K2 ops2", "O1 ops", "O2 ops"}, dealt(p)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"O3"}, waiting(p)); diff != "" {
		t.Error(diff)
	}
	in.Policy = rules(t)
	if diff := cmp.Diff([]string{"K1 ops", "K2 kyc", "O1 ops2", "O2 ops"}, dealt(planOf(t, in))); diff != "" {
		t.Errorf("off by default: %s", diff)
	}
}

// A weight is so many orders in a row.
func TestWeights(t *testing.T) {
	t.Parallel()
	var orders []ecm.Order
	for i := range 8 {
		orders = append(orders, order(fmt.Sprintf("R%d", i), "10", 5))
	}
	for _, c := range []struct {
		weights, last string
		team          []ecm.Agent
		want          []string
	}{
		{"{ BEN@example.com: 2 }", "", agents("asha", "ben", "cleo"), []string{"R0 asha", "R1 ben", "R2 ben", "R3 cleo", "R4 asha", "R5 ben", "R6 ben", "R7 cleo"}},
		{"{ asha@example.com: 3 }", "", agents("asha", "ben"), []string{"R0 asha", "R1 asha", "R2 asha", "R3 ben", "R4 asha", "R5 asha", "R6 asha", "R7 ben"}},
		// who is full in the middle of a turn leaves the rest of it, and takes none of it into the next
		{"{ asha@example.com: 3, ben@example.com: 2 }", "", agents("asha 2", "ben", "cleo 2"), []string{"R0 asha", "R1 asha", "R2 ben", "R3 ben", "R4 cleo", "R5 ben", "R6 ben", "R7 cleo"}},
		{"{ asha@example.com: 2 }", "ben@example.com", agents("asha", "ben"), []string{"R0 asha", "R1 asha", "R2 ben", "R3 asha", "R4 asha", "R5 ben", "R6 asha", "R7 asha"}},
	} {
		in := input(t, pending(orders...), c.team)
		in.Policy, in.LastAgent = rulesWith(t, "weights: {}", "weights: "+c.weights), c.last
		if diff := cmp.Diff(c.want, dealt(planOf(t, in))); diff != "" {
			t.Errorf("%s: %s", c.weights, diff)
		}
	}
}

// F59: who is not active, excluded or there twice, and a tab with nobody.
func TestRoster(t *testing.T) {
	t.Parallel()
	twice := agents("asha", "ben", "asha")
	twice[2].Email = " ASHA@example.com "
	idle := agents("asha", "ben")
	idle[0].Active = false
	off := agents("asha")
	off[0].Active = false
	for name, c := range map[string]struct {
		team     []ecm.Agent
		want     []string
		off      []string
		warnings []string
	}{
		"twice":     {twice, []string{"R1 asha", "R2 ben", "R3 asha"}, []string{"", ""}, []string{"Agents tab:  ASHA@example.com  stands there twice (rows 2 and 4); the first counts."}},
		"inactive":  {idle, []string{"R1 ben", "R2 ben", "R3 ben"}, []string{"not active", ""}, nil},
		"excluded":  {agents("boss", "ben"), []string{"R1 ben", "R2 ben", "R3 ben"}, []string{"excluded by the policy", ""}, nil},
		"empty":     {nil, nil, nil, []string{"The Agents tab is empty: nobody can be given an order."}},
		"all off":   {off, nil, []string{"not active"}, []string{"Nobody in the Agents tab is on duty (Active TRUE, not excluded): nobody can be given an order."}},
		"no slots":  {agents("asha 0"), nil, []string{""}, nil},
		"only boss": {agents("boss"), nil, []string{"excluded by the policy"}, []string{"Nobody in the Agents tab is on duty (Active TRUE, not excluded): nobody can be given an order."}},
	} {
		in := input(t, pending(order("R1", "30", 5), order("R2", "20", 5), order("R3", "10", 5)), c.team)
		in.Policy = in.Policy.Exclude([]string{"Boss@Example.com"})
		p := planOf(t, in)
		var off []string
		for _, d := range p.Desks {
			off = append(off, d.Off)
		}
		if diff := cmp.Diff(c.want, dealt(p)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if diff := cmp.Diff(c.off, off); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if diff := cmp.Diff(c.warnings, p.Warnings); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if len(p.Overflow)+len(p.Dealt) != 3 {
			t.Errorf("%s: %d dealt and %d waiting of 3", name, len(p.Dealt), len(p.Overflow))
		}
	}
}

// A stop assigns nothing, and says what would have come first.
func TestStopped(t *testing.T) {
	t.Parallel()
	stop := rulesWith(t, "stop_above: 2000, on_violation: warn", "stop_above: 2000, on_violation: stop")
	for name, change := range map[string]func(*triage.Input){
		"truncated": func(in *triage.Input) { in.Pending.Truncated = true },
		"the count": func(in *triage.Input) {
			in.Policy = rulesWith(t, "expected: [200, 600], warning_above: 600, stop_above: 2000", "expected: [1, 2], warning_above: 2, stop_above: 2")
		},
		"one currency": func(in *triage.Input) {
			in.Policy = rulesWith(t, "min_orders_for_share: 50", "min_orders_for_share: 2", "warning_from: 1, on_violation: warn", "warning_from: 1, on_violation: stop")
		},
	} {
		in := input(t, pending(order("R1", "10", 5), order("H1", "9000", 5), order("K", "10", 5)), agents("asha"))
		in.LastAgent, in.Assignments = "ben@example.com", []ecm.Assignment{row("K", "asha", ecm.Open, 1)}
		change(&in)
		p := planOf(t, in)
		if !p.Stopped || len(p.Rows()) != 0 || p.LastAgent != "ben@example.com" {
			t.Errorf("%s: stopped %v, %v", name, p.Stopped, dealt(p))
		}
		if diff := cmp.Diff([]string{"H1", "R1"}, waiting(p)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if o := outcomeOf(t, p, "R1"); o.Reason() != "a guardrail stopped the run" {
			t.Errorf("%s: %s", name, o.Reason())
		}
		if o := outcomeOf(t, p, "K"); o.Kind != triage.Kept || len(p.Desks[0].Tickets) != 1 {
			t.Errorf("%s: what asha has is %s", name, o.Kind)
		}
	}
	nothing := input(t, pending(), agents("asha"))
	if p := planOf(t, nothing); p.Stopped || p.Verdicts[0].Level != ecm.LevelWarning {
		t.Errorf("no orders: %+v", p.Verdicts)
	}
	nothing.Policy = stop
	if p := planOf(t, nothing); !p.Stopped {
		t.Errorf("no orders, on_violation stop: %+v", p.Verdicts)
	}
	if o := outcomeOf(t, planOf(t, input(t, pending(order("A1", "10", 5)), nil)), "A1"); o.Reason() != "no agent has a free slot" {
		t.Errorf("got %s", o.Reason())
	}
}

// Currencies of the readable orders, the largest share first, ties by code.
func TestMix(t *testing.T) {
	t.Parallel()
	in := func(o ecm.Order, currency string) ecm.Order { o.Send.Currency = currency; return o }
	p := planOf(t, input(t, pending(
		in(order("A1", "10", 5), "GBP"), in(order("A2", "10", 5), "EUR"), order("A3", "10", 5), order("A4", "10", 5),
		in(order("A5", "10", 5), "USD"), order("A6", "-10", 5), order("A4", "10", 6)), agents("asha")))
	want := []triage.Share{{Currency: "AED", Orders: 2, Percent: "50.0 %"}, {Currency: "EUR", Orders: 1, Percent: "25.0 %"}, {Currency: "GBP", Orders: 1, Percent: "25.0 %"}}
	if diff := cmp.Diff(want, p.Mix); diff != "" {
		t.Error(diff)
	}
	if got := p.Verdicts[0].Value; got != "7" {
		t.Errorf("the count is of all rows that came in, got %s", got)
	}
}

// The new row says what the deal decided, and the desk shows it beside the old ones.
func TestRowsAndDesks(t *testing.T) {
	t.Parallel()
	in := input(t, pending(order("H1", "15000.01", 80)), agents("asha", "ben"))
	in.AsOf = asOf().Add(500_000_000) // half a second: the ledger keeps seconds
	in.Assignments = []ecm.Assignment{row("X1", "asha", ecm.Open, 30), row("X2", "ASHA", ecm.InProgress, 0)}
	in.Assignments[0].Send.Amount, in.Assignments[1].Priority = order("", "5000", 0).Send.Amount, ecm.P1
	p := planOf(t, in)
	// 0.25x1 + 0.20x1 + 0.25x0.4 + 0.15x0.5 + 0.10x0.3 + 0.05x0.1 = 0.66: P2
	want := ecm.Assignment{
		OrderID: "H1", Agent: "asha@example.com", AssignedAt: asOf(), Status: ecm.Open, Priority: ecm.P2, Send: order("", "15000.01", 0).Send,
		Stuck: in.AsOf.Sub(asOf()) + 80*3600e9, Diagnosis: "fulfillment_pending", RunID: "triage/test",
	}
	if diff := cmp.Diff([]ecm.Assignment{want}, p.Rows()); diff != "" {
		t.Error(diff)
	}
	desk := p.Desks[0]
	if len(desk.Tickets) != 3 || desk.New != 1 || desk.HighValue != 2 || desk.P1 != 1 || desk.Free != 97 || len(p.Desks[1].Tickets) != 0 {
		t.Errorf("got %+v", desk)
	}
	if old := desk.Tickets[0]; old.New || old.Stuck != 42*3600e9+500_000_000 || !old.HighValue {
		t.Errorf("got %+v", old)
	}
	if fresh := desk.Tickets[2]; !fresh.New || !fresh.HighValue || fresh.Next != "Investigate: full system review" || fresh.Stuck != want.Stuck {
		t.Errorf("got %+v", fresh)
	}
}

func TestKindsInWords(t *testing.T) {
	t.Parallel()
	want := []string{"undecided", "assigned", "already assigned", "recently resolved", "disqualified", "set aside", "overflow"}
	var got []string
	for k := range triage.Kind(len(want)) {
		got = append(got, k.String())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
