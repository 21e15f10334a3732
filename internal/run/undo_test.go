package run_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
	"pi-manager/internal/run"
	"pi-manager/internal/undo"
)

// undo takes a run back as the command line does: look, and where there is something to do, do it.
func (w *world) undo(runID string) *job[run.Undo] {
	req := request(ecm.Slot(fmt.Sprintf("by-hand-%d", len(w.wire.made()))))
	return launch(w, func(ctx context.Context, m *run.Manager) (run.Undo, error) {
		plan, err := m.PlanUndo(ctx, req, runID)
		if err != nil || len(plan.Plan.Changes)+plan.Withdrawn == 0 {
			return plan, err
		}
		return m.Undo(ctx, req, plan)
	})
}

func (w *world) planUndo(runID string) *job[run.Undo] {
	return launch(w, func(ctx context.Context, m *run.Manager) (run.Undo, error) {
		return m.PlanUndo(ctx, request("look"), runID)
	})
}

// bare are rows without where they stand, in an order of their own.
func bare(rows []ecm.Assignment) []string {
	var list []string
	for _, a := range rows {
		times := "assigned " + ecm.FormatTime(a.AssignedAt) + ", resolved " + ecm.FormatTime(a.ResolvedAt)
		list = append(list, fmt.Sprintf("%s, %s, by %s, %s %s %s %s", cells(a), times, a.RunID, a.Priority, a.Send, a.Stuck, a.Diagnosis))
	}
	slices.Sort(list)
	return list
}

const (
	morningTriage  = "triage/2000-01-01T07:00"
	morningCleanup = "cleanup/2000-01-01T07:00"
)

// Nobody has touched anything: a run that is taken back has never been, row by
// row. To take it back once more there is nothing to do.
func TestUndoOfEverything(t *testing.T) {
	t.Parallel()
	for _, workflow := range []ecm.Workflow{ecm.Triage, ecm.Cleanup} {
		t.Run(string(workflow), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newBackWorld(t, 1)
				w.people(func(s *ledger.Snapshot) { s.Assignments = without(without(s.Assignments, "A1"), "A2") }) // what is archived does not come back
				before := w.read()
				report(t, "run", w.insistOn(workflow, morning))
				posted := len(w.wall.all())
				w.watchBoard(t, "undo")
				j := w.undo(ecm.RunID(workflow, morning)).wait()
				if j.err != nil || j.result.Done == nil || len(j.result.Left) != 0 {
					t.Fatalf("done %v, left %v, error %v", j.result.Done, j.result.Left, j.err)
				}
				after := w.read()
				if diff := cmp.Diff(bare(before.Assignments), bare(after.Assignments)); diff != "" {
					t.Errorf("rows (-before +after):\n%s", diff)
				}
				if len(after.Runs) != 2 || after.Runs[1].Workflow != ecm.Undo || after.Runs[1].Finished.IsZero() || len(w.wall.all()) != posted {
					t.Errorf("%d messages more, runs %+v", len(w.wall.all())-posted, after.Runs)
				}
				report(t, "undo", w.checkBack())
				if again := w.undo(ecm.RunID(workflow, morning)).wait(); again.err != nil || again.result.Done != nil || len(again.result.Plan.Changes)+again.result.Withdrawn != 0 {
					t.Errorf("once more: changes %v, withdrawn %d, error %v", again.result.Plan.Changes, again.result.Withdrawn, again.err)
				}
			})
		})
	}
}

// hand is what a person does to one row, at random.
type hand struct {
	row  int
	what string
}

func drawHands(r *rapid.T, rows int) (list []hand) {
	whats := rapid.SampledFrom([]string{
		"takes it on", "resolves", "reassigns", "writes a note", "takes it out", "pastes a copy", "pastes an edited copy", "moves it up", "blanks its time", "opens it again",
	})
	for i := range rapid.IntRange(0, 8).Draw(r, "hands") {
		list = append(list, hand{rapid.IntRange(0, rows-1).Draw(r, fmt.Sprint("row ", i)), whats.Draw(r, fmt.Sprint("what ", i))})
	}
	return list
}

func (h hand) do(s *ledger.Snapshot) {
	if len(s.Assignments) == 0 {
		return
	}
	s.Assignments = slices.Clone(s.Assignments)
	i := h.row % len(s.Assignments)
	row := &s.Assignments[i]
	copied := *row
	switch h.what {
	case "takes it on":
		row.Status, row.Word = ecm.InProgress, "In progress"
	case "resolves":
		row.Status, row.Word = ecm.Resolved, ""
	case "reassigns":
		row.Agent = "dina@example.com"
	case "writes a note":
		row.Notes += "!"
	case "takes it out":
		s.Assignments = slices.Delete(s.Assignments, i, i+1)
	case "pastes a copy":
		s.Assignments = append(s.Assignments, copied)
	case "pastes an edited copy":
		copied.Notes = "mine"
		s.Assignments = slices.Insert(s.Assignments, 0, copied)
	case "moves it up":
		s.Assignments = slices.Insert(slices.Delete(s.Assignments, i, i+1), 0, copied)
	case "blanks its time":
		row.ResolvedAt = time.Time{}
	case "opens it again":
		row.Status, row.Word, row.ResolvedAt = ecm.Open, "", time.Time{}
	}
}

// whole is a row in a form that can be counted, where it stands aside.
func whole(a ecm.Assignment) string { return bare([]ecm.Assignment{a})[0] }

// takenBack is what must be left of rows once a run is taken back: a row that
// says letter for letter what the run left there (each once; a further copy is
// its author's) is as before the run, and gone where it was not there before.
// An order gets no second row that is not resolved.
func takenBack(before, written, now []ecm.Assignment) (want []ecm.Assignment) {
	was := map[string][]*ecm.Assignment{} // by what the run wrote
	stood := map[string]int{}
	for _, row := range before {
		stood[whole(row)]++
	}
	for i, row := range written {
		if stood[whole(row)] > 0 {
			stood[whole(row)]--
			continue
		}
		var old *ecm.Assignment
		if i < len(before) {
			old = &before[i] // a run puts its new rows behind the others
		}
		was[whole(row)] = append(was[whole(row)], old)
	}
	active := map[string]bool{}
	for _, row := range now {
		active[row.OrderID] = active[row.OrderID] || row.Status != ecm.Resolved
	}
	for _, row := range now {
		old := was[whole(row)]
		switch {
		case len(old) == 0:
			want = append(want, row)
			continue
		case old[0] == nil:
		case old[0].Status != ecm.Resolved && active[row.OrderID]:
			want = append(want, row)
		default:
			active[row.OrderID] = active[row.OrderID] || old[0].Status != ecm.Resolved
			want = append(want, *old[0])
		}
		was[whole(row)] = old[1:]
	}
	return want
}

// Whatever people did since, wherever they pasted and moved rows: what a run
// wrote and nobody touched is taken back, and all else stays as it is.
func TestUndoAmongPeople(t *testing.T) {
	t.Parallel()
	for _, workflow := range []ecm.Workflow{ecm.Triage, ecm.Cleanup} {
		t.Run(string(workflow), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(r *rapid.T) {
				hands := drawHands(r, 22)
				var problem string
				synctest.Test(t, func(t *testing.T) { problem = undoAmong(t, workflow, hands) })
				if problem != "" {
					r.Fatal(problem)
				}
			})
		})
	}
}

func undoAmong(t *testing.T, workflow ecm.Workflow, hands []hand) string {
	t.Helper()
	w := newBackWorld(t, 1)
	w.people(func(s *ledger.Snapshot) { s.Assignments = without(without(s.Assignments, "A1"), "A2") })
	before := w.read().Assignments
	if problems := w.insistOn(workflow, morning); len(problems) > 0 {
		return strings.Join(problems, "\n")
	}
	written := w.read().Assignments
	for _, h := range hands {
		w.people(h.do)
	}
	now := w.read().Assignments
	want := takenBack(before, written, now)
	j := w.undo(ecm.RunID(workflow, morning)).wait()
	if j.err != nil {
		return j.err.Error()
	}
	if diff := cmp.Diff(bare(want), bare(w.read().Assignments)); diff != "" {
		return "rows (-want +got):\n" + diff
	}
	if board := w.checkBoardOf(hands); board != "" && j.result.Done != nil {
		return board
	}
	return ""
}

// checkBoardOf looks at the board unless people have given an order two rows at
// work: of those only one counts.
func (w *world) checkBoardOf(hands []hand) string {
	for _, h := range hands {
		if strings.HasPrefix(h.what, "pastes") || h.what == "opens it again" {
			return ""
		}
	}
	return strings.Join(w.checkBoard(), "\n")
}

// What stays is told, with its row and the reason.
func TestUndoTellsWhatStays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newBackWorld(t, 1)
		report(t, "triage", w.insist(morning))
		w.person("AE003", func(a *ecm.Assignment) { a.Status = ecm.InProgress })
		w.people(func(s *ledger.Snapshot) { s.Assignments = append(s.Assignments, *w.copyOf(s, "AE005")) })
		j := w.undo(morningTriage).wait()
		left := map[string]string{}
		for _, l := range j.result.Left {
			left[l.OrderID] = l.Reason
		}
		if len(left) != 2 || !strings.Contains(left["AE003"], "IN_PROGRESS") || left["AE005"] == "" || j.err != nil {
			t.Errorf("left %v, error %v", left, j.err)
		}
		if row := w.row("AE003"); row == nil || row.Status != ecm.InProgress {
			t.Errorf("AE003 is %+v", row)
		}
		if w.row("AE005") == nil || w.has("AE001") {
			t.Error("the pasted copy is gone, or AE001 is not")
		}
	})
}

// A run that was taken back stays so: to take it back once more does not touch
// the copies that people pasted of its rows.
func TestUndoTwiceLeavesCopies(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newBackWorld(t, 1)
		report(t, "triage", w.insist(morning))
		w.people(func(s *ledger.Snapshot) { s.Assignments = append(s.Assignments, *w.copyOf(s, "AE005")) })
		for n := range 3 {
			if j := w.undo(morningTriage).wait(); j.err != nil && !errors.Is(j.err, run.ErrNotUndone) || n > 0 && j.result.Done != nil {
				t.Errorf("time %d: done %v, error %v", n+1, j.result.Done, j.err)
			}
			if w.row("AE005") == nil {
				t.Fatalf("time %d: the copy is gone", n+1)
			}
		}
	})
}

// F40 F45: a person changes a row between the look and the undo. It stays, and is told.
func TestUndoLosesToPeople(t *testing.T) {
	t.Parallel()
	for runID, order := range map[string]string{morningTriage: "AE003", morningCleanup: "C1"} {
		for name, change := range map[string]func(*ecm.Assignment){
			"a note": func(a *ecm.Assignment) { a.Notes += " mine" }, "a status": func(a *ecm.Assignment) { a.Status = ecm.Escalated },
		} {
			t.Run(runID+" "+name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					w := newBackWorld(t, 1)
					workflow, _, _ := strings.Cut(runID, "/")
					report(t, "run", w.insistOn(ecm.Workflow(workflow), morning))
					w.wire.counts = map[string]int{}
					var edited ecm.Assignment
					w.wire.before = func(call string, _ *process) {
						if call == "commit#1" {
							w.person(order, change)
							edited = *w.row(order)
						}
					}
					j := w.undo(runID).wait()
					if row := w.row(order); row == nil || whole(*row) != whole(edited) {
						t.Errorf("%s is %+v, and a person made it %+v", order, row, edited)
					}
					if !slices.ContainsFunc(j.result.Left, func(l undo.Left) bool { return l.OrderID == order }) || j.err != nil {
						t.Errorf("left %+v, error %v: want %s told", j.result.Left, j.err, order)
					}
				})
			})
		}
	}
}

// Where another run committed after the look and the plan would be another one
// by now, nothing is taken back.
func TestUndoOfAnOldPlan(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newBackWorld(t, 1)
		report(t, "triage", w.insist(morning))
		looked := w.planUndo(morningTriage).wait()
		report(t, "cleanup", w.insistOn(ecm.Cleanup, morning))
		w.ledger.Edit(func(s *ledger.Snapshot) {
			i := slices.IndexFunc(s.Assignments, func(a ecm.Assignment) bool { return a.OrderID == "AE003" })
			s.Assignments[i].Notes = "called the partner"
		})
		before := w.read()
		j := launch(w, func(ctx context.Context, m *run.Manager) (run.Undo, error) {
			return m.Undo(ctx, request("late"), looked.result)
		}).wait()
		if !errors.Is(j.err, run.ErrMoved) || j.result.Done != nil {
			t.Errorf("done %v, error %v", j.result.Done, j.err)
		}
		if diff := cmp.Diff(before, w.read()); diff != "" {
			t.Errorf("the ledger changed:\n%s", diff)
		}
	})
}

// A commit of another run that leaves these rows alone does not matter.
func TestUndoBesideAnotherCommit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newBackWorld(t, 1)
		report(t, "triage", w.insist(morning))
		looked := w.planUndo(morningTriage).wait()
		report(t, "cleanup", w.insistOn(ecm.Cleanup, morning))
		j := launch(w, func(ctx context.Context, m *run.Manager) (run.Undo, error) {
			return m.Undo(ctx, request("late"), looked.result)
		}).wait()
		if j.err != nil || j.result.Done == nil || j.result.Done.Counts["removed"] != len(dealt()) {
			t.Errorf("done %+v, error %v", j.result.Done, j.err)
		}
		for _, row := range w.read().Assignments {
			if slices.Contains(dealt(), row.OrderID) {
				t.Errorf("%s is still there", row.OrderID)
			}
		}
	})
}

// F61: two people take the same run back at the same moment: it is done once.
func TestUndoTogether(t *testing.T) {
	t.Parallel()
	for seed := range uint64(40) {
		synctest.Test(t, func(t *testing.T) {
			w := newBackWorld(t, seed)
			before := w.read().Assignments
			report(t, "triage", w.insist(morning))
			one, two := w.undo(morningTriage), w.undo(morningTriage)
			done := 0
			for _, j := range []*job[run.Undo]{one.wait(), two.wait()} {
				if j.err == nil && j.result.Done != nil {
					done++
				} else if j.err != nil && !errors.Is(j.err, run.ErrMoved) {
					t.Errorf("seed %d: error %v", seed, j.err)
				}
			}
			if done != 1 {
				t.Errorf("seed %d: done %d times", seed, done)
			}
			if diff := cmp.Diff(bare(before), bare(w.read().Assignments)); diff != "" {
				t.Errorf("seed %d: rows (-before +after):\n%s", seed, diff)
			}
			report(t, fmt.Sprint("seed ", seed), w.checkBack())
		})
	}
}

// Some runs cannot be taken back: the reason is said, and nothing happens.
func TestUndoRefusals(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newBackWorld(t, 1)
		for _, workflow := range []ecm.Workflow{ecm.Cleanup, ecm.Triage, ecm.Progress} {
			report(t, "morning", w.insistOn(workflow, morning))
		}
		w.dieOwing(afternoon)
		time.Sleep(time.Hour)
		w.add("AE800", 800, "true")
		report(t, "evening", w.insist(evening))
		undone := w.undo("triage/" + string(evening)).wait()
		if undone.result.Done == nil {
			t.Fatalf("the evening cannot be taken back: %v", undone.err)
		}
		w.people(func(s *ledger.Snapshot) {
			for i := range s.Runs {
				switch s.Runs[i].ID {
				case morningTriage:
					s.Runs[i].Marks = nil
				case morningCleanup:
					s.Runs[i].Changed = nil
				}
			}
		})
		before := w.read()
		refused := map[string]string{
			"archive/2000-01-01T07:00": "archive", "progress/2000-01-01T07:00": "no row", w.claims()[0].ID: "no row", undone.result.Done.ID: "cannot be undone",
			"triage/2001-01-01T07:00": "there is no run", "": "there is no run", morningTriage: "does not say", morningCleanup: "does not say",
		}
		for id, why := range refused {
			j := w.undo(id).wait()
			if !errors.Is(j.err, run.ErrNotUndone) || !strings.Contains(fmt.Sprint(j.err), why) || j.result.Done != nil {
				t.Errorf("%q: done %v, error %v, want the reason %q", id, j.result.Done, j.err, why)
			}
		}
		if diff := cmp.Diff(before, w.read()); diff != "" {
			t.Errorf("the ledger changed:\n%s", diff)
		}
	})
}

// To look changes nothing, not even what a run that died has left behind.
func TestUndoPlanChangesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newBackWorld(t, 1)
		report(t, "triage", w.insist(morning))
		before := w.read()
		w.wire.counts = map[string]int{}
		if j := w.planUndo(morningTriage).wait(); j.err != nil || len(j.result.Plan.Changes) != len(dealt()) || j.result.Done != nil {
			t.Errorf("%d changes, error %v", len(j.result.Plan.Changes), j.err)
		}
		if diff := cmp.Diff(before, w.read()) + cmp.Diff(map[string]int{"read": 1}, w.wire.counts); diff != "" {
			t.Errorf("it changed something, or asked too much:\n%s", diff)
		}
	})
}
