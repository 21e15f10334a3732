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
	mu      sync.Mutex
	state   Snapshot
	hashes  []string // by generation, from 1
	archive []ecm.Assignment
	board   ecm.Board
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
	if err := c.Contradiction(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if c.After != m.state.Generation || m.run(c.Run.ID) != nil {
		return fmt.Errorf("commit %s after generation %d: %w", c.Run.ID, c.After, ErrConflict)
	}
	m.change(c.Changes)
	for _, row := range c.Rows {
		row.Word, row.Row = ownWord(StatusCell(row), row.Status), m.nextRow()
		m.state.Assignments = append(m.state.Assignments, row)
	}
	if c.Board != nil {
		m.board = *c.Board
	}
	run := c.Run
	run.Messages = slices.Clone(run.Messages)
	m.state.Runs = append(m.state.Runs, run)
	m.state.Generation++
	m.hashes = append(m.hashes, c.Run.Hash)
	return nil
}

// change does what still fits the rows as they stand, and numbers the rows anew.
func (m *Memory) change(changes []ecm.Change) {
	fitting := m.fitting(changes)
	if len(fitting) == 0 {
		return
	}
	rows := make([]ecm.Assignment, 0, len(m.state.Assignments))
	for i, row := range m.state.Assignments {
		c, changed := fitting[i]
		switch {
		case changed && c.Move == ecm.ToArchive:
			m.archive = append(m.archive, row)
			continue
		case changed && c.Move == ecm.Away:
			continue
		case changed:
			row.Status, row.Word, row.ResolvedAt, row.Notes = c.Is.Status, ownWord(StatusCell(c.Is), c.Is.Status), c.Is.ResolvedAt, c.Is.Notes
		}
		row.Row = len(rows) + 2
		rows = append(rows, row)
	}
	m.state.Assignments = rows
}

// fitting gives the changes by the index of the row that is theirs, each row to one.
func (m *Memory) fitting(changes []ecm.Change) map[int]ecm.Change {
	found := make(map[int]ecm.Change, len(changes))
	for _, c := range changes {
		for i, row := range m.state.Assignments {
			if _, taken := found[i]; !taken && SameRow(row, c.Was) {
				found[i] = c
				break
			}
		}
	}
	return found
}

// nextRow is the number of a row that is appended. Rows that people made unreadable
// leave gaps, and no two rows have the same number.
func (m *Memory) nextRow() int {
	last := 1 // the header's
	for i := range m.state.Assignments {
		last = max(last, m.state.Assignments[i].Row)
	}
	return last + 1
}

// Settle implements Ledger: nothing can come between a read and a change here.
func (m *Memory) Settle(context.Context) error { return nil }

// Archived gives the rows of the archive.
func (m *Memory) Archived() []ecm.Assignment {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.archive)
}

// Board gives what the dashboard shows.
func (m *Memory) Board() ecm.Board {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.board
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

// Record implements Ledger. A message that is known to be delivered stays so.
func (m *Memory) Record(_ context.Context, runID string, delivered []ecm.Owed, finished time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	run := m.run(runID)
	if run == nil {
		return fmt.Errorf("record deliveries of %s: %w", runID, ErrNoRun)
	}
	run.Deliver(slices.DeleteFunc(slices.Clone(delivered), func(d ecm.Owed) bool { return !d.Delivered() && known(run, d.Part) }))
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

// known says whether a message of a run is known to be delivered.
func known(run *ecm.Run, part string) bool {
	return slices.ContainsFunc(run.Messages, func(m ecm.Owed) bool { return m.Part == part && m.Delivered() })
}
