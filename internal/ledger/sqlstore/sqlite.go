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

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite" // also the driver named "sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"pi-manager/internal/ecm"
)

// sqliteEngine is a file on a local disk.
type sqliteEngine struct{}

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
	return openFile(ctx, name, path)
}

func openFile(ctx context.Context, name, shown string) (*Store, error) {
	db, err := sql.Open("sqlite", sqliteDSN(name))
	if err != nil {
		return nil, err
	}
	return open(ctx, db, sqliteEngine{}, shown)
}

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
	store, err := openFile(ctx, draft, draft)
	if err != nil {
		return err
	}
	if err := store.Close(); err != nil { // it moves everything out of the WAL
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

// steps need no lock: each is a transaction that takes the write lock first.
func (sqliteEngine) steps(db *sql.DB) (*goose.Provider, error) {
	return provider(goose.DialectSQLite3, db, "migrations/sqlite")
}

// judge reads SQLite's result code (https://sqlite.org/rescode.html). In all
// the cases named here SQLite has rolled back, or the driver has. Whatever is not
// listed stays Ambiguous, a passed deadline and a disk error among it.
func (sqliteEngine) judge(err error) (ecm.Class, string) {
	switch resultCode(err) {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return ecm.Retryable, "another process is writing to it: try again in a moment"
	case sqlite3.SQLITE_FULL:
		return ecm.Permanent, "the disk is full: make room and run again"
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM:
		return ecm.Permanent, "let this user write to the file and to its folder"
	case sqlite3.SQLITE_CANTOPEN:
		return ecm.Permanent, "check that this user may read and write the file and its folder"
	case sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT:
		return ecm.Permanent, "this is no SQLite file or a damaged one: check the path, or put a backup in its place"
	case sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_TOOBIG:
		return ecm.Permanent, ""
	}
	return ecm.Ambiguous, ""
}

func (e sqliteEngine) judgeCommit(err error) (ecm.Class, string) { return e.judge(err) }

// resultCode is SQLite's result code without its finer part, or 0 for an error of another kind.
func resultCode(err error) int {
	if fault, ok := errors.AsType[*sqlite.Error](err); ok {
		return fault.Code() & 0xff
	}
	return 0
}

func (sqliteEngine) isTaken(err error) bool {
	fault, ok := errors.AsType[*sqlite.Error](err)
	return ok && (fault.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || fault.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
}

func (sqliteEngine) check(ctx context.Context, s *Store) []ecm.Check {
	const name = "ledger: file"
	var verdict string
	if err := s.db.QueryRowContext(ctx, `PRAGMA quick_check(1)`).Scan(&verdict); err != nil {
		return []ecm.Check{failed(name, s.failure("check", err))}
	}
	if verdict != "ok" {
		return []ecm.Check{{Name: name, Detail: s.name + ": " + verdict, Mend: "put a backup in its place"}}
	}
	return []ecm.Check{{Name: name, OK: true, Detail: s.name + " is sound"}}
}
