package run

import (
	"context"
	"time"

	"pi-manager/internal/brief"
)

// Notifier is where the team reads: one channel of a messenger. Its errors are
// classified (ecm.Failure); it paces itself and never retries.
type Notifier interface {
	// Ready fails where nothing could be posted: a wrong token, no network.
	Ready(ctx context.Context) error

	// Members finds the member ids of people by e-mail. Who is not found is not
	// in the answer; that is no failure.
	Members(ctx context.Context, emails []string) (map[string]string, error)

	// Post sends one message. An Ambiguous failure may have posted it: look it up
	// with Sent. A reply whose thread is gone fails with ecm.ErrThreadGone and
	// leaves nothing behind.
	Post(ctx context.Context, post brief.Post) (brief.Receipt, error)

	// Sent lists the tagged messages of ours since a moment, in the channel itself
	// (thread empty) or in one thread.
	Sent(ctx context.Context, since time.Time, thread string) ([]brief.Sent, error)
}
