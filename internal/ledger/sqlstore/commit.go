package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
)

// Commit implements ledger.Ledger: one transaction. Another run's generation,
// another record of this run, and another active row of one of its orders are
// all ErrConflict: reading again shows them.
func (s *Store) Commit(ctx context.Context, c ledger.Commit) error {
	if err := contradiction(c); err != nil {
		return &ecm.Failure{Class: ecm.Permanent, Err: err, Mend: "this is a fault of pi-manager: please report it"}
	}
	return s.write(ctx, "commit "+c.Run.ID, func(tx *sql.Tx) error {
		newest, err := newestGeneration(ctx, tx)
		if err != nil {
			return err
		}
		if newest != c.After {
			return fmt.Errorf("generation %d came after %d: %w", newest, c.After, ledger.ErrConflict)
		}
		err = insertCommit(ctx, tx, c)
		if isTaken(err) {
			return fmt.Errorf("%w (%w)", ledger.ErrConflict, err)
		}
		return err
	})
}

// contradiction says what of a commit no ledger could take, however often it is
// read again: without it the unique indexes would call it a conflict.
func contradiction(c ledger.Commit) error {
	orders := make(map[string]bool, len(c.Rows))
	for _, row := range c.Rows {
		if row.Status != ecm.Resolved && orders[row.OrderID] {
			return fmt.Errorf("commit %s gives the order %q twice", c.Run.ID, row.OrderID)
		}
		orders[row.OrderID] = row.Status != ecm.Resolved
	}
	parts := make(map[string]bool, len(c.Run.Messages))
	for _, message := range c.Run.Messages {
		if parts[message.Part] {
			return fmt.Errorf("commit %s owes the message %q twice", c.Run.ID, message.Part)
		}
		parts[message.Part] = true
	}
	return nil
}

const insertGeneration = `INSERT INTO generations (generation, run_id, hash) VALUES ($1, $2, $3)`

func insertCommit(ctx context.Context, tx *sql.Tx, c ledger.Commit) error {
	if _, err := tx.ExecContext(ctx, insertGeneration, c.After+1, c.Run.ID, c.Run.Hash); err != nil {
		return err
	}
	if err := insertRun(ctx, tx, c.After+1, c.Run); err != nil {
		return err
	}
	return forAll(ctx, tx, insertAssignment, c.Rows, assignmentValues)
}

func newestGeneration(ctx context.Context, tx *sql.Tx) (generation int64, err error) {
	err = tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(generation), 0) FROM generations`).Scan(&generation)
	return generation, err
}

// Committed implements ledger.Ledger.
func (s *Store) Committed(ctx context.Context, generation int64) (string, error) {
	var hash string
	err := s.db.QueryRowContext(ctx, `SELECT hash FROM generations WHERE generation = $1`, generation).Scan(&hash)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return hash, failure(fmt.Sprintf("look up generation %d", generation), s.path, err)
}
