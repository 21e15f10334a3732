package fake_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pi-manager/internal/fake"
)

// F4, F5, F6: with and without effect, the caller cannot tell which.
func TestSlackFaults(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		fault  fake.SlackFault
		status int
		body   string
		posted int
	}{
		{"posts, then errs", fake.SlackFault{Error: "internal_error", Effect: true}, 200, `"error":"internal_error"`, 1},
		{"errs without posting", fake.SlackFault{Error: "internal_error"}, 200, `"error":"internal_error"`, 0},
		{"HTML 502", fake.SlackFault{Status: 502, Body: "<html>bad gateway"}, 502, "<html>", 0},
		{"200 with HTML after effect", fake.SlackFault{Body: "<html>proxy", Effect: true}, 200, "<html>", 1},
		{"cut JSON", fake.SlackFault{Truncate: 20, Effect: true}, 200, "{", 1},
		{"cut before effect", fake.SlackFault{Cut: true}, 0, "", 0},
		{"cut after effect", fake.SlackFault{Cut: true, Effect: true}, 0, "", 1},
		{"rate_limited with 200", fake.SlackFault{Error: "rate_limited"}, 200, "rate_limited", 0},
		{"odd header", fake.SlackFault{Status: 429, Error: "ratelimited", Header: http.Header{"Retry-After": {"-1"}}}, 429, "ratelimited", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newSlackCaller(t)
			c.s.Inject(tt.fault)
			status, header, body, err := c.raw("chat.postMessage", fake.SlackToken, "channel", fake.SlackChannelID, "text", "t")
			switch {
			case tt.status == 0 && err == nil:
				t.Errorf("an answer came: %s", body)
			case tt.status != 0 && err != nil:
				t.Fatal(err)
			case tt.status != 0 && (status != tt.status || !strings.Contains(body, tt.body)):
				t.Errorf("answer %d %q", status, body)
			}
			if header.Get("Retry-After") != tt.fault.Header.Get("Retry-After") {
				t.Errorf("Retry-After %q", header.Get("Retry-After"))
			}
			if got := len(c.s.Messages()); got != tt.posted {
				t.Errorf("%d messages posted, want %d", got, tt.posted)
			}
		})
	}
}

func TestSlackFaultsCountCalls(t *testing.T) {
	t.Parallel()
	c := newSlackCaller(t)
	c.s.Inject(fake.SlackFault{Method: "chat.postMessage", Skip: 1, Times: 2, Error: "fatal_error"})
	var got []string
	for range 4 {
		c.call("auth.test")
		got = append(got, c.post("text", "t").Error)
	}
	if diff := cmp.Diff([]string{"", "fatal_error", "fatal_error", ""}, got); diff != "" {
		t.Error(diff)
	}
}

func TestSlackHooksSeeEachSideOfTheEffect(t *testing.T) {
	t.Parallel()
	c := newSlackCaller(t)
	before, after := -1, -1
	c.s.Before(func(fake.SlackCall) { before = len(c.s.Messages()) })
	c.s.After(func(call fake.SlackCall) { after = len(c.s.Messages()) + 10*call.N })
	c.post("text", "t")
	if before != 0 || after != 11 {
		t.Errorf("messages before %d and after %d", before, after)
	}
	if got := c.s.Count("chat.postMessage"); got != 1 || len(c.s.Calls()) != 1 {
		t.Errorf("%d calls counted", got)
	}
}

// F16: the fake finds every live part, so that a test can say "these and no other".
func TestSlackEntities(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text   string
		params []string
		want   []fake.SlackEntity
	}{
		{"&lt;!channel&gt; &amp;", nil, nil},
		{"<@U0ABCDE> and <!here|x>", nil, []fake.SlackEntity{{Kind: "user", Target: "U0ABCDE", Where: "text"}, {Kind: "broadcast", Target: "here", Where: "text"}}},
		{"`<!channel>`", nil, []fake.SlackEntity{{Kind: "broadcast", Target: "channel", Where: "text"}}},
		{"<http://evil|click>", nil, []fake.SlackEntity{{Kind: "link", Target: "http://evil", Where: "text"}}},
		{"<!subteam^S1> <#C1>", nil, []fake.SlackEntity{{Kind: "group", Target: "S1", Where: "text"}, {Kind: "channel", Target: "C1", Where: "text"}}},
		{"see https://evil.example", nil, []fake.SlackEntity{{Kind: "link", Target: "https://evil.example", Where: "text"}}},
		{"@here", nil, nil},
		{"@here", []string{"parse", "full"}, []fake.SlackEntity{{Kind: "broadcast", Target: "here", Where: "text"}}},
		{"t", []string{"blocks", `[{"type":"section","text":{"type":"mrkdwn","text":"www.evil.example @here"}}]`}, []fake.SlackEntity{
			{Kind: "link", Target: "www.evil.example", Where: "blocks"}, {Kind: "broadcast", Target: "here", Where: "blocks"}}},
		{"t", []string{"blocks", `[{"type":"section","text":{"type":"mrkdwn","verbatim":true,"text":"www.evil.example @here"}}]`}, nil},
		{"t", []string{"blocks", `[{"type":"header","text":{"type":"plain_text","text":"<!here>"}}]`}, nil},
	} {
		c := newSlackCaller(t)
		if got := c.post(append([]string{"text", tt.text}, tt.params...)...); !got.OK {
			t.Fatalf("%q: %+v", tt.text, got)
		}
		if diff := cmp.Diff(tt.want, c.s.Messages()[0].Entities); diff != "" {
			t.Errorf("%q %v: %s", tt.text, tt.params, diff)
		}
	}
}
