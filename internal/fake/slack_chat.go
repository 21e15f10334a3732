package fake

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// SlackMessage is a message as the workspace keeps it and as a person would see it.
type SlackMessage struct {
	Channel, TS string
	// ThreadTS is the parent's TS for a message in a thread, else empty.
	ThreadTS string
	// Bot says that the app under test posted it.
	Bot bool
	// Text is the stored fallback, Blocks the blocks as they came, Metadata the message metadata (JSON or empty).
	Text     string
	Blocks   json.RawMessage
	Metadata json.RawMessage
	// Rendered is what a person reads: the blocks, or the text where there are none, with entities resolved.
	Rendered string
	// Entities are the live parts: whoever is notified, whatever can be clicked.
	Entities []SlackEntity
	// Params are the request's parameters, without the token.
	Params  url.Values
	Edited  bool
	Deleted bool

	posted time.Time
}

var slackTimestamp = regexp.MustCompile(`^\d{1,12}\.\d{6}$`)

// post is chat.postMessage.
func (s *Slack) post(call SlackCall) slackAnswer {
	if refusal := s.refusePost(call.Form); refusal != nil {
		return *refusal
	}
	m := &SlackMessage{
		Channel:  call.Form.Get("channel"),
		ThreadTS: s.livingParent(call.Form.Get("channel"), call.Form.Get("thread_ts")),
		Bot:      true,
		Metadata: json.RawMessage(call.Form.Get("metadata")),
		Params:   maps.Clone(call.Form),
	}
	s.fill(m, call.Form)
	s.keep(m)
	s.noteSins(m)
	return slackOK(map[string]any{"channel": m.Channel, "ts": m.TS, "message": m.json(true)})
}

// refusePost returns Slack's refusal of a message, in the order in which Slack checks.
func (s *Slack) refusePost(form url.Values) *slackAnswer {
	channel, refusal := s.writable(form.Get("channel"))
	if refusal != nil {
		return refusal
	}
	if !channel.Member && !slices.Contains(s.scopes, "chat:write.public") {
		return slackRefuse("not_in_channel")
	}
	if name := slackContentError(form); name != "" {
		return slackRefuse(name)
	}
	if ts := form.Get("thread_ts"); ts != "" && !slackTimestamp.MatchString(ts) {
		return slackRefuse("invalid_thread_ts")
	}
	return nil
}

// writable finds a channel that may be posted to.
func (s *Slack) writable(id string) (*SlackChannel, *slackAnswer) {
	if refusal := s.missingScope("chat:write"); refusal != nil {
		return nil, refusal
	}
	channel := s.visible(id)
	switch {
	case channel == nil:
		return nil, slackRefuse("channel_not_found")
	case channel.Archived:
		return nil, slackRefuse("is_archived")
	}
	return channel, nil
}

// visible returns a channel that exists for the bot, or nil.
func (s *Slack) visible(id string) *SlackChannel {
	c := s.channels[id]
	if c == nil || c.Private && !c.Member {
		return nil
	}
	return c
}

func slackContentError(form url.Values) string {
	if form.Get("text") == "" && form.Get("blocks") == "" {
		return "no_text"
	}
	if _, name := slackParseBlocks(form.Get("blocks")); name != "" {
		return name
	}
	return slackMetadataError(form.Get("metadata"))
}

// livingParent returns the thread to post into. A reply to a parent that is gone lands at the top level of the
// channel and is answered with ok:true (F19).
func (s *Slack) livingParent(channel, ts string) string {
	if ts == "" || s.find(channel, ts) == nil {
		return ""
	}
	return ts
}

func (s *Slack) find(channel, ts string) *SlackMessage {
	for _, m := range s.messages {
		if m.Channel == channel && m.TS == ts && !m.Deleted {
			return m
		}
	}
	return nil
}

// fill takes the content of a message from a request.
func (s *Slack) fill(m *SlackMessage, form url.Values) {
	m.Text = form.Get("text")
	if len(m.Text) > slackTextTruncated {
		m.Text = strings.ToValidUTF8(m.Text[:slackTextTruncated], "")
	}
	if s.mutate != nil {
		m.Text = s.mutate(m.Text)
	}
	m.Blocks = json.RawMessage(form.Get("blocks"))
	blocks, _ := slackParseBlocks(form.Get("blocks")) // refused before when wrong
	m.Rendered = slackRender(blocks, m.Text)
	m.Entities = slackEntities(blocks, m.Text, form)
}

// keep gives a message its timestamp, which is unique in the workspace, and stores it.
func (s *Slack) keep(m *SlackMessage) {
	m.posted = s.now()
	s.lastTS = max(s.lastTS+1, m.posted.UnixMicro())
	m.TS = fmt.Sprintf("%d.%06d", s.lastTS/1e6, s.lastTS%1e6)
	s.messages = append(s.messages, m)
}

func (s *Slack) noteSins(m *SlackMessage) {
	if m.Params.Get("text") == "" {
		s.sinf("message %s: no_text: blocks without text give an empty notification", m.TS)
	}
	if n := len(m.Params.Get("text")); n > slackTextAdvised {
		s.sinf("message %s: text of %d is longer than the advised %d", m.TS, n, slackTextAdvised)
	}
	if parent := s.find(m.Channel, m.ThreadTS); parent != nil && parent.ThreadTS != "" {
		s.sinf("message %s: replies to the reply %s", m.TS, parent.TS)
	}
}

// update is chat.update.
func (s *Slack) update(call SlackCall) slackAnswer {
	channel, refusal := s.writable(call.Form.Get("channel"))
	if refusal != nil {
		return *refusal
	}
	m := s.find(channel.ID, call.Form.Get("ts"))
	switch {
	case m == nil:
		return slackFail("message_not_found")
	case !m.Bot:
		return slackFail("cant_update_message")
	}
	if name := slackContentError(call.Form); name != "" {
		return slackFail(name)
	}
	s.fill(m, call.Form)
	m.Edited = true
	return slackOK(map[string]any{"channel": m.Channel, "ts": m.TS, "text": m.Text, "message": m.json(true)})
}

// delete is chat.delete. A bot deletes its own messages only.
func (s *Slack) delete(call SlackCall) slackAnswer {
	if refusal := s.missingScope("chat:write"); refusal != nil {
		return *refusal
	}
	channel := s.visible(call.Form.Get("channel"))
	if channel == nil {
		return slackFail("channel_not_found")
	}
	m := s.find(channel.ID, call.Form.Get("ts"))
	switch {
	case m == nil:
		return slackFail("message_not_found")
	case !m.Bot:
		return slackFail("cant_delete_message")
	}
	m.Deleted = true
	return slackOK(map[string]any{"channel": m.Channel, "ts": m.TS})
}

// json is the message object of an answer.
func (m *SlackMessage) json(metadata bool) map[string]any {
	object := map[string]any{"type": "message", "user": slackBotUser, "text": m.Text, "ts": m.TS, "team": slackTeam}
	if m.Bot {
		object["bot_id"] = slackBotID
	} else {
		object["user"] = "U0FAKEHUMAN"
	}
	if m.ThreadTS != "" {
		object["thread_ts"] = m.ThreadTS
		object["parent_user_id"] = slackBotUser
	}
	if len(m.Blocks) > 0 {
		object["blocks"] = m.Blocks
	}
	if metadata && len(m.Metadata) > 0 {
		object["metadata"] = m.Metadata
	}
	return object
}

// Messages returns the messages that people can see now, oldest first, threads in between.
func (s *Slack) Messages() []SlackMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	var seen []SlackMessage
	for _, m := range s.messages {
		if !m.Deleted {
			seen = append(seen, *m)
		}
	}
	return seen
}

// Thread returns the visible replies to a message, oldest first.
func (s *Slack) Thread(ts string) []SlackMessage {
	return slices.DeleteFunc(s.Messages(), func(m SlackMessage) bool { return m.ThreadTS != ts })
}

// Say posts a message as a person, into a thread if threadTS is set, and returns its timestamp.
func (s *Slack) Say(channel, text, threadTS string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := &SlackMessage{Channel: channel, ThreadTS: threadTS}
	s.fill(m, url.Values{"text": {text}})
	s.keep(m)
	return m.TS
}

// Remove deletes a message as a person with the right to do so.
func (s *Slack) Remove(channel, ts string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m := s.find(channel, ts); m != nil {
		m.Deleted = true
	}
}
