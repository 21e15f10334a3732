package run

import (
	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
	"pi-manager/internal/policy"
	"pi-manager/internal/triage"
)

// Status is the one word for how a run went.
type Status string

// The statuses of a result.
const (
	StatusOK         Status = "ok"
	StatusDryRun     Status = "dry_run"
	StatusStopped    Status = "stopped"     // by a guardrail
	StatusNothingNew Status = "nothing_new" // nothing to assign or to close, or the slot was done before
)

// Result is a triage run as one JSON document.
type Result struct {
	RunID       string         `json:"run_id"`
	Slot        ecm.Slot       `json:"slot"`
	Status      Status         `json:"status"`
	DoneBefore  bool           `json:"done_before"` // the slot had its run already; this one changed no row
	Guardrails  []ecm.Verdict  `json:"guardrails"`
	Counts      map[string]int `json:"counts"`
	CurrencyMix []triage.Share `json:"currency_mix"`
	Assignments []Assigned     `json:"assignments"`
	SetAside    []Left         `json:"set_aside"`
	Disqualify  []Left         `json:"disqualified"`
	Overflow    []Waiting      `json:"overflow"`
	Messages    []Message      `json:"messages"`
	Warnings    []string       `json:"warnings"`
	Unreadable  []Unreadable   `json:"unreadable"`
}

// Unreadable is a row of the ledger that only a person can read.
type Unreadable struct {
	Row     int    `json:"row"`
	OrderID string `json:"order_id"`
	Reason  string `json:"reason"`
}

// Assigned is one new assignment.
type Assigned struct {
	OrderID    string        `json:"order_id"`
	Agent      string        `json:"agent"`
	Priority   ecm.Priority  `json:"priority"`
	Score      ecm.Score     `json:"score"`
	Terms      []policy.Term `json:"terms"`
	Currency   string        `json:"currency"`
	Amount     string        `json:"amount"` // exact, as text
	HoursStuck float64       `json:"hours_stuck"`
	Diagnosis  string        `json:"diagnosis"`
	Reason     string        `json:"reason"`
}

// Left is a row that nobody is given.
type Left struct {
	OrderID string `json:"order_id"`
	Row     int    `json:"row"` // of the pending list
	Reason  string `json:"reason"`
}

// Waiting is an order that found no slot.
type Waiting struct {
	OrderID  string       `json:"order_id"`
	Priority ecm.Priority `json:"priority"`
	Score    ecm.Score    `json:"score"`
	Reason   string       `json:"reason"`
}

// Message is one message of the run. Without a ts it is still owed; "-" is one
// that will not be posted any more, and note says why.
type Message struct {
	Kind    string `json:"kind"`
	Part    string `json:"part"`
	Channel string `json:"channel"`
	TS      string `json:"ts"`
	Note    string `json:"note,omitempty"`
}

// Status is how the run went.
func (t Triage) Status() Status {
	switch {
	case t.Stopped():
		return StatusStopped
	case t.Done == nil:
		return StatusDryRun
	case t.Before || t.Done.Result == ecm.ResultNothingNew:
		return StatusNothingNew
	}
	return StatusOK
}

// Stopped says whether a guardrail forbade to assign anything.
func (t Triage) Stopped() bool {
	if t.Done != nil {
		return t.Done.Result == ecm.ResultStopped
	}
	return t.Plan != nil && t.Plan.Stopped
}

// Result is the document of the run. Every list is there, empty or not.
func (t Triage) Result() Result {
	r := Result{
		RunID: ecm.RunID(ecm.Triage, t.Slot), Slot: t.Slot, Status: t.Status(), DoneBefore: t.Before, Guardrails: []ecm.Verdict{}, Counts: map[string]int{},
		CurrencyMix: []triage.Share{}, Assignments: []Assigned{}, SetAside: []Left{}, Disqualify: []Left{}, Overflow: []Waiting{}, Messages: []Message{},
		Warnings: append([]string{}, t.Book.Warnings...), Unreadable: unreadable(t.Book),
	}
	if t.Done != nil {
		r.Counts = counts(t.Done)
		r.Guardrails = append(r.Guardrails, t.Done.Guardrails...)
		r.Messages = messages(t.Done)
	}
	if t.Plan != nil {
		r.addPlan(t.Plan)
	}
	return r
}

// unreadable are the rows that only a person can read.
func unreadable(book ledger.Snapshot) []Unreadable {
	list := make([]Unreadable, len(book.Unreadable))
	for i, row := range book.Unreadable {
		list[i] = Unreadable{Row: row.Row, OrderID: row.OrderID, Reason: row.Reason}
	}
	return list
}

// counts are the numbers of a record; of a damaged one there are none.
func counts(run *ecm.Run) map[string]int {
	if run.Counts == nil {
		return map[string]int{}
	}
	return run.Counts
}

// messages are the messages of a run, posted or not.
func messages(run *ecm.Run) []Message {
	list := make([]Message, len(run.Messages))
	for i, m := range run.Messages {
		list[i] = Message{Kind: m.Kind, Part: m.Part, Channel: m.Channel, TS: m.TS, Note: m.Note}
	}
	return list
}

func (r *Result) addPlan(p *triage.Plan) {
	r.Counts, r.Guardrails = p.Counts(), p.Verdicts
	r.CurrencyMix = append(r.CurrencyMix, p.Mix...)
	r.Warnings = append(r.Warnings, p.Warnings...)
	for _, i := range p.Dealt {
		r.Assignments = append(r.Assignments, assigned(p, &p.Outcomes[i]))
	}
	for i := range p.Outcomes {
		o := &p.Outcomes[i]
		switch o.Kind {
		case triage.SetAside:
			r.SetAside = append(r.SetAside, Left{OrderID: o.OrderID(), Row: o.Aside.Row, Reason: o.Reason()})
		case triage.Disqualified:
			r.Disqualify = append(r.Disqualify, Left{OrderID: o.OrderID(), Row: o.Order.Row, Reason: o.Reason()})
		}
	}
	for _, i := range p.Overflow {
		o := &p.Outcomes[i]
		r.Overflow = append(r.Overflow, Waiting{OrderID: o.OrderID(), Priority: o.Judgement.Priority, Score: o.Judgement.Score, Reason: o.Reason()})
	}
}

func assigned(p *triage.Plan, o *triage.Outcome) Assigned {
	return Assigned{
		OrderID: o.Order.ID, Agent: o.Agent, Priority: o.Judgement.Priority, Score: o.Judgement.Score, Terms: p.Policy.Explain(o.Judgement.Terms),
		Currency: o.Order.Send.Currency, Amount: o.Order.Send.Plain(), HoursStuck: ecm.Hours(o.Order.Stuck(p.AsOf)),
		Diagnosis: o.Judgement.Name, Reason: o.Reason(),
	}
}
