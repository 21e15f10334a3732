package daemon_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"pi-manager/internal/daemon"
	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
)

// answer is what the daemon says over HTTP.
type answer struct {
	code     int
	Status   string      `json:"status"`
	Checks   []ecm.Check `json:"checks"`
	Schedule string      `json:"schedule_error"`
	LastRun  struct {
		Slot  ecm.Slot `json:"slot"`
		Error string   `json:"error"`
	} `json:"last_run"`
	NextSlot time.Time `json:"next_slot"`
}

func ask(t *testing.T, handler http.Handler, path string) answer {
	t.Helper()
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	a := answer{code: w.Code}
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		t.Errorf("%s: %v in %s", path, err, w.Body)
	}
	return a
}

// checks asks the world's services, as `test` does.
func (w *world) checks(asked *atomic.Int32) func(context.Context) []ecm.Check {
	return func(context.Context) []ecm.Check {
		asked.Add(1)
		w.mu.Lock()
		defer w.mu.Unlock()
		var list []ecm.Check
		for _, service := range []string{theWarehouse, theLedger, theMessenger} {
			list = append(list, ecm.Check{Name: service, OK: !w.down[service], Detail: "a model"})
		}
		return list
	}
}

func failing(a answer) (names []string) {
	for _, c := range a.Checks {
		if !c.OK {
			names = append(names, c.Name)
		}
	}
	return names
}

// beginning is a quarter of an hour before a slot.
func beginning() time.Time { return time.Date(2026, 2, 17, 2, 45, 0, 0, time.UTC) }

// Each dependency that is down makes the daemon not ready, under its name. It is
// noticed within a minute, and nobody asks the services more often than that.
func TestReadyAsksEachDependency(t *testing.T) {
	t.Parallel()
	for _, service := range []string{theWarehouse, theLedger, theMessenger} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, dubai, beginning(), 1)
			var asked atomic.Int32
			handler := (&daemon.Health{Daemon: w.process().daemon(), Check: w.checks(&asked), Now: time.Now}).Handler()
			if a := ask(t, handler, "/readyz"); a.code != http.StatusOK || a.Status != "ready" || len(a.Checks) != 3 || !a.NextSlot.Equal(beginning().Add(15*time.Minute)) {
				t.Errorf("all is well, and it says %+v", a)
			}
			w.set(service, true)
			for range 30 {
				if a := ask(t, handler, "/readyz"); a.code != http.StatusOK {
					t.Errorf("the answer of a minute ago is forgotten: %+v", a)
				}
				time.Sleep(2 * time.Second)
			}
			time.Sleep(time.Second)
			if a := ask(t, handler, "/readyz"); a.code != http.StatusServiceUnavailable || a.Status != "not ready" || !cmp.Equal(failing(a), []string{service}) {
				t.Errorf("%s is down, and it says %+v", service, a)
			}
			w.set(service, false)
			time.Sleep(61 * time.Second)
			if a := ask(t, handler, "/readyz"); a.code != http.StatusOK {
				t.Errorf("%s is back, and it says %+v", service, a)
			}
			if n := asked.Load(); n != 3 {
				t.Errorf("the services were asked %d times for 33 answers", n)
			}
		})
	}
}

// A probe that gives up after a second must not make the checks fail: they go on
// without it, and the next one has their answer.
func TestImpatientProbe(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, dubai, beginning(), 1)
		check := func(ctx context.Context) []ecm.Check {
			if !wait(ctx, 8*time.Second) {
				return []ecm.Check{{Name: "slow", Detail: ctx.Err().Error()}}
			}
			return []ecm.Check{{Name: "slow", OK: true}}
		}
		handler := (&daemon.Health{Daemon: w.process().daemon(), Check: check, Now: time.Now}).Handler()
		probe := func() answer {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			recorder := httptest.NewRecorder()
			handler.ServeHTTP(recorder, httptest.NewRequestWithContext(ctx, http.MethodGet, "/readyz", nil))
			return answer{code: recorder.Code}
		}
		if a := probe(); a.code != http.StatusServiceUnavailable {
			t.Errorf("nothing is known yet, and it says %d", a.code)
		}
		time.Sleep(9 * time.Second)
		if a := probe(); a.code != http.StatusOK {
			t.Errorf("the checks are over, and it says %d", a.code)
		}
	})
}

// A slot that failed shows until a later one goes well; so does a ledger that cannot
// be read. The team is told of each, once, though the daemon tries again and again.
func TestReadyShowsTheLastRun(t *testing.T) {
	t.Parallel()
	for _, service := range []string{theWarehouse, theLedger} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, dubai, beginning(), 1)
			d := w.process().daemon()
			var asked atomic.Int32
			handler := (&daemon.Health{Daemon: d, Check: func(context.Context) []ecm.Check { asked.Add(1); return nil }, Now: time.Now}).Handler()
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			go d.Run(ctx)
			w.set(service, true)
			time.Sleep(time.Hour)
			a := ask(t, handler, "/readyz")
			if a.code != http.StatusServiceUnavailable || a.LastRun.Slot != "2026-02-17T07:00" || a.LastRun.Error == "" || (a.Schedule != "") != (service == theLedger) {
				t.Errorf("%s is down, and it says %+v", service, a)
			}
			if n := w.failures(); n == 0 || n > 2 {
				t.Errorf("%s is down, and the team was told %d times", service, n)
			}
			w.set(service, false)
			time.Sleep(20 * time.Minute)
			if a := ask(t, handler, "/readyz"); a.code != http.StatusOK || a.LastRun.Slot != "2026-02-17T07:00" || a.LastRun.Error != "" || a.Schedule != "" {
				t.Errorf("%s is back and the slot was caught up with, and it says %+v", service, a)
			}
			for _, workflow := range []ecm.Workflow{ecm.Cleanup, ecm.Triage} {
				if !w.ran(workflow, "2026-02-17T07:00") {
					t.Errorf("%s was not caught up with", workflow)
				}
			}
			stop()
			synctest.Wait()
		})
	}
}

// ran says whether a workflow was committed for a slot.
func (w *world) ran(workflow ecm.Workflow, slot ecm.Slot) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, ran := w.commits[ecm.RunID(workflow, slot)]
	return ran
}

// figures are how many runs were committed, messages posted, and reads of the ledger made.
func (w *world) figures() (commits, posts, reads int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.commits), len(w.places), w.asked
}

// failures is how many failures the team was told of.
func (w *world) failures() (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for tag, times := range w.posts {
		if tag.Part == "failure" {
			n += times
		}
	}
	return n
}

// A briefing that could not be posted is posted when the messenger is back, not by
// the next slot; and while it is down, nothing is written to the ledger for it.
func TestOwedBriefingIsNotLeftUntilTheNextSlot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, dubai, beginning(), 1)
		ctx, stop := context.WithCancel(t.Context())
		go w.process().daemon().Run(ctx)
		w.set(theMessenger, true)
		time.Sleep(time.Hour)
		if commits, posts, _ := w.figures(); commits != 2 || posts != 0 {
			t.Errorf("%d commits and %d posts with a messenger that is down, want two and none", commits, posts)
		}
		w.set(theMessenger, false)
		time.Sleep(20 * time.Minute)
		book, err := w.ledger.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range book.Runs {
			if r.Owes() {
				t.Errorf("%s still owes messages", r.ID)
			}
		}
		if _, posts, reads := w.figures(); posts != 2 || reads > 20 {
			t.Errorf("%d posts, want the briefing and one reply; the ledger was read %d times", posts, reads)
		}
		stop()
		synctest.Wait()
	})
}

// A day costs the ledger a few reads: it is asked when a slot has come, not every minute.
func TestAQuietDayAsksTheLedgerOnlyForItsSlots(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, dubai, beginning(), 1)
		ctx, stop := context.WithCancel(t.Context())
		go w.process().daemon().Run(ctx)
		time.Sleep(23 * time.Hour)
		stop()
		synctest.Wait()
		if commits, _, reads := w.figures(); commits != 8 || reads > 20 {
			t.Errorf("%d runs, and the ledger was read %d times", commits, reads)
		}
	})
}

// /healthz is about the loop alone: it is fine while services are down, and says so
// when the loop hangs in a call that never ends.
func TestHealthyUnlessTheLoopHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, dubai, beginning(), 1)
		p := w.process()
		d := p.daemon()
		hang := make(chan struct{})
		d.Manager.Ledger = hanging{book{p}, hang}
		handler := (&daemon.Health{Daemon: d, Now: time.Now}).Handler()
		if a := ask(t, handler, "/healthz"); a.code != http.StatusServiceUnavailable {
			t.Errorf("the loop has not begun, and it says %+v", a)
		}
		ctx, stop := context.WithCancel(t.Context())
		go d.Run(ctx)
		for range 15 {
			time.Sleep(time.Minute - time.Second)
			if a := ask(t, handler, "/healthz"); a.code != http.StatusOK || a.Status != "ok" {
				t.Errorf("at %s all is well, and it says %+v", time.Now(), a)
			}
		}
		time.Sleep(16 * time.Minute) // the slot came, and its first call hangs
		if a := ask(t, handler, "/healthz"); a.code != http.StatusServiceUnavailable || a.Status != "stuck" {
			t.Errorf("the loop hangs, and it says %+v", a)
		}
		close(hang)
		stop()
		synctest.Wait()
	})
}

// hanging is a ledger whose client has forgotten its deadline.
type hanging struct {
	book
	hang chan struct{}
}

// Read implements ledger.Ledger, in the end.
func (h hanging) Read(context.Context) (ledger.Snapshot, error) {
	<-h.hang
	return ledger.Snapshot{}, &ecm.Failure{Class: ecm.Permanent, Err: errors.New("at last")}
}

func TestOnlyThreePathsAndOnlyToRead(t *testing.T) {
	t.Parallel()
	handler := (&daemon.Health{Daemon: &daemon.Daemon{Metrics: daemon.NewMetrics()}, Now: time.Now}).Handler()
	for _, test := range []struct {
		method, path string
		want         int
	}{
		{http.MethodGet, "/", http.StatusNotFound},
		{http.MethodGet, "/debug/pprof/", http.StatusNotFound},
		{http.MethodPost, "/readyz", http.StatusMethodNotAllowed},
		{http.MethodDelete, "/metrics", http.StatusMethodNotAllowed},
		{http.MethodGet, "/metrics", http.StatusOK},
	} {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), test.method, test.path, nil))
		if w.Code != test.want {
			t.Errorf("%s %s: %d, want %d", test.method, test.path, w.Code, test.want)
		}
	}
}
