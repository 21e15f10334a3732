package triage

import (
	"fmt"

	"pi-manager/internal/ecm"
)

// seat is one agent in the circle of the deal.
type seat struct {
	agent  ecm.Agent
	open   int    // rows OPEN or IN_PROGRESS before the deal
	free   int    // slots left; 0 for who is not dealt to
	weight int    // orders in a row
	off    string // why the agent is not dealt to; empty for who is
}

// newRoster seats the agents in the order of the Agents tab. Of two rows with
// one e-mail the first counts.
func newRoster(in Input, book ledgerBook, warnings *[]string) []seat {
	open := map[string]int{}
	for _, row := range book.Rows {
		if row.Status.Working() {
			open[ecm.AgentKey(row.Agent)]++
		}
	}
	for i := range in.Reserved {
		if agent := in.Reserved[i].Agent; agent != "" {
			open[ecm.AgentKey(agent)]++
		}
	}
	seats := make([]seat, 0, len(in.Agents))
	seen := map[string]int{}
	onDuty := 0
	for _, agent := range in.Agents {
		key := agent.Key()
		if first, twice := seen[key]; twice {
			*warnings = append(*warnings, fmt.Sprintf("Agents tab: %s stands there twice (rows %d and %d); the first counts.", agent.Email, first, agent.Row))
			continue
		}
		seen[key] = agent.Row
		s := newSeat(agent, in, open[key])
		if s.off == "" {
			onDuty++
		}
		seats = append(seats, s)
	}
	switch {
	case len(seats) == 0:
		*warnings = append(*warnings, "The Agents tab is empty: nobody can be given an order.")
	case onDuty == 0:
		*warnings = append(*warnings, "Nobody in the Agents tab is on duty (Active TRUE, not excluded): nobody can be given an order.")
	}
	return seats
}

func newSeat(agent ecm.Agent, in Input, open int) seat {
	s := seat{agent: agent, open: open, weight: 1}
	if weight := in.Policy.Weights[agent.Key()]; weight > 0 {
		s.weight = weight
	}
	capacity := agent.Capacity
	if capacity == ecm.DefaultCapacity {
		capacity = in.Policy.DefaultMaxTickets
	}
	switch {
	case in.Policy.Excluded(agent.Email):
		s.off = "excluded by the policy"
	case !agent.Active:
		s.off = "not active"
	default:
		s.free = max(0, capacity-open)
	}
	return s
}

// warnOfStrangers names who has open rows but no place in the Agents tab.
func (p *Plan) warnOfStrangers(book ledgerBook, roster []seat) {
	known := map[string]bool{}
	for _, s := range roster {
		known[s.agent.Key()] = true
	}
	strangers := map[string]int{}
	var order []string
	for _, row := range book.Rows {
		if key := ecm.AgentKey(row.Agent); row.Status.Working() && !known[key] {
			if strangers[key] == 0 {
				order = append(order, key)
			}
			strangers[key]++
		}
	}
	for _, key := range order {
		p.Warnings = append(p.Warnings, fmt.Sprintf("%s is not in the Agents tab and has open rows (%d).", key, strangers[key]))
	}
}
