package demo

import (
	"slices"
	"strings"
	"time"

	"pi-manager/internal/ecm"
)

// Event is what a person did to an assignment: its status is another one now.
type Event struct {
	OrderID string
	Status  ecm.Status // IN_PROGRESS, RESOLVED or ESCALATED
	At      time.Time  // UTC, to the second
}

// What happens by itself, in thousandths of the orders in an hour.
const (
	arriving = 18 // of the world's size: come in
	healing  = 10 // of the orders that nobody touched: complete by themselves
	noticing = 60 // of the resolved orders still on the list: the warehouse notices
)

// habit is what agents do with an assignment in a status.
type habit struct {
	from, to ecm.Status
	rate     int64 // thousandths of them in an hour
}

func habits() []habit {
	return []habit{
		{ecm.Open, ecm.Resolved, 12}, {ecm.Open, ecm.InProgress, 25}, {ecm.Open, ecm.Escalated, 3},
		{ecm.InProgress, ecm.Resolved, 40}, {ecm.InProgress, ecm.Escalated, 4},
		{ecm.Escalated, ecm.Resolved, 15},
	}
}

// Advance moves the world on to a later moment. Some orders heal by themselves
// and leave the list, new ones come in, and agents work on the open assignments,
// in the order of their ids. A resolved order stays on the list until
// the warehouse notices, hours later. The events, oldest first, say what the
// agents wrote into the ledger: at most one an order. They touch only orders that
// are still on the list. A moment that is not later changes nothing.
func (w *World) Advance(to time.Time, open []ecm.Assignment) []Event {
	from := w.now
	if to = to.UTC().Truncate(time.Second); !to.After(from) {
		return nil
	}
	w.now = to
	events := w.work(from, open)
	w.leave(from, events)
	w.arrive(from)
	return events
}

// Healed lists all orders that completed without an agent since the world began,
// in the order they did.
func (w *World) Healed() []string { return slices.Clone(w.healed) }

// work lets agents do something about the orders on their desks.
func (w *World) work(from time.Time, open []ecm.Assignment) []Event {
	byID := slices.SortedStableFunc(slices.Values(open), func(a, b ecm.Assignment) int {
		return strings.Compare(a.OrderID, b.OrderID)
	})
	stuck := w.stuckOrders()
	var events []Event
	for _, row := range byID {
		o, there := stuck[row.OrderID]
		if !there || row.Status == ecm.Resolved {
			continue
		}
		delete(stuck, row.OrderID) // once is enough, however many rows the order has
		o.closed = false
		begin := from
		if row.AssignedAt.After(from) {
			begin = row.AssignedAt
		}
		if status := w.decide(row.Status, w.now.Sub(begin)); status != "" {
			o.closed = status == ecm.Resolved
			events = append(events, Event{OrderID: row.OrderID, Status: status, At: w.moment(begin)})
		}
	}
	slices.SortStableFunc(events, func(a, b Event) int { return a.At.Compare(b.At) })
	return events
}

// stuckOrders finds the orders that an agent can act on by their ids.
func (w *World) stuckOrders() map[string]*order {
	stuck := make(map[string]*order, len(w.list))
	for i := range w.list {
		if o := &w.list[i]; o.flaw == sound {
			stuck[o.id] = o
		}
	}
	return stuck
}

// decide is the status that an agent gives to an assignment, or none.
func (w *World) decide(status ecm.Status, in time.Duration) ecm.Status {
	dice := w.dice()
	for _, h := range habits() {
		if h.from != status {
			continue
		}
		if dice -= h.rate * int64(in/time.Second); dice < 0 {
			return h.to
		}
	}
	return ""
}

// happens says whether something that happens to so many thousandths an hour
// happens to this one.
func (w *World) happens(rate int64, in time.Duration) bool {
	return w.dice() < rate*int64(in/time.Second)
}

// diceFaces is one, in thousandths an hour times seconds.
const diceFaces = 1000 * 3600

// dice are thrown against a rate in thousandths an hour times seconds.
func (w *World) dice() int64 { return w.random.Int64N(diceFaces) }

// moment is some time after begin, and not after the present.
func (w *World) moment(begin time.Time) time.Time {
	seconds := int64(w.now.Sub(begin) / time.Second)
	return w.now.Add(-time.Duration(w.random.Int64N(seconds)) * time.Second)
}

// leave takes off the list what healed, what the warehouse has noticed to be
// resolved, and what has become too old for it. The first two are remembered
// until they are too old, too.
func (w *World) leave(from time.Time, events []Event) {
	touched := make(map[string]bool, len(events))
	for _, e := range events {
		touched[e.OrderID] = true
	}
	gone := map[string]bool{}
	for i := range w.list {
		o := &w.list[i]
		switch {
		case o.flaw != sound:
		case o.closed:
			gone[o.id] = w.happens(noticing, w.now.Sub(from))
		case !touched[o.id] && w.happens(healing, w.now.Sub(from)):
			gone[o.id] = true
			w.healed = append(w.healed, o.id)
		}
		if o.flaw == sound && gone[o.id] {
			w.completed = append(w.completed, *o)
		}
	}
	w.completed = slices.DeleteFunc(w.completed, func(o order) bool { return !o.listed(w.now) })
	w.list = slices.DeleteFunc(w.list, func(o order) bool { return gone[o.id] || !o.listed(w.now) })
}

// arrive puts the orders on the list that have become old enough for it.
func (w *World) arrive(from time.Time) {
	step := int64(w.now.Sub(from) / time.Second)
	for range (int64(w.size)*arriving*step + w.dice()) / diceFaces {
		o := w.draw()
		o.created = w.now.Add(-youngest).Unix() - w.random.Int64N(step)
		w.list = append(w.list, o)
	}
	w.sort()
}
