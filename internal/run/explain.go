package run

import (
	"context"
	"encoding/json"
	"time"

	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
	"pi-manager/internal/policy"
	"pi-manager/internal/triage"
)

// Explanation is all that is known of one order: its rows in the ledger, and
// what a run would do with it now. More than one outcome means that the pending
// list has it more than once.
type Explanation struct {
	OrderID  string
	AsOf     time.Time
	Policy   *policy.Policy
	Rows     []ecm.Assignment
	Reserved []ledger.Unreadable // its rows that only a person can read
	Outcomes []triage.Outcome
	Cut      bool // the pending list was longer than the guardrail allows, and was not read to its end
}

// Explain looks an order up. It changes nothing.
func (m *Manager) Explain(ctx context.Context, req Request, orderID string) (Explanation, error) {
	ctx, cancel := context.WithTimeout(ctx, Deadline)
	defer cancel()
	req.DryRun = true
	e := Explanation{OrderID: orderID, AsOf: req.AsOf, Policy: m.Policy}
	pending, book, err := m.gather(ctx, req)
	if err != nil {
		return e, err
	}
	plan, err := m.plan(req, pending, book)
	if err != nil {
		return e, err
	}
	for _, row := range book.Assignments {
		if row.OrderID == orderID {
			e.Rows = append(e.Rows, row)
		}
	}
	for _, row := range book.Unreadable {
		if row.OrderID == orderID {
			e.Reserved = append(e.Reserved, row)
		}
	}
	e.Cut = pending.Truncated
	for _, o := range plan.Outcomes {
		if o.OrderID() == orderID {
			e.Outcomes = append(e.Outcomes, o)
		}
	}
	return e, nil
}

// MarshalJSON writes the explanation as its own document.
func (e Explanation) MarshalJSON() ([]byte, error) {
	type outcome struct {
		Outcome   string        `json:"outcome"`
		Agent     string        `json:"agent,omitempty"`
		Reason    string        `json:"reason"`
		Diagnosis string        `json:"diagnosis,omitempty"`
		Next      string        `json:"next_action,omitempty"`
		Priority  string        `json:"priority,omitempty"`
		Score     ecm.Score     `json:"score"`
		Terms     []policy.Term `json:"terms,omitempty"`
	}
	type row struct {
		Row        int    `json:"row"`
		Agent      string `json:"agent"`
		Status     string `json:"status"`
		AssignedAt string `json:"assigned_at"`
		RunID      string `json:"run_id"`
	}
	document := struct {
		OrderID    string       `json:"order_id"`
		Rows       []row        `json:"ledger_rows"`
		Unreadable []Unreadable `json:"unreadable"`
		Outcomes   []outcome    `json:"outcomes"`
		Cut        bool         `json:"pending_list_cut"`
	}{e.OrderID, []row{}, []Unreadable{}, []outcome{}, e.Cut}
	for _, r := range e.Reserved {
		document.Unreadable = append(document.Unreadable, Unreadable{Row: r.Row, OrderID: r.OrderID, Reason: r.Reason})
	}
	for _, r := range e.Rows {
		document.Rows = append(document.Rows, row{r.Row, r.Agent, string(r.Status), ecm.FormatTime(r.AssignedAt), r.RunID})
	}
	for i := range e.Outcomes {
		o := &e.Outcomes[i]
		one := outcome{Outcome: o.Kind.String(), Agent: o.Agent, Reason: o.Reason()}
		if j := o.Judgement; j.Diagnosis != nil {
			one.Diagnosis, one.Next, one.Priority, one.Score, one.Terms = j.Name, j.Diagnosis.Next, j.Priority.String(), j.Score, e.Policy.Explain(j.Terms)
		}
		document.Outcomes = append(document.Outcomes, one)
	}
	return json.Marshal(document)
}
