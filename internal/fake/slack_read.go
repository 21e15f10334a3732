package fake

import (
	"cmp"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

func slackRefuse(name string) *slackAnswer {
	answer := slackFail(name)
	return &answer
}

// missingScope refuses a call unless the bot has one of the scopes.
func (s *Slack) missingScope(anyOf ...string) *slackAnswer {
	for _, scope := range anyOf {
		if slices.Contains(s.scopes, scope) {
			return nil
		}
	}
	answer := slackFail("missing_scope").with("needed", anyOf[0]).with("provided", strings.Join(s.scopes, ","))
	return &answer
}

// authTest is auth.test. The scopes stand in a header.
func (s *Slack) authTest(SlackCall) slackAnswer {
	answer := slackOK(map[string]any{
		"url": "https://fake.slack.example/", "team": "Fake", "user": "pi-manager", "team_id": slackTeam,
		"user_id": slackBotUser, "bot_id": slackBotID,
	})
	answer.header = http.Header{"X-Oauth-Scopes": {strings.Join(s.scopes, ",")}}
	return answer
}

// readable finds a channel whose messages the bot may read.
func (s *Slack) readable(id string) (*SlackChannel, *slackAnswer) {
	channel := s.visible(id)
	if channel == nil {
		return nil, slackRefuse("channel_not_found")
	}
	scope := "channels:history"
	if channel.Private {
		scope = "groups:history"
	}
	if refusal := s.missingScope(scope); refusal != nil {
		return nil, refusal
	}
	if !channel.Member {
		return nil, slackRefuse("not_in_channel")
	}
	return channel, nil
}

// history is conversations.history: the top level of a channel, newest first.
func (s *Slack) history(call SlackCall) slackAnswer {
	channel, refusal := s.readable(call.Form.Get("channel"))
	if refusal != nil {
		return *refusal
	}
	top := s.shown(channel.ID, call.Form, func(m *SlackMessage) bool { return m.ThreadTS == "" })
	slices.Reverse(top)
	return s.pageOf(top, call.Form, func(ts, from string) bool { return ts <= from })
}

// replies is conversations.replies: the parent, then its replies, oldest first.
func (s *Slack) replies(call SlackCall) slackAnswer {
	channel, refusal := s.readable(call.Form.Get("channel"))
	if refusal != nil {
		return *refusal
	}
	parent := s.find(channel.ID, call.Form.Get("ts"))
	if parent == nil {
		return slackFail("thread_not_found")
	}
	thread := s.shown(channel.ID, call.Form, func(m *SlackMessage) bool { return m.ThreadTS == parent.TS })
	thread = append([]*SlackMessage{parent}, thread...)
	return s.pageOf(thread, call.Form, func(ts, from string) bool { return ts >= from })
}

// shown lists the messages of a channel that a reader can see by now, within oldest and latest, oldest first.
func (s *Slack) shown(channel string, form url.Values, want func(*SlackMessage) bool) []*SlackMessage {
	oldest, latest := cmp.Or(form.Get("oldest"), "0"), cmp.Or(form.Get("latest"), "9999999999.999999")
	inclusive := form.Get("inclusive") == "1" || form.Get("inclusive") == "true"
	within := func(ts string) bool {
		return slackLater(ts, oldest) && slackLater(latest, ts) || inclusive && (ts == oldest || ts == latest)
	}
	var found []*SlackMessage
	for _, m := range s.messages {
		late := s.now().Sub(m.posted) < s.lag
		if m.Channel == channel && !m.Deleted && !late && want(m) && within(m.TS) {
			found = append(found, m)
		}
	}
	return found
}

// slackLater compares timestamps, which people may give without a fraction.
func slackLater(a, b string) bool {
	x, errA := strconv.ParseFloat(a, 64)
	y, errB := strconv.ParseFloat(b, 64)
	return errA == nil && errB == nil && x > y
}

// pageOf answers with one page. The cursor names a timestamp, so that new messages shift nothing; from says whether a
// message belongs to the page that starts there.
func (s *Slack) pageOf(all []*SlackMessage, form url.Values, from func(ts, start string) bool) slackAnswer {
	start, ok := slackCursor(form.Get("cursor"))
	if !ok {
		return slackFail("invalid_cursor")
	}
	limit, err := strconv.Atoi(cmp.Or(form.Get("limit"), "100"))
	if err != nil || limit < 1 || limit > 999 {
		return slackFail("invalid_limit")
	}
	rest := slices.DeleteFunc(slices.Clone(all), func(m *SlackMessage) bool { return start != "" && !from(m.TS, start) })
	size := min(limit, s.page, len(rest))
	page, next := []map[string]any{}, ""
	for _, m := range rest[:size] {
		page = append(page, m.json(form.Get("include_all_metadata") == "1" || form.Get("include_all_metadata") == "true"))
	}
	if size < len(rest) {
		next = base64.StdEncoding.EncodeToString([]byte("next_ts:" + rest[size].TS))
	}
	return slackOK(map[string]any{
		"messages": page, "has_more": next != "", "response_metadata": map[string]any{"next_cursor": next},
	})
}

func slackCursor(cursor string) (ts string, ok bool) {
	raw, err := base64.StdEncoding.DecodeString(cursor)
	if err != nil {
		return "", false
	}
	ts, found := strings.CutPrefix(string(raw), "next_ts:")
	return ts, found || cursor == ""
}

// info is conversations.info.
func (s *Slack) info(call SlackCall) slackAnswer {
	channel := s.visible(call.Form.Get("channel"))
	if channel == nil {
		return slackFail("channel_not_found")
	}
	scope := "channels:read"
	if channel.Private {
		scope = "groups:read"
	}
	if refusal := s.missingScope(scope); refusal != nil {
		return *refusal
	}
	return slackOK(map[string]any{"channel": map[string]any{
		"id": channel.ID, "name": channel.Name, "is_channel": true, "is_private": channel.Private,
		"is_member": channel.Member, "is_archived": channel.Archived,
	}})
}

// lookup is users.lookupByEmail.
func (s *Slack) lookup(call SlackCall) slackAnswer {
	if refusal := s.missingScope("users:read.email"); refusal != nil {
		return *refusal
	}
	user, ok := s.users[call.Form.Get("email")]
	if !ok {
		return slackFail("users_not_found")
	}
	return slackOK(map[string]any{"user": map[string]any{
		"id": user.ID, "team_id": slackTeam, "name": user.Name, "deleted": user.Deleted,
		"profile": map[string]any{"email": user.Email, "real_name": user.Name},
	}})
}
