package ledger

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"pi-manager/internal/ecm"
)

// Memory is a ledger that forgets everything with its process. The demo of a
// dry run, tests and benchmarks use it. Its zero value is an empty ledger.
type Memory struct {
	mu     sync.Mutex
	state  Snapshot
	hashes []string // by generation, from 1
}

// NewMemory is a ledger that holds these agents.
func NewMemory(agents ...ecm.Agent) *Memory {
	return &Memory{state: Snapshot{Agents: slices.Clone(agents)}}
}

// Read implements Ledger.
func (m *Memory) Read(context.Context) (Snapshot, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.state
	s.Assignments = slices.Clone(s.Assignments)
	s.Agents = slices.Clone(s.Agents)
	s.Resolutions = slices.Clone(s.Resolutions)
	s.Runs = slices.Clone(s.Runs)
	for i := range s.Runs {
		s.Runs[i].Messages = slices.Clone(s.Runs[i].Messages)
	}
	return s, nil
}

// Commit implements Ledger.
func (m *Memory) Commit(_ context.Context, c Commit) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if c.After != m.state.Generation || m.run(c.Run.ID) != nil {
		return fmt.Errorf("commit %s after generation %d: %w", c.Run.ID, c.After, ErrConflict)
	}
	for _, row := range c.Rows {
		row.Row = len(m.state.Assignments) + 2
		m.state.Assignments = append(m.state.Assignments, row)
	}
	run := c.Run
	run.Messages = slices.Clone(run.Messages)
	m.state.Runs = append(m.state.Runs, run)
	m.state.Generation++
	m.hashes = append(m.hashes, c.Run.Hash)
	return nil
}

// Committed implements Ledger.
func (m *Memory) Committed(_ context.Context, generation int64) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if generation < 1 || generation > int64(len(m.hashes)) {
		return "", nil
	}
	return m.hashes[generation-1], nil
}

// Record implements Ledger.
func (m *Memory) Record(_ context.Context, runID string, delivered []ecm.Owed, finished time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	run := m.run(runID)
	if run == nil {
		return fmt.Errorf("record deliveries of %s: %w", runID, ErrNoRun)
	}
	run.Deliver(delivered)
	if !finished.IsZero() {
		run.Finished = finished
	}
	return nil
}

// Check implements Ledger.
func (m *Memory) Check(context.Context) []ecm.Check {
	return []ecm.Check{{Name: "ledger", OK: true, Detail: "in memory: it forgets everything when the process ends"}}
}

// Edit lets a person's hand into the ledger: change whatever people may change.
func (m *Memory) Edit(hand func(*Snapshot)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	hand(&m.state)
}

func (m *Memory) run(id string) *ecm.Run {
	i := slices.IndexFunc(m.state.Runs, func(r ecm.Run) bool { return r.ID == id })
	if i < 0 {
		return nil
	}
	return &m.state.Runs[i]
}
