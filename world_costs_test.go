package main

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// TestWorldCosts counts the calls of a clean run: they must not grow with the
// number of orders (F30, F31, F36).
func TestWorldCosts(t *testing.T) {
	t.Parallel()
	for _, orders := range []int{50, 300, 600} {
		t.Run(fmt.Sprint(orders), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			agents := []string{"ana@example.com", "bo@example.com", "cy@example.com", "dee@example.com", "eva@example.com", "fay@example.com"}
			w.crew(agents...)
			w.stuck(t, orders)
			wire := w.tap(t)
			for run, slot := range []string{"07:00", "14:00"} {
				w.sheets.Forget()
				w.hoursLater()
				o := w.triage(t, slot, morning())
				o.wants(t, 0, []string{"ok", "nothing_new"}[run])
				if n := len(wire.queries()); n != run+1 {
					t.Errorf("slot %s: %d statements in all, want one a run: %q", slot, n, wire.queries())
				}
				if reads, writes := w.sheets.Reads(), w.sheets.Writes(); reads > 2 || writes > 2 {
					t.Errorf("slot %s: %d reads and %d writes of the sheet, want at most 2 of each: %v", slot, reads, writes, w.methods())
				}
				if n := w.slack.Count("chat.postMessage"); n != (run+1)*(1+len(agents)) {
					t.Errorf("slot %s: %d messages in all, want a briefing and %d replies a run", slot, n, len(agents))
				}
			}
			if n := w.slack.Count("conversations.history") + w.slack.Count("conversations.replies"); n > 0 {
				t.Errorf("the history was read %d times, though nothing was in doubt", n)
			}
		})
	}
}

func (w *world) methods() []string {
	var names []string
	for _, call := range w.sheets.Calls() {
		names = append(names, call.Method)
	}
	slices.Sort(names)
	return names
}

// TestWorldDayCosts counts the calls of a clean cleanup and of a clean report. They
// depend on whether there is anything to close and to archive, not on how much. Only
// the question to the warehouse goes out in pieces of 500 orders (F30, F31, F36, F78).
func TestWorldDayCosts(t *testing.T) {
	t.Parallel()
	for _, orders := range []int{40, 600} {
		t.Run(fmt.Sprint(orders), func(t *testing.T) {
			t.Parallel()
			d := newDay(t, onSheets, 1)
			d.put(t, busyBook(orders))
			for i := range orders {
				d.g.stuckOrder(orderID(10_000 + i))
				if i%5 == 0 {
					d.become("COMPLETED", at(5, 0), record{"order id": orderID(10_000 + i)})
				}
			}
			d.db.load(t, d.g.tables)
			wire := d.tap(t)
			pieces := func(orders int) int { return (orders + 499) / 500 }
			for _, c := range []struct {
				workflow, slot string
				asOf           time.Time
				statements     int
				reads, writes  int
				posts          int
			}{
				{"cleanup", "2026-02-17T07:00", at(7, 0), pieces(orders), 6, 4, 0}, // it closes a fifth, and archives
				{"cleanup", "2026-02-17T14:00", at(14, 0), pieces(orders * 4 / 5), 2, 1, 0},
				{"progress", "2026-02-17T14:00", at(14, 3), pieces(orders * 4 / 5), 2, 2, 4},
				{"cleanup", "2026-02-17T14:00", at(14, 5), 0, 2, 0, 0}, // done before
			} {
				asked, said := len(wire.queries()), d.slack.Count("chat.postMessage")
				d.sheets.Forget()
				var document map[string]any
				if o := d.in(t, c.workflow, c.slot, c.asOf, &document); o.exit != 0 {
					t.Fatalf("exit status %d\n%s", o.exit, o.stderr)
				}
				got := [4]int{len(wire.queries()) - asked, d.sheets.Reads(), d.sheets.Writes(), d.slack.Count("chat.postMessage") - said}
				if want := [4]int{c.statements, c.reads, c.writes, c.posts}; got != want {
					t.Errorf("%s of %s: statements, reads, writes and posts are %v, want %v: %v", c.workflow, c.slot, got, want, d.methods())
				}
			}
		})
	}
}

// busyBook is a ledger with so many open rows, one that is old and one that a person resolved without a time.
func busyBook(open int) [][]string {
	row := func(id, status, resolved string) []string {
		return []string{id, "ana@example.com", "2026-02-17 02:00:00", status, "P2", "AED", "6000", "40.5", "refund_triggered", "", resolved, ""}
	}
	rows := [][]string{row("OLD", "RESOLVED", "2026-01-01 03:00:00"), row("BARE", "RESOLVED", "")}
	for i := range open {
		rows = append(rows, row(orderID(10_000+i), "OPEN", ""))
	}
	return rows
}
