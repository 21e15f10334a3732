package brief

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"pi-manager/internal/ecm"
	"pi-manager/internal/triage"
)

// The room of messages, in bytes of the most verbose markup. Slack advises less
// than 4,000 characters of text; the briefing itself stays readable below 2,000.
const (
	briefingRoom = 1_950
	threadRoom   = 3_600
	idRoom       = 40 // of an order id in a message; longer ones are cut
)

// topHighValue is how many of an agent's high-value orders are named first.
const topHighValue = 5

// Page is what a message needs to know besides the plan.
type Page struct {
	Zone     *time.Location    // times are shown in it
	Slot     ecm.Slot          // as the reader knows it
	Link     string            // of the sheet; empty where there is none
	Warnings []string          // of the ledger and of the run, a sentence each
	Members  map[string]string // member ids by ecm.AgentKey, for mentions
}

// Briefing is the message to the whole team about a plan.
//
// The queue is what the sheet shows afterwards: open and in-progress orders of
// the agents listed, and what waits for a free slot. So the lines of the agents
// and the overflow add up to the first number.
func Briefing(p *triage.Plan, page Page) Message {
	q := newQueue(p)
	head := []Line{
		dots(counted(q.orders, "order in the queue", "orders in the queue"), counted(q.onDuty, "agent on duty", "agents on duty")),
		newLine(p),
		dots(Line{number(q.highValue), plain(" high-value")}, Line{number(q.p1), plain(" P1")}),
	}
	if len(q.value) > 0 {
		head = append(head, dots(q.totals()...))
	}
	notes := notes(p, page)
	blocks := []Block{
		{Kind: Header, Lines: []Line{{plain("ECM briefing · " + page.moment(p.AsOf))}}},
		{Kind: Section, Lines: head},
	}
	room := briefingRoom - sizeOf(blocks) - footerSize(page)
	if taken, left, used := fit(notes, room*3/5); len(notes) > 0 {
		if left > 0 {
			taken = append(slices.Clone(taken), Line{italic(fmt.Sprintf("and %d more, in the output of the run", left))})
		}
		blocks, room = append(blocks, Block{Kind: Section, Lines: taken}), room-used-60
	}
	if lines := agentLines(p, room); len(lines) > 0 {
		blocks = append(blocks, Block{Kind: Section, Lines: lines})
	}
	return Message{Summary: q.summary(p), Blocks: append(blocks, footer(page, q.thread()))}
}

func newLine(p *triage.Plan) Line {
	switch {
	case len(p.Dealt) == 0 && len(p.Overflow) > 0:
		return Line{number(0), plain(" new this run: nobody has a free slot")}
	case len(p.Dealt) == 0:
		return Line{number(0), plain(" new this run: there is nothing to assign")}
	}
	line := Line{number(len(p.Dealt)), plain(" new this run")}
	if reopened := p.Counts()["reopened"]; reopened > 0 {
		line = append(line, plain(fmt.Sprintf(", %d of them reopened", reopened)))
	}
	return line
}

// notes are the lines that say what was left out and what looks wrong.
func notes(p *triage.Plan, page Page) []Line {
	var lines []Line
	for _, v := range p.Verdicts {
		if v.Level == ecm.LevelWarning || v.Level == ecm.LevelStop {
			lines = append(lines, Line{bold("Warning: "), plain(v.Message)})
		}
	}
	if len(p.Overflow) > 0 {
		lines = append(lines, overflowLine(p))
	}
	lines = append(lines, Line{number(len(p.Outcomes)), plain(" came in" + mix(p))})
	for _, v := range p.Verdicts {
		if v.Level == ecm.LevelNotice {
			lines = append(lines, Line{plain("Notice: " + v.Message)})
		}
	}
	lines = append(lines, reasonLine(p, triage.SetAside, "set aside", func(o *triage.Outcome) string { return string(o.Aside.Reason) })...)
	lines = append(lines, reasonLine(p, triage.Disqualified, "disqualified", disqualification)...)
	if n := p.Count(triage.RecentlyResolved); n > 0 {
		lines = append(lines, Line{number(n), plain(" resolved by agents a short while ago, left alone")})
	}
	for _, warning := range slices.Concat(p.Warnings, page.Warnings) {
		lines = append(lines, Line{bold("Mend: "), plain(shorten(warning, 200))})
	}
	return lines
}

// disqualification is the rule's name in words.
func disqualification(o *triage.Outcome) string {
	return strings.ReplaceAll(o.Judgement.Disqualified.Name, "_", " ")
}

func overflowLine(p *triage.Plan) Line {
	byPriority := map[ecm.Priority]int{}
	for _, i := range p.Overflow {
		byPriority[p.Outcomes[i].Judgement.Priority]++
	}
	var parts []string
	for _, priority := range ecm.Priorities {
		if n := byPriority[priority]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, priority))
		}
	}
	line := Line{number(len(p.Overflow)), plain(" wait for a free slot: " + strings.Join(parts, ", ") + ". First ")}
	for n, i := range p.Overflow[:min(3, len(p.Overflow))] {
		if n > 0 {
			line = append(line, plain(", "))
		}
		line = append(line, code(shorten(p.Outcomes[i].Order.ID, idRoom)))
	}
	return line
}

func mix(p *triage.Plan) string {
	if len(p.Mix) == 0 {
		return ""
	}
	parts := make([]string, len(p.Mix))
	for i, share := range p.Mix {
		parts[i] = fmt.Sprintf("%s %s (%d)", share.Currency, share.Percent, share.Orders)
	}
	return ": " + strings.Join(parts, ", ")
}

// reasonLine counts the outcomes of a kind by reason, the most frequent first.
func reasonLine(p *triage.Plan, kind triage.Kind, word string, reason func(*triage.Outcome) string) []Line {
	counts, total := map[string]int{}, 0
	for i := range p.Outcomes {
		if o := &p.Outcomes[i]; o.Kind == kind {
			counts[reason(o)]++
			total++
		}
	}
	if total == 0 {
		return nil
	}
	reasons := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(counts[b]-counts[a], strings.Compare(a, b))
	})
	for i, r := range reasons {
		reasons[i] = fmt.Sprintf("%d %s", counts[r], r)
	}
	return []Line{{number(total), plain(" " + word + ": " + strings.Join(reasons, ", "))}}
}

// agentLines is a line for each agent who is on duty or has open work, the
// longest desk first, as many as fit.
func agentLines(p *triage.Plan, room int) []Line {
	desks := make([]*triage.Desk, 0, len(p.Desks))
	for i := range p.Desks {
		if d := &p.Desks[i]; d.Off == "" || len(d.Tickets) > 0 {
			desks = append(desks, d)
		}
	}
	slices.SortStableFunc(desks, func(a, b *triage.Desk) int { return len(b.Tickets) - len(a.Tickets) })
	lines := make([]Line, len(desks))
	for i, d := range desks {
		lines[i] = deskLine(d)
	}
	const more = 80 // room for the line about who is left out
	taken, left, _ := fit(lines, room-more)
	if left == 0 {
		return taken
	}
	open := 0
	for _, d := range desks[len(taken):] {
		open += len(d.Tickets)
	}
	return append(slices.Clone(taken), Line{number(open), plain(fmt.Sprintf(" open with the other agents (%d)", left))})
}

func deskLine(d *triage.Desk) Line {
	line := dots(
		Line{number(len(d.Tickets)), plain(" " + shorten(d.Agent.Label(), 40))},
		Line{plain(fmt.Sprintf("%d new", d.New))},
		Line{plain(fmt.Sprintf("%d high-value", d.HighValue))},
		Line{plain(fmt.Sprintf("%d P1", d.P1))})
	if d.Off != "" {
		line = append(line, italic(" ("+d.Off+")"))
	}
	return line
}

// Alert is the message about a run that a guardrail stopped.
func Alert(p *triage.Plan, page Page) Message {
	lines := []Line{{bold("Nothing was assigned."), plain(" A guardrail stopped the run of " + page.moment(p.AsOf) + ".")}}
	for _, v := range p.Verdicts {
		if v.Level == ecm.LevelStop {
			lines = append(lines, Line{bold(v.Check + ": "), plain(v.Message)})
		}
	}
	lines = append(lines, Line{plain("Look at the query and its feed, then run pi-manager triage by hand.")})
	return Message{
		Summary: "ECM triage stopped by a guardrail: nothing was assigned",
		Blocks: []Block{
			{Kind: Header, Lines: []Line{{plain("ECM triage stopped")}}},
			{Kind: Section, Lines: lines},
			footer(page, ""),
		},
	}
}

// Effect is what a run that failed has left behind, in words.
type Effect string

// The effects of a failed run.
const (
	NoEffect  Effect = "nothing was changed"
	Unknown   Effect = "it is not known whether rows were written; the same slot, run again, finds out"
	Unsettled Effect = "its rows were written; whether people's edits came in between could not be seen"
)

// Failure is the message about a run that could not do its work.
func Failure(what string, cause error, effect Effect, at time.Time, page Page) Message {
	return Message{
		Summary: "ECM " + what + " failed: " + string(effect),
		Blocks: []Block{
			{Kind: Header, Lines: []Line{{plain("ECM " + what + " failed")}}},
			{Kind: Section, Lines: []Line{
				{bold("The run of " + page.moment(at) + " failed: "), plain(string(effect) + ".")},
				{plain(shorten(cause.Error(), 600))},
			}},
			footer(page, ""),
		},
	}
}

func footer(page Page, text string) Block {
	line := Line{}
	if text != "" {
		line = append(line, plain(text+" · "))
	}
	if page.Link != "" {
		line = append(line, Span{Style: Link, Text: "Open the sheet", To: page.Link}, plain(" · "))
	}
	return Block{Kind: Context, Lines: []Line{append(line, plain("run "+string(page.Slot)))}}
}

func footerSize(page Page) int { return sizeOf([]Block{footer(page, strings.Repeat("x", 60))}) }

func sizeOf(blocks []Block) int {
	n := 0
	for _, block := range blocks {
		for _, line := range block.Lines {
			n += line.size()
		}
	}
	return n
}

// moment is a time as the team reads it, with the zone's name.
func (page Page) moment(t time.Time) string {
	return t.In(page.Zone).Format("Mon 2 Jan 2006, 15:04") + " (" + page.Zone.String() + ")"
}

// shorten cuts a text that people typed, on a character, with a mark.
func shorten(text string, room int) string {
	text = Printable(text)
	runes := []rune(text)
	if len(runes) <= room {
		return text
	}
	return string(runes[:room-1]) + "…"
}
