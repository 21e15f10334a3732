package ecm

import "time"

// Order is one stuck order as the pending list gave it: paid in, not paid out.
type Order struct {
	ID       string    // opaque text, byte for byte as the warehouse has it
	Status   string    // order status, for example FAILED; empty where the query has no such column
	SubState string    // the finer state, for example MANUAL_REVIEW
	Send     Money     // what the customer paid
	Created  time.Time // UTC; derived from hours_diff and the as-of time where created_at is missing
	Row      int       // which row of the result it was, from 1; a reader finds it again in an export
	Facts    []string  // every column of the row, aligned with Pending.Columns; "" is null
}

// Stuck is how long the order has been stuck at a moment, counted from its creation.
func (o Order) Stuck(at time.Time) time.Duration { return at.Sub(o.Created) }

// Pending is the answer of a warehouse to "what is stuck?".
//
// Every row of the result is either in Orders or in SetAside.
type Pending struct {
	Source    string     // the query or file that gave it, for messages
	Columns   []string   // lower-case names, in the order of Order.Facts
	Orders    []Order    // in the order of the result
	SetAside  []SetAside // rows that could not be read as an order
	Truncated bool       // reading stopped at the limit; there was at least one row more
	Limit     int        // n of a LIMIT n that ends the query; 0 where there is none
}

// Rows is how many rows came in, readable or not.
func (p Pending) Rows() int { return len(p.Orders) + len(p.SetAside) }

// SetAside is a row that breaks the contract of the pending list. It is counted
// by reason and shown, never assigned and never dropped in silence.
type SetAside struct {
	Row     int            // row of the result, from 1
	OrderID string         // as far as it could be read; may be empty
	Reason  SetAsideReason // what it is counted under
	Detail  string         // the offending value, shortened and printable
}

// SetAsideReason says which part of the contract a row breaks.
type SetAsideReason string

// The reasons to set a row aside.
const (
	NoID               SetAsideReason = "no order id"
	UnreadableID       SetAsideReason = "unreadable order id"
	DuplicateID        SetAsideReason = "duplicate order id"
	UnreadableAmount   SetAsideReason = "unreadable amount"
	NegativeAmount     SetAsideReason = "negative amount"
	UnknownCurrency    SetAsideReason = "unknown currency"
	UnreadableTime     SetAsideReason = "unreadable creation time"
	CreatedInTheFuture SetAsideReason = "created in the future"
	UnreadableRow      SetAsideReason = "unreadable row"
	UnreadableFact     SetAsideReason = "unreadable fact"
)
