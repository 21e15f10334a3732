package run

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"pi-manager/internal/brief"
	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
	"pi-manager/internal/progress"
)

// CleanupRequest is what somebody wants of a cleanup.
type CleanupRequest struct {
	Request
	AcceptDrop bool // a person has looked at the numbers that look wrong
}

// Cleanup is what a cleanup did, or would do.
type Cleanup struct {
	Slot     ecm.Slot
	Book     ledger.Snapshot   // the ledger that was decided on
	Plan     *progress.Cleanup // nil where the slot was done before
	Done     *ecm.Run          // the slot's record; nil of a dry run
	Before   bool              // the slot was done before; this run only finished what was owed
	Closed   []progress.Closing
	Left     []progress.Skipped // orders that completed and were not closed
	Timed    int
	Archived int
	Preview  []brief.Message // of a dry run that is stopped: what would be posted
}

// Cleanup closes the rows of orders that completed by themselves, notes when
// people resolved theirs, and moves rows that were resolved long ago to the archive.
func (m *Manager) Cleanup(ctx context.Context, req CleanupRequest) (Cleanup, error) {
	ctx, cancel := context.WithTimeout(ctx, Deadline)
	defer cancel()
	req.started = m.now()
	result, err := m.cleanup(ctx, req)
	if err != nil && !req.DryRun && !errors.Is(err, ErrOwed) {
		m.alarm(ctx, req.Request, ecm.Cleanup, err)
	}
	return result, err
}

func (m *Manager) cleanup(ctx context.Context, req CleanupRequest) (Cleanup, error) {
	result := Cleanup{Slot: req.Slot}
	book, statuses, err := m.inquire(ctx, req.Request, ecm.Cleanup)
	if err != nil {
		return result, err
	}
	clean := func(book ledger.Snapshot) *progress.Cleanup {
		in := m.lookback(req.Request, book)
		in.Statuses = statuses
		return progress.Clean(in, req.AcceptDrop)
	}
	if req.DryRun {
		return m.cleanupPreview(req, book, clean(book))
	}
	var plan *progress.Cleanup
	done, err := m.carryOut(ctx, ecm.RunID(ecm.Cleanup, req.Slot), book, func(_ context.Context, book ledger.Snapshot) (ledger.Commit, error) {
		plan = clean(book)
		return m.cleanupDraft(req.Request, plan, book, statuses)
	})
	result.Book, result.Done, result.Before = done.Book, done.Done, done.Before
	if done.Done == nil || done.Before {
		return result, err
	}
	result.Plan = plan
	return m.lookAfter(ctx, req.Request, result, err)
}

// cleanupPreview shows what a cleanup would do, changing nothing.
func (m *Manager) cleanupPreview(req CleanupRequest, book ledger.Snapshot, plan *progress.Cleanup) (Cleanup, error) {
	result := Cleanup{
		Slot: req.Slot, Book: book, Plan: plan, Closed: plan.Closed, Left: plan.Skipped, Timed: len(plan.Timed),
		Archived: len(m.archivable(req.Request, progress.Apply(book.Assignments, plan.Changes()))),
	}
	if plan.Stopped {
		result.Preview = []brief.Message{brief.CleanupAlert(plan, req.AsOf, m.page(req.Request, book))}
	}
	return result, nil
}

func (m *Manager) cleanupDraft(req Request, plan *progress.Cleanup, book ledger.Snapshot, statuses ecm.Statuses) (ledger.Commit, error) {
	var list []part
	if plan.Stopped {
		list = []part{{"alert", kindAlert, brief.CleanupAlert(plan, req.AsOf, m.page(req, book))}}
	}
	messages, err := outbox(list)
	if err != nil {
		return ledger.Commit{}, err
	}
	r := m.record(req, ecm.Cleanup, messages)
	r.Counts, r.Guardrails, r.Changed = plan.Counts(), plan.Verdicts, changed(plan)
	switch {
	case plan.Stopped:
		r.Result = ecm.ResultStopped
	case len(plan.Closed) == 0:
		r.Result = ecm.ResultNothingNew
	}
	after := progress.Apply(book.Assignments, plan.Changes())
	return ledger.Commit{Run: r, Changes: plan.Changes(), Board: m.board(req, book, after, statuses, r.ID)}, nil
}

// changed is what an undo has to know, by the word that stood in the status cell.
func changed(plan *progress.Cleanup) []ecm.Changed {
	var list []ecm.Changed
	note := func(c ecm.Change, entry ecm.Changed) {
		entry.Timed = c.Was.ResolvedAt.IsZero()
		i := slices.IndexFunc(list, func(e ecm.Changed) bool {
			return e.Word == entry.Word && e.Note == entry.Note && e.Timed == entry.Timed
		})
		if i < 0 {
			i = len(list)
			list = append(list, entry)
		}
		list[i].Marks = append(list[i].Marks, c.Is.Mark())
	}
	for _, closing := range plan.Closed {
		c := closing.Change
		note(c, ecm.Changed{Word: cmp.Or(c.Was.Word, string(c.Was.Status)), Note: ecm.SelfHealed})
	}
	for _, c := range plan.Timed {
		note(c, ecm.Changed{})
	}
	return list
}

// lookAfter reads the ledger once more: which changes were done, and which rows a
// person changed meanwhile. Then it moves old rows to the archive.
func (m *Manager) lookAfter(ctx context.Context, req Request, result Cleanup, committed error) (Cleanup, error) {
	result.Closed, result.Left, result.Timed = result.Plan.Closed, result.Plan.Skipped, len(result.Plan.Timed)
	nothing := len(result.Plan.Changes()) == 0 && len(m.archivable(req, result.Book.Assignments)) == 0
	if nothing || ctx.Err() != nil {
		return result, committed
	}
	m.Progress("looking whether every change has arrived")
	book, err := m.settledLedger(ctx)
	if errors.Is(err, errSettle) || err != nil && ecm.ClassOf(err) == ecm.Permanent {
		return result, errors.Join(committed, fmt.Errorf("%w: %w", ErrUnsettled, err))
	}
	if err != nil {
		m.Effects.Log.Warn("everything is committed; the ledger could not be read afterwards", "error", err)
		result.Book.Warnings = append(slices.Clip(result.Book.Warnings),
			"The ledger could not be read after the commit: a row that somebody changed in that moment may be counted as closed.")
		return result, committed
	}
	result.check(book)
	n, err := m.archive(ctx, req, book)
	result.Archived = n
	if err != nil {
		m.Effects.Log.Warn("old rows could not be moved to the archive; the next cleanup tries again", "error", err)
		result.Book.Warnings = append(slices.Clip(result.Book.Warnings), fmt.Sprintf("Old rows could not be moved to the archive: %v", err))
	}
	return result, committed
}

// check keeps of the changes those that show in the ledger.
func (c *Cleanup) check(book ledger.Snapshot) {
	there := count(book.Assignments, ecm.Assignment.Mark)
	arrived := func(change ecm.Change) bool {
		there[change.Is.Mark()]--
		return there[change.Is.Mark()] >= 0
	}
	c.Closed, c.Timed = nil, 0
	for _, closing := range c.Plan.Closed {
		if arrived(closing.Change) {
			c.Closed = append(c.Closed, closing)
			continue
		}
		was := closing.Change.Was
		c.Left = append(c.Left, progress.Skipped{OrderID: was.OrderID, Row: was.Row, Reason: "somebody changed its row while it was being closed" + nowIs(book, was.OrderID)})
	}
	for _, change := range c.Plan.Timed {
		if arrived(change) {
			c.Timed++
		}
	}
}

// nowIs says what stands in the ledger for an order, to go behind a reason.
func nowIs(book ledger.Snapshot, orderID string) string {
	for _, row := range slices.Backward(book.Assignments) {
		if row.OrderID == orderID {
			return fmt.Sprintf("; it is %s in row %d now", row.Status, row.Row)
		}
	}
	return ""
}
