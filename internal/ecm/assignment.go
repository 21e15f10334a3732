package ecm

import (
	"fmt"
	"strings"
	"time"
)

// Assignment is one row of the Assignments tab: an order, and who works on it.
type Assignment struct {
	OrderID    string
	Agent      string    // e-mail
	AssignedAt time.Time // UTC, to the second; the zero time where the cell could not be read
	Status     Status
	Word       string // what stands in the status cell where that is not Status letter for letter, such as "in progress"; else empty
	Priority   Priority
	Send       Money
	Stuck      time.Duration // when assigned; the ledger keeps it in hours with one decimal
	Diagnosis  string
	Notes      string
	ResolvedAt time.Time // UTC; zero until resolved or where nobody noted it
	RunID      string    // the run that wrote the row; empty for a person's own row
	Row        int       // where it stood when it was read, for messages only: rows move; 0 for a new one
}

// StuckAt is how long the order has been stuck at a later moment. Where it is not
// known when the row was written, it is what the row says.
func (a Assignment) StuckAt(at time.Time) time.Duration {
	if a.AssignedAt.IsZero() || at.Before(a.AssignedAt) {
		return a.Stuck
	}
	return a.Stuck + at.Sub(a.AssignedAt)
}

// Status is what an agent says about an assignment.
type Status string

// The statuses that we know. Any other word is a person's own: its row is
// unreadable to us and its order stays reserved.
const (
	Open       Status = "OPEN"
	InProgress Status = "IN_PROGRESS"
	Resolved   Status = "RESOLVED"
	Escalated  Status = "ESCALATED"
)

// ParseStatus reads a status cell; case, blanks around it and a blank or hyphen
// for the underscore do not matter.
func ParseStatus(cell string) (Status, bool) {
	word := strings.NewReplacer(" ", "_", "-", "_").Replace(strings.ToUpper(strings.TrimSpace(cell)))
	switch status := Status(word); status {
	case Open, InProgress, Resolved, Escalated:
		return status, true
	}
	return "", false
}

// Working says whether the assignment takes one of its agent's slots.
func (s Status) Working() bool { return s == Open || s == InProgress }

// Priority is P1, the most urgent, to P4.
type Priority uint8

// The priorities.
const (
	P1 Priority = 1 + iota
	P2
	P3
	P4
)

// Priorities are all priorities, most urgent first.
var Priorities = [...]Priority{P1, P2, P3, P4}

// String is "P1" to "P4".
func (p Priority) String() string { return fmt.Sprintf("P%d", uint8(p)) }

// MarshalText writes "P1" to "P4".
func (p Priority) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// ParsePriority reads "P1" to "P4", case and blanks around it aside.
func ParsePriority(cell string) (Priority, bool) {
	word := strings.ToUpper(strings.TrimSpace(cell))
	for _, p := range Priorities {
		if word == p.String() {
			return p, true
		}
	}
	return 0, false
}
