package run_test

import (
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// kills are the positions at which a process can die in a call (F90).
var kills = map[string]trouble{
	"killed before it is sent": {isLost, dies},
	"killed while it is sent":  {isLate, dies},
	"killed before the answer": {arrives, dies},
	"killed after the answer":  {arrives, diesAfter},
}

// errs are what a live process can get for an answer.
var errs = map[string]trouble{
	"refused":                {isLost, refused},
	"forbidden":              {isLost, forbidden},
	"put off":                {isLost, putOff}, // F1 F2 F31
	"reset, not applied":     {isLost, doubtful},
	"reset, applied later":   {isLate, doubtful},
	"reset, applied":         {arrives, doubtful},
	"no answer, not applied": {isLost, silent},
	"no answer, applied":     {arrives, silent},
}

// cleanCalls are the calls of a run without trouble.
func cleanCalls(t *testing.T) (calls []string, agents map[string]string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		if o := w.triage(morning); o.err != nil {
			t.Fatal(o.err)
		}
		calls, agents = w.wire.made(), w.agents()
	})
	return calls, agents
}

// survive lets trouble befall the morning slot, has it started again until it
// ends well, and then runs a later slot. It gives the calls of the morning.
func survive(t *testing.T, what string, agents map[string]string, befalls func(string, int) trouble) (calls []string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.wire.trouble = befalls
		problems := w.insist(morning)
		calls = w.wire.made()
		w.wire.trouble = noTrouble
		time.Sleep(7 * time.Hour)
		problems = append(problems, w.insist(afternoon)...)
		problems = append(problems, w.check(morning, afternoon)...)
		report(t, what, problems)
		if !maps.Equal(w.agents(), agents) {
			t.Errorf("%s: the orders went to others than in a clean run: %v", what, w.agents())
		}
	})
	return calls
}

// F4 F6 F21 F32 F33 F90: whatever becomes of one call, and wherever the process
// dies, the slot ends well when it is started again.
func TestEveryCallOnce(t *testing.T) {
	t.Parallel()
	calls, agents := cleanCalls(t)
	for _, cases := range []map[string]trouble{kills, errs} {
		for name, what := range cases {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				for _, call := range calls {
					survive(t, name+" at "+call, agents, once(call, what))
				}
			})
		}
	}
}

// F90: and once more, in every call of the recovery. Of the positions the two
// that leave the world in different states; storms (TestAnyTrouble) draw the others.
func TestEveryPairOfCrashes(t *testing.T) {
	t.Parallel()
	calls, agents := cleanCalls(t)
	seconds := map[string]trouble{"killed before the answer": kills["killed before the answer"], "killed before it is sent": kills["killed before it is sent"]}
	firsts := map[string]trouble{"killed before the answer": {arrives, dies}, "killed before it is sent": {isLost, dies}, "reset, applied": {arrives, doubtful}}
	for name, what := range firsts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, call := range calls {
				recovery := survive(t, name+" at "+call, agents, once(call, what))
				for _, next := range recovery[at(recovery, call)+1:] {
					for again, second := range seconds {
						survive(t, name+" at "+call+", "+again+" at "+next, agents, both(once(call, what), once(next, second)))
					}
				}
			}
		})
	}
}

func at(calls []string, name string) int {
	for i, call := range calls {
		if call == name {
			return i
		}
	}
	return -1
}

// both is two troubles, each with its own calls.
func both(a, b func(string, int) trouble) func(string, int) trouble {
	return func(kind string, n int) trouble {
		if what := a(kind, n); what != (trouble{}) {
			return what
		}
		return b(kind, n)
	}
}

// E5: a kind of call that fails from the n-th on, for as long as a process
// lives: nothing is doubled meanwhile, and all is well once it is over.
func TestEveryKindFromThenOn(t *testing.T) {
	t.Parallel()
	calls, agents := cleanCalls(t)
	kinds := map[string]bool{"sent": true, "committed": true}
	for _, call := range calls {
		kind, _, _ := strings.Cut(call, "#")
		kinds[kind] = true
	}
	for name, what := range errs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for kind := range kinds {
				for n := range 3 {
					outage(t, name+" at "+kind, agents, always(kind, n+1, what))
				}
			}
		})
	}
}

// outage has the trouble last for the first start of the slot.
func outage(t *testing.T, what string, agents map[string]string, befalls func(string, int) trouble) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.wire.trouble = befalls
		problems := w.judge(morning, w.triage(morning))
		w.wire.trouble = noTrouble
		time.Sleep(backOff)
		problems = append(problems, w.insist(morning)...)
		report(t, what, append(problems, w.check(morning)...))
		if !maps.Equal(w.agents(), agents) {
			t.Errorf("%s: the orders went to others than in a clean run: %v", what, w.agents())
		}
	})
}
