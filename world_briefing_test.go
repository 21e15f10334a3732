package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"pi-manager/internal/fake"
)

// load is what one agent has on the desk, as the sheet shows it.
type load struct {
	name                  string
	open, fresh, high, p1 int
	off                   bool
	bullets               map[string]bool // a line for each of their orders
}

// queue counts what stands in the sheet after a run, and what waits for a slot:
// the numbers that a briefing has to tell.
type queue struct {
	loads            []*load
	orders, high, p1 int
	value            map[string]decimal.Decimal
}

func (w *world) queue(t *testing.T, runID string, e expectation) queue {
	t.Helper()
	q := queue{value: map[string]decimal.Decimal{}}
	byEmail := map[string]*load{}
	for _, d := range e.desks {
		l := &load{name: d.name, off: d.off, bullets: map[string]bool{}}
		byEmail[strings.ToLower(d.email)] = l
		q.loads = append(q.loads, l)
	}
	seen := map[string]bool{} // a row that somebody pasted once more is no other order
	for _, r := range w.binder.rows(t, "Assignments") {
		if l := byEmail[r.email("assigned agent")]; l != nil && readable(r) && working(r) && !seen[cellText(r["order id"])] {
			seen[cellText(r["order id"])] = true
			q.count(l, r, r["run id"] == runID)
		}
	}
	for _, order := range e.overflow {
		q.add(order.amount, order.currency(), order.priority)
	}
	return q
}

func (q *queue) count(l *load, r record, fresh bool) {
	amount := decimal.NewFromFloat(r["amount"].(float64))
	isHigh, isP1 := q.add(amount, r.text("currency"), r.text("priority"))
	l.open++
	l.high += isHigh
	l.p1 += isP1
	if fresh {
		l.fresh++
		hours := strconv.FormatFloat(r["hours stuck"].(float64), 'f', -1, 64)
		id := strings.ReplaceAll(cellText(r["order id"]), "`", "")
		l.bullets[fmt.Sprintf("• `%s` %s %s · %s h", id, r.text("currency"), grouped(amount), hours)] = true
	}
}

func (q *queue) add(amount decimal.Decimal, currency, priority string) (high, p1 int) {
	if amount.GreaterThanOrEqual(number("5000")) {
		high = 1
	}
	if priority == "P1" {
		p1 = 1
	}
	q.orders++
	q.high += high
	q.p1 += p1
	q.value[currency] = q.value[currency].Add(amount)
	return high, p1
}

// grouped is an amount with two decimals and a comma between thousands.
func grouped(amount decimal.Decimal) string {
	text := amount.StringFixed(2)
	for at := len(text) - 6; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}

// figures are the numbers of the one line that holds the phrase; nil where no line does.
func figures(t *testing.T, message fake.SlackMessage, phrase string) []string {
	t.Helper()
	var found []string // of words that are no figures: P1 to P4, and member ids
	for line := range strings.Lines(message.Rendered) {
		if strings.Contains(line, phrase) {
			if found != nil {
				t.Errorf("two lines hold %q:\n%s", phrase, message.Rendered)
			}
			words := regexp.MustCompile(`\*|P[1-4]\b|@U\w+`).ReplaceAllString(line, "")
			found = regexp.MustCompile(`[0-9][0-9,]*(\.[0-9]+)?`).FindAllString(words, -1)
		}
	}
	return found
}

func wantFigures(t *testing.T, message fake.SlackMessage, phrase string, want ...any) {
	t.Helper()
	var texts []string
	for _, n := range want {
		texts = append(texts, fmt.Sprint(n))
	}
	if diff := cmp.Diff(texts, figures(t, message, phrase)); diff != "" {
		t.Errorf("the line with %q has other numbers (-want +got):\n%s\n%s", phrase, diff, message.Rendered)
	}
}

// checkBriefing compares every number of the briefing with the sheet and with what was expected.
func (w *world) checkBriefing(t *testing.T, message fake.SlackMessage, runID string, e expectation, in arrival) {
	t.Helper()
	q := w.queue(t, runID, e)
	if n := len(message.Rendered); n >= 2000 {
		t.Errorf("the briefing has %d characters", n)
	}
	onDuty, reopened := 0, 0
	for _, l := range q.loads {
		if !l.off {
			onDuty++
		}
	}
	for _, d := range e.dealt {
		if d.reopened {
			reopened++
		}
	}
	wantFigures(t, message, "in the queue", q.orders, onDuty)
	if reopened > 0 {
		wantFigures(t, message, "new this run", len(e.dealt), reopened)
	} else {
		wantFigures(t, message, "new this run", len(e.dealt))
	}
	wantFigures(t, message, "* high-value · *", q.high, q.p1)
	w.checkTotals(t, message, q)
	came := []any{len(in.orders) + len(in.setAside)}
	for _, s := range in.mix() {
		came = append(came, strings.TrimSuffix(s.Percent, " %"), s.Orders)
	}
	wantFigures(t, message, "came in", came...)
	wantFigures(t, message, "set aside", counted(slices.Collect(maps.Values(in.setAside)))...)
	if len(e.overflow) > 0 {
		w.checkOverflow(t, message, e)
	}
	for _, l := range q.loads {
		if l.off && l.open == 0 {
			continue
		}
		wantFigures(t, message, " "+l.name+" · ", l.open, l.fresh, l.high, l.p1)
	}
}

// checkTotals wants a sum for each currency, and none across them.
func (w *world) checkTotals(t *testing.T, message fake.SlackMessage, q queue) {
	t.Helper()
	var sums []string
	for _, currency := range slices.Sorted(maps.Keys(q.value)) {
		sums = append(sums, "*"+currency+" "+grouped(q.value[currency])+"*")
	}
	if line := strings.Join(sums, " · "); !strings.Contains(message.Rendered, "\n"+line+"\n") {
		t.Errorf("no line %q in\n%s", line, message.Rendered)
	}
}

func (w *world) checkOverflow(t *testing.T, message fake.SlackMessage, e expectation) {
	t.Helper()
	want := []any{len(e.overflow)}
	for _, priority := range []string{"P1", "P2", "P3", "P4"} {
		n := 0
		for _, order := range e.overflow {
			if order.priority == priority {
				n++
			}
		}
		if n > 0 {
			want = append(want, n)
		}
	}
	got := figures(t, message, "wait for a free slot")
	if len(got) < len(want) || !slices.EqualFunc(want, got[:len(want)], func(a any, b string) bool { return fmt.Sprint(a) == b }) {
		t.Errorf("the line of what waits has the numbers %v, want %v first:\n%s", got, want, message.Rendered)
	}
}

// counted is how many words there are, then how many of each, the most frequent first.
func counted(words []string) []any {
	if len(words) == 0 {
		return nil
	}
	each := map[string]int{}
	for _, word := range words {
		each[word]++
	}
	list := []any{len(words)}
	for _, n := range slices.Backward(slices.Sorted(maps.Values(each))) {
		list = append(list, n)
	}
	return list
}

// checkThreads wants one reply for each agent with open work, with their numbers
// and their orders, each with amount, hours and what to do next.
func (w *world) checkThreads(t *testing.T, replies []fake.SlackMessage, runID string, e expectation) {
	t.Helper()
	q := w.queue(t, runID, e)
	next := map[string]string{}
	for _, d := range e.dealt {
		next[d.diagnosis.name] = d.diagnosis.next
	}
	want := 0
	for _, l := range q.loads {
		if l.open == 0 {
			continue
		}
		want++
		at := slices.IndexFunc(replies, func(m fake.SlackMessage) bool { return strings.HasPrefix(m.Text, l.name+": ") })
		if at < 0 {
			t.Errorf("no reply for %s, who has %d open orders", l.name, l.open)
			continue
		}
		wantFigures(t, replies[at], "* open · ", l.open, l.fresh, l.high, l.p1)
		l.checkOrders(t, replies[at], next)
	}
	if len(replies) != want {
		t.Errorf("%d replies, want %d", len(replies), want)
	}
}

// checkOrders reads the list of new orders in a reply.
func (l *load) checkOrders(t *testing.T, reply fake.SlackMessage, next map[string]string) {
	t.Helper()
	shown, left := map[string]bool{}, 0
	for line := range strings.Lines(reply.Rendered) {
		line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), " _reopened_")
		switch more := regexp.MustCompile(`^and (\d+) more new orders`).FindStringSubmatch(line); {
		case more != nil:
			left, _ = strconv.Atoi(more[1])
		case strings.HasPrefix(line, "• ") && strings.HasSuffix(line, " h"):
			if !l.bullets[line] || shown[line] {
				t.Errorf("the reply for %s lists what is not new with them, or lists it twice: %s", l.name, line)
			}
			shown[line] = true
		case regexp.MustCompile(`^\*P[1-4] `).MatchString(line):
			diagnosis, action, _ := strings.Cut(line[len("*P1 "):], "* – ")
			if next[diagnosis] == "" || !strings.HasPrefix(action, next[diagnosis]) {
				t.Errorf("the reply for %s says of %s: %q, want %q", l.name, diagnosis, action, next[diagnosis])
			}
		}
	}
	if len(shown)+left != l.fresh {
		t.Errorf("the reply for %s lists %d new orders and tells of %d more, want %d in all:\n%s", l.name, len(shown), left, l.fresh, reply.Rendered)
	}
}
