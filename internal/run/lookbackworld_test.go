package run_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
	"pi-manager/internal/run"
)

// The orders of newBackWorld that complete without an agent, and those that are only waiting.
var (
	completing = []string{"C1", "C2", "C3"}
	waiting    = []string{"AE900", "O1", "O2", "O3", "O4", "O5"}
)

// newBackWorld is newWorld at seven in the morning, with a ledger in which there
// is something to look back on: orders that completed, rows that people resolved,
// one that is escalated, one that cannot be read, and two that are old.
func newBackWorld(t *testing.T, seed uint64) *world {
	t.Helper()
	time.Sleep(7 * time.Hour) // the day has begun
	w := newWorld(t, seed)
	row := func(id, agent string, hours float64, change func(*ecm.Assignment)) ecm.Assignment {
		a := ecm.Assignment{
			OrderID: id, Agent: agent + "@example.com", AssignedAt: w.began.Add(-ecm.FromHours(hours)), Status: ecm.Open, Priority: ecm.P3,
			Send: aed(100), Stuck: 12 * time.Hour, Diagnosis: "stuck_at_lulu",
		}
		if change != nil {
			change(&a)
		}
		return a
	}
	resolved := func(age time.Duration) func(*ecm.Assignment) {
		return func(a *ecm.Assignment) {
			a.Status = ecm.Resolved
			if age > 0 {
				a.ResolvedAt = w.began.Add(-age)
			}
		}
	}
	const day = 24 * time.Hour
	w.people(func(s *ledger.Snapshot) {
		s.Assignments = append(s.Assignments,
			row("C1", "asha", 30, func(a *ecm.Assignment) { a.Notes = "called the bank" }),
			row("C2", "ben", 30, func(a *ecm.Assignment) { a.Status, a.Word = ecm.InProgress, "in progress" }),
			row("C3", "cara", 30, nil),
			row("O1", "asha", 30, func(a *ecm.Assignment) { a.Send = aed(9000) }),
			row("O2", "ben", 30, nil),
			row("O3", "cara", 30, func(a *ecm.Assignment) { a.Status = ecm.InProgress }),
			row("O4", "cara", 3, nil),
			row("O5", "asha", 0.25, nil),
			row("E1", "ben", 30, func(a *ecm.Assignment) { a.Status = ecm.Escalated }),
			row("R1", "asha", 50, resolved(0)),
			row("R2", "ben", 50, func(a *ecm.Assignment) { a.Status, a.Word, a.Notes = ecm.Resolved, "Resolved", "paid by hand" }),
			row("A1", "asha", 41*24, resolved(40*day)),
			row("A2", "ben", 41*24, resolved(35*day)),
		)
		s.Resolutions = []ecm.Resolution{{OrderID: "R2", At: w.began.Add(-5 * time.Hour)}}
		s.Unreadable = []ledger.Unreadable{{Row: 99, OrderID: "U1", Reason: "status \"done?\" is none of ours"}}
	})
	w.status = map[string]string{"U1": "COMPLETED", "E1": "COMPLETED"}
	for _, id := range completing {
		w.status[id] = "COMPLETED"
	}
	return w
}

// people changes the ledger by hand; rows stand where they stand.
func (w *world) people(hand func(*ledger.Snapshot)) {
	w.ledger.Edit(func(s *ledger.Snapshot) {
		hand(s)
		for i := range s.Assignments {
			s.Assignments[i].Row = i + 2
		}
	})
}

// person changes the first row of one order.
func (w *world) person(orderID string, hand func(*ecm.Assignment)) {
	w.people(func(s *ledger.Snapshot) {
		s.Assignments = slices.Clone(s.Assignments)
		if i := slices.IndexFunc(s.Assignments, func(a ecm.Assignment) bool { return a.OrderID == orderID }); i >= 0 {
			hand(&s.Assignments[i])
		}
	})
}

// commit is the ledger's: what changed rows has to be looked through before anything else goes in.
func (w *world) commit(c ledger.Commit) error {
	w.settling.Lock()
	defer w.settling.Unlock()
	if w.read().Unsettled {
		return ledger.ErrConflict
	}
	if err := w.ledger.Commit(context.Background(), c); err != nil {
		return err
	}
	w.ledger.Edit(func(s *ledger.Snapshot) { s.Unsettled = len(c.Changes) > 0 })
	if w.landed == nil {
		w.landed = map[string]time.Time{}
	}
	w.landed[c.Run.ID] = time.Now()
	return nil
}

func (w *world) settle() {
	w.settling.Lock()
	defer w.settling.Unlock()
	w.ledger.Edit(func(s *ledger.Snapshot) { s.Unsettled = false })
}

// job is one start of the program that does one thing.
type job[T any] struct {
	result T
	outcome
	done chan nothing
}

func launch[T any](w *world, do func(context.Context, *run.Manager) (T, error)) *job[T] {
	p := &process{world: w}
	j := &job[T]{outcome: outcome{killed: true}, done: make(chan nothing)}
	manager, began, ctx := w.manager(p), time.Now(), context.Background()
	if w.base != nil {
		ctx = w.base()
	}
	go func() {
		defer close(j.done)
		defer func() { j.took = time.Since(began) }()
		result, err := do(ctx, manager)
		j.result, j.err, j.killed = result, err, p.dead.Load()
	}()
	return j
}

func (j *job[T]) wait() *job[T] {
	<-j.done
	return j
}

// request is what the schedule asks for now, to the second, as the command line has it.
func request(slot ecm.Slot) run.Request {
	now := time.Now().UTC().Truncate(time.Second)
	return run.Request{Slot: slot, AsOf: now, Next: now.Add(7 * time.Hour)}
}

func (w *world) cleanup(slot ecm.Slot) *job[run.Cleanup] {
	return w.cleanupAs(run.CleanupRequest{Request: request(slot)})
}

func (w *world) cleanupAs(req run.CleanupRequest) *job[run.Cleanup] {
	return launch(w, func(ctx context.Context, m *run.Manager) (run.Cleanup, error) { return m.Cleanup(ctx, req) })
}

func (w *world) progress(slot ecm.Slot) *job[run.Progress] { return w.progressAs(request(slot)) }

func (w *world) progressAs(req run.Request) *job[run.Progress] {
	return launch(w, func(ctx context.Context, m *run.Manager) (run.Progress, error) { return m.Report(ctx, req) })
}

// begin starts a slot of a workflow; what it gives waits for the end.
func (w *world) begin(workflow ecm.Workflow, slot ecm.Slot) func() outcome {
	switch workflow {
	case ecm.Cleanup:
		j := w.cleanup(slot)
		return func() outcome { return j.wait().outcome }
	case ecm.Progress:
		j := w.progress(slot)
		return func() outcome { return j.wait().outcome }
	}
	return w.start(context.Background(), run.Request{Slot: slot}).wait
}

// row is the one row of an order; nil where there is none or more than one.
func (w *world) row(orderID string) *ecm.Assignment {
	var found *ecm.Assignment
	for _, row := range w.read().Assignments {
		if row.OrderID == orderID {
			if found != nil {
				return nil
			}
			found = &row
		}
	}
	return found
}

// cells is what a row says, the times aside at which a run wrote it.
func cells(a ecm.Assignment) string {
	resolved := "open"
	if !a.ResolvedAt.IsZero() {
		resolved = "has its time"
	}
	return strings.Join([]string{a.OrderID, a.Agent, string(a.Status), a.Word, a.Notes, resolved}, " | ")
}

// rows are all rows of the ledger and of its archive, sorted.
func (w *world) rows() (rows, archived []string) {
	for _, row := range w.read().Assignments {
		rows = append(rows, cells(row))
	}
	for _, row := range w.ledger.Archived() {
		archived = append(archived, cells(row))
	}
	slices.Sort(rows)
	slices.Sort(archived)
	return rows, archived
}

// checkBack holds the world to what is true of every workflow once all has ended well.
func (w *world) checkBack() (problems []string) {
	w.wire.late.Wait()
	book := w.read()
	if book.Unsettled {
		problems = append(problems, "the ledger is left unsettled")
	}
	for _, r := range book.Runs {
		problems = append(problems, w.checkPosted(r)...)
	}
	return slices.Concat(problems, w.checkStrays(book), w.checkBoard())
}

// checkPosted: every message is to be seen once, where it belongs, as the record says.
func (w *world) checkPosted(r ecm.Run) (problems []string) {
	bad := func(format string, args ...any) {
		problems = append(problems, r.ID+": "+fmt.Sprintf(format, args...))
	}
	if r.Finished.IsZero() || r.Owes() {
		bad("finished %s, and its messages are %s", r.Finished, states(r))
	}
	for _, owed := range r.Messages {
		seen := w.wall.visible(r.ID, owed.Part)
		if w.deaf && len(seen) > 1 {
			continue
		}
		if len(seen) != 1 {
			bad("%s is to be seen %d times", owed.Part, len(seen))
			continue
		}
		if seen[0].ts != owed.TS || owed.Channel != channel {
			bad("%s is %q, and the record says %q in %q", owed.Part, seen[0].ts, owed.TS, owed.Channel)
		}
		thread := ""
		if owed.Kind == "thread" {
			thread = r.Messages[0].TS
		}
		if seen[0].thread != thread && !w.deaf {
			bad("%s stands in thread %q, want %q", owed.Part, seen[0].thread, thread)
		}
	}
	return problems
}

// checkBoard: the dashboard shows the rows as they are, and names the last run that looked at them.
func (w *world) checkBoard() (problems []string) {
	book := w.read()
	want := map[string]int{"Open": 0, "In progress": 0, "Escalated": 0, "P1 open": 0, "P2 open": 0, "P3 open": 0, "P4 open": 0}
	agents, names, last := map[string]int{}, map[string]string{}, ""
	for _, agent := range book.Agents {
		names[agent.Email] = agent.Name
	}
	for _, row := range book.Assignments {
		if row.Status == ecm.Resolved {
			continue
		}
		want[map[ecm.Status]string{ecm.Open: "Open", ecm.InProgress: "In progress", ecm.Escalated: "Escalated"}[row.Status]]++
		if row.Status.Working() {
			want[row.Priority.String()+" open"]++
			agents[names[row.Agent]]++
		}
	}
	for _, r := range book.Runs {
		if r.Workflow != ecm.Deliver {
			last = r.ID
		}
	}
	if last == "" {
		return nil
	}
	board := w.ledger.Board()
	for _, f := range board.Figures {
		if n, known := want[f.Label]; known && n != f.Count {
			problems = append(problems, fmt.Sprintf("the board says %d at %q, the rows say %d", f.Count, f.Label, n))
		}
		delete(want, f.Label)
		if f.Label == "Last run" && f.Text != last {
			problems = append(problems, fmt.Sprintf("the board's last run is %q, the ledger's %q", f.Text, last))
		}
	}
	for label := range want {
		problems = append(problems, fmt.Sprintf("the board has no line %q", label))
	}
	for _, f := range board.Agents {
		if agents[f.Label] != f.Count {
			problems = append(problems, fmt.Sprintf("the board says %d with %s, the rows say %d", f.Count, f.Label, agents[f.Label]))
		}
		delete(agents, f.Label)
	}
	if len(agents) > 0 {
		problems = append(problems, fmt.Sprintf("the board leaves out %v", agents))
	}
	return problems
}

// watchBoard looks at the dashboard after every commit, answered or not.
func (w *world) watchBoard(t *testing.T, what string) {
	w.wire.arrived = func(name string, _ *process) {
		if strings.HasPrefix(name, "commit#") {
			report(t, what+", after "+name, w.checkBoard())
		}
	}
}
