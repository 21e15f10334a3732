package run_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pi-manager/internal/run"
)

// told is what the process was told, and when.
type told struct {
	cancel context.CancelCauseFunc
	call   string
	mu     sync.Mutex
	at     time.Time
	calls  []string // that began afterwards
}

// F89: the process is told to stop at each call: before it goes out, once it has
// had its effect, and once the answer is read. Nothing new is begun, it ends
// within ten seconds, what was posted is noted or found later, nothing is doubled.
func TestToldToStop(t *testing.T) {
	t.Parallel()
	calls, _ := cleanCalls(t)
	for _, position := range []string{"before", "arrived", "after"} {
		t.Run(position, func(t *testing.T) {
			t.Parallel()
			for _, call := range calls {
				stopAt(t, position, call)
			}
		})
	}
}

func stopAt(t *testing.T, position, call string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		ctx, cancel := context.WithCancelCause(t.Context())
		stop := &told{cancel: cancel, call: call}
		stop.listen(w.wire, position)
		o := w.start(ctx, run.Request{Slot: morning}).wait()
		what := position + " " + call
		if took := time.Since(stop.at); took > 10*time.Second {
			t.Errorf("%s: ended %s after it was told to", what, took)
		}
		if i := slices.IndexFunc(stop.calls, changes); i >= 0 {
			t.Errorf("%s: began %s although it was told to stop", what, stop.calls[i])
		}
		report(t, what, w.judge(morning, o)) // it may say that all is well if the last post was out
		if noted, seen := w.noted(), len(w.wall.all()); noted < seen-1 {
			t.Errorf("%s: %d messages posted, %d noted: only the one under way may be in doubt", what, seen, noted)
		}
		w.wire = newWire(2)
		time.Sleep(backOff)
		report(t, what, w.insist(morning))
		report(t, what, w.insist(afternoon))
		report(t, what, w.check(morning, afternoon))
	})
}

// changes says whether a call does something that others can see. To note what was done is allowed.
func changes(call string) bool {
	return strings.HasPrefix(call, "commit#") || strings.HasPrefix(call, "post#")
}

// listen tells the process to stop at its call, and notes what it begins from then on.
func (s *told) listen(wire *wire, position string) {
	stop := func(name string, _ *process) {
		if name == s.call {
			s.mu.Lock()
			s.at = time.Now()
			s.mu.Unlock()
			s.cancel(context.Canceled)
		}
	}
	wire.before = func(name string, p *process) {
		s.mu.Lock()
		if !s.at.IsZero() {
			s.calls = append(s.calls, name)
		}
		s.mu.Unlock()
		if position == "before" {
			stop(name, p)
		}
	}
	switch position {
	case "arrived":
		wire.arrived = stop
	case "after":
		wire.after = stop
	}
}

// noted is how many messages of the morning the ledger knows to be posted.
func (w *world) noted() (n int) {
	record := w.record(morning)
	if record == nil {
		return 0
	}
	for _, owed := range record.Messages {
		if owed.Delivered() {
			n++
		}
	}
	return n
}

// A run that was stopped on purpose raises no alarm, whatever the reason that was given for it.
func TestStopIsNoAlarm(t *testing.T) {
	t.Parallel()
	for _, cause := range []error{nil, errors.New("terminated signal received")} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, 1)
			ctx, cancel := context.WithCancelCause(t.Context())
			w.wire.arrived = func(name string, _ *process) {
				if name == "pending#1" {
					cancel(cause)
				}
			}
			if o := w.start(ctx, run.Request{Slot: morning}).wait(); o.err == nil {
				t.Error("says that it went well")
			}
			if n := w.wire.count("sent") + w.wire.count("post"); n != 0 {
				t.Errorf("cause %v: %d calls to raise an alarm", cause, n)
			}
		})
	}
}

// A run that takes too long is ended, and the team is told: nobody wanted that.
func TestDeadlineRaisesAnAlarm(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.wire.trouble = always("pending", 1, trouble{isLost, silent})
		o := w.triage(morning)
		if o.err == nil || o.took < run.Deadline || o.took > run.Deadline+30*time.Second {
			t.Errorf("error %v after %s", o.err, o.took)
		}
		if got := w.wall.parts(); !slices.Equal(got, []string{"failure"}) {
			t.Errorf("told %v", got)
		}
		if w.wire.count("commit") != 0 {
			t.Error("a run that is too old must not commit")
		}
	})
}
