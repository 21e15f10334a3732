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

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"pi-manager/internal/ecm"
)

// scene is a workflow in a world in which it has much to do.
type scene struct {
	workflow ecm.Workflow
	world    func(*testing.T, uint64) *world
	check    func(*world) []string // what must be true once it is done, for the morning and the afternoon slot
}

// scenes are cleanup, a cleanup that is stopped, and progress.
func scenes() map[string]scene {
	return map[string]scene{
		"cleanup":  {ecm.Cleanup, newBackWorld, checkCleaned},
		"stopped":  {ecm.Cleanup, newLateWorld, checkStopped},
		"progress": {ecm.Progress, newBackWorld, checkReported},
	}
}

// newLateWorld is newBackWorld with a warehouse whose feed is two days late (F65).
func newLateWorld(t *testing.T, seed uint64) *world {
	t.Helper()
	w := newBackWorld(t, seed)
	w.late = 48 * time.Hour
	return w
}

// checkCleaned: the orders that completed are closed once, people's words stand
// before ours, their rows have their time, and all else is as it was.
func checkCleaned(w *world) (problems []string) {
	rows, archived := w.rows()
	want := []string{
		"AE900 | dina@example.com | IN_PROGRESS |  |  | open",
		"AE901 | ben@example.com | RESOLVED |  |  | has its time",
		"C1 | asha@example.com | RESOLVED |  | called the bank; self-healed | has its time",
		"C2 | ben@example.com | RESOLVED |  | self-healed | has its time",
		"C3 | cara@example.com | RESOLVED |  | self-healed | has its time",
		"E1 | ben@example.com | ESCALATED |  |  | open",
		"O1 | asha@example.com | OPEN |  |  | open",
		"O2 | ben@example.com | OPEN |  |  | open",
		"O3 | cara@example.com | IN_PROGRESS |  |  | open",
		"O4 | cara@example.com | OPEN |  |  | open",
		"O5 | asha@example.com | OPEN |  |  | open",
		"R1 | asha@example.com | RESOLVED |  |  | has its time",
		"R2 | ben@example.com | RESOLVED | Resolved | paid by hand | has its time",
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		problems = append(problems, "rows (-want +got):\n"+diff)
	}
	return append(problems, checkOld(archived)...)
}

// checkOld: the two old rows are in the archive, each once.
func checkOld(archived []string) []string {
	want := []string{"A1 | asha@example.com | RESOLVED |  |  | has its time", "A2 | ben@example.com | RESOLVED |  |  | has its time"}
	if diff := cmp.Diff(want, archived); diff != "" {
		return []string{"archive (-want +got):\n" + diff}
	}
	return nil
}

// checkStopped: nothing was closed, each slot has its one alert, people's rows have their time.
func checkStopped(w *world) (problems []string) {
	for _, id := range completing {
		if row := w.row(id); row == nil || !row.Status.Working() || strings.Contains(row.Notes, ecm.SelfHealed) {
			problems = append(problems, fmt.Sprintf("%s is %+v", id, row))
		}
	}
	for _, slot := range []ecm.Slot{morning, afternoon} {
		if r := w.recordOf(ecm.Cleanup, slot); r == nil || r.Result != ecm.ResultStopped || len(r.Messages) != 1 || r.Messages[0].Part != "alert" {
			problems = append(problems, fmt.Sprintf("%s: record %+v", slot, r))
		}
	}
	for _, id := range []string{"R1", "R2"} {
		if row := w.row(id); row == nil || row.ResolvedAt.IsZero() {
			problems = append(problems, id+" has no time, which has nothing to do with the warehouse")
		}
	}
	_, archived := w.rows()
	return append(problems, checkOld(archived)...)
}

// The numbers of the two reports of newBackWorld, whatever happened on the way.
var (
	morningCounts = map[string]int{
		"open": 6, "in_progress": 3, "escalated": 1, "resolved": 3, "self_healed": 3, "breaches": 4, "breaching_soon": 1, "high_value_open": 1,
		"completed_open": 3, "unreadable": 1,
	}
	afternoonCounts = map[string]int{
		"open": 6, "in_progress": 3, "escalated": 1, "resolved": 0, "self_healed": 0, "breaches": 5, "breaching_soon": 1, "high_value_open": 1,
		"completed_open": 3, "unreadable": 1,
	}
)

// checkReported: both reports have their numbers and an alert, and no row has changed.
func checkReported(w *world) (problems []string) {
	for slot, want := range map[ecm.Slot]map[string]int{morning: morningCounts, afternoon: afternoonCounts} {
		r := w.recordOf(ecm.Progress, slot)
		if r == nil {
			problems = append(problems, fmt.Sprintf("%s has no record", slot))
			continue
		}
		if diff := cmp.Diff(want, r.Counts); diff != "" {
			problems = append(problems, fmt.Sprintf("%s (-want +got):\n%s", slot, diff))
		}
		kinds := map[string]int{}
		for _, owed := range r.Messages {
			kinds[owed.Kind]++
		}
		if kinds["report"] != 1 || kinds["alert"] != 1 || kinds["thread"] < 1 || r.Messages[0].Kind != "report" {
			problems = append(problems, fmt.Sprintf("%s: messages %v", slot, kinds))
		}
	}
	if n := len(w.read().Assignments); n != 15 || len(w.ledger.Archived()) != 0 {
		problems = append(problems, fmt.Sprintf("%d rows, %d in the archive: a report changes no row", n, len(w.ledger.Archived())))
	}
	return problems
}

// clean gives the calls of a morning without trouble.
func (s scene) clean(t *testing.T) (calls []string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := s.world(t, 1)
		w.watchBoard(t, "clean")
		report(t, "clean", w.insistOn(s.workflow, morning))
		calls = w.wire.made()
	})
	return calls
}

// survive lets trouble befall the morning slot, has it started again until it
// ends well, and then runs the afternoon. It gives the calls of the morning.
func (s scene) survive(t *testing.T, what string, befalls func(string, int) trouble) (calls []string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := s.world(t, 1)
		w.watchBoard(t, what)
		w.wire.trouble = befalls
		problems := w.insistOn(s.workflow, morning)
		calls = w.wire.made()
		w.wire.trouble = noTrouble
		time.Sleep(7 * time.Hour)
		problems = append(problems, w.insistOn(s.workflow, afternoon)...)
		report(t, what, slices.Concat(problems, w.checkBack(), s.check(w)))
	})
	return calls
}

// F4 F6 F21 F32 F33 F90: whatever becomes of one call of a cleanup or a report,
// and wherever the process dies, the slot ends well when it is started again:
// rows closed once, moved once, each message once.
func TestBackEveryCallOnce(t *testing.T) {
	t.Parallel()
	for title, s := range scenes() {
		calls := s.clean(t)
		for _, cases := range []map[string]trouble{kills, errs} {
			for name, what := range cases {
				t.Run(title+"/"+name, func(t *testing.T) {
					t.Parallel()
					for _, call := range calls {
						s.survive(t, name+" at "+call, once(call, what))
					}
				})
			}
		}
	}
}

// F90: and once more, in every call of the recovery.
func TestBackEveryPairOfCrashes(t *testing.T) {
	t.Parallel()
	firsts := map[string]trouble{"killed before the answer": {arrives, dies}, "killed before it is sent": {isLost, dies}, "reset, applied": {arrives, doubtful}}
	for title, s := range scenes() {
		calls := s.clean(t)
		for name, what := range firsts {
			t.Run(title+"/"+name, func(t *testing.T) {
				t.Parallel()
				for _, call := range calls {
					recovery := s.survive(t, name+" at "+call, once(call, what))
					for _, next := range recovery[at(recovery, call)+1:] {
						for _, second := range []trouble{{arrives, dies}, {isLost, dies}} {
							s.survive(t, fmt.Sprintf("%s at %s, %v at %s", name, call, second, next), both(once(call, what), once(next, second)))
						}
					}
				}
			})
		}
	}
}

// E5: a kind of call that fails from the n-th on, for as long as the first process lives.
func TestBackEveryKindFromThenOn(t *testing.T) {
	t.Parallel()
	for title, s := range scenes() {
		kinds := map[string]bool{"sent": true, "committed": true}
		for _, call := range s.clean(t) {
			kind, _, _ := strings.Cut(call, "#")
			kinds[kind] = true
		}
		for name, what := range errs {
			t.Run(title+"/"+name, func(t *testing.T) {
				t.Parallel()
				for kind := range kinds {
					for n := range 3 {
						s.outlast(t, name+" at "+kind, always(kind, n+1, what))
					}
				}
			})
		}
	}
}

func (s scene) outlast(t *testing.T, what string, befalls func(string, int) trouble) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := s.world(t, 1)
		w.wire.trouble = befalls
		problems := w.judgeOf(s.workflow, morning, w.begin(s.workflow, morning)())
		w.wire.trouble = noTrouble
		time.Sleep(backOff)
		problems = append(problems, w.insistOn(s.workflow, morning)...)
		time.Sleep(7 * time.Hour)
		problems = append(problems, w.insistOn(s.workflow, afternoon)...)
		report(t, what, slices.Concat(problems, w.checkBack(), s.check(w)))
	})
}

// F22 F61 F82: two processes at once on one slot, at any distance: one commit, each message once.
func TestBackOneSlotManyProcesses(t *testing.T) {
	t.Parallel()
	for title, s := range scenes() {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(60) {
				s.race(t, seed)
			}
		})
	}
}

func (s scene) race(t *testing.T, seed uint64) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := s.world(t, seed)
		random := rand.New(rand.NewPCG(seed, 12))
		apart := []time.Duration{500 * time.Millisecond, 12 * time.Second}[seed%2]
		what := fmt.Sprintf("seed %d", seed)
		var ends []func() outcome
		for range 3 {
			ends = append(ends, w.begin(s.workflow, morning))
			time.Sleep(time.Duration(random.Int64N(int64(apart))))
		}
		for i, end := range ends {
			o := end()
			if !o.well() {
				t.Errorf("%s: process %d: %s", what, i+1, o)
			}
			report(t, what, w.judgeOf(s.workflow, morning, o))
		}
		time.Sleep(7 * time.Hour)
		report(t, what, w.insistOn(s.workflow, afternoon))
		report(t, what, slices.Concat(w.checkBack(), s.check(w)))
	})
}

// A cleanup, a triage and a report of one slot, and a second of each, all at
// once: whoever comes second decides anew on what the first has written.
func TestBackAllWorkflowsAtOnce(t *testing.T) {
	t.Parallel()
	for seed := range uint64(80) {
		synctest.Test(t, func(t *testing.T) {
			w := newBackWorld(t, seed)
			what := fmt.Sprintf("seed %d", seed)
			w.watchBoard(t, what)
			random := rand.New(rand.NewPCG(seed, 13))
			starts := []ecm.Workflow{ecm.Cleanup, ecm.Triage, ecm.Progress, ecm.Cleanup, ecm.Triage, ecm.Progress}
			random.Shuffle(len(starts), func(i, j int) { starts[i], starts[j] = starts[j], starts[i] })
			var ends []func() outcome
			for _, workflow := range starts {
				ends = append(ends, w.begin(workflow, morning))
				time.Sleep(time.Duration(random.Int64N(int64(2 * time.Second))))
			}
			for i, end := range ends {
				if o := end(); !o.well() {
					t.Errorf("%s: %s: %s", what, starts[i], o)
				}
			}
			report(t, what, slices.Concat(w.checkBack(), w.checkDay()))
		})
	}
}

// checkDay: every order of the pending list has one row, completed ones are
// closed, people's rows are theirs, and nothing is lost.
func (w *world) checkDay() (problems []string) {
	book := w.read()
	got := map[string]int{}
	for _, row := range slices.Concat(book.Assignments, w.ledger.Archived()) {
		got[row.OrderID]++
	}
	want := map[string]int{}
	for _, id := range slices.Concat(dealt(), completing, waiting, []string{"AE901", "E1", "R1", "R2", "A1", "A2"}) {
		want[id] = 1
	}
	if diff := cmp.Diff(want, got); diff != "" {
		problems = append(problems, "rows by order (-want +got):\n"+diff)
	}
	rows, archived := w.rows()
	for _, row := range []string{
		"C1 | asha@example.com | RESOLVED |  | called the bank; self-healed | has its time",
		"C2 | ben@example.com | RESOLVED |  | self-healed | has its time",
		"C3 | cara@example.com | RESOLVED |  | self-healed | has its time",
		"E1 | ben@example.com | ESCALATED |  |  | open",
		"R2 | ben@example.com | RESOLVED | Resolved | paid by hand | has its time",
	} {
		if !slices.Contains(rows, row) {
			problems = append(problems, fmt.Sprintf("there is no row %q", row))
		}
	}
	for _, r := range book.Runs {
		if r.Workflow == ecm.Triage {
			problems = append(problems, w.checkRun(book, r)...)
		}
	}
	return append(problems, checkOld(archived)...)
}

// E7 E8: cleanups, triages and reports, whatever happens to them, in whatever
// order: nothing is doubled or lost, and once the trouble ends so does the work.
func TestBackAnyTrouble(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		s := drawDay(r)
		var problems []string
		synctest.Test(t, func(t *testing.T) { problems = s.pass(newBackWorld(t, s.seed)) })
		if len(problems) > 0 {
			r.Fatal(strings.Join(problems, "\n"))
		}
	})
}

// day is a storm over all workflows.
type day struct {
	storm
	workflows []ecm.Workflow // of the starts
}

func drawDay(r *rapid.T) day {
	s := day{storm: drawStorm(r)}
	kinds := rapid.SampledFrom([]ecm.Workflow{ecm.Cleanup, ecm.Triage, ecm.Progress})
	for i := range s.starts {
		s.workflows = append(s.workflows, kinds.Draw(r, fmt.Sprint("workflow ", i)))
	}
	all := maps.Clone(kills)
	maps.Copy(all, errs)
	names := rapid.SampledFrom(slices.Sorted(maps.Keys(all)))
	for i := range rapid.IntRange(0, 2).Draw(r, "blows to what only looks back") {
		kind := rapid.SampledFrom([]string{"statuses", "settle"}).Draw(r, fmt.Sprint("back ", i))
		s.blows[fmt.Sprintf("%s#%d", kind, rapid.IntRange(1, 4).Draw(r, fmt.Sprint("back number ", i)))] = all[names.Draw(r, fmt.Sprint("back blow ", i))]
	}
	return s
}

func (s day) pass(w *world) (problems []string) {
	w.wall.lag, w.alarms = s.lag, len(s.starts)
	w.deaf = slices.ContainsFunc(slices.Collect(maps.Keys(s.blows)), func(call string) bool {
		return strings.HasPrefix(call, "sent#") && !slices.Contains([]ending{dies, diesAfter}, s.blows[call].ending)
	})
	w.wire.trouble = func(kind string, n int) trouble { return s.blows[fmt.Sprintf("%s#%d", kind, n)] }
	var ends []func() outcome
	for i, start := range s.starts {
		time.Sleep(start.after)
		ends = append(ends, w.begin(s.workflows[i], start.slot))
	}
	for _, end := range ends {
		end()
	}
	w.wire.trouble = noTrouble
	time.Sleep(time.Hour)
	for _, slot := range []ecm.Slot{morning, afternoon, evening} {
		for _, workflow := range []ecm.Workflow{ecm.Cleanup, ecm.Triage, ecm.Progress} {
			problems = append(problems, w.insistOn(workflow, slot)...)
		}
	}
	return slices.Concat(problems, w.checkBack(), w.checkDay())
}

// F89: the process is told to stop at each call. It ends within ten seconds,
// begins nothing that others can see, and the slot ends well when it is started again.
func TestBackToldToStop(t *testing.T) {
	t.Parallel()
	for title, s := range scenes() {
		calls := s.clean(t)
		for _, position := range []string{"before", "arrived", "after"} {
			t.Run(title+"/"+position, func(t *testing.T) {
				t.Parallel()
				for _, call := range calls {
					s.stopAt(t, position, call)
				}
			})
		}
	}
}

func (s scene) stopAt(t *testing.T, position, call string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := s.world(t, 1)
		ctx, cancel := context.WithCancelCause(t.Context())
		stop := &told{cancel: cancel, call: call}
		stop.listen(w.wire, position)
		w.base = func() context.Context { return ctx }
		o := w.begin(s.workflow, morning)()
		what := position + " " + call
		if took := time.Since(stop.at); took > 10*time.Second {
			t.Errorf("%s: ended %s after it was told to", what, took)
		}
		if i := slices.IndexFunc(stop.calls, changes); i >= 0 {
			t.Errorf("%s: began %s although it was told to stop", what, stop.calls[i])
		}
		report(t, what, w.judgeOf(s.workflow, morning, o))
		w.wire, w.base = newWire(2), nil
		time.Sleep(backOff)
		report(t, what, w.insistOn(s.workflow, morning))
		time.Sleep(7 * time.Hour)
		report(t, what, w.insistOn(s.workflow, afternoon))
		report(t, what, slices.Concat(w.checkBack(), s.check(w)))
	})
}
