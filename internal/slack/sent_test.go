package slack_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pi-manager/internal/brief"
	"pi-manager/internal/ecm"
	"pi-manager/internal/fake"
)

// F8: five thousand later messages, and Slack gives less than a page at a time.
func TestSentFollowsTheCursor(t *testing.T) {
	t.Parallel()
	s, c := connect(t)
	first := mustPost(t, c, post("briefing", ""))
	for i := range 5000 {
		s.Say(fake.SlackChannelID, fmt.Sprint("chatter ", i), "")
	}
	last := mustPost(t, c, post("alert", ""))
	got := mustSent(t, c, "")
	want := []brief.Sent{{Tag: post("briefing", "").Tag, Receipt: first}, {Tag: post("alert", "").Tag, Receipt: last}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// F8: the search has an end, and then it says that it does not know.
func TestSentCapsPages(t *testing.T) {
	t.Parallel()
	s, c := connect(t)
	s.SetPageSize(1)
	for range 120 {
		s.Say(fake.SlackChannelID, "chatter", "")
	}
	_, err := c.Sent(t.Context(), time.Now().Add(-time.Hour), "")
	wantClass(t, err, ecm.Permanent)
	if got := s.Count("conversations.history"); got != 100 {
		t.Errorf("%d pages read", got)
	}
}

// F7: history lags; the message is found once it shows.
func TestSentSeesWhatHistoryShows(t *testing.T) {
	t.Parallel()
	s, c := connect(t)
	s.SetHistoryLag(time.Hour)
	mustPost(t, c, post("briefing", ""))
	if got := mustSent(t, c, ""); len(got) != 0 {
		t.Errorf("sent %+v before history shows it", got)
	}
	s.SetHistoryLag(0)
	if got := mustSent(t, c, ""); len(got) != 1 {
		t.Errorf("sent %+v", got)
	}
}

// F7, F10: without the scope there is no reading back, and the scope is named.
func TestSentWithoutScope(t *testing.T) {
	t.Parallel()
	s, c := connect(t)
	s.SetScopes("chat:write")
	_, err := c.Sent(t.Context(), time.Now(), "")
	wantClass(t, err, ecm.Permanent)
	if err == nil || !strings.Contains(err.Error(), "channels:history") {
		t.Errorf("error %v does not name the scope", err)
	}
}

// F23: Slack rewrites what it is given; the tag alone counts.
func TestSentDoesNotReadText(t *testing.T) {
	t.Parallel()
	s, c := connect(t)
	s.MutateText(func(text string) string { return strings.ToUpper(text) + " :tada:" })
	receipt := mustPost(t, c, post("briefing", ""))
	if got := mustSent(t, c, ""); len(got) != 1 || got[0].Receipt != receipt {
		t.Errorf("sent %+v", got)
	}
}

// F21: threads are apart from the channel, and only replies are listed.
func TestSentInAThread(t *testing.T) {
	t.Parallel()
	s, c := connect(t)
	s.SetPageSize(2)
	parent := mustPost(t, c, post("briefing", ""))
	var want []brief.Sent
	for _, agent := range []string{"agent/a", "agent/b", "agent/c", "agent/d"} {
		want = append(want, brief.Sent{Tag: post(agent, "").Tag, Receipt: mustPost(t, c, post(agent, parent.TS))})
		s.Say(fake.SlackChannelID, "thanks", parent.TS)
	}
	if diff := cmp.Diff(want, mustSent(t, c, parent.TS)); diff != "" {
		t.Error(diff)
	}
	if got := mustSent(t, c, ""); len(got) != 1 || got[0].Receipt != parent {
		t.Errorf("in the channel: %+v", got)
	}
	s.Remove(fake.SlackChannelID, parent.TS)
	if got := mustSent(t, c, parent.TS); len(got) != 0 {
		t.Errorf("in a thread that is gone: %+v", got)
	}
}

// A person who pastes our reference cannot make us believe that something was sent.
func TestSentBelievesTheBotAlone(t *testing.T) {
	t.Parallel()
	s, c := connect(t)
	s.Inject(fake.SlackFault{Method: "chat.postMessage", Times: 1, Error: "metadata_too_large"})
	receipt := mustPost(t, c, post("briefing", ""))
	s.Say(fake.SlackChannelID, s.Messages()[0].Text, "")
	if got := mustSent(t, c, ""); len(got) != 1 || got[0].Receipt != receipt {
		t.Errorf("sent %+v, want the bot's own only", got)
	}
}

func TestSentStartsAtTheMoment(t *testing.T) {
	t.Parallel()
	s, c := connect(t)
	now := time.Now()
	for _, ago := range []time.Duration{time.Hour, 4 * time.Minute, 0} {
		s.SetClock(func() time.Time { return now.Add(-ago) })
		mustPost(t, c, post(ago.String(), ""))
	}
	s.SetClock(time.Now)
	sent, err := c.Sent(t.Context(), now, "")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range sent {
		got = append(got, m.Tag.Part)
	}
	// The clocks of Slack and of this machine may differ by minutes.
	if diff := cmp.Diff([]string{"4m0s", "0s"}, got); diff != "" {
		t.Error(diff)
	}
}
