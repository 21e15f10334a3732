package run_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
	"pi-manager/internal/run"
)

// says is the text of the messages of one run that stand in the channel itself.
func (w *world) says(id string) string {
	var b strings.Builder
	for _, m := range w.wall.all() {
		if m.tag.Run == id && m.thread == "" {
			b.WriteString(m.text)
		}
	}
	return b.String()
}

// after runs a slot that knows which one came before it.
func (w *world) after(previous, slot ecm.Slot) outcome {
	return w.start(context.Background(), run.Request{Slot: slot, Previous: previous}).wait()
}

const noRun, stillOwes = "has no triage run", "still owes messages"

// F83: who waits for a briefing that never came learns of it from the next one.
func TestSilenceIsBroken(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		before   func(*world)
		previous ecm.Slot
		want     string
	}{
		{"a new ledger has missed nothing", func(*world) {}, morning, ""},
		{"a run by hand has no slot before it", func(w *world) { w.triage("by hand") }, "", ""},
		{"the slot before was run", func(w *world) { w.triage(morning) }, morning, ""},
		{"the slot before was run by hand, under its name", func(w *world) { w.triage("by hand"); w.triage(morning) }, morning, ""},
		{"nobody ran the slot before", func(w *world) { w.triage("by hand") }, morning, noRun},
		{"only its cleanup ran", func(w *world) {
			w.ledger.Edit(func(s *ledger.Snapshot) {
				s.Runs = append(s.Runs, ecm.Run{ID: "cleanup/" + string(morning), Workflow: ecm.Cleanup, Slot: morning})
			})
		}, morning, noRun},
		{"a guardrail stopped the slot before: it has said so itself", func(w *world) {
			w.orders.Truncated = true
			w.triage(morning)
			w.orders.Truncated = false
		}, morning, ""},
		{"the slot before owes, and this one pays", func(w *world) {
			w.wire.trouble = always("post", 1, trouble{isLost, refused})
			w.triage(morning)
			w.wire = newWire(2)
			time.Sleep(time.Hour)
		}, morning, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 1)
				test.before(w)
				w.wire.late.Wait()
				time.Sleep(time.Minute)
				if o := w.after(test.previous, afternoon); o.err != nil {
					t.Fatal(o.err)
				}
				text := w.says(ecm.RunID(ecm.Triage, afternoon))
				if text == "" {
					t.Fatal("there is no briefing")
				}
				for _, line := range []string{noRun, stillOwes} {
					if got := strings.Contains(text, line); got != (line == test.want) {
						t.Errorf("it says %q: %t\n%s", line, got, text)
					}
				}
				if test.want != "" && !strings.Contains(text, string(morning)) {
					t.Errorf("it does not name the slot:\n%s", text)
				}
			})
		})
	}
}

// A slot before that cannot be delivered yet is told of.
func TestSilenceOfADebt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.wire.trouble = always("post", 1, trouble{isLost, refused})
		w.triage(morning)
		time.Sleep(time.Second) // its lease still runs, so nobody else may post for it
		w.wire = newWire(2)
		if o := w.after(morning, afternoon); o.err != nil {
			t.Fatal(o.err)
		}
		if text := w.says(ecm.RunID(ecm.Triage, afternoon)); !strings.Contains(text, stillOwes) {
			t.Errorf("the briefing does not say that the one before it is owed:\n%s", text)
		}
	})
}
