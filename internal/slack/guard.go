package slack

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"pi-manager/internal/ecm"
)

// answerLimit is the largest answer that is read, in bytes. A page of 200
// messages with all their blocks stays well below it.
const answerLimit = 8 << 20

// Retry-After is believed up to longestWait; without a sensible one we wait
// usualWait.
const (
	usualWait   = 30 * time.Second
	longestWait = 5 * time.Minute
)

// guard stands between the Slack library and the wire. It lets only a complete
// answer with ok:true through and turns anything else into a classified failure,
// so that no half-read page is ever taken for success.
type guard struct {
	client *http.Client
}

// newGuard copies the client: redirects are not followed, because a redirected
// post would carry the token to another host.
func newGuard(client *http.Client) guard {
	own := http.Client{Timeout: callTimeout}
	if client != nil {
		own = *client
	}
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return guard{client: &own}
}

// Do sends a request and returns its answer if that says ok:true.
func (g guard) Do(req *http.Request) (*http.Response, error) {
	resp, err := g.client.Do(req) //nolint:gosec // the address is a setting of whoever runs the program
	if err != nil {
		return nil, undelivered(err)
	}
	defer func() { _ = resp.Body.Close() }() // read to its end, or given up
	body, err := io.ReadAll(io.LimitReader(resp.Body, answerLimit+1))
	if err != nil {
		return nil, &ecm.Failure{Err: fmt.Errorf("the answer broke off: %w", withoutAddress(err))}
	}
	if len(body) > answerLimit {
		return nil, &ecm.Failure{Err: fmt.Errorf("the answer is larger than %d bytes", answerLimit)}
	}
	if err := judge(resp.StatusCode, resp.Header, body); err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

// judge says what an answer means; nil is success. It never repeats text of the
// answer that does not look like one of Slack's own words.
func judge(status int, header http.Header, body []byte) error {
	if status == http.StatusTooManyRequests {
		return tooMany(header)
	}
	var answer struct {
		OK     *bool  `json:"ok"`
		Error  string `json:"error"`
		Needed string `json:"needed"`
	}
	readable := json.Unmarshal(body, &answer) == nil && answer.OK != nil
	switch {
	case readable && !*answer.OK && isRateLimit(answer.Error):
		return tooMany(header)
	case readable && !*answer.OK:
		return refusal(answer.Error, answer.Needed)
	case status != http.StatusOK:
		return strange(status)
	case !readable:
		return &ecm.Failure{Err: errors.New("what answered is not Slack: no JSON with ok in it"), Mend: checkAddress}
	}
	return nil
}

const checkAddress = "check SLACK_API_URL and the proxy in between"

// strange classifies an answer that only has a status. A server that failed may
// have done its work; one that turned the request away has not.
func strange(status int) error {
	class := ecm.Ambiguous
	if status >= 400 && status < 500 && status != http.StatusRequestTimeout {
		class = ecm.Permanent
	}
	return &ecm.Failure{
		Class: class,
		Err:   fmt.Errorf("what answered is not Slack: HTTP %d %s", status, http.StatusText(status)),
		Mend:  checkAddress,
	}
}

func isRateLimit(name string) bool { return name == "ratelimited" || name == "rate_limited" }

func tooMany(header http.Header) error {
	wait := retryAfter(header.Get("Retry-After"))
	return &ecm.Failure{
		Class: ecm.Retryable,
		Wait:  wait,
		Err:   fmt.Errorf("the rate limit is reached: wait %s", wait),
	}
}

// retryAfter reads the header, which Slack documents as whole seconds. What is
// missing, negative, a date or rubbish counts as the usual wait.
func retryAfter(header string) time.Duration {
	seconds, err := strconv.Atoi(header)
	if err != nil || seconds < 0 {
		return usualWait
	}
	if seconds > int(longestWait/time.Second) {
		return longestWait
	}
	return time.Duration(max(seconds, 1)) * time.Second
}

// undelivered classifies a call that got no answer. Only where no connection
// came about is it certain that nothing happened.
func undelivered(err error) error {
	err = withoutAddress(err)
	var dial *net.OpError
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &certificate):
		return &ecm.Failure{
			Class: ecm.Permanent,
			Err:   fmt.Errorf("the certificate of Slack's address is not trusted: %w", err),
			Mend:  checkAddress,
		}
	case errors.As(err, &dial) && (dial.Op == "dial" || dial.Op == "proxyconnect"):
		return &ecm.Failure{Class: ecm.Retryable, Err: fmt.Errorf("no connection to Slack: %w", err)}
	default:
		return &ecm.Failure{Err: fmt.Errorf("no answer from Slack: %w", err)}
	}
}

// withoutAddress drops the URL, which may hold a proxy's password.
func withoutAddress(err error) error {
	if outer, ok := errors.AsType[*url.Error](err); ok {
		return outer.Err
	}
	return err
}
