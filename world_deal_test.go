package main

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// The domain's fifth chapter: who gets what. Agents and rows come as the cells
// of the sheet, so the reading of cells is worked out here once more, too.

// record is a row of a tab by header, in small letters.
type record map[string]any

func (r record) text(header string) string {
	text, _ := r[header].(string)
	return strings.TrimSpace(text)
}

func (r record) email(header string) string { return strings.ToLower(r.text(header)) }

// desk is an agent in the circle.
type desk struct {
	email string // as in the Agents tab
	name  string
	free  int
	off   bool // not active, or excluded
}

// dealt is an order with the agent who gets it.
type dealt struct {
	judged
	agent    string
	reopened bool
	had      string // reopened: who had it
}

// expectation is what a run has to come to.
type expectation struct {
	dealt     []dealt // in the order in which they are dealt
	overflow  []judged
	kept      int // pending orders that a row has already
	resolved  int // pending orders that an agent resolved a short while ago
	desks     []desk
	lastAgent string
}

// ledger is what stands in the sheet before a run.
type ledger struct {
	assignments, agents, resolutions []record
	excluded                         []string // e-mails
	lastAgent                        string   // who got the last order of the run before
}

// expect deals the pending orders.
func (l ledger) expect(pending []judged, now time.Time) expectation {
	e := expectation{desks: l.desks(), lastAgent: l.lastAgent}
	var waiting []dealt
	for _, order := range pending {
		reserved, last := l.rowsOf(order.id())
		at, noted := l.resolvedAt(last)
		switch {
		case reserved:
			e.kept++
		case last == nil:
			waiting = append(waiting, dealt{judged: order})
		case !noted || now.Sub(at) < 24*time.Hour:
			e.resolved++
		default:
			waiting = append(waiting, dealt{judged: order, reopened: true, had: last.email("assigned agent")})
		}
	}
	e.deal(waiting)
	return e
}

// rowsOf says whether a row keeps the order from being assigned, and gives the
// row of an agent who resolved it.
func (l ledger) rowsOf(id string) (reserved bool, resolved record) {
	for _, r := range l.assignments {
		if cellText(r["order id"]) != id {
			continue
		}
		if readable(r) && status(r) == "RESOLVED" {
			resolved = r
		} else {
			reserved = true
		}
	}
	return reserved, resolved
}

func (l ledger) resolvedAt(row record) (at time.Time, noted bool) {
	if row == nil {
		return at, false
	}
	if text := row.text("resolved at"); text != "" {
		return readMoment(text), true
	}
	for _, note := range l.resolutions {
		if cellText(note["order id"]) == row["order id"] {
			if t := readMoment(note.text("timestamp")); t.After(at) {
				at, noted = t, true
			}
		}
	}
	return at, noted
}

// desks are the agents in the order of their tab, with their free slots.
func (l ledger) desks() []desk {
	var list []desk
	for _, r := range l.agents {
		email := r.email("email")
		if slices.ContainsFunc(list, func(d desk) bool { return strings.EqualFold(d.email, email) }) {
			continue // the first row of an agent counts
		}
		d := desk{email: r.text("email"), name: r.text("name"), free: maxTickets(r["max tickets"]) - l.open(email)}
		active := r["active"] == true || strings.EqualFold(r.text("active"), "TRUE")
		d.off = !active || slices.Contains(l.excluded, email)
		if d.off || d.free < 0 {
			d.free = 0
		}
		list = append(list, d)
	}
	return list
}

// open is how many rows of the agent are OPEN or IN_PROGRESS.
func (l ledger) open(email string) int {
	n := 0
	for _, r := range l.assignments {
		if r.email("assigned agent") == email && working(r) {
			n++
		}
	}
	return n
}

// readable rows have an id that is text, an agent, a status that we know, and a number as amount.
func readable(r record) bool {
	_, isText := r["order id"].(string)
	_, isAmount := r["amount"].(float64)
	return isText && isAmount && r.text("assigned agent") != "" && slices.Contains([]string{"OPEN", "IN_PROGRESS", "RESOLVED", "ESCALATED"}, status(r))
}

func status(r record) string {
	return strings.ReplaceAll(strings.ToUpper(r.text("status")), " ", "_")
}

func working(r record) bool { return status(r) == "OPEN" || status(r) == "IN_PROGRESS" }

func maxTickets(cell any) int {
	switch v := cell.(type) {
	case nil:
		return 100 // the policy's default_max_tickets
	case float64:
		return int(v)
	}
	return 0 // a word: nobody knows how many (F59)
}

func cellText(v any) string {
	if n, isNumber := v.(float64); isNumber {
		return strconv.FormatFloat(n, 'f', -1, 64)
	}
	text, _ := v.(string)
	return text
}

// deal gives the orders out: reopened ones back, then high-value ones by amount,
// then the rest by score, around the circle.
func (e *expectation) deal(waiting []dealt) {
	slices.SortFunc(waiting, func(a, b dealt) int { return byScore(a.judged, b.judged) })
	var highValue, rest []dealt
	for _, order := range waiting {
		switch had := e.desk(order.had); {
		case order.reopened && had != nil && had.free > 0:
			e.give(had, order)
		case order.highValue():
			highValue = append(highValue, order)
		default:
			rest = append(rest, order)
		}
	}
	slices.SortStableFunc(highValue, func(a, b dealt) int { return b.amount.Cmp(a.amount) })
	at := 0
	if last := slices.IndexFunc(e.desks, func(d desk) bool { return strings.EqualFold(d.email, e.lastAgent) }); last >= 0 {
		at = last + 1
	}
	for _, order := range slices.Concat(highValue, rest) {
		var next *desk
		for step := range e.desks {
			if d := &e.desks[(at+step)%len(e.desks)]; d.free > 0 {
				next, at = d, (at+step+1)%len(e.desks)
				break
			}
		}
		if next == nil {
			e.overflow = append(e.overflow, order.judged)
			continue
		}
		e.give(next, order)
		e.lastAgent = next.email
	}
	slices.SortFunc(e.overflow, byScore)
}

func (e *expectation) desk(email string) *desk {
	for i := range e.desks {
		if email != "" && strings.EqualFold(e.desks[i].email, email) {
			return &e.desks[i]
		}
	}
	return nil
}

func (e *expectation) give(d *desk, order dealt) {
	d.free--
	order.agent = d.email
	e.dealt = append(e.dealt, order)
}

// byScore puts the highest score first; ties: larger amount, older, then id.
func byScore(a, b judged) int {
	if n := b.score.Cmp(a.score); n != 0 {
		return n
	}
	if n := b.amount.Cmp(a.amount); n != 0 {
		return n
	}
	if n := a.created.Compare(b.created); n != 0 {
		return n
	}
	return strings.Compare(a.id(), b.id())
}
