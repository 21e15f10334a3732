package triage

import (
	"time"

	"pi-manager/internal/ecm"
)

// book is what the ledger says of orders: who has them, and who closed them.
type book struct {
	active      map[string]*ecm.Assignment // not resolved
	reserved    map[string]*Reserved
	resolved    map[string]*ecm.Assignment // the newest resolved row
	resolutions map[string]time.Time       // the newest note of the Resolutions tab
	reopenAfter time.Duration
}

func newBook(in Input) book {
	b := book{
		active: map[string]*ecm.Assignment{}, reserved: map[string]*Reserved{}, resolved: map[string]*ecm.Assignment{},
		resolutions: map[string]time.Time{}, reopenAfter: in.Policy.ReopenAfter,
	}
	for i := range in.Assignments {
		row := &in.Assignments[i]
		if row.Status != ecm.Resolved {
			if b.active[row.OrderID] == nil { // of two the oldest counts
				b.active[row.OrderID] = row
			}
			continue
		}
		if last := b.resolved[row.OrderID]; last == nil || !row.AssignedAt.Before(last.AssignedAt) {
			b.resolved[row.OrderID] = row
		}
	}
	for i := range in.Reserved {
		if r := &in.Reserved[i]; r.OrderID != "" {
			b.reserved[r.OrderID] = r
		}
	}
	for _, note := range in.Resolutions {
		if note.At.After(b.resolutions[note.OrderID]) {
			b.resolutions[note.OrderID] = note.At
		}
	}
	return b
}

// settle gives an order that the ledger already speaks for its outcome, and
// marks one that comes back. It says whether the order is settled.
func (b book) settle(o *Outcome, now time.Time) bool {
	id := o.Order.ID
	if row := b.active[id]; row != nil {
		o.Kind, o.Agent, o.Status, o.Row = Kept, row.Agent, row.Status, row.Row
		return true
	}
	if r := b.reserved[id]; r != nil {
		o.Kind, o.Row = Kept, r.Row
		return true
	}
	row := b.resolved[id]
	if row == nil {
		return false
	}
	o.Since = b.resolvedAt(row)
	if o.Since.IsZero() || now.Sub(o.Since) < b.reopenAfter {
		o.Kind, o.Agent, o.Row = RecentlyResolved, row.Agent, row.Row
		return true
	}
	o.Reopened, o.Had = true, row.Agent
	return false
}

// resolvedAt is when an order was resolved: what its row says, else the newest
// note about it that is not older than the row, else zero: nobody knows, and
// this run is the first to see it.
func (b book) resolvedAt(row *ecm.Assignment) time.Time {
	if !row.ResolvedAt.IsZero() {
		return row.ResolvedAt
	}
	if at := b.resolutions[row.OrderID]; !at.Before(row.AssignedAt) {
		return at
	}
	return time.Time{}
}
