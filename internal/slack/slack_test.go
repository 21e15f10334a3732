package slack_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"pi-manager/internal/brief"
	"pi-manager/internal/ecm"
	"pi-manager/internal/fake"
	"pi-manager/internal/slack"
)

// connect starts a workspace without rate limits and a client of it.
func connect(t *testing.T) (*fake.Slack, *slack.Client) {
	t.Helper()
	s := fake.NewSlack(t)
	s.SetRate(0, 0)
	return s, slack.New(settings(s))
}

func settings(s *fake.Slack) slack.Settings {
	return slack.Settings{Token: ecm.NewSecret(fake.SlackToken), Channel: fake.SlackChannelID, APIURL: s.URL}
}

// inProcess hands requests to the fake without a socket, so that a test can run on a virtual clock.
type inProcess struct{ s *fake.Slack }

func (p inProcess) RoundTrip(req *http.Request) (*http.Response, error) {
	rec := httptest.NewRecorder()
	p.s.ServeHTTP(rec, req)
	return rec.Result(), nil
}

// post is a short message with a tag of its own.
func post(part, thread string) brief.Post {
	return brief.Post{
		Tag:    brief.Tag{Run: "triage/2026-11-22T07:00", Part: part, Hash: "hash-of-" + part},
		Thread: thread,
		Message: brief.Message{
			Summary: "412 orders in the queue",
			Blocks:  []brief.Block{{Kind: brief.Section, Lines: []brief.Line{{{Text: "412 orders in the queue"}}}}},
		},
	}
}

// long is a message that needs several parts.
func long(part, thread string) brief.Post {
	p := post(part, thread)
	p.Message.Blocks = nil
	for range 7 {
		p.Message.Blocks = append(p.Message.Blocks, brief.Block{
			Kind: brief.Section, Lines: []brief.Line{{{Text: strings.Repeat("x", 2900)}}},
		})
	}
	return p
}

func mustPost(t *testing.T, c *slack.Client, p brief.Post) brief.Receipt {
	t.Helper()
	receipt, err := c.Post(t.Context(), p)
	if err != nil {
		t.Fatalf("posting %s: %v", p.Tag.Part, err)
	}
	return receipt
}

func mustSent(t *testing.T, c *slack.Client, thread string) []brief.Sent {
	t.Helper()
	sent, err := c.Sent(t.Context(), time.Now().Add(-time.Minute), thread)
	if err != nil {
		t.Fatalf("reading back: %v", err)
	}
	return sent
}

func wantClass(t *testing.T, err error, want ecm.Class) {
	t.Helper()
	if err == nil || ecm.ClassOf(err) != want {
		t.Errorf("error %v of class %d, want class %d", err, ecm.ClassOf(err), want)
	}
}

// noSins fails where Slack was sent something that it only tolerates: F12, F15, F20, F101.
func noSins(t *testing.T, s *fake.Slack) {
	t.Helper()
	for _, sin := range s.Sins() {
		t.Error(sin)
	}
}
