package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"pi-manager/internal/ledger"
)

// Commit implements ledger.Ledger: one transaction. Another run's generation,
// another record of this run, and another active row of one of its orders are
// all ErrConflict: reading again shows them. A cell of resolved_at that is not
// blank and no time is a person's, and stays as it is whatever a change says.
func (s *Store) Commit(ctx context.Context, c ledger.Commit) error {
	if err := c.Contradiction(); err != nil {
		return err
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
		if s.engine.isTaken(err) {
			return fmt.Errorf("%w (%w)", ledger.ErrConflict, err)
		}
		return err
	})
}

const insertGeneration = `INSERT INTO generations (generation, run_id, hash) VALUES ($1, $2, $3)`

func insertCommit(ctx context.Context, tx *sql.Tx, c ledger.Commit) error {
	if _, err := tx.ExecContext(ctx, insertGeneration, c.After+1, c.Run.ID, c.Run.Hash); err != nil {
		return err
	}
	if err := insertRun(ctx, tx, c.After+1, c.Run); err != nil {
		return err
	}
	if err := change(ctx, tx, c.Changes); err != nil {
		return err
	}
	// After the changes: an order whose row is closed by one of them may get a new one.
	if err := forAll(ctx, tx, insertAssignment, c.Rows, assignmentValues); err != nil {
		return err
	}
	return putBoard(ctx, tx, c.Board)
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
	return hash, s.failure(fmt.Sprintf("look up generation %d", generation), err)
}

// Settle implements ledger.Ledger: nothing can come between a row and its change in a transaction.
func (s *Store) Settle(context.Context) error { return nil }
