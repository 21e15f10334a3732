// Package ledger is the contract of the place where assignments live, the errors
// of that contract, and a ledger in memory.
//
// Implementations stand in sub-packages; ledgertest holds the one suite that all
// of them must pass. The shell (package run) reads a Snapshot, the pure planner
// decides on it, and one Commit carries the whole decision back.
package ledger

import (
	"context"
	"errors"
	"time"

	"pi-manager/internal/ecm"
)

// ErrConflict says that another commit came first: nothing of this one was
// written. Read again, and decide again on what stands there now.
var ErrConflict = errors.New("the ledger has moved on since it was read")

// ErrNoRun says that the ledger holds no record of the run.
var ErrNoRun = errors.New("no such run in the ledger")

// Ledger keeps assignments, agents and the record of runs. Its methods are safe
// for use by several goroutines, and several processes may share one ledger.
//
// Every error is classified (ecm.Failure), except ErrConflict and ErrNoRun,
// which are returned as they are or wrapped. No method retries.
type Ledger interface {
	// Read gives what stands there now. It never writes, not even a missing tab.
	// The generation is read before everything else, so that what is read is at
	// least as new as the generation says.
	Read(ctx context.Context) (Snapshot, error)

	// Commit writes the rows, the changes, the board and the run's record with the
	// messages it owes, all or nothing, as generation c.After + 1. It fails with
	// ErrConflict where that generation is taken, the run already has a record, or
	// the ledger is Unsettled. It creates whatever the ledger still lacks (tabs,
	// headers, our own columns) in the same step or before. An Ambiguous failure is
	// settled by Committed.
	//
	// A change whose row is no longer as it was read is left out; that is no
	// failure. Read again to see which were done. Where people edit while we
	// write, that can also be found out after the fact: Commit then takes back what
	// it did to a wrong row, or leaves the ledger Unsettled for Settle to do so.
	Commit(ctx context.Context, c Commit) error

	// Settle looks whether the last commit's changes hit the rows that were meant,
	// puts right what did not, and leaves nothing Unsettled. It may be repeated, by
	// any process.
	Settle(ctx context.Context) error

	// Committed settles an ambiguous Commit: the content hash of the commit that
	// holds the generation, or "" where nobody holds it.
	Committed(ctx context.Context, generation int64) (hash string, err error)

	// Record notes which messages of a run were delivered, and when the run was
	// finished (zero: it still owes some). It finds the record at the time of
	// writing, touches nothing else, and may be repeated. What it does not name
	// stays. ErrNoRun where the record is gone.
	Record(ctx context.Context, runID string, delivered []ecm.Owed, finished time.Time) error

	// Check says line by line whether the ledger can be read and written and has
	// what a run needs. It leaves nothing behind.
	Check(ctx context.Context) []ecm.Check
}

// Snapshot is a ledger at one moment.
type Snapshot struct {
	Generation  int64            // of the newest commit; 0 before the first
	Assignments []ecm.Assignment // readable rows, in their order; resolved ones too
	Unreadable  []Unreadable     // rows with something in them that we cannot read as an assignment
	Agents      []ecm.Agent      // in their order, duplicates and all: the planner judges
	Resolutions []ecm.Resolution // of the Resolutions tab, in their order
	Runs        []ecm.Run        // recent ones, oldest first, all that owe messages included
	Unsettled   bool             // a commit's changes are still to be looked at by Settle; until then rows may be missing here
	Link        string           // where people open the ledger; may be empty
	Warnings    []string         // for the briefing: what a person should mend, in one sentence each
}

// Unreadable is a row that a person must look at. It is never overwritten, and
// its order, where it names one, is never assigned again.
type Unreadable struct {
	Row     int    // of the tab, from 1 with the header
	OrderID string // as far as it could be read; may be empty
	Agent   string // e-mail, where the row is OPEN or IN_PROGRESS with a readable agent: it takes one of their slots
	Reason  string
}

// Commit is everything that one run writes.
type Commit struct {
	After   int64 // the generation of the Snapshot that was decided on
	Run     ecm.Run
	Rows    []ecm.Assignment // new ones
	Changes []ecm.Change     // of rows that the Snapshot has, each at most once
	Board   *ecm.Board       // what the dashboard shows from now on; nil leaves it as it is
}
