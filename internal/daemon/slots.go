package daemon

import (
	"slices"
	"time"

	"pi-manager/internal/ecm"
)

// Due is a slot of the schedule, when its time comes, and what runs then.
type Due struct {
	Slot      ecm.Slot
	At        time.Time // UTC
	Workflows []ecm.Workflow
}

// agenda is what there is to do about the slots whose time has come.
type agenda struct {
	missed []ecm.Slot // too old to be caught up with, and not told of yet
	due    []Due      // to run, in order, each with the workflows that are still open
}

// plan says what is to be done about slots that have come, oldest first. The
// records of the ledger are the only memory: whatever was done or told of before
// the newest record is settled. Where no slot has a record yet, the schedule begins
// with the first one after `begun`.
func plan(slots []Due, records []ecm.Run, begun, now time.Time, catchUp time.Duration) agenda {
	recorded := make(map[string]bool, len(records))
	for _, r := range records {
		recorded[r.ID] = true
	}
	var a agenda
	for _, d := range slots[settled(slots, recorded, begun):] {
		open := slices.DeleteFunc(slices.Clone(d.Workflows), func(w ecm.Workflow) bool { return recorded[ecm.RunID(w, d.Slot)] })
		switch {
		case len(open) == 0 || recorded[ecm.RunID(ecm.Missed, d.Slot)]:
		case now.Sub(d.At) > catchUp:
			a.missed = append(a.missed, d.Slot)
		default:
			a.due = append(a.due, Due{d.Slot, d.At, open})
		}
	}
	return a
}

// settled is the index of the first slot that is to be looked at: the newest one
// with a record, which may not be complete, or the first after the beginning.
func settled(slots []Due, recorded map[string]bool, begun time.Time) int {
	for i, d := range slices.Backward(slots) {
		known := recorded[ecm.RunID(ecm.Missed, d.Slot)]
		for _, w := range d.Workflows {
			known = known || recorded[ecm.RunID(w, d.Slot)]
		}
		if known {
			return i
		}
	}
	first := slices.IndexFunc(slots, func(d Due) bool { return d.At.After(begun) })
	if first < 0 {
		return len(slots)
	}
	return first
}
