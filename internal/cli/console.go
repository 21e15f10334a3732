package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"pi-manager/internal/brief"
	"pi-manager/internal/ecm"
)

// console is a messenger for one person at a terminal: it shows each message as
// the team would see it in Slack. It forgets what it has shown.
type console struct {
	mu    sync.Mutex
	w     io.Writer
	shown int
	quiet func(post int) bool // leaves a message out of sight; nil: shows all
}

// Ready implements run.Notifier.
func (*console) Ready(context.Context) error { return nil }

// Members implements run.Notifier: a terminal has no members.
func (*console) Members(context.Context, []string) (map[string]string, error) { return nil, nil }

// Sent implements run.Notifier.
func (*console) Sent(context.Context, time.Time, string) ([]brief.Sent, error) { return nil, nil }

// Check says where messages go.
func (*console) Check(context.Context) []ecm.Check {
	return []ecm.Check{{Name: "messages", OK: true, Detail: "go to the terminal (PI_MANAGER_NOTIFY=stdout)"}}
}

// Post implements run.Notifier.
func (c *console) Post(_ context.Context, post brief.Post) (brief.Receipt, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shown++
	receipt := brief.Receipt{Channel: "terminal", TS: fmt.Sprint(c.shown)}
	if c.quiet != nil && c.quiet(c.shown) {
		return receipt, nil
	}
	margin := "┃ "
	if post.Thread != "" {
		margin = "  ┃ "
	}
	for line := range strings.Lines("\n" + post.Message.String()) {
		if _, err := fmt.Fprint(c.w, strings.TrimRight(margin+strings.TrimRight(line, "\n"), " ")+"\n"); err != nil {
			return brief.Receipt{}, &ecm.Failure{Class: ecm.Permanent, Err: fmt.Errorf("write the message: %w", err)}
		}
	}
	return receipt, nil
}
