package brief

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"pi-manager/internal/ecm"
	"pi-manager/internal/triage"
)

// Thread is the reply for one agent: their top high-value orders, then their new
// orders by priority and diagnosis with what to do next, as many as fit.
func Thread(d *triage.Desk, page Page) Message {
	head := Line{page.address(d), plain(" ")}
	head = append(head, dots(
		Line{number(len(d.Tickets)), plain(" open")}, Line{number(d.New), plain(" new")},
		Line{number(d.HighValue), plain(" high-value")}, Line{number(d.P1), plain(" P1")})...)
	blocks := []Block{{Kind: Section, Lines: []Line{head}}}
	room := threadRoom - sizeOf(blocks)
	if top := topLines(d); len(top) > 0 {
		blocks = append(blocks, Block{Kind: Section, Lines: top})
		room -= sizeOf(blocks[1:])
	}
	blocks = append(blocks, newBlocks(d, room)...)
	return Message{
		Summary: fmt.Sprintf("%s: %d open, %d new, %d high-value, %d P1", shorten(d.Agent.Label(), 60), len(d.Tickets), d.New, d.HighValue, d.P1),
		Blocks:  blocks,
	}
}

// address mentions the agent where their member id is known. Who is off duty is
// named, not woken.
func (page Page) address(d *triage.Desk) Span {
	name := shorten(d.Agent.Label(), 60)
	id, known := page.member(d.Agent)
	if !known || d.Off != "" {
		return bold(name)
	}
	return Span{Style: Mention, Text: name, To: id}
}

// member is the member id of an agent: the Slack Handle, else what was looked up.
func (page Page) member(agent ecm.Agent) (id string, known bool) {
	if id, known = MemberID(agent.Handle); known {
		return id, true
	}
	id, known = page.Members[agent.Key()]
	return id, known
}

// topLines names the agent's largest high-value orders, new and old.
func topLines(d *triage.Desk) []Line {
	var top []triage.Ticket
	for _, t := range d.Tickets {
		if t.HighValue {
			top = append(top, t)
		}
	}
	if len(top) == 0 {
		return nil
	}
	slices.SortStableFunc(top, func(a, b triage.Ticket) int {
		return cmp.Or(b.Row.Send.Amount.Cmp(a.Row.Send.Amount), strings.Compare(a.Row.OrderID, b.Row.OrderID))
	})
	lines := []Line{{bold("Top high-value")}}
	for _, t := range top[:min(topHighValue, len(top))] {
		mark := Line{plain(shorten(t.Row.Diagnosis, 60))}
		if t.New {
			mark = append(mark, plain(", new"))
		}
		lines = append(lines, dots(Line{plain("• "), code(shorten(t.Row.OrderID, idRoom)), plain(" " + t.Row.Send.String())}, hours(t), Line{plain(t.Row.Priority.String())}, mark))
	}
	return lines
}

// newBlocks are the new orders, a block for each priority, in it a line for each
// diagnosis with what to do, and the orders below it.
func newBlocks(d *triage.Desk, room int) []Block {
	const more = 60 // room for the line that says how many more there are
	var blocks []Block
	shown := 0
	room -= more
	for _, priority := range ecm.Priorities {
		block := Block{Kind: Section}
		for _, group := range groups(d, priority) {
			taken, orders := fitGroup(group, room)
			room -= sizeOf([]Block{{Lines: taken}})
			block.Lines = append(block.Lines, taken...)
			shown += orders
		}
		if len(block.Lines) > 0 {
			blocks = append(blocks, block)
		}
	}
	if left := d.New - shown; left > 0 {
		blocks = append(blocks, Block{Kind: Context, Lines: []Line{{plain(fmt.Sprintf("and %d more new orders, in the sheet", left))}}})
	}
	return blocks
}

// fitGroup takes a group's heading and as many of its orders as fit; a heading
// never stands alone.
func fitGroup(group []Line, room int) (taken []Line, orders int) {
	taken, _, _ = fit(group, room)
	if len(taken) < 2 {
		return nil, 0
	}
	return taken, len(taken) - 1
}

// groups are the new orders of a priority by diagnosis, each with its heading
// first. Diagnoses come in the order in which their first order was dealt.
func groups(d *triage.Desk, priority ecm.Priority) [][]Line {
	var all [][]Line
	at := map[string]int{}
	for _, t := range d.Tickets {
		if !t.New || t.Row.Priority != priority {
			continue
		}
		i, seen := at[t.Row.Diagnosis]
		if !seen {
			i = len(all)
			at[t.Row.Diagnosis] = i
			all = append(all, []Line{{bold(priority.String() + " " + shorten(t.Row.Diagnosis, 60)), plain(" – " + shorten(t.Next, 200))}})
		}
		all[i] = append(all[i], orderLine(t))
	}
	return all
}

func orderLine(t triage.Ticket) Line {
	line := dots(Line{plain("• "), code(shorten(t.Row.OrderID, idRoom)), plain(" " + t.Row.Send.String())}, hours(t))
	if t.Reopened {
		line = append(line, italic(" reopened"))
	}
	return line
}

func hours(t triage.Ticket) Line { return Line{plain(ecm.HoursText(t.Stuck) + " h")} }
