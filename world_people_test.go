package main

import (
	"fmt"
	"regexp"
	"testing"
	"time"
)

// assignmentsHeader is the header of the tab as the domain's text gives it, with
// the two columns that are ours.
func assignmentsHeader() []any {
	return []any{"Order ID", "Assigned Agent", "Assigned At", "Status", "Priority", "Currency", "Amount", "Hours Stuck", "Diagnosis", "Notes", "Resolved At", "Run ID"}
}

// An agent who resolves an order often changes nothing but its Status cell. Such
// an order counts as resolved when a run first saw it so; a day after that it is
// still stuck, and goes back to who had it.
func TestWorldResolvedWithoutATime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.crew("ana@example.com", "bo@example.com")
	g := newGenerator(5, morning())
	g.stuckOrder("AE-FORGOTTEN")
	w.db.load(t, g.shuffled())
	w.sheets.Seed("Assignments", [][]any{
		assignmentsHeader(),
		{"AE-FORGOTTEN", "bo@example.com", "2026-02-16 03:00:00", "RESOLVED", "P2", "AED", 1500, 40.5, "manual_review", "done", nil, nil},
	})
	first := w.triage(t, "07:00", morning())
	first.wants(t, 0, "nothing_new")
	if n := first.document.Counts["recently_resolved"]; n != 1 {
		t.Errorf("%d orders are counted as resolved a short while ago, want 1", n)
	}
	next := w.triage(t, "14:00", morning().Add(25*time.Hour))
	next.wants(t, 0, "ok")
	rows := w.written(t, next.document.RunID)
	if len(rows) != 1 || rows[0]["order id"] != "AE-FORGOTTEN" || rows[0].email("assigned agent") != "bo@example.com" {
		t.Errorf("want the order back with the agent who had it, got %v", rows)
	}
}

// An odd cell beside it does not give an agent another slot: the row is OPEN,
// and nobody gets more than Max Tickets.
func TestWorldOddCellTakesASlot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stuck(t, 3)
	w.sheets.Seed("Agents", [][]any{{"Email", "Name", "Team", "Slack Handle", "Active", "Max Tickets"}, {"ana@example.com", "Ana", "Ops", "", true, 2}})
	w.sheets.Seed("Assignments", [][]any{
		assignmentsHeader(),
		{"X1", "ana@example.com", "2026-02-16 03:00:00", "OPEN", "P2", "AED", "about 1500", 40.5, "manual_review", nil, nil, nil},
	})
	o := w.triage(t, "07:00", morning())
	o.wants(t, 0, "ok")
	if n := len(w.written(t, o.document.RunID)); n != 1 {
		t.Errorf("ana has 2 slots and an open row, and got %d orders", n)
	}
}

// Every row that cannot be read is reported with its number, and stays as it is.
func TestWorldUnreadableRowsAreNamed(t *testing.T) {
	t.Parallel()
	w := small(t)
	rows := [][]any{assignmentsHeader()}
	for i, word := range []string{"waiting", "erledigt", "??", "OPENED", "later"} {
		rows = append(rows, []any{fmt.Sprintf("X%d", i), "ana@example.com", "2026-02-16 03:00:00", word, "P2", "AED", 1500, 40.5, "manual_review", nil, nil, nil})
	}
	w.sheets.Seed("Assignments", rows)
	before := w.cells(t)
	o := w.triage(t, "07:00", morning())
	o.wants(t, 0, "ok")
	w.checkUntouched(t, before)
	told := map[string]bool{}
	for _, list := range regexp.MustCompile(`\brows?"?:? ([0-9][0-9, and]*)`).FindAllStringSubmatch(o.stdout+o.stderr+w.briefings()[0].Rendered, -1) {
		for _, number := range regexp.MustCompile(`[0-9]+`).FindAllString(list[1], -1) {
			told[number] = true
		}
	}
	for row := 2; row <= len(rows); row++ {
		if !told[fmt.Sprint(row)] {
			t.Errorf("row %d cannot be read, and nobody is told of it", row)
		}
	}
}
