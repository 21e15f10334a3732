package sqlstore

import (
	"errors"
	"fmt"

	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
)

// failure says what went wrong with which ledger, and classifies it. What is
// classified already, ErrConflict and ErrNoRun keep their kind.
func (s *Store) failure(doing string, err error) error {
	return s.classified(doing, err, s.engine.judge)
}

// commitFailure does the same where the transaction may have been committed.
func (s *Store) commitFailure(doing string, err error) error {
	return s.classified(doing, err, s.engine.judgeCommit)
}

func (s *Store) classified(doing string, err error, judge func(error) (ecm.Class, string)) error {
	if err == nil {
		return nil
	}
	err = fmt.Errorf("%s (ledger %s): %w", doing, s.name, err)
	if _, classified := errors.AsType[*ecm.Failure](err); classified || errors.Is(err, ledger.ErrConflict) || errors.Is(err, ledger.ErrNoRun) {
		return err
	}
	class, mend := judge(err)
	return &ecm.Failure{Class: class, Mend: mend, Err: err}
}
