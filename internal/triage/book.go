package triage

import (
	"fmt"
	"strings"
	"time"

	"pi-manager/internal/ecm"
)

// book is what the ledger says of orders: who has them, and who closed them.
type book struct {
	rows        []*ecm.Assignment // not resolved, in their order; of several of one order the one that counts
	active      map[string]*ecm.Assignment
	reserved    map[string]*Reserved
	resolved    map[string][]*ecm.Assignment
	resolutions map[string]time.Time // the newest note of the Resolutions tab
	seen        map[string]time.Time
	reopenAfter time.Duration
}

func newBook(in Input, warnings *[]string) book {
	b := book{
		active: map[string]*ecm.Assignment{}, reserved: map[string]*Reserved{}, resolved: map[string][]*ecm.Assignment{},
		resolutions: map[string]time.Time{}, seen: in.Seen, reopenAfter: in.Policy.ReopenAfter,
	}
	b.findActive(in, warnings)
	for i := range in.Assignments {
		switch row := &in.Assignments[i]; {
		case row.Status == ecm.Resolved:
			b.resolved[row.OrderID] = append(b.resolved[row.OrderID], row)
		case b.active[row.OrderID] == row:
			b.rows = append(b.rows, row)
		}
	}
	for i := range in.Reserved {
		if r := &in.Reserved[i]; r.OrderID != "" {
			b.reserved[reservedKey(r.OrderID)] = r
		}
	}
	for _, note := range in.Resolutions {
		if note.At.After(b.resolutions[note.OrderID]) {
			b.resolutions[note.OrderID] = note.At
		}
	}
	return b
}

// reservedKey is an order id without the zeros that a sheet takes off when it
// turns the id into a number: a row that it did that to still reserves its order.
func reservedKey(id string) string {
	if strings.Trim(id, "0123456789") != "" {
		return id
	}
	return "number " + strings.TrimLeft(id, "0")
}

// findActive keeps of several active rows of an order the oldest: a later one is
// a copy that somebody pasted. Sorting the tab does not change which it is.
func (b *book) findActive(in Input, warnings *[]string) {
	for i := range in.Assignments {
		row := &in.Assignments[i]
		if row.Status == ecm.Resolved {
			continue
		}
		first := b.active[row.OrderID]
		if first == nil {
			b.active[row.OrderID] = row
			continue
		}
		*warnings = append(*warnings, fmt.Sprintf("Order %s has two rows that are not resolved (%d and %d); the older one counts.", row.OrderID, first.Row, row.Row))
		if older(row, first) {
			b.active[row.OrderID] = row
		}
	}
}

// older compares when two rows were assigned; an unreadable time is no age at all.
func older(a, b *ecm.Assignment) bool {
	return !a.AssignedAt.IsZero() && (b.AssignedAt.IsZero() || a.AssignedAt.Before(b.AssignedAt))
}

// settle gives an order that the ledger already speaks for its outcome. It says
// whether the order is settled.
func (b book) settle(o *Outcome, now time.Time) bool {
	id := o.Order.ID
	if row := b.active[id]; row != nil {
		o.Kind, o.Agent, o.Status, o.Row = Kept, row.Agent, row.Status, row.Row
		return true
	}
	if r := b.reserved[reservedKey(id)]; r != nil {
		o.Kind, o.Row = Kept, r.Row
		return true
	}
	row, at := b.lastResolved(id)
	if row == nil {
		return false
	}
	if !at.IsZero() && now.Sub(at) >= b.reopenAfter {
		return false
	}
	o.Kind, o.Agent, o.Row, o.Since = RecentlyResolved, row.Agent, row.Row, at
	return true
}

// reopen marks an order that an agent has resolved, and that is stuck still.
func (b book) reopen(o *Outcome) {
	if row, at := b.lastResolved(o.Order.ID); row != nil {
		o.Reopened, o.Had, o.Since = true, row.Agent, at
	}
}

// lastResolved is the row of an order that was closed last, and when. Nobody may
// know when: then this run is the first to see it. A row without a time that
// was followed by another assignment was closed before that, so it decides nothing.
func (b book) lastResolved(id string) (last *ecm.Assignment, at time.Time) {
	var newest *ecm.Assignment
	for _, row := range b.resolved[id] {
		if newest == nil || !older(row, newest) {
			newest = row
		}
		if when := b.resolvedAt(row); last == nil || when.After(at) || when.Equal(at) && older(last, row) {
			last, at = row, when
		}
	}
	if newest != nil && b.resolvedAt(newest).IsZero() {
		return newest, time.Time{}
	}
	return last, at
}

// resolvedAt is when an order was resolved: what its row says, else the newest
// note about it that is not older than the row, else when a run first saw it so,
// else zero: nobody knows, and this run is the first to see it.
func (b book) resolvedAt(row *ecm.Assignment) time.Time {
	if !row.ResolvedAt.IsZero() {
		return row.ResolvedAt
	}
	if at := b.resolutions[row.OrderID]; !at.IsZero() && !at.Before(row.AssignedAt) {
		return at
	}
	if at := b.seen[row.OrderID]; !at.Before(row.AssignedAt) {
		return at
	}
	return time.Time{}
}
