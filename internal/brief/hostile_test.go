package brief_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"pi-manager/internal/brief"
	"pi-manager/internal/ecm"
	"pi-manager/internal/progress"
	"pi-manager/internal/triage"
)

// payloads are 200 texts that try to be more than text.
var payloads = sync.OnceValue(func() []string {
	seeds := []string{
		"<!channel>", "<!here>", "<!everyone>", "<@U0BEN1234>", "<#C0123456>", "<!subteam^S123>", "<http://evil.example|click>", "<mailto:a@b|x>", "&lt;!channel&gt;", "&amp;",
		"*bold*", "_italic_", "~gone~", "`code`", "```\nblock\n```", "> quote", "\n\n• AE9 AED 1.00", "\r\n*P1*", "\u2028new line", "\x0bvertical", "\x00nul", "\x1b[31mred\x1b[0m", "\x07bell",
		"\u202eright to left", "\u2066isolate\u2069", "\u200fmark", "\u061cletter mark", "zero\u200bwidth", "\ufeffmark", "\U000e0041\U000e0042 tags", "\xff\xfe bytes", "é́́́́", "🧨", "=1+1", "' OR 1=1 --", "${jndi:x}", "{{.}}",
		strings.Repeat("A", 65_536), strings.Repeat("&", 65_536), strings.Repeat("🧨", 500), strings.Repeat("\n", 500),
	}
	var list []string
	for _, before := range []string{"", "AE1", " ", "\n", "<"} {
		for _, seed := range seeds[:40] {
			list = append(list, before+seed)
		}
	}
	return list
})

// F16, F17, F76: whatever stands in a field, the message has the lines and the
// live marks that it has with harmless text there, and no character that moves others.
func TestHostileTextStaysText(t *testing.T) {
	t.Parallel()
	if got := len(payloads()); got != 200 {
		t.Fatalf("%d payloads", got)
	}
	twins := messagesWith(t, "harmless")
	for i, payload := range payloads() {
		for name, m := range messagesWith(t, payload) {
			harmless := twins[name]
			got, want := strings.Count(m.String(), "\n"), strings.Count(harmless.String(), "\n")
			if got > want || got < want && len(payload) < 100 { // a long text may push lines out, into the count of what is left
				t.Errorf("payload %d %.40q, %s: %d lines, want %d", i, payload, name, got, want)
			}
			marks := live(harmless)
			if id, ok := brief.MemberID(payload); ok && (name == "thread" || name == "soon") {
				marks = "mention " + id // it stands in the Slack Handle cell too
			}
			if live(m) != marks {
				t.Errorf("payload %d %.40q, %s: live marks %s, want %s", i, payload, name, live(m), marks)
			}
			if r := strings.IndexFunc(m.String(), moves); r >= 0 {
				t.Errorf("payload %d %.40q, %s: %q is in the text", i, payload, name, m.String()[r:r+4])
			}
		}
	}
}

// messagesWith has the text wherever people or customers may have typed it.
func messagesWith(tb testing.TB, text string) map[string]brief.Message {
	agent := ecm.Agent{Email: text, Name: text, Team: text, Handle: text, Active: true}
	one := ticket(text, "9000", ecm.P1, text, true)
	one.Next = text
	plan := planOf(tb, triage.Input{Pending: manyOrders(1), Agents: []ecm.Agent{{Email: "a", Name: text, Active: true}}})
	plan.Outcomes[0].Order.ID = text
	plan.Overflow, plan.Warnings = []int{0}, []string{text}
	p := page()
	p.Warnings = []string{text}
	messages := reportsWith(tb, text)
	messages["thread"], messages["briefing"], messages["failure"] = brief.Thread(deskOf(agent, one), p), brief.Briefing(plan, p), brief.Failure("triage", fmt.Errorf("%s", text), brief.NoEffect, asOf(), p)
	return messages
}

// reportsWith are the messages of a look back at a breach, at an order that will
// breach and at one whose agent nobody knows, with the text in every cell.
func reportsWith(tb testing.TB, text string) map[string]brief.Message {
	agent := ecm.Agent{Email: text, Name: text, Team: text, Handle: text, Active: true, Capacity: 1}
	var rows []ecm.Assignment
	for i, age := range []time.Duration{100 * time.Hour, time.Minute, time.Minute} {
		row := openRow(text+fmt.Sprint(i), "", ecm.P1, money("AED", "9000"))
		row.Agent, row.AssignedAt, row.Diagnosis, row.Notes = text, evening().Add(-age), text, text
		rows = append(rows, row)
	}
	rows[2].Agent = text + "?"
	in := looked(tb, rows, []ecm.Agent{agent})
	in.Unreadable = []progress.Unreadable{{Row: 9, OrderID: text, Agent: text, Reason: text}}
	r := progress.Make(in, since(nil))
	r.Warnings = []string{text}
	p := eveningPage()
	p.Warnings = []string{text}
	messages := map[string]brief.Message{
		"report": brief.Report(r, p), "breach alert": brief.BreachAlert(r, p), "cleanup alert": brief.CleanupAlert(progress.Clean(in, false), evening(), p),
	}
	for _, one := range brief.ReportReplies(r, p) {
		messages[one.Name] = one.Message
	}
	if len(messages) != 6 {
		tb.Fatalf("%d messages of a report with breaches, with orders about to breach and with high-value ones", len(messages))
	}
	return messages
}

// live are the spans that do more than show text.
func live(m brief.Message) string {
	var list []string
	for _, block := range m.Blocks {
		for _, line := range block.Lines {
			for _, span := range line {
				if span.Style == brief.Mention || span.Style == brief.Link {
					list = append(list, string(span.Style)+" "+span.To)
				}
			}
		}
	}
	return strings.Join(list, ", ")
}

// moves is true of characters that change how the text around them is shown.
func moves(r rune) bool {
	return r != '\n' && unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' || r == '\u200b' || r == '\ufeff' || r >= 0xe0000 && r <= 0xe007f
}

func TestPrintable(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", "Asha": "Asha", "a\nb\rc\td": "a b c d", "a\x00\x1b[2Jb\x7f\u0085": "a[2Jb", "x\u202ey\u061cz\u2066": "xyz", "zero\u200bwidth\ufeff\u2060": "zerowidth",
		"a\u2028b\u2029c": "abc", "\xffok": "\uFFFDok", "é 漢字 عربي 🧨": "é 漢字 عربي 🧨", "hidden\U000e0041\U000e007f": "hidden", "<!channel>": "<!channel>",
	} {
		if got := brief.Printable(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	for r := range unicode.MaxRune {
		if unicode.Is(unicode.Bidi_Control, r) && brief.Printable(string(r)) != "" {
			t.Errorf("%U stays", r)
		}
	}
}

func TestMemberID(t *testing.T) {
	t.Parallel()
	for handle, want := range map[string]string{
		"U0BEN1234": "U0BEN1234", "<@U0BEN1234>": "U0BEN1234", " W012345 ": "W012345", "U12345": "U12345",
		"": "", "@ben": "", "ben": "", "u0ben1234": "", "U1234": "", "U123456789012345678901": "", "B012345": "", "U0BEN 1234": "", "U0BEN1234|x": "", "<!channel>": "", "<@U0BEN1234": "U0BEN1234", "U0BEN1234\n<!here>": "",
	} {
		id, ok := brief.MemberID(handle)
		if ok != (want != "") || ok && id != want {
			t.Errorf("%q: got %q, %v, want %q", handle, id, ok, want)
		}
	}
}

// Who is on duty and known is mentioned; who is off duty is named, not woken.
func TestMentions(t *testing.T) {
	t.Parallel()
	one := ticket("AE1", "10", ecm.P4, "x", true)
	for name, c := range map[string]struct {
		agent ecm.Agent
		off   string
		want  string
	}{
		"by handle":               {ecm.Agent{Email: "asha@example.com", Handle: "U0ASHA999"}, "", "mention U0ASHA999"},
		"by look-up, case aside":  {ecm.Agent{Email: " Ben@Example.com"}, "", "mention U0BEN1234"},
		"the handle goes first":   {ecm.Agent{Email: "ben@example.com", Handle: "U0OTHER99"}, "", "mention U0OTHER99"},
		"a name is no handle":     {ecm.Agent{Email: "asha@example.com", Handle: "@asha"}, "", ""},
		"a name, but looked up":   {ecm.Agent{Email: "ben@example.com", Handle: "@ben"}, "", "mention U0BEN1234"},
		"off duty":                {ecm.Agent{Email: "ben@example.com", Handle: "U0BEN1234"}, "not active", ""},
		"nobody knows the person": {ecm.Agent{Email: "asha@example.com"}, "", ""},
	} {
		d := deskOf(c.agent, one)
		d.Off = c.off
		if got := live(brief.Thread(d, page())); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}
