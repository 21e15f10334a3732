package brief_test

import (
	"fmt"
	"html"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"pi-manager/internal/brief"
	"pi-manager/internal/ecm"
	"pi-manager/internal/policy"
	"pi-manager/internal/triage"
)

// anyText draws what may stand in a cell: words, payloads, and far too much of either.
func anyText(t *rapid.T, label string) string {
	switch rapid.IntRange(0, 4).Draw(t, label+" kind") {
	case 0:
		return rapid.SampledFrom(payloads()).Draw(t, label)
	case 1:
		return strings.Repeat(rapid.SampledFrom([]string{"&", "<", "漢", "🧨", "a b "}).Draw(t, label), rapid.IntRange(0, 300).Draw(t, label+" times"))
	case 2:
		return rapid.String().Draw(t, label)
	}
	return rapid.StringMatching(`[A-Z]{2}[0-9]{3,9}[A-Z]{0,4}`).Draw(t, label)
}

// anyPlan draws a plan as triage could make it from any texts, with its counts in order.
func anyPlan(t *rapid.T, p *policy.Policy) *triage.Plan {
	plan := &triage.Plan{Policy: p, AsOf: asOf(), Stopped: rapid.IntRange(0, 9).Draw(t, "stopped") == 0}
	for i := range rapid.SampledFrom([]int{0, 1, 3, 12, 60}).Draw(t, "agents") {
		agent := ecm.Agent{Email: fmt.Sprintf("agent%d@example.com", i), Name: anyText(t, "name"), Handle: anyText(t, "handle"), Active: true}
		var tickets []triage.Ticket
		for range rapid.SampledFrom([]int{0, 0, 1, 2, 5, 40}).Draw(t, "tickets") {
			tickets = append(tickets, anyTicket(t))
		}
		desk := deskOf(agent, tickets...)
		desk.Off = rapid.SampledFrom([]string{"", "", "", "not active", "excluded by the policy"}).Draw(t, "off")
		plan.Desks = append(plan.Desks, *desk)
	}
	for range rapid.SampledFrom([]int{0, 1, 4, 50}).Draw(t, "waiting") {
		o := anyTicket(t)
		plan.Outcomes = append(plan.Outcomes, triage.Outcome{
			Kind: triage.Overflow, Order: &ecm.Order{ID: o.Row.OrderID, Send: o.Row.Send}, Judgement: policy.Judgement{Priority: o.Row.Priority, HighValue: o.HighValue},
		})
		plan.Overflow = append(plan.Overflow, len(plan.Outcomes)-1)
	}
	for range rapid.IntRange(0, 4).Draw(t, "left out") {
		reason := rapid.SampledFrom([]ecm.SetAsideReason{ecm.NoID, ecm.DuplicateID, ecm.UnreadableFact}).Draw(t, "reason")
		plan.Outcomes = append(plan.Outcomes, triage.Outcome{Kind: triage.SetAside, Aside: ecm.SetAside{Reason: reason}},
			triage.Outcome{Kind: triage.Disqualified, Order: &ecm.Order{}, Judgement: policy.Judgement{Disqualified: &policy.Disqualification{Name: "dead_order"}}},
			triage.Outcome{Kind: triage.RecentlyResolved, Order: &ecm.Order{}})
	}
	plan.Verdicts = p.Guardrails.Judge(policy.Counted{Rows: len(plan.Outcomes), Limit: rapid.IntRange(0, 3).Draw(t, "limit"), Truncated: plan.Stopped})
	for range rapid.SampledFrom([]int{0, 0, 1, 9}).Draw(t, "warnings") {
		plan.Warnings = append(plan.Warnings, anyText(t, "warning"))
	}
	return plan
}

func anyTicket(t *rapid.T) triage.Ticket {
	amount := decimal.New(int64(rapid.IntRange(0, 1_000_000_000).Draw(t, "amount")), -2)
	if rapid.IntRange(0, 9).Draw(t, "very large") == 0 {
		amount = decimal.RequireFromString("99999999999999999999999999999999999.99")
	}
	one := triage.Ticket{
		Row: ecm.Assignment{
			OrderID: anyText(t, "id"), Priority: rapid.SampledFrom(ecm.Priorities[:]).Draw(t, "priority"), Diagnosis: anyText(t, "diagnosis"),
			Send: ecm.Money{Amount: amount, Currency: rapid.SampledFrom([]string{"AED", "GBP", "EUR", "", "&&&", "€", "x<y", "USD", "INR", "QAR"}).Draw(t, "currency")},
		},
		Stuck: time.Duration(rapid.IntRange(0, 1_000_000).Draw(t, "minutes")) * time.Minute, HighValue: rapid.Bool().Draw(t, "high-value"), New: rapid.Bool().Draw(t, "new"),
		Next: anyText(t, "next"),
	}
	one.Reopened = one.New && rapid.Bool().Draw(t, "reopened")
	return one
}

func anyPage(t *rapid.T) brief.Page {
	p := page()
	for range rapid.SampledFrom([]int{0, 0, 2, 30}).Draw(t, "page warnings") {
		p.Warnings = append(p.Warnings, anyText(t, "page warning"))
	}
	if rapid.Bool().Draw(t, "no link") {
		p.Link = ""
	}
	return p
}

// markup is a message as the most verbose messenger would take it: &, < and >
// written out, marks around every styled span, a line break after each line.
func markup(m brief.Message) string {
	var b strings.Builder
	for _, block := range m.Blocks {
		for _, line := range block.Lines {
			for _, span := range line {
				text := strings.NewReplacer("&#34;", `"`, "&#39;", "'").Replace(html.EscapeString(span.Text))
				switch {
				case span.To != "":
					text = "<" + span.To + "|" + text + ">"
				case span.Style != brief.Plain:
					text = "*" + text + "*"
				}
				b.WriteString(text)
			}
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// F12, F13, SL1: a briefing stays below 2,000 characters and 2,000 bytes of markup, every
// other message below the 4,000 that Slack advises, whatever anybody has typed.
func TestMessagesStayWithinTheirRoom(t *testing.T) {
	t.Parallel()
	p := rules(t)
	rapid.Check(t, func(t *rapid.T) {
		plan, pg := anyPlan(t, p), anyPage(t)
		briefing := brief.Briefing(plan, pg)
		if n, bytes := len([]rune(briefing.String())), len(markup(briefing)); n >= 2000 || bytes >= 2000 {
			t.Fatalf("the briefing has %d characters and %d bytes of markup:\n%s", n, bytes, briefing)
		}
		for i := range plan.Desks {
			if thread := brief.Thread(&plan.Desks[i], pg); len(markup(thread)) >= 4000 || len(thread.Summary) > 1000 {
				t.Fatalf("a thread has %d bytes of markup:\n%s", len(markup(thread)), thread)
			}
		}
		for _, m := range []brief.Message{brief.Alert(plan, pg), brief.Failure("triage", fmt.Errorf("%s", anyText(t, "cause")), brief.Unsettled, asOf(), pg)} {
			if len(markup(m)) >= 4000 {
				t.Fatalf("%d bytes of markup:\n%s", len(markup(m)), m)
			}
		}
	})
}

// Every line leads with a number or says what it is, none is empty, and no block is.
func TestNoEmptyBlocks(t *testing.T) {
	t.Parallel()
	p := rules(t)
	rapid.Check(t, func(t *rapid.T) {
		plan, pg := anyPlan(t, p), anyPage(t)
		messages := []brief.Message{brief.Briefing(plan, pg), brief.Alert(plan, pg)}
		for i := range plan.Desks {
			messages = append(messages, brief.Thread(&plan.Desks[i], pg))
		}
		for _, m := range messages {
			if strings.TrimSpace(m.Summary) == "" || strings.Contains(m.Summary, "\n") || len(m.Blocks) == 0 {
				t.Fatalf("summary %q, %d blocks", m.Summary, len(m.Blocks))
			}
			for _, block := range m.Blocks {
				for _, line := range block.Lines {
					if text := line.String(); strings.TrimSpace(text) == "" || strings.IndexFunc(text, moves) >= 0 || strings.Contains(text, "\n") {
						t.Fatalf("a line is %q", text)
					}
				}
				if len(block.Lines) == 0 {
					t.Fatalf("an empty %s", block.Kind)
				}
			}
		}
	})
}

var (
	inQueue   = regexp.MustCompile(`^([\d,]+) orders? in the queue · ([\d,]+) agents? on duty$`)
	highAndP1 = regexp.MustCompile(`^([\d,]+) high-value · ([\d,]+) P1$`)
	newOnes   = regexp.MustCompile(`^([\d,]+) new this run`)
	waitLine  = regexp.MustCompile(`^([\d,]+) wait for a free slot: `)
	deskLine  = regexp.MustCompile(`^([\d,]+) .* · (\d+) new · (\d+) high-value · (\d+) P1(?: \((?:not active|excluded by the policy)\))?$`)
	others    = regexp.MustCompile(`^([\d,]+) open with the other agents \((\d+)\)$`)
)

// numbers are those of the first line that matches; nil where none does.
func numbers(lines []string, pattern *regexp.Regexp) []int {
	for _, line := range lines {
		if found := pattern.FindStringSubmatch(line); found != nil {
			return toNumbers(found[1:])
		}
	}
	return nil
}

func toNumbers(texts []string) []int {
	var list []int
	for _, text := range texts {
		n, _ := strconv.Atoi(strings.ReplaceAll(text, ",", ""))
		list = append(list, n)
	}
	return list
}

// I5: the numbers of the briefing are those of the plan, counted here once more,
// and the lines of the agents and the overflow add up to the first of them.
func TestNumbersOfTheBriefing(t *testing.T) {
	t.Parallel()
	p := rules(t)
	rapid.Check(t, func(t *rapid.T) {
		plan := anyPlan(t, p)
		plan.Stopped, plan.Dealt = false, nil
		for i := range plan.Desks {
			plan.Desks[i].Agent.Name = fmt.Sprintf("Agent %d", i)
			for _, one := range plan.Desks[i].Tickets {
				if one.New {
					plan.Outcomes = append(plan.Outcomes, triage.Outcome{Kind: triage.Assigned, Order: &ecm.Order{ID: one.Row.OrderID}, Reopened: one.Reopened})
					plan.Dealt = append(plan.Dealt, len(plan.Outcomes)-1)
				}
			}
		}
		onDuty, open, high, p1, sums := counted(plan)
		lines := strings.Split(brief.Briefing(plan, page()).String(), "\n")
		queue := open + len(plan.Overflow)
		for what, c := range map[string]struct{ got, want []int }{
			"the queue":  {numbers(lines, inQueue), []int{queue, onDuty}},
			"high-value": {numbers(lines, highAndP1), []int{high, p1}},
			"new":        {numbers(lines, newOnes), []int{len(plan.Dealt)}},
		} {
			if diff := cmp.Diff(c.want, c.got); diff != "" {
				t.Fatalf("%s (-counted +said):\n%s\n%s", what, diff, strings.Join(lines, "\n"))
			}
		}
		if waiting := numbers(lines, waitLine); len(plan.Overflow) > 0 && (waiting == nil || waiting[0] != len(plan.Overflow)) {
			t.Fatalf("%d wait, the briefing says %v", len(plan.Overflow), waiting)
		}
		if got := atDesks(lines); got != open {
			t.Fatalf("the lines of the agents add up to %d, open are %d:\n%s", got, open, strings.Join(lines, "\n"))
		}
		for currency, sum := range sums {
			want := currency + " " + ecm.GroupThousands(sum.StringFixed(max(2, -sum.Exponent())))
			if len(sums) <= 6 && !strings.Contains(strings.Join(lines, "\n"), want) {
				t.Fatalf("the value %s is not there:\n%s", want, strings.Join(lines, "\n"))
			}
		}
	})
}

// A row of a person's own may have no currency: its amount is in no total.
func TestAnAmountWithoutACurrencyIsInNoTotal(t *testing.T) {
	t.Parallel()
	blank := ticket("AE1", "77", ecm.P4, "x", false)
	blank.Row.Send.Currency = ""
	plan := planOf(t, triage.Input{})
	plan.Desks = []triage.Desk{*deskOf(ecm.Agent{Email: "asha@example.com"}, blank)}
	if text := brief.Briefing(plan, page()).String(); strings.Contains(text, "77.00") || !strings.HasPrefix(strings.Split(text, "\n")[2], "1 order in the queue") {
		t.Errorf("got\n%s", text)
	}
	plan.Desks[0].Tickets = append(plan.Desks[0].Tickets, ticket("AE2", "5.5", ecm.P4, "x", false))
	if text := brief.Briefing(plan, page()).String(); !strings.Contains(text, "\nAED 5.50\n") {
		t.Errorf("got\n%s", text)
	}
}

// counted goes through the desks and the overflow with no help of the code under test.
func counted(plan *triage.Plan) (onDuty, open, high, p1 int, sums map[string]decimal.Decimal) {
	sums = map[string]decimal.Decimal{}
	add := func(m ecm.Money, isHigh bool, p ecm.Priority) {
		if isHigh {
			high++
		}
		if p == ecm.P1 {
			p1++
		}
		if m.Currency != "" {
			sums[m.Currency] = sums[m.Currency].Add(m.Amount)
		}
	}
	for _, d := range plan.Desks {
		if d.Off == "" {
			onDuty++
		}
		for _, one := range d.Tickets {
			open++
			add(one.Row.Send, one.HighValue, one.Row.Priority)
		}
	}
	for _, i := range plan.Overflow {
		o := plan.Outcomes[i]
		add(o.Order.Send, o.Judgement.HighValue, o.Judgement.Priority)
	}
	return onDuty, open, high, p1, sums
}

// atDesks adds up the lines of the agents.
func atDesks(lines []string) int {
	sum := 0
	for _, line := range lines {
		for _, pattern := range []*regexp.Regexp{deskLine, others} {
			if found := pattern.FindStringSubmatch(line); found != nil {
				sum += toNumbers(found[1:2])[0]
			}
		}
	}
	return sum
}

var (
	threadHead = regexp.MustCompile(`([\d,]+) open · ([\d,]+) new · ([\d,]+) high-value · ([\d,]+) P1$`)
	andMore    = regexp.MustCompile(`^and (\d+) more new orders, in the sheet$`)
	headings   = regexp.MustCompile(`^P([1-4]) diagnosis_\d – do step \d$`)
)

// In a thread each new order has one line below the heading of its priority and
// diagnosis, or is among those in the last line; its top lists the largest high-value ones.
func TestNumbersOfAThread(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var tickets []triage.Ticket
		want := map[string]string{} // id of a new order: its heading
		for i := range rapid.SampledFrom([]int{1, 4, 30, 120}).Draw(t, "tickets") {
			n := rapid.IntRange(0, 2).Draw(t, "diagnosis")
			one := ticket(fmt.Sprintf("AE%03d", i), fmt.Sprint(rapid.IntRange(1, 9999).Draw(t, "amount")), rapid.SampledFrom(ecm.Priorities[:]).Draw(t, "priority"), fmt.Sprintf("diagnosis_%d", n), rapid.Bool().Draw(t, "new"))
			one.Next = fmt.Sprintf("do step %d", n)
			tickets = append(tickets, one)
			if one.New {
				want[one.Row.OrderID] = fmt.Sprintf("%s diagnosis_%d – do step %d", one.Row.Priority, n, n)
			}
		}
		desk := deskOf(ecm.Agent{Email: "asha@example.com", Active: true}, tickets...)
		text := brief.Thread(desk, page()).String()
		lines := strings.Split(strings.TrimSpace(text), "\n")
		if diff := cmp.Diff([]int{len(tickets), desk.New, desk.HighValue, desk.P1}, numbers(lines[:1], threadHead)); diff != "" {
			t.Fatalf("%s\n%s", diff, text)
		}
		got, priority := underHeadings(lines), '0'
		for _, line := range lines {
			if found := headings.FindStringSubmatch(line); found != nil {
				if rune(found[1][0]) < priority {
					t.Fatalf("the priorities do not fall:\n%s", text)
				}
				priority = rune(found[1][0])
			}
		}
		for id, heading := range got {
			if want[id] != heading {
				t.Fatalf("%s stands under %q, want %q:\n%s", id, heading, want[id], text)
			}
		}
		left := 0
		if found := numbers(lines, andMore); found != nil {
			left = found[0]
		}
		if len(got)+left != desk.New {
			t.Fatalf("%d are shown and %d left out of %d:\n%s", len(got), left, desk.New, text)
		}
		if left > 0 && len(text) < 2000 {
			t.Fatalf("%d are left out and there is room:\n%s", left, text)
		}
	})
}

// underHeadings is the heading that each order's line stands under; top lines have none.
func underHeadings(lines []string) map[string]string {
	got, heading := map[string]string{}, ""
	for _, line := range lines {
		if headings.MatchString(line) {
			heading = line
		}
		if id, ok := strings.CutPrefix(line, "• "); ok && heading != "" {
			got[strings.Fields(id)[0]] = heading
		}
	}
	return got
}

// The outbox keeps messages as JSON; what comes back is what went in, but for invalid UTF-8.
func TestEncodeDecode(t *testing.T) {
	t.Parallel()
	p := rules(t)
	rapid.Check(t, func(t *rapid.T) {
		m := brief.Briefing(anyPlan(t, p), anyPage(t))
		body, err := m.Encode()
		if err != nil {
			t.Fatal(err)
		}
		back, err := brief.Decode(body)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(m, back, cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
	})
	if _, err := brief.Decode([]byte(`{"summary":5}`)); err == nil {
		t.Error("rubbish was read as a message")
	}
}

// A plan or a desk that is turned into a message is not changed by it.
func TestMessagesChangeNothing(t *testing.T) {
	t.Parallel()
	desk, twin := busyDesk(), busyDesk()
	brief.Thread(desk, page())
	if diff := cmp.Diff(twin, desk); diff != "" {
		t.Error(diff)
	}
	if first, second := brief.Briefing(badDay(t), page()).String(), brief.Briefing(badDay(t), page()).String(); first != second {
		t.Error("two briefings of one plan")
	}
}
