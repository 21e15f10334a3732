package run_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
	"pi-manager/internal/run"
)

// F30: a report makes few calls, changes no row, and puts its numbers on the wall.
func TestReport(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newBackWorld(t, 1)
		rows := w.read().Assignments
		j := w.progress(morning).wait()
		if j.err != nil || j.result.Status() != run.StatusOK || j.result.Before {
			t.Fatalf("status %s, before %t, error %v", j.result.Status(), j.result.Before, j.err)
		}
		if diff := cmp.Diff(rows, w.read().Assignments); diff != "" {
			t.Errorf("rows changed:\n%s", diff)
		}
		if diff := cmp.Diff(morningCounts, j.result.Report.Counts); diff != "" {
			t.Errorf("counts (-want +got):\n%s", diff)
		}
		posts := len(w.recordOf(ecm.Progress, morning).Messages)
		for kind, want := range map[string]int{"ready": 1, "statuses": 1, "read": 1, "commit": 1, "post": posts, "record": 1, "sent": 0, "pending": 0} {
			if n := w.wire.count(kind); n != want {
				t.Errorf("%d calls of %s, want %d", n, kind, want)
			}
		}
		report(t, "report", w.checkBack())
		text := w.wall.visible("progress/2000-01-01T07:00", "report")[0].text
		for _, want := range []string{"6 open · 3 in progress · 1 escalated", "4 SLA breaches", "https://example.com/sheet", "3 self-healed"} {
			if !strings.Contains(text, want) {
				t.Errorf("the report does not say %q:\n%s", want, text)
			}
		}
	})
}

// Fewer breaches than the policy's alert_from are no alert.
func TestReportWithoutAlert(t *testing.T) {
	t.Parallel()
	for breaches := range 4 {
		synctest.Test(t, func(t *testing.T) {
			w := newBackWorld(t, 1)
			for i, id := range []string{"AE900", "O1", "O2", "O3"} {
				if i >= breaches {
					w.person(id, func(a *ecm.Assignment) { a.AssignedAt = w.began })
				}
			}
			report(t, "report", slices.Concat(w.insistOn(ecm.Progress, morning), w.checkBack()))
			if alert := slices.Contains(w.wall.parts(), "alert"); alert != (breaches >= 3) {
				t.Errorf("%d breaches: alert %t", breaches, alert)
			}
		})
	}
}

// F19: somebody deletes the report while its replies go out. The alert has no
// thread: it stands in the channel itself, once.
func TestAlertStandsAlone(t *testing.T) {
	t.Parallel()
	messages := messagesOfAReport(t)
	for last := 1; last < messages; last++ { // the report is deleted before the last-th post after it
		synctest.Test(t, func(t *testing.T) {
			w := newBackWorld(t, 1)
			gone := false
			w.wire.before = func(name string, _ *process) {
				if name == fmt.Sprintf("post#%d", last+1) && !gone {
					gone = true
					w.wall.remove("report")
				}
			}
			j := w.progress(morning).wait()
			seen := w.wall.visible(ecm.RunID(ecm.Progress, morning), "alert")
			if len(seen) != 1 || seen[0].thread != "" || j.err != nil {
				t.Errorf("report deleted before post %d: alerts %+v, error %v", last+1, seen, j.err)
			}
			if last == 1 { // every reply was still to come, so all of it is there again
				report(t, "report deleted", w.checkBack())
			}
		})
	}
}

func messagesOfAReport(t *testing.T) (n int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newBackWorld(t, 1)
		report(t, "report", w.insistOn(ecm.Progress, morning))
		n = len(w.wall.all())
	})
	if n < 3 {
		t.Fatalf("%d messages: the report has no replies, or no alert", n)
	}
	return n
}

// F19 F90: the process dies after each post, somebody deletes the report, and
// another process takes over: what is left of the replies has no thread, or a
// new one; the alert stands in the channel, once.
func TestAlertStandsAloneAfterATakeOver(t *testing.T) {
	t.Parallel()
	messages := messagesOfAReport(t)
	for posted := 1; posted <= messages; posted++ {
		for _, deleted := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				w := newBackWorld(t, 1)
				w.wire.trouble = once(fmt.Sprintf("post#%d", posted), trouble{arrives, dies})
				w.progress(morning).wait()
				if deleted {
					w.wall.remove("report")
				}
				what := fmt.Sprintf("%d posted, deleted %t", posted, deleted)
				report(t, what, w.insistOn(ecm.Progress, morning))
				seen := w.wall.visible(ecm.RunID(ecm.Progress, morning), "alert")
				if len(seen) != 1 || seen[0].thread != "" {
					t.Errorf("%s: alerts %+v", what, seen)
				}
				if !deleted {
					report(t, what, w.checkBack())
				}
			})
		}
	}
}

// A text that is lost takes its replies along, not the alert.
func TestAlertWithoutItsReport(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newBackWorld(t, 1)
		w.wire.trouble = once("post#1", trouble{isLost, dies})
		w.progress(morning).wait()
		w.people(func(s *ledger.Snapshot) { s.Runs[0].Messages[0].Body = nil })
		report(t, "taken over", w.insistOn(ecm.Progress, morning))
		if diff := cmp.Diff([]string{"alert"}, w.wall.parts()); diff != "" {
			t.Errorf("messages (-want +got):\n%s", diff)
		}
		for _, owed := range w.recordOf(ecm.Progress, morning).Messages {
			if posted := owed.Part == "alert"; owed.Posted() != posted || !posted && owed.Note == "" {
				t.Errorf("%s: %q, note %q", owed.Part, owed.TS, owed.Note)
			}
		}
	})
}

// What a report says is new since the last report is in no report before, and
// nothing falls between two, though each decides as of a moment before it starts.
func TestReportsMeetWithoutAGap(t *testing.T) {
	t.Parallel()
	for minutes := -90; minutes <= 90; minutes += 10 { // from the first report
		synctest.Test(t, func(t *testing.T) {
			w := newBackWorld(t, 1)
			at := w.began.Add(time.Duration(minutes) * time.Minute)
			time.Sleep(time.Hour)
			w.person("O1", func(a *ecm.Assignment) {
				if !at.After(time.Now()) {
					a.Status, a.ResolvedAt = ecm.Resolved, at
				}
			})
			first := request(morning)
			first.AsOf = w.began
			one := w.progressAs(first).wait()
			time.Sleep(time.Hour)
			w.person("O1", func(a *ecm.Assignment) { a.Status, a.ResolvedAt = ecm.Resolved, at })
			two := w.progress(afternoon).wait()
			others := 3 // of newBackWorld, all before the first report
			if got := one.result.Report.Counts["resolved"] + two.result.Report.Counts["resolved"] - others; got != 1 {
				t.Errorf("resolved %d minutes after the first report's moment: counted %d times", minutes, got)
			}
		})
	}
}

// The second report compares with the first one's record. Where people cleared
// it, or it cannot be read, it looks back on the day and knows no change (F60).
func TestReportSince(t *testing.T) {
	t.Parallel()
	damage := map[string]func(*ecm.Run){
		"none":         nil,
		"no numbers":   func(r *ecm.Run) { r.Counts = nil },
		"not a report": func(r *ecm.Run) { r.Workflow = "?" },
	}
	for name, spoil := range damage {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newBackWorld(t, 1)
				first := w.began
				report(t, "first", w.insistOn(ecm.Progress, morning))
				if spoil != nil {
					w.people(func(s *ledger.Snapshot) { spoil(&s.Runs[0]) })
				}
				sinceIs(t, w, first, spoil == nil)
			})
		})
	}
	t.Run("cleared", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			w := newBackWorld(t, 1)
			first := w.began
			report(t, "first", w.insistOn(ecm.Progress, morning))
			w.people(func(s *ledger.Snapshot) { s.Runs = nil })
			sinceIs(t, w, first, false)
		})
	})
}

// sinceIs runs the afternoon's report, and says what it must compare with.
func sinceIs(t *testing.T, w *world, first time.Time, known bool) {
	t.Helper()
	time.Sleep(7 * time.Hour)
	w.person("O1", func(a *ecm.Assignment) { a.Status, a.ResolvedAt = ecm.Resolved, time.Now().UTC().Add(-time.Hour) })
	j := w.progress(afternoon).wait()
	if j.err != nil {
		t.Fatal(j.err)
	}
	doc := j.result.Result()
	if doc.FirstReport == known {
		t.Errorf("first report %t", doc.FirstReport)
	}
	if !known {
		if day := first.Add(-7 * time.Hour); doc.Since != ecm.FormatTime(day) || len(doc.Change) != 0 {
			t.Errorf("since %s, change %v: want the beginning of the day, and none", doc.Since, doc.Change)
		}
		return
	}
	want := map[string]int{
		"open": -1, "in_progress": 0, "escalated": 0, "resolved": 1 - 3, "self_healed": -3, "breaches": 0, "breaching_soon": 0, "high_value_open": -1,
		"completed_open": 0, "unreadable": 0,
	}
	if diff := cmp.Diff(want, doc.Change); diff != "" || doc.Since != ecm.FormatTime(first) || doc.Resolved != 1 {
		t.Errorf("since %s, resolved %d, change (-want +got):\n%s", doc.Since, doc.Resolved, diff)
	}
}

// F82: the second start of a slot repeats the numbers of the record, whatever
// has changed since; it posts nothing and asks nothing.
func TestReportSlotTwice(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newBackWorld(t, 1)
		one := w.progress(morning).wait().result.Result()
		before, posted := w.read(), len(w.wall.all())
		w.status["O2"] = "COMPLETED"
		time.Sleep(time.Hour)
		j := w.progress(morning).wait()
		two := j.result.Result()
		if j.err != nil || !two.DoneBefore || two.Status != run.StatusNothingNew || j.result.Report != nil {
			t.Errorf("status %s, done before %t, error %v", two.Status, two.DoneBefore, j.err)
		}
		if diff := cmp.Diff(one.Counts, two.Counts) + cmp.Diff(one.Queue, two.Queue) + cmp.Diff(one.Messages, two.Messages); diff != "" {
			t.Errorf("the numbers changed (-first +second):\n%s", diff)
		}
		if one.Resolved != two.Resolved || one.Completed != two.Completed || one.HighValue != two.HighValue {
			t.Errorf("resolved %d and %d, completed %d and %d", one.Resolved, two.Resolved, one.Completed, two.Completed)
		}
		if diff := cmp.Diff(before, w.read()); diff != "" || len(w.wall.all()) != posted || w.wire.count("statuses") != 1 {
			t.Errorf("%d messages more, the ledger changed:\n%s", len(w.wall.all())-posted, diff)
		}
	})
}

// F67: without the warehouse nothing is committed, and the team is told once.
func TestReportWithoutWarehouse(t *testing.T) {
	t.Parallel()
	withoutWarehouse(t, ecm.Progress)
}

// F10: a messenger that refuses us stops a run before anything is committed.
func TestBackMessengerRefusesUs(t *testing.T) {
	t.Parallel()
	for _, workflow := range []ecm.Workflow{ecm.Cleanup, ecm.Progress} {
		synctest.Test(t, func(t *testing.T) {
			w := newBackWorld(t, 1)
			before := w.read()
			w.wire.trouble = always("ready", 1, trouble{isLost, forbidden})
			if o := w.begin(workflow, morning)(); o.err == nil || errors.Is(o.err, run.ErrOwed) {
				t.Errorf("%s: error %v", workflow, o.err)
			}
			if diff := cmp.Diff(before, w.read()); diff != "" {
				t.Errorf("%s: the ledger changed:\n%s", workflow, diff)
			}
		})
	}
}

// F27: with the messenger down a report and a stop are committed and owed; the
// next run of any workflow delivers them, each message once.
func TestBackMessengerDown(t *testing.T) {
	t.Parallel()
	for title, s := range scenes() {
		if title == "cleanup" {
			continue // it has nothing to tell
		}
		for _, next := range []ecm.Workflow{ecm.Cleanup, ecm.Triage, ecm.Progress} {
			t.Run(title+" then "+string(next), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					w := s.world(t, 1)
					w.wire.trouble = messengerDown(trouble{isLost, refused}, "ready", "post", "sent", "members")
					for range 2 {
						if o := w.begin(s.workflow, morning)(); !errors.Is(o.err, run.ErrOwed) {
							t.Errorf("error %v, want the messages owed", o.err)
						}
					}
					if r := w.recordOf(s.workflow, morning); r == nil || !r.Owes() || !r.Finished.IsZero() || len(w.wall.all()) != 0 {
						t.Errorf("record %+v, %d messages", r, len(w.wall.all()))
					}
					w.wire.trouble = noTrouble
					time.Sleep(7 * time.Hour)
					report(t, "next", slices.Concat(w.insistOn(next, afternoon), w.checkBack()))
				})
			})
		}
	}
}

// A dry run shows the report and its replies, and does nothing.
func TestReportDryRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newBackWorld(t, 1)
		before := w.read()
		req := request(morning)
		req.DryRun = true
		j := w.progressAs(req).wait()
		if diff := cmp.Diff(map[string]int{"read": 1, "statuses": 1}, w.wire.counts); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(before, w.read()); diff != "" || len(w.wall.all()) != 0 {
			t.Errorf("%d messages, the ledger changed:\n%s", len(w.wall.all()), diff)
		}
		r := j.result
		if j.err != nil || r.Status() != run.StatusDryRun || r.Report == nil || r.Done != nil {
			t.Fatalf("status %s, error %v", r.Status(), j.err)
		}
		report(t, "the real run", w.insistOn(ecm.Progress, morning))
		var preview, posted []string
		for _, m := range r.Preview {
			preview = append(preview, m.String())
		}
		for _, m := range w.wall.all() {
			posted = append(posted, m.text)
		}
		if diff := cmp.Diff(preview, posted); diff != "" {
			t.Errorf("what is posted is not what was shown (-shown +posted):\n%s", diff)
		}
	})
}

// F64 F65: an answer that is not believed is no all clear: the report says so,
// takes nobody's word that an order has completed, and counts the breaches.
func TestReportIsNoAllClear(t *testing.T) {
	t.Parallel()
	for name, b := range breakers() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newBackWorld(t, 1)
				b.upset(w)
				j := w.progress(morning).wait()
				if j.err != nil {
					t.Fatal(j.err)
				}
				c := j.result.Report.Counts
				if c["self_healed"] != 0 || c["completed_open"] != 0 || c["breaches"] != 7 {
					t.Errorf("counts %v: want no word of completed orders, and all seven breaches", c)
				}
				if !stoppedBy(j.result.Result().Guardrails, b.check) {
					t.Errorf("guardrails %+v", j.result.Result().Guardrails)
				}
				if !slices.Contains(w.wall.parts(), "alert") {
					t.Errorf("messages %v: seven breaches are an alert", w.wall.parts())
				}
				report(t, name, w.checkBack())
			})
		})
	}
}
