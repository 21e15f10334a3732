package progress

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"pi-manager/internal/ecm"
)

// Ticket is an order that somebody works on, with its clock.
type Ticket struct {
	Row       ecm.Assignment
	SLA       time.Duration
	Clock     time.Duration // how much of it has run; negative where nobody knows when it began
	HighValue bool
	Completed bool // the warehouse says that nobody is needed any more
}

func newTicket(row ecm.Assignment, in Input) Ticket {
	_, done := completed(row.OrderID, in)
	return Ticket{
		Row: row, SLA: in.Policy.SLA(row.Diagnosis), Clock: clock(row, in.AsOf, in), HighValue: in.Policy.HighValue(row.Send), Completed: done,
	}
}

// untimed is the clock of a row that does not say when it was assigned.
const untimed = -1

// clock counts from Assigned At, or from the order's creation where the policy
// says so: an order is at least twelve hours old before an agent sees it, so that
// clock shows nearly everything as breached.
func clock(row ecm.Assignment, at time.Time, in Input) time.Duration {
	if row.AssignedAt.IsZero() {
		return untimed
	}
	if in.Policy.SLAFromCreation {
		return row.StuckAt(at)
	}
	return max(at.Sub(row.AssignedAt), 0)
}

// Over is how long the SLA has been broken; negative is what is left of it.
func (t Ticket) Over() time.Duration { return t.Clock - t.SLA }

// running says whether the clock still counts.
func (t Ticket) running() bool { return t.Clock >= 0 && !t.Completed }

// breaches finds what is over its SLA, and what will be before the next slot.
func breaches(work []Ticket, next time.Time, in Input) (over, soon []Ticket) {
	for _, t := range work {
		switch {
		case !t.running():
		case t.Over() > 0:
			over = append(over, t)
		case next.After(in.AsOf) && clock(t.Row, next, in) > t.SLA:
			soon = append(soon, t)
		}
	}
	worst := func(a, b Ticket) int {
		return cmp.Or(cmp.Compare(b.Over(), a.Over()), strings.Compare(a.Row.OrderID, b.Row.OrderID))
	}
	slices.SortStableFunc(over, worst)
	slices.SortStableFunc(soon, worst)
	return over, soon
}

func highValue(work []Ticket) []Ticket {
	var list []Ticket
	for _, t := range work {
		if t.HighValue {
			list = append(list, t)
		}
	}
	slices.SortStableFunc(list, func(a, b Ticket) int {
		return cmp.Or(b.Row.Send.Amount.Cmp(a.Row.Send.Amount), strings.Compare(a.Row.OrderID, b.Row.OrderID))
	})
	return list
}

// ByDiagnosis counts tickets by diagnosis, most first.
func ByDiagnosis(tickets []Ticket) []Count {
	counts := map[string]int{}
	for _, t := range tickets {
		counts[t.Row.Diagnosis]++
	}
	return counted(counts)
}

// ByAgent counts tickets by agent, most first.
func ByAgent(tickets []Ticket) []Count {
	counts := map[string]int{}
	for _, t := range tickets {
		counts[ecm.AgentKey(t.Row.Agent)]++
	}
	return counted(counts)
}
