package run_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
	"pi-manager/internal/run"
)

// F32: a commit whose answer is lost is looked up, and not sent again where it
// arrived: the generation carries my hash.
func TestCommitAnswerLost(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		trouble           trouble
		commits, lookedUp int
	}{
		"applied":              {trouble{arrives, doubtful}, 1, 1},
		"not applied":          {trouble{isLost, doubtful}, 2, 2},
		"refused":              {trouble{isLost, refused}, 2, 0},
		"applied, no answer":   {trouble{arrives, silent}, 1, 1},
		"lost without a trace": {trouble{isLost, silent}, 2, 2},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 1)
				w.wire.trouble = once("commit#1", c.trouble)
				// An answer that never comes takes the lease with it, so the end may need a second start.
				report(t, name, w.insist(morning))
				report(t, name, w.check(morning))
				rows := w.wire.count("commit") - len(w.claims())
				if rows != c.commits || w.wire.count("committed") != c.lookedUp {
					t.Errorf("%d commits, looked up %d times, want %d and %d", rows, w.wire.count("committed"), c.commits, c.lookedUp)
				}
			})
		})
	}
}

// F32: the answer to the commit never comes, although it was written. Looking
// it up takes until the lease is over; the team is told in the same run all the same.
func TestCommitTimesOutAndTheTeamIsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.wire.trouble = once("commit#1", trouble{arrives, silent})
		if o := w.triage(morning); !o.well() {
			t.Errorf("after %s: %s, want the messages posted: there are minutes left", o.took, o)
		}
	})
}

// A commit that is lost lands after it was sent again: the same generation takes it once.
func TestCommitArrivesLate(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, seed)
			w.wire.trouble = once("commit#1", trouble{isLate, doubtful})
			if o := w.triage(morning); !o.well() {
				t.Errorf("seed %d: %s", seed, o)
			}
			report(t, fmt.Sprintf("seed %d", seed), w.check(morning))
		})
	}
}

// "const tries is how often one call goes out at most": that holds for a commit too.
func TestCommitGivesUp(t *testing.T) {
	t.Parallel()
	for name, what := range map[string]trouble{"refused": {isLost, refused}, "reset": {isLost, doubtful}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 1)
				w.wire.trouble = always("commit", 1, what)
				if o := w.triage(morning); o.err == nil || !strings.Contains(o.err.Error(), "commit triage/") {
					t.Errorf("error %v", o.err)
				}
				if n := w.wire.count("commit"); n != 4 {
					t.Errorf("%d commits went out, want 4", n)
				}
			})
		})
	}
}

// F32: a doubtful commit stays doubtful, whatever becomes of the next one: the
// first lands while the second is refused. The run must not say that it failed.
func TestCommitDoubtfulThenRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.wire.trouble = both(once("commit#1", trouble{isLate, doubtful}), always("commit", 2, trouble{isLost, refused}))
		o := w.triage(morning)
		w.wire.late.Wait()
		if w.record(morning) != nil && !o.well() {
			t.Errorf("the rows are written, and the run says: %s", o)
		}
	})
}

// Where neither the commit nor looking it up has an answer, the run says that it does not know.
func TestCommitUnknown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.wire.trouble = both(once("commit#1", trouble{arrives, doubtful}), always("committed", 1, trouble{isLost, forbidden}))
		o := w.triage(morning)
		if o.err == nil || !strings.Contains(o.err.Error(), "not known whether the rows were written") || !strings.Contains(o.err.Error(), "connection reset") {
			t.Errorf("error %v", o.err)
		}
		if n := w.wire.count("commit") + w.wire.count("post"); n != 2 { // the commit and the alarm
			t.Errorf("%d calls after that: it must not commit or post on", n)
		}
		w.wire.trouble = noTrouble
		time.Sleep(time.Minute)
		report(t, "second start", w.insist(morning))
		report(t, "second start", w.check(morning))
	})
}

// A commit that nobody will ever take is not repeated and not looked up.
func TestCommitForbidden(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.wire.trouble = once("commit#1", trouble{isLost, forbidden})
		if o := w.triage(morning); o.err == nil || !strings.Contains(o.err.Error(), "commit triage/2000-01-01T07:00: forbidden") {
			t.Errorf("error %v", o.err)
		}
		if w.wire.count("commit") != 1 || w.wire.count("committed") != 0 {
			t.Errorf("calls %v", w.wire.counts)
		}
	})
}

// F61: the ledger moves on between the reading and the commit. The run plans
// anew on what stands there now, once for each time, and gives up in the end.
func TestLedgerMovesOn(t *testing.T) {
	t.Parallel()
	for moves, fine := range map[int]bool{1: true, 4: true, 5: false} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, 1)
			w.wire.before = func(name string, _ *process) {
				if n := w.wire.count("commit"); strings.HasPrefix(name, "commit#") && n <= moves {
					w.foreign(n)
				}
			}
			o := w.triage(morning)
			if o.well() != fine {
				t.Errorf("%d moves: %s", moves, o)
			}
			if !fine {
				if !strings.Contains(o.String(), "nothing was written") || w.record(morning) != nil {
					t.Errorf("%d moves: %s", moves, o)
				}
				return
			}
			if w.wire.count("pending") != 1 || w.wire.count("read") != moves+1 {
				t.Errorf("%d moves: calls %v", moves, w.wire.counts)
			}
			report(t, fmt.Sprintf("%d moves", moves), w.checkRows(w.read()))
		})
	}
}

// foreign is the n-th commit of somebody else: it deals one of the orders.
func (w *world) foreign(n int) {
	after := w.read().Generation
	id := dealt()[n-1]
	err := w.ledger.Commit(context.Background(), ledger.Commit{After: after, Run: ecm.Run{
		ID: ecm.RunID(ecm.Triage, ecm.Slot(id)), Workflow: ecm.Triage, Slot: ecm.Slot(id), Hash: id, Started: time.Now(), Finished: time.Now(),
	}, Rows: []ecm.Assignment{{OrderID: id, Agent: "cara@example.com", Status: ecm.Open, AssignedAt: time.Now(), RunID: ecm.RunID(ecm.Triage, ecm.Slot(id))}}})
	if err != nil {
		panic(err) // the test's own mistake
	}
}

// F108: two runs that decide the same still have different hashes, so that neither takes the other's commit for its own.
func TestHashesDiffer(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 5 {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, 1)
			w.start(context.Background(), run.Request{Slot: morning}).wait()
			if hash := w.record(morning).Hash; hash == "" || seen[hash] {
				t.Errorf("hash %q was there before", hash)
			} else {
				seen[hash] = true
			}
		})
	}
}

// F6 F7: the answer to a post is lost, and the history shows it only after a while.
// Within the bounded looks it is found; beyond them it goes out once more, never not at all.
func TestPostAnswerLost(t *testing.T) {
	t.Parallel()
	cases := map[time.Duration]int{0: 1, 2 * time.Second: 1, 10 * time.Second: 2} // how often it is to be seen
	for lag, want := range cases {
		for n := range 1 + len(replies) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 1)
				w.wall.lag = lag
				w.wire.trouble = once(fmt.Sprintf("post#%d", n+1), trouble{arrives, doubtful})
				if o := w.triage(morning); !o.well() {
					t.Errorf("message %d, lag %s: %s", n+1, lag, o)
				}
				record := w.record(morning)
				for i, owed := range record.Messages {
					seen := w.wall.visible(record.ID, owed.Part)
					if i != n && len(seen) != 1 || i == n && len(seen) != want {
						t.Errorf("message %d, lag %s: %s is to be seen %d times", n+1, lag, owed.Part, len(seen))
					}
				}
				if looks := w.wire.count("sent"); looks > 3 {
					t.Errorf("lag %s: looked %d times", lag, looks)
				}
			})
		}
	}
}

// F7: the history may not be read. What is in doubt goes out once more, and the record says so.
func TestHistoryDenied(t *testing.T) {
	t.Parallel()
	cases := map[string]func(string, int) trouble{
		"the answer was lost":     once("post#1", trouble{arrives, doubtful}),
		"the process was killed":  once("post#1", trouble{arrives, dies}),
		"nothing could be posted": once("post#1", trouble{isLost, dies}),
	}
	for name, first := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 1)
				w.wire.trouble = both(first, always("sent", 1, trouble{isLost, forbidden}))
				report(t, name, w.insist(morning))
				record := w.record(morning)
				if n := len(w.wall.visible(record.ID, "briefing")); n < 1 || n > 2 {
					t.Errorf("the briefing is to be seen %d times", n)
				}
				if note := record.Messages[0].Note; note != "possible duplicate" {
					t.Errorf("the record notes %q, want a possible duplicate", note)
				}
			})
		})
	}
}

// F1: the messenger asks six times to wait a second. That is no failure: the
// message goes out as long as the lease lasts.
func TestRateLimitedManyTimes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		busyUntil := 6
		w.wall.busy = func() bool { busyUntil--; return busyUntil >= 0 }
		if o := w.triage(morning); !o.well() {
			t.Errorf("after %s: %s", o.took, o)
		}
		report(t, "busy channel", w.check())
	})
}

// F4: the answer to a post is lost, the history does not show it, and posting it
// once more is refused for a moment. It goes out all the same.
func TestRepostRefusedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.wire.trouble = both(once("post#2", trouble{isLost, doubtful}), once("post#3", trouble{isLost, refused}))
		if o := w.triage(morning); !o.well() {
			t.Errorf("%s", o)
		}
		report(t, "refused", w.check())
	})
}
