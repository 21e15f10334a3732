// Package sqlstore is the ledger in an SQL database: today a SQLite file, which
// the demo makes and which a small team can stay on.
//
// The shell (package run) reads a Snapshot from it and commits a decision to it.
// One commit is one transaction, the generation's primary key lets one of
// several runs win, and a unique index gives an order to one agent at a time,
// whoever writes. People work in the same tables with the sqlite3 shell: what
// they type is read with care, reported where it makes no sense, and left alone.
//
// The statements are plain SQL with numbered parameters, as PostgreSQL has them too.
package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver named "sqlite"

	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
)

// Store is a ledger in a database. Several processes may have the same one open.
type Store struct {
	db   *sql.DB
	path string // for messages
}

var _ ledger.Ledger = (*Store)(nil)

// OpenSQLite opens the ledger file at path, and makes it where there is none;
// its folder must exist. A file of an older version is brought up to date, one
// of a newer version refused. WAL needs a local disk: no network file system.
func OpenSQLite(ctx context.Context, path string) (*Store, error) {
	name, err := fileName(path)
	if err != nil {
		return nil, &ecm.Failure{Class: ecm.Permanent, Err: err, Mend: "set PI_MANAGER_LEDGER=sqlite:PATH to a file in a folder that exists"}
	}
	if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) {
		_ = create(ctx, name) // where that fails, SQLite makes the file in place, or says why it cannot
	}
	db, err := sql.Open("sqlite", sqliteDSN(name))
	if err != nil {
		return nil, failure("open", path, err)
	}
	if err := migrate(ctx, db); err != nil {
		return nil, failure("open", path, errors.Join(err, db.Close()))
	}
	return &Store{db: db, path: path}, nil
}

// Close lets go of the file. Nothing is lost without it.
func (s *Store) Close() error { return s.db.Close() }

// fileName is path made absolute. SQLite's own words for a missing folder name neither it nor the path.
func fileName(path string) (string, error) {
	if path == "" {
		return "", errors.New("the ledger file has no path")
	}
	name, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("find the ledger file %s: %w", path, err)
	}
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		return "", fmt.Errorf("the ledger file %s is a folder", path)
	}
	folder := filepath.Dir(name)
	info, err := os.Stat(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("the folder %s of the ledger file does not exist", folder)
	}
	if err != nil {
		return "", fmt.Errorf("look at the folder of the ledger file: %w", err)
	}
	if !info.IsDir() {
		return "", fmt.Errorf("%s, where the ledger file should stand, is not a folder", folder)
	}
	return name, nil
}

// create lets a finished ledger file appear at one moment. Two processes that
// make one in place at once get in each other's way: SQLite does not wait for a
// lock when it switches to WAL. Whoever comes second takes the first one's file.
func create(ctx context.Context, name string) error {
	folder, err := os.MkdirTemp(filepath.Dir(name), ".new-ledger-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	draft := filepath.Join(folder, "ledger.db")
	db, err := sql.Open("sqlite", sqliteDSN(draft))
	if err != nil {
		return err
	}
	if err := errors.Join(migrate(ctx, db), db.Close()); err != nil { // closing moves everything out of the WAL
		return err
	}
	return os.Link(draft, name) // fails where there is a file, unlike a rename
}

// sqliteDSN asks for what every connection needs: readers that never block a
// writer (WAL), five seconds of patience with other processes, and transactions
// that take the write lock when they begin: one that reads first and asks for
// the lock later fails at once where another was quicker.
func sqliteDSN(name string) string {
	settings := url.Values{
		"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "foreign_keys(ON)"},
		"_txlock": {"immediate"},
	}
	dsn := url.URL{Scheme: "file", OmitHost: true, Path: name, RawQuery: settings.Encode()}
	return dsn.String()
}

// write runs do in one transaction, all or nothing.
func (s *Store) write(ctx context.Context, doing string, do func(*sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return failure(doing, s.path, err)
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	if err := do(tx); err != nil {
		return failure(doing, s.path, err)
	}
	return failure(doing, s.path, tx.Commit())
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
