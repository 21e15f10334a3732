package run_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
)

// dealtIn says who gets which order in the evening, after something has happened.
func dealtIn(t *testing.T, happens func(*deals)) (agents map[string]string, last string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		happens(&deals{t: t, world: w, orders: w.orders.Orders})
		time.Sleep(time.Until(w.began.Add(13 * time.Hour)))
		report(t, "evening", w.insist(evening))
		agents, last = w.agents(), w.record(evening).LastAgent
	})
	return agents, last
}

// deals are triages that each see a part of the orders.
type deals struct {
	*world
	t      *testing.T
	orders []ecm.Order // all of them
}

// deal runs a slot on a part of the orders. With a crash, its messages are taken over by a second start.
func (d *deals) deal(slot ecm.Slot, from, to int, crash bool) {
	d.t.Helper()
	d.show(d.orders[from:to])
	if crash {
		d.dieOwing(slot)
		time.Sleep(time.Hour)
	}
	report(d.t, string(slot), d.insist(slot))
	d.show(d.orders)
	time.Sleep(time.Hour)
}

func (d *deals) show(orders []ecm.Order) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.world.orders.Orders = slices.Clone(orders)
}

// first and second are two triages of a day, with two orders each.
func (d *deals) first()  { d.deal(morning, 0, 2, false) }
func (d *deals) second() { d.deal(afternoon, 2, 4, false) }

func (d *deals) takeBack(slots ...ecm.Slot) {
	d.t.Helper()
	for _, slot := range slots {
		if j := d.undo(ecm.RunID(ecm.Triage, slot)).wait(); j.err != nil || j.result.Done == nil {
			d.t.Errorf("%s is not taken back: %v", slot, j.err)
		}
	}
}

// Domain 5.3: once the last triage is taken back, the next deal starts where
// that one started, and comes to the same as if it had never been.
func TestUndoGivesTheDealBack(t *testing.T) {
	t.Parallel()
	nothing := func(*deals) {}
	first := func(d *deals) { d.first() }
	people := func(d *deals) {
		d.people(func(s *ledger.Snapshot) { s.Assignments = append(s.Assignments, own(s, "people's")) })
	}
	cases := map[string]struct{ happens, never func(*deals) }{
		"the only triage":       {func(d *deals) { d.first(); d.takeBack(morning) }, nothing},
		"the last of two":       {func(d *deals) { d.first(); d.second(); d.takeBack(afternoon) }, first},
		"both, the last first":  {func(d *deals) { d.first(); d.second(); d.takeBack(afternoon, morning) }, nothing},
		"both, the first first": {func(d *deals) { d.first(); d.second(); d.takeBack(morning, afternoon) }, nothing},
		"after other runs": {func(d *deals) {
			d.first()
			d.second()
			report(d.t, "cleanup", d.insistOn(ecm.Cleanup, afternoon))
			report(d.t, "progress", d.insistOn(ecm.Progress, afternoon))
			d.takeBack(afternoon)
		}, first},
		"one that was taken over": {func(d *deals) { // F90
			d.first()
			d.deal(afternoon, 2, 4, true)
			d.takeBack(afternoon)
		}, first},
		"beside a person's row": {func(d *deals) {
			d.first()
			d.second()
			people(d)
			d.takeBack(afternoon)
		}, func(d *deals) { d.first(); people(d) }},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want, wantLast := dealtIn(t, c.never)
			got, last := dealtIn(t, c.happens)
			if diff := cmp.Diff(want, got); diff != "" || last != wantLast {
				t.Errorf("last %s, want %s; who has what (-as if it had never been +after the undo):\n%s", last, wantLast, diff)
			}
		})
	}
}

// own is a row that a person wrote.
func own(s *ledger.Snapshot, id string) ecm.Assignment {
	row := s.Assignments[0]
	row.OrderID, row.RunID, row.AssignedAt = id, "", row.AssignedAt.Add(48*time.Hour)
	return row
}
