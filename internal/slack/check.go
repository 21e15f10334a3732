package slack

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/slack-go/slack"

	"pi-manager/internal/ecm"
)

// The scopes that the bot needs. Of those in a pair one is enough: the second is
// for a private channel.
const scopePost = "chat:write"

// need is a scope and what is missing without it.
type need struct {
	name  string
	anyOf []string
	loss  string
}

func needs() []need {
	return []need{
		{"post", []string{scopePost}, "nothing can be posted"},
		{"read back", []string{"channels:history", "groups:history"}, "after a lost answer a message may be posted twice"},
		{"mention agents", []string{"users:read.email"}, "agents are named, not mentioned"},
		{"see the channel", []string{"channels:read", "groups:read"}, "this test cannot see whether the bot is in the channel"},
	}
}

// Check looks at everything that posting needs, without posting: the token, its
// scopes, the channel. One line each, with what to do about it.
func (c *Client) Check(ctx context.Context) []ecm.Check {
	me, err := c.api().AuthTestContext(ctx)
	if err != nil {
		return []ecm.Check{failed("slack: token", reading("asking Slack who the bot is", err))}
	}
	checks := []ecm.Check{{
		Name: "slack: token", OK: true,
		Detail: fmt.Sprintf("bot %s in workspace %s", clean(me.User), clean(me.Team)),
	}}
	checks = append(checks, checkScopes(me)...)
	return append(checks, c.checkChannel(ctx))
}

func checkScopes(me *slack.AuthTestResponse) []ecm.Check {
	have, known := scopesOf(me)
	if !known {
		return []ecm.Check{{Name: "slack: scopes", OK: true, Detail: "Slack did not list them"}}
	}
	var checks []ecm.Check
	for _, n := range needs() {
		check := ecm.Check{Name: "slack: may " + n.name, Detail: strings.Join(n.anyOf, " or ")}
		for _, scope := range n.anyOf {
			check.OK = check.OK || have[scope]
		}
		if !check.OK {
			check.Detail, check.Mend = "missing: "+check.Detail+"; "+n.loss, addScope(n.anyOf[0])
		}
		checks = append(checks, check)
	}
	return checks
}

// checkChannel says whether the bot is in the channel.
func (c *Client) checkChannel(ctx context.Context) ecm.Check {
	check := ecm.Check{Name: "slack: channel " + clean(c.channel)}
	channel, err := c.api().GetConversationInfoContext(ctx, &slack.GetConversationInfoInput{ChannelID: c.channel})
	switch {
	case named(err, "missing_scope"):
		check.Detail, check.Mend = "cannot be looked at", addScope("channels:read")
	case err != nil:
		return failed(check.Name, reading("looking at the channel", err))
	case channel.IsArchived:
		_, check.Mend = remedy("is_archived")
		check.Detail = "#" + clean(channel.Name) + " is archived"
	case !channel.IsMember:
		_, check.Mend = remedy("not_in_channel")
		check.Detail = "the bot is not in #" + clean(channel.Name)
	default:
		check.OK, check.Detail = true, "the bot is in #"+clean(channel.Name)
	}
	return check
}

// failed is the line of a call that did not work.
func failed(name string, err error) ecm.Check {
	check := ecm.Check{Name: name, Detail: err.Error()}
	if f, ok := errors.AsType[*ecm.Failure](err); ok {
		check.Detail, check.Mend = f.Err.Error(), f.Mend
	}
	return check
}

// scopesOf reads the scopes of the token from the answer of auth.test; known is
// false where Slack did not send them.
func scopesOf(me *slack.AuthTestResponse) (scopes map[string]bool, known bool) {
	list := me.Header.Get("X-Oauth-Scopes")
	scopes = map[string]bool{}
	for scope := range strings.SplitSeq(list, ",") {
		scopes[strings.TrimSpace(scope)] = true
	}
	return scopes, list != ""
}

func addScope(scope string) string {
	return "add the scope " + scope + " to the app (OAuth & Permissions) and reinstall it to the workspace"
}
