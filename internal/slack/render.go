package slack

import (
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"pi-manager/internal/brief"
)

// addressLimit is the longest address that becomes a link, in bytes, escaped.
const addressLimit = 1000

// rows renders a line as mrkdwn: one row, or more where it is longer than limit
// bytes. A row is broken between spans, else within one; no text is dropped.
func rows(line brief.Line, limit int) []string {
	var done []string
	row := ""
	for _, span := range line {
		for _, bit := range cut(span, limit) {
			text := mrkdwn(bit)
			if row != "" && len(row)+len(text) > limit {
				done = append(done, row)
				row = ""
			}
			row += text
		}
	}
	return append(done, row)
}

// cut divides the text of a span so that each bit renders within limit bytes.
func cut(span brief.Span, limit int) []brief.Span {
	if len(mrkdwn(span)) <= limit {
		return []brief.Span{span}
	}
	bare := span
	bare.Text = "x"
	room := limit - len(mrkdwn(bare)) + 1
	var bits []brief.Span
	size, from := 0, 0
	for at, r := range span.Text {
		if size+grown(r) > room {
			bits = append(bits, brief.Span{Style: span.Style, To: span.To, Text: span.Text[from:at]})
			size, from = 0, at
		}
		size += grown(r)
	}
	return append(bits, brief.Span{Style: span.Style, To: span.To, Text: span.Text[from:]})
}

// grown is the most bytes that a character can become.
func grown(r rune) int {
	switch r {
	case '&':
		return len("&amp;")
	case '<', '>':
		return len("&lt;")
	default:
		return utf8.RuneLen(r)
	}
}

// mrkdwn renders a span. Whatever its text holds, it stays text: mentions and
// links come from the style alone, and only with a target of the right form.
func mrkdwn(span brief.Span) string {
	text := clean(span.Text)
	switch span.Style {
	case brief.Code:
		return around("`", strings.ReplaceAll(text, "`", ""))
	case brief.Bold:
		return around("*", text)
	case brief.Italic:
		return around("_", text)
	case brief.Mention:
		if memberID.MatchString(span.To) {
			return "<@" + span.To + ">"
		}
	case brief.Link:
		if target, ok := address(span.To); ok {
			return "<" + target + "|" + prose(text) + ">"
		}
	}
	return prose(text)
}

// around puts a mark at both ends of a text, inside its blanks: Slack takes
// "* x*" for two asterisks. Blank text gets no mark, nor does text that holds
// the mark itself: its look matters less than its letters.
func around(mark, text string) string {
	core := strings.TrimSpace(text)
	if core == "" || strings.Contains(core, mark) {
		return prose(text)
	}
	lead, tail, _ := strings.Cut(text, core)
	return lead + mark + prose(core) + mark + tail
}

// prose is text outside code. It may hold no backtick: mrkdwn has no escape for
// one, and three of them would swallow the rows that follow.
func prose(text string) string { return escape(strings.ReplaceAll(text, "`", "'")) }

// escape defuses the three characters that Slack's markup is made of.
// Source: https://docs.slack.dev/messaging/formatting-message-text (escaping).
func escape(text string) string {
	text = strings.ReplaceAll(text, "&", "&amp;") // first, or it would escape the others once more
	text = strings.ReplaceAll(text, "<", "&lt;")
	return strings.ReplaceAll(text, ">", "&gt;")
}

// clean makes text printable on one row; of the invisible characters, those that
// change direction or join words go too.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, brief.Printable(text))
}

var memberID = regexp.MustCompile(`^[UW][A-Z0-9]{5,}$`)

// address returns a link's target as mrkdwn wants it, if it is a web address.
func address(to string) (string, bool) {
	u, err := url.Parse(to)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || len(escape(to)) > addressLimit {
		return "", false
	}
	if clean(to) != to || strings.ContainsAny(to, " \"<>|`") {
		return "", false
	}
	return escape(to), true
}

// headline is the text of a header block, which knows no markup.
func headline(line brief.Line) string {
	var b strings.Builder
	for _, span := range line {
		b.WriteString(clean(span.Text))
	}
	return strings.TrimSpace(escape(b.String()))
}

// bold is a line in bold as a whole.
func bold(line brief.Line) brief.Line {
	var b strings.Builder
	for _, span := range line {
		b.WriteString(span.Text)
	}
	return brief.Line{{Style: brief.Bold, Text: b.String()}}
}
