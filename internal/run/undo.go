package run

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
	"pi-manager/internal/progress"
	"pi-manager/internal/undo"
)

// ErrNotUndone says that a run cannot be taken back; the text says why.
var ErrNotUndone = errors.New("this run cannot be taken back")

// ErrNotYet says that a run can be taken back, but not now.
var ErrNotYet = errors.New("this run cannot be taken back yet")

// ErrMoved says that the ledger is another one than when the plan was made.
var ErrMoved = errors.New("the ledger has changed since the plan was shown; look at it again")

// Undo is what taking back a run comes to.
type Undo struct {
	Plan      *undo.Plan
	Book      ledger.Snapshot // the ledger that the plan was made on
	Done      *ecm.Run        // the undo's own record; nil of a plan
	Withdrawn int             // messages of the run that were still owed, and will not be posted any more
	Left      []undo.Left     // rows of the run that stay as they are
}

// PlanUndo looks what taking back a run would do. It changes nothing. A run that
// the ledger does not know, or that cannot be taken back, is ErrNotUndone; one
// whose messages are being posted is ErrNotYet.
func (m *Manager) PlanUndo(ctx context.Context, req Request, runID string) (Undo, error) {
	ctx, cancel := context.WithTimeout(ctx, Deadline)
	defer cancel()
	m.Progress("reading the ledger")
	book, err := m.ledgerFor(ctx, req)
	if err != nil {
		return Undo{}, err
	}
	run := find(book, runID)
	if run == nil {
		return Undo{}, fmt.Errorf("%w: there is no run %q among the last ones; pi-manager runs lists them", ErrNotUndone, runID)
	}
	if reason := undo.Undoable(*run); reason != "" {
		return Undo{}, fmt.Errorf("%w: %s", ErrNotUndone, reason)
	}
	if wait := m.heldUntil(book, runID).Sub(m.Now()); run.Owes() && wait > 0 {
		return Undo{}, fmt.Errorf("%w: its messages are being posted; try again in %s", ErrNotYet, wait.Round(time.Second))
	}
	var reserved []string
	for _, row := range book.Unreadable {
		reserved = append(reserved, row.OrderID)
	}
	plan := undo.Make(*run, book.Assignments, reserved...)
	if undone(book)[runID] {
		plan = again(plan)
	}
	return Undo{Plan: plan, Book: book, Left: plan.Left, Withdrawn: owing(*run)}, nil
}

// again is the plan for a run that was taken back before. What still looks as the
// run wrote it is a copy that somebody made, or a row that moved while it was
// being taken back: nobody can tell, so it is named and left.
func again(plan *undo.Plan) *undo.Plan {
	second := &undo.Plan{Run: plan.Run, Left: plan.Left}
	for _, c := range plan.Changes {
		second.Left = append(second.Left, undo.Left{
			OrderID: c.Was.OrderID, Row: c.Was.Row, Reason: "the run was taken back before; this row is as it wrote it, or a copy: mend it by hand",
		})
	}
	return second
}

func owing(run ecm.Run) int {
	n := 0
	for _, m := range run.Messages {
		if !m.Delivered() {
			n++
		}
	}
	return n
}

// Undo does what a plan says, exactly that: where the rows have changed since, it
// does nothing and fails with ErrMoved.
func (m *Manager) Undo(ctx context.Context, req Request, plan Undo) (Undo, error) {
	ctx, cancel := context.WithTimeout(ctx, Deadline)
	defer cancel()
	req.started = m.now()
	plan, err := m.takeBack(ctx, req, plan)
	if err != nil {
		return plan, err
	}
	book, err := m.settledLedger(ctx)
	if err != nil {
		return plan, fmt.Errorf("%w: %w", ErrUnsettled, err)
	}
	if run := find(book, plan.Plan.Run.ID); run != nil {
		plan.Withdrawn = m.withdraw(ctx, run)
	}
	plan.check(book)
	return plan, nil
}

// takeBack commits the plan. Where another commit or a person came first, the
// ledger is read again; the plan still holds if it comes out the same.
func (m *Manager) takeBack(ctx context.Context, req Request, plan Undo) (Undo, error) {
	for range planTries {
		req.Slot = undoSlot(plan.Plan.Run.ID, plan.Book.Generation+1)
		c := m.undoDraft(req, plan)
		if err := seal(&c); err != nil {
			return plan, err
		}
		m.Progress(fmt.Sprintf("taking back %d rows", len(c.Changes)))
		err := m.commit(ctx, c)
		if err == nil {
			plan.Done = &c.Run
			return plan, nil
		}
		if !errors.Is(err, errTaken) {
			return plan, err
		}
		now, err := m.PlanUndo(ctx, req, plan.Plan.Run.ID)
		if err != nil {
			return plan, err
		}
		if !now.same(plan) {
			break
		}
		plan = now
	}
	return plan, ErrMoved
}

// same says whether two plans do the same to the same rows, wherever those stand.
func (u Undo) same(other Undo) bool {
	done := func(u Undo) map[string]int {
		times := map[string]int{}
		for _, c := range u.Plan.Changes {
			times[c.Was.Mark()+c.Is.Mark()]++
		}
		return times
	}
	return maps.Equal(done(u), done(other)) && len(u.Left) == len(other.Left)
}

func (m *Manager) undoDraft(req Request, plan Undo) ledger.Commit {
	r := m.record(req, ecm.Undo, nil)
	removed := 0
	for _, c := range plan.Plan.Changes {
		if c.Move == ecm.Away {
			removed++
		}
	}
	r.Counts = map[string]int{"removed": removed, "restored": len(plan.Plan.Changes) - removed, "left": len(plan.Left)}
	after := progress.Apply(plan.Book.Assignments, plan.Plan.Changes)
	return ledger.Commit{After: plan.Book.Generation, Run: r, Changes: plan.Plan.Changes, Board: m.board(req, plan.Book, after, ecm.Statuses{}, r.ID)}
}

// undoSlot names an undo by the run that it takes back, so that every later run
// sees from the records alone which runs do not count any more.
func undoSlot(runID string, generation int64) ecm.Slot {
	return ecm.Slot(fmt.Sprintf("%s#%d", runID, generation))
}

// undone are the runs that were taken back.
func undone(book ledger.Snapshot) map[string]bool {
	gone := map[string]bool{}
	for _, run := range book.Runs {
		if at := strings.LastIndex(string(run.Slot), "#"); run.Workflow == ecm.Undo && at >= 0 {
			gone[string(run.Slot[:at])] = true
		}
	}
	return gone
}

// withdraw makes sure that nobody posts any more what a run that was taken back
// still owes: it would speak of rows that are gone. It gives how many messages
// that were. Where it cannot be recorded, the next run does so: it sees that the
// run was taken back.
func (m *Manager) withdraw(ctx context.Context, run *ecm.Run) int {
	var owed []ecm.Owed
	for _, message := range run.Messages {
		if !message.Delivered() {
			message.TS, message.Note = ecm.NotPosted, "not posted: the run was taken back"
			owed = append(owed, message)
		}
	}
	if len(owed) == 0 {
		return 0
	}
	_, err := read(ctx, m.Effects, "withdrawing the messages", toLedger(), func(ctx context.Context) (struct{}, error) {
		return struct{}{}, m.Ledger.Record(ctx, run.ID, owed, m.now())
	})
	if err != nil {
		m.Effects.Log.Warn("the messages of a run that was taken back could not be withdrawn yet", "run", run.ID, "error", err)
		return len(owed)
	}
	run.Deliver(owed)
	return len(owed)
}

// check finds the rows that somebody changed while they were being taken back.
func (u *Undo) check(book ledger.Snapshot) {
	meant := progress.Apply(u.Book.Assignments, u.Plan.Changes)
	marks, there := count(meant, ecm.Assignment.Mark), count(book.Assignments, ecm.Assignment.Mark)
	rows, left := count(meant, written), count(book.Assignments, written)
	for _, c := range u.Plan.Changes {
		mark, key := c.Is.Mark(), written(c.Was)
		if c.Move == ecm.Away && left[key] > rows[key] || c.Move == ecm.Stay && there[mark] < marks[mark] {
			u.Left = append(u.Left, undo.Left{OrderID: c.Was.OrderID, Row: c.Was.Row, Reason: "somebody changed it while it was being taken back" + nowIs(book, c.Was.OrderID)})
		}
	}
}

// written is by what a run's row is known, whatever people did to it since.
func written(row ecm.Assignment) string { return row.RunID + "\x00" + row.OrderID }

// count says how often each row is there, by something that it is known by.
func count(rows []ecm.Assignment, by func(ecm.Assignment) string) map[string]int {
	times := make(map[string]int, len(rows))
	for _, row := range rows {
		times[by(row)]++
	}
	return times
}
