package run

import (
	"context"
	"errors"

	"pi-manager/internal/brief"
	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
)

// errNoneMissed says that there is nothing to tell of any more.
var errNoneMissed = errors.New("no slot is missed any more")

// Missed tells the team, once, that slots of the schedule were missed and are too
// old to be caught up with. Which ones is asked for each state of the ledger that is
// decided on, oldest first: another process may run a slot or tell of it meanwhile.
// The record is a run for the newest of them, so whoever looks later knows that
// these slots are settled. It gives how many were told of by this process.
func (m *Manager) Missed(ctx context.Context, req Request, missed func([]ecm.Run) []ecm.Slot) (told int, err error) {
	ctx, cancel := context.WithTimeout(ctx, Deadline)
	defer cancel()
	req.started = m.now()
	book, err := m.settledLedger(ctx)
	if err != nil {
		return 0, err
	}
	slots := missed(book.Runs)
	if len(slots) == 0 {
		return 0, nil
	}
	req.Slot = slots[len(slots)-1]
	done, err := m.carryOut(ctx, ecm.RunID(ecm.Missed, req.Slot), book, func(_ context.Context, book ledger.Snapshot) (ledger.Commit, error) {
		if slots = missed(book.Runs); len(slots) == 0 {
			return ledger.Commit{}, errNoneMissed
		}
		messages, err := outbox([]part{{"alert", kindAlert, brief.Missed(slots, m.page(req, book))}})
		if err != nil {
			return ledger.Commit{}, err
		}
		r := m.record(req, ecm.Missed, messages)
		r.Counts = map[string]int{"missed": len(slots)}
		return ledger.Commit{Run: r}, nil
	})
	switch {
	case done.Done != nil && (err == nil || errors.Is(err, ErrOwed)): // the record stands; the next run delivers what it owes
		if done.Before {
			return 0, nil
		}
		return len(slots), nil
	case errors.Is(err, errNoneMissed):
		return 0, nil
	}
	return 0, err
}
