package main

import (
	"fmt"
	"slices"
	"testing"
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
