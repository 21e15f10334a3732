package slack

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"pi-manager/internal/brief"
)

// Limits of a message, in bytes. Slack counts characters without saying which;
// bytes are never fewer. Slack refuses a header above 150, a section above
// 3,000, a context element above 2,000, more than 50 blocks, and all blocks
// together somewhere above 9,600 (reported: slackapi/bolt-js#2509). It advises
// text up to 4,000.
const (
	textLimit    = 3900
	headerLimit  = 150
	sectionLimit = 3000
	contextLimit = 2000
	blocksLimit  = 50
	totalLimit   = 9000
)

// markerRoom is kept free for the "(2/3)" of a message in several parts.
const markerRoom = 32

// block is one block of Block Kit: its look and its text, ready to be sent.
type block struct {
	kind brief.Kind
	text string
}

// part is one message of Slack. Without blocks the text is all there is.
type part struct {
	no, of int
	text   string
	blocks []block
}

// blockParts lays a message out in blocks, in as few parts as hold it. Every
// part carries the summary as the text that notifications show, which leaves
// spare bytes free.
func blockParts(m brief.Message, spare int) []part {
	blocks := layout(m)
	groups := [][]block{blocks}
	if len(blocks) > blocksLimit || total(blocks) > totalLimit {
		groups = pack(blocks, totalLimit-markerRoom, blocksLimit-1, func(b block) int { return len(b.text) })
	}
	parts := make([]part, 0, len(groups))
	for i, group := range groups {
		p := part{no: i + 1, of: len(groups), blocks: group}
		if p.of > 1 {
			p.blocks = slices.Concat(group, []block{{kind: brief.Context, text: p.marker()}})
		}
		p.text = shorten(summary(m), textLimit-markerRoom-spare) + p.suffix()
		parts = append(parts, p)
	}
	return parts
}

// textParts lays the same message out as plain rows, for a workspace that
// refuses its blocks. Every part leaves spare bytes free.
func textParts(m brief.Message, spare int) []part {
	room := textLimit - markerRoom - spare
	var all []string
	for _, b := range m.Blocks {
		for _, line := range b.Lines {
			all = append(all, rows(line, room)...)
		}
	}
	groups := pack(all, room, len(all), rowSize)
	if len(groups) == 0 {
		groups = [][]string{{shorten(summary(m), room)}}
	}
	parts := make([]part, 0, len(groups))
	for i, group := range groups {
		p := part{no: i + 1, of: len(groups)}
		p.text = strings.Join(group, "\n") + p.suffix()
		parts = append(parts, p)
	}
	return parts
}

func (p part) marker() string { return fmt.Sprintf("(%d/%d)", p.no, p.of) }

// suffix is the marker as the end of a text; a message in one part needs none.
func (p part) suffix() string {
	if p.of == 1 {
		return ""
	}
	return "\n" + p.marker()
}

// layout turns the message into blocks, each within its own limit.
func layout(m brief.Message) []block {
	var blocks []block
	for _, b := range m.Blocks {
		if b.Kind == brief.Header {
			blocks = append(blocks, headers(b.Lines)...)
			continue
		}
		blocks = append(blocks, paragraphs(b.Kind, b.Lines)...)
	}
	return blocks
}

// headers makes one header a line, or a bold section of a line that is too long for one.
func headers(lines []brief.Line) []block {
	var blocks []block
	for _, line := range lines {
		text := headline(line)
		switch {
		case len(text) > headerLimit:
			blocks = append(blocks, paragraphs(brief.Section, []brief.Line{bold(line)})...)
		case text != "":
			blocks = append(blocks, block{kind: brief.Header, text: text})
		}
	}
	return blocks
}

// paragraphs packs lines into as few blocks as hold them. Blank ones are left
// out: Slack refuses them.
func paragraphs(kind brief.Kind, lines []brief.Line) []block {
	limit := sectionLimit
	if kind == brief.Context {
		limit = contextLimit
	}
	var all []string
	for _, line := range lines {
		all = append(all, rows(line, limit)...)
	}
	var blocks []block
	for _, group := range pack(all, limit, len(all), rowSize) {
		if text := strings.Join(group, "\n"); strings.TrimSpace(text) != "" {
			blocks = append(blocks, block{kind: kind, text: text})
		}
	}
	return blocks
}

// rowSize counts a row with the line break that may follow it.
func rowSize(row string) int { return len(row) + 1 }

// pack puts items into groups, in order, so that a group's sizes add up to limit
// at most and it holds count items at most. An item above the limit is alone.
func pack[T any](items []T, limit, count int, size func(T) int) [][]T {
	var groups [][]T
	filled := 0
	for i, item := range items {
		n := size(item)
		if i == 0 || filled+n > limit || len(groups[len(groups)-1]) == count {
			groups = append(groups, nil)
			filled = 0
		}
		last := len(groups) - 1
		groups[last] = append(groups[last], item)
		filled += n
	}
	return groups
}

func total(blocks []block) int {
	n := 0
	for _, b := range blocks {
		n += len(b.text)
	}
	return n
}

// summary is the text of notifications; it is never blank unless the message is.
func summary(m brief.Message) string {
	text := strings.TrimSpace(clean(m.Summary))
	return prose(cmp.Or(text, strings.TrimSpace(clean(m.String()))))
}

// shorten cuts text to limit bytes, never through a character or an escape.
func shorten(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	const ellipsis = "…"
	end := limit - len(ellipsis)
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	if amp := strings.LastIndexByte(text[:end], '&'); amp >= 0 && !strings.Contains(text[amp:end], ";") {
		end = amp
	}
	return text[:end] + ellipsis
}
