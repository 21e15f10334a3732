package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
	"pi-manager/internal/ledger/ledgertest"
	"pi-manager/internal/ledger/sqlstore"
)

// F22, F61: many runs, each with a handle of its own, deal out the same orders.
// Every order is given out once, and every commit has a generation of its own.
func TestManyRunsDealTheSameOrders(t *testing.T) {
	everywhere(t, func(t *testing.T, place func() string) {
		const runners, orders, share = 8, 120, 10
		path := place()
		var wg sync.WaitGroup
		for i := range runners {
			store := open(t, path)
			wg.Go(func() {
				if err := dealAll(t.Context(), store, fmt.Sprint("runner ", i), orders, share); err != nil {
					t.Errorf("runner %d: %v", i, err)
				}
			})
		}
		wg.Wait()

		s := read(t, open(t, path))
		times := make(map[string]int)
		for _, row := range s.Assignments {
			times[row.OrderID]++
		}
		for id, n := range times {
			if n != 1 {
				t.Errorf("order %s was given out %d times", id, n)
			}
		}
		if len(times) != orders || s.Generation != orders/share || len(s.Runs) != orders/share {
			t.Errorf("%d orders, generation %d, %d runs; want %d, %d, %d", len(times), s.Generation, len(s.Runs), orders, orders/share, orders/share)
		}
	})
}

// dealAll commits share orders at a time, the first that have no row, until all
// have one. Losing to another runner is no failure: it reads again.
func dealAll(ctx context.Context, store *sqlstore.Store, name string, orders, share int) error {
	for {
		s, err := store.Read(ctx)
		if err != nil {
			return err
		}
		if len(s.Assignments) == orders {
			return nil
		}
		rows := make([]ecm.Assignment, share)
		for i := range rows {
			rows[i] = ledgertest.Row(fmt.Sprintf("A%d", len(s.Assignments)+i), name)
		}
		err = store.Commit(ctx, ledgertest.Commit(s.Generation, fmt.Sprint(name, " after ", s.Generation), rows...))
		if err != nil && !errors.Is(err, ledger.ErrConflict) && ecm.ClassOf(err) != ecm.Retryable {
			return err
		}
	}
}

// F61: a generation that is not there is as stale as one that is over; the file
// may have been replaced by a backup since it was read.
func TestACommitAfterAGenerationThatIsNotThere(t *testing.T) {
	everywhere(t, func(t *testing.T, place func() string) {
		store := open(t, place())
		if err := store.Commit(t.Context(), ledgertest.Commit(5, "ahead")); !errors.Is(err, ledger.ErrConflict) {
			t.Errorf("%v, want ErrConflict", err)
		}
	})
}

// A person's own row is as good as ours: the order is not given out a second
// time, whatever was read before.
func TestAPersonWasQuicker(t *testing.T) {
	everywhere(t, func(t *testing.T, place func() string) {
		path := place()
		store := open(t, path)
		s := read(t, store)
		shell(t, path, `INSERT INTO assignments (order_id, agent, assigned_at, priority, currency, amount, hours_stuck) VALUES ('A2', 'bo@example.com', '2026-02-17 12:00:00', 'P1', 'AED', '10', '13')`)
		err := store.Commit(t.Context(), ledgertest.Commit(s.Generation, "late", ledgertest.Row("A1", "ana@example.com"), ledgertest.Row("A2", "ana@example.com")))
		if !errors.Is(err, ledger.ErrConflict) {
			t.Fatalf("%v, want ErrConflict", err)
		}
		after := read(t, store)
		if len(after.Assignments) != 1 || after.Assignments[0].Agent != "bo@example.com" || after.Generation != 0 || len(after.Runs) != 0 {
			t.Errorf("after the refused commit: %+v", after)
		}
	})
}

// The same order twice in one commit is our own fault. As a conflict it would be
// read and planned again for ever.
func TestACommitThatContradictsItself(t *testing.T) {
	everywhere(t, func(t *testing.T, place func() string) {
		store := open(t, place())
		twice := ledgertest.Commit(0, "orders", ledgertest.Row("A1", "ana@example.com"), ledgertest.Row("A1", "bo@example.com"))
		parts := ledgertest.Commit(0, "messages")
		parts.Run.Messages = append(parts.Run.Messages, parts.Run.Messages[0])
		for _, c := range []ledger.Commit{twice, parts} {
			err := store.Commit(t.Context(), c)
			if ecm.ClassOf(err) != ecm.Permanent || errors.Is(err, ledger.ErrConflict) {
				t.Errorf("%s: %v, want a permanent failure", c.Run.ID, err)
			}
		}
		if s := read(t, store); s.Generation != 0 {
			t.Errorf("generation %d, want nothing written", s.Generation)
		}
	})
}

// An order whose rows are all RESOLVED may come back, in a new row.
func TestAResolvedOrderComesBack(t *testing.T) {
	everywhere(t, func(t *testing.T, place func() string) {
		for _, word := range []string{"RESOLVED", "resolved", " Resolved "} {
			path := place()
			store := open(t, path)
			commit(t, store, ledgertest.Commit(0, "first", ledgertest.Row("A1", "ana@example.com")))
			shell(t, path, `UPDATE assignments SET status = $1`, word)
			commit(t, store, ledgertest.Commit(1, "second", ledgertest.Row("A1", "bo@example.com")))
			if s := read(t, store); len(s.Assignments) != 2 || s.Assignments[0].Status != ecm.Resolved || len(s.Unreadable) != 0 {
				t.Errorf("%q: %+v", word, s.Assignments)
			}
		}
	})
}

// F61: whatever is read is of one moment, while others commit.
func TestASnapshotIsOfOneMoment(t *testing.T) {
	everywhere(t, func(t *testing.T, place func() string) {
		path := place()
		writer, reader := open(t, path), open(t, path)
		const commits = 60
		done := make(chan struct{})
		go func() {
			defer close(done)
			for generation := range int64(commits) {
				c := ledgertest.Commit(generation, fmt.Sprint("slot ", generation), ledgertest.Row(fmt.Sprint("A", generation), "ana@example.com"))
				if err := writer.Commit(t.Context(), c); err != nil {
					t.Errorf("commit %d: %v", generation, err)
					return
				}
			}
		}()
		for reading := true; reading; {
			select {
			case <-done:
				reading = false
			default:
			}
			s := read(t, reader)
			owe := 0
			for _, run := range s.Runs {
				owe += len(run.Messages)
			}
			if g := int(s.Generation); len(s.Assignments) != g || len(s.Runs) != g || owe != 2*g {
				t.Fatalf("generation %d with %d rows, %d runs and %d messages", g, len(s.Assignments), len(s.Runs), owe)
			}
		}
	})
}
