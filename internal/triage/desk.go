package triage

import (
	"time"

	"pi-manager/internal/ecm"
)

// Desk is one agent and their open work after the plan.
type Desk struct {
	Agent     ecm.Agent
	Off       string // why nothing is dealt to the agent; empty for who is on duty
	Free      int    // slots left
	Tickets   []Ticket
	New       int // of Tickets: from this plan
	HighValue int // of Tickets
	P1        int // of Tickets
}

// Ticket is an order on somebody's desk: a row that is OPEN or IN_PROGRESS, or a
// new one. The new ones come last, in the order they were dealt.
type Ticket struct {
	Row       ecm.Assignment
	Stuck     time.Duration // at the moment of the plan; Row.Stuck is of when it was assigned
	HighValue bool
	New       bool
	Reopened  bool
	Next      string // of a new one: what to do about it
}

// desks puts the open rows and the new ones on their agents' desks.
func desks(in Input, book ledgerBook, roster []seat, p *Plan) []Desk {
	all := make([]Desk, len(roster))
	at := make(map[string]*Desk, len(roster))
	for i, s := range roster {
		all[i] = Desk{Agent: s.agent, Off: s.off, Free: s.free}
		at[s.agent.Key()] = &all[i]
	}
	for _, row := range book.Rows {
		if desk := at[ecm.AgentKey(row.Agent)]; desk != nil && row.Status.Working() {
			desk.put(Ticket{Row: *row, Stuck: row.StuckAt(in.AsOf), HighValue: in.Policy.HighValue(row.Send)})
		}
	}
	for _, i := range p.Dealt {
		o := &p.Outcomes[i]
		at[ecm.AgentKey(o.Agent)].put(Ticket{
			Row: p.assignment(o), Stuck: o.Order.Stuck(p.AsOf), HighValue: o.Judgement.HighValue, New: true, Reopened: o.Reopened, Next: o.Judgement.Diagnosis.Next,
		})
	}
	return all
}

func (d *Desk) put(t Ticket) {
	d.Tickets = append(d.Tickets, t)
	if t.New {
		d.New++
	}
	if t.HighValue {
		d.HighValue++
	}
	if t.Row.Priority == ecm.P1 {
		d.P1++
	}
}
