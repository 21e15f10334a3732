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

// owed marks an error of delivery.
func owed(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", ErrOwed, err)
}
