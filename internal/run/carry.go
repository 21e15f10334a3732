package run

import (
	"context"
	"errors"
	"fmt"
	"time"

	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
)

// planTries is how often a run decides anew because another committed first.
const planTries = 5

// carried is how far a run got.
type carried struct {
	Book   ledger.Snapshot // the ledger that was decided on
	Done   *ecm.Run        // the slot's record
	Before bool            // the slot was done before; this run only finished what was owed
}

// decide makes a commit of what stands in the ledger. It is asked again where
// another process committed in between.
type decide func(ctx context.Context, book ledger.Snapshot) (ledger.Commit, error)

// carryOut brings a run from a state of the ledger to its committed record, and
// delivers its messages. Where the error says that messages are still owed
// (ErrOwed), all the rest is done.
func (m *Manager) carryOut(ctx context.Context, id string, book ledger.Snapshot, decide decide) (carried, error) {
	for range planTries {
		result, err := m.attempt(ctx, id, book, decide)
		if err != nil || result.Done != nil {
			return result, err
		}
		m.Progress("somebody else changed the ledger, deciding again")
		if book, err = m.settledLedger(ctx); err != nil {
			return carried{}, err
		}
	}
	return carried{}, fmt.Errorf("the ledger refused the commit %d times in a row: other processes were first each time, or the slot was done so long ago that its record is not read any more; nothing was written", planTries)
}

// attempt decides on one state of the ledger. Nothing is done where another
// process committed in between.
func (m *Manager) attempt(ctx context.Context, id string, book ledger.Snapshot, decide decide) (carried, error) {
	if find(book, id) != nil {
		done, err := m.finish(ctx, book, id)
		return carried{Book: book, Done: done, Before: true}, owed(err)
	}
	book, err := m.settleDebts(ctx, book)
	if err != nil {
		return carried{}, err
	}
	commit, err := decide(ctx, book)
	if err != nil {
		return carried{}, err
	}
	commit.After = book.Generation
	if err := seal(&commit); err != nil {
		return carried{}, err
	}
	m.Progress(fmt.Sprintf("committing %d new rows and %d changes", len(commit.Rows), len(commit.Changes)))
	err = m.commit(ctx, commit)
	if errors.Is(err, errTaken) {
		return carried{}, nil
	}
	if err != nil {
		return carried{}, err
	}
	return m.hand(ctx, id, carried{Book: book, Done: &commit.Run})
}

// hand delivers the messages of a run that was just committed.
func (m *Manager) hand(ctx context.Context, id string, result carried) (carried, error) {
	run := result.Done
	err := m.deliver(ctx, run, false)
	if err == nil || m.Now().Before(run.Until.Add(-seam)) || ctx.Err() != nil {
		return result, owed(err)
	}
	// The lease ran out on the way: the answer to the commit, or the messenger,
	// took too long. Go on like any other process that finds the run unfinished.
	book, err := m.readLedger(ctx)
	if err == nil {
		result.Done, err = m.finish(ctx, book, id)
	}
	return result, owed(err)
}

// errSettle says that what an earlier commit left to be looked at still is.
var errSettle = errors.New("look through the last changes of the ledger")

// settledLedger reads the ledger, and first brings to its end what a process that
// died left half looked at.
func (m *Manager) settledLedger(ctx context.Context) (ledger.Snapshot, error) {
	book, err := m.readLedger(ctx)
	if err != nil || !book.Unsettled {
		return book, err
	}
	m.Progress("looking through the changes of a run that did not finish")
	_, err = read(ctx, m.Effects, "settling the ledger", toLedger(), func(ctx context.Context) (struct{}, error) {
		return struct{}{}, m.Ledger.Settle(ctx)
	})
	if err != nil {
		return book, fmt.Errorf("%w: %w", errSettle, err)
	}
	return m.readLedger(ctx)
}

// record is the part of a run's record that all workflows fill in the same way.
func (m *Manager) record(req Request, workflow ecm.Workflow, messages []ecm.Owed) ecm.Run {
	now := m.now()
	r := ecm.Run{
		ID: ecm.RunID(workflow, req.Slot), Workflow: workflow, Slot: req.Slot, Started: req.started, AsOf: req.AsOf.UTC().Truncate(time.Second), Until: now.Add(lease(len(messages))),
		Result: ecm.ResultOK, Messages: messages,
	}
	if len(messages) == 0 {
		r.Until, r.Finished = now, now // nobody has to come back for it
	}
	return r
}
