package brief_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"pi-manager/internal/brief"
	"pi-manager/internal/ecm"
	"pi-manager/internal/policy"
	"pi-manager/internal/progress"
)

// anyLook draws what a report is made from: up to 2,000 rows of up to 60 agents
// and of people who are not in the Agents tab. The texts come from a small pool,
// so that rows share diagnoses and agents, as they do in a sheet.
func anyLook(t *rapid.T, p *policy.Policy, text func(*rapid.T, string) string) (progress.Input, progress.Since) {
	pool := make([]string, rapid.IntRange(1, 8).Draw(t, "pool"))
	for i := range pool {
		pool[i] = text(t, "text")
	}
	dice := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
	in := progress.Input{AsOf: evening(), Day: evening().Add(-20 * time.Hour), Policy: p, Statuses: ecm.Statuses{ByID: map[string]string{}}}
	for i := range rapid.SampledFrom([]int{0, 1, 4, 60}).Draw(t, "agents") {
		in.Agents = append(in.Agents, ecm.Agent{
			Email: fmt.Sprintf("agent%d@example.com", i), Name: pick(dice, pool), Handle: pick(dice, slices.Concat(pool, []string{"", fmt.Sprintf("U0AGENT%03d", i)})),
			Active: dice.IntN(4) > 0, Capacity: dice.IntN(40) - 1,
		})
	}
	for i := range rapid.SampledFrom([]int{0, 1, 2, 7, 60, 2000}).Draw(t, "rows") {
		in.Assignments = append(in.Assignments, anyRow(dice, i, pool, len(in.Agents)))
	}
	for range dice.IntN(3) {
		in.Unreadable = append(in.Unreadable, progress.Unreadable{OrderID: pick(dice, pool), Agent: "agent0@example.com", Reason: pick(dice, pool)})
	}
	anyAnswer(t, dice, &in)
	before := progress.Since{}
	if rapid.Bool().Draw(t, "a report before") {
		before = since(map[string]int{progress.CountOpen: dice.IntN(3), progress.CountBreaches: dice.IntN(3000), progress.CountHighValue: dice.IntN(3)})
		before.At = evening().Add(-time.Duration(rapid.IntRange(1, 100).Draw(t, "hours ago")) * time.Hour)
	}
	before.Next = rapid.SampledFrom([]time.Time{{}, evening().Add(time.Hour), evening().Add(11 * time.Hour)}).Draw(t, "next")
	return in, before
}

func pick[T any](dice *rand.Rand, list []T) T { return list[dice.IntN(len(list))] }

func anyRow(dice *rand.Rand, i int, pool []string, agents int) ecm.Assignment {
	row := ecm.Assignment{
		OrderID: fmt.Sprint(pick(dice, pool), i), Agent: pick(dice, append(pool, "", "gone@example.com")),
		Diagnosis: pick(dice, append(pool, "rfi_pending", "manual_review", "")),
		Status:    pick(dice, []ecm.Status{ecm.Open, ecm.Open, ecm.InProgress, ecm.Escalated, ecm.Resolved}), Priority: ecm.Priority(dice.IntN(5)),
		Send:       ecm.Money{Amount: decimal.New(dice.Int64N(2_000_000), -2), Currency: pick(dice, strings.Fields("AED GBP EUR &&& x<y USD INR QAR -"))},
		AssignedAt: evening().Add(-time.Duration(dice.IntN(40*60)) * time.Minute), Stuck: 12 * time.Hour, Row: i + 2,
	}
	if dice.IntN(4) > 0 && agents > 0 {
		row.Agent = fmt.Sprintf("agent%d@example.com", dice.IntN(agents))
	}
	switch dice.IntN(30) {
	case 0:
		row.Send.Amount = decimal.RequireFromString("99999999999999999999999999999999999.99")
	case 1:
		row.Send.Currency = ""
	case 2:
		row.AssignedAt = time.Time{}
	}
	if row.Status == ecm.Resolved && dice.IntN(2) == 0 {
		row.ResolvedAt = evening().Add(-time.Duration(dice.IntN(40)) * time.Hour)
		row.Notes = pick(dice, []string{"", ecm.SelfHealed})
	}
	return row
}

// anyAnswer is what the warehouse says of the orders: all, some or nothing, fresh, old or not telling.
func anyAnswer(t *rapid.T, dice *rand.Rand, in *progress.Input) {
	knows := rapid.SampledFrom([]int{0, 2, 9, 10, 10}).Draw(t, "known of ten")
	ids := progress.Asked(*in)
	for _, id := range ids {
		if dice.IntN(10) < knows {
			in.Statuses.ByID[id] = pick(dice, strings.Fields("PENDING PENDING PENDING FAILED COMPLETED"))
		}
	}
	in.Statuses.Asked = len(ids)
	in.Statuses.Newest = rapid.SampledFrom([]time.Time{{}, evening(), evening(), evening().Add(-25 * time.Hour)}).Draw(t, "newest")
}

func everyMessage(r *progress.Report, c *progress.Cleanup, p brief.Page) map[string]brief.Message {
	all := map[string]brief.Message{
		"report": brief.Report(r, p), "breach alert": brief.BreachAlert(r, p), "cleanup alert": brief.CleanupAlert(c, evening(), p),
	}
	for _, one := range brief.ReportReplies(r, p) {
		all[one.Name] = one.Message
	}
	return all
}

// F12, F13, SL1: a report stays below 2,000 characters and bytes of markup, its
// replies and the alerts below 4,000, whatever anybody has typed; nothing in
// them is empty, and nobody is mentioned but in the warnings.
func TestReportsStayWithinTheirRoom(t *testing.T) {
	t.Parallel()
	p := rules(t)
	rapid.Check(t, func(t *rapid.T) {
		in, before := anyLook(t, p, anyText)
		r := progress.Make(in, before)
		for name, m := range everyMessage(r, progress.Clean(in, false), anyPage(t)) {
			room := 4000
			if name == "report" {
				room = 2000
			}
			if n, bytes := len([]rune(m.String())), len(markup(m)); n >= room || bytes >= room {
				t.Fatalf("%s has %d characters and %d bytes of markup:\n%s", name, n, bytes, m)
			}
			if strings.TrimSpace(m.Summary) == "" || len(m.Summary) > 300 || strings.IndexFunc(m.Summary, moves) >= 0 {
				t.Fatalf("%s has the summary %q", name, m.Summary)
			}
			if marks := live(m); name != "soon" && strings.Contains(marks, "mention") {
				t.Fatalf("%s wakes people: %s", name, marks)
			}
			if name == "report" && !strings.Contains(m.String(), "\nWarning: ") && slices.ContainsFunc(r.Verdicts, func(v ecm.Verdict) bool { return v.Level == ecm.LevelStop }) {
				t.Fatalf("the warning found no room:\n%s", m)
			}
			whole(t, name, m)
		}
	})
}

// whole ends the test where a block or a line of a message is empty.
func whole(t *rapid.T, name string, m brief.Message) {
	for _, block := range m.Blocks {
		if len(block.Lines) == 0 {
			t.Fatalf("%s has an empty %s", name, block.Kind)
		}
		for _, line := range block.Lines {
			if text := line.String(); strings.TrimSpace(text) == "" || strings.IndexFunc(text, moves) >= 0 || strings.Contains(text, "\n") {
				t.Fatalf("a line of %s is %q", name, text)
			}
		}
	}
}

// word draws a name that cannot be taken for anything else in a message.
func word(t *rapid.T, label string) string {
	return rapid.StringMatching(`[A-Z][a-z]{2,28}`).Draw(t, label)
}

var (
	statusLine  = regexp.MustCompile(`^([\d,]+) open · ([\d,]+) in progress · ([\d,]+) escalated$`)
	breachCount = regexp.MustCompile(`^([\d,]+) SLA breach(?:es)?: `)
	soonCount   = regexp.MustCompile(`^([\d,]+) will breach before `)
	closedCount = regexp.MustCompile(`^([\d,]+) resolved by agents and ([\d,]+) self-healed (?:so far|today|since the last report (?:at|on) .+)$`)
	unsureCount = regexp.MustCompile(`^([\d,]+) resolved by agents .* · self-healed: nobody can tell$`)
	highCount   = regexp.MustCompile(`^([\d,]+) high-value still open`)
	mixCount    = regexp.MustCompile(`^([\d,]+) P1 · ([\d,]+) P2 · ([\d,]+) P3 · ([\d,]+) P4(?: · ([\d,]+) without a priority)?$`)
)

// I5: every number of the report's message is the report's, and the parts of a
// line add up to the number that it leads with.
func TestNumbersOfAReport(t *testing.T) {
	t.Parallel()
	p := rules(t)
	rapid.Check(t, func(t *rapid.T) {
		in, before := anyLook(t, p, word)
		r := progress.Make(in, before)
		text := brief.Report(r, eveningPage()).String()
		lines := strings.Split(text, "\n")
		n := r.Counts
		for what, c := range map[string]struct{ got, want []int }{
			"how much there is": {numbers(lines, statusLine), []int{n["open"], n["in_progress"], n["escalated"]}},
			"breaches":          {numbers(lines, breachCount), some(n["breaches"])},
			"high-value":        {numbers(lines, highCount), []int{n["high_value_open"]}},
			"by priority":       {numbers(lines, mixCount)[:4], []int{r.Priority[1], r.Priority[2], r.Priority[3], r.Priority[4]}},
			"no priority":       {some(numbers(lines, mixCount)[4]), some(r.Priority[0])},
		} {
			if diff := cmp.Diff(c.want, c.got); diff != "" {
				t.Fatalf("%s (-counted +said):\n%s\n%s", what, diff, text)
			}
		}
		soon := numbers(lines, soonCount)
		if !before.Next.IsZero() != (soon != nil) || soon != nil && soon[0] != n["breaching_soon"] {
			t.Fatalf("%d will breach, the report says %v:\n%s", n["breaching_soon"], soon, text)
		}
		addUp(t, lines, breachCount, regexp.MustCompile(`^(\d+) `))
		addUp(t, lines, soonCount, regexp.MustCompile(` (\d+)$`))
		believed(t, r, lines)
		totals(t, lines, mixCount, 1, r.Value)
		high := ecm.Totals{}
		for _, one := range r.HighValue {
			high.Add(one.Row.Send)
		}
		totals(t, lines, highCount, 0, high)
	})
}

// totals looks for every currency's total in the line that stands some lines below the one that matches.
func totals(t *rapid.T, lines []string, pattern *regexp.Regexp, below int, want ecm.Totals) {
	line := lines[slices.IndexFunc(lines, pattern.MatchString)+below]
	for currency, amount := range want {
		text := currency + " " + ecm.GroupThousands(amount.StringFixed(2))
		if currency != "" && !strings.Contains(line, text) && !strings.Contains(line, "more in other currencies") {
			t.Fatalf("%s is not in %q", text, line)
		}
	}
}

// some is a number that is left out where it is 0.
func some(n int) []int {
	if n == 0 {
		return nil
	}
	return []int{n}
}

// addUp ends the test where the parts behind a line's colon are not its number.
func addUp(t *rapid.T, lines []string, line, part *regexp.Regexp) {
	for _, text := range lines {
		found := line.FindStringSubmatch(text)
		if found == nil {
			continue
		}
		want, sum := toNumbers(found[1:])[0], 0
		parts := text[strings.LastIndex(text, ": ")+2:]
		for one := range strings.SplitSeq(parts, ", ") {
			if number := part.FindStringSubmatch(one); number != nil {
				sum += toNumbers(number[1:])[0]
			}
		}
		if sum != want && strings.Contains(text, ": ") {
			t.Fatalf("the parts add up to %d: %q", sum, text)
		}
	}
}

// F64, F65: from an answer that is not believed nobody learns what healed by
// itself, and nobody is told that all is well; the warning is always there.
func believed(t *rapid.T, r *progress.Report, lines []string) {
	text := strings.Join(lines, "\n")
	stopped := slices.ContainsFunc(r.Verdicts, func(v ecm.Verdict) bool { return v.Level == ecm.LevelStop })
	fine, warned := strings.Contains(text, "No SLA is broken"), strings.Contains(text, "\nWarning: ")
	closed, unsure := numbers(lines, closedCount), numbers(lines, unsureCount)
	switch {
	case stopped && (fine || !warned || closed != nil || unsure == nil || unsure[0] != r.Counts["resolved"] || strings.Contains(text, "next cleanup closes")):
		t.Fatalf("the answer is not believed:\n%s", text)
	case !stopped && (warned || closed == nil || !slices.Equal(closed, []int{r.Counts["resolved"], r.Counts["self_healed"]})):
		t.Fatalf("%d resolved, %d self-healed, the report says %v:\n%s", r.Counts["resolved"], r.Counts["self_healed"], closed, text)
	case fine && len(r.Breaches) > 0:
		t.Fatalf("%d breaches, and all is well:\n%s", len(r.Breaches), text)
	}
}

// The numbers that moved are those that differ from the report before; equal and
// unknown ones are not there.
func TestChangeAgainstTheLastReport(t *testing.T) {
	t.Parallel()
	in, before := workingDay(t)
	r := progress.Make(in, before)
	line := func(counts map[string]int) string {
		r.Since.Counts = counts
		for text := range strings.SplitSeq(brief.Report(r, eveningPage()).String(), "\n") {
			if strings.HasSuffix(text, "last report") || strings.HasPrefix(text, "First report") {
				return text
			}
		}
		return ""
	}
	same := map[string]int{"open": r.Counts["open"], "breaches": r.Counts["breaches"], "escalated": r.Counts["escalated"]}
	for want, counts := range map[string]map[string]int{
		"First report, nothing to compare with":                              nil,
		"The same numbers as in the last report":                             same,
		"+2 open against the last report":                                    {"open": r.Counts["open"] - 2, "in_progress": r.Counts["in_progress"]},
		"-1 escalated · +1 SLA breaches against the last report":             {"escalated": r.Counts["escalated"] + 1, "breaches": r.Counts["breaches"] - 1},
		"+" + fmt.Sprint(r.Counts["open"]) + " open against the last report": {"open": 0, "high_value_open": r.Counts["high_value_open"]},
	} {
		if got := line(counts); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// The window that a report looks back on is named in the team's time.
func TestWindowOfAReport(t *testing.T) {
	t.Parallel()
	counts := map[string]int{"open": 1}
	for want, before := range map[string]progress.Since{
		"self-healed so far":                                     {},
		"self-healed today":                                      {At: evening().Add(-20 * time.Hour)},
		"self-healed since Sun 15 Feb, 00:00":                    {At: evening().Add(-68 * time.Hour)},
		"self-healed since the last report at 14:00":             {At: evening().Add(-6 * time.Hour), Counts: counts},
		"self-healed since the last report on Mon 16 Feb, 20:00": {At: evening().Add(-24 * time.Hour), Counts: counts},
	} {
		text := brief.Report(progress.Make(looked(t, shift(3), crew(1)), before), eveningPage()).String()
		if !strings.Contains(text, " "+want+"\n") {
			t.Errorf("%q is not there:\n%s", want, text)
		}
	}
}

var (
	warnedAgent  = regexp.MustCompile(`^\S.* ([\d,]+) orders?(?:, the first in [\d.]+ (?:min|h))?$`)
	otherAgents  = regexp.MustCompile(`^and ([\d,]+) more, of other agents \((\d+)\)$`)
	moreOrders   = regexp.MustCompile(`^and (\d+) more$`)
	moreInOutput = regexp.MustCompile(`^and (\d+) more, in the output of the run$`)
	moreInSheet  = regexp.MustCompile(`^and (\d+) more, in the sheet$`)
)

// Of every list a reply shows its first orders and how many more there are. In
// the warnings each agent has one heading, and an agent who is on duty and known is mentioned in it.
func TestNumbersOfTheReplies(t *testing.T) {
	t.Parallel()
	p := rules(t)
	rapid.Check(t, func(t *rapid.T) {
		in, before := anyLook(t, p, word)
		r := progress.Make(in, before)
		pg := eveningPage()
		var names []string
		for _, one := range brief.ReportReplies(r, pg) {
			names = append(names, one.Name)
			lines := strings.Split(strings.TrimSpace(one.Message.String()), "\n")
			orders := len(slices.DeleteFunc(slices.Clone(lines), func(l string) bool { return !strings.HasPrefix(l, "• ") }))
			switch one.Name {
			case "soon":
				warnings(t, r, pg, one.Message, lines, orders)
				continue
			case "breaches":
				orders += sum(lines, moreInSheet) - len(r.Breaches)
			case "high-value":
				orders += sum(lines, moreInSheet) - len(r.HighValue)
			}
			if orders != 0 {
				t.Fatalf("%d orders too many or too few in %s:\n%s", orders, one.Name, one.Message)
			}
		}
		var want []string
		for _, list := range []struct {
			name    string
			tickets []progress.Ticket
		}{{"breaches", r.Breaches}, {"soon", r.Soon}, {"high-value", r.HighValue}} {
			if len(list.tickets) > 0 {
				want = append(want, list.name)
			}
		}
		if diff := cmp.Diff(want, names); diff != "" {
			t.Fatal(diff)
		}
	})
}

// sum adds up the first numbers of the lines that match.
func sum(lines []string, pattern *regexp.Regexp) int {
	all := 0
	for _, line := range lines {
		if found := pattern.FindStringSubmatch(line); found != nil {
			all += toNumbers(found[1:2])[0]
		}
	}
	return all
}

// warnings checks the reply to those whose orders will breach.
func warnings(t *rapid.T, r *progress.Report, p brief.Page, m brief.Message, lines []string, orders int) {
	heads := sum(lines, warnedAgent)
	if heads+sum(lines, otherAgents) != len(r.Soon) {
		t.Fatalf("%d are in headings, %d will breach:\n%s", heads, len(r.Soon), m)
	}
	if orders > 0 && orders+sum(lines, moreOrders) != heads {
		t.Fatalf("%d orders are shown, headings say %d:\n%s", orders, heads, m)
	}
	want := map[string]bool{}
	for _, l := range r.Agents {
		if id, known := brief.MemberID(l.Agent.Handle); known && l.OnDuty && l.Soon > 0 {
			want[id] = true
		}
		if id := p.Members[l.Agent.Key()]; id != "" {
			t.Fatalf("%s is not one of the drawn agents", id)
		}
	}
	got := map[string]bool{}
	for mark := range strings.SplitSeq(live(m), ", ") {
		if id, mention := strings.CutPrefix(mark, "mention "); mention {
			if !want[id] || got[id] {
				t.Fatalf("%s is mentioned, twice or without need:\n%s", id, m)
			}
			got[id] = true
		}
	}
	if sum(lines, otherAgents) == 0 && len(got) != len(want) {
		t.Fatalf("%d are mentioned, want %d:\n%s", len(got), len(want), m)
	}
}

// The worst comes first, by how long its SLA is broken; below an hour that is in minutes.
func TestTheWorstComesFirst(t *testing.T) {
	t.Parallel()
	var rows []ecm.Assignment
	for i, minutes := range []int{8*60 + 1, 30 * 60, 8*60 + 59, 9 * 60, 8 * 60} {
		row := openRow("AE"+strconv.Itoa(i), "ben", ecm.P1, money("AED", "10"))
		row.AssignedAt = evening().Add(-time.Duration(minutes) * time.Minute)
		rows = append(rows, row)
	}
	rows[0].AssignedAt = rows[0].AssignedAt.Add(45 * time.Second)
	in := looked(t, rows, crew(2))
	r := progress.Make(in, since(nil))
	want := []string{
		"4 SLA breaches, the worst first", "• AE1 AED 10.00 · 22 h over its 8 h · stuck_at_lulu · Ben", "• AE3 AED 10.00 · 1 h over its 8 h · stuck_at_lulu · Ben",
		"• AE2 AED 10.00 · 59 min over its 8 h · stuck_at_lulu · Ben", "• AE0 AED 10.00 · 1 min over its 8 h · stuck_at_lulu · Ben",
	}
	if diff := cmp.Diff(want, strings.Split(strings.TrimSpace(reply(t, r, "breaches").String()), "\n")); diff != "" {
		t.Error(diff)
	}
	want = []string{"1 will breach before Wed 18 Feb, 07:00, the soonest first", "", "Ben 1 order", "• AE4 AED 10.00 · 0 min left of its 8 h · stuck_at_lulu"}
	if diff := cmp.Diff(want, strings.Split(strings.TrimSpace(reply(t, r, "soon").String()), "\n")); diff != "" {
		t.Error(diff)
	}
	alert := brief.BreachAlert(r, eveningPage()).String()
	if first, last := strings.Index(alert, "AE1"), strings.Index(alert, "AE2"); first < 0 || last < first || strings.Contains(alert, "AE0") {
		t.Errorf("the alert does not name the worst three:\n%s", alert)
	}
}

// Who is off duty or not in the Agents tab is named in a warning, not woken.
func TestWarningsMention(t *testing.T) {
	t.Parallel()
	row := openRow("AE1", "ben", ecm.P1, money("AED", "10"))
	row.AssignedAt = evening()
	for name, c := range map[string]struct {
		agents []ecm.Agent
		want   string
	}{
		"by look-up":          {[]ecm.Agent{{Email: "Ben@Example.com", Active: true}}, "mention U0BEN1234"},
		"by handle":           {[]ecm.Agent{{Email: "ben@example.com", Handle: "U0OTHER99", Active: true}}, "mention U0OTHER99"},
		"not active":          {[]ecm.Agent{{Email: "ben@example.com", Handle: "U0OTHER99"}}, ""},
		"not in the tab":      {nil, ""},
		"nobody knows the id": {[]ecm.Agent{{Email: "asha@example.com", Active: true}}, ""},
	} {
		r := progress.Make(looked(t, []ecm.Assignment{row}, c.agents), since(nil))
		if got := live(reply(t, r, "soon")); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

// F64: what only looks wrong a person may accept; F65: a late feed nobody may.
func TestAStoppedCleanupSaysWhatToDo(t *testing.T) {
	t.Parallel()
	for late, want := range map[bool]bool{false: true, true: false} {
		c := cleanupOf(t, late)
		text := brief.CleanupAlert(c, evening(), eveningPage()).String()
		if !c.Stopped || len(c.Closed) > 0 || strings.Contains(text, "--accept-drop") != want || !strings.Contains(text, "pi-manager cleanup --dry-run") {
			t.Errorf("late %v: got\n%s", late, text)
		}
		for _, v := range c.Verdicts {
			if strings.Contains(text, v.Message) != (v.Level == ecm.LevelStop) {
				t.Errorf("late %v: %q is %s:\n%s", late, v.Message, v.Level, text)
			}
		}
	}
}

// A report that is turned into messages is not changed by them.
func TestReportsChangeNothing(t *testing.T) {
	t.Parallel()
	in, before := workingDay(t)
	r, twin := progress.Make(in, before), progress.Make(in, before)
	first := everyMessage(r, progress.Clean(in, false), eveningPage())
	if diff := cmp.Diff(twin, r); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(first, everyMessage(r, progress.Clean(in, false), eveningPage())); diff != "" {
		t.Error(diff)
	}
}
