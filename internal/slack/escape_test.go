package slack_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pi-manager/internal/brief"
	"pi-manager/internal/fake"
	"pi-manager/internal/slack"
)

// payloads are what a hostile or unlucky order, name or note may hold.
func payloads() []string {
	live := []string{
		"<!channel>", "<!here>", "<!everyone>", "<!channel|x>", "<!here|@here>", "<@U0123ABCD>", "<@W0123ABCD|you>", "<#C0123ABCD>",
		"<#C0123ABCD|general>", "<!subteam^S0123ABCD>", "<!subteam^S0123ABCD|team>", "<!date^1392734382^{date}|x>",
		"<http://evil.example>", "<https://evil.example|click>", "<mailto:a@evil.example|mail>", "<tel:+1|call>", "<javascript:x|y>",
		"http://evil.example", "https://evil.example/a?b=c&d", "www.evil.example", "mailto:a@evil.example", "@channel", "@here", "@everyone", "#general",
	}
	disguise := []func(string) string{
		func(s string) string { return s },
		func(s string) string { return "a " + s + " b" },
		func(s string) string { return "`" + s + "`" },
		func(s string) string { return "```" + s },
		func(s string) string { return "*" + s + "*" },
		func(s string) string { return "|" + s + ">" },
		func(s string) string { return "&lt;" + s + "&gt;" },
		func(s string) string { return "\n" + s + "\n" },
		func(s string) string { return "\u202e" + s + "\u200b" },
		func(s string) string { return strings.ReplaceAll(s, "", "\u200b") },
		func(s string) string { return strings.Repeat("x", 2990) + s },
	}
	var all []string
	for _, l := range live {
		for _, d := range disguise {
			all = append(all, d(l))
		}
	}
	return append(all, "<", ">", "<<!here>>", "&", "<!here", "!here>", "\x00<!here>", "\xff<!here>\xff", "<!\u200bhere>")
}

// F16, F17: each payload in each field, in blocks, as bare text and in a thread. Live is what we meant, and nothing else.
func TestNoTextBecomesAlive(t *testing.T) {
	t.Parallel()
	all := payloads()
	if len(all) < 200 {
		t.Fatalf("only %d payloads", len(all))
	}
	fields := map[string]func(*brief.Message, string){
		"summary":       func(m *brief.Message, s string) { m.Summary = s },
		"header":        func(m *brief.Message, s string) { m.Blocks[0].Lines[0][0].Text = s },
		"plain":         func(m *brief.Message, s string) { m.Blocks[1].Lines[0][0].Text = s },
		"bold":          func(m *brief.Message, s string) { m.Blocks[1].Lines[0][1].Text = s },
		"italic":        func(m *brief.Message, s string) { m.Blocks[1].Lines[0][2].Text = s },
		"code":          func(m *brief.Message, s string) { m.Blocks[1].Lines[0][3].Text = s },
		"mention name":  func(m *brief.Message, s string) { m.Blocks[1].Lines[1][0].Text = s },
		"mention id":    func(m *brief.Message, s string) { m.Blocks[1].Lines[1][1].To = s },
		"link text":     func(m *brief.Message, s string) { m.Blocks[1].Lines[1][2].Text = s },
		"link address":  func(m *brief.Message, s string) { m.Blocks[1].Lines[1][3].To = ours + s },
		"unknown style": func(m *brief.Message, s string) { m.Blocks[1].Lines[0][0] = brief.Span{Style: "blink", Text: s} },
		"unknown kind": func(m *brief.Message, s string) {
			m.Blocks[2] = brief.Block{Kind: "banner", Lines: []brief.Line{{{Text: s}}}}
		},
		"context": func(m *brief.Message, s string) { m.Blocks[2].Lines[0][0].Text = s },
	}
	for field, set := range fields {
		t.Run(field, func(t *testing.T) {
			t.Parallel()
			s, _ := connect(t)
			for _, payload := range all {
				p := brief.Post{Tag: brief.Tag{Run: "r", Part: "p", Hash: "h"}, Message: harmless()}
				set(&p.Message, payload)
				assertOnlyIntended(t, s, p)
			}
		})
	}
}

// ours is where links that we mean lead to.
const ours = "https://sheet.example/d/1"

// harmless is a message with one mention and one link that are meant.
func harmless() brief.Message {
	return brief.Message{Summary: "3 orders", Blocks: []brief.Block{
		{Kind: brief.Header, Lines: []brief.Line{{{Text: "Briefing"}}}},
		{Kind: brief.Section, Lines: []brief.Line{
			{{Text: "3 orders "}, {Style: brief.Bold, Text: "P1 "}, {Style: brief.Italic, Text: "new "}, {Style: brief.Code, Text: "AE1"}},
			{
				{Style: brief.Mention, Text: "Asha", To: "U0000ASHA"}, {Style: brief.Mention, Text: "Omar", To: "nobody"},
				{Style: brief.Link, Text: "sheet", To: ours}, {Style: brief.Link, Text: "nowhere", To: "nowhere"},
			},
		}},
		{Kind: brief.Context, Lines: []brief.Line{{{Text: "run r"}}}},
	}}
}

// assertOnlyIntended posts in blocks first; then the workspace refuses blocks, and the same goes out as bare text.
func assertOnlyIntended(t *testing.T, s *fake.Slack, p brief.Post) {
	t.Helper()
	before := len(s.Messages())
	c := slack.New(settings(s)) // its own pace
	mustPost(t, c, p)
	s.Inject(fake.SlackFault{Method: "chat.postMessage", Times: 1, Error: "invalid_blocks"})
	mustPost(t, c, p)
	live := map[string][]fake.SlackEntity{}
	for _, m := range s.Messages()[before:] {
		form := "text"
		if len(m.Blocks) > 0 {
			form = "blocks"
		}
		live[form] = append(live[form], m.Entities...)
	}
	for form, found := range live {
		if diff := cmp.Diff([]fake.SlackEntity{{Kind: "user", Target: "U0000ASHA", Where: form}}, slices.DeleteFunc(found, isLink(form))); diff != "" {
			t.Errorf("%.60q in %s: %s", p.Message, form, diff)
		}
	}
	noSins(t, s)
}

// isLink picks the links that may be there. Bare text has no switch against Slack's finding of addresses: there they
// show what they are, and notify nobody.
func isLink(form string) func(fake.SlackEntity) bool {
	return func(e fake.SlackEntity) bool {
		found := form == "text" && strings.Contains(e.Target, "evil.example")
		return e.Kind == "link" && e.Where == form && (strings.HasPrefix(e.Target, ours) || found)
	}
}

// F17: whatever stands in a field, a message keeps its number of rows.
func TestFieldsNeverAddRows(t *testing.T) {
	t.Parallel()
	s, c := connect(t)
	mustPost(t, c, brief.Post{Message: harmless()})
	want := strings.Count(s.Messages()[0].Rendered, "\n")
	for _, payload := range payloads() {
		if len(payload) > 2000 {
			continue // splits a row by its length, which is another matter
		}
		p := brief.Post{Message: harmless()}
		p.Message.Blocks[1].Lines[0][3].Text = payload + "x"
		p.Message.Blocks[1].Lines[0][0].Text = payload + "\r\n\u2028x"
		mustPost(t, slack.New(settings(s)), p)
		seen := s.Messages()
		if got := strings.Count(seen[len(seen)-1].Rendered, "\n"); got != want {
			t.Errorf("%q makes %d rows of %d", payload, got, want)
		}
		if fences := strings.Count(seen[len(seen)-1].Rendered, "```"); fences != 0 {
			t.Errorf("%q opens a block of code", payload)
		}
	}
}
