package run_test

import (
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"pi-manager/internal/run"
)

// A clean run makes few calls, whatever it deals, and never looks at the history.
func TestCleanRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		o := w.triage(morning)
		if o.err != nil || o.result.Status() != run.StatusOK {
			t.Fatalf("status %s, error %v", o.result.Status(), o.err)
		}
		report(t, "clean run", w.check(morning))
		want := map[string]int{"pending": 1, "read": 1, "ready": 1, "members": 1, "commit": 1, "post": 1 + len(replies), "record": 1}
		if diff := cmp.Diff(want, w.wire.counts); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(append([]string{"briefing"}, replies...), w.wall.parts()); diff != "" {
			t.Errorf("messages (-want +got):\n%s", diff)
		}
	})
}
