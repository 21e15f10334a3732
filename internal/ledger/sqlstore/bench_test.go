package sqlstore_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger/ledgertest"
)

// manyRows are rows of orders that begin with a prefix, in a status.
func manyRows(n int, prefix string, status ecm.Status) []ecm.Assignment {
	rows := make([]ecm.Assignment, n)
	for i := range rows {
		rows[i] = ledgertest.Row(fmt.Sprint(prefix, i), "ana@example.com")
		rows[i].Status = status
	}
	return rows
}

// BenchmarkCommit writes a whole queue of 600 orders in one run.
func BenchmarkCommit(b *testing.B) {
	store := open(b, filepath.Join(b.TempDir(), "ledger.db"))
	var generation int64
	for b.Loop() {
		rows := manyRows(600, fmt.Sprintf("G%d-", generation), ecm.Open)
		commit(b, store, ledgertest.Commit(generation, fmt.Sprint("slot ", generation), rows...))
		generation++
	}
}

// BenchmarkRead reads what a run reads: of a young ledger, and of one with years of history.
func BenchmarkRead(b *testing.B) {
	for _, resolved := range []int{20_000, 200_000} {
		b.Run(fmt.Sprintf("%d rows", resolved), func(b *testing.B) {
			store := open(b, filepath.Join(b.TempDir(), "ledger.db"))
			commit(b, store, ledgertest.Commit(0, "history", manyRows(resolved-600, "R", ecm.Resolved)...))
			commit(b, store, ledgertest.Commit(1, "queue", manyRows(600, "A", ecm.Open)...))
			for b.Loop() {
				read(b, store)
			}
		})
	}
}

// BenchmarkReadBesideArchive reads 2,000 rows that are being worked on: what has moved to the archive must cost nothing.
func BenchmarkReadBesideArchive(b *testing.B) {
	for _, archived := range []int{0, 20_000} {
		b.Run(fmt.Sprintf("%d archived", archived), func(b *testing.B) {
			store := open(b, filepath.Join(b.TempDir(), "ledger.db"))
			commit(b, store, ledgertest.Commit(0, "history", manyRows(archived, "R", ecm.Resolved)...))
			commit(b, store, changing(1, moving(ecm.ToArchive, read(b, store).Assignments...)))
			commit(b, store, ledgertest.Commit(2, "queue", manyRows(2_000, "A", ecm.Open)...))
			if got := len(read(b, store).Assignments); got != 2_000 {
				b.Fatalf("%d rows, want 2,000", got)
			}
			b.ReportAllocs()
			for b.Loop() {
				read(b, store)
			}
		})
	}
}

// BenchmarkChange closes a whole queue of 600 orders, or takes it back, in one run.
func BenchmarkChange(b *testing.B) {
	store := open(b, filepath.Join(b.TempDir(), "ledger.db"))
	commit(b, store, ledgertest.Commit(0, "queue", manyRows(600, "A", ecm.Open)...))
	changes := healing(read(b, store).Assignments...)
	var generation int64 = 1
	for b.Loop() {
		commit(b, store, changing(generation, changes))
		generation++
		for i, c := range changes {
			changes[i].Was, changes[i].Is = c.Is, c.Was
		}
	}
	if got := read(b, store).Assignments[0]; got.Healed() != (generation%2 == 0) {
		b.Errorf("after %d commits: %+v", generation, got)
	}
}
