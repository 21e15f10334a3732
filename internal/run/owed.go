package run

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
)

// patience is how often a run looks whether the process that holds a lease has finished.
const patience = 3 * time.Second

// settleDebts delivers what earlier runs owe, where nobody else is at it. A
// messenger that is still down is no reason not to go on. It gives the ledger as
// it stands afterwards.
func (m *Manager) settleDebts(ctx context.Context, book ledger.Snapshot) (ledger.Snapshot, error) {
	for _, old := range book.Runs {
		run := find(book, old.ID) // as it stands now: another process may have been at it
		if run == nil || !run.Owes() {
			continue
		}
		if undone(book)[run.ID] {
			m.withdraw(ctx, run)
			continue
		}
		if m.Now().Before(m.heldUntil(book, run.ID)) {
			continue
		}
		unpaid := m.takeOver(ctx, book, *run)
		var err error
		if book, err = m.readLedger(ctx); err != nil {
			return book, err
		}
		if unpaid == nil || errors.Is(unpaid, errTaken) {
			continue
		}
		m.Effects.Log.Warn("messages of an earlier run are still owed", "run", run.ID, "error", unpaid)
		if now := find(book, old.ID); ecm.ClassOf(unpaid) != ecm.Permanent || now == nil || !now.Messages[0].Delivered() {
			break // the messenger is down or shut: the next ones would only eat the run's time
		}
	}
	return book, nil
}

// finish brings a run to its end that is committed already: it waits for the
// process that holds the lease, or takes over when the lease is over.
func (m *Manager) finish(ctx context.Context, book ledger.Snapshot, id string) (*ecm.Run, error) {
	run := find(book, id)
	for {
		now := find(book, id)
		if now != nil && undone(book)[id] {
			m.withdraw(ctx, now)
			return now, nil
		}
		if now == nil || !now.Owes() {
			return cmp.Or(now, run), nil // a record that a person took away meanwhile is not looked for
		}
		run = now
		if wait := m.heldUntil(book, id).Sub(m.Now()); wait > 0 {
			m.Progress(fmt.Sprintf("the messages of %s are for the process that committed them to post; it has %s left", id, wait.Round(time.Second)))
			if !sleep(ctx, min(wait, patience)) {
				return run, fmt.Errorf("wait for the process that posts the messages of %s: %w", id, cmp.Or(context.Cause(ctx), context.DeadlineExceeded))
			}
		} else if err := m.takeOver(ctx, book, *run); err != nil && !errors.Is(err, errTaken) {
			return run, err
		}
		var err error
		if book, err = m.readLedger(ctx); err != nil {
			return run, err
		}
	}
}

// takeOver claims the messages of a run whose process is gone, and delivers
// them. The claim is a commit of its own, so only one process gets it.
func (m *Manager) takeOver(ctx context.Context, book ledger.Snapshot, run ecm.Run) error {
	m.Effects.Log.Info("taking over the messages of a run that did not finish", "run", run.ID)
	now := m.now()
	slot := ecm.Slot(fmt.Sprintf("%s#%d", run.ID, book.Generation+1))
	claim := ledger.Commit{After: book.Generation, Run: ecm.Run{
		ID: ecm.RunID(ecm.Deliver, slot), Workflow: ecm.Deliver, Slot: slot, Started: now, Result: ecm.ResultOK,
		Until: now.Add(lease(len(run.Messages))), Finished: now,
	}}
	if err := seal(&claim); err != nil {
		return err
	}
	if err := m.commit(ctx, claim); err != nil {
		return err // it names the claim
	}
	run.Until = claim.Run.Until
	run.Messages = slices.Clone(run.Messages)
	return m.deliver(ctx, &run, true)
}

// heldUntil is the end of the newest lease on a run's messages: its own, or that
// of who took them over.
func (m *Manager) heldUntil(book ledger.Snapshot, id string) time.Time {
	var until time.Time
	for _, run := range book.Runs {
		if (run.ID == id || claims(run, id)) && run.Until.After(until) {
			until = run.Until
		}
	}
	return until
}

// claims says whether a record is a claim on the messages of the run.
func claims(run ecm.Run, id string) bool {
	prefix := id + "#"
	return run.Workflow == ecm.Deliver && len(run.Slot) > len(prefix) && string(run.Slot[:len(prefix)]) == prefix
}

func find(book ledger.Snapshot, id string) *ecm.Run {
	i := slices.IndexFunc(book.Runs, func(r ecm.Run) bool { return r.ID == id })
	if i < 0 {
		return nil
	}
	return &book.Runs[i]
}

// seen is when a run last noted that it found an order resolved for the first
// time. It does so again after the order has come back.
func seen(book ledger.Snapshot) map[string]time.Time {
	first := map[string]time.Time{}
	for _, run := range book.Runs {
		maps.Copy(first, run.Seen)
	}
	return first
}

// lastAgent is who got the last order of the newest run that noted it; where no
// record does, who has the newest row. Runs that were taken back do not count.
func lastAgent(book ledger.Snapshot) string {
	gone := undone(book)
	for _, run := range slices.Backward(book.Runs) {
		if run.LastAgent != "" && !gone[run.ID] {
			return run.LastAgent
		}
	}
	var newest ecm.Assignment
	for _, row := range book.Assignments {
		if row.RunID != "" && !gone[row.RunID] && !row.AssignedAt.Before(newest.AssignedAt) {
			newest = row
		}
	}
	return newest.Agent
}
