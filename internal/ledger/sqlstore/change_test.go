package sqlstore_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
	"pi-manager/internal/ledger/ledgertest"
)

// healing closes rows as a cleanup does.
func healing(rows ...ecm.Assignment) (changes []ecm.Change) {
	for _, row := range rows {
		is := row.WithNote(ecm.SelfHealed)
		is.Status, is.Word = ecm.Resolved, ""
		if is.ResolvedAt.IsZero() {
			is.ResolvedAt = ledgertest.Noon().Add(time.Hour)
		}
		changes = append(changes, ecm.Change{Was: row, Is: is})
	}
	return changes
}

func moving(move ecm.Move, rows ...ecm.Assignment) (changes []ecm.Change) {
	for _, row := range rows {
		changes = append(changes, ecm.Change{Was: row, Move: move})
	}
	return changes
}

func changing(generation int64, changes []ecm.Change) ledger.Commit {
	c := ledgertest.Commit(generation, fmt.Sprint("changes after ", generation))
	c.Changes = changes
	return c
}

// aLine is every cell of a row but those that a change may write.
const aLine = `row_number || '|' || order_id || '|' || agent || '|' || assigned_at || '|' || priority || '|' || currency || '|' || amount
 || '|' || hours_stuck || '|' || diagnosis || '|' || run_id`

// ownRow is how a person gives an order to somebody.
const ownRow = `
INSERT INTO assignments (order_id, agent, assigned_at, priority, currency, amount, hours_stuck)
VALUES ($1, $2, '2026-02-17 12:00:00', 'P2', 'AED', '10', '13')`

// F43: a person writes cells in their own way. The change of their row is done,
// and whatever it does not mean stays byte for byte as they wrote it.
func TestAPersonsWayOfWritingStays(t *testing.T) {
	everywhere(t, func(t *testing.T, place func() string) {
		for _, test := range []struct {
			column, cell    string
			notes, resolved string // what they say afterwards
		}{
			{"assigned_at", "2026-02-17T16:00:00+04:00", "self-healed", "2026-02-17 13:00:00"},
			{"assigned_at", "yesterday", "self-healed", "2026-02-17 13:00:00"},
			{"priority", " p2", "self-healed", "2026-02-17 13:00:00"},
			{"currency", "aed ", "self-healed", "2026-02-17 13:00:00"},
			{"amount", "012345.6700", "self-healed", "2026-02-17 13:00:00"},
			{"hours_stuck", " 37.50", "self-healed", "2026-02-17 13:00:00"},
			{"agent", " Ana@Example.com", "self-healed", "2026-02-17 13:00:00"},
			{"status", "in progress", "self-healed", "2026-02-17 13:00:00"},
			{"notes", " é\n", " é\n; self-healed", "2026-02-17 13:00:00"},
			{"resolved_at", " ", "self-healed", "2026-02-17 13:00:00"},
			{"resolved_at", "2026-02-16", "self-healed", "2026-02-16"},
			{"resolved_at", "when the bank called", "self-healed", "when the bank called"},
		} {
			path := place()
			store := open(t, path)
			commit(t, store, ledgertest.Commit(0, "first", ledgertest.Row("A1", "ana@example.com")))
			shell(t, path, `UPDATE assignments SET `+test.column+` = $1`, test.cell)
			before := raw(t, path, `SELECT `+aLine+` FROM assignments`)
			commit(t, store, changing(1, healing(read(t, store).Assignments...)))
			if after := raw(t, path, `SELECT `+aLine+` FROM assignments`); after != before {
				t.Errorf("%s %q: the row was %q and is %q", test.column, test.cell, before, after)
			}
			for column, want := range map[string]string{"notes": test.notes, "resolved_at": test.resolved, "status": "RESOLVED"} {
				if got := raw(t, path, `SELECT `+column+` FROM assignments`); got != want {
					t.Errorf("%s %q: %s is %q, want %q", test.column, test.cell, column, got, want)
				}
			}
		}
	})
}

// An archived row is the row, not what we read of it.
func TestTheArchiveKeepsEveryByte(t *testing.T) {
	everywhere(t, func(t *testing.T, place func() string) {
		path := place()
		store := open(t, path)
		commit(t, store, ledgertest.Commit(0, "first", ledgertest.Row("A1", "ana@example.com")))
		shell(t, path, `
UPDATE assignments SET assigned_at = 'yesterday', status = ' Resolved', priority = 'p2 ', currency = ' aed', amount = '012345.670',
    hours_stuck = '37.50', resolved_at = 'noon', notes = 'é'`)
		const line = ` || '|' || notes || '|' || status || '|' || resolved_at`
		before := raw(t, path, `SELECT `+aLine+line+` FROM assignments`)
		commit(t, store, changing(1, moving(ecm.ToArchive, read(t, store).Assignments...)))
		if after := raw(t, path, `SELECT `+aLine+line+` FROM archive`); after != before {
			t.Errorf("the row was %q, and is in the archive as %q", before, after)
		}
		if left := raw(t, path, `SELECT COUNT(*) FROM assignments`); left != "0" {
			t.Errorf("%s rows are left", left)
		}
	})
}

// The number of the newest row is given again once the row has moved. Neither the
// archive nor a change that is still on its way may take the one for the other.
func TestARowNumberComesAgain(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ledger.db")
	store := open(t, path)
	late := ecm.Change{}
	for i := range 3 {
		generation := read(t, store).Generation
		commit(t, store, ledgertest.Commit(generation, fmt.Sprint("deals ", i), ledgertest.Row(fmt.Sprint("A", i), "ana@example.com")))
		rows := read(t, store).Assignments
		if len(rows) != 1 || rows[0].Row != 1 {
			t.Fatalf("%+v, want one row with the number 1: this test proves nothing", rows)
		}
		if late.Was.OrderID != "" {
			commit(t, store, changing(generation+1, []ecm.Change{late}))
			generation++
		}
		late = healing(rows...)[0]
		commit(t, store, changing(generation+1, moving(ecm.ToArchive, rows...)))
	}
	var got []string
	for _, row := range archive(t, path) {
		got = append(got, row.OrderID+" "+string(row.Status))
	}
	if diff := cmp.Diff([]string{"A0 OPEN", "A1 OPEN", "A2 OPEN"}, got); diff != "" {
		t.Errorf("the archive (-want +got):\n%s", diff)
	}
}

// F35: a commit of rows, changes and a board that fails at its end has done none of it.
func TestARefusedCommitChangesNothing(t *testing.T) {
	everywhere(t, func(t *testing.T, place func() string) {
		path := place()
		store := open(t, path)
		commit(t, store, ledgertest.Commit(0, "first", manyRows(3, "A", ecm.Open)...))
		before := read(t, store)
		shell(t, path, ownRow, "B1", "bo@example.com")
		c := changing(1, append(healing(before.Assignments[0]), moving(ecm.ToArchive, before.Assignments[1])...))
		c.Board = &ecm.Board{Figures: []ecm.Figure{{Label: "Open", Count: 1}}}
		c.Rows = []ecm.Assignment{ledgertest.Row("B1", "ana@example.com")} // a person was quicker
		if err := store.Commit(t.Context(), c); !errors.Is(err, ledger.ErrConflict) {
			t.Fatalf("%v, want ErrConflict", err)
		}
		after := read(t, store)
		after.Assignments = after.Assignments[:min(3, len(after.Assignments))]
		if diff := cmp.Diff(before, after); diff != "" {
			t.Errorf("something was done (-before +after):\n%s", diff)
		}
		if archived, shown := archive(t, path), dashboard(t, path); len(archived) != 0 || len(shown.Figures) != 0 {
			t.Errorf("archive %+v, dashboard %+v; want both empty", archived, shown)
		}
	})
}

// An order whose row a person opened again while an undo was on its way has two
// claims on it. That is for the next reading to judge.
func TestOpeningARowOfAnActiveOrder(t *testing.T) {
	everywhere(t, func(t *testing.T, place func() string) {
		path := place()
		store := open(t, path)
		old := ledgertest.Row("A1", "ana@example.com")
		old.Status = ecm.Resolved
		commit(t, store, ledgertest.Commit(0, "first", old))
		row := read(t, store).Assignments[0]
		shell(t, path, ownRow, "A1", "bo@example.com")
		is := row
		is.Status = ecm.Open
		if err := store.Commit(t.Context(), changing(1, []ecm.Change{{Was: row, Is: is}})); !errors.Is(err, ledger.ErrConflict) {
			t.Errorf("%v, want ErrConflict", err)
		}
		if got := read(t, store).Assignments; len(got) != 2 || got[0].Status != ecm.Resolved {
			t.Errorf("%+v, want the old row as it was", got)
		}
	})
}

// What is in the ledger file of the version before comes with it, and works.
func TestAFileOfTheFirstVersion(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ledger.db")
	first, err := os.ReadFile(filepath.Join("migrations", "sqlite", "00001_ledger.sql"))
	if err != nil {
		t.Fatal(err)
	}
	shell(t, path, string(first))
	shell(t, path, versionTable)
	shell(t, path, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, 1), (1, 1)`)
	shell(t, path, ownRow, "A1", "ana@example.com")
	shell(t, path, ownRow, "A2", "ana@example.com")
	shell(t, path, `INSERT INTO generations (generation, run_id, hash) VALUES (1, 'triage/first', 'h')`)
	shell(t, path, `
INSERT INTO runs (run_id, generation, workflow, slot, started, until, result, counts, guardrails, last_agent)
VALUES ('triage/first', 1, 'triage', 'first', '2026-02-17 12:00:00', '2026-02-17 12:00:42', 'ok', '{"new":2}', '[]', 'ana@example.com')`)

	store := open(t, path)
	s := read(t, store)
	if len(s.Assignments) != 2 || len(s.Runs) != 1 || len(s.Warnings) != 0 {
		t.Fatalf("it reads as %+v", s)
	}
	if run := s.Runs[0]; run.Counts["new"] != 2 || len(run.Marks)+len(run.Changed) != 0 {
		t.Errorf("its run reads as %+v", run)
	}
	commit(t, store, changing(1, append(healing(s.Assignments[0]), moving(ecm.ToArchive, s.Assignments[1])...)))
	if after := read(t, open(t, path)).Assignments; len(after) != 1 || !after[0].Healed() {
		t.Errorf("%+v, want A1 closed", after)
	}
}
