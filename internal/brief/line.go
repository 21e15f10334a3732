package brief

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"pi-manager/internal/ecm"
)

// number is a count in front of its noun, the way every line of a message leads with it.
func number(n int) Span { return Span{Style: Bold, Text: ecm.GroupThousands(fmt.Sprint(n))} }

func plain(text string) Span  { return Span{Text: text} }
func bold(text string) Span   { return Span{Style: Bold, Text: text} }
func code(id string) Span     { return Span{Style: Code, Text: id} }
func italic(text string) Span { return Span{Style: Italic, Text: text} }

// counted is "12 orders", "1 order".
func counted(n int, one, many string) Line {
	if n == 1 {
		return Line{number(n), plain(" " + one)}
	}
	return Line{number(n), plain(" " + many)}
}

// dots joins parts of a line with a middle dot; empty ones are left out.
func dots(parts ...Line) Line {
	var line Line
	for _, part := range parts {
		if len(part) == 0 {
			continue
		}
		if len(line) > 0 {
			line = append(line, plain(" · "))
		}
		line = append(line, part...)
	}
	return line
}

// size is the most that a line can take in any messenger's markup: in bytes,
// with &, < and > written out, with the marks of its styles and a line break.
func (l Line) size() int {
	n := 1
	for _, span := range l {
		n += len(span.Text) + 4*strings.Count(span.Text, "&") + 3*strings.Count(span.Text, "<") + 3*strings.Count(span.Text, ">")
		if span.Style != Plain {
			n += 2 + len(span.To) + 3
		}
	}
	return n
}

// fit takes lines as long as they stay within room, and says how many it left out.
func fit(lines []Line, room int) (taken []Line, left, used int) {
	for i, line := range lines {
		if used+line.size() > room {
			return lines[:i], len(lines) - i, used
		}
		used += line.size()
	}
	return lines, 0, used
}

// listed puts parts behind a head, as many as stay within listRoom; rest says
// what stands for those from an index on.
func listed(head Line, separator string, parts []Line, rest func(from int) string) Line {
	const end = 40 // room for the rest
	line := slices.Clone(head)
	for i, part := range parts {
		if i > 0 {
			line = append(line, plain(separator))
		}
		if line.size()+part.size()+end > listRoom {
			return append(line, plain(rest(i)))
		}
		line = append(line, part...)
	}
	return line
}

// fitBlocks makes a section of each group, with as many of its lines as fit, and
// says how many lines were left out.
func fitBlocks(groups [][]Line, room int) []Block {
	const more = 60 // room for the line that says how many more there are
	var blocks []Block
	room -= more
	missing := 0
	for _, group := range groups {
		taken, left, used := fit(group, room)
		room, missing = room-used, missing+left
		if len(taken) > 0 {
			blocks = append(blocks, Block{Kind: Section, Lines: taken})
		}
	}
	if missing > 0 {
		blocks = append(blocks, Block{Kind: Context, Lines: []Line{{italic(fmt.Sprintf("and %d more, in the output of the run", missing))}}})
	}
	return blocks
}

// named is a text without blanks around it, or what stands for it where nothing can be seen of it.
func named(text, otherwise string) string {
	if text = strings.TrimSpace(text); text == "" {
		return otherwise
	}
	return text
}

// MemberID takes a Slack Handle cell that holds a member id, bare or as a mention.
func MemberID(handle string) (id string, ok bool) {
	id = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(handle), "<@"), ">")
	return id, regexp.MustCompile(`^[UW][A-Z0-9]{5,20}$`).MatchString(id)
}
