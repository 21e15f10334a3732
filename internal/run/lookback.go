package run

import (
	"context"
	"slices"
	"time"

	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
	"pi-manager/internal/progress"
)

// lookback is what the pure core needs of the ledger to look back on it.
func (m *Manager) lookback(req Request, book ledger.Snapshot) progress.Input {
	in := progress.Input{
		AsOf: req.AsOf, Day: m.day(req.AsOf), Assignments: book.Assignments, Agents: book.Agents, Resolutions: book.Resolutions,
		Seen: seen(book), Policy: m.Policy,
	}
	for _, row := range book.Unreadable {
		in.Unreadable = append(in.Unreadable, progress.Unreadable(row))
	}
	return in
}

// day is when the day of a moment began in the team's zone.
func (m *Manager) day(at time.Time) time.Time {
	local := at.In(m.Zone)
	return time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, m.Zone).UTC()
}

// board is the dashboard of the ledger with these rows. Statuses are what the
// warehouse says of their orders, as far as this run has asked.
func (m *Manager) board(req Request, book ledger.Snapshot, rows []ecm.Assignment, statuses ecm.Statuses, runID string) *ecm.Board {
	in := m.lookback(req, book)
	in.Assignments, in.Statuses = rows, statuses
	board := progress.NewBoard(in, runID)
	return &board
}

// statuses asks the warehouse what has become of the orders that are not resolved.
func (m *Manager) statuses(ctx context.Context, req Request, book ledger.Snapshot) (ecm.Statuses, error) {
	ids := progress.Asked(m.lookback(req, book))
	if len(ids) == 0 {
		return ecm.Statuses{}, nil
	}
	m.Progress("asking the warehouse what has become of the open orders")
	answer, err := read(ctx, m.Effects, "asking for order statuses", toWarehouse(), func(ctx context.Context) (ecm.Statuses, error) {
		return m.Warehouse.Statuses(ctx, req.AsOf, ids)
	})
	return answer, wrap("ask what has become of the open orders", err)
}

// since is what a report compares with: the newest report before it. Where the
// record of that is gone or cannot be read, it is the beginning of the day.
func (m *Manager) since(req Request, book ledger.Snapshot) progress.Since {
	since := progress.Since{At: m.day(req.AsOf), Next: req.Next}
	for _, run := range slices.Backward(book.Runs) {
		if run.Workflow == ecm.Progress && len(run.Counts) > 0 && !run.AsOf.IsZero() && run.AsOf.Before(req.AsOf) {
			since.At, since.Counts, since.Healed = run.AsOf, run.Counts, run.Healed
			break
		}
	}
	return since
}
