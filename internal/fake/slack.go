package fake

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	// SlackToken is the only token that the fake accepts. It is a canary too: a test that finds it in an error,
	// a log or a message has found a leak.
	SlackToken = "xoxb-fake-canary-token"
	// SlackChannelID is a public channel that exists from the start, with the bot in it.
	SlackChannelID = "C0FAKE00001"

	slackBotUser = "U0FAKEBOT01"
	slackBotID   = "B0FAKEBOT01"
	slackTeam    = "T0FAKE00001"
	// slackBodyLimit is the largest request that is read, in bytes.
	slackBodyLimit = 4 << 20
)

// Slack is a Slack Web API on a real socket, as strict and as unkind as the real one is documented or reported to be.
// It keeps what was posted, so that a test asserts on what people would see rather than on what was sent.
// All methods may be called at any time from any goroutine.
type Slack struct {
	// URL is the base address of the API and ends in /api/.
	URL string

	mu       sync.Mutex
	now      func() time.Time
	scopes   []string
	channels map[string]*SlackChannel
	users    map[string]SlackUser
	messages []*SlackMessage
	lastTS   int64
	calls    []SlackCall
	sins     []string
	faults   []*SlackFault
	limits   slackLimits
	lag      time.Duration
	page     int
	mutate   func(string) string
	before   func(SlackCall)
	after    func(SlackCall)
}

// SlackChannel is a conversation of the fake workspace.
type SlackChannel struct {
	ID, Name string
	// Private channels do not exist for a bot that is not in them.
	Private bool
	// Member says whether the bot was invited.
	Member   bool
	Archived bool
}

// SlackUser is a member of the fake workspace. Deactivated members are still found by e-mail, marked deleted.
type SlackUser struct {
	ID, Email, Name string
	Deleted         bool
}

// SlackCall is one request as it came in.
type SlackCall struct {
	// Method is the Web API method, such as chat.postMessage.
	Method string
	// N counts the calls of this method, from 1.
	N int
	// Form holds the parameters, without the token.
	Form url.Values

	token string
}

// NewSlack starts a fake workspace with one public channel, a bot that has every scope it needs, and Slack's own
// rate limits. It stops with the test.
func NewSlack(tb testing.TB) *Slack {
	tb.Helper()
	s := &Slack{
		now: time.Now,
		scopes: []string{
			"chat:write", "channels:history", "groups:history", "channels:read", "groups:read", "users:read", "users:read.email",
		},
		channels: map[string]*SlackChannel{
			SlackChannelID: {ID: SlackChannelID, Name: "ecm", Member: true},
		},
		users:  map[string]SlackUser{},
		limits: slackDefaultLimits(),
		page:   100,
	}
	server := httptest.NewServer(s)
	tb.Cleanup(server.Close)
	s.URL = server.URL + "/api/"
	return s
}

// ServeHTTP answers one Web API call. It is exported so that a test on a virtual clock can call it without a socket.
func (s *Slack) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	call, err := s.admit(r)
	if err != nil {
		slackFail("invalid_form_data").write(w)
		return
	}
	s.hook(call, func() func(SlackCall) { return s.before })
	fault := s.nextFault(call.Method)
	if fault == nil {
		answer := s.perform(call)
		s.hook(call, func() func(SlackCall) { return s.after })
		answer.write(w)
		return
	}
	var answer slackAnswer
	if fault.Effect {
		answer = s.perform(call)
	}
	s.hook(call, func() func(SlackCall) { return s.after })
	fault.write(w, r, answer)
}

// admit reads a request and counts it.
func (s *Slack) admit(r *http.Request) (SlackCall, error) {
	form, err := slackForm(r)
	if err != nil {
		return SlackCall{}, err
	}
	call := SlackCall{
		Method: strings.TrimPrefix(r.URL.Path, "/api/"),
		Form:   form,
		token:  strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "),
	}
	if call.token == "" {
		call.token = form.Get("token")
	}
	form.Del("token")
	s.mu.Lock()
	defer s.mu.Unlock()
	call.N = 1 + s.count(call.Method)
	s.calls = append(s.calls, call)
	return call, nil
}

func slackForm(r *http.Request) (url.Values, error) {
	form := r.URL.Query()
	body, err := io.ReadAll(io.LimitReader(r.Body, slackBodyLimit))
	if err != nil {
		return nil, fmt.Errorf("reading the request: %w", err)
	}
	posted, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, fmt.Errorf("parsing the form: %w", err)
	}
	maps.Copy(form, posted)
	return form, nil
}

// hook runs a test's hook without the lock, so that it may delete a message or change a knob.
func (s *Slack) hook(call SlackCall, pick func() func(SlackCall)) {
	s.mu.Lock()
	fn := pick()
	s.mu.Unlock()
	if fn != nil {
		fn(call)
	}
}

// perform carries a call out for real.
func (s *Slack) perform(call SlackCall) slackAnswer {
	s.mu.Lock()
	defer s.mu.Unlock()
	method, known := slackMethods()[call.Method]
	switch {
	case !known:
		s.sinf("%s is outside what this bot may call", call.Method)
		return slackFail("unknown_method")
	case call.token == "":
		return slackFail("not_authed")
	case call.token != SlackToken:
		return slackFail("invalid_auth")
	}
	if wait := s.limits.take(s.now(), call); wait > 0 {
		return slackTooMany(wait)
	}
	return method(s, call)
}

// slackMethods lists what the bot may call; anything else is refused, as it would be for a bot with least power (F101).
func slackMethods() map[string]func(*Slack, SlackCall) slackAnswer {
	return map[string]func(*Slack, SlackCall) slackAnswer{
		"auth.test":             (*Slack).authTest,
		"chat.postMessage":      (*Slack).post,
		"chat.update":           (*Slack).update,
		"chat.delete":           (*Slack).delete,
		"conversations.history": (*Slack).history,
		"conversations.replies": (*Slack).replies,
		"conversations.info":    (*Slack).info,
		"users.lookupByEmail":   (*Slack).lookup,
	}
}

// sinf notes something that Slack lets pass and that we never want to do. The lock is held.
func (s *Slack) sinf(format string, args ...any) {
	s.sins = append(s.sins, fmt.Sprintf(format, args...))
}

func (s *Slack) count(method string) int {
	n := 0
	for _, c := range s.calls {
		if c.Method == method {
			n++
		}
	}
	return n
}

// slackAnswer is what goes over the wire.
type slackAnswer struct {
	status int
	header http.Header
	body   map[string]any
}

func slackOK(body map[string]any) slackAnswer {
	body["ok"] = true
	return slackAnswer{status: http.StatusOK, body: body}
}

func slackFail(name string) slackAnswer {
	return slackAnswer{status: http.StatusOK, body: map[string]any{"ok": false, "error": name}}
}

func (a slackAnswer) with(key string, value any) slackAnswer {
	a.body[key] = value
	return a
}

// encode is the JSON of the answer. Slack, unlike Go, leaves <, > and & as they are.
func (a slackAnswer) encode() []byte {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(a.body); err != nil {
		panic(fmt.Sprintf("fake Slack: encoding its own answer: %v", err))
	}
	return []byte(b.String())
}

func (a slackAnswer) write(w http.ResponseWriter) {
	maps.Copy(w.Header(), a.header)
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(a.status)
	_, _ = w.Write(a.encode()) // the client may have gone; nothing to do about it here
}

// Calls returns every request so far, oldest first.
func (s *Slack) Calls() []SlackCall {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// Count returns how often a method was called.
func (s *Slack) Count(method string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count(method)
}

// Sins returns what was accepted although it must never happen: blocks without text (F15), text above the advised
// length (F12), a reply to a reply (F20), calls outside the bot's list (F101).
func (s *Slack) Sins() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.sins)
}
