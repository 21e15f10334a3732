package sheet

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"cloud.google.com/go/auth"
	"google.golang.org/api/googleapi"

	"pi-manager/internal/ecm"
)

// maxWait is the longest wait that a Retry-After may ask for; quotas are refilled every minute.
const maxWait = 2 * time.Minute

// failure classifies what went wrong with a call. A read has no effect, so where
// a write would be in doubt a read may simply go out again.
func (l *Ledger) failure(doing string, writes bool, err error) error {
	f := &ecm.Failure{Class: ecm.Ambiguous}
	refusal, refused := errors.AsType[*googleapi.Error](err)
	token, isToken := errors.AsType[*auth.Error](err)
	if long, ok := errors.AsType[*url.Error](err); ok {
		err = long.Err // without the address and its query
	}
	switch {
	case refused:
		l.judge(f, refusal)
		err = fmt.Errorf("Google answered %d: %s", refusal.Code, said(refusal))
	case isToken:
		judgeToken(f, token)
		err = errors.New("Google gave no access token") // its own words may repeat the key
	case neverSent(err):
		f.Class, f.Mend = ecm.Retryable, "check the network and GOOGLE_SHEETS_ENDPOINT"
	}
	if f.Class == ecm.Ambiguous && !writes {
		f.Class = ecm.Retryable
	}
	f.Err = fmt.Errorf("%s of the Google Sheet: %w", doing, err)
	return f
}

// statusCancelled is Google's CANCELLED, which does not say that nothing happened.
const statusCancelled = 499

// judge reads Google's status codes. Of a 5xx it is not known whether it had an effect (F32).
func (l *Ledger) judge(f *ecm.Failure, refusal *googleapi.Error) {
	switch code := refusal.Code; {
	case code == http.StatusTooManyRequests:
		f.Class, f.Wait = ecm.Retryable, retryAfter(refusal.Header)
	case code == http.StatusUnauthorized:
		f.Class, f.Mend = ecm.Permanent, "the credentials are not valid (any more): create a new key for the service account"
	case code == http.StatusForbidden && strings.Contains(refusal.Message, "has not been used in project"):
		f.Class, f.Mend = ecm.Permanent, "enable the Google Sheets API for the service account's project"
	case code == http.StatusForbidden:
		f.Class, f.Mend = ecm.Permanent, "share the sheet with "+l.who()+" as an editor, and let it edit protected ranges"
	case code == http.StatusNotFound:
		f.Class, f.Mend = ecm.Permanent, "check SPREADSHEET_ID, and that the file is not in the trash"
	case code == http.StatusConflict:
		f.Class = ecm.Retryable // Google's ABORTED: it clashed with another request, and nothing happened
	case code == http.StatusRequestTimeout || code == statusCancelled || code >= 500:
	default:
		f.Class = ecm.Permanent
	}
}

// judgeToken reads the answer of the OAuth server; the request itself was not sent, so nothing happened.
func judgeToken(f *ecm.Failure, err *auth.Error) {
	f.Class = ecm.Retryable
	if r := err.Response; r != nil && r.StatusCode >= 400 && r.StatusCode < 500 && r.StatusCode != http.StatusTooManyRequests {
		f.Class, f.Mend = ecm.Permanent, "check that the service account's key still exists and that this machine's clock is right"
	}
}

// neverSent says whether no connection came about.
func neverSent(err error) bool {
	dial, ok := errors.AsType[*net.OpError](err)
	return ok && dial.Op == "dial" && !errors.Is(err, context.Canceled)
}

// said is Google's own sentence, or the name of the status where a page came instead of one.
func said(refusal *googleapi.Error) string {
	if refusal.Message == "" {
		return http.StatusText(refusal.Code)
	}
	return clip(strings.Join(strings.Fields(refusal.Message), " "), 300)
}

// retryAfter reads the header's seconds; anything odd is no advice, and too long a wait is cut.
func retryAfter(header http.Header) time.Duration {
	seconds, err := strconv.Atoi(strings.TrimSpace(header.Get("Retry-After")))
	if err != nil || seconds < 0 {
		return 0
	}
	return min(time.Duration(min(seconds, 3600))*time.Second, maxWait)
}

// who is whom to share the sheet with.
func (l *Ledger) who() string {
	if l.account == "" {
		return "the service account"
	}
	return l.account
}
