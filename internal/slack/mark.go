package slack

import (
	"encoding/base64"
	"net/url"
	"regexp"
	"strconv"

	"github.com/slack-go/slack"

	"pi-manager/internal/brief"
)

// eventType names our kind of message metadata.
const eventType = "pi_manager_message"

// mark tells a message of ours from any other, wherever it turns up. It travels
// as message metadata, which every member can read: it holds no order data.
// A message that did not fit into one has parts no 1 to of.
type mark struct {
	tag    brief.Tag
	no, of int
}

func newMark(tag brief.Tag, p part) mark { return mark{tag: tag, no: p.no, of: p.of} }

// fields are the mark as names and values; a message in one part needs no numbers.
func (m mark) fields() map[string]string {
	fields := map[string]string{"run": m.tag.Run, "part": m.tag.Part, "hash": m.tag.Hash}
	if m.of > 1 {
		fields["no"], fields["of"] = strconv.Itoa(m.no), strconv.Itoa(m.of)
	}
	return fields
}

// metadata is the mark as Slack keeps it beside a message.
func (m mark) metadata() slack.SlackMetadata {
	payload := map[string]any{}
	for name, value := range m.fields() {
		payload[name] = value
	}
	return slack.SlackMetadata{EventType: eventType, EventPayload: payload}
}

// reference is the mark as text, for a workspace that refuses metadata. It is
// encoded so that Slack finds nothing in it to turn into a link.
func (m mark) reference() string {
	values := url.Values{}
	for name, value := range m.fields() {
		values.Set(name, value)
	}
	return "\nref " + base64.RawURLEncoding.EncodeToString([]byte(values.Encode()))
}

// lastReference is the reference at the end of a text.
var lastReference = regexp.MustCompile(`\nref ([A-Za-z0-9_-]+)\s*$`)

// readMark finds the mark of a message, in its metadata or at the end of its text.
func readMark(m slack.Message) (mark, bool) {
	if m.Metadata.EventType == eventType {
		return parseMark(func(name string) string {
			value, _ := m.Metadata.EventPayload[name].(string)
			return value
		})
	}
	reference := lastReference.FindStringSubmatch(m.Text)
	if reference == nil {
		return mark{}, false
	}
	raw, badCode := base64.RawURLEncoding.DecodeString(reference[1])
	values, badForm := url.ParseQuery(string(raw))
	if badCode != nil || badForm != nil {
		return mark{}, false
	}
	return parseMark(values.Get)
}

// parseMark builds a mark of its fields; ok is false where it names no run.
func parseMark(field func(string) string) (m mark, ok bool) {
	m = mark{tag: brief.Tag{Run: field("run"), Part: field("part"), Hash: field("hash")}, no: 1, of: 1}
	if no, err := strconv.Atoi(field("no")); err == nil {
		m.no = no
	}
	if of, err := strconv.Atoi(field("of")); err == nil {
		m.of = of
	}
	return m, m.tag.Run != ""
}
