package triage_test

import (
	"testing"

	"pi-manager/internal/ecm"
	"pi-manager/internal/triage"
)

// F50: a sheet turns 0012345 into the number 12345. Such a row cannot be read, and
// still reserves its order, but no other one.
func TestNumberReservesTheIDItWas(t *testing.T) {
	t.Parallel()
	orders := manyOrders(4)
	for i, id := range []string{"0012345", "12345", "112345", "AE12345"} {
		orders.Orders[i].ID = id
	}
	plan, err := triage.Make(triage.Input{
		RunID: "triage/x", AsOf: asOf(), Pending: orders, Agents: team(2), Policy: rules(t),
		Reserved: []triage.Reserved{{Row: 7, OrderID: "12345", Reason: "the order id is not text"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []triage.Kind{triage.Kept, triage.Kept, triage.Assigned, triage.Assigned} {
		if o := plan.Outcomes[i]; o.Kind != want {
			t.Errorf("%s is %s, want %s", o.OrderID(), o.Kind, want)
		}
	}
}

// A row of the ledger that a person has made unreadable takes a slot of its agent.
func TestReservedRowTakesASlot(t *testing.T) {
	t.Parallel()
	agents := []ecm.Agent{{Email: "ana@example.com", Active: true, Capacity: 2}}
	plan, err := triage.Make(triage.Input{
		RunID: "triage/x", AsOf: asOf(), Pending: manyOrders(3), Agents: agents, Policy: rules(t),
		Reserved: []triage.Reserved{{Row: 7, OrderID: "OTHER", Agent: " Ana@Example.com ", Reason: "odd amount"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(plan.Dealt) != 1 || len(plan.Overflow) != 2 {
		t.Errorf("%d dealt, %d overflow; want 1 and 2", len(plan.Dealt), len(plan.Overflow))
	}
}
