package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"pi-manager/internal/brief"
	"pi-manager/internal/ecm"
	"pi-manager/internal/run"
	"pi-manager/internal/triage"
)

// topRows is how many orders the terminal names; the ledger has them all.
const topRows = 10

// triageView shows a triage run on a terminal: numbers first, what to do next last.
type triageView struct {
	styles
	zone *time.Location
	req  run.Request
}

func (v triageView) show(t run.Triage) {
	v.line("Triage for slot %s, as of %s", t.Slot, moment(v.req.AsOf, v.zone))
	if t.Before {
		v.before(t)
		return
	}
	v.verdicts(t.Plan.Verdicts)
	v.cameIn(t.Plan)
	if !t.Plan.Stopped {
		v.agents(t.Plan)
		v.orders(t.Plan)
	}
	v.leftOut(t.Plan)
	v.mend(slices.Concat(t.Plan.Warnings, t.Book.Warnings))
	v.unreadable(t)
	v.preview(t.Preview)
	v.next(t)
}

// unreadable lists the rows that a person should look at.
func (v triageView) unreadable(t run.Triage) {
	if len(t.Book.Unreadable) == 0 {
		return
	}
	v.title(fmt.Sprintf("Rows of the ledger that cannot be read, left alone (%d)", len(t.Book.Unreadable)))
	var rows [][]string
	for _, row := range t.Book.Unreadable {
		rows = append(rows, []string{fmt.Sprint(row.Row), cut(row.OrderID), brief.Printable(row.Reason)})
	}
	v.table([]string{">row", "order", "reason"}, rows)
}

// before tells of a slot that had its run already.
func (v triageView) before(t run.Triage) {
	v.line("\nThis slot was done before: this run assigned nothing, and only finished what was owed.")
	if t.Stopped() {
		v.verdicts(t.Done.Guardrails)
		v.line("")
	}
	v.line("New rows then: %d.", t.Done.Counts["new"])
	v.delivered(t.Done)
	v.line("\nNext: a run of its own, outside the schedule:  pi-manager triage")
}

func (v triageView) cameIn(p *triage.Plan) {
	counts, overflow := p.Counts(), "no agent has a free slot"
	if p.Stopped {
		overflow = "held: a guardrail stopped the run"
	}
	v.title(fmt.Sprintf("%d rows came in", counts["pending"]))
	var rows [][]string
	for _, line := range []struct{ key, meaning string }{
		{"new", "assigned by this run"},
		{"already_assigned", "an agent has them already"},
		{"recently_resolved", "closed by an agent a short while ago"},
		{"overflow", overflow},
		{"disqualified", "nobody can act on them"},
		{"set_aside", "rows that break the contract of the pending list"},
	} {
		rows = append(rows, []string{fmt.Sprint(counts[line.key]), strings.ReplaceAll(line.key, "_", " "), line.meaning})
	}
	v.table([]string{">orders", "outcome", "meaning"}, rows)
}

func (v triageView) agents(p *triage.Plan) {
	v.title("Agents")
	var rows [][]string
	for i := range p.Desks {
		d := &p.Desks[i]
		free := fmt.Sprint(d.Free)
		if d.Off != "" {
			free = v.faint(d.Off)
		}
		rows = append(rows, []string{
			fmt.Sprint(len(d.Tickets)), fmt.Sprint(d.New), fmt.Sprint(d.HighValue), fmt.Sprint(d.P1), free, brief.Printable(d.Agent.Label()), brief.Printable(d.Agent.Team),
		})
	}
	v.table([]string{">open", ">new", ">high-value", ">P1", ">free", "agent", "team"}, rows)
}

// orders names the most urgent of the new orders, with the reason for each.
func (v triageView) orders(p *triage.Plan) {
	if len(p.Dealt) == 0 {
		v.line("\nThere is nothing new to assign.")
		return
	}
	urgent := slices.Clone(p.Dealt)
	slices.SortStableFunc(urgent, func(a, b int) int {
		return int(p.Outcomes[b].Judgement.Score - p.Outcomes[a].Judgement.Score)
	})
	v.title("The most urgent of the new orders")
	var rows [][]string
	for _, i := range urgent[:min(topRows, len(urgent))] {
		o := &p.Outcomes[i]
		rows = append(rows, []string{
			v.priority(o.Judgement.Priority), o.Judgement.Score.String(), cut(o.Order.ID), o.Order.Send.String(),
			ecm.HoursText(o.Order.Stuck(p.AsOf)), cut(o.Judgement.Name), cut(o.Agent), cut(o.Reason()),
		})
	}
	v.table([]string{"", ">score", "order", ">amount", ">hours", "diagnosis", "agent", "why this agent"}, rows)
	if left := len(urgent) - topRows; left > 0 {
		v.line("  %s", v.faint(fmt.Sprintf("and %d more; --json lists them all", left)))
	}
}

// leftOut counts what was not assigned, by reason, with an example of each.
func (v triageView) leftOut(p *triage.Plan) {
	type group struct {
		count   int
		kind    triage.Kind
		example string
	}
	groups := map[string]*group{}
	var order []string
	for i := range p.Outcomes {
		o := &p.Outcomes[i]
		var reason string
		switch o.Kind {
		case triage.SetAside:
			reason = string(o.Aside.Reason)
		case triage.Disqualified:
			reason = o.Reason()
		default:
			continue
		}
		if groups[reason] == nil {
			groups[reason] = &group{kind: o.Kind, example: example(o)}
			order = append(order, reason)
		}
		groups[reason].count++
	}
	if len(order) == 0 {
		return
	}
	slices.SortStableFunc(order, func(a, b string) int { return groups[b].count - groups[a].count })
	v.title("Left out")
	rows := make([][]string, len(order))
	for i, reason := range order {
		g := groups[reason]
		rows[i] = []string{fmt.Sprint(g.count), g.kind.String(), brief.Printable(reason), g.example}
	}
	v.table([]string{">rows", "outcome", "reason", "for example"}, rows)
}

func example(o *triage.Outcome) string {
	if o.Kind == triage.SetAside {
		return strings.TrimSpace(fmt.Sprintf("row %d %s %s", o.Aside.Row, cut(o.Aside.OrderID), cut(o.Aside.Detail)))
	}
	return cut(o.Order.ID)
}

func (v triageView) next(t run.Triage) {
	v.line("")
	switch {
	case t.Plan.Stopped:
		v.line("Nothing was assigned: %s", v.bad("a guardrail stopped the run."))
		v.line("Next: look at the query and its feed, then  pi-manager triage --dry-run")
	case t.Done == nil:
		v.line("Nothing was written or posted: this was a dry run.")
		v.line("Next: do it for real with  pi-manager triage")
	case len(t.Plan.Dealt) > 0:
		v.line("%s", v.good(fmt.Sprintf("New rows in the ledger: %d. Messages posted: %d.", len(t.Plan.Dealt), posted(t.Done))))
		v.line("Next: why one order is where it is:  pi-manager explain %s", shellWord(t.Plan.Outcomes[t.Plan.Dealt[0]].Order.ID))
	default:
		v.line("Nothing was added to the ledger. Messages posted: %d.", posted(t.Done))
	}
}

func posted(r *ecm.Run) int { return count(r, ecm.Owed.Posted) }

func settled(r *ecm.Run) int { return count(r, ecm.Owed.Delivered) }

func count(r *ecm.Run, is func(ecm.Owed) bool) int {
	n := 0
	for _, m := range r.Messages {
		if is(m) {
			n++
		}
	}
	return n
}

// cut keeps a text that people typed to one cell of a table.
func cut(text string) string {
	const room = 40
	runes := []rune(brief.Printable(text))
	if len(runes) <= room {
		return string(runes)
	}
	return string(runes[:room-1]) + "…"
}

// shellWord quotes a text so that it can be pasted into a shell.
func shellWord(text string) string {
	if text != "" && strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./:-") == "" && text[0] != '-' {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
