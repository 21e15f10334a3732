package run

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"pi-manager/internal/brief"
	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
	"pi-manager/internal/policy"
)

// Deadline is how long a run may take. A process that is older must not commit,
// so whatever it knew is never older than that.
const Deadline = 10 * time.Minute

// Manager is one queue: where its orders come from, where its assignments live,
// who is told, and by which rules. Several may live in one process.
type Manager struct {
	Warehouse Warehouse
	Ledger    ledger.Ledger
	Notifier  Notifier
	Policy    *policy.Policy
	Zone      *time.Location // of the schedule; messages show times in it
	Effects   Effects
	Now       func() time.Time
	Progress  func(string) // told what the run is doing, in a few words
}

// Request is what somebody wants of a run.
type Request struct {
	Slot   ecm.Slot  // what the run is for
	AsOf   time.Time // UTC; the run decides as if it were then
	Next   time.Time // UTC; when the schedule's next slot comes after AsOf; zero where that is not known
	DryRun bool      // decide and show, change nothing

	Previous ecm.Slot // the scheduled slot before this one; empty where that is not known, or the run is a slot of its own

	started time.Time // by the clock, whatever AsOf says
}

// now is the clock as the ledger keeps it: UTC, to the second.
func (m *Manager) now() time.Time { return m.Now().UTC().Truncate(time.Second) }

// gather reads the warehouse and the ledger at the same time, and meanwhile
// makes sure that the team could be told.
func (m *Manager) gather(ctx context.Context, req Request) (pending ecm.Pending, book ledger.Snapshot, err error) {
	m.Progress("reading the warehouse and the ledger")
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		pending, err = read(ctx, m.Effects, "reading the warehouse", toWarehouse(), func(ctx context.Context) (ecm.Pending, error) {
			return m.Warehouse.Pending(ctx, req.AsOf, m.Policy.Guardrails.ReadLimit())
		})
		return wrap("read the pending list", err)
	})
	group.Go(func() (err error) {
		book, err = m.ledgerFor(ctx, req)
		return err
	})
	if !req.DryRun {
		group.Go(func() error { return wrap("reach the messenger", m.ready(ctx)) })
	}
	err = group.Wait()
	return pending, book, err
}

// ledgerFor reads the ledger as a run needs it. A dry run changes nothing, not
// even what a run that died has left to be looked through.
func (m *Manager) ledgerFor(ctx context.Context, req Request) (ledger.Snapshot, error) {
	if req.DryRun {
		return m.readLedger(ctx)
	}
	return m.settledLedger(ctx)
}

func (m *Manager) readLedger(ctx context.Context) (ledger.Snapshot, error) {
	book, err := read(ctx, m.Effects, "reading the ledger", toLedger(), m.Ledger.Read)
	return book, wrap("read the ledger", err)
}

// ready finds out whether the team could be told. A messenger that refuses us is
// a reason to stop before anything is written; one that is down is not: orders
// are dealt, and the messages are owed.
func (m *Manager) ready(ctx context.Context) error {
	soon, cancel := context.WithTimeout(ctx, 2*notifyTimeout)
	defer cancel()
	_, err := read(soon, m.Effects, "reaching the messenger", toMessenger(), func(ctx context.Context) (struct{}, error) {
		return struct{}{}, m.Notifier.Ready(ctx)
	})
	if err != nil && ecm.ClassOf(err) != ecm.Permanent && ctx.Err() == nil {
		m.Effects.Log.Warn("the messenger cannot be reached; messages will be owed", "error", err)
		return nil
	}
	return err
}

// page is what messages need besides the plan.
func (m *Manager) page(req Request, book ledger.Snapshot) brief.Page {
	return brief.Page{Zone: m.Zone, Slot: req.Slot, Link: book.Link, Warnings: warnings(book)}
}

// warnings are the ledger's own, and one for the rows that only a person can read.
func warnings(book ledger.Snapshot) []string {
	list := book.Warnings
	if n := len(book.Unreadable); n > 0 {
		first := book.Unreadable[0]
		list = append(slices.Clip(list),
			fmt.Sprintf("Rows of the Assignments tab that cannot be read were left alone (%d); the first is row %d: %s.", n, first.Row, first.Reason))
	}
	return list
}

// silence says that the slot before this one left no finished triage behind: who
// waits for a briefing that does not come must learn of it from somebody else. A
// ledger that knows no run at all is new.
func silence(req Request, book ledger.Snapshot) []string {
	if req.Previous == "" || len(book.Runs) == 0 {
		return nil
	}
	switch before := find(book, ecm.RunID(ecm.Triage, req.Previous)); {
	case find(book, ecm.RunID(ecm.Missed, req.Previous)) != nil: // the team was told already
	case before == nil:
		return []string{fmt.Sprintf("The slot before this one, %s, has no triage run: nobody was given an order then.", req.Previous)}
	case before.Owes() && !undone(book)[before.ID]:
		return []string{fmt.Sprintf("The triage of the slot before this one, %s, still owes messages.", req.Previous)}
	}
	return nil
}

// nonce tells this process's commit from the same commit of another.
func nonce() string { return rand.Text() }

func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
