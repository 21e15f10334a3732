package run_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
)

// The archive is a run of its own, after the cleanup: where the process dies
// between them nothing is lost, and the next cleanup goes on.
func TestArchiveAfterACrash(t *testing.T) {
	t.Parallel()
	for name, what := range kills {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newBackWorld(t, 1)
				w.wire.trouble = once("commit#2", what)
				w.cleanup(morning).wait()
				w.wire.late.Wait()
				if w.recordOf(ecm.Cleanup, morning) == nil {
					t.Fatal("the cleanup has no record of its own")
				}
				rows, archived := w.rows()
				if n := len(rows) + len(archived); n != 15 {
					t.Errorf("%d rows and %d in the archive, want 15 together", len(rows), len(archived))
				}
				if moved := w.recordOf(ecm.Archive, morning) != nil; moved != (len(archived) == 2) {
					t.Errorf("moved %t, %d in the archive", moved, len(archived))
				}
				time.Sleep(7 * time.Hour)
				report(t, name, w.insistOn(ecm.Cleanup, afternoon))
				report(t, name, slices.Concat(w.checkBack(), checkCleaned(w)))
			})
		})
	}
}

// What is not resolved for longer than archive_after stays, and so does an old
// row of an order that is at work again; a person's last edit wins over the move.
func TestArchiveTakesOnlyWhatIsOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newBackWorld(t, 1)
		old := w.began.Add(-w.policy.Cleanup.ArchiveAfter)
		w.people(func(s *ledger.Snapshot) {
			row := *w.copyOf(s, "A1")
			for id, at := range map[string]time.Time{"edge": old, "over": old.Add(-time.Second), "O1": old.Add(-time.Hour), "edited": old.Add(-time.Hour)} {
				row.OrderID, row.ResolvedAt = id, at
				s.Assignments = append(s.Assignments, row)
			}
		})
		w.wire.before = func(name string, _ *process) {
			if name == "commit#2" {
				w.person("edited", func(a *ecm.Assignment) { a.Notes = "do not move" })
			}
		}
		report(t, "cleanup", w.insistOn(ecm.Cleanup, morning))
		var moved []string
		for _, row := range w.ledger.Archived() {
			moved = append(moved, row.OrderID)
		}
		slices.Sort(moved)
		if diff := cmp.Diff([]string{"A1", "A2", "over"}, moved); diff != "" {
			t.Errorf("moved (-want +got):\n%s", diff)
		}
	})
}
