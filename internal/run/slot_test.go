package run_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
	"pi-manager/internal/run"
)

// F30: a clean run makes few calls, whatever it deals, and never looks at the history.
func TestCleanRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		o := w.triage(morning)
		if o.err != nil || o.result.Status() != run.StatusOK || o.result.Before {
			t.Fatalf("status %s, before %t, error %v", o.result.Status(), o.result.Before, o.err)
		}
		report(t, "clean run", w.check(morning))
		want := map[string]int{"pending": 1, "read": 1, "ready": 1, "members": 1, "commit": 1, "post": 1 + len(replies), "record": 1}
		if diff := cmp.Diff(want, w.wire.counts); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(append([]string{"briefing"}, replies...), w.wall.parts()); diff != "" {
			t.Errorf("messages (-want +got):\n%s", diff)
		}
	})
}

// What the run says of itself is what stands in the ledger and on the wall.
func TestResultIsTrue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		time.Sleep(300 * time.Millisecond) // a time that is no whole second
		asOf := time.Now().UTC().Add(-time.Hour)
		o := w.start(context.Background(), run.Request{Slot: morning, AsOf: asOf}).wait()
		doc := o.result.Result()
		if doc.RunID != "triage/2000-01-01T07:00" || doc.DoneBefore || doc.Status != run.StatusOK {
			t.Errorf("run %q, done before %t, status %s", doc.RunID, doc.DoneBefore, doc.Status)
		}
		agents := map[string]string{"AE900": "dina@example.com", "AE901": "ben@example.com"}
		for _, a := range doc.Assignments {
			agents[a.OrderID] = a.Agent
		}
		if diff := cmp.Diff(w.agents(), agents); diff != "" {
			t.Errorf("who has what (-ledger +result):\n%s", diff)
		}
		want := map[string]int{"pending": 11, "set_aside": 1, "disqualified": 1, "already_assigned": 1, "recently_resolved": 1, "new": 7, "reopened": 0, "overflow": 0}
		record := w.record(morning)
		if diff := cmp.Diff(want, doc.Counts) + cmp.Diff(want, record.Counts); diff != "" {
			t.Errorf("counts (-want +got):\n%s", diff)
		}
		for i, m := range doc.Messages {
			if owed := record.Messages[i]; m.Part != owed.Part || m.TS == "" || m.TS != owed.TS || m.Channel != owed.Channel {
				t.Errorf("message %+v, the record has %+v", m, owed)
			}
		}
		if len(doc.Messages) != len(record.Messages) {
			t.Errorf("%d messages, the record has %d", len(doc.Messages), len(record.Messages))
		}
		if record.Started.Nanosecond() != 0 || record.Started.Before(w.began) || record.Finished.Before(record.Started) {
			t.Errorf("started %s, finished %s: want the clock's time, to the second", record.Started, record.Finished)
		}
		for _, row := range w.read().Assignments {
			if row.RunID == record.ID && !row.AssignedAt.Equal(asOf.Truncate(time.Second)) {
				t.Errorf("%s assigned at %s, want as of %s", row.OrderID, row.AssignedAt, asOf)
			}
		}
	})
}

// F82: the second run of a slot changes nothing, posts nothing, and ends well.
func TestSameSlotTwice(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		report(t, "first", w.insist(morning))
		before, posted := w.read(), len(w.wall.all())
		w.add("AE800", 5000, "true") // even where there is something new
		o := w.triage(morning)
		if o.err != nil || o.result.Status() != run.StatusNothingNew || !o.result.Before || o.result.Plan != nil {
			t.Errorf("second: status %s, before %t, error %v", o.result.Status(), o.result.Before, o.err)
		}
		if diff := cmp.Diff(before, w.read()); diff != "" {
			t.Errorf("the ledger changed:\n%s", diff)
		}
		if n := len(w.wall.all()); n != posted {
			t.Errorf("%d messages more", n-posted)
		}
		if w.wire.count("commit") != 1 || w.wire.count("record") != 1 || w.wire.count("sent") != 0 {
			t.Errorf("calls %v", w.wire.counts)
		}
		if diff := cmp.Diff(w.record(morning).Counts, o.result.Result().Counts); diff != "" {
			t.Errorf("the result does not repeat the counts of the record:\n%s", diff)
		}
	})
}

// A run with nothing new still goes on the wall and says so.
func TestNothingNew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		report(t, "morning", w.insist(morning))
		time.Sleep(7 * time.Hour)
		if o := w.triage(afternoon); o.err != nil || o.result.Status() != run.StatusNothingNew || o.result.Before {
			t.Errorf("status %s, before %t, error %v", o.result.Status(), o.result.Before, o.err)
		}
		report(t, "afternoon", w.check(morning, afternoon))
		if r := w.record(afternoon); r.Result != ecm.ResultNothingNew || r.LastAgent != w.record(morning).LastAgent {
			t.Errorf("result %s, last agent %q: the deal would not go on where it stopped", r.Result, r.LastAgent)
		}
	})
}

// Domain, section 2: a guardrail stops the run. It is recorded, one alert goes
// out, no row is written, and a second start repeats nothing.
func TestGuardrailStop(t *testing.T) {
	t.Parallel()
	for _, crash := range []string{"", "commit#1", "post#1", "record#1"} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, 1)
			w.orders.Truncated = true
			if crash != "" {
				w.wire.trouble = once(crash, trouble{arrives, dies})
				w.triage(morning)
			}
			for range 2 {
				o := w.triage(morning)
				if o.err != nil || !o.result.Stopped() || o.result.Status() != run.StatusStopped {
					t.Errorf("crash %q: status %s, error %v", crash, o.result.Status(), o.err)
				}
			}
			if n := len(w.read().Assignments); n != 2 {
				t.Errorf("crash %q: %d rows, want the two of before", crash, n)
			}
			if diff := cmp.Diff([]string{"alert"}, w.wall.parts()); diff != "" {
				t.Errorf("crash %q: messages:\n%s", crash, diff)
			}
			if r := w.record(morning); r.Result != ecm.ResultStopped || r.Finished.IsZero() || r.Owes() || w.wire.count("members") != 0 {
				t.Errorf("crash %q: record %+v, members looked up %d times", crash, r, w.wire.count("members"))
			}
		})
	}
}

// A dry run reads twice and does nothing else, in any state of the world.
func TestDryRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		dry := func() outcome { return w.start(context.Background(), run.Request{Slot: morning, DryRun: true}).wait() }
		first := dry()
		w.dieOwing(morning)
		time.Sleep(time.Hour) // debts to pay, and nobody holds them
		w.wire.counts = map[string]int{}
		before := w.read()
		second := dry()
		if diff := cmp.Diff(map[string]int{"pending": 1, "read": 1}, w.wire.counts); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(before, w.read()); diff != "" || len(w.wall.all()) != 0 {
			t.Errorf("%d messages, the ledger changed:\n%s", len(w.wall.all()), diff)
		}
		if len(first.result.Preview) != 1+len(replies) || len(first.result.Plan.Dealt) != len(dealt()) || first.result.Status() != run.StatusDryRun {
			t.Errorf("first: %d messages, %d dealt, status %s", len(first.result.Preview), len(first.result.Plan.Dealt), first.result.Status())
		}
		if len(second.result.Plan.Dealt) != 0 || second.err != nil {
			t.Errorf("second: %d dealt, error %v: the ledger has them all", len(second.result.Plan.Dealt), second.err)
		}
		w.wire.trouble = always("pending", 1, trouble{isLost, forbidden})
		if o := dry(); o.err == nil || len(w.wall.all()) != 0 {
			t.Errorf("a dry run that fails: error %v, %d messages, want it told to nobody", o.err, len(w.wall.all()))
		}
	})
}

// Explain reads and changes nothing; it gives every row and every outcome of the order, and no other's.
func TestExplain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		report(t, "morning", w.insist(morning))
		before := w.read()
		w.wire.counts = map[string]int{}
		p := &process{world: w}
		e, err := w.manager(p).Explain(t.Context(), run.Request{AsOf: time.Now().UTC()}, "AE003")
		if err != nil || len(e.Rows) != 1 || len(e.Outcomes) != 1 {
			t.Fatalf("%d rows, %d outcomes, error %v", len(e.Rows), len(e.Outcomes), err)
		}
		if e.Rows[0].OrderID != "AE003" || e.Outcomes[0].OrderID() != "AE003" || !strings.Contains(e.Outcomes[0].Reason(), e.Rows[0].Agent) {
			t.Errorf("row %+v, outcome %q", e.Rows[0], e.Outcomes[0].Reason())
		}
		if diff := cmp.Diff(map[string]int{"pending": 1, "read": 1}, w.wire.counts); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(before, w.read()); diff != "" {
			t.Errorf("the ledger changed:\n%s", diff)
		}
	})
}

// A run that cannot do its work tells the team once, however often its slot is started again.
func TestFailureIsToldOnce(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"pending", "read", "commit"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 1)
				w.wire.trouble = always(kind, 1, trouble{isLost, forbidden})
				for range 3 {
					if o := w.triage(morning); o.err == nil || errors.Is(o.err, run.ErrOwed) {
						t.Errorf("error %v", o.err)
					}
					time.Sleep(10 * time.Minute)
				}
				w.triage(afternoon)
				var told []string
				for _, m := range w.wall.all() {
					told = append(told, m.tag.Run+" "+m.tag.Part)
					if m.thread != "" || !strings.Contains(m.text, "forbidden") {
						t.Errorf("told %q in thread %q", m.text, m.thread)
					}
				}
				want := []string{"triage/2000-01-01T07:00 failure", "triage/2000-01-01T14:00 failure"}
				if diff := cmp.Diff(want, told); diff != "" {
					t.Errorf("told (-want +got):\n%s", diff)
				}
				if len(w.read().Runs) != 0 {
					t.Error("a failed run has a record")
				}
			})
		})
	}
}

// Nothing is told of a failure where the history says it was told before, and an
// unreadable history is no reason to keep silent.
func TestFailureWithoutHistory(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.wire.trouble = messengerDown(trouble{isLost, forbidden}, "pending", "sent")
		w.triage(morning)
		if diff := cmp.Diff([]string{"failure"}, w.wall.parts()); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
	})
}

// A failure of delivery is no alarm: the messages say it all once they are out.
func TestOwedIsNoAlarm(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.wire.trouble = once("post#1", trouble{isLost, forbidden})
		o := w.triage(morning)
		if !errors.Is(o.err, run.ErrOwed) || o.result.Plan == nil || o.result.Done == nil || o.result.Status() != run.StatusOK {
			t.Errorf("error %v, result %+v: want a complete result", o.err, o.result)
		}
		if n := len(w.wall.all()); n != 0 {
			t.Errorf("told %v", w.wall.parts())
		}
	})
}

// F59: what the ledger doubts is in the briefing, and its unreadable rows keep their orders.
func TestLedgerWarnings(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.ledger.Edit(func(s *ledger.Snapshot) {
			s.Warnings = []string{"Agents: something is odd."}
			s.Unreadable = []ledger.Unreadable{{Row: 44, OrderID: "AE007", Reason: "unknown status"}}
		})
		if o := w.triage(morning); o.err != nil || len(o.result.Plan.Dealt) != len(dealt())-1 {
			t.Fatalf("%d dealt, error %v: AE007 is in a row that only a person can read", len(o.result.Plan.Dealt), o.err)
		}
		text := w.wall.visible(ecm.RunID(ecm.Triage, morning), "briefing")[0].text
		for _, want := range []string{"something is odd", "row 44: unknown status", "https://example.com/sheet"} {
			if !strings.Contains(text, want) {
				t.Errorf("the briefing does not say %q:\n%s", want, text)
			}
		}
	})
}
