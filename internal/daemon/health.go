package daemon

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"pi-manager/internal/ecm"
)

// pulse is what the loop tells of itself.
type pulse struct {
	mu   sync.Mutex
	last time.Time // when the loop was last seen alive
	err  error     // how the last slot ended, or why the ledger could not be read
}

func (p *pulse) beat(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last = now
}

func (p *pulse) failed(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.err = err
}

// ended notes how a round ended.
func (p *pulse) ended(err error) { p.failed(err) }

func (p *pulse) read() (last time.Time, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last, p.err
}

// stuckAfter is how long the loop may be silent: longer than three workflows with
// their deadlines take.
const stuckAfter = 40 * time.Minute

// checkedFor is how long an answer of the checks is good for: whoever asks every
// second must not use up the quota of a service.
const checkedFor = time.Minute

// Health answers whether the daemon lives, and whether it could do its work now.
type Health struct {
	Daemon *Daemon
	Check  func(context.Context) []ecm.Check // of the warehouse, the ledger and the messenger
	Now    func() time.Time

	mu      sync.Mutex
	checked time.Time
	checks  []ecm.Check
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
	last, _ := h.Daemon.pulse.read()
	if silent := h.Now().Sub(last); last.IsZero() || silent > stuckAfter {
		answer(w, http.StatusServiceUnavailable, map[string]any{"status": "stuck", "last_seen": last})
		return
	}
	answer(w, http.StatusOK, map[string]any{"status": "ok", "last_seen": last})
}

// line is one check as /readyz shows it.
type line struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail,omitempty"`
	Mend   string `json:"mend,omitempty"`
}

func (h *Health) ready(w http.ResponseWriter, r *http.Request) {
	lines, status, word := []line{}, http.StatusOK, "ready"
	for _, c := range h.results(r.Context()) {
		lines = append(lines, line{c.Name, c.OK, c.Detail, c.Mend})
		if !c.OK {
			status, word = http.StatusServiceUnavailable, "not ready"
		}
	}
	body := map[string]any{"checks": lines, "next_slot": h.Daemon.Next(h.Now())}
	if _, err := h.Daemon.pulse.read(); err != nil {
		status, word = http.StatusServiceUnavailable, "not ready"
		body["last_run"] = err.Error()
	}
	body["status"] = word
	answer(w, status, body)
}

// results runs the checks, at most once a minute.
func (h *Health) results(ctx context.Context) []ecm.Check {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.checks == nil || h.Now().Sub(h.checked) > checkedFor {
		h.checks, h.checked = h.Check(ctx), h.Now()
	}
	return h.checks
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // whoever asked has gone
}
