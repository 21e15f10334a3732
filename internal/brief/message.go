// Package brief turns a plan into the messages that people read: pure values in,
// neutral messages out.
//
// A Message knows no messenger. It is stored in the ledger's outbox when the run
// is committed, and rendered by package slack, or as plain text on a terminal.
package brief

import (
	"encoding/json"
	"strings"
	"unicode"
)

// Message is one message: a summary for notifications, and blocks of lines.
type Message struct {
	Summary string  `json:"summary"` // one plain sentence with the counts
	Blocks  []Block `json:"blocks"`
}

// Block is a group of lines that belong together.
type Block struct {
	Kind  Kind   `json:"kind"`
	Lines []Line `json:"lines"`
}

// Kind says how a block looks.
type Kind string

// The kinds of block.
const (
	Header  Kind = "header"  // one line of plain text, large
	Section Kind = "section" // lines of normal size
	Context Kind = "context" // small print
)

// Line is one line: spans, side by side.
type Line []Span

// Span is a piece of text with one look. Text is data: it is escaped by
// whatever renders it and can never become markup.
type Span struct {
	Style Style  `json:"style,omitempty"`
	Text  string `json:"text"`
	To    string `json:"to,omitempty"` // of a Mention the member id, of a Link the address
}

// Style is the look of a span.
type Style string

// The styles of a span.
const (
	Plain   Style = ""
	Bold    Style = "bold"
	Italic  Style = "italic"
	Code    Style = "code"    // ids: one look, whatever is in them
	Mention Style = "mention" // notifies the member To; Text is shown where that is not possible
	Link    Style = "link"    // Text that leads to the address To
)

// Post is one message handed over to be sent.
type Post struct {
	Tag     Tag
	Thread  string // the id of the message to reply to; empty for a message of its own
	Message Message
}

// Tag identifies a message of a run wherever it turns up again. It travels with
// the message as metadata that anybody can read, so it holds no order data.
type Tag struct {
	Run  string `json:"run"`
	Part string `json:"part"`
	Hash string `json:"hash"`
}

// Receipt says where a message was posted.
type Receipt struct {
	Channel string
	TS      string // the messenger's id of the message; a reply's Thread is one
}

// Sent is a message found in the channel's history.
type Sent struct {
	Tag     Tag
	Receipt Receipt
}

// String renders the message as plain text, for terminals and logs. Control and
// bidirectional characters are dropped, so data cannot move the cursor.
func (m Message) String() string {
	var b strings.Builder
	for i, block := range m.Blocks {
		if i > 0 && block.Kind != Context {
			b.WriteByte('\n')
		}
		for _, line := range block.Lines {
			b.WriteString(line.String())
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// String is the text of the line; an address follows its link in brackets.
func (l Line) String() string {
	var b strings.Builder
	for _, span := range l {
		b.WriteString(Printable(span.Text))
		if span.Style == Link && span.To != "" {
			b.WriteString(" <" + Printable(span.To) + ">")
		}
	}
	return b.String()
}

// Printable drops what could change how the text around it is shown: control
// characters, line breaks, zero-width and bidirectional ones. Invalid UTF-8
// becomes the replacement character.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			return ' '
		case r < 0x20 || r >= 0x7f && r < 0xa0:
			return -1
		case r >= 0x200b && r <= 0x200f, r >= 0x2028 && r <= 0x202e, r >= 0x2060 && r <= 0x206f, r == 0xfeff, r == 0xad:
			return -1
		case unicode.Is(unicode.Bidi_Control, r), r >= 0xe0000 && r <= 0xe007f:
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
}

// Encode is the form in which the outbox keeps the message.
func (m Message) Encode() (json.RawMessage, error) { return json.Marshal(m) }

// Decode reads what Encode wrote.
func Decode(body json.RawMessage) (Message, error) {
	var m Message
	err := json.Unmarshal(body, &m)
	return m, err
}
