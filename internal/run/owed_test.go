package run_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
	"pi-manager/internal/run"
)

// morningLease is how long a morning, with its briefing and four replies, holds its lease.
const morningLease = 40*time.Second + 5*2*time.Second

// claims are the records of processes that took messages over.
func (w *world) claims() (list []ecm.Run) {
	for _, r := range w.read().Runs {
		if r.Workflow == ecm.Deliver {
			list = append(list, r)
		}
	}
	return list
}

// dieOwing has a run committed and its process killed before it posts anything.
func (w *world) dieOwing(slot ecm.Slot) {
	w.wire.trouble = func(kind string, _ int) trouble {
		if kind == "post" {
			return trouble{isLost, dies}
		}
		return trouble{}
	}
	w.triage(slot)
	w.wire.trouble = noTrouble
}

// A lease that is live is respected, to its last second, by a second start of
// the slot and by a run of another; afterwards the messages are taken over once.
func TestLiveLease(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.dieOwing(morning)
		until := w.record(morning).Until
		if left := time.Until(until); left > morningLease || left < morningLease-10*time.Second {
			t.Fatalf("the lease has %s left, want a little less than %s", left, morningLease)
		}
		w.wire.before = func(name string, _ *process) {
			if time.Now().Before(until) && (strings.HasPrefix(name, "post") || strings.HasPrefix(name, "sent") || strings.HasPrefix(name, "commit")) {
				t.Errorf("%s while another process holds the lease", name)
			}
		}
		if o := w.triage(morning); o.err != nil {
			t.Fatal(o.err)
		}
		if late := time.Since(until); late > 15*time.Second {
			t.Errorf("done %s after the lease ended", late)
		}
		report(t, "taken over", w.check(morning))
		if n := len(w.claims()); n != 1 {
			t.Errorf("%d claims, want 1", n)
		}
	})
}

// Who waits for another process looks up often: it ends soon after the other has.
func TestWaitingForALiveProcess(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		first := w.start(context.Background(), run.Request{Slot: morning})
		time.Sleep(time.Second)
		second := w.start(context.Background(), run.Request{Slot: morning})
		report(t, "first", w.judge(morning, first.wait()))
		ended := time.Now()
		report(t, "second", w.judge(morning, second.wait()))
		if waited := time.Since(ended); waited > 4*time.Second {
			t.Errorf("ended %s after the other", waited)
		}
	})
}

// A run of another slot does not touch what a live process is posting, and does not wait for it.
func TestLeaseOfAnotherSlot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.dieOwing(morning)
		if o := w.triage(afternoon); o.err != nil {
			t.Fatal(o.err)
		}
		if n := len(w.claims()); n != 0 || !w.record(morning).Owes() {
			t.Errorf("%d claims, owes %t: the lease of the morning was not respected", n, w.record(morning).Owes())
		}
		time.Sleep(morningLease)
		report(t, "evening", w.insist(evening))
		report(t, "evening", w.check(morning, afternoon, evening))
	})
}

// F22: several processes want the messages of a dead one. One gets them.
func TestClaimIsWonOnce(t *testing.T) {
	t.Parallel()
	for seed := range uint64(60) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, seed)
			w.dieOwing(morning)
			time.Sleep(2 * morningLease)
			slots := []ecm.Slot{morning, morning, afternoon}
			var started []*process
			for _, slot := range slots {
				started = append(started, w.start(context.Background(), run.Request{Slot: slot}))
			}
			for _, p := range started {
				if o := p.wait(); !o.well() {
					t.Errorf("seed %d: %s", seed, o)
				}
			}
			what := fmt.Sprintf("seed %d", seed)
			report(t, what, w.check(slots...))
			if n := len(w.claims()); n != 1 {
				t.Errorf("%s: %d claims, want 1", what, n)
			}
		})
	}
}

// A claim names its run, holds a lease of its own, and does not change who is next in the deal.
func TestClaimRecord(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.dieOwing(morning)
		time.Sleep(time.Hour)
		began := time.Now().UTC().Truncate(time.Second)
		report(t, "second start", w.insist(morning))
		claims := w.claims()
		if len(claims) != 1 {
			t.Fatalf("%d claims, want 1", len(claims))
		}
		c := claims[0]
		if c.Slot != "triage/2000-01-01T07:00#2" || c.ID != "deliver/"+string(c.Slot) {
			t.Errorf("claim %q of slot %q", c.ID, c.Slot)
		}
		if got := c.Until.Sub(c.Started); got != morningLease || c.Started.Before(began) || c.Started.Location() != time.UTC {
			t.Errorf("started %s, lease %s, want %s from now on, UTC", c.Started, got, morningLease)
		}
		if c.Finished.IsZero() || c.Result != ecm.ResultOK || c.Hash == "" {
			t.Errorf("claim %+v", c)
		}
	})
}

// A process that is slow, not dead, posts nothing once its lease is over: another has taken over by then.
func TestSlowProcessStopsAtItsLease(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		var slow atomic.Pointer[process]
		w.wire.before = func(name string, p *process) {
			if name == "post#2" {
				slow.Store(p)
				time.Sleep(5 * time.Minute) // its machine stood still
			}
			if p == slow.Load() && strings.HasPrefix(name, "post") && name != "post#2" {
				t.Errorf("%s of a process whose lease is over", name)
			}
		}
		first := w.start(context.Background(), run.Request{Slot: morning})
		time.Sleep(time.Minute)
		if o := w.triage(morning); !o.well() {
			t.Errorf("who took over: %s", o)
		}
		report(t, "the slow process", w.judge(morning, first.wait()))
		report(t, "taken over", w.check(morning))
	})
}

// A lease that never seems to end (another machine's clock is ahead) does not
// keep a run for longer than its deadline, and the error is a sentence.
func TestLeaseInTheFuture(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.dieOwing(morning)
		w.ledger.Edit(func(s *ledger.Snapshot) { s.Runs[0].Until = time.Now().Add(24 * time.Hour) })
		o := w.triage(morning)
		if !errors.Is(o.err, run.ErrOwed) || o.took > run.Deadline {
			t.Errorf("%s after %s, want ErrOwed within the deadline", o, o.took)
		}
		if strings.Contains(o.String(), "%!") {
			t.Errorf("the error is no sentence: %s", o)
		}
	})
}

// What an earlier run owes is delivered by the next, of whichever slot, once and before its own.
func TestDebtsOfEarlierRuns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.dieOwing(morning)
		w.dieOwing(afternoon)
		time.Sleep(time.Hour)
		report(t, "evening", w.insist(evening))
		report(t, "evening", w.check(morning, afternoon, evening))
		var order []string
		for _, m := range w.wall.all() {
			if m.tag.Part == "briefing" {
				order = append(order, m.tag.Run)
			}
		}
		want := []string{ecm.RunID(ecm.Triage, morning), ecm.RunID(ecm.Triage, afternoon), ecm.RunID(ecm.Triage, evening)}
		if !slices.Equal(order, want) {
			t.Errorf("briefings came in the order %v", order)
		}
	})
}

// While one debt is being delivered another process settles the next one. It is
// not claimed again from what the ledger said before: a person may have deleted it since (F26).
func TestDebtSettledMeanwhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.dieOwing(morning)
		w.dieOwing(afternoon)
		time.Sleep(time.Hour)
		w.wire.before = func(name string, _ *process) {
			if name != "post#3" { // 1 and 2 died; this is the morning's briefing, taken over
				return
			}
			w.ledger.Edit(func(s *ledger.Snapshot) {
				for i := range s.Runs {
					if r := &s.Runs[i]; r.Slot == afternoon {
						for k := range r.Messages {
							r.Messages[k].TS, r.Messages[k].Channel = fmt.Sprint("deleted since ", k), channel
						}
						r.Finished = time.Now()
					}
				}
			})
		}
		if o := w.triage(evening); !o.well() {
			t.Fatal(o)
		}
		if n := len(w.wall.visible(ecm.RunID(ecm.Triage, afternoon), "briefing")); n != 0 {
			t.Errorf("the briefing of the afternoon came again")
		}
		if n := len(w.claims()); n != 1 {
			t.Errorf("%d claims, want 1: the afternoon owed nothing any more", n)
		}
	})
}

// F61: while a run pays an old debt, another process commits the very slot. The
// ledger refuses the second commit although nobody holds its generation.
func TestSlotDoneWhilePayingDebts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.dieOwing(morning)
		time.Sleep(time.Hour)
		w.wire.before = func(name string, _ *process) {
			if name != "post#2" { // the morning's briefing, taken over
				return
			}
			err := w.ledger.Commit(context.Background(), ledger.Commit{After: w.read().Generation, Run: ecm.Run{
				ID: ecm.RunID(ecm.Triage, afternoon), Workflow: ecm.Triage, Slot: afternoon, Hash: "theirs", Started: time.Now(), Finished: time.Now(),
			}})
			if err != nil {
				t.Error(err)
			}
		}
		if o := w.triage(afternoon); !o.well() || !o.result.Before || o.result.Done.Hash != "theirs" {
			t.Errorf("%s, before %t: want the other's run", o, o.result.Before)
		}
		if n := w.wire.count("commit"); n != 3 { // the morning's, the claim, and the one that came second
			t.Errorf("%d commits, want 3", n)
		}
	})
}

// F27: a messenger that takes calls and never answers, for a week. Every run
// still deals its orders: trying to pay old debts must not use up its time.
func TestOldDebtsDoNotStarveARun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.wire.trouble = messengerDown(trouble{isLost, silent}, "post", "sent", "members")
		for i := range 21 {
			slot := ecm.Slot(fmt.Sprintf("run %d", i+1))
			if o := w.triage(slot); w.record(slot) == nil {
				t.Fatalf("%s was not committed: %s after %s", slot, o, o.took)
			}
			time.Sleep(8 * time.Hour)
		}
	})
}

// The record of a run is gone from the ledger: what was posted cannot be noted, and that is no failure.
func TestRecordGone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.wire.before = func(name string, _ *process) {
			if name == "record#1" {
				w.ledger.Edit(func(s *ledger.Snapshot) { s.Runs = nil })
			}
		}
		if o := w.triage(morning); !o.well() {
			t.Error(o)
		}
		if n := w.wire.count("record"); n != 1 {
			t.Errorf("recorded %d times: no such run is an answer, not a failure", n)
		}
	})
}

// The record vanishes while its messages are being taken over. The result must not read like a dry run.
func TestRecordGoneWhileTakingOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.dieOwing(morning)
		time.Sleep(time.Hour)
		w.wire.before = func(name string, _ *process) {
			if strings.HasPrefix(name, "record#") {
				w.ledger.Edit(func(s *ledger.Snapshot) { s.Runs = nil })
			}
		}
		if o := w.triage(morning); o.err == nil && o.result.Status() == run.StatusDryRun {
			t.Errorf("status %s", o.result.Status())
		}
	})
}

// F6 F7: what the old process sends last is seen by the one who takes over, although
// it is under way when the lease ends, and shows in the history only after a while.
func TestSeamBetweenTwoLeases(t *testing.T) {
	t.Parallel()
	for seed := range uint64(120) {
		left := time.Duration(seed%40) * 100 * time.Millisecond
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, seed)
			w.wall.lag = 2 * time.Second
			w.wire.before = func(name string, _ *process) {
				if name == "post#2" {
					time.Sleep(time.Until(w.record(morning).Until.Add(-left)))
				}
			}
			first := w.start(context.Background(), run.Request{Slot: morning})
			time.Sleep(10 * time.Second)
			second := w.start(context.Background(), run.Request{Slot: morning})
			first.wait()
			second.wait()
			what := fmt.Sprintf("seed %d: sent %s before the lease ended", seed, left)
			report(t, what, w.insist(morning))
			report(t, what, w.check(morning))
		})
	}
}
