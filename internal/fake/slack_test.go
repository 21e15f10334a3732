package fake_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pi-manager/internal/fake"
)

// slackCaller calls the fake as a client would, over its socket.
type slackCaller struct {
	t *testing.T
	s *fake.Slack
}

type slackReply struct {
	Status   int
	Header   http.Header
	OK       bool   `json:"ok"`
	Error    string `json:"error"`
	Needed   string `json:"needed"`
	Provided string `json:"provided"`
	TS       string `json:"ts"`
	HasMore  bool   `json:"has_more"`
	Message  struct {
		Text     string `json:"text"`
		ThreadTS string `json:"thread_ts"`
	} `json:"message"`
	Messages []struct {
		TS       string          `json:"ts"`
		ThreadTS string          `json:"thread_ts"`
		Metadata json.RawMessage `json:"metadata"`
	} `json:"messages"`
	User    json.RawMessage `json:"user"`
	Channel json.RawMessage `json:"channel"`
	Cursor  struct {
		Next string `json:"next_cursor"`
	} `json:"response_metadata"`
}

func newSlackCaller(t *testing.T) slackCaller {
	t.Helper()
	return slackCaller{t: t, s: fake.NewSlack(t)}
}

// raw sends a call and returns the answer as it came.
func (c slackCaller) raw(method, token string, params ...string) (int, http.Header, string, error) {
	c.t.Helper()
	form := url.Values{"token": {token}}
	for i := 0; i < len(params); i += 2 {
		form.Set(params[i], params[i+1])
	}
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.s.URL+method, strings.NewReader(form.Encode()))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, resp.Header, string(body), err
}

func (c slackCaller) call(method string, params ...string) slackReply {
	c.t.Helper()
	status, header, body, err := c.raw(method, fake.SlackToken, params...)
	if err != nil {
		c.t.Fatalf("%s: %v", method, err)
	}
	reply := slackReply{}
	if err := json.Unmarshal([]byte(body), &reply); err != nil {
		c.t.Fatalf("%s answered %q: %v", method, body, err)
	}
	reply.Status, reply.Header = status, header
	return reply
}

func (c slackCaller) post(params ...string) slackReply {
	c.t.Helper()
	return c.call("chat.postMessage", append([]string{"channel", fake.SlackChannelID}, params...)...)
}

func TestSlackKeepsWhatIsPosted(t *testing.T) {
	t.Parallel()
	c := newSlackCaller(t)
	parent := c.post("text", "hello &amp; <@U0ABCDE>", "unfurl_links", "false")
	reply := c.post("text", "details", "thread_ts", parent.TS)
	if !parent.OK || !reply.OK || reply.Message.ThreadTS != parent.TS {
		t.Fatalf("parent %+v, reply %+v", parent, reply)
	}
	seen := c.s.Messages()
	if len(seen) != 2 || seen[0].Rendered != "hello & @U0ABCDE" || seen[1].ThreadTS != parent.TS {
		t.Fatalf("messages %+v", seen)
	}
	if got := seen[0].Params.Get("unfurl_links"); got != "false" {
		t.Errorf("unfurl_links = %q, want it recorded as sent", got)
	}
	if _, leaked := seen[0].Params["token"]; leaked {
		t.Error("the token was kept with the message")
	}
	if got := len(c.s.Thread(parent.TS)); got != 1 {
		t.Errorf("thread has %d replies, want 1", got)
	}
}

func TestSlackRefusesTokensAndNeverEchoesThem(t *testing.T) {
	t.Parallel()
	c := newSlackCaller(t)
	for token, want := range map[string]string{"": "not_authed", "xoxb-canary-wrong": "invalid_auth"} {
		_, _, body, err := c.raw("auth.test", token)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(body, want) || strings.Contains(body, "canary") {
			t.Errorf("token %q answered %s, want %s and no echo", token, body, want)
		}
	}
}

func TestSlackEnforcesBlockLimits(t *testing.T) {
	t.Parallel()
	section := func(n int) string {
		return fmt.Sprintf(`{"type":"section","text":{"type":"mrkdwn","text":%q}}`, strings.Repeat("x", n))
	}
	header := func(n int) string {
		return fmt.Sprintf(`{"type":"header","text":{"type":"plain_text","text":%q}}`, strings.Repeat("x", n))
	}
	many := func(block string, n int) string { return strings.TrimSuffix(strings.Repeat(block+",", n), ",") }
	field := func(n int) string { return fmt.Sprintf(`{"type":"mrkdwn","text":%q}`, strings.Repeat("x", n)) }
	for _, tt := range []struct{ name, blocks, want string }{
		{"section at the limit", section(3000), ""},
		{"section above the limit", section(3001), "invalid_blocks"},
		{"empty section", section(0), "invalid_blocks"},
		{"blank section", strings.Replace(section(2), "xx", `\n `, 1), "invalid_blocks"},
		{"header at the limit", header(150), ""},
		{"header above the limit", header(151), "invalid_blocks"},
		{"fifty blocks", many(section(1), 50), ""},
		{"fifty-one blocks", many(section(1), 51), "invalid_blocks"},
		{"total at the limit", many(section(2400), 4), ""},
		{"total above the limit", many(section(2401), 4), "msg_blocks_too_long"},
		{"ten fields", `{"type":"section","fields":[` + many(field(900), 10) + `]}`, ""},
		{"eleven fields", `{"type":"section","fields":[` + many(field(1), 11) + `]}`, "invalid_blocks"},
		{"field above the limit", `{"type":"section","fields":[` + field(2001) + `]}`, "invalid_blocks"},
		{"eleven context elements", `{"type":"context","elements":[` + many(field(1), 11) + `]}`, "invalid_blocks"},
		{"block_id above the limit", `{"type":"divider","block_id":"` + strings.Repeat("x", 256) + `"}`, "invalid_blocks"},
		{"block_id twice", many(`{"type":"divider","block_id":"a"}`, 2), "invalid_blocks"},
		{"a kind not rolled out", `{"type":"data_visualization"}`, "invalid_blocks"},
		{"no JSON", `{`, "invalid_blocks_format"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newSlackCaller(t)
			got := c.post("text", "t", "blocks", "["+tt.blocks+"]")
			if got.Error != tt.want || got.OK != (tt.want == "") {
				t.Errorf("answer %+v, want error %q", got, tt.want)
			}
		})
	}
}

func TestSlackNotesSins(t *testing.T) {
	t.Parallel()
	c := newSlackCaller(t)
	c.post("blocks", `[{"type":"divider"}]`)  // F15
	c.post("text", strings.Repeat("x", 4001)) // F12
	parent := c.post("text", "parent").TS     //
	reply := c.post("text", "r", "thread_ts", parent).TS
	c.post("text", "reply to a reply", "thread_ts", reply) // F20
	c.call("chat.postEphemeral")                           // F101
	sins := strings.Join(c.s.Sins(), "\n")
	for _, want := range []string{"no_text", "advised 4000", "replies to the reply", "chat.postEphemeral"} {
		if !strings.Contains(sins, want) {
			t.Errorf("sins %q lack %q", sins, want)
		}
	}
	if got := len(c.s.Sins()); got != 4 {
		t.Errorf("%d sins, want 4", got)
	}
}

func TestSlackTruncatesLongText(t *testing.T) {
	t.Parallel()
	c := newSlackCaller(t)
	c.post("text", strings.Repeat("x", 40001))
	if got := len(c.s.Messages()[0].Text); got != 40000 {
		t.Errorf("stored %d characters, want 40000", got)
	}
	if got := c.post().Error; got != "no_text" {
		t.Errorf("a message of nothing: %q, want no_text", got)
	}
}

// F1, F3: one message a second and channel after a short burst.
func TestSlackLimitsTheRate(t *testing.T) {
	t.Parallel()
	c := newSlackCaller(t)
	now := time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)
	c.s.SetClock(func() time.Time { return now })
	c.s.SetRate(1, 2)
	for range 2 {
		if got := c.post("text", "t"); !got.OK {
			t.Fatalf("burst: %+v", got)
		}
	}
	got := c.post("text", "t")
	if got.Status != http.StatusTooManyRequests || got.Error != "ratelimited" || got.Header.Get("Retry-After") != "1" {
		t.Fatalf("third message: %+v", got)
	}
	now = now.Add(time.Second)
	if got := c.post("text", "t"); !got.OK {
		t.Errorf("a second later: %+v", got)
	}
	if got := len(c.s.Messages()); got != 3 {
		t.Errorf("%d messages, want 3: the refused one must leave no trace", got)
	}
}

func TestSlackMetadata(t *testing.T) {
	t.Parallel()
	c := newSlackCaller(t)
	meta := `{"event_type":"pi_manager_message","event_payload":{"run":"r"}}`
	c.post("text", "t", "metadata", meta)
	for _, tt := range []struct{ all, want string }{{"1", meta}, {"0", ""}} {
		got := c.call("conversations.history", "channel", fake.SlackChannelID, "include_all_metadata", tt.all)
		if len(got.Messages) != 1 || string(got.Messages[0].Metadata) != tt.want {
			t.Errorf("include_all_metadata=%s: %+v, want %q", tt.all, got.Messages, tt.want)
		}
	}
	for bad, want := range map[string]string{ // F24
		`{`: "invalid_metadata_format", `{"event_type":"a b","event_payload":{}}`: "invalid_metadata_schema",
		`{"event_type":"a"}`: "invalid_metadata_schema", `"` + strings.Repeat("x", 8000) + `"`: "metadata_too_large",
	} {
		if got := c.post("text", "t", "metadata", bad); got.Error != want {
			t.Errorf("metadata %.40s: %q, want %s", bad, got.Error, want)
		}
	}
}

// F19: the answer is ok, only thread_ts is missing.
func TestSlackReplyToDeletedParentLandsAtTopLevel(t *testing.T) {
	t.Parallel()
	c := newSlackCaller(t)
	parent := c.post("text", "parent").TS
	c.s.Remove(fake.SlackChannelID, parent)
	got := c.post("text", "orphan", "thread_ts", parent)
	if !got.OK || got.TS == "" || got.Message.ThreadTS != "" {
		t.Errorf("reply to a deleted parent: %+v", got)
	}
	if seen := c.s.Messages(); len(seen) != 1 || seen[0].ThreadTS != "" {
		t.Errorf("people see %+v, want one orphan at top level", seen)
	}
	if got := c.call("conversations.replies", "channel", fake.SlackChannelID, "ts", parent).Error; got != "thread_not_found" {
		t.Errorf("replies of a deleted parent: %q", got)
	}
}

// F8: newest first, fewer than asked, cursor to the end, nothing twice although messages arrive meanwhile.
func TestSlackHistoryPages(t *testing.T) {
	t.Parallel()
	c := newSlackCaller(t)
	c.s.SetPageSize(3)
	var want []string
	for i := range 8 {
		want = append([]string{c.s.Say(fake.SlackChannelID, fmt.Sprint(i), "")}, want...)
	}
	c.s.Say(fake.SlackChannelID, "in a thread", want[0])
	var got []string
	for cursor := ""; ; {
		page := c.call("conversations.history", "channel", fake.SlackChannelID, "limit", "200", "cursor", cursor)
		for _, m := range page.Messages {
			got = append(got, m.TS)
		}
		c.s.Say(fake.SlackChannelID, "meanwhile", "")
		if cursor = page.Cursor.Next; cursor == "" {
			break
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	older := c.call("conversations.history", "channel", fake.SlackChannelID, "oldest", want[2], "latest", want[0])
	if len(older.Messages) != 1 || older.Messages[0].TS != want[1] {
		t.Errorf("between oldest and latest: %+v", older.Messages)
	}
}

func TestSlackRepliesParentFirst(t *testing.T) {
	t.Parallel()
	c := newSlackCaller(t)
	c.s.SetPageSize(2)
	parent := c.s.Say(fake.SlackChannelID, "p", "")
	one, two := c.s.Say(fake.SlackChannelID, "1", parent), c.s.Say(fake.SlackChannelID, "2", parent)
	first := c.call("conversations.replies", "channel", fake.SlackChannelID, "ts", parent)
	second := c.call("conversations.replies", "channel", fake.SlackChannelID, "ts", parent, "cursor", first.Cursor.Next)
	if len(first.Messages) != 2 || first.Messages[0].TS != parent || first.Messages[1].TS != one {
		t.Errorf("first page %+v", first.Messages)
	}
	if len(second.Messages) != 1 || second.Messages[0].TS != two || second.HasMore {
		t.Errorf("second page %+v", second)
	}
}

// F7: a message is there, and history does not show it yet.
func TestSlackHistoryLags(t *testing.T) {
	t.Parallel()
	c := newSlackCaller(t)
	now := time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)
	c.s.SetClock(func() time.Time { return now })
	c.s.SetHistoryLag(2 * time.Second)
	c.post("text", "t")
	for _, want := range []int{0, 1} {
		if got := len(c.call("conversations.history", "channel", fake.SlackChannelID).Messages); got != want {
			t.Errorf("history shows %d, want %d", got, want)
		}
		now = now.Add(2 * time.Second)
	}
}

func TestSlackChannelsAndScopes(t *testing.T) {
	t.Parallel()
	c := newSlackCaller(t)
	c.s.PutChannel(fake.SlackChannel{ID: "C1", Name: "open"})
	c.s.PutChannel(fake.SlackChannel{ID: "C2", Name: "secret", Private: true})
	c.s.PutChannel(fake.SlackChannel{ID: "C3", Name: "old", Member: true, Archived: true})
	for channel, want := range map[string]string{
		"C1": "not_in_channel", "C2": "channel_not_found", "C3": "is_archived", "C9": "channel_not_found",
	} {
		if got := c.call("chat.postMessage", "channel", channel, "text", "t").Error; got != want {
			t.Errorf("%s: %q, want %s", channel, got, want)
		}
	}
	if got := c.call("conversations.info", "channel", "C1"); !strings.Contains(string(got.Channel), `"is_member":false`) {
		t.Errorf("info of C1: %s", got.Channel)
	}
	c.s.SetScopes("chat:write", "channels:history")
	if got := c.call("auth.test").Header.Get("X-Oauth-Scopes"); got != "chat:write,channels:history" {
		t.Errorf("X-OAuth-Scopes %q", got)
	}
	got := c.call("users.lookupByEmail", "email", "a@example.com")
	if got.Error != "missing_scope" || got.Needed != "users:read.email" || got.Provided != "chat:write,channels:history" {
		t.Errorf("lookup without scope: %+v", got)
	}
}

func TestSlackMembers(t *testing.T) {
	t.Parallel()
	c := newSlackCaller(t)
	c.s.PutUser(fake.SlackUser{ID: "U0000AAA", Email: "a@example.com", Deleted: true})
	got := c.call("users.lookupByEmail", "email", "a@example.com")
	if user := string(got.User); !strings.Contains(user, `"id":"U0000AAA"`) || !strings.Contains(user, `"deleted":true`) {
		t.Errorf("lookup: %s", user)
	}
	if got := c.call("users.lookupByEmail", "email", "b@example.com").Error; got != "users_not_found" {
		t.Errorf("stranger: %q", got)
	}
}

func TestSlackUpdateAndDelete(t *testing.T) {
	t.Parallel()
	c := newSlackCaller(t)
	mine, theirs := c.post("text", "old").TS, c.s.Say(fake.SlackChannelID, "theirs", "")
	for _, tt := range []struct{ method, ts, want string }{
		{"chat.update", theirs, "cant_update_message"}, {"chat.update", "1.000000", "message_not_found"},
		{"chat.update", mine, ""}, {"chat.delete", theirs, "cant_delete_message"},
		{"chat.delete", mine, ""}, {"chat.delete", mine, "message_not_found"},
	} {
		if got := c.call(tt.method, "channel", fake.SlackChannelID, "ts", tt.ts, "text", "new").Error; got != tt.want {
			t.Errorf("%s %s: %q, want %q", tt.method, tt.ts, got, tt.want)
		}
	}
	if seen := c.s.Messages(); len(seen) != 1 || seen[0].TS != theirs {
		t.Errorf("people see %+v", seen)
	}
}
