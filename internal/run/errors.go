package run

import (
	"errors"
	"fmt"
)

// ErrOwed says that everything was committed and some messages are not posted
// yet. The next run of any workflow delivers them.
var ErrOwed = errors.New("committed, but messages are still owed")

// owed marks an error of delivery.
func owed(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", ErrOwed, err)
}
