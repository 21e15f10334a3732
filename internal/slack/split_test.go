package slack

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"pi-manager/internal/brief"
)

// messages draws messages whose every line ends in its own number, so that a
// line can be found again wherever it went. Sizes cluster around the limits.
func messages() *rapid.Generator[brief.Message] {
	words := []string{"x", "&", "<b>", "é", "\u5b57", "🙂", " ", "`", "*", "_", "@here", "\u202e", "\xff"}
	return rapid.Custom(func(t *rapid.T) brief.Message {
		m := brief.Message{Summary: "412 orders, 6 agents " + rapid.SampledFrom(words).Draw(t, "word")}
		for range rapid.OneOf(rapid.IntRange(0, 8), rapid.IntRange(45, 60)).Draw(t, "blocks") {
			b := brief.Block{Kind: rapid.SampledFrom([]brief.Kind{brief.Header, brief.Section, brief.Context}).Draw(t, "kind")}
			for range rapid.IntRange(1, 3).Draw(t, "lines") {
				size := rapid.OneOf(rapid.IntRange(0, 80), rapid.IntRange(0, 80), rapid.SampledFrom([]int{148, 150, 151, 599, 1999, 2001, 2995, 3000, 3001, 4000})).Draw(t, "size")
				word := rapid.SampledFrom(words).Draw(t, "word")
				style := rapid.SampledFrom([]brief.Style{brief.Plain, brief.Bold, brief.Italic, brief.Code, brief.Link}).Draw(t, "style")
				span := brief.Span{Style: style, Text: strings.Repeat(word, size/len(word)) + "x", To: "https://sheet.example/x?a=1&b=2"}
				b.Lines = append(b.Lines, brief.Line{span, {Text: " ¶"}})
			}
			m.Blocks = append(m.Blocks, b)
		}
		return m
	})
}

// F12, F13, F14: whatever comes in, no limit is ever passed, in no unit.
func TestPartsStayWithinEveryLimit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := messages().Draw(t, "message")
		spare := rapid.SampledFrom([]int{0, 500}).Draw(t, "spare")
		for _, p := range append(blockParts(m, spare), textParts(m, spare)...) {
			within(t, "text", p.text, textLimit-spare)
			if len(p.blocks) > blocksLimit || total(p.blocks) > totalLimit {
				t.Fatalf("part %d: %d blocks of %d bytes", p.no, len(p.blocks), total(p.blocks))
			}
			for _, b := range p.blocks {
				within(t, string(b.kind), b.text, map[brief.Kind]int{brief.Header: headerLimit, brief.Section: sectionLimit, brief.Context: contextLimit}[b.kind])
			}
		}
	})
}

// within measures in runes, UTF-16 units and bytes: Slack does not say which it counts.
func within(t *rapid.T, what, text string, limit int) {
	if n := max(len(text), utf8.RuneCountInString(text), len(utf16.Encode([]rune(text)))); n > limit {
		t.Fatalf("%s of %d is above %d", what, n, limit)
	}
	if strings.TrimSpace(text) == "" || !utf8.ValidString(text) {
		t.Fatalf("%s %q is blank or broken", what, text)
	}
}

// F12: every line is there once, in its order, in blocks and in plain text.
func TestPartsLoseNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := messages().Draw(t, "message")
		want := letters(m.String())
		var blocks, text strings.Builder
		for _, p := range blockParts(m, 0) {
			for _, b := range p.blocks {
				if b.text != p.marker() {
					blocks.WriteString(b.text)
				}
			}
		}
		for _, p := range textParts(m, 0) {
			text.WriteString(strings.TrimSuffix(p.text, p.suffix()))
		}
		if diff := cmp.Diff(want, letters(blocks.String())); diff != "" {
			t.Fatalf("blocks: %s", diff)
		}
		if len(m.Blocks) > 0 {
			if diff := cmp.Diff(want, letters(text.String())); diff != "" {
				t.Fatalf("text: %s", diff)
			}
		}
	})
}

// letters is what a reader takes in: markup, blanks and targets dropped. The
// generator's lines are made of these characters and end in ¶.
func letters(text string) string {
	text = strings.ReplaceAll(text, "<https://sheet.example/x?a=1&amp;b=2|", "")
	text = strings.ReplaceAll(text, " <https://sheet.example/x?a=1&b=2>", "")
	text = strings.NewReplacer("&lt;", "b", "&gt;", "", "&amp;", "b").Replace(text)
	text = strings.NewReplacer("&", "b", "<b>", "bb").Replace(text)
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("xbé\u5b57🙂@here¶\uFFFD", r) {
			return r
		}
		return -1
	}, text)
}

func TestPartsAreNumberedOnlyWhereThereAreSeveral(t *testing.T) {
	t.Parallel()
	short := brief.Message{Summary: "one", Blocks: []brief.Block{{Kind: brief.Section, Lines: []brief.Line{{{Text: "one"}}}}}}
	if got := blockParts(short, 0); len(got) != 1 || got[0].text != "one" || len(got[0].blocks) != 1 {
		t.Errorf("a short message: %+v", got)
	}
	long := brief.Message{Summary: "long"}
	for range 4 {
		long.Blocks = append(long.Blocks, brief.Block{Kind: brief.Section, Lines: []brief.Line{{{Text: strings.Repeat("x", 2900)}}}})
	}
	var got []string
	for _, p := range blockParts(long, 0) {
		got = append(got, p.text+" | "+p.blocks[len(p.blocks)-1].text)
	}
	if diff := cmp.Diff([]string{"long\n(1/2) | (1/2)", "long\n(2/2) | (2/2)"}, got); diff != "" {
		t.Error(diff)
	}
}

// F12, F13: the places where one more would be too many.
func TestPartsAtTheLimits(t *testing.T) {
	t.Parallel()
	section := func(lines ...string) brief.Block {
		b := brief.Block{Kind: brief.Section}
		for _, line := range lines {
			b.Lines = append(b.Lines, brief.Line{{Text: line}})
		}
		return b
	}
	x := func(n int) string { return strings.Repeat("x", n) }
	for _, tt := range []struct {
		name   string
		blocks []brief.Block
		want   []int // blocks of each part, marker included
	}{
		{"fifty blocks", slices.Repeat([]brief.Block{section("x")}, 50), []int{50}},
		{"fifty-one blocks", slices.Repeat([]brief.Block{section("x")}, 51), []int{50, 3}},
		{"two rows in one section", []brief.Block{section(x(1500), x(1498))}, []int{1}},
		{"two rows and their break do not fit", []brief.Block{section(x(1500), x(1500))}, []int{2}},
		{"all blocks at the limit", slices.Repeat([]brief.Block{section(x(3000))}, 3), []int{3}},
		{"all blocks above the limit", append(slices.Repeat([]brief.Block{section(x(3000))}, 3), section("x")), []int{3, 3}},
		{"a row as long as a section", []brief.Block{section(x(3000))}, []int{1}},
		{"a row longer than a section", []brief.Block{section(x(3001))}, []int{2}},
	} {
		parts := blockParts(brief.Message{Summary: x(5000), Blocks: tt.blocks}, 0)
		var got []int
		for _, p := range parts {
			got = append(got, len(p.blocks))
			if len(p.text) > textLimit {
				t.Errorf("%s: text of %d", tt.name, len(p.text))
			}
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

func TestShortenNeverCutsAnEscape(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"abcdefgh": "abcdefgh", "abcdefghi": "abcde…", "abc&amp;def": "abc…", "&amp;cdefg": "&amp;…", "ab\u5b57\u5b57\u5b57": "ab\u5b57…",
	} {
		if got := shorten(text, 8); got != want {
			t.Errorf("shorten(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestMrkdwn(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		span brief.Span
		want string
	}{
		{brief.Span{Text: "a <b> & c"}, "a &lt;b&gt; &amp; c"},
		{brief.Span{Style: brief.Code, Text: "AE1`36\n"}, "`AE136` "},
		{brief.Span{Style: brief.Code, Text: "`"}, ""},
		{brief.Span{Style: brief.Bold, Text: " P1 "}, " *P1* "},
		{brief.Span{Style: brief.Bold, Text: "P1*2"}, "P1*2"},
		{brief.Span{Style: brief.Italic, Text: "refund_triggered"}, "refund_triggered"},
		{brief.Span{Style: brief.Italic, Text: "new"}, "_new_"},
		{brief.Span{Text: "```x"}, "'''x"},
		{brief.Span{Text: "a\u202eb\u200bc\u061cd\x07e\nf"}, "abcde f"},
		{brief.Span{Style: brief.Mention, Text: "Asha", To: "U0123ABC"}, "<@U0123ABC>"},
		{brief.Span{Style: brief.Mention, Text: "Asha", To: "here"}, "Asha"},
		{brief.Span{Style: brief.Mention, Text: "<!here>", To: "U123"}, "&lt;!here&gt;"},
		{brief.Span{Style: brief.Mention, Text: "Asha", To: "U0123ABC>"}, "Asha"},
		{brief.Span{Style: brief.Mention, Text: "Asha", To: "S0123ABC"}, "Asha"},
		{brief.Span{Style: brief.Link, Text: "sheet|>", To: "https://a.example/d?x=1&y"}, "<https://a.example/d?x=1&amp;y|sheet|&gt;>"},
		{brief.Span{Style: brief.Link, Text: "sheet", To: "javascript:alert(1)"}, "sheet"},
		{brief.Span{Style: brief.Link, Text: "sheet", To: "https://a.example/|<!here>"}, "sheet"},
		{brief.Span{Style: brief.Link, Text: "sheet", To: "https://a.example/" + strings.Repeat("&", 300)}, "sheet"},
	} {
		if got := mrkdwn(tt.span); got != tt.want {
			t.Errorf("%+v = %q, want %q", tt.span, got, tt.want)
		}
	}
}
