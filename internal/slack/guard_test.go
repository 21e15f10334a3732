package slack

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"pi-manager/internal/ecm"
	"pi-manager/internal/fake"
)

// F1: the header in every shape it was seen in.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]time.Duration{
		"":                              usualWait,
		"1":                             time.Second,
		"30":                            30 * time.Second,
		"0":                             time.Second,
		"-5":                            usualWait,
		"1.5":                           usualWait,
		"999999":                        longestWait,
		"99999999999999999999":          usualWait,
		"soon":                          usualWait,
		"Sun, 22 Nov 2026 03:00:00 GMT": usualWait,
	} {
		if got := retryAfter(header); got != want {
			t.Errorf("Retry-After %q: %s, want %s", header, got, want)
		}
	}
}

// F2, F5, F11: what an answer means. Only a whole answer with ok:true is success.
func TestJudge(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		status int
		body   string
		ok     bool
		want   ecm.Class
	}{
		{200, `{"ok":true,"ts":"1.000001"}`, true, 0},
		{200, `{"ok":true}` + "\n", true, 0},
		{200, `{"ok":true,"ts":"1.0000`, false, ecm.Ambiguous},
		{200, `{"ok":true} {"ok":true}`, false, ecm.Ambiguous},
		{200, `{"ok":"true"}`, false, ecm.Ambiguous},
		{200, `{"ok":null}`, false, ecm.Ambiguous},
		{200, `{}`, false, ecm.Ambiguous},
		{200, `[]`, false, ecm.Ambiguous},
		{200, `null`, false, ecm.Ambiguous},
		{200, ``, false, ecm.Ambiguous},
		{200, `<html>sign in</html>`, false, ecm.Ambiguous},
		{200, `{"ok":false}`, false, ecm.Ambiguous},
		{200, `{"ok":false,"error":"some_new_error"}`, false, ecm.Ambiguous},
		{200, `{"ok":false,"error":"rate_limited"}`, false, ecm.Retryable},
		{200, `{"ok":false,"error":"ratelimited"}`, false, ecm.Retryable},
		{429, `<html>`, false, ecm.Retryable},
		{500, ``, false, ecm.Ambiguous},
		{502, `<html>bad gateway`, false, ecm.Ambiguous},
		{503, `{"ok":true}`, false, ecm.Ambiguous},
		{503, `{"ok":false,"error":"not_in_channel"}`, false, ecm.Permanent},
		{408, ``, false, ecm.Ambiguous},
		{302, ``, false, ecm.Ambiguous},
		{403, `<html>proxy says no`, false, ecm.Permanent},
		{404, ``, false, ecm.Permanent},
	} {
		err := judge(tt.status, http.Header{}, []byte(tt.body))
		if (err == nil) != tt.ok || err != nil && ecm.ClassOf(err) != tt.want {
			t.Errorf("%d %q: %v (class %d), want ok %v, class %d", tt.status, tt.body, err, ecm.ClassOf(err), tt.ok, tt.want)
		}
	}
}

// F5, F98: no answer panics the decoder, counts as success without saying so, or puts its own words into an error.
func FuzzJudge(f *testing.F) {
	for _, body := range []string{`{"ok":true}`, `{"ok":false,"error":"xoxb-1-CANARY"}`, `{"ok":false,"error":"missing_scope","needed":"CANARY"}`, `<html>CANARY`, `{"ok":`} {
		f.Add(200, body)
		f.Add(500, body)
	}
	f.Fuzz(func(t *testing.T, status int, body string) {
		err := judge(status, http.Header{}, []byte(body))
		if err == nil && (status != http.StatusOK || !strings.Contains(strings.ToLower(body), "true")) {
			t.Errorf("%d %q counted as success", status, body)
		}
		if err != nil && strings.Contains(err.Error(), "CANARY") {
			t.Errorf("%d %q is echoed: %v", status, body, err)
		}
	})
}

// F4, F9, F10, F11: every documented error of chat.postMessage has its class, and a person is told what to do about
// whatever is permanent. The expectation lists the exceptions; all others are permanent.
func TestEveryDocumentedErrorHasAClass(t *testing.T) {
	t.Parallel()
	unclear := map[string]ecm.Class{
		"internal_error": ecm.Ambiguous, "fatal_error": ecm.Ambiguous, "service_unavailable": ecm.Ambiguous,
		"request_timeout": ecm.Ambiguous, "ratelimited": ecm.Retryable, "rate_limited": ecm.Retryable,
	}
	threads := map[string]bool{"thread_not_found": true, "cannot_reply_to_message": true} // become ErrThreadGone
	if n := len(fake.SlackPostErrors()); n < 60 {
		t.Fatalf("only %d errors", n)
	}
	for _, name := range fake.SlackPostErrors() {
		want, listed := unclear[name]
		if !listed {
			want = ecm.Permanent
		}
		class, mend := remedy(name)
		if class != want {
			t.Errorf("%s: class %d, want %d", name, class, want)
		}
		if class == ecm.Permanent && mend == "" && !threads[name] {
			t.Errorf("%s: nobody is told what to do", name)
		}
	}
}

func TestRefusalNamesTheScope(t *testing.T) {
	t.Parallel()
	for needed, want := range map[string]string{"groups:history": "groups:history", "xoxb-1-CANARY": scopePost, "": scopePost} {
		if err := refusal("missing_scope", needed); !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "CANARY") {
			t.Errorf("needed %q: %v", needed, err)
		}
	}
}

// Reading has no effect: what is unclear about it may be asked again, what is permanent stays so.
func TestReadingIsNeverAmbiguous(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		err  error
		want ecm.Class
	}{
		{errors.New("json: unexpected end"), ecm.Retryable},
		{refusal("internal_error", ""), ecm.Retryable},
		{refusal("invalid_auth", ""), ecm.Permanent},
		{tooMany(http.Header{"Retry-After": {"7"}}), ecm.Retryable},
	} {
		err := reading("reading", tt.err)
		f, ok := errors.AsType[*ecm.Failure](err)
		if !ok || f.Class != tt.want || !errors.Is(err, f.Err) {
			t.Errorf("%v: %+v, want class %d", tt.err, f, tt.want)
		}
	}
	if f, _ := errors.AsType[*ecm.Failure](reading("x", tooMany(http.Header{"Retry-After": {"7"}}))); f.Wait != 7*time.Second {
		t.Errorf("the wait was lost: %+v", f)
	}
}
