package daemon

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"pi-manager/internal/ecm"
	"pi-manager/internal/run"
)

// stuckAfter is how long the loop may be silent: longer than a run with its
// deadline takes, and than the pause between two looks at the clock.
const stuckAfter = run.Deadline + 5*time.Minute

// checkedFor is how long an answer of the checks is good for: whoever asks every
// second must not use up the quota of a service.
const checkedFor = time.Minute

// checkTimeout is how long all checks together may take.
const checkTimeout = time.Minute

// pulse is what the loop tells of itself.
type pulse struct {
	mu     sync.Mutex
	vitals vitals
}

type vitals struct {
	last time.Time // when the loop was last seen alive
	look error     // why it could not look after the schedule, when it last tried
	run  lastRun
}

// lastRun is how the newest slot went that this process ran.
type lastRun struct {
	slot  ecm.Slot // empty where it ran none
	ended time.Time
	err   error
}

func (p *pulse) note(change func(*vitals)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(&p.vitals)
}

func (p *pulse) beat(now time.Time) { p.note(func(v *vitals) { v.last = now }) }
func (p *pulse) looked(err error)   { p.note(func(v *vitals) { v.look = err }) }
func (p *pulse) ran(run lastRun)    { p.note(func(v *vitals) { v.run = run }) }

func (p *pulse) read() (now vitals) {
	p.note(func(v *vitals) { now = *v })
	return now
}

// Health answers whether the daemon lives, and whether it could do its work now.
type Health struct {
	Daemon *Daemon
	Check  func(context.Context) []ecm.Check // of the warehouse, the ledger and the messenger
	Now    func() time.Time

	mu     sync.Mutex
	newest *inspection
}

// inspection is one round of checks.
type inspection struct {
	over   chan struct{} // closed when the checks are there
	at     time.Time
	checks []ecm.Check
}

// Handler serves /healthz, /readyz and /metrics.
func (h *Health) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", h.alive)
	mux.HandleFunc("GET /readyz", h.ready)
	mux.Handle("GET /metrics", h.Daemon.Metrics.Handler())
	return mux
}

func (h *Health) alive(w http.ResponseWriter, _ *http.Request) {
	last := h.Daemon.pulse.read().last
	if silent := h.Now().Sub(last); last.IsZero() || silent > stuckAfter {
		answer(w, http.StatusServiceUnavailable, state{Status: "stuck", LastSeen: last})
		return
	}
	answer(w, http.StatusOK, state{Status: "ok", LastSeen: last})
}

// state is the answer of /healthz and of /readyz.
type state struct {
	Status   string      `json:"status"`                   // ok or stuck; ready or not ready
	LastSeen time.Time   `json:"last_seen,omitzero"`       // of /healthz: when the loop was alive
	Checks   []ecm.Check `json:"checks,omitempty"`         // this and what follows is of /readyz
	Schedule string      `json:"schedule_error,omitempty"` // why nobody can see which slots are done
	LastRun  *ranSlot    `json:"last_run,omitempty"`       // of this process
	NextSlot time.Time   `json:"next_slot,omitzero"`
}

type ranSlot struct {
	Slot  ecm.Slot  `json:"slot"`
	Ended time.Time `json:"ended"`
	Error string    `json:"error,omitempty"`
}

func (h *Health) ready(w http.ResponseWriter, r *http.Request) {
	body, status := state{Status: "ready", Checks: h.results(r.Context()), NextSlot: h.Daemon.Next(h.Now())}, http.StatusOK
	refuse := func() { body.Status, status = "not ready", http.StatusServiceUnavailable }
	for _, c := range body.Checks {
		if !c.OK {
			refuse()
		}
	}
	now := h.Daemon.pulse.read()
	if now.look != nil {
		refuse()
		body.Schedule = now.look.Error()
	}
	if now.run.slot != "" {
		body.LastRun = &ranSlot{Slot: now.run.slot, Ended: now.run.ended}
	}
	if now.run.err != nil {
		refuse()
		body.LastRun.Error = now.run.err.Error()
	}
	answer(w, status, body)
}

// results are the answers of the checks, at most a minute old. Who asks does not
// carry the checks out, only waits for them: a probe that gives up after a second
// must not make them fail.
func (h *Health) results(ctx context.Context) []ecm.Check {
	inspection := h.inspect(ctx)
	select {
	case <-inspection.over:
		return inspection.checks
	case <-ctx.Done():
		return []ecm.Check{{Name: "checks", Detail: "they are still running; ask again"}}
	}
}

// inspect gives the newest inspection, and begins one where that is too old.
func (h *Health) inspect(ctx context.Context) *inspection {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.newest != nil && h.Now().Sub(h.newest.at) <= checkedFor {
		return h.newest
	}
	begun := &inspection{over: make(chan struct{}), at: h.Now()}
	h.newest = begun
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkTimeout)
	go func() {
		defer cancel()
		begun.checks = h.Check(ctx)
		close(begun.over)
	}()
	return begun
}

func answer(w http.ResponseWriter, status int, body state) {
	text, err := json.Marshal(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n')) // whoever asked may have gone
}
