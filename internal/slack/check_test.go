package slack_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pi-manager/internal/ecm"
	"pi-manager/internal/fake"
	"pi-manager/internal/slack"
)

func TestCheckOfASoundSetup(t *testing.T) {
	t.Parallel()
	s, c := connect(t)
	checks := c.Check(t.Context())
	for _, check := range checks {
		if !check.OK || check.Mend != "" || check.Detail == "" {
			t.Errorf("%+v", check)
		}
	}
	if len(checks) != 6 || s.Count("chat.postMessage") != 0 {
		t.Errorf("%d lines, %d posts", len(checks), s.Count("chat.postMessage"))
	}
}

func TestCheckSaysWhatToMend(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		prepare func(*fake.Slack)
		line    string
		mend    string
	}{
		{"revoked", func(s *fake.Slack) { s.Inject(fake.SlackFault{Error: "token_revoked"}) }, "slack: token", "SLACK_BOT_TOKEN"},
		{"down", func(s *fake.Slack) { s.Inject(fake.SlackFault{Status: 502, Body: "<html>"}) }, "slack: token", "SLACK_API_URL"},
		{"no history", func(s *fake.Slack) { s.SetScopes("chat:write", "channels:read", "users:read.email") }, "slack: may read back", "channels:history"},
		{"no e-mail", func(s *fake.Slack) { s.SetScopes("chat:write", "channels:read", "groups:history") }, "slack: may mention agents", "users:read.email"},
		{"no post", func(s *fake.Slack) { s.SetScopes("channels:read", "groups:history", "users:read.email") }, "slack: may post", "chat:write"},
		{"blind", func(s *fake.Slack) { s.SetScopes("chat:write") }, "slack: channel C0FAKE00001", "channels:read"},
		{"not invited", func(s *fake.Slack) { s.PutChannel(fake.SlackChannel{ID: fake.SlackChannelID, Name: "ecm"}) }, "slack: channel C0FAKE00001", "/invite"},
		{"private", func(s *fake.Slack) { s.PutChannel(fake.SlackChannel{ID: fake.SlackChannelID, Private: true}) }, "slack: channel C0FAKE00001", "SLACK_CHANNEL_ID"},
		{"archived", func(s *fake.Slack) {
			s.PutChannel(fake.SlackChannel{ID: fake.SlackChannelID, Member: true, Archived: true})
		}, "slack: channel C0FAKE00001", "unarchive"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, c := connect(t)
			tt.prepare(s)
			for _, check := range c.Check(t.Context()) {
				if check.Name == tt.line {
					if check.OK || !strings.Contains(check.Mend, tt.mend) {
						t.Errorf("%+v, want a mend with %q", check, tt.mend)
					}
					return
				}
			}
			t.Errorf("no line %q", tt.line)
		})
	}
}

// F10: what cannot work is known before anything is written.
func TestReady(t *testing.T) {
	t.Parallel()
	s, c := connect(t)
	if err := c.Ready(t.Context()); err != nil {
		t.Errorf("a sound setup: %v", err)
	}
	s.SetScopes("channels:history")
	wantClass(t, c.Ready(t.Context()), ecm.Permanent)
	s.SetScopes("chat:write")
	for name, want := range map[string]ecm.Class{"invalid_auth": ecm.Permanent, "account_inactive": ecm.Permanent, "internal_error": ecm.Retryable} {
		s.Inject(fake.SlackFault{Times: 1, Error: name})
		wantClass(t, c.Ready(t.Context()), want)
	}
}

// F25: the team as it is: known, unknown, left the company, pasted twice.
func TestMembers(t *testing.T) {
	t.Parallel()
	s, c := connect(t)
	s.PutUser(fake.SlackUser{ID: "U0000ASHA", Email: "asha@example.com"})
	s.PutUser(fake.SlackUser{ID: "W0000OMAR", Email: "omar@example.com"})
	s.PutUser(fake.SlackUser{ID: "U0000GONE", Email: "gone@example.com", Deleted: true})
	s.PutUser(fake.SlackUser{ID: "<!here>", Email: "odd@example.com"})
	emails := []string{"asha@example.com", "omar@example.com", "gone@example.com", "odd@example.com", "new@example.com", "", "asha@example.com"}
	got, err := c.Members(t.Context(), emails)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"asha@example.com": "U0000ASHA", "omar@example.com": "W0000OMAR"}, got); diff != "" {
		t.Error(diff)
	}
	if got := s.Count("users.lookupByEmail"); got != 5 {
		t.Errorf("%d lookups for five people", got)
	}
}

func TestMembersWithoutScope(t *testing.T) {
	t.Parallel()
	s, c := connect(t)
	s.SetScopes("chat:write")
	var emails []string
	for i := range 200 {
		emails = append(emails, fmt.Sprint(i, "@example.com"))
	}
	got, err := c.Members(t.Context(), emails)
	if err != nil || len(got) != 0 {
		t.Errorf("members %v, error %v; want nobody and no failure", got, err)
	}
	if got := s.Count("users.lookupByEmail"); got > 100 {
		t.Errorf("%d lookups although none is allowed", got)
	}
}

func TestMembersWhenSlackIsDown(t *testing.T) {
	t.Parallel()
	s, c := connect(t)
	s.Inject(fake.SlackFault{Status: 503})
	_, err := c.Members(t.Context(), []string{"asha@example.com"})
	wantClass(t, err, ecm.Retryable)
}

// F98: the token is in no error, no log line and no print of a client, whatever Slack answers.
func TestTokenStaysSecret(t *testing.T) {
	t.Parallel()
	s, c := connect(t)
	var out bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&out, nil))
	say := func(v any) {
		log.Info("x", "v", v)
		fmt.Fprintf(&out, "%v %+v %#v %s\n", v, v, v, v)
	}
	say(settings(s))
	say(c)
	say(struct{ notifier any }{c})
	faults := []fake.SlackFault{
		{Error: fake.SlackToken}, {Body: fake.SlackToken}, {Status: 502, Body: fake.SlackToken}, {Cut: true},
		{Body: `{"ok":false,"error":"missing_scope","needed":"` + fake.SlackToken + `"}`},
		{Status: 429, Body: "{}", Header: map[string][]string{"Retry-After": {fake.SlackToken}}},
	}
	for _, name := range fake.SlackPostErrors() {
		faults = append(faults, fake.SlackFault{Error: name})
	}
	for _, fault := range faults {
		s.ClearFaults()
		s.Inject(fault)
		c := slack.New(settings(s)) // its own pace
		_, err := c.Post(t.Context(), post("briefing", ""))
		say(err)
		for _, check := range c.Check(t.Context()) {
			say(check)
		}
	}
	say(slack.New(slack.Settings{Token: ecm.NewSecret(fake.SlackToken), APIURL: "http://" + fake.SlackToken + "@127.0.0.1:1/"}).Ready(context.Background()))
	if strings.Contains(out.String(), fake.SlackToken) || strings.Contains(out.String(), "canary") {
		at := strings.Index(out.String(), "canary")
		t.Errorf("the token was printed: %s", out.String()[max(0, at-300):at+30])
	}
	if out.Len() < 10000 {
		t.Errorf("only %d bytes were looked through", out.Len())
	}
}
