package triage

import (
	"strings"
	"time"

	"pi-manager/internal/book"
)

// ledgerBook is what the ledger says of orders, the rows that only a person can read among it.
type ledgerBook struct {
	*book.Book
	reserved    map[string]*Reserved
	reopenAfter time.Duration
}

func newBook(in Input) ledgerBook {
	b := ledgerBook{
		Book:     book.New(book.Input{Assignments: in.Assignments, Resolutions: in.Resolutions, Seen: in.Seen}),
		reserved: map[string]*Reserved{}, reopenAfter: in.Policy.ReopenAfter,
	}
	for i := range in.Reserved {
		if r := &in.Reserved[i]; r.OrderID != "" {
			b.reserved[reservedKey(r.OrderID)] = r
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

// settle gives an order that the ledger already speaks for its outcome. It says
// whether the order is settled.
func (b ledgerBook) settle(o *Outcome, now time.Time) bool {
	id := o.Order.ID
	if row := b.Active(id); row != nil {
		o.Kind, o.Agent, o.Status, o.Row = Kept, row.Agent, row.Status, row.Row
		return true
	}
	if r := b.reserved[reservedKey(id)]; r != nil {
		o.Kind, o.Row = Kept, r.Row
		return true
	}
	row, at := b.LastResolved(id)
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
func (b ledgerBook) reopen(o *Outcome) {
	if row, at := b.LastResolved(o.Order.ID); row != nil {
		o.Reopened, o.Had, o.Since = true, row.Agent, at
	}
}
