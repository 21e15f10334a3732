package daemon

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"pi-manager/internal/ecm"
)

// times is a schedule of these tests: what runs when, every day, in UTC.
type times map[string][]ecm.Workflow

func usual() times {
	return times{"07:00": {ecm.Cleanup, ecm.Triage}, "14:00": {ecm.Cleanup, ecm.Triage, ecm.Progress}}
}

// between lists the slots after one moment and up to another.
func (s times) between(after, upTo time.Time) (list []Due) {
	for day := after.Truncate(24 * time.Hour); !day.After(upTo); day = day.AddDate(0, 0, 1) {
		for at, workflows := range s {
			slot := ecm.Slot(day.Format(time.DateOnly) + "T" + at)
			moment, err := time.Parse(ecm.SlotLayout, string(slot))
			if err != nil {
				panic(err)
			}
			if moment.After(after) && !moment.After(upTo) {
				list = append(list, Due{slot, moment, workflows})
			}
		}
	}
	slices.SortFunc(list, func(a, b Due) int { return a.At.Compare(b.At) })
	return list
}

// on is a moment of February 2026: day, hour, minute.
func on(day, hour, minute int) time.Time {
	return time.Date(2026, 2, day, hour, minute, 0, 0, time.UTC)
}

// ran are the records of workflows that ran in a slot, a minute after its time.
func ran(day, hour int, workflows ...ecm.Workflow) []ecm.Run {
	at := on(day, hour, 0)
	return ranAt(at.Format(ecm.SlotLayout), at.Add(time.Minute), workflows...)
}

func ranAt(slot string, started time.Time, workflows ...ecm.Workflow) (list []ecm.Run) {
	for _, w := range workflows {
		list = append(list, ecm.Run{ID: ecm.RunID(w, ecm.Slot(slot)), Workflow: w, Slot: ecm.Slot(slot), Started: started, Finished: started})
	}
	return list
}

func owing(runs []ecm.Run) []ecm.Run {
	for i := range runs {
		runs[i].Messages = []ecm.Owed{{Part: "briefing"}}
	}
	return runs
}

// text writes an agenda in short.
func (a agenda) text() []string {
	list := []string{}
	for _, slot := range a.missed {
		list = append(list, fmt.Sprintf("missed %s", slot))
	}
	for _, d := range a.due {
		list = append(list, fmt.Sprintf("due %s %v", d.Slot, d.Workflows))
	}
	for _, d := range a.owed {
		list = append(list, fmt.Sprintf("owed %s %v", d.Slot, d.Workflows))
	}
	return list
}

func TestAgenda(t *testing.T) {
	t.Parallel()
	const c, tr, p = ecm.Cleanup, ecm.Triage, ecm.Progress
	yesterday := slices.Concat(ran(16, 7, c, tr), ran(16, 14, c, tr, p))
	tests := []struct {
		name       string
		records    []ecm.Run
		begun, now time.Time
		want       []string
	}{
		{"a new ledger, just begun: yesterday is none of ours", nil, on(17, 8, 0), on(17, 8, 0), nil},
		{"a new ledger, the first slot comes", nil, on(17, 6, 0), on(17, 7, 0), []string{"due 2026-02-17T07:00 [cleanup triage]"}},
		{"a new ledger that was out of reach for hours", nil, on(17, 6, 0), on(17, 9, 1), []string{"missed 2026-02-17T07:00"}},
		{"the very first slot half done, and a restart with a better configuration", ran(17, 7, c), on(17, 7, 20), on(17, 7, 20), []string{"due 2026-02-17T07:00 [triage]"}},
		{"only runs by hand so far", ranAt("2026-02-16T09:11:12-by-hand", on(16, 9, 11), tr), on(17, 8, 0), on(17, 8, 0), nil},
		{"all done", slices.Concat(yesterday, ran(17, 7, c, tr)), on(1, 0, 0), on(17, 7, 5), nil},
		{"a slot comes", slices.Concat(yesterday, ran(17, 7, c, tr)), on(1, 0, 0), on(17, 14, 0), []string{"due 2026-02-17T14:00 [cleanup triage progress]"}},
		{"half done", slices.Concat(yesterday, ran(17, 7, c)), on(17, 7, 30), on(17, 7, 30), []string{"due 2026-02-17T07:00 [triage]"}},
		{"half done, and just not too late", slices.Concat(yesterday, ran(17, 7, c)), on(17, 9, 0), on(17, 9, 0), []string{"due 2026-02-17T07:00 [triage]"}},
		{"half done, and too late", slices.Concat(yesterday, ran(17, 7, c)), on(17, 9, 0), on(17, 9, 0).Add(time.Second), []string{"missed 2026-02-17T07:00"}},
		{"one missed, one to be caught up with",
			yesterday, on(17, 15, 0), on(17, 15, 0), []string{"missed 2026-02-17T07:00", "due 2026-02-17T14:00 [cleanup triage progress]"}},
		{"told of, once", slices.Concat(yesterday, ranAt("2026-02-17T07:00", on(17, 9, 1), ecm.Missed)), on(17, 12, 0), on(17, 12, 0), nil},
		{"told of together with those before it", slices.Concat(yesterday, ranAt("2026-02-18T07:00", on(18, 12, 0), ecm.Missed)), on(18, 12, 0), on(18, 12, 1), nil},
		{"the later one was run by hand",
			slices.Concat(yesterday, ranAt("2026-02-17T14:00", on(17, 14, 30), c, tr, p)), on(17, 15, 0), on(17, 15, 0), []string{"missed 2026-02-17T07:00"}},
		{"five days away", ran(10, 7, c, tr), on(15, 8, 0), on(15, 8, 0), []string{
			"missed 2026-02-11T07:00", "missed 2026-02-12T07:00", "missed 2026-02-13T07:00", "missed 2026-02-14T07:00", "due 2026-02-15T07:00 [cleanup triage]"}},
		{"a line that is new in the schedule asks nothing of the past",
			slices.Concat(ran(14, 7, c, tr), ran(15, 7, c, tr), ran(16, 7, c, tr), ran(17, 7, c, tr)), on(17, 20, 0), on(17, 20, 0), nil},
		{"a workflow that is new in its line neither", slices.Concat(ran(15, 14, c, tr), ran(16, 14, c, tr), ran(17, 7, c, tr)), on(17, 13, 0), on(17, 13, 0), nil},
		{"older records are not kept", slices.Concat(ran(16, 14, tr, p), ran(17, 7, c, tr)), on(17, 8, 0), on(17, 8, 0), nil},
		{"an old record is kept because it owes", slices.Concat(owing(ran(3, 14, p)), yesterday, ran(17, 7, c, tr)), on(17, 8, 0), on(17, 8, 0), nil},
		{"messages are owed", slices.Concat(yesterday, ran(17, 7, c), owing(ran(17, 7, tr))), on(1, 0, 0), on(17, 8, 0), []string{"owed 2026-02-17T07:00 [triage]"}},
		{"messages are owed for long: the next run delivers", slices.Concat(yesterday, ran(17, 7, c), owing(ran(17, 7, tr))), on(1, 0, 0), on(17, 9, 1), nil},
		{"a record for later, from a clock that is early", slices.Concat(yesterday, ranAt("2026-02-17T07:00", on(17, 6, 58), c, tr)), on(1, 0, 0), on(17, 7, 0), nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			slots := usual().between(test.now.Add(-memory), test.now)
			if diff := cmp.Diff(test.want, plan(slots, test.records, test.begun, test.now).text(), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("agenda (-want +got):\n%s", diff)
			}
		})
	}
}

// past is what really happened, and the part of it that the ledger still holds.
type past struct {
	now, begun time.Time
	slots      []Due
	done       map[string]bool // by run id, all that ever ran
	told       int             // so many slots, from the oldest, were told of as missed where they were
	records    []ecm.Run       // the newest ones
}

// drawPast makes up some days: each workflow of a slot ran or not, and at some point
// the team was told of what had been missed by then.
func drawPast(t *rapid.T) past {
	p := past{now: on(20, 0, 0).Add(time.Duration(rapid.IntRange(0, 24*60).Draw(t, "now")) * time.Minute), done: map[string]bool{}}
	p.begun = p.now.Add(-time.Duration(rapid.IntRange(0, 180).Draw(t, "begun")) * time.Minute)
	p.slots = usual().between(p.now.AddDate(0, 0, -rapid.IntRange(1, 12).Draw(t, "days")), p.now)
	var all []ecm.Run
	for i, d := range p.slots {
		for _, w := range d.Workflows {
			if rapid.IntRange(0, 3).Draw(t, "ran") > 0 {
				all = append(all, ranAt(string(d.Slot), d.At.Add(time.Minute), w)...)
				p.done[ecm.RunID(w, d.Slot)] = true
			}
		}
		if tell := d.At.Add(CatchUp + time.Minute); rapid.IntRange(0, 5).Draw(t, "told") == 0 && tell.Before(p.now) {
			all = append(all, ranAt(string(d.Slot), tell, ecm.Missed)...)
			p.told = i + 1
		}
	}
	p.records = all[max(0, len(all)-rapid.IntRange(12, 60).Draw(t, "kept")):]
	return p
}

func (p past) full(d Due) bool {
	return !slices.ContainsFunc(d.Workflows, func(w ecm.Workflow) bool { return !p.done[ecm.RunID(w, d.Slot)] })
}

// knownBefore is the oracle's reason to expect something of a slot: the ledger holds
// an older run of each of its workflows at the same time of day.
func (p past) knownBefore(d Due) bool {
	for _, w := range d.Workflows {
		if !slices.ContainsFunc(p.records, func(r ecm.Run) bool {
			return r.Workflow == w && r.Slot[len("2026-02-17"):] == d.Slot[len("2026-02-17"):] && r.Slot < d.Slot
		}) {
			return false
		}
	}
	return true
}

// Whatever happened, and however much of it the ledger holds: what was done or told
// of is left alone, what is open and expected is on the agenda, by its age, and once
// the agenda is done there is none.
func TestAgendaIsWhatIsOpen(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := drawPast(t)
		a := plan(p.slots, p.records, p.begun, p.now)
		isDue := func(slot ecm.Slot) bool {
			return slices.ContainsFunc(a.due, func(d Due) bool { return d.Slot == slot })
		}
		for i, d := range p.slots {
			late := p.now.Sub(d.At) > CatchUp
			missed, due := slices.Contains(a.missed, d.Slot), isDue(d.Slot)
			switch settled := p.full(d) || i < p.told; {
			case settled && (missed || due):
				t.Errorf("%s is settled, and missed %t, due %t", d.Slot, missed, due)
			case missed && !late, due && late:
				t.Errorf("%s: missed %t, due %t, and it is %s old", d.Slot, missed, due, p.now.Sub(d.At))
			case !settled && p.knownBefore(d) && !missed && !due:
				t.Errorf("%s is open and on no agenda", d.Slot)
			}
		}
		for _, d := range a.due {
			for _, w := range d.Workflows {
				if p.done[ecm.RunID(w, d.Slot)] {
					t.Errorf("%s of %s was done", w, d.Slot)
				}
			}
		}
		after := p.records
		for _, d := range a.due {
			after = append(after, ranAt(string(d.Slot), p.now, d.Workflows...)...)
		}
		if n := len(a.missed); n > 0 {
			after = append(after, ranAt(string(a.missed[n-1]), p.now, ecm.Missed)...)
		}
		if again := plan(p.slots, after, p.begun, p.now).text(); len(again) > 0 {
			t.Errorf("after all was done: %q", again)
		}
	})
}
