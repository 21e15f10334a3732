// Package undo decides what taking back a run comes to: which of the rows that it
// wrote are still as it wrote them, and how those that it changed were before.
//
// It is pure: a run's record and the rows of the ledger go in, changes come out,
// and a reason for every row that stays because somebody has worked on it since.
package undo

import (
	"fmt"
	"time"

	"pi-manager/internal/ecm"
)

// Plan is what an undo would do.
type Plan struct {
	Run     ecm.Run
	Changes []ecm.Change
	Left    []Left
}

// Left is a row of the run that stays as it is, with the reason.
type Left struct {
	OrderID string `json:"order_id"`
	Row     int    `json:"row"`
	Reason  string `json:"reason"`
}

// Undoable says why a run cannot be taken back; empty where it can.
func Undoable(run ecm.Run) string {
	switch run.Workflow {
	case ecm.Triage, ecm.Cleanup:
	case ecm.Archive:
		return "archiving loses nothing: move the rows that you need back from the archive by hand"
	case ecm.Undo:
		return "an undo cannot be undone; the next triage deals the orders anew"
	default:
		return "it wrote no row"
	}
	changed := 0
	for _, entry := range run.Changed {
		changed += len(entry.Marks)
	}
	if len(run.Marks) < run.Counts["new"] || run.Workflow == ecm.Cleanup && changed < run.Counts["resolved"]+run.Counts["timed"] {
		return "its record does not say what it wrote"
	}
	return ""
}

// Make decides row by row. Reserved are the orders with a row that only a person
// can read: they get no second one. A run that cannot be taken back (Undoable)
// gives an empty plan.
func Make(run ecm.Run, rows []ecm.Assignment, reserved ...string) *Plan {
	p := &Plan{Run: run}
	if Undoable(run) != "" {
		return p
	}
	p.takeOut(rows)
	p.restore(rows, reserved)
	return p
}

// takeOut removes the rows that the run added and nobody has touched.
func (p *Plan) takeOut(rows []ecm.Assignment) {
	written := markSet(p.Run.Marks)
	for _, row := range rows {
		switch {
		case row.RunID != p.Run.ID:
		case written.take(row):
			p.Changes = append(p.Changes, ecm.Change{Was: row, Move: ecm.Away})
		default:
			p.left(row, fmt.Sprintf("somebody has worked on it: it is %s with %s", row.Status, row.Agent))
		}
	}
}

// restore gives the rows that the run changed back what stood there.
func (p *Plan) restore(rows []ecm.Assignment, reserved []string) {
	active := map[string]bool{}
	for _, id := range reserved {
		active[id] = true
	}
	for _, row := range rows {
		active[row.OrderID] = active[row.OrderID] || row.Status != ecm.Resolved
	}
	for _, entry := range p.Run.Changed {
		written := markSet(entry.Marks)
		for _, row := range rows {
			if !written.take(row) {
				continue
			}
			was, ok := before(row, entry)
			switch {
			case !ok:
				p.left(row, "its record does not fit the row")
			case was.Status != ecm.Resolved && active[row.OrderID]:
				p.left(row, "the order has another row by now")
			default:
				active[row.OrderID] = active[row.OrderID] || was.Status != ecm.Resolved
				p.Changes = append(p.Changes, ecm.Change{Was: row, Is: was})
			}
		}
		for range written.rest() {
			p.Left = append(p.Left, Left{Reason: "a row that it changed has been worked on since, or is gone"})
		}
	}
}

// before is the row as it was before the run changed it.
func before(row ecm.Assignment, entry ecm.Changed) (was ecm.Assignment, ok bool) {
	was, ok = row, true
	if entry.Timed {
		was.ResolvedAt = time.Time{}
	}
	if entry.Note != "" {
		was, ok = was.WithoutNote(entry.Note)
	}
	if entry.Word == "" {
		return was, ok
	}
	status, known := ecm.ParseStatus(entry.Word)
	was.Status, was.Word = status, entry.Word
	if entry.Word == string(status) {
		was.Word = ""
	}
	return was, ok && known
}

// marks are the rows that a run wrote: each is there once.
type marks map[string]int

func markSet(list []string) marks {
	set := marks{}
	for _, mark := range list {
		set[mark]++
	}
	return set
}

// take says whether the row is as the run wrote it. A copy that somebody pasted
// beside it is the copy's author's.
func (m marks) take(row ecm.Assignment) bool {
	mark := row.Mark()
	m[mark]--
	return m[mark] >= 0
}

// rest is how many of the rows were not found.
func (m marks) rest() int {
	n := 0
	for _, count := range m {
		n += max(count, 0)
	}
	return n
}

func (p *Plan) left(row ecm.Assignment, reason string) {
	p.Left = append(p.Left, Left{OrderID: row.OrderID, Row: row.Row, Reason: reason})
}
