package run_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pi-manager/internal/ecm"
	"pi-manager/internal/run"
)

// open gives those of the slots that no record of missed slots covers.
func open(slots ...ecm.Slot) func([]ecm.Run) []ecm.Slot {
	return func(records []ecm.Run) []ecm.Slot {
		return slices.DeleteFunc(slices.Clone(slots), func(s ecm.Slot) bool {
			return slices.ContainsFunc(records, func(r ecm.Run) bool {
				return r.Workflow == ecm.Missed && r.Slot >= s || r.ID == ecm.RunID(ecm.Triage, s)
			})
		})
	}
}

// missed starts a process that tells of missed slots.
func (w *world) missed(slots ...ecm.Slot) (told int, err error) {
	p := &process{world: w, done: make(chan struct{}), outcome: outcome{killed: true}}
	go func() {
		defer close(p.done)
		told, err = w.manager(p).Missed(context.Background(), run.Request{AsOf: time.Now().UTC()}, open(slots...))
	}()
	<-p.done
	return told, err
}

// F83: missed slots are told of once, in one message, whatever happens on the way.
func TestMissedIsToldOnce(t *testing.T) {
	t.Parallel()
	for _, trouble := range []struct {
		name string
		what func(string, int) trouble
	}{
		{"clean", noTrouble},
		{"killed before the commit", once("commit#1", trouble{isLost, dies})},
		{"killed after the commit", once("commit#1", trouble{arrives, dies})},
		{"the commit's answer is lost", once("commit#1", trouble{arrives, doubtful})},
		{"killed after the post", once("post#1", trouble{arrives, dies})},
		{"killed before the note", once("record#1", trouble{isLost, dies})},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, 1)
			w.wire.trouble = trouble.what
			total := 0
			for range 3 {
				told, _ := w.missed(morning, afternoon) // killed or not: the world is what counts
				total += told
				time.Sleep(time.Hour)
			}
			report(t, trouble.name, w.insist(evening)) // who finds a debt pays it
			if parts := w.wall.parts(); !slices.Equal(parts[:1], []string{"alert"}) || slices.Contains(parts[1:], "alert") {
				t.Errorf("%s: told %q", trouble.name, parts)
			}
			text := w.says(ecm.RunID(ecm.Missed, afternoon))
			if !strings.Contains(text, "2 slots") || !strings.Contains(text, "2000-01-01 07:00, 2000-01-01 14:00") {
				t.Errorf("%s: it says\n%s", trouble.name, text)
			}
			r := w.recordOf(ecm.Missed, afternoon)
			if r == nil || r.Owes() || r.Counts["missed"] != 2 || total > 2 {
				t.Errorf("%s: record %+v, told of %d", trouble.name, r, total)
			}
		})
	}
}

// Two daemons that see different slots at the same moment tell of each slot once.
func TestMissedByTwoAtOnce(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, seed)
			var both sync.WaitGroup
			both.Go(func() { _, _ = w.missed(morning) })
			both.Go(func() { _, _ = w.missed(morning, afternoon) })
			both.Wait()
			time.Sleep(time.Hour)
			_, _ = w.missed(morning, afternoon)
			text := w.says(ecm.RunID(ecm.Missed, morning)) + w.says(ecm.RunID(ecm.Missed, afternoon))
			for _, slot := range []string{"2000-01-01 07:00", "2000-01-01 14:00"} {
				if n := strings.Count(text, slot); n != 1 {
					t.Errorf("seed %d: %s was told of %d times:\n%s", seed, slot, n, text)
				}
			}
		})
	}
}

// A slot that somebody runs at the last moment is not told of.
func TestMissedButRunMeanwhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		ran := false
		w.wire.before = func(name string, _ *process) {
			if name == "commit#1" && !ran {
				ran = true
				w.wire.mu.Lock()
				w.wire.counts["commit"] = 10 // the next one has another name
				w.wire.mu.Unlock()
				report(t, "by hand", w.insist(morning))
			}
		}
		if told, err := w.missed(morning); told != 0 || err != nil {
			t.Errorf("told of %d, error %v", told, err)
		}
		if text := w.says(ecm.RunID(ecm.Missed, morning)); text != "" {
			t.Errorf("it was told of:\n%s", text)
		}
	})
}
