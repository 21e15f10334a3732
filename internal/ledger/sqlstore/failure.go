package sqlstore

import (
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
)

// failure classifies what went wrong with the ledger file at path. What is
// classified already, ErrConflict and ErrNoRun keep their kind.
//
// Whatever is not listed stays Ambiguous, a passed deadline and a disk error
// among it: the commit may have happened.
func failure(doing, path string, err error) error {
	if err == nil {
		return nil
	}
	err = fmt.Errorf("%s (ledger %s): %w", doing, path, err)
	if _, classified := errors.AsType[*ecm.Failure](err); classified || errors.Is(err, ledger.ErrConflict) || errors.Is(err, ledger.ErrNoRun) {
		return err
	}
	class, mend := judge(err)
	return &ecm.Failure{Class: class, Mend: mend, Err: err}
}

// judge reads SQLite's result code (https://sqlite.org/rescode.html). In all
// the cases named here SQLite has rolled back, or the driver has.
func judge(err error) (ecm.Class, string) {
	switch primary(err) {
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

// primary is SQLite's result code without its finer part, or 0 for an error of another kind.
func primary(err error) int {
	if fault, ok := errors.AsType[*sqlite.Error](err); ok {
		return fault.Code() & 0xff
	}
	return 0
}

// isTaken says whether a unique index or a primary key refused the row.
func isTaken(err error) bool {
	fault, ok := errors.AsType[*sqlite.Error](err)
	return ok && (fault.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || fault.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
}
