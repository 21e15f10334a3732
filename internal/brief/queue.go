package brief

import (
	"fmt"

	"pi-manager/internal/ecm"
	"pi-manager/internal/triage"
)

// maxCurrencies is how many totals are shown. People's own rows may hold anything
// as a currency; the company has three.
const maxCurrencies = 6

// queue adds up what the team has in hand after a plan.
type queue struct {
	orders    int
	onDuty    int
	highValue int
	p1        int
	value     ecm.Totals
	threads   int // agents with open work, each with a reply in the thread
}

func newQueue(p *triage.Plan) queue {
	q := queue{value: ecm.Totals{}}
	for i := range p.Desks {
		d := &p.Desks[i]
		if d.Off == "" {
			q.onDuty++
		}
		q.orders += len(d.Tickets)
		if len(d.Tickets) > 0 {
			q.threads++
		}
		q.highValue += d.HighValue
		q.p1 += d.P1
		for _, t := range d.Tickets {
			q.add(t.Row.Send)
		}
	}
	for _, i := range p.Overflow {
		o := &p.Outcomes[i]
		q.orders++
		q.add(o.Order.Send)
		if o.Judgement.HighValue {
			q.highValue++
		}
		if o.Judgement.Priority == ecm.P1 {
			q.p1++
		}
	}
	return q
}

// add counts an amount; a row of a person's own may have no currency.
func (q *queue) add(m ecm.Money) {
	if m.Currency != "" {
		q.value.Add(m)
	}
}

func (q *queue) totals() []Line {
	var lines []Line
	sums := q.value.Sorted()
	for _, sum := range sums[:min(maxCurrencies, len(sums))] {
		lines = append(lines, Line{bold(sum.String())})
	}
	if left := len(sums) - maxCurrencies; left > 0 {
		lines = append(lines, Line{plain(fmt.Sprintf("and %d more currencies", left))})
	}
	return lines
}

// thread says where the orders are; without open work there is no thread.
func (q *queue) thread() string {
	if q.threads == 0 {
		return ""
	}
	return "Each agent's orders are in the thread."
}

// summary is the briefing in one sentence, for the notification.
func (q *queue) summary(p *triage.Plan) string {
	return fmt.Sprintf("ECM briefing: %d orders in the queue, %d new, %d high-value, %d P1, %d waiting for a slot",
		q.orders, len(p.Dealt), q.highValue, q.p1, len(p.Overflow))
}
