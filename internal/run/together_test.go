package run_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"pi-manager/internal/ecm"
	"pi-manager/internal/run"
)

// F22 F61 F82: two or three processes at once on one slot, up to half a second
// apart: one set of rows, one briefing, one reply an agent, and all end well.
func TestOneSlotManyProcesses(t *testing.T) {
	t.Parallel()
	for seed := range uint64(100) {
		together(t, seed, 500*time.Millisecond, morning, morning, morning)
	}
}

// F82: the same, at any moment while the first is at it.
func TestOneSlotOneAfterTheOther(t *testing.T) {
	t.Parallel()
	for seed := range uint64(60) {
		together(t, seed, 12*time.Second, morning, morning)
	}
}

// The scheduled run and one by hand at the same moment: each has its briefing, every order one row.
func TestScheduledAndByHand(t *testing.T) {
	t.Parallel()
	for seed := range uint64(60) {
		together(t, seed, time.Second, morning, "2000-01-01T07:00:00-by-hand-abcd", "2000-01-01T07:00:00-by-hand-efgh")
	}
}

// together starts a process for each slot, at random moments up to apart from the first.
func together(t *testing.T, seed uint64, apart time.Duration, slots ...ecm.Slot) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, seed)
		random := rand.New(rand.NewPCG(seed, 11))
		var started []*process
		for i, slot := range slots {
			if i > 0 {
				time.Sleep(time.Duration(random.Int64N(int64(apart))))
			}
			started = append(started, w.start(context.Background(), run.Request{Slot: slot}))
		}
		what := fmt.Sprintf("seed %d", seed)
		for i, p := range started {
			o := p.wait()
			if !o.well() {
				t.Errorf("%s: process %d: %s", what, i+1, o)
			}
			report(t, what, w.judge(slots[i], o))
		}
		report(t, what, w.check(slots...))
		if n := w.wire.count("record"); n != len(w.read().Runs) {
			t.Errorf("%s: %d records of deliveries for %d runs: more than one process delivered", what, n, len(w.read().Runs))
		}
	})
}

// E7 E8: whatever happens, in whatever order, to as many processes as there are:
// nothing is doubled, and once the trouble ends so does the work.
func TestAnyTrouble(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		s := drawStorm(r)
		var problems []string
		synctest.Test(t, func(t *testing.T) { problems = s.pass(newWorld(t, s.seed)) })
		if len(problems) > 0 {
			r.Fatal(strings.Join(problems, "\n"))
		}
	})
}

// storm is a few processes, and what befalls their calls.
type storm struct {
	seed   uint64
	starts []start
	blows  map[string]trouble
	lag    time.Duration
}

type start struct {
	slot  ecm.Slot
	after time.Duration // the one before
}

func drawStorm(r *rapid.T) storm {
	s := storm{seed: rapid.Uint64().Draw(r, "seed"), blows: map[string]trouble{}}
	slots := rapid.SampledFrom([]ecm.Slot{morning, morning, afternoon})
	for i := range rapid.IntRange(1, 4).Draw(r, "processes") {
		s.starts = append(s.starts, start{slots.Draw(r, fmt.Sprint("slot ", i)), time.Duration(rapid.IntRange(1, 90_000).Draw(r, fmt.Sprint("ms ", i))) * time.Millisecond})
	}
	all := maps.Clone(kills)
	maps.Copy(all, errs)
	kinds := rapid.SampledFrom([]string{"pending", "read", "ready", "members", "commit", "committed", "post", "sent", "record"})
	names := rapid.SampledFrom(slices.Sorted(maps.Keys(all)))
	for i := range rapid.IntRange(0, 6).Draw(r, "blows") {
		call := fmt.Sprintf("%s#%d", kinds.Draw(r, fmt.Sprint("kind ", i)), rapid.IntRange(1, 8).Draw(r, fmt.Sprint("number ", i)))
		s.blows[call] = all[names.Draw(r, fmt.Sprint("blow ", i))]
	}
	s.lag = time.Duration(rapid.IntRange(0, 2000).Draw(r, "lag")) * time.Millisecond
	return s
}

// pass lets the storm pass, and then has every slot started until it ends well.
func (s storm) pass(w *world) (problems []string) {
	w.wall.lag, w.alarms = s.lag, len(s.starts)
	w.deaf = slices.ContainsFunc(slices.Collect(maps.Keys(s.blows)), func(call string) bool {
		return strings.HasPrefix(call, "sent#") && !slices.Contains([]ending{dies, diesAfter}, s.blows[call].ending)
	})
	w.wire.trouble = func(kind string, n int) trouble { return s.blows[fmt.Sprintf("%s#%d", kind, n)] }
	var started []*process
	for _, start := range s.starts {
		time.Sleep(start.after)
		started = append(started, w.start(context.Background(), run.Request{Slot: start.slot}))
	}
	for i, p := range started {
		// Others may be at work still, so what it left behind is judged at the end.
		if o := p.wait(); o.took > run.Deadline+time.Minute {
			problems = append(problems, fmt.Sprintf("process %d took %s", i+1, o.took))
		}
	}
	w.wire.trouble = noTrouble
	time.Sleep(time.Hour)
	for _, slot := range []ecm.Slot{morning, afternoon, evening} {
		problems = append(problems, w.insist(slot)...)
	}
	return append(problems, w.check(morning, afternoon, evening)...)
}
