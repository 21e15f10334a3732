package run_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"pi-manager/internal/brief"
	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
	"pi-manager/internal/progress"
	"pi-manager/internal/run"
)

// F30: a cleanup makes few calls, posts nothing, and what it says of itself stands in the ledger.
func TestCleanup(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newBackWorld(t, 1)
		asOf := w.began
		j := w.cleanup(morning).wait()
		if j.err != nil || j.result.Status() != run.StatusOK || j.result.Before || j.result.Timed != 2 || j.result.Archived != 2 {
			t.Fatalf("status %s, before %t, timed %d, archived %d, error %v", j.result.Status(), j.result.Before, j.result.Timed, j.result.Archived, j.err)
		}
		report(t, "cleanup", slices.Concat(w.checkBack(), checkCleaned(w)))
		if diff := cmp.Diff(completing, closedOf(j.result)); diff != "" {
			t.Errorf("closed (-want +got):\n%s", diff)
		}
		for _, id := range completing {
			if at := w.row(id).ResolvedAt; !at.Equal(asOf) {
				t.Errorf("%s was resolved at %s, want %s", id, at, asOf)
			}
		}
		for id, want := range map[string]time.Time{"R1": asOf, "R2": asOf.Add(-5 * time.Hour)} {
			if at := w.row(id).ResolvedAt; !at.Equal(want) {
				t.Errorf("%s was resolved at %s, want %s: as far as anybody knows", id, at, want)
			}
		}
		for kind, most := range map[string]int{"ready": 1, "statuses": 1, "read": 2, "commit": 2, "post": 0, "sent": 0, "members": 0, "pending": 0, "settle": 0} {
			if n := w.wire.count(kind); n > most {
				t.Errorf("%d calls of %s, want at most %d", n, kind, most)
			}
		}
	})
}

// closedOf are the orders of the rows that a cleanup says it closed.
func closedOf(c run.Cleanup) (ids []string) {
	for _, closing := range c.Closed {
		ids = append(ids, closing.Change.Was.OrderID)
	}
	return ids
}

// leftOf are the reasons of a cleanup's rows that were left, by order.
func leftOf(list []progress.Skipped) map[string]string {
	left := map[string]string{}
	for _, s := range list {
		left[s.OrderID] = s.Reason
	}
	return left
}

// An order that completed is left to a person where its row is escalated or cannot be read.
func TestCleanupLeavesWhatIsAPersons(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newBackWorld(t, 1)
		j := w.cleanup(morning).wait()
		left := leftOf(j.result.Left)
		for id, why := range map[string]string{"E1": "ESCALATED", "U1": "only a person can read"} {
			if !strings.Contains(left[id], "COMPLETED") || !strings.Contains(left[id], why) {
				t.Errorf("%s: left with the reason %q, want the status and %q", id, left[id], why)
			}
		}
		if len(j.result.Left) != 2 || j.err != nil {
			t.Errorf("left %v, error %v", left, j.err)
		}
		if n := len(w.read().Unreadable); n != 1 {
			t.Errorf("%d rows that cannot be read, want the one", n)
		}
	})
}

// F40 F45: what a person changed after the rows were read stays, letter for
// letter. It is not counted as closed; it is told with what stands there now.
func TestCleanupLosesToPeople(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newBackWorld(t, 1)
		typed := time.Date(1999, 12, 31, 12, 0, 0, 0, time.UTC)
		w.wire.before = func(name string, _ *process) {
			if name != "commit#1" {
				return
			}
			w.person("C1", func(a *ecm.Assignment) { a.Notes += ", no answer" })
			w.people(func(s *ledger.Snapshot) { s.Assignments = without(s.Assignments, "C2") })
			w.person("R1", func(a *ecm.Assignment) { a.ResolvedAt = typed })
		}
		j := w.cleanup(morning).wait()
		if diff := cmp.Diff([]string{"C3"}, closedOf(j.result)); diff != "" || j.result.Timed != 1 || j.err != nil {
			t.Errorf("timed %d, error %v, closed (-want +got):\n%s", j.result.Timed, j.err, diff)
		}
		left := leftOf(j.result.Left)
		if !strings.Contains(left["C1"], "somebody changed its row") || !strings.Contains(left["C1"], "OPEN in row") {
			t.Errorf("C1 is left with the reason %q", left["C1"])
		}
		if !strings.Contains(left["C2"], "somebody changed its row") || strings.Contains(left["C2"], "in row") {
			t.Errorf("C2, which is gone, is left with the reason %q", left["C2"])
		}
		if row := w.row("C1"); row.Status != ecm.Open || row.Notes != "called the bank, no answer" || !row.ResolvedAt.IsZero() {
			t.Errorf("C1 is %+v", row)
		}
		if at := w.row("R1").ResolvedAt; !at.Equal(typed) {
			t.Errorf("R1 was resolved at %s, and a person typed %s", at, typed)
		}
		if doc := j.result.Result(); doc.Counts["resolved"] != 1 || len(doc.Resolved) != 1 || len(doc.Skipped) != 4 || doc.Counts["skipped"] != 4 || doc.Counts["timed"] != 1 {
			t.Errorf("the document says %v", doc.Counts)
		}
		time.Sleep(7 * time.Hour)
		report(t, "afternoon", w.insistOn(ecm.Cleanup, afternoon))
		if row := w.row("C1"); row.Status != ecm.Resolved || row.Notes != "called the bank, no answer; self-healed" {
			t.Errorf("in the afternoon C1 is %+v", row)
		}
	})
}

// Two rows that say the same are two rows: both are closed, and both are counted.
func TestCleanupOfAPastedCopy(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newBackWorld(t, 1)
		w.people(func(s *ledger.Snapshot) { s.Assignments = append(s.Assignments, *w.copyOf(s, "C3")) })
		j := w.cleanup(morning).wait()
		if diff := cmp.Diff([]string{"C1", "C2", "C3", "C3"}, closedOf(j.result)); diff != "" || j.err != nil {
			t.Errorf("error %v, closed (-want +got):\n%s", j.err, diff)
		}
		if left := leftOf(j.result.Left); left["C3"] != "" {
			t.Errorf("C3 is left too: %q", left["C3"])
		}
	})
}

func (w *world) copyOf(s *ledger.Snapshot, orderID string) *ecm.Assignment {
	for _, row := range s.Assignments {
		if row.OrderID == orderID {
			return &row
		}
	}
	return nil
}

// F82: the second start of a slot changes nothing, asks the warehouse nothing,
// and repeats the numbers of the record.
func TestCleanupSlotTwice(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newBackWorld(t, 1)
		report(t, "first", w.insistOn(ecm.Cleanup, morning))
		before, asked := w.read(), w.wire.count("statuses")
		w.status["O1"] = "COMPLETED" // even where there is something new
		j := w.cleanup(morning).wait()
		if j.err != nil || !j.result.Before || j.result.Plan != nil || j.result.Status() != run.StatusNothingNew {
			t.Errorf("before %t, status %s, error %v", j.result.Before, j.result.Status(), j.err)
		}
		if diff := cmp.Diff(before, w.read()); diff != "" || w.wire.count("statuses") != asked {
			t.Errorf("asked %d times, the ledger changed:\n%s", w.wire.count("statuses")-asked, diff)
		}
		doc := j.result.Result()
		if diff := cmp.Diff(w.recordOf(ecm.Cleanup, morning).Counts, doc.Counts); diff != "" || !doc.DoneBefore || doc.Checked != doc.Counts["checked"] {
			t.Errorf("done before %t, checked %d, counts (-record +document):\n%s", doc.DoneBefore, doc.Checked, diff)
		}
	})
}

// A cleanup that finds nothing says so, and is recorded.
func TestCleanupOfNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newBackWorld(t, 1)
		w.status = nil
		j := w.cleanup(morning).wait()
		r := w.recordOf(ecm.Cleanup, morning)
		if j.err != nil || j.result.Status() != run.StatusNothingNew || len(j.result.Closed) != 0 || r == nil || r.Result != ecm.ResultNothingNew || r.Finished.IsZero() {
			t.Errorf("status %s, error %v, record %+v", j.result.Status(), j.err, r)
		}
		report(t, "cleanup", w.checkBack())
	})
}

// breaker is a way in which the warehouse's answer cannot be true.
type breaker struct {
	upset    func(*world)
	check    string // the verdict that says stop
	accepted bool   // whether a person can overrule it
}

func breakers() map[string]breaker {
	return map[string]breaker{
		"F64: it knows hardly any order": {func(w *world) { w.knows = []string{"C1", "C2"} }, "orders known", true},
		"F64: it knows no order at all":  {func(w *world) { w.knows = []string{"none"} }, "orders known", true},
		"F105: nearly all have completed": {func(w *world) {
			for _, id := range []string{"O1", "O2", "O3", "AE900"} {
				w.status[id] = "COMPLETED"
			}
		}, "closed at once", true},
		"F65: its feed is late": {func(w *world) { w.late = 25 * time.Hour }, "warehouse age", false},
	}
}

// A stop closes nothing, is recorded, and is told once, however often the slot
// is started. The next slot tells it once more.
func TestCleanupBreakers(t *testing.T) {
	t.Parallel()
	for name, b := range breakers() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newBackWorld(t, 1)
				b.upset(w)
				for n := range 3 {
					j := w.cleanup(morning).wait()
					if j.err != nil || !j.result.Stopped() || j.result.Status() != run.StatusStopped || len(j.result.Closed) != 0 {
						t.Errorf("start %d: status %s, %d closed, error %v", n+1, j.result.Status(), len(j.result.Closed), j.err)
					}
					if !stoppedBy(j.result.Result().Guardrails, b.check) {
						t.Errorf("start %d: guardrails %+v, want a stop by %q", n+1, j.result.Result().Guardrails, b.check)
					}
				}
				time.Sleep(7 * time.Hour)
				w.cleanup(afternoon).wait()
				report(t, name, slices.Concat(w.checkBack(), checkStopped(w)))
				if diff := cmp.Diff([]string{"alert", "alert"}, w.wall.parts()); diff != "" {
					t.Errorf("messages (-want +got):\n%s", diff)
				}
				if text := w.wall.all()[0].text; !strings.Contains(text, "Nothing was closed") || !strings.Contains(text, b.check) {
					t.Errorf("the alert does not say what happened and why:\n%s", text)
				}
				if r := w.recordOf(ecm.Cleanup, morning); len(r.Changed) > 1 || r.Counts["resolved"] != 0 {
					t.Errorf("the record says that rows were closed: %+v", r)
				}
			})
		})
	}
}

func stoppedBy(verdicts []ecm.Verdict, check string) bool {
	return slices.ContainsFunc(verdicts, func(v ecm.Verdict) bool { return v.Check == check && v.Level == ecm.LevelStop })
}

// What a stopped cleanup leaves is told, order by order.
func TestCleanupStoppedSaysWhatItLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newLateWorld(t, 1)
		j := w.cleanup(morning).wait()
		for _, id := range completing {
			if why := leftOf(j.result.Left)[id]; !strings.Contains(why, "not believed") {
				t.Errorf("%s: left with the reason %q", id, why)
			}
		}
	})
}

// A person may overrule what only looks wrong; a late feed nobody can.
func TestAcceptDrop(t *testing.T) {
	t.Parallel()
	for name, b := range breakers() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newBackWorld(t, 1)
				b.upset(w)
				w.cleanup(morning).wait()
				time.Sleep(time.Hour)
				j := w.cleanupAs(run.CleanupRequest{Request: request("by-hand"), AcceptDrop: true}).wait()
				if j.err != nil || j.result.Stopped() == b.accepted {
					t.Fatalf("stopped %t, error %v", j.result.Stopped(), j.err)
				}
				closed := closedOf(j.result)
				for _, row := range w.read().Assignments {
					healed := strings.HasSuffix(row.Notes, ecm.SelfHealed)
					if healed != slices.Contains(closed, row.OrderID) || healed && (!b.accepted || w.status[row.OrderID] != "COMPLETED") {
						t.Errorf("closed %v, and %s is %+v", closed, row.OrderID, row)
					}
				}
				if b.accepted && name != "F64: it knows no order at all" && len(closed) < 2 {
					t.Errorf("closed %v", closed)
				}
				report(t, name, w.checkBack())
			})
		})
	}
}

// A dry run shows what would be closed, moved and told, and does nothing.
func TestCleanupDryRun(t *testing.T) {
	t.Parallel()
	for name, world := range map[string]func(*testing.T, uint64) *world{"clean": newBackWorld, "stopped": newLateWorld} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := world(t, 1)
				before := w.read()
				req := request(morning)
				req.DryRun = true
				j := w.cleanupAs(run.CleanupRequest{Request: req}).wait()
				if diff := cmp.Diff(map[string]int{"read": 1, "statuses": 1}, w.wire.counts); diff != "" {
					t.Errorf("calls (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(before, w.read()); diff != "" || j.err != nil || len(w.wall.all()) != 0 {
					t.Errorf("%d messages, error %v, the ledger changed:\n%s", len(w.wall.all()), j.err, diff)
				}
				r := j.result
				if name == "stopped" {
					if !r.Stopped() || r.Status() != run.StatusStopped || len(r.Preview) != 1 || len(r.Closed) != 0 {
						t.Errorf("status %s, %d messages, %d closed", r.Status(), len(r.Preview), len(r.Closed))
					}
				} else if r.Status() != run.StatusDryRun || len(r.Preview) != 0 || len(r.Closed) != 3 || r.Timed != 2 || r.Archived != 2 || r.Done != nil {
					t.Errorf("status %s, %d messages, %d closed, %d timed, %d archived", r.Status(), len(r.Preview), len(r.Closed), r.Timed, r.Archived)
				}
			})
		})
	}
}

// F67: without the warehouse nothing is committed, and the team is told once.
func TestCleanupWithoutWarehouse(t *testing.T) {
	t.Parallel()
	withoutWarehouse(t, ecm.Cleanup)
}

func withoutWarehouse(t *testing.T, workflow ecm.Workflow) {
	t.Helper()
	for name, what := range map[string]trouble{"forbidden": {isLost, forbidden}, "refused": {isLost, refused}, "no answer": {isLost, silent}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newBackWorld(t, 1)
				before := w.read()
				w.wire.trouble = always("statuses", 1, what)
				for range 3 {
					if o := w.begin(workflow, morning)(); o.err == nil || errors.Is(o.err, run.ErrOwed) || o.took > run.Deadline+time.Minute {
						t.Errorf("after %s: error %v", o.took, o.err)
					}
					time.Sleep(10 * time.Minute)
				}
				if diff := cmp.Diff(before, w.read()); diff != "" {
					t.Errorf("the ledger changed:\n%s", diff)
				}
				if diff := cmp.Diff([]string{"failure"}, w.wall.parts()); diff != "" {
					t.Errorf("told (-want +got):\n%s", diff)
				}
				w.wire.trouble = noTrouble
				report(t, "once it is back", slices.Concat(w.insistOn(workflow, morning), w.checkBack()))
			})
		})
	}
}

// A cleanup that has nothing to tell owes nothing, and has no call to make for
// it: the note that it is finished is in its commit.
func TestCleanupOwesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newBackWorld(t, 1)
		w.wire.trouble = always("record", 1, trouble{isLost, forbidden})
		if j := w.cleanup(morning).wait(); j.err != nil {
			t.Errorf("error %v: no message is owed", j.err)
		}
		if n := w.wire.count("record"); n != 0 {
			t.Errorf("%d notes of deliveries where there is nothing to deliver", n)
		}
	})
}

// What was committed stands, though the ledger cannot be read afterwards: what is
// told does not say that nothing was changed.
func TestCleanupCommittedAndNotLookedAt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newBackWorld(t, 1)
		w.wire.trouble = always("read", 2, trouble{isLost, forbidden})
		j := w.cleanup(morning).wait()
		told := w.wall.all()
		if len(told) != 1 || !strings.Contains(told[0].text, string(brief.Unsettled)) || !errors.Is(j.err, run.ErrUnsettled) || j.result.Done == nil {
			t.Errorf("error %v, told %v: the rows are closed", j.err, w.wall.parts())
		}
	})
}

// F61: a triage commits between a cleanup's reading and its commit. The cleanup
// decides anew, closes its rows beside the new ones, and leaves those alone.
func TestCleanupAfterAConcurrentTriage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newBackWorld(t, 1)
		w.watchBoard(t, "cleanup and triage")
		dealt := false
		w.wire.before = func(name string, _ *process) {
			if name == "commit#1" && !dealt {
				dealt = true
				report(t, "triage", w.insist(morning))
			}
		}
		j := w.cleanup(morning).wait()
		if diff := cmp.Diff(completing, closedOf(j.result)); diff != "" || j.err != nil {
			t.Errorf("error %v, closed (-want +got):\n%s", j.err, diff)
		}
		report(t, "afterwards", slices.Concat(w.checkBack(), w.checkDay()))
		if asked := w.wire.count("statuses"); asked != 1 {
			t.Errorf("the warehouse was asked %d times", asked)
		}
	})
}

// The rows of a cleanup that died before it looked through its changes are
// settled by whoever comes next, before it decides anything.
func TestUnsettledLedgerIsSettledFirst(t *testing.T) {
	t.Parallel()
	for _, workflow := range []ecm.Workflow{ecm.Cleanup, ecm.Triage, ecm.Progress} {
		t.Run(string(workflow), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newBackWorld(t, 1)
				w.wire.trouble = once("commit#1", trouble{arrives, dies})
				w.cleanup(morning).wait()
				w.wire.trouble = noTrouble
				if !w.read().Unsettled {
					t.Fatal("the ledger is settled already: this test shows nothing")
				}
				report(t, "next", w.insistOn(workflow, afternoon))
				calls := w.wire.made()
				if settled, committed := at(calls, "settle#1"), at(calls, "commit#2"); settled < 0 || committed < settled {
					t.Errorf("calls %v, want the ledger settled before the next commit", calls)
				}
				report(t, "next", w.checkBack())
			})
		})
	}
}
