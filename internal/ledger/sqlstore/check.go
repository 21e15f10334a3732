package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"pi-manager/internal/ecm"
)

// Check implements ledger.Ledger: is the database sound, can a run write to it,
// and is there anybody to deal orders to.
func (s *Store) Check(ctx context.Context) []ecm.Check {
	checks := append(s.engine.check(ctx, s), s.checkWrite(ctx))
	return append(checks, s.checkContent(ctx)...)
}

// errTried undoes a write that was only tried.
var errTried = errors.New("tried, and undone")

func (s *Store) checkWrite(ctx context.Context) ecm.Check {
	const name = "ledger: write"
	err := s.write(ctx, "write", func(tx *sql.Tx) error {
		generation, err := newestGeneration(ctx, tx)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, insertGeneration, generation+1, "check", "")
		if err != nil && !s.engine.isTaken(err) { // where it is taken, a run has just written it
			return err
		}
		return errTried
	})
	if !errors.Is(err, errTried) {
		return failed(name, err)
	}
	return ecm.Check{Name: name, OK: true, Detail: "a commit would be taken (one was tried and undone)"}
}

func (s *Store) checkContent(ctx context.Context) []ecm.Check {
	snapshot, err := s.Read(ctx)
	if err != nil {
		return []ecm.Check{failed("ledger: read", err)}
	}
	active := 0
	for _, agent := range snapshot.Agents {
		if agent.Active {
			active++
		}
	}
	agents := ecm.Check{Name: "ledger: agents", OK: active > 0, Detail: fmt.Sprintf("%d, %d of them active", len(snapshot.Agents), active)}
	if active == 0 {
		agents.Mend = `add agents, for example: INSERT INTO agents (email, name) VALUES ('ana@example.com', 'Ana')`
	}
	return []ecm.Check{{
		Name: "ledger: read", OK: true,
		Detail: fmt.Sprintf("generation %d, %d assignments, %d rows that cannot be read", snapshot.Generation, len(snapshot.Assignments), len(snapshot.Unreadable)),
	}, agents}
}

// failed is a check that ended in an error.
func failed(name string, err error) ecm.Check {
	check := ecm.Check{Name: name, Detail: err.Error()}
	if f, ok := errors.AsType[*ecm.Failure](err); ok {
		check.Detail, check.Mend = f.Err.Error(), f.Mend
	}
	return check
}
