// Package book is what the ledger's rows say of orders, taken together: which row
// of an order counts, who closed it, and when.
//
// It is pure, and stands between the snapshot that a ledger gives and the
// packages that decide on it: triage and progress must read the same rows the
// same way, or their numbers would not agree.
package book

import (
	"fmt"
	"time"

	"pi-manager/internal/ecm"
)

// Input is what a ledger holds of assignments.
type Input struct {
	Assignments []ecm.Assignment // that could be read, resolved ones too; kept, and never changed
	Resolutions []ecm.Resolution
	Seen        map[string]time.Time // when a run first found an order resolved that nobody had noted a time for
}

// Book answers questions about orders. It is never changed, so it may be shared.
type Book struct {
	Rows     []*ecm.Assignment // not resolved, in their order; of several of one order the one that counts
	Warnings []string          // what a person should mend, a sentence each

	active      map[string]*ecm.Assignment
	resolved    map[string][]*ecm.Assignment
	closedIDs   []string             // orders with a resolved row, in the order of the rows
	resolutions map[string]time.Time // the newest note of the Resolutions tab
	seen        map[string]time.Time
}

// New reads the rows.
func New(in Input) *Book {
	b := &Book{
		active: map[string]*ecm.Assignment{}, resolved: map[string][]*ecm.Assignment{}, resolutions: map[string]time.Time{}, seen: in.Seen,
	}
	b.findActive(in)
	for i := range in.Assignments {
		switch row := &in.Assignments[i]; {
		case row.Status == ecm.Resolved:
			if b.resolved[row.OrderID] == nil {
				b.closedIDs = append(b.closedIDs, row.OrderID)
			}
			b.resolved[row.OrderID] = append(b.resolved[row.OrderID], row)
		case b.active[row.OrderID] == row:
			b.Rows = append(b.Rows, row)
		}
	}
	for _, note := range in.Resolutions {
		if note.At.After(b.resolutions[note.OrderID]) {
			b.resolutions[note.OrderID] = note.At
		}
	}
	return b
}

// findActive keeps of several active rows of an order the oldest: a later one is
// a copy that somebody pasted. Sorting the tab does not change which it is.
func (b *Book) findActive(in Input) {
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
		b.Warnings = append(b.Warnings, fmt.Sprintf("Order %s has two rows that are not resolved (%d and %d); the older one counts.", row.OrderID, first.Row, row.Row))
		if older(row, first) {
			b.active[row.OrderID] = row
		}
	}
}

// older compares when two rows were assigned; an unreadable time is no age at all.
// Of two rows of the same second, one is taken for older whatever their order.
func older(a, b *ecm.Assignment) bool {
	if a.AssignedAt.Equal(b.AssignedAt) {
		return a.Mark() < b.Mark()
	}
	return !a.AssignedAt.IsZero() && (b.AssignedAt.IsZero() || a.AssignedAt.Before(b.AssignedAt))
}

// Active is the row of an order that is not resolved; nil where there is none.
func (b *Book) Active(orderID string) *ecm.Assignment { return b.active[orderID] }

// LastResolved is the row of an order that was closed last, and when. Nobody may
// know when: then this run is the first to see it. A row without a time that
// was followed by another assignment was closed before that, so it decides nothing.
func (b *Book) LastResolved(orderID string) (last *ecm.Assignment, at time.Time) {
	var newest *ecm.Assignment
	for _, row := range b.resolved[orderID] {
		if newest == nil || !older(row, newest) {
			newest = row
		}
		if when := b.ResolvedAt(row); last == nil || when.After(at) || when.Equal(at) && older(last, row) {
			last, at = row, when
		}
	}
	if newest != nil && b.ResolvedAt(newest).IsZero() {
		return newest, time.Time{}
	}
	return last, at
}

// ResolvedAt is when a row was resolved: what it says itself, else the newest
// note about its order that is not older than the row, else when a run first saw
// it so, else zero: nobody knows, and this run is the first to see it.
func (b *Book) ResolvedAt(row *ecm.Assignment) time.Time {
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

// Closed is an order that was closed, and when; the zero time where nobody noted
// it and no run has seen it yet.
type Closed struct {
	Row *ecm.Assignment
	At  time.Time
}

// Closed lists the orders that were closed after one moment and up to another,
// each once, by the row that closed it last, in the order of the rows. Those that
// nobody noted a time for are among them: they are seen for the first time.
func (b *Book) Closed(after, upTo time.Time) []Closed {
	var list []Closed
	for _, id := range b.closedIDs {
		row, at := b.LastResolved(id)
		if at.IsZero() || at.After(after) && !at.After(upTo) {
			list = append(list, Closed{row, at})
		}
	}
	return list
}
