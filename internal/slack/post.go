package slack

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/slack-go/slack"

	"pi-manager/internal/brief"
	"pi-manager/internal/ecm"
)

// cleanupTimeout is how long deleting a message of ours may take, even where the
// run was told to stop meanwhile.
const cleanupTimeout = 5 * time.Second

// Post sends one message, into a thread if post.Thread is set. A message that
// does not fit is sent in numbered parts, one after the other in the same place;
// the receipt is the first part's. If a later part fails, the earlier ones are
// deleted, so a failed message leaves nothing behind.
//
// Where a workspace refuses the blocks or the metadata, and says so, the message
// goes out once more without them: nothing had been posted.
//
// An Ambiguous failure may have posted. A thread whose first message is gone
// gives ecm.ErrThreadGone; the reply that Slack then puts into the channel is deleted.
func (c *Client) Post(ctx context.Context, post brief.Post) (brief.Receipt, error) {
	if summary(post.Message) == "" {
		return brief.Receipt{}, &ecm.Failure{Class: ecm.Permanent, Err: fmt.Errorf("message %s of run %s is empty", post.Tag.Part, post.Tag.Run)}
	}
	use := features{blocks: true, metadata: true}
	for {
		receipt, err := c.send(ctx, post, use)
		fewer, ok := use.without(err)
		if !ok {
			return receipt, err
		}
		use = fewer
	}
}

// features says what of Slack's offer a message uses.
type features struct {
	blocks, metadata bool
}

// without drops what Slack's refusal complains about; ok is false if that is nothing.
func (f features) without(err error) (fewer features, ok bool) {
	switch {
	case ecm.ClassOf(err) != ecm.Permanent: // no refusal, or a part that is still there
	case f.blocks && named(err, "invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"):
		return features{metadata: f.metadata}, true
	case f.metadata && named(err, "invalid_metadata_format", "invalid_metadata_schema", "metadata_too_large", "metadata_must_be_sent_from_app"):
		return features{blocks: f.blocks}, true
	}
	return f, false
}

// parts renders a message. Without metadata every text ends in a reference to it.
func (f features) parts(post brief.Post) []part {
	spare := 0
	if !f.metadata {
		spare = len(newMark(post.Tag, part{no: 999, of: 999}).reference())
	}
	parts := textParts
	if f.blocks {
		parts = blockParts
	}
	return parts(post.Message, spare)
}

// send posts all parts of a message, or none as far as it can.
func (c *Client) send(ctx context.Context, post brief.Post, use features) (brief.Receipt, error) {
	var done []brief.Receipt
	for _, p := range use.parts(post) {
		receipt, err := c.sendPart(ctx, post, p, use)
		if err != nil {
			return brief.Receipt{}, c.takeBack(ctx, done, err)
		}
		done = append(done, receipt)
	}
	return done[0], nil
}

// takeBack deletes the parts of an unfinished message and returns why it is unfinished.
func (c *Client) takeBack(ctx context.Context, done []brief.Receipt, cause error) error {
	for _, receipt := range done {
		if err := c.remove(ctx, receipt.TS); err != nil {
			return &ecm.Failure{Class: ecm.Ambiguous, Err: fmt.Errorf("%w; its first part is still there: %w", cause, err)}
		}
	}
	return cause
}

func (c *Client) sendPart(ctx context.Context, post brief.Post, p part, use features) (brief.Receipt, error) {
	if err := c.pace.Wait(ctx); err != nil {
		return brief.Receipt{}, &ecm.Failure{Class: ecm.Retryable, Err: fmt.Errorf("waiting for a turn to post: %w", err)}
	}
	what := fmt.Sprintf("posting %s to Slack channel %s", post.Tag.Part, c.channel)
	channel, ts, message, err := c.api().PostMessageWithResponseContext(ctx, c.channel, options(post, p, use)...)
	switch {
	case err != nil && post.Thread != "" && named(err, "thread_not_found", "cannot_reply_to_message"):
		return brief.Receipt{}, threadGone(post.Thread)
	case err != nil:
		return brief.Receipt{}, posting(what, err)
	case ts == "" || message.Timestamp == "":
		return brief.Receipt{}, posting(what, errors.New("the answer does not say which message it is about"))
	case post.Thread != "" && message.ThreadTimestamp != post.Thread:
		return brief.Receipt{}, c.fellOut(ctx, post.Thread, ts)
	}
	return brief.Receipt{Channel: channel, TS: ts}, nil
}

// options are the request. Nothing of Slack's guessing is switched on: no
// unfurling, no linking of names, no parsing of bare addresses.
func options(post brief.Post, p part, use features) []slack.MsgOption {
	mark, text := newMark(post.Tag, p), p.text
	if !use.metadata {
		text += mark.reference()
	}
	options := []slack.MsgOption{
		slack.MsgOptionText(text, false), slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl(),
	}
	if use.metadata {
		options = append(options, slack.MsgOptionMetadata(mark.metadata()))
	}
	if len(p.blocks) > 0 {
		options = append(options, slack.MsgOptionBlocks(blockKit(p.blocks)...))
	}
	if post.Thread != "" {
		options = append(options, slack.MsgOptionTS(post.Thread))
	}
	return options
}

// blockKit builds the library's blocks. Verbatim keeps Slack from finding
// addresses, channels and people in what is only text.
func blockKit(blocks []block) []slack.Block {
	kit := make([]slack.Block, 0, len(blocks))
	for _, b := range blocks {
		text := slack.NewTextBlockObject(slack.MarkdownType, b.text, false, true)
		switch b.kind {
		case brief.Header:
			kit = append(kit, slack.NewHeaderBlock(slack.NewTextBlockObject(slack.PlainTextType, b.text, true, false)))
		case brief.Context:
			kit = append(kit, slack.NewContextBlock("", text))
		default:
			kit = append(kit, slack.NewSectionBlock(text, nil, nil))
		}
	}
	return kit
}

// fellOut deletes a reply that Slack put into the channel because its thread is
// gone: the answer says ok, and only lacks thread_ts.
func (c *Client) fellOut(ctx context.Context, thread, ts string) error {
	if err := c.remove(ctx, ts); err != nil {
		return &ecm.Failure{Class: ecm.Ambiguous, Err: fmt.Errorf("a reply to %s landed in the channel as %s, and: %w", thread, ts, err)}
	}
	return threadGone(thread)
}

func threadGone(thread string) error {
	return &ecm.Failure{Class: ecm.Permanent, Err: fmt.Errorf("replying to %s: %w", thread, ecm.ErrThreadGone)}
}

// remove deletes a message of ours. One that is gone already is fine.
func (c *Client) remove(ctx context.Context, ts string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
	defer cancel()
	_, _, err := c.api().DeleteMessageContext(ctx, c.channel, ts)
	if err != nil && !named(err, "message_not_found") {
		return posting("deleting message "+ts, err)
	}
	return nil
}
