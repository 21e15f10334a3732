package run

import (
	"pi-manager/internal/ecm"
	"pi-manager/internal/progress"
)

// ProgressResult is a progress run as one JSON document. Of a slot that was done
// before, it holds the numbers of its record; the lists are empty then.
type ProgressResult struct {
	RunID       string         `json:"run_id"`
	Slot        ecm.Slot       `json:"slot"`
	Status      Status         `json:"status"`
	DoneBefore  bool           `json:"done_before"`
	Since       string         `json:"since"`          // UTC; what "since the last report" means
	FirstReport bool           `json:"first_report"`   // there is no earlier report to compare with
	Queue       Queue          `json:"queue"`          // rows by status
	Resolved    int            `json:"resolved"`       // by people, since the last report
	Healed      []HealedOrder  `json:"self_healed"`    // since the last report
	Completed   int            `json:"completed_open"` // open in the ledger, completed in the warehouse
	Priority    map[string]int `json:"by_priority"`
	Agents      map[string]int `json:"by_agent"`
	Diagnoses   map[string]int `json:"by_diagnosis"`
	Breaches    []Breach       `json:"breaches"`
	Broken      map[string]int `json:"breaches_by_diagnosis"`
	Soon        []Breach       `json:"breaching_soon"` // before the next slot
	HighValue   int            `json:"high_value_open"`
	Capacity    []Capacity     `json:"capacity"` // agents above the policy's share of their slots
	Change      map[string]int `json:"change"`   // since the last report, by the names of the counts
	Counts      map[string]int `json:"counts"`
	Guardrails  []ecm.Verdict  `json:"guardrails"`
	Messages    []Message      `json:"messages"`
	Warnings    []string       `json:"warnings"`
	Unreadable  []Unreadable   `json:"unreadable"`
}

// Queue is how many orders have each status.
type Queue struct {
	Open       int `json:"open"`
	InProgress int `json:"in_progress"`
	Escalated  int `json:"escalated"`
}

// HealedOrder is an order that completed without an agent.
type HealedOrder struct {
	OrderID string `json:"order_id"`
	Agent   string `json:"agent"`
	Closed  bool   `json:"closed"` // its row is RESOLVED; else the next cleanup closes it
}

// Breach is an order whose SLA is broken, or will be.
type Breach struct {
	OrderID   string       `json:"order_id"`
	Agent     string       `json:"agent"`
	Diagnosis string       `json:"diagnosis"`
	Priority  ecm.Priority `json:"priority"`
	Hours     float64      `json:"hours"` // on the SLA's clock
	SLAHours  float64      `json:"sla_hours"`
}

// Capacity is an agent with few free slots.
type Capacity struct {
	Agent    string `json:"agent"`
	Open     int    `json:"open"`
	Capacity int    `json:"capacity"`
	Percent  int    `json:"percent"`
}

// Status is how the run went.
func (p Progress) Status() Status {
	switch {
	case p.Done == nil:
		return StatusDryRun
	case p.Before:
		return StatusNothingNew
	}
	return StatusOK
}

// Result is the document of the run. Every list is there, empty or not.
func (p Progress) Result() ProgressResult {
	r := ProgressResult{
		RunID: ecm.RunID(ecm.Progress, p.Slot), Slot: p.Slot, Status: p.Status(), DoneBefore: p.Before, Healed: []HealedOrder{},
		Priority: map[string]int{}, Agents: map[string]int{}, Diagnoses: map[string]int{}, Breaches: []Breach{}, Broken: map[string]int{},
		Soon: []Breach{}, Capacity: []Capacity{}, Change: map[string]int{}, Counts: map[string]int{}, Guardrails: []ecm.Verdict{}, Messages: []Message{},
		Warnings: append([]string{}, p.Book.Warnings...), Unreadable: unreadable(p.Book),
	}
	if p.Done != nil {
		r.Counts, r.Guardrails, r.Messages = counts(p.Done), append(r.Guardrails, p.Done.Guardrails...), messages(p.Done)
	}
	if p.Report != nil {
		r.addReport(p.Report)
	}
	r.Queue = Queue{r.Counts[progress.CountOpen], r.Counts[progress.CountInProgress], r.Counts[progress.CountEscalated]}
	r.Resolved, r.Completed, r.HighValue = r.Counts[progress.CountResolved], r.Counts[progress.CountCompleted], r.Counts[progress.CountHighValue]
	return r
}

func (r *ProgressResult) addReport(p *progress.Report) {
	r.Counts, r.Guardrails = p.Counts, append([]ecm.Verdict{}, p.Verdicts...)
	r.Since, r.FirstReport = ecm.FormatTime(p.Since.At), p.Since.Counts == nil
	r.Warnings = append(r.Warnings, p.Warnings...)
	for _, h := range p.Healed {
		r.Healed = append(r.Healed, HealedOrder{OrderID: h.Row.OrderID, Agent: h.Row.Agent, Closed: h.Closed})
	}
	for _, priority := range ecm.Priorities {
		r.Priority[priority.String()] = p.Priority[priority]
	}
	for _, l := range p.Agents {
		r.Agents[l.Agent.Email] = l.Open
	}
	for _, d := range p.Diagnoses {
		r.Diagnoses[d.Name] = d.Count
	}
	for _, d := range progress.ByDiagnosis(p.Breaches) {
		r.Broken[d.Name] = d.Count
	}
	r.Breaches, r.Soon = append(r.Breaches, clocks(p.Breaches)...), append(r.Soon, clocks(p.Soon)...)
	for _, l := range p.Full {
		r.Capacity = append(r.Capacity, Capacity{Agent: l.Agent.Email, Open: l.Taken(), Capacity: l.Capacity, Percent: l.Percent()})
	}
	for name := range p.Counts {
		if by, known := p.Change(name); known {
			r.Change[name] = by
		}
	}
}

func clocks(tickets []progress.Ticket) []Breach {
	list := make([]Breach, len(tickets))
	for i, t := range tickets {
		list[i] = Breach{
			OrderID: t.Row.OrderID, Agent: t.Row.Agent, Diagnosis: t.Row.Diagnosis, Priority: t.Row.Priority, Hours: ecm.Hours(t.Clock), SLAHours: ecm.Hours(t.SLA),
		}
	}
	return list
}

// CleanupResult is a cleanup as one JSON document. Of a slot that was done before,
// it holds the numbers of its record; the lists are empty then.
type CleanupResult struct {
	RunID      string             `json:"run_id"`
	Slot       ecm.Slot           `json:"slot"`
	Status     Status             `json:"status"`
	DoneBefore bool               `json:"done_before"`
	Checked    int                `json:"checked"` // orders that the warehouse was asked about
	Resolved   []ClosedOrder      `json:"resolved"`
	Skipped    []progress.Skipped `json:"skipped"`
	Timed      int                `json:"timed"` // rows of people that got their Resolved At
	Archived   int                `json:"archived"`
	Counts     map[string]int     `json:"counts"`
	Guardrails []ecm.Verdict      `json:"guardrails"`
	Messages   []Message          `json:"messages"`
	Warnings   []string           `json:"warnings"`
	Unreadable []Unreadable       `json:"unreadable"`
}

// ClosedOrder is a row that was closed, and the order status that was the reason.
type ClosedOrder struct {
	OrderID string `json:"order_id"`
	Agent   string `json:"agent"`
	Status  string `json:"status"`
}

// Status is how the run went.
func (c Cleanup) Status() Status {
	switch {
	case c.Stopped():
		return StatusStopped
	case c.Done == nil:
		return StatusDryRun
	case c.Before || len(c.Closed) == 0:
		return StatusNothingNew
	}
	return StatusOK
}

// Stopped says whether the warehouse's answer was not believed.
func (c Cleanup) Stopped() bool {
	if c.Done != nil {
		return c.Done.Result == ecm.ResultStopped
	}
	return c.Plan != nil && c.Plan.Stopped
}

// Result is the document of the run. Every list is there, empty or not.
func (c Cleanup) Result() CleanupResult {
	r := CleanupResult{
		RunID: ecm.RunID(ecm.Cleanup, c.Slot), Slot: c.Slot, Status: c.Status(), DoneBefore: c.Before, Resolved: []ClosedOrder{}, Skipped: []progress.Skipped{},
		Timed: c.Timed, Archived: c.Archived, Counts: map[string]int{}, Guardrails: []ecm.Verdict{}, Messages: []Message{},
		Warnings: append([]string{}, c.Book.Warnings...), Unreadable: unreadable(c.Book),
	}
	if c.Done != nil {
		r.Counts, r.Guardrails, r.Messages = counts(c.Done), append(r.Guardrails, c.Done.Guardrails...), messages(c.Done)
		r.Checked = r.Counts[progress.CountChecked]
	}
	if c.Plan == nil {
		return r
	}
	r.Checked, r.Guardrails = c.Plan.Checked, append([]ecm.Verdict{}, c.Plan.Verdicts...)
	r.Warnings = append(r.Warnings, c.Plan.Warnings...)
	r.Skipped = append(r.Skipped, c.Left...)
	for _, closing := range c.Closed {
		was := closing.Change.Was
		r.Resolved = append(r.Resolved, ClosedOrder{OrderID: was.OrderID, Agent: was.Agent, Status: closing.Status})
	}
	r.Counts = map[string]int{
		progress.CountChecked: r.Checked, progress.CountClosed: len(r.Resolved), progress.CountTimed: r.Timed, progress.CountSkipped: len(r.Skipped), "archived": r.Archived,
	}
	return r
}
