package brief

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"pi-manager/internal/ecm"
	"pi-manager/internal/progress"
)

// topOrders is how many breaches, how many high-value orders, and of one agent
// how many orders about to breach a reply names.
const topOrders = 10

// Reply is one reply in the thread of a report.
type Reply struct {
	Name    string // unique in the report: "breaches", "soon" or "high-value"
	Message Message
}

// ReportReplies are the replies in the thread of a report: the worst breaches,
// what will breach before the next slot, and the largest orders. An empty list
// has no reply. Only the second mentions people: they can still do something.
func ReportReplies(r *progress.Report, page Page) []Reply {
	s := newSituation(r, page)
	var replies []Reply
	if len(r.Breaches) > 0 {
		replies = append(replies, Reply{"breaches", s.breachReply()})
	}
	if len(r.Soon) > 0 {
		replies = append(replies, Reply{"soon", s.soonReply()})
	}
	if len(r.HighValue) > 0 {
		replies = append(replies, Reply{"high-value", s.highValueReply()})
	}
	return replies
}

func (s *situation) breachReply() Message {
	top := s.Breaches[:min(topOrders, len(s.Breaches))]
	lines := make([]Line, len(top))
	for i, t := range top {
		lines[i] = s.breachOrder(t)
	}
	head := append(counted(len(s.Breaches), "SLA breach", "SLA breaches"), plain(", the worst first"))
	return Message{Summary: head.String(), Blocks: listBlocks(head, lines, len(s.Breaches))}
}

// breachOrder is one order that is over its SLA.
func (s *situation) breachOrder(t progress.Ticket) Line {
	late := Line{bold(overdue(t)), plain(" over its " + ecm.HoursText(t.SLA) + " h")}
	return dots(amount(t), late, Line{plain(diagnosis(t.Row.Diagnosis, 60))}, Line{plain(s.name(t.Row.Agent, 40))})
}

func (s *situation) highValueReply() Message {
	broken := map[string]bool{}
	for _, t := range s.Breaches {
		broken[t.Row.OrderID] = true
	}
	top := s.HighValue[:min(topOrders, len(s.HighValue))]
	lines := make([]Line, len(top))
	for i, t := range top {
		stuck := Line{plain(ecm.HoursText(t.Row.StuckAt(s.AsOf)) + " h")}
		lines[i] = dots(amount(t), stuck, Line{plain(t.Row.Priority.String())}, Line{plain(diagnosis(t.Row.Diagnosis, 60))}, Line{plain(s.name(t.Row.Agent, 40))})
		switch {
		case t.Completed:
			lines[i] = append(lines[i], italic(" completed"))
		case broken[t.Row.OrderID]:
			lines[i] = append(lines[i], italic(" over its SLA"))
		}
	}
	head := append(counted(len(s.HighValue), "high-value order", "high-value orders"), plain(" still open, the largest first"))
	return Message{Summary: head.String(), Blocks: listBlocks(head, lines, len(s.HighValue))}
}

// listBlocks is a head with as many lines below it as fit, and how many of all
// the orders are not among them.
func listBlocks(head Line, lines []Line, all int) []Block {
	const more = 60 // room for the line that says how many more there are
	blocks := []Block{{Kind: Section, Lines: []Line{head}}}
	taken, _, _ := fit(lines, threadRoom-sizeOf(blocks)-more)
	blocks[0].Lines = append(blocks[0].Lines, taken...)
	if left := all - len(taken); left > 0 {
		blocks = append(blocks, Block{Kind: Context, Lines: []Line{{plain(fmt.Sprintf("and %d more, in the sheet", left))}}})
	}
	return blocks
}

// soonReply names each agent's orders that will breach, fewer of them where
// there are many agents: that an agent is told at all counts for more.
func (s *situation) soonReply() Message {
	const more = 80 // room for the line about who is left out
	head := Line{number(len(s.Soon)), plain(" will breach before " + s.page.clock(s.Since.Next, s.AsOf) + ", the soonest first")}
	blocks := []Block{{Kind: Section, Lines: []Line{head}}}
	room := threadRoom - sizeOf(blocks) - more
	warned := s.byAgent(s.Soon)
	var all []Line
	for each := topOrders; each >= 0; each-- {
		all = nil
		for _, own := range warned {
			all = append(all, s.warn(own, each)...)
		}
		if sizeOf([]Block{{Lines: all}}) <= room {
			break
		}
	}
	taken, left, _ := fit(all, room)
	blocks = append(blocks, Block{Kind: Section, Lines: taken})
	if left > 0 { // then each agent has one line
		orders := len(slices.Concat(warned[len(taken):]...))
		blocks = append(blocks, Block{Kind: Context, Lines: []Line{{plain(fmt.Sprintf("and %d more, of other agents (%d)", orders, left))}}})
	}
	return Message{Summary: head.String(), Blocks: blocks}
}

// byAgent gathers tickets by their agent; who has the first one comes first.
func (s *situation) byAgent(tickets []progress.Ticket) [][]progress.Ticket {
	var all [][]progress.Ticket
	at := map[string]int{}
	for _, t := range tickets {
		key := ecm.AgentKey(t.Row.Agent)
		i, seen := at[key]
		if !seen {
			i = len(all)
			at[key] = i
			all = append(all, nil)
		}
		all[i] = append(all[i], t)
	}
	return all
}

// warn tells an agent what will breach: the first orders, each with the time
// that is left. With none of them it is a single line.
func (s *situation) warn(own []progress.Ticket, orders int) []Line {
	head := Line{s.address(own[0].Row.Agent), plain(" ")}
	head = append(head, counted(len(own), "order", "orders")...)
	if orders == 0 {
		return []Line{append(head, plain(", the first in "+remaining(own[0])))}
	}
	lines := []Line{head}
	for _, t := range own[:min(orders, len(own))] {
		rest := Line{bold(remaining(t)), plain(" left of its " + ecm.HoursText(t.SLA) + " h")}
		lines = append(lines, dots(amount(t), rest, Line{plain(diagnosis(t.Row.Diagnosis, 60))}))
	}
	if rest := len(own) - orders; rest > 0 {
		lines = append(lines, Line{italic(fmt.Sprintf("and %d more", rest))})
	}
	return lines
}

// address mentions an agent on duty; who is off duty is named, not woken.
func (s *situation) address(email string) Span {
	if l, known := s.people[ecm.AgentKey(email)]; known && l.OnDuty {
		if id, found := s.page.member(l.Agent); found {
			return Span{Style: Mention, Text: s.name(email, 40), To: id}
		}
	}
	return bold(s.name(email, 40))
}

// amount is where the line of an order begins.
func amount(t progress.Ticket) Line {
	return Line{plain("• "), code(shorten(t.Row.OrderID, idRoom)), plain(" " + shorten(strings.TrimSpace(t.Row.Send.String()), 60))}
}

// overdue is how long an SLA has been broken: minutes, rounded up, below an hour.
func overdue(t progress.Ticket) string {
	return duration((t.Over() + time.Minute - 1).Truncate(time.Minute))
}

// remaining is how long there is until the breach: minutes, rounded down, below an hour.
func remaining(t progress.Ticket) string { return duration((-t.Over()).Truncate(time.Minute)) }

func duration(d time.Duration) string {
	if d < time.Hour {
		return fmt.Sprintf("%d min", int(d.Minutes()))
	}
	return ecm.HoursText(d) + " h"
}
