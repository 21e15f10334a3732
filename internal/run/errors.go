package run

import (
	"errors"
	"fmt"
)

// ErrOwed says that everything was committed and some messages are not posted
// yet. The next run of any workflow delivers them.
var ErrOwed = errors.New("committed, but messages are still owed")

// ErrUnknown says that a commit was sent and nobody can tell whether it arrived.
// The same slot, run again, finds out and goes on from there.
var ErrUnknown = errors.New("it is not known whether the rows were written; run the same slot again")

// ErrUnsettled says that a commit stands, and that it could not be seen whether it
// hit the rows that were meant: a person's edit is in the way. No run goes on
// before that is mended.
var ErrUnsettled = errors.New("everything was written, but it could not be seen whether people's edits came in between")

// owed marks an error of delivery.
func owed(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", ErrOwed, err)
}
