package slack

import (
	"context"
	"errors"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"
)

// lookupsAtOnce bounds the lookups under way. Slack allows 50 a minute.
const lookupsAtOnce = 4

// errNoLookup ends the lookups where the bot may make none.
var errNoLookup = errors.New("no scope for looking members up")

// Members finds the member ids of people by e-mail. Who is unknown to Slack, or
// deactivated, is not in the answer; without the scope users:read.email nobody
// is. Neither is a failure: a message then shows the name instead of a mention.
func (c *Client) Members(ctx context.Context, emails []string) (map[string]string, error) {
	emails = slices.Compact(slices.Sorted(slices.Values(emails)))
	members := make(map[string]string, len(emails))
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(lookupsAtOnce)
	for _, email := range emails {
		if email == "" {
			continue
		}
		group.Go(func() error {
			id, err := c.member(ctx, email)
			if id != "" {
				mu.Lock()
				defer mu.Unlock()
				members[email] = id
			}
			return err
		})
	}
	if err := group.Wait(); err != nil && !errors.Is(err, errNoLookup) {
		return nil, reading("looking up members in Slack", err)
	}
	return members, nil
}

// member returns the id of one person, or nothing.
func (c *Client) member(ctx context.Context, email string) (string, error) {
	user, err := c.api().GetUserByEmailContext(ctx, email)
	switch {
	case named(err, "missing_scope", "not_allowed_token_type", "access_denied", "no_permission"):
		return "", errNoLookup
	case named(err, "users_not_found", "user_not_found", "user_not_visible"):
		return "", nil
	case err != nil:
		return "", err
	case user.Deleted || !memberID.MatchString(user.ID):
		return "", nil
	}
	return user.ID, nil
}
