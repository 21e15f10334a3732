package run

import (
	"context"
	"errors"

	"pi-manager/internal/brief"
	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
)

// Missed tells the team, once, that slots of the schedule were missed and are too
// old to be caught up with. The record is a run for the newest of them, so whoever
// looks later knows that these slots are settled.
func (m *Manager) Missed(ctx context.Context, req Request, slots []ecm.Slot) error {
	ctx, cancel := context.WithTimeout(ctx, Deadline)
	defer cancel()
	req.started, req.Slot = m.now(), slots[len(slots)-1]
	book, err := m.settledLedger(ctx)
	if err != nil {
		return err
	}
	done, err := m.carryOut(ctx, ecm.RunID(ecm.Missed, req.Slot), book, func(_ context.Context, book ledger.Snapshot) (ledger.Commit, error) {
		messages, err := outbox([]part{{"alert", kindAlert, brief.Missed(slots, m.page(req, book))}})
		if err != nil {
			return ledger.Commit{}, err
		}
		r := m.record(req, ecm.Missed, messages)
		r.Counts = map[string]int{"missed": len(slots)}
		return ledger.Commit{Run: r}, nil
	})
	if done.Done != nil && errors.Is(err, ErrOwed) {
		return nil // the record stands; the next run delivers
	}
	return err
}
