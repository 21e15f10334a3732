package progress

import (
	"cmp"
	"slices"

	"pi-manager/internal/ecm"
)

// Load is how much one agent has on the desk.
type Load struct {
	Agent    ecm.Agent
	OnDuty   bool // active and not excluded
	Known    bool // stands in the Agents tab
	Open     int  // OPEN and IN_PROGRESS rows
	Reserved int  // rows that only a person can read, and that take a slot
	Capacity int  // slots
	Breaches int
	Soon     int
}

// Taken is how many of the slots are taken.
func (l Load) Taken() int { return l.Open + l.Reserved }

// Percent is the share of the slots that is taken, rounded down; 0 where there are none.
func (l Load) Percent() int {
	if l.Capacity == 0 {
		return 0
	}
	return l.Taken() * 100 / l.Capacity
}

// loads adds up each agent's work: those of the Agents tab in their order, of two
// rows with one e-mail the first, then who has open work and is not in it.
func loads(in Input, r *Report) []Load {
	var list []Load
	at := map[string]int{}
	seat := func(agent ecm.Agent, known bool) {
		if _, twice := at[agent.Key()]; twice {
			return
		}
		at[agent.Key()] = len(list)
		list = append(list, newLoad(agent, known, in))
	}
	for _, agent := range in.Agents {
		seat(agent, true)
	}
	for _, t := range r.Work {
		seat(ecm.Agent{Email: t.Row.Agent}, false)
	}
	for _, t := range r.Work {
		list[at[ecm.AgentKey(t.Row.Agent)]].Open++
	}
	for _, t := range r.Breaches {
		list[at[ecm.AgentKey(t.Row.Agent)]].Breaches++
	}
	for _, t := range r.Soon {
		list[at[ecm.AgentKey(t.Row.Agent)]].Soon++
	}
	for _, row := range in.Unreadable {
		if i, known := at[ecm.AgentKey(row.Agent)]; known && row.Agent != "" {
			list[i].Reserved++
		}
	}
	return list
}

func newLoad(agent ecm.Agent, known bool, in Input) Load {
	l := Load{Agent: agent, Known: known, OnDuty: known && agent.Active && !in.Policy.Excluded(agent.Email), Capacity: agent.Capacity}
	if agent.Capacity == ecm.DefaultCapacity {
		l.Capacity = in.Policy.DefaultMaxTickets
	}
	return l
}

// full are the agents on duty above a share of their slots, the fullest first.
func full(all []Load, share ecm.Fraction) []Load {
	var list []Load
	for _, l := range all {
		if l.OnDuty && above(l.Taken(), l.Capacity, share) {
			list = append(list, l)
		}
	}
	slices.SortStableFunc(list, func(a, b Load) int { return cmp.Compare(b.Taken()*max(a.Capacity, 1), a.Taken()*max(b.Capacity, 1)) })
	return list
}
