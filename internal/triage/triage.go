// Package triage decides: which stuck orders somebody must work on, how urgent
// each is, and who gets it.
//
// It is a function of values. What came in from the warehouse and what stands in
// the ledger goes in, a Plan comes out, with exactly one outcome and its reason
// for every row that came in. The same input gives the same plan, byte for byte.
package triage

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"pi-manager/internal/ecm"
	"pi-manager/internal/policy"
)

// Input is everything that a plan is made from.
type Input struct {
	RunID       string
	AsOf        time.Time // UTC; what "now" means for this plan
	Pending     ecm.Pending
	Assignments []ecm.Assignment // that could be read, resolved ones too
	Reserved    []Reserved       // rows that could not be read
	Agents      []ecm.Agent      // in the order of the Agents tab
	Resolutions []ecm.Resolution
	Seen        map[string]time.Time // when a run first found an order resolved that nobody had noted a time for
	LastAgent   string               // who got the last order of the previous run
	Policy      *policy.Policy
}

// Reserved is a row of the ledger that nobody but a person can read. Its order
// stays where it is.
type Reserved struct {
	Row     int
	OrderID string
	Agent   string // whose slot the row takes; empty for nobody's
	Reason  string
}

// Plan is what a run would do, and why.
type Plan struct {
	RunID     string
	Policy    *policy.Policy // by which it was made
	AsOf      time.Time
	Verdicts  []ecm.Verdict
	Stopped   bool                 // a guardrail forbids to assign anything
	Outcomes  []Outcome            // one for each row that came in, by row
	Dealt     []int                // of Outcomes: the assigned ones, in the order they were dealt
	Overflow  []int                // of Outcomes: what found no slot, the most urgent first
	Desks     []Desk               // the agents, in their order, as they stand after the plan
	Seen      map[string]time.Time // orders found resolved for the first time with no time noted anywhere, and when
	LastAgent string               // after whom the next run deals on
	Warnings  []string             // what a person should mend, a sentence each
	Mix       []Share              // of the readable orders that came in, by currency
}

// Share is how many of the orders that came in have a currency.
type Share struct {
	Currency string `json:"currency"`
	Orders   int    `json:"orders"`
	Percent  string `json:"percent"`
}

// Make makes the plan. It fails only where the policy cannot be applied to the
// columns that came in; whatever is wrong with an order is that order's outcome.
func Make(in Input) (*Plan, error) {
	judge, err := in.Policy.Judge(in.Pending.Columns, in.AsOf)
	if err != nil {
		return nil, err
	}
	p := &Plan{RunID: in.RunID, Policy: in.Policy, AsOf: in.AsOf, LastAgent: in.LastAgent, Seen: map[string]time.Time{}}
	p.Outcomes = checkContract(in)
	p.judgeCounts(in)
	book := newBook(in)
	p.Warnings = append(p.Warnings, book.Warnings...)
	waiting, err := p.sort(in, book, judge)
	if err != nil {
		return nil, err
	}
	roster := newRoster(in, book, &p.Warnings)
	if p.Stopped {
		p.hold(waiting)
	} else {
		p.deal(waiting, newCircle(roster, in), in.Policy)
	}
	p.Desks = desks(in, book, roster, p)
	p.warnOfStrangers(book, roster)
	return p, nil
}

// judgeCounts looks at the numbers that came in before anything is decided on them.
func (p *Plan) judgeCounts(in Input) {
	counted := policy.Counted{
		Rows: in.Pending.Rows(), Truncated: in.Pending.Truncated, Limit: in.Pending.Limit, ByCurrency: map[string]int{},
	}
	known := 0
	for i := range p.Outcomes {
		if o := &p.Outcomes[i]; o.Kind != SetAside {
			counted.ByCurrency[o.Order.Send.Currency]++
			known++
		}
	}
	p.Verdicts = in.Policy.Guardrails.Judge(counted)
	p.Stopped = slices.ContainsFunc(p.Verdicts, func(v ecm.Verdict) bool { return v.Level == ecm.LevelStop })
	for currency, orders := range counted.ByCurrency {
		p.Mix = append(p.Mix, Share{Currency: currency, Orders: orders, Percent: policy.Percent(orders, known)})
	}
	slices.SortFunc(p.Mix, func(a, b Share) int {
		if a.Orders != b.Orders {
			return b.Orders - a.Orders
		}
		return strings.Compare(a.Currency, b.Currency)
	})
}

// sort gives every order that cannot be assigned its outcome, judges the others,
// and gives the indexes of those that wait for an agent.
func (p *Plan) sort(in Input, book ledgerBook, judge *policy.Judge) (waiting []int, err error) {
	for i := range p.Outcomes {
		o := &p.Outcomes[i]
		if o.Kind == SetAside {
			continue
		}
		o.Judgement, err = judge.Order(o.Order)
		if fault, ok := errors.AsType[*policy.FactError](err); ok {
			o.setAside(ecm.UnreadableFact, fault.Error())
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("judge order %q of row %d: %w", o.Order.ID, o.Order.Row, err)
		}
		if book.settle(o, in.AsOf) {
			p.see(o)
			continue
		}
		if o.Judgement.Disqualified != nil {
			o.Kind = Disqualified
			continue
		}
		book.reopen(o)
		waiting = append(waiting, i)
	}
	return waiting, nil
}

// maxSeen keeps the record of a run small; what is over is seen by the next run.
const maxSeen = 300

// see notes an order that was resolved nobody knows when: from now on it is known.
func (p *Plan) see(o *Outcome) {
	if o.Kind == RecentlyResolved && o.Since.IsZero() && len(p.Seen) < maxSeen {
		p.Seen[o.Order.ID] = p.AsOf
	}
}

// hold leaves everything where it is: a guardrail has stopped the run.
func (p *Plan) hold(waiting []int) {
	byUrgency(waiting, p.Outcomes)
	for _, i := range waiting {
		p.Outcomes[i].Kind, p.Outcomes[i].Held = Overflow, true
	}
	p.Overflow = waiting
}

// Count is how many outcomes are of a kind.
func (p *Plan) Count(kind Kind) int {
	n := 0
	for i := range p.Outcomes {
		if p.Outcomes[i].Kind == kind {
			n++
		}
	}
	return n
}

// Counts are the numbers of the plan under the names that the JSON result and
// the run's record use. pending is the sum of all but reopened, which is part of new.
func (p *Plan) Counts() map[string]int {
	reopened := 0
	for _, i := range p.Dealt {
		if p.Outcomes[i].Reopened {
			reopened++
		}
	}
	return map[string]int{
		"pending": len(p.Outcomes), "set_aside": p.Count(SetAside), "disqualified": p.Count(Disqualified),
		"already_assigned": p.Count(Kept), "recently_resolved": p.Count(RecentlyResolved),
		"new": len(p.Dealt), "reopened": reopened, "overflow": len(p.Overflow),
	}
}

// Rows are the rows that the plan adds to the ledger, in the order they were dealt.
func (p *Plan) Rows() []ecm.Assignment {
	rows := make([]ecm.Assignment, len(p.Dealt))
	for n, i := range p.Dealt {
		rows[n] = p.assignment(&p.Outcomes[i])
	}
	return rows
}

func (p *Plan) assignment(o *Outcome) ecm.Assignment {
	row := ecm.Assignment{
		OrderID: o.Order.ID, Agent: o.Agent, AssignedAt: p.AsOf.Truncate(time.Second), Status: ecm.Open,
		Priority: o.Judgement.Priority, Send: o.Order.Send, Stuck: o.Order.Stuck(p.AsOf), Diagnosis: o.Judgement.Name, RunID: p.RunID,
	}
	if o.Reopened {
		row.Notes = "reopened: resolved " + ecm.HoursText(p.AsOf.Sub(o.Since)) + " h ago by " + o.Had + ", still stuck"
	}
	return row
}
