package run

import (
	"context"
	"errors"
	"fmt"

	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
	"pi-manager/internal/progress"
)

// archivedAtOnce keeps one commit well below what a sheet takes in one request.
// A backlog is worked off by the cleanups that follow.
const archivedAtOnce = 1_000

// archivable are the rows that were resolved so long ago that nothing asks for
// them any more, at most as many as one commit takes. Of an order with a row that
// is not resolved, none is.
func (m *Manager) archivable(req Request, rows []ecm.Assignment) []ecm.Change {
	active := map[string]bool{}
	for _, row := range rows {
		active[row.OrderID] = active[row.OrderID] || row.Status != ecm.Resolved
	}
	var moves []ecm.Change
	for _, row := range rows {
		old := !row.ResolvedAt.IsZero() && req.AsOf.Sub(row.ResolvedAt) > m.Policy.Cleanup.ArchiveAfter
		if row.Status == ecm.Resolved && old && !active[row.OrderID] && len(moves) < archivedAtOnce {
			moves = append(moves, ecm.Change{Was: row, Move: ecm.ToArchive})
		}
	}
	return moves
}

// archive moves old rows out of the way, in a run of its own. It gives how many
// were moved.
func (m *Manager) archive(ctx context.Context, req Request, book ledger.Snapshot) (int, error) {
	if len(m.archivable(req, book.Assignments)) == 0 {
		return 0, nil
	}
	m.Progress("moving old rows to the archive")
	moved := 0
	done, err := m.carryOut(ctx, ecm.RunID(ecm.Archive, req.Slot), book, func(_ context.Context, book ledger.Snapshot) (ledger.Commit, error) {
		moves := m.archivable(req, book.Assignments)
		moved = len(moves)
		r := m.record(req, ecm.Archive, nil)
		r.Counts = map[string]int{"archived": moved}
		after := progress.Apply(book.Assignments, moves)
		return ledger.Commit{Run: r, Changes: moves, Board: m.board(req, book, after, ecm.Statuses{}, r.ID)}, nil
	})
	if done.Before {
		return 0, err
	}
	if err != nil && !errors.Is(err, ErrOwed) {
		return 0, fmt.Errorf("archive: %w", err)
	}
	return moved, err
}
