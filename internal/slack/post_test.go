package slack_test

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"pi-manager/internal/brief"
	"pi-manager/internal/ecm"
	"pi-manager/internal/fake"
	"pi-manager/internal/slack"
)

// F15, F18: a message and its thread as people see them, and as Slack is asked for them.
func TestPostAndReply(t *testing.T) {
	t.Parallel()
	s, c := connect(t)
	parent := mustPost(t, c, post("briefing", ""))
	reply := mustPost(t, c, post("agent/asha@example.com", parent.TS))
	if parent.Channel != fake.SlackChannelID || parent.TS == "" || reply.TS == parent.TS {
		t.Errorf("receipts %+v and %+v", parent, reply)
	}
	if got := len(s.Thread(parent.TS)); got != 1 {
		t.Errorf("%d replies in the thread, want 1", got)
	}
	for _, m := range s.Messages() {
		if m.Rendered != "412 orders in the queue" || m.Text != m.Rendered {
			t.Errorf("people see %q, notifications %q", m.Rendered, m.Text)
		}
		for param, want := range map[string]string{"unfurl_links": "false", "unfurl_media": "false", "link_names": "", "parse": "", "reply_broadcast": ""} {
			if got := m.Params.Get(param); got != want {
				t.Errorf("%s = %q, want %q", param, got, want)
			}
		}
	}
	// F30: a clean run reads no history.
	if got := len(s.Calls()); got != 2 {
		t.Errorf("%d calls for two messages", got)
	}
	noSins(t, s)
}

// F1, F2, F4, F5, F6, F9, F10, F11: what is known after each failure, and whether the message is there.
func TestPostFailures(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		fault fake.SlackFault
		want  ecm.Class
		there int
	}{
		{"429", fake.SlackFault{Status: 429, Error: "ratelimited", Header: http.Header{"Retry-After": {"7"}}}, ecm.Retryable, 0},
		{"429 without a wait", fake.SlackFault{Status: 429, Body: "<html>"}, ecm.Retryable, 0},
		{"rate_limited with 200", fake.SlackFault{Error: "rate_limited"}, ecm.Retryable, 0},
		{"posts, then errs", fake.SlackFault{Error: "internal_error", Effect: true}, ecm.Ambiguous, 1},
		{"errs without posting", fake.SlackFault{Error: "fatal_error"}, ecm.Ambiguous, 0},
		{"unknown error", fake.SlackFault{Error: "brand_new", Effect: true}, ecm.Ambiguous, 1},
		{"HTML 502 after posting", fake.SlackFault{Status: 502, Body: "<html>", Effect: true}, ecm.Ambiguous, 1},
		{"200 with HTML", fake.SlackFault{Body: "<html>sign in"}, ecm.Ambiguous, 0},
		{"empty 200", fake.SlackFault{Status: 200}, ecm.Ambiguous, 0},
		{"JSON cut after posting", fake.SlackFault{Truncate: 30, Effect: true}, ecm.Ambiguous, 1},
		{"ok without ts", fake.SlackFault{Body: `{"ok":true}`, Effect: true}, ecm.Ambiguous, 1},
		{"ok without the message", fake.SlackFault{Body: `{"ok":true,"channel":"C1","ts":"1.000001"}`, Effect: true}, ecm.Ambiguous, 1},
		{"more than anybody reads", fake.SlackFault{Body: `{"ok":true,"ts":"1.000001","message":{"ts":"1.000001"}}` + strings.Repeat(" ", 9<<20), Effect: true}, ecm.Ambiguous, 1}, // F112
		{"connection cut before", fake.SlackFault{Cut: true}, ecm.Ambiguous, 0},
		{"connection cut after", fake.SlackFault{Cut: true, Effect: true}, ecm.Ambiguous, 1},
		{"not in the channel", fake.SlackFault{Error: "not_in_channel"}, ecm.Permanent, 0},
		{"token revoked", fake.SlackFault{Error: "token_revoked"}, ecm.Permanent, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, c := connect(t)
			mustPost(t, c, post("warm-up", "")) // the connection is a reused one, where a client is most tempted to resend
			tt.fault.Method, tt.fault.Times = "chat.postMessage", 1
			s.Inject(tt.fault)
			_, err := c.Post(t.Context(), post("briefing", ""))
			wantClass(t, err, tt.want)
			if calls, there := s.Count("chat.postMessage")-1, len(s.Messages())-1; calls != 1 || there != tt.there {
				t.Errorf("%d calls left %d messages, want 1 call and %d", calls, there, tt.there)
			}
			// F6: what the answer did not say, history does.
			if got := len(mustSent(t, c, "")) - 1; got != tt.there {
				t.Errorf("history shows %d, want %d", got, tt.there)
			}
		})
	}
}

// F1: the wait that Slack asks for reaches the caller.
func TestPostPassesTheWaitOn(t *testing.T) {
	t.Parallel()
	s, c := connect(t)
	s.Inject(fake.SlackFault{Status: 429, Header: http.Header{"Retry-After": {"7"}}})
	_, err := c.Post(t.Context(), post("briefing", ""))
	if f, ok := errors.AsType[*ecm.Failure](err); !ok || f.Wait != 7*time.Second {
		t.Errorf("failure %+v, want a wait of 7s", f)
	}
}

func TestPostIsUndeliveredWithoutConnection(t *testing.T) {
	t.Parallel()
	c := slack.New(slack.Settings{Token: ecm.NewSecret(fake.SlackToken), Channel: "C1", APIURL: "http://127.0.0.1:1/api/"})
	_, err := c.Post(t.Context(), post("briefing", ""))
	wantClass(t, err, ecm.Retryable)
	wantClass(t, c.Ready(t.Context()), ecm.Retryable)
}

// F100: an address that cannot prove who it is gets no token, and no second try.
func TestPostDistrustsAnUnknownCertificate(t *testing.T) {
	t.Parallel()
	s := fake.NewSlack(t)
	server := httptest.NewUnstartedServer(s)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	with := settings(s)
	with.APIURL = server.URL + "/api" // without the slash at its end, as people write it
	_, err := slack.New(with).Post(t.Context(), post("briefing", ""))
	wantClass(t, err, ecm.Permanent)
	if got := len(s.Calls()); got != 0 {
		t.Errorf("%d calls", got)
	}
	with.HTTP = server.Client()
	mustPost(t, slack.New(with), post("briefing", ""))
}

// F98: a redirect would carry the token to whoever it points at.
func TestPostFollowsNoRedirect(t *testing.T) {
	t.Parallel()
	other, s := fake.NewSlack(t), fake.NewSlack(t)
	s.Inject(fake.SlackFault{Status: http.StatusTemporaryRedirect, Header: http.Header{"Location": {other.URL + "chat.postMessage"}}})
	_, err := slack.New(settings(s)).Post(t.Context(), post("briefing", ""))
	wantClass(t, err, ecm.Ambiguous)
	if got := len(other.Calls()); got != 0 {
		t.Errorf("%d calls went where the redirect points", got)
	}
}

func TestPostStopsWhenToldTo(t *testing.T) {
	t.Parallel()
	s, c := connect(t)
	s.Inject(fake.SlackFault{Hang: true})
	ctx, cancel := context.WithCancel(t.Context())
	s.Before(func(fake.SlackCall) { cancel() })
	_, err := c.Post(ctx, post("briefing", ""))
	wantClass(t, err, ecm.Ambiguous)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v hides that the run was told to stop", err)
	}
	_, err = c.Post(ctx, post("briefing", ""))
	wantClass(t, err, ecm.Retryable) // never sent
	if got := s.Count("chat.postMessage"); got != 1 {
		t.Errorf("%d calls, want 1", got)
	}
}

// F19: the answer says ok, and the reply is in the middle of the channel.
func TestReplyThatFellOutOfItsThread(t *testing.T) {
	t.Parallel()
	for k := range 4 {
		t.Run("before reply "+strconv.Itoa(k), func(t *testing.T) {
			t.Parallel()
			s, c := connect(t)
			parent := mustPost(t, c, post("briefing", ""))
			for i := range k {
				mustPost(t, c, post("agent/"+strconv.Itoa(i), parent.TS))
			}
			s.Remove(fake.SlackChannelID, parent.TS)
			_, err := c.Post(t.Context(), post("agent/k", parent.TS))
			if !errors.Is(err, ecm.ErrThreadGone) {
				t.Errorf("error %v, want ErrThreadGone", err)
			}
			if left := len(s.Messages()); left != k {
				t.Errorf("%d messages left, want the %d replies of before", left, k)
			}
		})
	}
}

// F19: the same, and the orphan cannot be deleted: then it is not true that nothing is left.
func TestOrphanThatStays(t *testing.T) {
	t.Parallel()
	s, c := connect(t)
	parent := mustPost(t, c, post("briefing", ""))
	s.Remove(fake.SlackChannelID, parent.TS)
	s.Inject(fake.SlackFault{Method: "chat.delete", Error: "internal_error"})
	_, err := c.Post(t.Context(), post("agent/asha", parent.TS))
	wantClass(t, err, ecm.Ambiguous)
	if errors.Is(err, ecm.ErrThreadGone) {
		t.Errorf("error %v promises that nothing is left", err)
	}
}

// F19: somebody else was quicker to delete the orphan; nothing is left, as promised.
func TestOrphanThatIsGoneAlready(t *testing.T) {
	t.Parallel()
	s, c := connect(t)
	parent := mustPost(t, c, post("briefing", ""))
	s.Remove(fake.SlackChannelID, parent.TS)
	s.Inject(fake.SlackFault{Method: "chat.delete", Error: "message_not_found", Effect: true})
	_, err := c.Post(t.Context(), post("agent/asha", parent.TS))
	if !errors.Is(err, ecm.ErrThreadGone) {
		t.Errorf("error %v, want ErrThreadGone", err)
	}
}

func TestReplyWhereSlackSaysTheThreadIsGone(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"thread_not_found", "cannot_reply_to_message"} {
		s, c := connect(t)
		parent := mustPost(t, c, post("briefing", ""))
		s.Inject(fake.SlackFault{Method: "chat.postMessage", Error: name})
		_, err := c.Post(t.Context(), post("agent/asha", parent.TS))
		if !errors.Is(err, ecm.ErrThreadGone) {
			t.Errorf("%s: error %v, want ErrThreadGone", name, err)
		}
	}
}

// F3: sixty agents on a virtual clock: order kept, Slack's limit never met, at one message a second after the burst.
func TestPostKeepsThePace(t *testing.T) {
	s := fake.NewSlack(t)
	synctest.Test(t, func(t *testing.T) {
		with := settings(s)
		with.HTTP = &http.Client{Transport: inProcess{s}}
		c := slack.New(with)
		start := time.Now()
		parent := mustPost(t, c, post("briefing", ""))
		for i := range 60 {
			mustPost(t, c, post("agent/"+strconv.Itoa(i), parent.TS))
		}
		if got := time.Since(start); got < 50*time.Second || got > 60*time.Second {
			t.Errorf("61 messages took %s", got)
		}
		for i, m := range s.Thread(parent.TS) {
			if !strings.Contains(string(m.Metadata), `"agent/`+strconv.Itoa(i)+`"`) {
				t.Fatalf("reply %d is %s", i, m.Metadata)
			}
		}
	})
}

// F3: a run about to end does not wait for a turn that comes too late.
func TestPostGivesUpItsTurn(t *testing.T) {
	s := fake.NewSlack(t)
	synctest.Test(t, func(t *testing.T) {
		with := settings(s)
		with.HTTP = &http.Client{Transport: inProcess{s}}
		c := slack.New(with)
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		var err error
		for range 9 {
			_, err = c.Post(ctx, post("briefing", ""))
		}
		wantClass(t, err, ecm.Retryable)
		if got := s.Count("chat.postMessage"); got != 8 {
			t.Errorf("%d posts, want the burst of 8", got)
		}
	})
}

// F12, F14: what does not fit goes out in numbered parts, all in the same place.
func TestPostInParts(t *testing.T) {
	t.Parallel()
	s, c := connect(t)
	parent := mustPost(t, c, long("briefing", ""))
	reply := mustPost(t, c, long("agent/asha", parent.TS))
	var ends []string
	for _, m := range s.Messages() {
		ends = append(ends, m.ThreadTS+" "+m.Rendered[strings.LastIndexByte(m.Rendered, '\n')+1:])
	}
	want := []string{" (1/3)", " (2/3)", " (3/3)", parent.TS + " (1/3)", parent.TS + " (2/3)", parent.TS + " (3/3)"}
	if diff := cmp.Diff(want, ends); diff != "" {
		t.Error(diff)
	}
	if parent.TS != s.Messages()[0].TS || reply.TS != s.Thread(parent.TS)[0].TS {
		t.Error("a receipt is not the first part's")
	}
	for thread, want := range map[string]brief.Receipt{"": parent, parent.TS: reply} {
		if sent := mustSent(t, c, thread); len(sent) != 1 || sent[0].Receipt != want {
			t.Errorf("read back in %q: %+v, want %+v", thread, sent, want)
		}
	}
	noSins(t, s)
}

// A message whose second part fails leaves nothing behind, and is not taken for sent.
func TestPostInPartsIsAllOrNothing(t *testing.T) {
	t.Parallel()
	s, c := connect(t)
	s.Inject(fake.SlackFault{Method: "chat.postMessage", Skip: 1, Times: 1, Error: "is_archived"})
	_, err := c.Post(t.Context(), long("briefing", ""))
	wantClass(t, err, ecm.Permanent)
	if left := s.Messages(); len(left) != 0 {
		t.Errorf("%d parts left", len(left))
	}
	s.Inject(fake.SlackFault{Method: "chat.postMessage", Skip: 1, Times: 1, Cut: true, Effect: true})
	s.Inject(fake.SlackFault{Method: "chat.delete", Error: "internal_error"})
	_, err = c.Post(t.Context(), long("briefing", ""))
	wantClass(t, err, ecm.Ambiguous)
	if sent := mustSent(t, c, ""); len(sent) != 0 {
		t.Errorf("two of three parts count as sent: %+v", sent)
	}
	again := mustPost(t, c, long("briefing", ""))
	if sent := mustSent(t, c, ""); len(sent) != 1 || sent[0].Receipt != again {
		t.Errorf("read back %+v, want the whole one, %+v", sent, again)
	}
}

// A part that cannot be taken back ends the attempt: nothing further goes out before history was read.
func TestPostInPartsStopsWhereAPartStays(t *testing.T) {
	t.Parallel()
	s, c := connect(t)
	s.Inject(fake.SlackFault{Method: "chat.postMessage", Skip: 1, Error: "invalid_blocks"})
	s.Inject(fake.SlackFault{Method: "chat.delete", Error: "internal_error"})
	_, err := c.Post(t.Context(), long("briefing", ""))
	wantClass(t, err, ecm.Ambiguous)
	if got := s.Count("chat.postMessage"); got != 2 {
		t.Errorf("%d posts, want two", got)
	}
}

// A run that is told to stop between two parts still takes the first one back.
func TestPostInPartsStopsCleanly(t *testing.T) {
	t.Parallel()
	s, c := connect(t)
	ctx, cancel := context.WithCancel(t.Context())
	s.Inject(fake.SlackFault{Method: "chat.postMessage", Skip: 1, Hang: true})
	s.Before(func(call fake.SlackCall) {
		if call.N == 2 {
			cancel()
		}
	})
	_, err := c.Post(ctx, long("briefing", ""))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if left := len(s.Messages()); left != 0 {
		t.Errorf("%d parts left", left)
	}
}

// F13: blocks that Slack refuses against its own documents: the same words go out as plain text, escaped.
func TestPostWithoutBlocks(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"} {
		s, c := connect(t)
		s.Inject(fake.SlackFault{Method: "chat.postMessage", Times: 1, Error: name})
		p := post("briefing", "")
		p.Message.Blocks[0].Lines = append(p.Message.Blocks[0].Lines, brief.Line{{Text: "<!channel> & co"}})
		mustPost(t, c, p)
		seen := s.Messages()
		if len(seen) != 1 || seen[0].Rendered != "412 orders in the queue\n<!channel> & co" || len(seen[0].Entities) != 0 {
			t.Errorf("%s: people see %+v", name, seen)
		}
		if sent := mustSent(t, c, ""); len(sent) != 1 {
			t.Errorf("%s: read back %+v", name, sent)
		}
	}
}

// F24: metadata refused: the message is recognised by a reference at the end of its text instead.
func TestPostWithoutMetadata(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"metadata_too_large", "invalid_metadata_format", "invalid_metadata_schema", "metadata_must_be_sent_from_app"} {
		s, c := connect(t)
		s.Inject(fake.SlackFault{Method: "chat.postMessage", Times: 1, Error: name})
		p := post("agent/asha@example.com", "")
		receipt := mustPost(t, c, p)
		seen := s.Messages()
		if len(seen) != 1 || len(seen[0].Metadata) != 0 || seen[0].Rendered != "412 orders in the queue" {
			t.Errorf("%s: people see %+v", name, seen)
		}
		want := []brief.Sent{{Tag: p.Tag, Receipt: receipt}}
		if diff := cmp.Diff(want, mustSent(t, c, "")); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// F13, F24: the worst workspace refuses both; the message still goes out, and that is the end of the concessions.
func TestPostWithoutBlocksAndMetadata(t *testing.T) {
	t.Parallel()
	s, c := connect(t)
	s.Inject(fake.SlackFault{Method: "chat.postMessage", Times: 1, Error: "invalid_blocks"})
	s.Inject(fake.SlackFault{Method: "chat.postMessage", Times: 1, Error: "metadata_too_large"})
	p := long("briefing", "")
	p.Message.Blocks = p.Message.Blocks[:2]
	mustPost(t, c, p)
	if sent := mustSent(t, c, ""); len(sent) != 1 || len(s.Messages()) != 2 {
		t.Errorf("read back %+v of %d parts", sent, len(s.Messages()))
	}
	noSins(t, s)
	s.Inject(fake.SlackFault{Method: "chat.postMessage", Error: "invalid_blocks"})
	before := s.Count("chat.postMessage")
	_, err := c.Post(t.Context(), post("briefing", ""))
	wantClass(t, err, ecm.Permanent)
	if got := s.Count("chat.postMessage") - before; got != 2 {
		t.Errorf("%d tries, want one with blocks and one without", got)
	}
}

func TestPostRefusesAnEmptyMessage(t *testing.T) {
	t.Parallel()
	s, c := connect(t)
	_, err := c.Post(t.Context(), brief.Post{Message: brief.Message{Summary: " \u200b"}})
	wantClass(t, err, ecm.Permanent)
	if got := len(s.Calls()); got != 0 {
		t.Errorf("%d calls for nothing", got)
	}
}
