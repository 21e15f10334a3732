package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"pi-manager/internal/ecm"
	"pi-manager/internal/run"
)

// work is one thing that pi-manager does in a spreadsheet, and all that it may do to rows that stand there.
type work struct {
	name      string
	full      bool // every boundary is tried, not only those before a commit
	rows      []standing
	pending   []string          // orders that are stuck in the warehouse
	completed []string          // orders that completed there
	effects   map[string]effect // by the name of the row
	target    string            // a row that it changes; a person's hand goes there
	prepare   func(context.Context, *office) error
	carryOut  func(context.Context, *office) (account, error)
	right     func(*office, account) []string // of a run that ended well, and that nobody disturbed
}

// effect is what may become of a row.
type effect uint8

const (
	stays    effect = iota
	closes          // RESOLVED, with a time and a note behind the notes
	isTimed         // its Resolved At is filled
	goesAway        // taken out
	archives        // to the archive, whole
	reopens         // as it was before a run closed it
)

// account is what a run says of itself.
type account struct {
	runID      string
	fresh      int      // new rows
	closed     []string // orders whose rows it says it has closed
	left       []string // orders that it says it left alone
	unsure     bool     // it says that it could not look whether it did
	open       int      // open orders and those in progress
	unreadable map[int]bool
}

// works lists what pi-manager does in the sheet.
func works() []*work {
	day := []standing{{"STAY1", "OPEN", "called twice", ""}, {"STAY2", "in progress", "", ""}, {"ESC1", "ESCALATED", "with the bank", ""},
		{"DONE1", "RESOLVED", "", "1999-12-31 20:00:00"}, {"ODD1", "waiting", "", ""}, {"STAY3", "OPEN", "", ""}}
	lived := []standing{{"STAY1", "OPEN", "called twice", ""}, {"HEAL1", "OPEN", "note of HEAL1", ""}, {"HEAL2", "in progress", "", ""}, {"ESC1", "ESCALATED", "with the bank", ""},
		{"TIME1", "RESOLVED", "", ""}, {"STAY2", "IN_PROGRESS", "", ""}, {"ODD1", "waiting", "", ""}, {"STAY3", "OPEN", "", ""}, {"HEAL3", "OPEN", "", ""}, {"STAY4", "OPEN", "", ""}}
	aged := []standing{{"OLD1", "RESOLVED", "paid", "1999-11-01 10:00:00"}, {"STAY1", "OPEN", "called twice", ""}, {"OLD2", "RESOLVED", "", "1999-10-01 10:00:00"},
		{"DONE1", "RESOLVED", "", "1999-12-31 20:00:00"}, {"OLD3", "RESOLVED", "", "1999-11-02 10:00:00"}, {"ODD1", "waiting", "", ""}}
	stuck, healed := []string{"STAY1", "ODD1", "NEW1", "NEW2", "NEW3"}, []string{"HEAL1", "HEAL2", "HEAL3", "ESC1", "ODD1"}
	closing := map[string]effect{"HEAL1": closes, "HEAL2": closes, "HEAL3": closes, "TIME1": isTimed}
	reopening := map[string]effect{"HEAL1": reopens, "HEAL2": reopens, "HEAL3": reopens, "TIME1": reopens}
	taking := map[string]effect{"NEW1": goesAway, "NEW2": goesAway, "NEW3": goesAway}
	storing := map[string]effect{"OLD1": archives, "OLD2": archives, "OLD3": archives}
	return []*work{
		{name: "the first triage of all", rows: day, pending: stuck, target: "STAY1", prepare: nothingYet, carryOut: triageOnce, right: dealtRight},
		{name: "triage", full: true, rows: day, pending: stuck, target: "STAY1", prepare: peopleReport, carryOut: triageOnce, right: dealtRight},
		{name: "cleanup", full: true, rows: lived, completed: healed, effects: closing, target: "HEAL1", prepare: peopleReport, carryOut: cleanupOnce, right: closedRight},
		{name: "archive", full: true, rows: aged, effects: storing, target: "OLD1", prepare: peopleReport, carryOut: cleanupOnce, right: closedRight},
		{name: "undo of a triage", full: true, rows: day, pending: stuck, effects: taking, target: "NEW2", prepare: dealt1, carryOut: undoOnce("triage/by hand 1"), right: undoneRight},
		{name: "undo of a cleanup", rows: lived, completed: healed, effects: reopening, target: "HEAL1", prepare: cleaned1, carryOut: undoOnce("cleanup/by hand 1"), right: undoneRight},
		{name: "progress", full: true, rows: lived, completed: healed, target: "HEAL1", prepare: peopleReport, carryOut: reportOnce, right: reportedRight},
	}
}

func nothingYet(context.Context, *office) error { return nil }

func peopleReport(ctx context.Context, o *office) error {
	_, err := reportOnce(ctx, o)
	return err
}

func dealt1(ctx context.Context, o *office) error {
	_, err := triageOnce(ctx, o)
	return err
}

func cleaned1(ctx context.Context, o *office) error {
	_, err := cleanupOnce(ctx, o)
	return err
}

func triageOnce(ctx context.Context, o *office) (account, error) {
	m, err := o.manager()
	if err != nil {
		return account{}, err
	}
	result, err := m.Triage(ctx, o.request())
	a := account{runID: ecm.RunID(ecm.Triage, result.Slot)}
	if result.Plan != nil {
		a.fresh = len(result.Plan.Dealt)
		for _, i := range result.Plan.Overflow {
			a.left = append(a.left, result.Plan.Outcomes[i].OrderID())
		}
	}
	return a, err
}

func cleanupOnce(ctx context.Context, o *office) (account, error) {
	m, err := o.manager()
	if err != nil {
		return account{}, err
	}
	result, err := m.Cleanup(ctx, run.CleanupRequest{Request: o.request()})
	a := account{runID: ecm.RunID(ecm.Cleanup, result.Slot)}
	a.unsure = slices.ContainsFunc(result.Book.Warnings, func(w string) bool { return strings.Contains(w, "could not be read after the commit") })
	for _, c := range result.Closed {
		a.closed = append(a.closed, c.Change.Was.OrderID)
	}
	for _, l := range result.Left {
		a.left = append(a.left, l.OrderID)
	}
	return a, err
}

func undoOnce(runID string) func(context.Context, *office) (account, error) {
	return func(ctx context.Context, o *office) (account, error) {
		m, err := o.manager()
		if err != nil {
			return account{}, err
		}
		plan, err := m.PlanUndo(ctx, o.request(), runID)
		if err != nil {
			return account{}, err
		}
		result, err := m.Undo(ctx, o.request(), plan)
		a := account{runID: runID}
		for _, l := range result.Left {
			a.left = append(a.left, l.OrderID)
		}
		return a, err
	}
}

func reportOnce(ctx context.Context, o *office) (account, error) {
	m, err := o.manager()
	if err != nil {
		return account{}, err
	}
	result, err := m.Report(ctx, o.request())
	a := account{runID: ecm.RunID(ecm.Progress, result.Slot), unreadable: map[int]bool{}}
	if result.Report != nil {
		a.open = result.Report.Counts["open"] + result.Report.Counts["in_progress"]
	}
	for _, row := range result.Book.Unreadable {
		a.unreadable[row.Row] = true
	}
	return a, err
}

// dealtRight: every stuck order has a row, or the run says that nobody had a slot for it.
func dealtRight(o *office, a account) (problems []string) {
	there := map[string]bool{}
	for _, row := range o.s.Rows(o.tab) {
		for _, v := range row {
			if text, ok := v.(string); ok {
				there[text] = true
			}
		}
		there[nameOf(row)] = true // its order id may have become something that only a person can read
	}
	for _, id := range o.orders {
		if !there[id] && !slices.Contains(a.left, id) {
			problems = append(problems, id+" has no row, and the run does not say why")
		}
	}
	return problems
}

// closedRight: the rows that nobody touched are closed, timed and archived.
func closedRight(o *office, _ account) (problems []string) {
	for _, name := range slices.Sorted(maps.Keys(o.work.effects)) {
		if !o.untouched(name) {
			continue
		}
		done := false
		switch o.work.effects[name] {
		case closes:
			done = o.holds(name, "RESOLVED") && o.holds(name, "self-healed")
		case isTimed:
			done = o.holds(name, "2000-01-01")
		case archives:
			done = o.rowOf(o.s, name) == 0
		}
		if !done {
			problems = append(problems, name+" is not as the run should have left it")
		}
	}
	return problems
}

// undoneRight: the rows that nobody touched are as they were before the run that is taken back.
func undoneRight(o *office, _ account) (problems []string) {
	for _, name := range slices.Sorted(maps.Keys(o.work.effects)) {
		if !o.untouched(name) || slices.Contains(o.left, name) {
			continue // people have worked on it, or the undo has said that it is left
		}
		if o.work.effects[name] == goesAway && o.rowOf(o.s, name) > 0 || o.holds(name, "self-healed") || o.holds(name, "2000-01-01") {
			problems = append(problems, name+" was not taken back")
		}
	}
	return problems
}

// reportedRight: the report and the dashboard count what stands in the sheet.
func reportedRight(o *office, a account) (problems []string) {
	open := map[any]string{}
	rows := o.s.Rows(o.tab)
	id, status, top := -1, -1, 0
	for i, row := range rows {
		for j, v := range row {
			if text, ok := v.(string); ok && id < 0 && headerWord(text) == "orderid" {
				id, top = j, i
			} else if ok && (id < 0 || top == i) && headerWord(text) == "status" {
				status = j
			}
		}
	}
	for i, row := range rows {
		if id < 0 || status < 0 || i <= top || id >= len(row) || status >= len(row) || a.unreadable[i+1] {
			continue
		}
		if s, known := ecm.ParseStatus(fmt.Sprint(shownIn(row[status]))); known && s.Working() && row[id] != nil {
			open[row[id]] = string(s)
		}
	}
	if len(open) != a.open {
		problems = append(problems, fmt.Sprintf("the report says %d open, the sheet has %d: %v", a.open, len(open), open))
	}
	shown := 0.0
	for _, row := range o.s.Rows("ECM Dashboard") {
		if len(row) > 1 && (row[0] == "Open" || row[0] == "In progress") {
			n, _ := row[1].(float64)
			shown += n
		}
	}
	if int(shown) != a.open {
		problems = append(problems, fmt.Sprintf("the dashboard says %v open, the report %d", shown, a.open))
	}
	return problems
}
