package run

import (
	"context"

	"pi-manager/internal/ecm"
)

// Runs lists the last runs that the ledger has a record of, oldest first.
func (m *Manager) Runs(ctx context.Context) ([]ecm.Run, error) {
	ctx, cancel := context.WithTimeout(ctx, Deadline)
	defer cancel()
	m.Progress("reading the ledger")
	book, err := m.readLedger(ctx)
	return book.Runs, err
}
