// Package sqlstore is the ledger in an SQL database: a SQLite file, which the
// demo makes and which a small team can stay on, or a PostgreSQL database, which
// several machines share.
//
// The shell (package run) reads a Snapshot from it and commits a decision to it.
// One commit is one transaction, the generation's primary key lets one of
// several runs win, and a unique index gives an order to one agent at a time,
// whoever writes. People work in the same tables with the sqlite3 or psql shell:
// what they type is read with care, reported where it makes no sense, and left
// alone.
//
// The statements are plain SQL with numbered parameters, the same for both
// databases. What differs stands in sqlite.go and postgres.go.
package sqlstore

import (
	"context"
	"database/sql"
	"errors"

	"github.com/pressly/goose/v3"

	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
)

// Store is a ledger in a database. Several processes may have the same one open.
type Store struct {
	db     *sql.DB
	engine engine
	name   string // for messages: the file's path, or the database's address without its password
}

var _ ledger.Ledger = (*Store)(nil)

// engine is what differs from one database to the other.
type engine interface {
	// steps are what brings the tables up to date.
	steps(db *sql.DB) (*goose.Provider, error)
	// judge classifies an error after which nothing can have been committed that
	// was not committed before, except where it says Ambiguous.
	judge(err error) (ecm.Class, string)
	// judgeCommit classifies an error of the COMMIT itself.
	judgeCommit(err error) (ecm.Class, string)
	// isTaken says whether a unique index or a primary key refused the row.
	isTaken(err error) bool
	// check looks at the database itself; what is in the tables is not its business.
	check(ctx context.Context, s *Store) []ecm.Check
}

// open makes a store of a database, and brings its tables up to date.
func open(ctx context.Context, db *sql.DB, engine engine, name string) (*Store, error) {
	s := &Store{db: db, engine: engine, name: name}
	if err := s.migrate(ctx); err != nil {
		return nil, s.failure("open", errors.Join(err, db.Close()))
	}
	return s, nil
}

// Close lets go of the database. Nothing is lost without it.
func (s *Store) Close() error { return s.db.Close() }

// write runs do in one transaction, all or nothing. It sees what others have
// committed from one statement to the next: the statements themselves say which
// row they mean, and in which state.
func (s *Store) write(ctx context.Context, doing string, do func(*sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	if err != nil {
		return s.failure(doing, err)
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	if err := do(tx); err != nil {
		return s.failure(doing, err)
	}
	return s.commitFailure(doing, tx.Commit())
}

// forAll runs one statement for each item.
func forAll[T any](ctx context.Context, tx *sql.Tx, statement string, items []T, values func(i int, item T) []any) error {
	insert, err := tx.PrepareContext(ctx, statement)
	if err != nil {
		return err
	}
	defer func() { _ = insert.Close() }() // the transaction closes it too
	for i, item := range items {
		if _, err := insert.ExecContext(ctx, values(i, item)...); err != nil {
			return err
		}
	}
	return nil
}
