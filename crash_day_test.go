package main

import (
	"bytes"
	"database/sql"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pi-manager/internal/fake"
)

// crashRows are what the ledger holds before a cleanup: open rows, of which four
// healed, one that a person resolved without a time, and one that is old.
func crashRows() [][]string {
	row := func(id, agent, status, notes, resolved string) []string {
		return []string{id, agent, "2026-01-05 03:00:00", status, "P2", "AED", "7250.5", "40.5", "manual_review", notes, resolved, ""}
	}
	rows := [][]string{
		row("OLD", "ana@example.com", "RESOLVED", "paid long ago", "2026-01-06 03:00:00"), row("BARE", "bo@example.com", "RESOLVED", "", ""),
	}
	for i := range crashOrders {
		agent, notes := []string{"ana@example.com", "bo@example.com"}[i%2], []string{"", "", "called twice"}[i%3]
		rows = append(rows, row(fmt.Sprintf("AE%03d", i), agent, "OPEN", notes, ""))
	}
	return rows
}

// inherit fills the ledger, and says what has become of its orders.
func (w *crashWorld) inherit(t *testing.T, completed int) {
	t.Helper()
	statuses := "order_id,order_status,created_at\n"
	for i := range crashOrders {
		status := "PENDING"
		if i < completed {
			status = "COMPLETED"
		}
		statuses += fmt.Sprintf("AE%03d,%s,2026-02-16 20:00:00\n", i, status)
	}
	w.write(t, "orders-status.csv", statuses)
	if w.sheets == nil {
		if err := fillLedger(filepath.Join(w.dir, "ledger.db"), crashRows()); err != nil {
			t.Error(err)
		}
		return
	}
	rows := [][]any{append(assignmentsHeader(), "Mood")}
	for _, r := range crashRows() {
		rows = append(rows, []any{r[0], r[1], r[2], r[3], r[4], r[5], 7250.5, 40.5, r[8], r[9], r[10], r[11], "🙂 " + r[0]})
	}
	w.sheets.Seed("Assignments", rows)
}

// left is all that a run leaves behind, but for the records of runs: they tell of the tries, too.
type left struct {
	Tabs     []string
	Sheet    fake.SheetsModel
	Tables   map[string][]record
	Messages []string
}

func (w *crashWorld) left(t *testing.T) left {
	t.Helper()
	var out left
	for _, m := range w.slack.Messages() {
		place := "channel"
		if m.ThreadTS != "" {
			place = "thread"
		}
		out.Messages = append(out.Messages, place+": "+m.Rendered)
	}
	slices.Sort(out.Messages)
	if w.sheets != nil {
		out.Tabs, out.Sheet = w.sheets.Titles(), w.sheets.Model()
		delete(out.Sheet, "Runs")
		slices.Sort(out.Tabs)
		for name, v := range out.Sheet["ECM Dashboard"] {
			if text, _ := v.(string); isRun(text) {
				delete(out.Sheet["ECM Dashboard"], name)
			}
		}
		return out
	}
	out.Tables = map[string][]record{}
	w.withTables(t, func(b tableBinder) {
		for _, tab := range []string{"Assignments", "Archive", "Dashboard"} {
			out.Tables[tab] = slices.DeleteFunc(plain(b.rows(t, tab)), func(r record) bool { return isRun(r.text("value")) })
		}
	})
	return out
}

// isRun says whether a cell of the dashboard names the last run: that may be another
// one, where a run had to be started once more.
func isRun(text string) bool { return strings.Contains(text, "/2026-") }

func (w *crashWorld) withTables(t *testing.T, use func(tableBinder)) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(w.dir, "ledger.db"))
	if err != nil {
		t.Error(err)
		return
	}
	defer func() { _ = db.Close() }()
	use(tableBinder{db})
}

// later ends the leases of the runs there are: the process that held one is gone,
// and the next one starts after it.
func (w *crashWorld) later(t *testing.T) {
	t.Helper()
	if w.sheets == nil {
		w.withTables(t, func(b tableBinder) { b.do(t, "UPDATE runs SET until = '2026-02-17 00:00:00'") })
		return
	}
	b := sheetBinder{w.sheets}
	for _, r := range b.rows(t, "Runs") {
		over := regexp.MustCompile(`"until":"[^"]*"`).ReplaceAllString(r.text("record"), `"until":"2026-02-17T00:00:00Z"`)
		b.Put("Runs", b.cell(t, "Runs", r, "record"), over)
	}
}

// plight is a command that may die.
type plight struct {
	name      string
	completed int
	before    []string // a command that has run before
	after     []string // the next command of the day: what a cleanup did not get to archive, the next one does
	args      []string
	exit      int
	proves    func(left) bool // that there was something to do
}

func plights() []plight {
	as := func(workflow string) []string {
		return []string{workflow, "--slot", "2026-02-17T07:00", "--as-of", "2026-02-17T03:00:00Z"}
	}
	next := []string{"cleanup", "--slot", "2026-02-17T14:00", "--as-of", "2026-02-17T10:00:00Z"}
	return []plight{
		{name: "cleanup and archive", completed: 4, args: as("cleanup"), after: next, proves: func(l left) bool { return len(l.Messages) == 0 && l.has("Archive", "OLD") }},
		{name: "stopped cleanup", completed: 8, args: as("cleanup"), after: next, exit: 3, proves: func(l left) bool { return len(l.Messages) == 2 }},
		{name: "progress", completed: 2, args: as("progress"), proves: func(l left) bool { return len(l.Messages) == 4 }},
		{name: "undo of a cleanup", completed: 4, before: as("cleanup"), args: []string{"undo", "--yes", "--json", "cleanup/2026-02-17T07:00"}, proves: func(l left) bool { return !l.has("Assignments", "self-healed") }},
		{name: "undo of a triage", before: as("triage"), args: []string{"undo", "--yes", "--json", "triage/2026-02-17T07:00"}, proves: func(l left) bool { return !l.has("Assignments", "NEW1") }},
	}
}

// has says whether a text stands in a tab.
func (l left) has(tab, text string) bool {
	return strings.Contains(fmt.Sprint(l.Sheet[tab], l.Tables[tab]), text)
}

// world is the plight up to the command.
func (p plight) world(t *testing.T, ledger string) *crashWorld {
	t.Helper()
	w := newCrashWorld(t, ledger)
	w.inherit(t, p.completed)
	w.write(t, "orders.csv", "order_id,sub_state,currency_from,send_amount,hours_diff\nNEW1,MANUAL_REVIEW,AED,100.00,14\nNEW2,MANUAL_REVIEW,GBP,100.00,14\n")
	if p.before != nil {
		run := start(t, w.dir, append(slices.Clone(w.env), "PI_MANAGER_NOTIFY=stdout"), p.before...)
		if run.wait() != 0 {
			t.Errorf("%v: %s", p.before, run.stderr.String())
		}
		w.forget()
	}
	return w
}

// TestKilledOnTheWay covers F21, F44, F90 for what changes rows that stand there:
// killed with SIGKILL after each external call in turn and started again, a command
// leaves, cell by cell and message by message, what one leaves that was never killed;
// no order is closed twice, no cell of a person's is another, no journal is left.
func TestKilledOnTheWay(t *testing.T) {
	t.Parallel()
	for _, p := range plights() {
		for _, ledger := range []string{"sqlite", "sheet"} {
			t.Run(p.name+" "+ledger, func(t *testing.T) {
				t.Parallel()
				clean := p.world(t, ledger)
				run := start(t, clean.dir, clean.env, p.args...)
				if run.wait() != p.exit {
					t.Fatalf("a clean run failed: %s", run.stderr.String())
				}
				calls, steps := clean.made(), 0
				if ledger == "sqlite" { // whose own steps are no external calls
					steps = strings.Count(run.stderr.String(), "\n")
				}
				clean.goOn(t, p)
				want := clean.left(t)
				if !p.proves(want) {
					t.Fatalf("a clean run leaves %+v", want)
				}
				t.Logf("a clean run makes %d external calls and logs %d steps; each is a place to die", calls, steps)
				var group sync.WaitGroup
				for n := 1; n <= calls; n++ {
					group.Go(func() { p.die(t, ledger, fmt.Sprint("call ", n), want, func(w *crashWorld) { w.kill(t, n, p.args) }) })
				}
				for n := 1; n <= steps; n++ {
					group.Go(func() {
						p.die(t, ledger, fmt.Sprint("step ", n), want, func(w *crashWorld) { w.killAtStep(t, n, p.args) })
					})
				}
				group.Wait()
			})
		}
	}
}

// die has the command killed somewhere, starts it again, and compares what is left.
func (p plight) die(t *testing.T, ledger, place string, want left, kill func(*crashWorld)) {
	t.Helper()
	w := p.world(t, ledger)
	kill(w)
	w.later(t)
	if last := w.again(t, p.args, p.exit); last != p.exit {
		t.Errorf("killed at %s: the command ends with %d, want %d", place, last, p.exit)
	}
	w.goOn(t, p)
	if diff := cmp.Diff(want, w.left(t)); diff != "" {
		t.Errorf("killed at %s (-never killed +killed):\n%s", place, diff)
	}
	if w.sheets != nil {
		for _, offence := range w.sheets.Offences() {
			t.Errorf("killed at %s: %s", place, offence)
		}
	}
}

// made is how many external calls there were.
func (w *crashWorld) made() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.calls
}

// forget begins to count from the next call on.
func (w *crashWorld) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls = 0
}

// goOn runs the next command of the day.
func (w *crashWorld) goOn(t *testing.T, p plight) {
	t.Helper()
	if p.after != nil && w.again(t, p.after, p.exit) != p.exit {
		t.Errorf("%v does not end with %d", p.after, p.exit)
	}
}

// kill starts a command and kills it after the effect of its n-th external call.
func (w *crashWorld) kill(t *testing.T, n int, args []string) {
	t.Helper()
	dead, ready := make(chan struct{}), make(chan struct{})
	var victim *process
	w.hook(func(call int) {
		if call == n {
			<-ready
			_ = victim.cmd.Process.Kill()
			<-dead // no answer leaves before the process is gone
		}
	})
	victim = start(t, w.dir, w.env, args...)
	close(ready)
	status := victim.wait()
	close(dead)
	if status != -1 {
		t.Errorf("killed at call %d, the process ended with %d: %s", n, status, victim.stderr.String())
	}
}

// killAtStep starts a command and kills it at the n-th line of its log, some moments into that step.
func (w *crashWorld) killAtStep(t *testing.T, n int, args []string) {
	t.Helper()
	victim := prepare(t, "", w.dir, w.env, args...)
	victim.cmd.Stderr = &killer{left: n, kill: func() { _ = victim.cmd.Process.Kill() }}
	victim.start(t)
	victim.wait()
}

// killer kills when it has read so many lines.
type killer struct {
	left int
	kill func()
}

// Write implements io.Writer.
func (k *killer) Write(text []byte) (int, error) {
	before := k.left
	k.left -= bytes.Count(text, []byte("\n"))
	if before > 0 && k.left <= 0 {
		k.kill()
	}
	return len(text), nil
}

// again starts a command until it ends well, as a CronJob does.
func (w *crashWorld) again(t *testing.T, args []string, want int) int {
	t.Helper()
	status := -1
	for range 4 {
		run := start(t, w.dir, w.env, args...)
		if status = run.wait(); status == want {
			break
		}
		t.Logf("a try after the crash ended with %d: %s", status, run.stderr.String())
		w.later(t)
	}
	return status
}
