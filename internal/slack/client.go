// Package slack carries messages to Slack: the last step of a run, behind the
// notifier that package run asks for.
//
// It renders a neutral message (package brief) as Block Kit, splits what does
// not fit, paces itself at Slack's limit, and says of every failure whether the
// same call may go out again. It retries nothing. Files: client.go (the way in),
// post.go (sending), render.go and split.go (what is sent), mark.go (how a
// message is recognised again), sent.go (reading back), members.go, check.go,
// guard.go and remedy.go (what an answer means).
package slack

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/slack-go/slack"
	"golang.org/x/time/rate"

	"pi-manager/internal/ecm"
)

// Slack takes one message a second in a channel and "short bursts" above that,
// whose length it does not publish.
// Source: https://docs.slack.dev/apis/web-api/rate-limits (posting messages).
const (
	messagesPerSecond = 1
	messagesAtOnce    = 8
)

// callTimeout ends a call that Slack does not answer, where the caller's own
// HTTP client sets no limit.
const callTimeout = 30 * time.Second

// Settings says where messages go, and as whom.
type Settings struct {
	Token   ecm.Secret   // of the bot: starts with xoxb-
	Channel string       // the channel's id, for example C0123456789
	APIURL  string       // base address of the Web API; empty: Slack's own
	HTTP    *http.Client // nil: a client that gives up after 30 seconds
}

// Client posts to one channel as one bot. It may be used by several goroutines.
type Client struct {
	// api is a function because the library's client holds the token in the
	// clear: no verb of fmt, nor any logger, looks behind a function.
	api     func() *slack.Client
	channel string
	pace    *rate.Limiter
}

// New returns a client. It calls nobody.
func New(s Settings) *Client {
	base := strings.TrimRight(cmp.Or(s.APIURL, slack.APIURL), "/") + "/"
	api := slack.New(s.Token.Reveal(), slack.OptionAPIURL(base), slack.OptionHTTPClient(newGuard(s.HTTP)))
	return &Client{
		api:     func() *slack.Client { return api },
		channel: s.Channel,
		pace:    rate.NewLimiter(messagesPerSecond, messagesAtOnce),
	}
}

// Ready fails where nothing could be posted: a token that is refused, a missing
// scope, no network. It reads only.
func (c *Client) Ready(ctx context.Context) error {
	me, err := c.api().AuthTestContext(ctx)
	if err != nil {
		return reading("asking Slack who the bot is", err)
	}
	if scopes, known := scopesOf(me); known && !scopes[scopePost] {
		return &ecm.Failure{
			Class: ecm.Permanent,
			Err:   fmt.Errorf("the Slack bot %s lacks the scope %s", me.User, scopePost),
			Mend:  addScope(scopePost),
		}
	}
	return nil
}
