package triage

import (
	"fmt"
	"time"

	"pi-manager/internal/ecm"
	"pi-manager/internal/policy"
)

// Kind is what became of a row that came in.
type Kind uint8

// The kinds of outcome. Every row has exactly one.
const (
	Assigned         Kind = 1 + iota // a new row for an agent
	Kept                             // it has an active row already
	RecentlyResolved                 // an agent closed it, and the warehouse may lag behind
	Disqualified                     // nobody can act on it
	SetAside                         // the row breaks the contract of the pending list
	Overflow                         // no agent has a free slot
)

// String is the kind in words.
func (k Kind) String() string {
	return [...]string{"undecided", "assigned", "already assigned", "recently resolved", "disqualified", "set aside", "overflow"}[k]
}

// Pass is the round of the deal in which an order was assigned.
type Pass uint8

// The passes of a deal, in their order.
const (
	ReturnPass    Pass = 1 + iota // reopened: back to the agent who had it
	HighValuePass                 // largest amount first
	UrgencyPass                   // highest score first
)

// Outcome is what became of one row, with the reason.
type Outcome struct {
	Kind      Kind
	Order     *ecm.Order       // nil where the row could not be read as an order
	Aside     ecm.SetAside     // of SetAside
	Judgement policy.Judgement // what the policy says of the order
	Agent     string           // Assigned: who gets it; Kept and RecentlyResolved: who has it
	Pass      Pass             // Assigned: in which round
	Turn      int              // Assigned: the how many-th of its round, from 1
	Reopened  bool             // Assigned or Overflow: an agent had resolved it, and it is stuck still
	Had       string           // Reopened: who had it
	Since     time.Time        // RecentlyResolved and Reopened: when it was resolved; zero where nobody noted it
	Status    ecm.Status       // Kept: of its row; empty where the row cannot be read
	Row       int              // Kept and RecentlyResolved: where its row stands in the ledger
	Held      bool             // Overflow: a guardrail stopped the run
}

func (o *Outcome) setAside(reason ecm.SetAsideReason, detail string) {
	o.Kind = SetAside
	o.Aside = ecm.SetAside{Row: o.Order.Row, OrderID: o.Order.ID, Reason: reason, Detail: detail}
}

// Reason says in one line why the outcome is what it is.
func (o *Outcome) Reason() string {
	switch o.Kind {
	case Assigned:
		return o.dealt()
	case Kept:
		if o.Status == "" {
			return fmt.Sprintf("row %d of the ledger has it, and only a person can read that row", o.Row)
		}
		return fmt.Sprintf("%s with %s in row %d of the ledger", o.Status, o.Agent, o.Row)
	case RecentlyResolved:
		if o.Since.IsZero() {
			return "resolved by " + o.Agent + ", nobody noted when"
		}
		return "resolved by " + o.Agent + " on " + ecm.FormatTime(o.Since) + " UTC; the warehouse may lag behind"
	case Disqualified:
		return o.Judgement.Disqualified.Name + ": " + o.Judgement.Disqualified.Why
	case SetAside:
		if o.Aside.Detail == "" {
			return string(o.Aside.Reason)
		}
		return string(o.Aside.Reason) + ": " + o.Aside.Detail
	}
	if o.Held {
		return "a guardrail stopped the run"
	}
	return "no agent has a free slot"
}

func (o *Outcome) dealt() string {
	var how string
	switch o.Pass {
	case ReturnPass:
		return "reopened: goes back to the agent who had it"
	case HighValuePass:
		how = fmt.Sprintf("high-value no. %d by amount, next in turn", o.Turn)
	default:
		how = fmt.Sprintf("no. %d by score, next in turn", o.Turn)
	}
	if o.Reopened {
		how += "; reopened, and " + o.Had + ", who had it, is not on duty or has no free slot"
	}
	return how
}

// OrderID is the order's id as far as it could be read.
func (o *Outcome) OrderID() string {
	if o.Order != nil {
		return o.Order.ID
	}
	return o.Aside.OrderID
}
