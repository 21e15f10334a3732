package fake

import (
	"maps"
	"net/http"
	"slices"
	"time"
)

// SlackFault replaces the answer of one or more calls. With Effect the call is carried out first, and only its answer
// is lost: the case that makes a blind retry post twice.
type SlackFault struct {
	// Method is the Web API method that fails; empty: any.
	Method string
	// Skip lets this many calls pass first.
	Skip int
	// Times is how many calls fail after that; 0: all of them.
	Times int
	// Effect carries the call out before the answer is spoilt.
	Effect bool

	// Error answers ok:false with this name.
	Error string
	// Status, Header and Body answer exactly so; Status 0 means 200. Body wins over Error.
	Status int
	Header http.Header
	Body   string
	// Cut closes the connection without an answer.
	Cut bool
	// Truncate sends only this many bytes of the true answer, as a whole answer. It needs Effect.
	Truncate int
	// Hang keeps the caller waiting until it gives up.
	Hang bool
}

// Inject adds a fault. Faults are tried in the order in which they were added; the first that applies is used.
func (s *Slack) Inject(f SlackFault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &f)
}

// ClearFaults ends all trouble.
func (s *Slack) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

func (s *Slack) nextFault(method string) *SlackFault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.faults {
		if f.Method != "" && f.Method != method {
			continue
		}
		if f.Skip > 0 {
			f.Skip--
			continue
		}
		if f.Times == 1 {
			s.faults = slices.Delete(slices.Clone(s.faults), i, i+1)
		}
		if f.Times > 0 {
			f.Times--
		}
		chosen := *f
		return &chosen
	}
	return nil
}

// write spoils an answer; true is what the call would have been told.
func (f *SlackFault) write(w http.ResponseWriter, r *http.Request, truth slackAnswer) {
	switch {
	case f.Hang:
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case f.Cut:
		panic(http.ErrAbortHandler)
	case f.Truncate > 0:
		whole := truth.encode()
		_, _ = w.Write(whole[:min(f.Truncate, len(whole))])
	case f.Error != "" && f.Body == "":
		answer := slackFail(f.Error)
		answer.status, answer.header = max(f.Status, http.StatusOK), f.Header
		answer.write(w)
	default:
		maps.Copy(w.Header(), f.Header)
		w.WriteHeader(max(f.Status, http.StatusOK))
		_, _ = w.Write([]byte(f.Body))
	}
}

// SetClock replaces the clock of the workspace: timestamps, rate limits, history lag.
func (s *Slack) SetClock(now func() time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = now
}

// SetScopes replaces the bot's scopes.
func (s *Slack) SetScopes(scopes ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scopes = scopes
}

// PutChannel adds a channel or replaces the one with its ID.
func (s *Slack) PutChannel(c SlackChannel) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.channels[c.ID] = &c
}

// PutUser adds a member, found by e-mail.
func (s *Slack) PutUser(u SlackUser) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users[u.Email] = u
}

// SetRate replaces the limit on messages to one channel; perSecond 0 takes every limit away, for tests about other things.
func (s *Slack) SetRate(perSecond float64, burst int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limits = slackLimits{perSecond: perSecond, burst: float64(burst), buckets: map[string]*slackBucket{}}
}

// SetHistoryLag hides messages from history and replies until they are this old (F7).
func (s *Slack) SetHistoryLag(lag time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lag = lag
}

// SetPageSize caps the messages on a page whatever limit was asked for (F8). It is 100 at first.
func (s *Slack) SetPageSize(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.page = n
}

// MutateText changes the stored text of what is posted from now on, as Slack does when it sanitizes (F23).
func (s *Slack) MutateText(fn func(string) string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mutate = fn
}

// Before sets a hook that runs ahead of every call, After one that runs behind its effect and ahead of its answer.
// Hooks may use every method of the fake.
func (s *Slack) Before(fn func(SlackCall)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before = fn
}

// After sets the hook that runs behind a call's effect and ahead of its answer.
func (s *Slack) After(fn func(SlackCall)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.after = fn
}

// SlackPostErrors lists the errors that Slack documents for chat.postMessage, and msg_too_long and thread_not_found,
// which it returns without listing them.
// Source: https://docs.slack.dev/reference/methods/chat.postMessage (errors), read 2026-11.
func SlackPostErrors() []string {
	return []string{
		"access_denied", "accesslimited", "account_inactive", "as_user_not_supported", "attachment_payload_limit_exceeded",
		"cannot_reply_to_message", "channel_not_found", "deprecated_endpoint", "draft_already_deleted", "draft_already_sent",
		"draft_has_conflict", "draft_not_found", "duplicate_channel_not_found", "duplicate_message_not_found",
		"ekm_access_denied", "enterprise_is_restricted", "fatal_error", "internal_error", "invalid_arg_name",
		"invalid_arguments", "invalid_array_arg", "invalid_auth", "invalid_blocks", "invalid_blocks_format",
		"invalid_charset", "invalid_form_data", "invalid_metadata_format", "invalid_metadata_schema", "invalid_post_type",
		"is_archived", "markdown_text_conflict", "message_limit_exceeded", "messages_tab_disabled",
		"metadata_must_be_sent_from_app", "metadata_too_large", "method_deprecated", "missing_file_data",
		"missing_post_type", "missing_scope", "msg_blocks_too_long", "msg_too_long", "no_permission", "no_text",
		"not_allowed_token_type", "not_authed", "not_in_channel", "org_login_required", "rate_limited", "ratelimited",
		"request_timeout", "restricted_action", "restricted_action_non_threadable_channel",
		"restricted_action_read_only_channel", "restricted_action_thread_locked", "restricted_action_thread_only_channel",
		"send_on_behalf_not_allowed", "service_unavailable", "slack_connect_canvas_sharing_blocked",
		"slack_connect_file_link_sharing_blocked", "slack_connect_lists_sharing_blocked", "team_access_not_granted",
		"team_added_to_org", "team_not_found", "thread_not_found", "token_expired", "token_revoked",
		"too_many_attachments", "too_many_contact_cards", "two_factor_setup_required",
	}
}
