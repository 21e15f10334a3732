package demo_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"pi-manager/internal/demo"
	"pi-manager/internal/ecm"
)

// desk is a ledger as small as can be: whatever is listed is assigned, and a
// resolved order comes back after a day, as triage does it.
type desk struct {
	rows map[string]ecm.Assignment
}

func (d *desk) assign(orders []ecm.Order, now time.Time) {
	for _, o := range orders {
		row, known := d.rows[o.ID]
		if !known || row.Status == ecm.Resolved && now.Sub(row.ResolvedAt) >= 24*time.Hour {
			d.rows[o.ID] = ecm.Assignment{OrderID: o.ID, AssignedAt: now, Status: ecm.Open}
		}
	}
}

func (d *desk) apply(t *rapid.T, events []demo.Event, from, to time.Time) {
	seen := map[string]bool{}
	for _, e := range events {
		row, known := d.rows[e.OrderID]
		if !known || seen[e.OrderID] || row.Status == ecm.Resolved || row.Status == e.Status || e.Status == ecm.Open {
			t.Errorf("%+v of %+v, seen %v", e, row, seen[e.OrderID])
		}
		if !e.At.After(from) || e.At.After(to) || e.At.Nanosecond() != 0 {
			t.Errorf("%+v between %v and %v", e, from, to)
		}
		seen[e.OrderID] = true
		row.Status = e.Status
		if e.Status == ecm.Resolved {
			row.ResolvedAt = e.At
		}
		d.rows[e.OrderID] = row
	}
	if !slices.IsSortedFunc(events, func(a, b demo.Event) int { return a.At.Compare(b.At) }) {
		t.Error("the events are not in the order they happened")
	}
}

func (d *desk) open() []ecm.Assignment {
	var rows []ecm.Assignment
	for _, row := range d.rows {
		if row.Status != ecm.Resolved {
			rows = append(rows, row)
		}
	}
	return rows // in any order: the world must not care
}

// Whatever the seed and the hours: ids stay unique, an order that left never comes back or changes, and what heals was
// on the list and nobody's doing.
func TestAdvanceKeepsTheWorldConsistent(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now := start()
		w := demo.NewWorld(rapid.Uint64().Draw(t, "seed"), now, rapid.IntRange(12, 200).Draw(t, "size"))
		ledger := desk{rows: map[string]ecm.Assignment{}}
		before, ever := once(t, w.Pending(now)), map[string]bool{}
		for range rapid.IntRange(1, 8).Draw(t, "slots") {
			for id := range before {
				ever[id] = true
			}
			ledger.assign(w.Pending(now).Orders, now)
			to := now.Add(time.Duration(rapid.IntRange(1, 20*3600).Draw(t, "seconds")) * time.Second)
			healedBefore := w.Healed()
			events := w.Advance(to, ledger.open())
			ledger.apply(t, events, now, to)
			after := once(t, w.Pending(to))
			checkOrders(t, before, after, ever)
			checkHealed(t, before, after, events, w.Healed()[len(healedBefore):])
			ledger.checkLeft(t, before, after, w.Healed(), to)
			now, before = to, after
		}
	})
}

// once indexes the orders of a list; only rows that a join repeated may share an id.
func once(t *rapid.T, p ecm.Pending) map[string]ecm.Order {
	orders := map[string]ecm.Order{}
	for _, o := range p.Orders {
		if first, twice := orders[o.ID]; twice && (!first.Created.Equal(o.Created) || !first.Send.Amount.Equal(o.Send.Amount)) {
			t.Errorf("%s is two orders:\n%v\n%v", o.ID, first.Facts, o.Facts)
		} else if !twice {
			orders[o.ID] = o
		}
	}
	return orders
}

func checkOrders(t *rapid.T, before, after map[string]ecm.Order, ever map[string]bool) {
	for id, o := range after {
		was, there := before[id]
		if !there && ever[id] {
			t.Errorf("%s came back", id)
		}
		if there && !slices.Equal(was.Facts, o.Facts) {
			t.Errorf("%s changed: %s", id, cmp.Diff(was.Facts, o.Facts))
		}
	}
}

func checkHealed(t *rapid.T, before, after map[string]ecm.Order, events []demo.Event, healed []string) {
	for _, id := range healed {
		_, was := before[id]
		if _, is := after[id]; !was || is {
			t.Errorf("%s healed: listed before %v, after %v", id, was, is)
		}
		if slices.ContainsFunc(events, func(e demo.Event) bool { return e.OrderID == id }) {
			t.Errorf("%s healed by itself, and an agent touched it", id)
		}
	}
}

// checkLeft wants that only what healed, what an agent resolved or what is too old leaves the list.
func (d *desk) checkLeft(t *rapid.T, before, after map[string]ecm.Order, healed []string, now time.Time) {
	for id, o := range before {
		_, is := after[id]
		old := o.Stuck(now) > 30*24*time.Hour
		if !is && !old && d.rows[id].Status != ecm.Resolved && !slices.Contains(healed, id) {
			t.Errorf("%s left the list while it was %s", id, d.rows[id].Status)
		}
	}
}

// One working day must have something of everything to show.
func TestADayHasSomethingOfEverything(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now := start()
		w := demo.NewWorld(rapid.Uint64().Draw(t, "seed"), now, usual)
		ledger := desk{rows: map[string]ecm.Assignment{}}
		did := map[ecm.Status]int{}
		lagging, arrived := 0, 0
		for range 3 {
			ledger.assign(w.Pending(now).Orders, now)
			before := once(t, w.Pending(now))
			to := now.Add(7 * time.Hour)
			events := w.Advance(to, ledger.open())
			ledger.apply(t, events, now, to)
			after := once(t, w.Pending(to))
			for id := range after {
				if _, was := before[id]; !was {
					arrived++
				}
			}
			for _, e := range events {
				did[e.Status]++
				if _, still := after[e.OrderID]; still && e.Status == ecm.Resolved {
					lagging++
				}
			}
			now = to
		}
		stuck := w.Pending(now).Rows()
		if did[ecm.Resolved] < 50 || did[ecm.InProgress] < 80 || did[ecm.Escalated] < 5 {
			t.Errorf("people did %v", did)
		}
		if lagging == 0 || lagging == did[ecm.Resolved] {
			t.Errorf("the list still shows %d of %d resolved orders, want some", lagging, did[ecm.Resolved])
		}
		if n := len(w.Healed()); n < 30 || arrived < 100 || stuck < 250 || stuck > 550 {
			t.Errorf("%d healed, %d came in, %d are stuck at last", n, arrived, stuck)
		}
	})
}

func TestAdvanceIgnoresWhatNobodyCanWorkOn(t *testing.T) {
	t.Parallel()
	w := demo.NewWorld(9, start(), usual)
	var rows []ecm.Assignment
	for i, o := range w.Pending(start()).Orders {
		status := [...]ecm.Status{ecm.Resolved, "WAITING FOR BANK"}[i%2]
		rows = append(rows, ecm.Assignment{OrderID: o.ID, Status: status})
	}
	rows = append(rows, ecm.Assignment{OrderID: "nobody's order", Status: ecm.Open})
	if events := w.Advance(start().Add(9*time.Hour), rows); len(events) > 0 {
		t.Errorf("somebody worked on %v", events)
	}
}

// A ledger keeps the resolved row of an order that was dealt again.
func TestAdvanceLooksPastResolvedRows(t *testing.T) {
	t.Parallel()
	var open, both []ecm.Assignment
	for _, o := range demo.NewWorld(9, start(), usual).Pending(start()).Orders {
		row := ecm.Assignment{OrderID: o.ID, AssignedAt: start(), Status: ecm.Open}
		open = append(open, row)
		row.Status = ecm.Resolved
		both = append(both, row, open[len(open)-1])
	}
	later := start().Add(9 * time.Hour)
	want := demo.NewWorld(9, start(), usual).Advance(later, open)
	if diff := cmp.Diff(want, demo.NewWorld(9, start(), usual).Advance(later, both)); diff != "" || len(want) == 0 {
		t.Errorf("%d events; with resolved rows too (-without +with):\n%s", len(want), diff)
	}
}

// A run by hand assigns between two slots: nobody works on an order before it is theirs.
func TestNobodyActsBeforeTheAssignment(t *testing.T) {
	t.Parallel()
	w, later := demo.NewWorld(9, start(), usual), start().Add(20*time.Hour)
	assigned := map[string]time.Time{}
	var open []ecm.Assignment
	for i, id := range slices.Sorted(maps.Keys(ids(w, start()))) {
		at := later.Add(time.Duration(i%2*10-8) * time.Hour) // two hours from then, or eight hours before
		assigned[id] = at
		open = append(open, ecm.Assignment{OrderID: id, AssignedAt: at, Status: ecm.Open})
	}
	events := w.Advance(later, open)
	if len(events) == 0 {
		t.Error("nobody did anything in eight hours")
	}
	for _, e := range events {
		if !e.At.After(assigned[e.OrderID]) || e.At.After(later) {
			t.Errorf("%+v, assigned at %v", e, assigned[e.OrderID])
		}
	}
}

func TestTooOldOrdersAreForgotten(t *testing.T) {
	t.Parallel()
	w, later := demo.NewWorld(9, start(), 2_000), start().Add(4*24*time.Hour)
	tooOld := func() (n int) {
		for _, o := range w.Pending(start()).Orders {
			if o.Stuck(later) > 30*24*time.Hour {
				n++
			}
		}
		return n
	}
	was := tooOld()
	w.Advance(later, nil)
	if is := tooOld(); was == 0 || is > 0 {
		t.Errorf("%d orders became too old for the list, and %d are still there", was, is)
	}
}

func TestTimeNeverRunsBackwards(t *testing.T) {
	t.Parallel()
	w := demo.NewWorld(9, start(), usual)
	before := w.CSV()
	for _, to := range []time.Time{start(), start().Add(-time.Hour), start().Add(time.Millisecond)} {
		if events := w.Advance(to, nil); events != nil || !slices.Equal(before, w.CSV()) {
			t.Errorf("moving on to %v changed the world", to)
		}
	}
}

// A daemon may look every minute: the orders come in all the same.
func TestOrdersComeInHoweverSmallTheSteps(t *testing.T) {
	t.Parallel()
	w := demo.NewWorld(11, start(), usual)
	known := ids(w, start())
	for minute := range 12 * 60 {
		w.Advance(start().Add(time.Duration(minute+1)*time.Minute), nil)
	}
	now := start().Add(12 * time.Hour)
	arrived := 0
	for id := range ids(w, now) {
		if !known[id] {
			arrived++
		}
	}
	if arrived < 40 || arrived > 120 { // 18 of 1,000 an hour, for twelve hours, less what healed meanwhile
		t.Errorf("%d orders came in", arrived)
	}
}

func ids(w *demo.World, now time.Time) map[string]bool {
	all := map[string]bool{}
	for _, o := range w.Pending(now).Orders {
		all[o.ID] = true
	}
	return all
}
