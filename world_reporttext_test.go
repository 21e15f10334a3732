package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"pi-manager/internal/fake"
)

// dubai is the team's clock: four hours ahead of UTC, the whole year.
func dubai() *time.Location { return time.FixedZone("Asia/Dubai", 4*60*60) }

// clockText is a time as a report says it: of today, or with its date.
func clockText(at, today time.Time) string {
	at, today = at.In(dubai()), today.In(dubai())
	if at.Format(time.DateOnly) == today.Format(time.DateOnly) {
		return at.Format("15:04")
	}
	return at.Format("Mon 2 Jan, 15:04")
}

// checkReport compares every number of a report, of its thread and of its alert
// with what was worked out.
func (s *situation) checkReport(t *testing.T, posts []fake.SlackMessage) {
	t.Helper()
	want := []string{"report"}
	for name, list := range map[string][]ticket{"breaches": s.breaches, "soon": s.soon, "high-value": s.highValue} {
		if len(list) > 0 {
			want = append(want, name)
		}
	}
	if len(s.breaches) >= s.rules.alertFrom {
		want = append(want, "alert")
	}
	if len(posts) != len(want) {
		t.Fatalf("%d messages, want %v", len(posts), want)
	}
	s.checkHead(t, posts[0])
	for _, m := range posts[1:] {
		switch {
		case strings.Contains(m.Text, ", the worst first"):
			s.checkBreaches(t, m, 10)
		case strings.Contains(m.Text, ", the soonest first"):
			s.checkSoon(t, m)
		case strings.Contains(m.Text, ", the largest first"):
			s.checkHighValue(t, m)
		case strings.HasPrefix(m.Text, "ECM SLA alert · "+plural(len(s.breaches), "order is over its SLA", "orders are over their SLA")) && m.ThreadTS == "":
			s.checkBreaches(t, m, 3)
			wantParts(t, m, fmt.Sprintf("*%d* SLA breach", len(s.breaches)), s.document.Broken)
		default:
			t.Errorf("a message that nobody expects:\n%s", m.Rendered)
		}
	}
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// checkHead reads the report itself.
func (s *situation) checkHead(t *testing.T, m fake.SlackMessage) {
	t.Helper()
	d := s.document
	if n := len(m.Rendered); n >= 2000 {
		t.Errorf("the report has %d characters", n)
	}
	wantLine(t, m, fmt.Sprintf("*%d* open · *%d* in progress · *%d* escalated", d.Queue["open"], d.Queue["in_progress"], d.Queue["escalated"]))
	wantLine(t, m, fmt.Sprintf("*%d* resolved by agents and *%d* self-healed %s", d.Resolved, len(d.Healed), s.window()))
	wantLine(t, m, fmt.Sprintf("*%d* P1 · *%d* P2 · *%d* P3 · *%d* P4", d.Priority["P1"], d.Priority["P2"], d.Priority["P3"], d.Priority["P4"]))
	if len(s.work) > 0 {
		wantLine(t, m, totals(s.work))
	}
	if d.HighValue > 0 {
		wantLine(t, m, fmt.Sprintf("*%d* high-value still open: %s", d.HighValue, totals(s.highValue)))
	}
	if len(s.breaches) > 0 {
		wantParts(t, m, fmt.Sprintf("*%d* SLA breach", len(s.breaches)), d.Broken)
	} else {
		wantLine(t, m, "*No SLA is broken*")
	}
	soon := map[string]int{}
	for _, k := range s.soon {
		soon[s.seat(k.text("assigned agent")).name]++
	}
	wantParts(t, m, fmt.Sprintf("*%d* will breach before %s", len(s.soon), clockText(s.next, s.now)), soon)
	s.checkChange(t, m)
	s.checkOdd(t, m)
}

// window is the time that the report looks back on.
func (s *situation) window() string {
	if s.isFirst {
		return "today"
	}
	if text := clockText(s.before.at, s.now); len(text) > len("15:04") {
		return "since the last report on " + text
	}
	return "since the last report at " + clockText(s.before.at, s.now)
}

func (s *situation) checkChange(t *testing.T, m fake.SlackMessage) {
	t.Helper()
	var parts []string
	for _, one := range [][2]string{{"open", "open"}, {"in_progress", "in progress"}, {"escalated", "escalated"}, {"breaches", "SLA breaches"}, {"high_value_open", "high-value"}} {
		if by := s.document.Change[one[0]]; by != 0 {
			parts = append(parts, fmt.Sprintf("*%+d* %s", by, one[1]))
		}
	}
	switch {
	case s.isFirst:
		wantLine(t, m, "First report, nothing to compare with")
	case len(parts) == 0:
		wantLine(t, m, "The same numbers as in the last report")
	default:
		wantLine(t, m, strings.Join(parts, " · ")+" against the last report")
	}
}

// checkOdd reads the lines that are there only where something is odd.
func (s *situation) checkOdd(t *testing.T, m fake.SlackMessage) {
	t.Helper()
	d := s.document
	for phrase, n := range map[string]int{"completed and still open here": d.Completed, "unreadable row": len(d.Unreadable)} {
		if n > 0 {
			wantFigures(t, m, phrase, n)
		} else if strings.Contains(m.Rendered, phrase) {
			t.Errorf("the report says %q of nothing:\n%s", phrase, m.Rendered)
		}
	}
	var full []string
	for _, one := range d.Capacity {
		full = append(full, fmt.Sprintf("%s %d/%d", s.seat(one.Agent).name, one.Open, one.Capacity))
	}
	if len(full) > 0 {
		noun := "agents"
		if len(full) == 1 {
			noun = "agent"
		}
		wantLine(t, m, fmt.Sprintf("*%d* %s short of free slots: %s", len(full), noun, strings.Join(full, ", ")))
	}
}

func wantLine(t *testing.T, m fake.SlackMessage, line string) {
	t.Helper()
	if !strings.Contains("\n"+m.Rendered+"\n", "\n"+line+"\n") {
		t.Errorf("no line %q in\n%s", line, m.Rendered)
	}
}

// totals are sums by currency, as a line of a message has them.
func totals(work []ticket) string {
	sums := map[string]decimal.Decimal{}
	for _, k := range work {
		sums[k.text("currency")] = sums[k.text("currency")].Add(k.amount())
	}
	var parts []string
	for _, currency := range slices.Sorted(maps.Keys(sums)) {
		parts = append(parts, "*"+currency+" "+grouped(sums[currency])+"*")
	}
	return strings.Join(parts, " · ")
}

// wantParts reads a line of a number and its parts, "2 manual_review" or "Ana 2";
// what did not fit is in "others".
func wantParts(t *testing.T, m fake.SlackMessage, head string, want map[string]int) {
	t.Helper()
	left := maps.Clone(want)
	for line := range strings.Lines(m.Rendered) {
		if !strings.HasPrefix(line, head) {
			continue
		}
		_, parts, _ := strings.Cut(strings.TrimSpace(line), ": ")
		for part := range strings.SplitSeq(parts, ", ") {
			words := regexp.MustCompile(`^(?:(\d+) (.+)|(.+) (\d+))$`).FindStringSubmatch(part)
			if words == nil {
				continue
			}
			n, _ := strconv.Atoi(words[1] + words[4])
			if name := words[2] + words[3]; name != "others" {
				left[name] -= n
				if left[name] == 0 {
					delete(left, name)
				}
				continue
			}
			for _, more := range left {
				n -= more
			}
			if left = nil; n != 0 {
				t.Errorf("the others are %d off: %s", n, line)
			}
		}
		if len(left) > 0 {
			t.Errorf("%q: the parts are off by %v: %s", head, left, line)
		}
		return
	}
	t.Errorf("no line begins with %q:\n%s", head, m.Rendered)
}

// bullets are the lines of a message that speak of an order.
func bullets(m fake.SlackMessage) []string {
	var list []string
	for line := range strings.Lines(m.Rendered) {
		if strings.HasPrefix(line, "• ") {
			list = append(list, strings.TrimSpace(line))
		}
	}
	return list
}

func (k ticket) bullet() string {
	return fmt.Sprintf("• `%s` %s %s", strings.ReplaceAll(k.id(), "`", ""), k.text("currency"), grouped(k.amount()))
}

// span is a time as a message says it: minutes below an hour.
func span(d time.Duration) string {
	if d < time.Hour {
		return fmt.Sprintf("%d min", int(d/time.Minute))
	}
	return hoursText(d) + " h"
}

func (s *situation) agentName(k ticket) string { return s.seat(k.text("assigned agent")).name }

func (s *situation) checkBreaches(t *testing.T, m fake.SlackMessage, top int) {
	t.Helper()
	var want []string
	for _, k := range s.breaches[:min(top, len(s.breaches))] {
		over := k.over()
		if rest := over % time.Minute; rest > 0 {
			over += time.Minute - rest
		}
		want = append(want, fmt.Sprintf("%s · *%s* over its %s h · %s · %s", k.bullet(), span(over), hoursText(k.sla), k.text("diagnosis"), s.agentName(k)))
	}
	if got := bullets(m); !slices.Equal(got, want) {
		t.Errorf("the worst breaches:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if left := len(s.breaches) - top; left > 0 && top == 10 {
		wantLine(t, m, fmt.Sprintf("and %d more, in the sheet", left))
	}
}

func (s *situation) checkSoon(t *testing.T, m fake.SlackMessage) {
	t.Helper()
	wantLine(t, m, fmt.Sprintf("*%d* will breach before %s, the soonest first", len(s.soon), clockText(s.next, s.now)))
	want, each := map[string]bool{}, map[string]int{}
	for _, k := range s.soon {
		want[fmt.Sprintf("%s · *%s* left of its %s h · %s", k.bullet(), span((-k.over()).Truncate(time.Minute)), hoursText(k.sla), k.text("diagnosis"))] = true
		each[k.text("assigned agent")]++
	}
	for _, line := range bullets(m) {
		if !want[line] {
			t.Errorf("not expected among what will breach, or there twice: %s", line)
		}
		delete(want, line)
	}
	for email, n := range each {
		one := s.seat(email)
		address := "*" + one.name + "*"
		if one.handle != "" && one.onDuty {
			address = "@" + one.handle
		}
		if head := fmt.Sprintf("%s *%d* order", address, n); !strings.Contains(m.Rendered, "\n"+head) {
			t.Errorf("no line begins with %q:\n%s", head, m.Rendered)
		}
	}
}

func (s *situation) checkHighValue(t *testing.T, m fake.SlackMessage) {
	t.Helper()
	var want []string
	for _, k := range s.highValue[:min(10, len(s.highValue))] {
		line := fmt.Sprintf("%s · %s h · %s · %s · %s", k.bullet(), hoursText(k.stuckFor(s.now)), k.text("priority"), k.text("diagnosis"), s.agentName(k))
		switch {
		case k.isEnded:
			line += " _completed_"
		case k.over() > 0:
			line += " _over its SLA_"
		}
		want = append(want, line)
	}
	if got := bullets(m); !slices.Equal(got, want) {
		t.Errorf("the largest orders:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
