package slack

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/slack-go/slack"

	"pi-manager/internal/brief"
	"pi-manager/internal/ecm"
)

const (
	// pageSize is what we ask for; Slack may give less. It recommends 200 at most.
	pageSize = 200
	// pageCap ends a search that would read a channel's whole past.
	pageCap = 100
	// clockSkew is how far Slack's clock may be behind ours, whose time the search starts at.
	clockSkew = 5 * time.Minute
)

// Sent lists the tagged messages of this bot since a moment, oldest first: those
// of the channel itself, or the replies in one thread. A message in several
// parts is in the list only if all its parts are there. A thread that is gone
// has no messages. The moment may be off by a few minutes, so older messages can
// be in the list too; their tags tell.
func (c *Client) Sent(ctx context.Context, since time.Time, thread string) ([]brief.Sent, error) {
	const what = "looking for messages posted before"
	me, err := c.api().AuthTestContext(ctx)
	if err != nil {
		return nil, reading(what, err)
	}
	read := c.channelPage
	if thread != "" {
		read = c.threadPage(thread)
	}
	messages, err := pages(func(cursor string) ([]slack.Message, string, error) {
		return read(ctx, timestamp(since.Add(-clockSkew)), cursor)
	})
	switch {
	case named(err, "thread_not_found"):
		return nil, nil
	case err != nil:
		return nil, reading(what, err)
	}
	return c.complete(messages, me), nil
}

// pages follows the cursor to its end.
func pages(read func(cursor string) ([]slack.Message, string, error)) ([]slack.Message, error) {
	var all []slack.Message
	cursor := ""
	for range pageCap {
		page, next, err := read(cursor)
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		if next == "" {
			return all, nil
		}
		cursor = next
	}
	return nil, &ecm.Failure{Class: ecm.Permanent, Err: fmt.Errorf("more than %d pages of messages since then", pageCap)}
}

func (c *Client) channelPage(ctx context.Context, oldest, cursor string) ([]slack.Message, string, error) {
	page, err := c.api().GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{
		ChannelID: c.channel, Oldest: oldest, Cursor: cursor, Limit: pageSize, IncludeAllMetadata: true,
	})
	if err != nil {
		return nil, "", err
	}
	return page.Messages, page.ResponseMetaData.NextCursor, nil
}

func (c *Client) threadPage(thread string) func(ctx context.Context, oldest, cursor string) ([]slack.Message, string, error) {
	return func(ctx context.Context, oldest, cursor string) ([]slack.Message, string, error) {
		page, _, next, err := c.api().GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{
			ChannelID: c.channel, Timestamp: thread, Oldest: oldest, Cursor: cursor, Limit: pageSize, IncludeAllMetadata: true,
		})
		// The first message of a thread comes with its replies, on every page.
		page = slices.DeleteFunc(page, func(m slack.Message) bool { return m.Timestamp == thread })
		return page, next, err
	}
}

// complete picks the messages of the bot that carry a mark, and puts parts together.
func (c *Client) complete(messages []slack.Message, me *slack.AuthTestResponse) []brief.Sent {
	slices.SortFunc(messages, func(a, b slack.Message) int { return compareTimestamps(a.Timestamp, b.Timestamp) })
	var sent []brief.Sent
	open := map[brief.Tag]*parcel{}
	for _, message := range messages {
		mark, ok := readMark(message)
		if !ok || !isFrom(message, me) {
			continue
		}
		p := open[mark.tag]
		if p == nil {
			p = &parcel{seen: map[int]bool{}}
			open[mark.tag] = p
		}
		if ts, whole := p.add(mark, message.Timestamp); whole {
			sent = append(sent, brief.Sent{Tag: mark.tag, Receipt: brief.Receipt{Channel: c.channel, TS: ts}})
			delete(open, mark.tag)
		}
	}
	return sent
}

// isFrom says whether the bot wrote a message. Anybody else could copy a mark.
func isFrom(m slack.Message, me *slack.AuthTestResponse) bool {
	return m.BotID != "" && m.BotID == me.BotID || m.User != "" && m.User == me.UserID
}

// parcel collects the parts of one message.
type parcel struct {
	first string // timestamp of the newest first part
	seen  map[int]bool
}

// add takes a part in; whole says that none is missing now.
func (p *parcel) add(m mark, ts string) (first string, whole bool) {
	if m.no == 1 {
		p.first = ts
	}
	p.seen[m.no] = true
	return p.first, len(p.seen) >= m.of
}

// timestamp is a moment as Slack writes it: seconds, and six digits behind the point.
func timestamp(t time.Time) string {
	micros := max(t.UnixMicro(), 0)
	return fmt.Sprintf("%d.%06d", micros/1e6, micros%1e6)
}

// compareTimestamps orders Slack's timestamps, which have the same number of
// digits for the next centuries; a shorter one is older.
func compareTimestamps(a, b string) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return slices.Compare([]byte(a), []byte(b))
}
