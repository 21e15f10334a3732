package progress

import (
	"cmp"
	"slices"
	"strings"

	"pi-manager/internal/book"
	"pi-manager/internal/ecm"
)

// NewBoard is the dashboard of a ledger with these rows: as the run that writes
// it leaves them. last names that run.
func NewBoard(in Input, last string) ecm.Board {
	r := Make(in, Since{At: in.Day})
	resolved, healed := closedToday(in)
	board := ecm.Board{Figures: []ecm.Figure{
		{Label: "Open", Count: r.Counts[CountOpen]},
		{Label: "In progress", Count: r.Counts[CountInProgress]},
		{Label: "Escalated", Count: r.Counts[CountEscalated]},
		{Label: "Resolved today", Count: resolved},
		{Label: "Self-healed today", Count: healed},
		{Label: "SLA breaches", Count: len(r.Breaches)},
		{Label: "High-value open", Count: len(r.HighValue)},
	}}
	for _, p := range ecm.Priorities {
		board.Figures = append(board.Figures, ecm.Figure{Label: p.String() + " open", Count: r.Priority[p]})
	}
	board.Figures = append(board.Figures,
		ecm.Figure{Label: "Rows that cannot be read", Count: len(in.Unreadable)}, ecm.Figure{Label: "Last run", Text: last})
	for _, d := range r.Diagnoses {
		board.Diagnoses = append(board.Diagnoses, ecm.Figure{Label: d.Name, Count: d.Count})
	}
	board.Agents = agentFigures(r.Agents)
	return board
}

// closedToday counts the orders that were closed since the day began, and those
// of them that completed by themselves. Who knows no time is not counted.
func closedToday(in Input) (resolved, healed int) {
	b := book.New(book.Input{Assignments: in.Assignments, Resolutions: in.Resolutions, Seen: in.Seen})
	for _, closed := range b.Closed(in.Day, in.AsOf) {
		if closed.At.IsZero() {
			continue
		}
		resolved++
		if closed.Row.Healed() {
			healed++
		}
	}
	return resolved, healed
}

// agentFigures are the agents with open work, most first.
func agentFigures(loads []Load) []ecm.Figure {
	var list []ecm.Figure
	for _, l := range loads {
		if l.Open > 0 {
			list = append(list, ecm.Figure{Label: l.Agent.Label(), Count: l.Open})
		}
	}
	slices.SortStableFunc(list, func(a, b ecm.Figure) int { return cmp.Or(b.Count-a.Count, strings.Compare(a.Label, b.Label)) })
	return list
}

// Apply gives the rows as they stand after changes.
func Apply(rows []ecm.Assignment, changes []ecm.Change) []ecm.Assignment {
	of := make(map[string][]ecm.Change, len(changes))
	for _, c := range changes {
		of[c.Was.Mark()] = append(of[c.Was.Mark()], c)
	}
	after := make([]ecm.Assignment, 0, len(rows))
	for _, row := range rows {
		mark := row.Mark()
		if len(of[mark]) == 0 {
			after = append(after, row)
			continue
		}
		c := of[mark][0]
		of[mark] = of[mark][1:]
		if c.Move == ecm.Stay {
			is := c.Is
			is.Row = row.Row
			after = append(after, is)
		}
	}
	return after
}
