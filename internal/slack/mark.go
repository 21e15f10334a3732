package slack

import (
	"encoding/base64"
	"encoding/json"
	"regexp"

	"github.com/slack-go/slack"

	"pi-manager/internal/brief"
)

// eventType names our kind of message metadata.
const eventType = "pi_manager_message"

// mark tells a message of ours from any other, wherever it turns up. It travels
// as message metadata, which every member can read: it holds no order data.
// No and Of count the parts of a message that did not fit into one.
type mark struct {
	Run  string `json:"run"`
	Part string `json:"part"`
	Hash string `json:"hash"`
	No   int    `json:"no,omitempty"`
	Of   int    `json:"of,omitempty"`
}

func newMark(tag brief.Tag, p part) mark {
	m := mark{Run: tag.Run, Part: tag.Part, Hash: tag.Hash}
	if p.of > 1 {
		m.No, m.Of = p.no, p.of
	}
	return m
}

func (m mark) tag() brief.Tag { return brief.Tag{Run: m.Run, Part: m.Part, Hash: m.Hash} }

// metadata is the mark as Slack keeps it beside a message.
func (m mark) metadata() slack.SlackMetadata {
	payload := map[string]any{"run": m.Run, "part": m.Part, "hash": m.Hash}
	if m.Of > 1 {
		payload["no"], payload["of"] = m.No, m.Of
	}
	return slack.SlackMetadata{EventType: eventType, EventPayload: payload}
}

// reference is the mark as text, for a workspace that refuses metadata. It is
// encoded so that Slack finds nothing in it to turn into a link.
func (m mark) reference() string {
	body, _ := json.Marshal(m) // of strings and numbers: cannot fail
	return "\nref " + base64.RawURLEncoding.EncodeToString(body)
}

// lastReference is the reference at the end of a text.
var lastReference = regexp.MustCompile(`\nref ([A-Za-z0-9_-]+)\s*$`)

// readMark finds the mark of a message, in its metadata or at the end of its text.
func readMark(m slack.Message) (mark, bool) {
	body := []byte(nil)
	if m.Metadata.EventType == eventType {
		body, _ = json.Marshal(m.Metadata.EventPayload) // came out of JSON
	} else if ref := lastReference.FindStringSubmatch(m.Text); ref != nil {
		body, _ = base64.RawURLEncoding.DecodeString(ref[1]) // rubbish is no JSON, below
	}
	var found mark
	if json.Unmarshal(body, &found) != nil || found.Run == "" {
		return mark{}, false
	}
	return found, true
}
