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

// agenda is what there is to do about the slots whose time has come, oldest first.
type agenda struct {
	missed []ecm.Slot // too old to be caught up with, and not told of yet
	due    []Due      // each with the workflows that nobody has run
	owed   []Due      // each with the workflows whose messages are still owed
}

// plan says what is to be done about slots that have come. The records of the
// ledger are the only memory. A slot that was told of as missed is settled, and so
// is each before it. Nothing is asked of a slot that lies before its part of the
// schedule began: see history.asks.
func plan(slots []Due, records []ecm.Run, begun, now time.Time) agenda {
	var a agenda
	known := read(records)
	for _, d := range slots[known.told(slots):] {
		undone := d.with(func(id string) bool { return !known.has(id) })
		asked := slices.ContainsFunc(undone, func(w ecm.Workflow) bool { return known.asks(d, w, begun) })
		if now.Sub(d.At) > CatchUp {
			if asked {
				a.missed = append(a.missed, d.Slot)
			}
			continue
		}
		if started := len(undone) < len(d.Workflows); len(undone) > 0 && (asked || started) {
			a.due = append(a.due, Due{d.Slot, d.At, undone})
		}
		if owing := d.with(func(id string) bool { return known.owes[id] }); len(owing) > 0 {
			a.owed = append(a.owed, Due{d.Slot, d.At, owing})
		}
	}
	return a
}

// with are the workflows of the slot whose run ids fulfil a condition.
func (d Due) with(condition func(id string) bool) []ecm.Workflow {
	var list []ecm.Workflow
	for _, w := range d.Workflows {
		if condition(ecm.RunID(w, d.Slot)) {
			list = append(list, w)
		}
	}
	return list
}

// history is what the ledger's records tell of the schedule. There are only so
// many of them: all that are newer than the oldest one, and older ones that owe.
type history struct {
	owes  map[string]bool      // by run id
	first map[string]time.Time // when the oldest run of a workflow at a time of day was started
}

func read(records []ecm.Run) history {
	h := history{owes: map[string]bool{}, first: map[string]time.Time{}}
	for _, r := range records {
		h.owes[r.ID] = r.Owes()
		if _, known := h.first[duty(r.Workflow, r.Slot)]; !known && !r.Owes() {
			h.first[duty(r.Workflow, r.Slot)] = r.Started
		}
	}
	return h
}

func (h history) has(id string) bool {
	_, known := h.owes[id]
	return known
}

// told is how many of the slots, from the oldest on, are settled because they were
// told of as missed.
func (h history) told(slots []Due) int {
	for i, d := range slices.Backward(slots) {
		if h.has(ecm.RunID(ecm.Missed, d.Slot)) {
			return i + 1
		}
	}
	return 0
}

// asks says whether the schedule asks for a workflow in a slot: what it has for a
// time of day counts from the first run of that kind on, and before there was one
// from the daemon's beginning on. So neither a new ledger, nor a new line in the
// schedule, nor a record that is not kept any more looks like a slot that was missed.
func (h history) asks(d Due, w ecm.Workflow, begun time.Time) bool {
	if first, known := h.first[duty(w, d.Slot)]; known {
		return first.Before(d.At)
	}
	return d.At.After(begun)
}

// duty names a workflow at a time of day; for what is no slot of a schedule, it is a
// name that no slot has.
func duty(w ecm.Workflow, s ecm.Slot) string {
	at, err := time.Parse(ecm.SlotLayout, string(s))
	if err != nil {
		return ""
	}
	return string(w) + " " + at.Format("15:04")
}
