package run_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"pi-manager/internal/ecm"
	"pi-manager/internal/run"
)

// What an undone run still owes speaks of rows that are gone: nobody posts it
// any more, neither its own slot nor the runs that follow.
func TestUndoWithdrawsMessages(t *testing.T) {
	t.Parallel()
	for posted := range 1 + len(replies) {
		synctest.Test(t, func(t *testing.T) {
			w := newBackWorld(t, 1)
			w.wire.trouble = always("post", posted+1, trouble{isLost, forbidden})
			w.triage(morning)
			w.wire.trouble = noTrouble
			time.Sleep(time.Hour)
			owed := len(w.record(morning).Messages) - posted
			if j := w.undo(morningTriage).wait(); j.err != nil || j.result.Withdrawn != owed {
				t.Errorf("%d posted: withdrawn %d, want %d, error %v", posted, j.result.Withdrawn, owed, j.err)
			}
			w.triage(morning)
			time.Sleep(7 * time.Hour)
			report(t, "afternoon", w.insist(afternoon))
			seen := 0
			for _, m := range w.wall.all() {
				if m.tag.Run == morningTriage && m.tag.Part != "failure" {
					seen++
				}
			}
			if seen != posted {
				t.Errorf("%d messages of the undone run, want the %d of before", seen, posted)
			}
			withdrawn := 0
			for _, m := range w.record(morning).Messages {
				if m.TS == ecm.NotPosted && strings.Contains(m.Note, "taken back") {
					withdrawn++
				}
			}
			if r := w.record(morning); withdrawn != owed || r.Owes() || r.Finished.IsZero() {
				t.Errorf("%d posted: the record is %s, finished %s", posted, states(*r), r.Finished)
			}
		})
	}
}

// The process dies before it could note that the messages are withdrawn. Whoever
// comes next does so, its own slot too: done is done only with nothing owed.
func TestUndoneSlotStartedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newBackWorld(t, 1)
		w.dieOwing(morning)
		time.Sleep(time.Hour)
		w.wire.trouble = always("record", w.wire.count("record")+1, trouble{isLost, dies})
		w.undo(morningTriage).wait()
		w.wire.trouble = noTrouble
		if w.has("AE001") || !w.record(morning).Owes() {
			t.Fatal("the undo is not there, or owes nothing: this test shows nothing")
		}
		report(t, "started again", w.insist(morning))
		if n := len(w.wall.all()); n != 0 {
			t.Errorf("%d messages of rows that are gone", n)
		}
	})
}

// While a process is posting a run's messages, the run is not taken back from under it.
func TestUndoWaitsForTheLease(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newBackWorld(t, 1)
		started := w.start(context.Background(), run.Request{Slot: morning})
		for w.wire.count("post") == 0 {
			time.Sleep(100 * time.Millisecond)
		}
		early := w.undo(morningTriage).wait()
		if !errors.Is(early.err, run.ErrNotYet) || len(w.read().Runs) != 1 {
			t.Errorf("error %v, %d runs: its messages are being posted", early.err, len(w.read().Runs))
		}
		if o := started.wait(); !o.well() {
			t.Error(o)
		}
		report(t, "the run itself", w.checkBack())
		if late := w.undo(morningTriage).wait(); late.err != nil || late.result.Done == nil || late.result.Withdrawn != 0 {
			t.Errorf("afterwards: withdrawn %d, error %v", late.result.Withdrawn, late.err)
		}
		for _, m := range w.record(morning).Messages {
			if !m.Posted() {
				t.Errorf("%s is to be seen, and the record says %q", m.Part, m.TS)
			}
		}
	})
}

// A message that was posted between the look and the undo stays on record as posted.
func TestUndoKeepsWhatWasPostedMeanwhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newBackWorld(t, 1)
		w.dieOwing(morning)
		time.Sleep(time.Hour)
		looked := w.planUndo(morningTriage).wait()
		sent := w.record(morning).Messages[:1]
		sent[0].Channel, sent[0].TS = channel, "1.000001"
		if err := w.ledger.Record(t.Context(), morningTriage, sent, time.Time{}); err != nil {
			t.Fatal(err)
		}
		j := launch(w, func(ctx context.Context, m *run.Manager) (run.Undo, error) {
			return m.Undo(ctx, request("late"), looked.result)
		}).wait()
		if ts := w.record(morning).Messages[0].TS; ts != "1.000001" || j.err != nil {
			t.Errorf("error %v, and the record of what was posted says %q", j.err, ts)
		}
		if want := len(w.record(morning).Messages) - 1; j.result.Withdrawn != want {
			t.Errorf("withdrawn %d, want %d", j.result.Withdrawn, want)
		}
	})
}

// F4 F32 F90: wherever the process dies while it takes a run back, and whatever
// becomes of one call: done again it comes to the same, and no message of the
// undone run goes out, whoever comes next.
func TestUndoEveryCallOnce(t *testing.T) {
	t.Parallel()
	calls := []string{"read#1", "commit#1", "record#1", "read#2", "committed#1", "settle#1"}
	for _, cases := range []map[string]trouble{kills, errs} {
		for name, what := range cases {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				for _, call := range calls {
					undoAt(t, name+" at "+call, once(call, what))
					if call != "commit#1" {
						undoAt(t, "reset, applied, and "+name+" at "+call, both(once(call, what), once("commit#1", trouble{arrives, doubtful})))
					}
				}
			})
		}
	}
}

func undoAt(t *testing.T, what string, befalls func(string, int) trouble) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newBackWorld(t, 1)
		before := w.read().Assignments
		w.dieOwing(morning)
		time.Sleep(time.Hour)
		w.wire.counts, w.wire.calls, w.wire.trouble = map[string]int{}, nil, befalls
		w.undo(morningTriage).wait()
		w.wire.trouble = noTrouble
		w.wire.late.Wait()
		if taken := !w.has("AE001"); taken { // the undo is there, whatever its process saw of it
			report(t, what, w.insist(afternoon))
		}
		time.Sleep(time.Hour)
		if j := w.undo(morningTriage).wait(); !j.well() {
			t.Errorf("%s: once more: %s", what, j.outcome)
		}
		var rows []ecm.Assignment
		for _, row := range w.read().Assignments {
			if row.RunID != ecm.RunID(ecm.Triage, afternoon) {
				rows = append(rows, row)
			}
		}
		if diff := cmp.Diff(bare(before), bare(rows)); diff != "" {
			t.Errorf("%s: rows (-before +after):\n%s", what, diff)
		}
		time.Sleep(time.Hour)
		report(t, what, w.insist(evening))
		for _, m := range w.wall.all() {
			if m.tag.Run == morningTriage && m.tag.Part != "failure" {
				t.Errorf("%s: %s of the undone run was posted", what, m.tag.Part)
			}
		}
		if r := w.record(morning); r.Owes() || r.Finished.IsZero() {
			t.Errorf("%s: finished %s, %s", what, r.Finished, states(*r))
		}
	})
}

// E7 E8 F90: triages, and people who take the morning back at any moment, with
// trouble everywhere: what was taken back is not spoken of any more, and in the
// end every order has one row.
func TestUndoAnyTrouble(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		s := drawStorm(r)
		for i := range s.starts {
			if rapid.Bool().Draw(r, fmt.Sprint("undo ", i)) {
				s.starts[i].slot = ""
			}
		}
		var problems []string
		synctest.Test(t, func(t *testing.T) { problems = passWithUndo(newWorld(t, s.seed), s) })
		if len(problems) > 0 {
			r.Fatal(strings.Join(problems, "\n"))
		}
	})
}

// passWithUndo lets the storm pass; a start without a slot takes the morning back.
func passWithUndo(w *world, s storm) (problems []string) {
	w.wall.lag = s.lag
	w.wire.trouble = func(kind string, n int) trouble { return s.blows[fmt.Sprintf("%s#%d", kind, n)] }
	ends := []func() outcome{w.begin(ecm.Triage, morning)}
	for _, start := range s.starts {
		time.Sleep(start.after)
		if start.slot != "" {
			ends = append(ends, w.begin(ecm.Triage, start.slot))
			continue
		}
		j := w.undo(morningTriage)
		ends = append(ends, func() outcome { return j.wait().outcome })
	}
	for _, end := range ends {
		end()
	}
	w.wire.trouble = noTrouble
	time.Sleep(time.Hour)
	for _, slot := range []ecm.Slot{morning, afternoon, evening} {
		problems = append(problems, w.insist(slot)...)
	}
	w.wire.late.Wait()
	book := w.read()
	problems = append(problems, w.checkRows(book)...)
	for _, r := range book.Runs {
		if r.Owes() || r.Finished.IsZero() {
			problems = append(problems, fmt.Sprintf("%s: finished %s, %s", r.ID, r.Finished, states(r)))
		}
		if r.Workflow != ecm.Undo {
			continue
		}
		for _, m := range w.wall.all() {
			if m.tag.Run == morningTriage && m.tag.Part != "failure" && m.posted.After(w.landed[r.ID]) {
				problems = append(problems, fmt.Sprintf("%s of the morning was posted %s after %s", m.tag.Part, m.posted.Sub(w.landed[r.ID]), r.ID))
			}
		}
	}
	return problems
}
