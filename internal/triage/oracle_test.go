package triage_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"pi-manager/internal/ecm"
	"pi-manager/internal/policy"
	"pi-manager/internal/triage"
)

// oracle deals as domain.md section 5 reads, sentence by sentence, with no care
// for speed. It knows readable orders with ids of their own, at most one resolved
// row an order, and the policy's defaults for routing and weights.
type oracle struct {
	in     triage.Input
	seats  []ecm.Agent
	free   map[string]int // by key
	turn   int            // the seat whose turn it is
	judged map[string]policy.Judgement
	got    map[string]string // order id: e-mail
	left   []string
	last   string
}

func (o *oracle) deal(t rapid.TB) {
	t.Helper()
	o.got, o.last, o.judged = map[string]string{}, o.in.LastAgent, map[string]policy.Judgement{}
	o.seat()
	judge, err := o.in.Policy.Judge(o.in.Pending.Columns, o.in.AsOf)
	if err != nil {
		t.Fatal(err)
	}
	var unassigned []ecm.Order
	for _, order := range o.in.Pending.Orders {
		if o.staysOut(order.ID) {
			continue
		}
		j, err := judge.Order(&order)
		if err != nil || j.Disqualified != nil {
			t.Fatalf("the oracle knows good orders only: %v", err)
		}
		o.judged[order.ID] = j
		unassigned = append(unassigned, order)
	}
	for _, order := range o.inOrder(unassigned, o.moreUrgent) {
		if had := o.had(order.ID); had != "" && o.free[had] > 0 {
			o.give(order.ID, had)
		}
	}
	for _, order := range o.inOrder(unassigned, o.larger) {
		if o.got[order.ID] == "" && o.judged[order.ID].HighValue {
			o.next(order.ID)
		}
	}
	for _, order := range o.inOrder(unassigned, o.moreUrgent) {
		if o.got[order.ID] == "" && !o.judged[order.ID].HighValue {
			o.next(order.ID)
		}
	}
	for _, order := range o.inOrder(unassigned, o.moreUrgent) {
		if o.got[order.ID] == "" {
			o.left = append(o.left, order.ID)
		}
	}
}

// seat puts the agents around the table and counts their free slots.
func (o *oracle) seat() {
	o.free = map[string]int{}
	for _, a := range o.in.Agents {
		key := strings.ToLower(strings.TrimSpace(a.Email))
		if _, there := o.free[key]; there {
			continue
		}
		o.seats = append(o.seats, a)
		o.free[key] = 0
		if !a.Active || o.in.Policy.Excluded(a.Email) {
			continue
		}
		slots := a.Capacity
		if slots == ecm.DefaultCapacity {
			slots = o.in.Policy.DefaultMaxTickets
		}
		for _, r := range o.in.Assignments {
			if strings.EqualFold(r.Agent, key) && (r.Status == "OPEN" || r.Status == "IN_PROGRESS") {
				slots--
			}
		}
		o.free[key] = max(slots, 0)
	}
	for i, a := range o.seats {
		if a.Key() == strings.ToLower(o.in.LastAgent) {
			o.turn = (i + 1) % len(o.seats)
		}
	}
}

// staysOut says whether the ledger speaks for the order.
func (o *oracle) staysOut(id string) bool {
	for _, r := range o.in.Reserved {
		if r.OrderID == id {
			return true
		}
	}
	out := false
	for _, r := range o.in.Assignments {
		switch {
		case r.OrderID != id:
		case r.Status != "RESOLVED":
			return true
		default:
			at := o.resolvedAt(r)
			out = at.IsZero() || o.in.AsOf.Sub(at) < 24*time.Hour
		}
	}
	return out
}

func (o *oracle) resolvedAt(r ecm.Assignment) time.Time {
	at := r.ResolvedAt
	if !at.IsZero() {
		return at
	}
	for _, note := range o.in.Resolutions {
		if note.OrderID == r.OrderID && !note.At.Before(r.AssignedAt) && note.At.After(at) {
			at = note.At
		}
	}
	return at
}

// had is the key of the agent who had resolved the order; empty for none.
func (o *oracle) had(id string) string {
	for _, r := range o.in.Assignments {
		if r.OrderID == id && r.Status == "RESOLVED" {
			return strings.ToLower(r.Agent)
		}
	}
	return ""
}

func (o *oracle) give(id, key string) {
	for _, a := range o.seats {
		if a.Key() == key {
			o.free[key]--
			o.got[id] = a.Email
		}
	}
}

// next gives the order to the next agent around the table who has a free slot.
func (o *oracle) next(id string) {
	for range o.seats {
		a := o.seats[o.turn]
		o.turn = (o.turn + 1) % len(o.seats)
		if o.free[a.Key()] > 0 {
			o.give(id, a.Key())
			o.last = a.Email
			return
		}
	}
}

// inOrder picks the first of what is left, again and again.
func (o *oracle) inOrder(orders []ecm.Order, first func(a, b ecm.Order) bool) []ecm.Order {
	rest, sorted := append([]ecm.Order{}, orders...), []ecm.Order{}
	for len(rest) > 0 {
		best := 0
		for i := range rest {
			if first(rest[i], rest[best]) {
				best = i
			}
		}
		sorted = append(sorted, rest[best])
		rest = append(rest[:best], rest[best+1:]...)
	}
	return sorted
}

func (o *oracle) moreUrgent(a, b ecm.Order) bool {
	if x, y := o.judged[a.ID].Score, o.judged[b.ID].Score; x != y {
		return x > y
	}
	if !a.Send.Amount.Equal(b.Send.Amount) {
		return a.Send.Amount.GreaterThan(b.Send.Amount)
	}
	if !a.Created.Equal(b.Created) {
		return a.Created.Before(b.Created)
	}
	return a.ID < b.ID
}

func (o *oracle) larger(a, b ecm.Order) bool {
	if !a.Send.Amount.Equal(b.Send.Amount) {
		return a.Send.Amount.GreaterThan(b.Send.Amount)
	}
	return o.moreUrgent(a, b)
}

// The fast deal and the slow one agree on every order, on the order of the overflow, and on whose turn is next.
func TestDealAgreesWithTheOracle(t *testing.T) {
	t.Parallel()
	rules := smallRules(t)
	rapid.Check(t, func(t *rapid.T) {
		in := anyDay(rules, false).Draw(t, "input")
		want := oracle{in: in}
		want.deal(t)
		p := planOf(t, in)
		got := map[string]string{}
		for _, r := range p.Rows() {
			got[r.OrderID] = r.Agent
		}
		if diff := cmp.Diff(want.got, got); diff != "" {
			t.Fatalf("who gets what (-oracle +plan):\n%s", diff)
		}
		if diff := cmp.Diff(want.left, waiting(p)); diff != "" {
			t.Fatalf("overflow (-oracle +plan):\n%s", diff)
		}
		if p.LastAgent != want.last {
			t.Fatalf("the next run deals on after %q, the oracle says %q", p.LastAgent, want.last)
		}
	})
}
