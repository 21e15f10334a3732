package run

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
)

// quiet retries without a word.
func quiet() Effects { return Effects{Log: slog.New(slog.DiscardHandler)} }

// A retry is a matter of the failure's class, and of whether the call changes anything.
func TestWhatGoesOutAgain(t *testing.T) {
	t.Parallel()
	failure := func(class ecm.Class) error { return &ecm.Failure{Class: class, Err: errors.New("no")} }
	cases := []struct {
		name        string
		err         error
		reads, send int // how often the call goes out
	}{
		{"permanent", failure(ecm.Permanent), 1, 1},
		{"retryable", failure(ecm.Retryable), tries, tries},
		{"ambiguous", failure(ecm.Ambiguous), tries, 1},
		{"no class", errors.New("no"), tries, 1},
		{"wrapped retryable", fmt.Errorf("posting: %w", failure(ecm.Retryable)), tries, tries},
		{"wrapped permanent", fmt.Errorf("posting: %w", failure(ecm.Permanent)), 1, 1},
		{"thread gone", &ecm.Failure{Class: ecm.Retryable, Err: ecm.ErrThreadGone}, 1, 1},
		{"no such run", fmt.Errorf("record: %w", ledger.ErrNoRun), 1, 1},
		{"fine", nil, 1, 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				calls := 0
				call := func(context.Context) (int, error) { calls++; return 7, c.err }
				if got, err := read(t.Context(), quiet(), "reading", service{"a test", time.Minute}, call); got != 7 || !errors.Is(err, c.err) {
					t.Errorf("read gives %d, %v", got, err)
				}
				if calls != c.reads {
					t.Errorf("read %d times, want %d", calls, c.reads)
				}
				calls = 0
				if got, err := send(t.Context(), quiet(), "sending", service{"a test", time.Minute}, call); got != 7 || !errors.Is(err, c.err) {
					t.Errorf("send gives %d, %v", got, err)
				}
				if calls != c.send {
					t.Errorf("sent %d times, want %d", calls, c.send)
				}
			})
		})
	}
}

// A call that succeeds at last is a success, and gives the answer of that time.
func TestSecondTrySucceeds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		got, err := send(t.Context(), quiet(), "sending", service{"a test", time.Minute}, func(context.Context) (int, error) {
			if calls++; calls < tries {
				return 0, &ecm.Failure{Class: ecm.Retryable, Err: errors.New("no")}
			}
			return calls, nil
		})
		if got != tries || err != nil {
			t.Errorf("got %d, %v, want the answer of try %d", got, err, tries)
		}
	})
}

// Between two tries there is a pause.
func TestPauses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		at := timesOfCalls(t.Context(), 0)
		if len(at) != tries {
			t.Fatalf("%d tries, want %d", len(at), tries)
		}
		for i := 1; i < len(at); i++ {
			if pause := at[i].Sub(at[i-1]); pause < 200*time.Millisecond || pause > 3*time.Second {
				t.Errorf("pause %d was %s", i, pause)
			}
		}
	})
}

// F1: who is asked to wait waits as long as that, and as often as there is time for it: it is no failed try.
func TestWaitsAskedFor(t *testing.T) {
	t.Parallel()
	for _, asked := range []time.Duration{time.Second, 45 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
			defer cancel()
			began := time.Now()
			at := timesOfCalls(ctx, asked)
			if len(at) <= tries {
				t.Errorf("asked to wait %s: %d calls in %s", asked, len(at), time.Since(began))
			}
			for i := 1; i < len(at); i++ {
				if pause := at[i].Sub(at[i-1]); pause < asked || pause > asked+2*time.Minute {
					t.Errorf("asked to wait %s: pause %d was %s", asked, i, pause)
				}
			}
		})
	}
}

// timesOfCalls says when a call goes out that is put off each time.
func timesOfCalls(ctx context.Context, asked time.Duration) (at []time.Time) {
	_, _ = send(ctx, quiet(), "sending", service{"a test", time.Minute}, func(context.Context) (int, error) {
		at = append(at, time.Now())
		return 0, &ecm.Failure{Class: ecm.Retryable, Wait: asked, Err: errors.New("later")}
	})
	return at
}

// A wait that the deadline would cut is not begun: the failure comes back at once, with its cause.
func TestNoTimeToWait(t *testing.T) {
	t.Parallel()
	cause := errors.New("later")
	for wait, calls := range map[time.Duration]int{6 * time.Second: 2, 11 * time.Second: 1} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			began, n := time.Now(), 0
			_, err := send(ctx, quiet(), "sending", service{"a test", time.Minute}, func(context.Context) (int, error) {
				n++
				return 0, &ecm.Failure{Class: ecm.Retryable, Wait: wait, Err: cause}
			})
			if n != calls || !errors.Is(err, cause) {
				t.Errorf("a wait of %s: %d calls, %v, want %d calls and the cause", wait, n, err, calls)
			}
			if took := time.Since(began); took != wait*time.Duration(calls-1) {
				t.Errorf("a wait of %s: took %s", wait, took)
			}
		})
	}
}

// Each try has its own time; a call that never answers does not take the run's.
func TestEachTryHasItsTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began, calls := time.Now(), 0
		_, err := send(t.Context(), quiet(), "sending", service{"a test", 30 * time.Second}, func(ctx context.Context) (int, error) {
			calls++
			<-ctx.Done()
			return 0, ctx.Err()
		})
		if calls != 1 || !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 30*time.Second {
			t.Errorf("%d calls, %v after %s", calls, err, time.Since(began))
		}
	})
}

// F89: once the run is told to stop, nothing goes out, and a pause ends.
func TestStop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		calls := 0
		call := func(context.Context) (int, error) {
			calls++
			return 0, &ecm.Failure{Class: ecm.Retryable, Wait: time.Hour, Err: errors.New("later")}
		}
		time.AfterFunc(time.Minute, cancel)
		began := time.Now()
		if _, err := send(ctx, quiet(), "sending", service{"a test", time.Second}, call); err == nil || time.Since(began) != time.Minute {
			t.Errorf("error %v after %s, want an end after a minute", err, time.Since(began))
		}
		if _, err := read(ctx, quiet(), "reading", service{"a test", time.Second}, call); !errors.Is(err, context.Canceled) || calls != 1 {
			t.Errorf("error %v, %d calls: a call went out after the stop", err, calls)
		}
	})
}

// A lease allows two seconds for each message, thirty for what the messenger may
// ask for, and ten in which nothing is posted any more.
func TestLease(t *testing.T) {
	t.Parallel()
	for messages, want := range map[int]time.Duration{0: 40 * time.Second, 1: 42 * time.Second, 61: 162 * time.Second} {
		if got := lease(messages); got != want {
			t.Errorf("lease(%d) = %s, want %s", messages, got, want)
		}
	}
}

// The newest lease on a run counts: its own, or that of a claim on it, and no other run's.
func TestHeldUntil(t *testing.T) {
	t.Parallel()
	at := func(minute int) time.Time { return time.Date(2026, 2, 17, 3, minute, 0, 0, time.UTC) }
	claim := func(slot ecm.Slot, until time.Time) ecm.Run {
		return ecm.Run{ID: ecm.RunID(ecm.Deliver, slot), Workflow: ecm.Deliver, Slot: slot, Until: until}
	}
	own := ecm.Run{ID: "triage/a", Workflow: ecm.Triage, Slot: "a", Until: at(5)}
	cases := map[string]struct {
		runs []ecm.Run
		want time.Time
	}{
		"its own":                  {[]ecm.Run{own}, at(5)},
		"a claim after it":         {[]ecm.Run{own, claim("triage/a#2", at(9))}, at(9)},
		"the newest of two claims": {[]ecm.Run{own, claim("triage/a#2", at(9)), claim("triage/a#10", at(12))}, at(12)},
		"a claim that is older":    {[]ecm.Run{own, claim("triage/a#2", at(3))}, at(5)},
		"a claim on another":       {[]ecm.Run{own, claim("triage/ab#2", at(9))}, at(5)},
		"a run with such a slot":   {[]ecm.Run{own, {ID: "triage/x", Workflow: ecm.Triage, Slot: "triage/a#2", Until: at(9)}}, at(5)},
		"a claim without a number": {[]ecm.Run{own, claim("triage/a#", at(9))}, at(5)},
		"another run":              {[]ecm.Run{own, {ID: "triage/b", Until: at(9)}}, at(5)},
		"no such run":              {nil, time.Time{}},
	}
	for name, c := range cases {
		m := &Manager{}
		if got := m.heldUntil(ledger.Snapshot{Runs: c.runs}, "triage/a"); !got.Equal(c.want) {
			t.Errorf("%s: held until %s, want %s", name, got, c.want)
		}
	}
}

// The deal goes on after who got the last order; where no record knows, the newest row of ours does.
func TestLastAgent(t *testing.T) {
	t.Parallel()
	at := func(hour int) time.Time { return time.Date(2026, 2, 17, hour, 0, 0, 0, time.UTC) }
	rows := []ecm.Assignment{
		{Agent: "old", AssignedAt: at(3), RunID: "triage/a"},
		{Agent: "new", AssignedAt: at(5), RunID: "triage/b"},
		{Agent: "last of the new", AssignedAt: at(5), RunID: "triage/b"},
		{Agent: "older again", AssignedAt: at(4), RunID: "triage/a"},
		{Agent: "a person's own row", AssignedAt: at(9)},
	}
	cases := map[string]struct {
		book ledger.Snapshot
		want string
	}{
		"nothing":                  {ledger.Snapshot{}, ""},
		"the newest record":        {ledger.Snapshot{Assignments: rows, Runs: []ecm.Run{{LastAgent: "one"}, {LastAgent: "two"}}}, "two"},
		"the newest that knows it": {ledger.Snapshot{Assignments: rows, Runs: []ecm.Run{{LastAgent: "one"}, {}}}, "one"},
		"the newest row":           {ledger.Snapshot{Assignments: rows, Runs: []ecm.Run{{}}}, "last of the new"},
	}
	for name, c := range cases {
		if got := lastAgent(c.book); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
