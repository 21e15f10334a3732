package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// reportDocument is what --json prints of a progress run.
type reportDocument struct {
	RunID       string         `json:"run_id"`
	Status      string         `json:"status"`
	DoneBefore  bool           `json:"done_before"`
	Since       string         `json:"since"`
	FirstReport bool           `json:"first_report"`
	Queue       map[string]int `json:"queue"`
	Resolved    int            `json:"resolved"`
	Healed      []healedOrder  `json:"self_healed"`
	Completed   int            `json:"completed_open"`
	Priority    map[string]int `json:"by_priority"`
	Agents      map[string]int `json:"by_agent"`
	Diagnoses   map[string]int `json:"by_diagnosis"`
	Breaches    []clockDoc     `json:"breaches"`
	Broken      map[string]int `json:"breaches_by_diagnosis"`
	Soon        []clockDoc     `json:"breaching_soon"`
	HighValue   int            `json:"high_value_open"`
	Capacity    []fullAgent    `json:"capacity"`
	Change      map[string]int `json:"change"`
	Counts      map[string]int `json:"counts"`
	Guardrails  []verdict      `json:"guardrails"`
	Messages    []posted       `json:"messages"`
	Unreadable  []orderReason  `json:"unreadable"`
}

type healedOrder struct {
	OrderID string `json:"order_id"`
	Agent   string `json:"agent"`
	Closed  bool   `json:"closed"`
}

type clockDoc struct {
	OrderID   string  `json:"order_id"`
	Agent     string  `json:"agent"`
	Diagnosis string  `json:"diagnosis"`
	Priority  string  `json:"priority"`
	Hours     float64 `json:"hours"`
	SLAHours  float64 `json:"sla_hours"`
}

type fullAgent struct {
	Agent    string `json:"agent"`
	Open     int    `json:"open"`
	Capacity int    `json:"capacity"`
	Percent  int    `json:"percent"`
}

// ticket is a row that somebody works on, with its clock.
type ticket struct {
	record
	clock, sla time.Duration
	isEnded    bool
}

func (k ticket) over() time.Duration { return k.clock - k.sla }
func (k ticket) id() string          { return cellText(k.record["order id"]) }
func (k ticket) amount() decimal.Decimal {
	return decimal.NewFromFloat(k.record["amount"].(float64))
}
func (k ticket) highValue() bool { return k.amount().GreaterThanOrEqual(number("5000")) }

// stuckFor is how long the order has been stuck at a moment.
func (k ticket) stuckFor(now time.Time) time.Duration {
	hours := time.Duration(k.record["hours stuck"].(float64)*3600+0.5) * time.Second
	return hours + now.Sub(assignedAt(k.record))
}

// situation is everything that a report can say.
type situation struct {
	look
	document           reportDocument
	work, breaches     []ticket
	soon, highValue    []ticket
	spoken             []string
	seats              []*seat
	isFirst, isStopped bool
}

// seat is an agent with what lies on the desk.
type seat struct {
	email, name, handle      string
	onDuty                   bool
	open, reserved, capacity int
}

func (l look) newTicket(r record, now time.Time) ticket {
	k := ticket{record: r, sla: slaHours(r.text("diagnosis")), isEnded: l.ended(cellText(r["order id"]))}
	k.clock = now.Sub(assignedAt(r))
	if l.rules.fromCreation {
		k.clock = k.stuckFor(now)
	}
	return k
}

// report works out what a report says.
func (l look) report() *situation {
	verdicts, stopped := l.verdicts()
	if stopped {
		l.rules.terminal = nil // who has completed cannot be told
	}
	s := &situation{look: l, isFirst: l.before == nil, isStopped: stopped}
	s.document = reportDocument{
		Status: "ok", FirstReport: s.isFirst, Queue: map[string]int{}, Priority: map[string]int{"P1": 0, "P2": 0, "P3": 0, "P4": 0},
		Agents: map[string]int{}, Diagnoses: map[string]int{}, Broken: map[string]int{}, Change: map[string]int{}, Guardrails: verdicts,
	}
	s.seatAgents()
	for _, r := range l.active() {
		s.countRow(r)
	}
	s.sortTickets()
	s.countAgents()
	s.lookBack()
	s.count()
	return s
}

func (s *situation) countRow(r record) {
	d := &s.document
	d.Queue[strings.ToLower(status(r))]++
	if !working(r) {
		return
	}
	k := s.newTicket(r, s.now)
	s.work = append(s.work, k)
	d.Priority[r.text("priority")]++
	d.Diagnoses[r.text("diagnosis")]++
	if k.highValue() {
		s.highValue = append(s.highValue, k)
	}
	switch later := s.newTicket(r, s.next); {
	case k.isEnded:
		d.Completed++
		s.spoken = append(s.spoken, k.id())
	case assignedAt(r).IsZero():
	case k.over() > 0:
		s.breaches = append(s.breaches, k)
		d.Broken[r.text("diagnosis")]++
	case later.over() > 0:
		s.soon = append(s.soon, k)
	}
}

func (s *situation) sortTickets() {
	worst := func(a, b ticket) int { return cmp.Or(cmp.Compare(b.over(), a.over()), strings.Compare(a.id(), b.id())) }
	slices.SortFunc(s.breaches, worst)
	slices.SortFunc(s.soon, worst)
	slices.SortFunc(s.highValue, func(a, b ticket) int { return cmp.Or(b.amount().Cmp(a.amount()), strings.Compare(a.id(), b.id())) })
	for _, k := range s.breaches {
		s.document.Breaches = append(s.document.Breaches, k.asDocument())
	}
	for _, k := range s.soon {
		s.document.Soon = append(s.document.Soon, k.asDocument())
	}
}

func (k ticket) asDocument() clockDoc {
	return clockDoc{k.id(), k.text("assigned agent"), k.text("diagnosis"), k.text("priority"), hoursStuck(k.clock), hoursStuck(k.sla)}
}

// seatAgents puts the agents of their tab at desks, of two rows of one agent the first.
func (s *situation) seatAgents() {
	for _, r := range s.agents {
		if s.seat(r.email("email")) != nil {
			continue
		}
		active := r["active"] == true || strings.EqualFold(r.text("active"), "TRUE")
		s.seats = append(s.seats, &seat{email: r.text("email"), name: cmp.Or(r.text("name"), r.text("email")), handle: r.text("slack handle"), onDuty: active, capacity: maxTickets(r["max tickets"])})
	}
}

func (s *situation) seat(email string) *seat {
	for _, one := range s.seats {
		if strings.EqualFold(one.email, strings.TrimSpace(email)) {
			return one
		}
	}
	return nil
}

func (s *situation) countAgents() {
	for _, k := range s.work {
		email := k.text("assigned agent")
		if s.seat(email) == nil {
			s.seats = append(s.seats, &seat{email: email, name: email})
		}
		s.seat(email).open++
	}
	for _, r := range s.rows {
		if one := s.seat(r.text("assigned agent")); !sound(r) && working(r) && one != nil {
			one.reserved++
		}
	}
	for _, one := range s.seats {
		s.document.Agents[one.email] = one.open
		if taken := one.open + one.reserved; one.onDuty && 100*taken > s.rules.fullAbove*one.capacity {
			percent := 0
			if one.capacity > 0 {
				percent = 100 * taken / one.capacity
			}
			s.document.Capacity = append(s.document.Capacity, fullAgent{one.email, taken, one.capacity, percent})
		}
	}
	slices.SortStableFunc(s.document.Capacity, func(a, b fullAgent) int { return b.Open*a.Capacity - a.Open*b.Capacity })
}

// lookBack tells what was closed since the report before.
func (s *situation) lookBack() {
	since := s.day
	if s.before != nil {
		since = s.before.at
	}
	d := &s.document
	d.Since = since.Format(time.DateTime)
	var healed []record
	d.Resolved, healed = s.closedSince(since)
	for _, k := range s.work {
		if k.isEnded {
			s.tellHealed(k.record, false)
		}
	}
	for _, r := range healed {
		s.tellHealed(r, true)
	}
	slices.SortFunc(d.Healed, byOrder)
}

func byOrder(a, b healedOrder) int { return strings.Compare(a.OrderID, b.OrderID) }

func (s *situation) tellHealed(r record, closed bool) {
	id := cellText(r["order id"])
	if s.before == nil || !slices.Contains(s.before.spoken, id) {
		s.document.Healed = append(s.document.Healed, healedOrder{id, r.text("assigned agent"), closed})
	}
}

func (s *situation) count() {
	d := &s.document
	for _, r := range s.rows {
		if !sound(r) {
			d.Unreadable = append(d.Unreadable, orderReason{OrderID: cellText(r["order id"])})
		}
	}
	d.HighValue = len(s.highValue)
	for _, name := range []string{"open", "in_progress", "escalated"} {
		d.Queue[name] += 0
	}
	d.Counts = map[string]int{
		"open": d.Queue["open"], "in_progress": d.Queue["in_progress"], "escalated": d.Queue["escalated"], "resolved": d.Resolved,
		"self_healed": len(d.Healed), "breaches": len(d.Breaches), "breaching_soon": len(d.Soon), "high_value_open": d.HighValue,
		"completed_open": d.Completed, "unreadable": len(d.Unreadable),
	}
	if s.before != nil {
		for name, n := range d.Counts {
			d.Change[name] = n - s.before.counts[name]
		}
	}
}

// boardOf is the dashboard of these rows, by label. A run that has not asked the
// warehouse knows of no order that it has completed.
func (l look) boardOf(lastRun string) map[string]string {
	if !strings.HasPrefix(lastRun, "cleanup/") && !strings.HasPrefix(lastRun, "progress/") {
		l.rules.terminal = nil
	}
	l.before, l.next = nil, time.Time{}
	s := l.report()
	people, healed := l.closedSince(l.day)
	for _, r := range l.rows {
		if sound(r) && status(r) == "RESOLVED" && r["resolved at"] == nil {
			people-- // nobody knows whether it was today
		}
	}
	d := s.document
	board := map[string]string{"Last run": lastRun}
	for label, n := range map[string]int{
		"Open": d.Queue["open"], "In progress": d.Queue["in_progress"], "Escalated": d.Queue["escalated"], "Resolved today": people + len(healed),
		"Self-healed today": len(healed), "SLA breaches": len(d.Breaches), "High-value open": d.HighValue, "Rows that cannot be read": len(d.Unreadable),
		"P1 open": d.Priority["P1"], "P2 open": d.Priority["P2"], "P3 open": d.Priority["P3"], "P4 open": d.Priority["P4"],
	} {
		board[label] = fmt.Sprint(n)
	}
	for name, n := range d.Diagnoses {
		board[name] = fmt.Sprint(n)
	}
	for _, one := range s.seats {
		if one.open > 0 {
			board[one.name] = fmt.Sprint(one.open)
		}
	}
	return board
}

// hoursText is a time in hours with at most one decimal.
func hoursText(d time.Duration) string {
	return strings.TrimSuffix(fmt.Sprintf("%.1f", hoursStuck(d)), ".0")
}
