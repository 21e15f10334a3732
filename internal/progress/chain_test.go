package progress_test

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pi-manager/internal/ecm"
	"pi-manager/internal/policy"
	"pi-manager/internal/progress"
)

// team is a few days of the ledger's life: a desk where orders arrive, are worked
// on, complete by themselves and come back, and the runs that look at it.
type team struct {
	now    time.Time
	policy *policy.Policy
	rows   []ecm.Assignment
	notes  []ecm.Resolution
	truth  map[string]string // order status, in the warehouse
	seen   map[string]time.Time
	last   progress.Since

	byPeople int            // closings by people since the last report
	told     map[string]int // assignment: how often a report said that it healed
}

// assignment names one assignment of an order; its copies are the same one.
func assignment(r ecm.Assignment) string { return r.OrderID + " of " + ecm.FormatTime(r.AssignedAt) }

func (w *team) tick(minutes int) { w.now = w.now.Add(time.Duration(minutes) * time.Minute) }

// of lists the places of an order's rows that are not resolved.
func (w *team) of(id string) (places []int) {
	for i, r := range w.rows {
		if r.OrderID == id && r.Status != ecm.Resolved {
			places = append(places, i)
		}
	}
	return places
}

// each lets an agent do the same to all rows of an order.
func (w *team) each(id string, change func(*ecm.Assignment)) {
	for _, i := range w.of(id) {
		change(&w.rows[i])
	}
}

// event is one thing that happens between two runs. Agents work on orders that
// are stuck; what has completed, they leave to the cleanup.
func (w *team) event(t *rapid.T) {
	w.tick(rapid.IntRange(1, 40).Draw(t, "minutes"))
	id := rapid.SampledFrom([]string{"A1", "A2", "A3", "A4", "A5", "A6"}).Draw(t, "order")
	if len(w.of(id)) == 0 {
		w.arrive(id)
		return
	}
	if w.truth[id] == "COMPLETED" {
		return
	}
	switch rapid.SampledFrom([]string{"completes", "completes", "timed", "noted", "silent", "escalated", "taken", "copied"}).Draw(t, "event") {
	case "completes":
		w.truth[id] = "COMPLETED"
	case "timed":
		w.resolve(id, w.now)
	case "noted":
		w.notes = append(w.notes, ecm.Resolution{OrderID: id, At: w.now})
		w.resolve(id, time.Time{})
	case "silent":
		w.resolve(id, time.Time{})
	case "escalated":
		w.each(id, func(r *ecm.Assignment) { r.Status = ecm.Escalated })
	case "taken":
		w.each(id, func(r *ecm.Assignment) { r.Status = ecm.InProgress })
	case "copied":
		w.rows = append(w.rows, w.rows[w.of(id)[0]])
	}
}

// arrive is a deal: a new order, or one that is stuck a day after it was closed.
func (w *team) arrive(id string) {
	for _, r := range w.rows {
		at := r.ResolvedAt
		if at.IsZero() && w.seen[id].After(r.AssignedAt) {
			at = w.seen[id]
		}
		for _, note := range w.notes {
			if note.OrderID == id && note.At.After(r.AssignedAt) && note.At.After(at) {
				at = note.At
			}
		}
		if r.OrderID == id && (at.IsZero() || w.now.Sub(at) < 24*time.Hour) {
			return
		}
	}
	w.truth[id] = "PENDING"
	w.rows = append(w.rows, with(row(id, 0), func(r *ecm.Assignment) { r.AssignedAt = w.now }))
}

func (w *team) resolve(id string, at time.Time) {
	w.byPeople++
	w.each(id, func(r *ecm.Assignment) { r.Status, r.ResolvedAt = ecm.Resolved, at })
}

func (w *team) input() progress.Input {
	in := progress.Input{AsOf: w.now, Day: w.now.Truncate(24 * time.Hour), Assignments: w.rows, Resolutions: w.notes, Seen: w.seen, Policy: w.policy}
	for i := range in.Assignments {
		in.Assignments[i].Row = i + 2
	}
	in.Statuses = answer(in)
	for id := range in.Statuses.ByID {
		in.Statuses.ByID[id] = w.truth[id]
	}
	return in
}

func (w *team) cleanup() { w.rows = progress.Apply(w.rows, progress.Clean(w.input(), false).Changes()) }

// triage notes the rows without a time that it is the first to find, where their orders are stuck still.
func (w *team) triage() {
	for _, r := range w.rows {
		if r.Status == ecm.Resolved && r.ResolvedAt.IsZero() && w.truth[r.OrderID] == "PENDING" && !w.seen[r.OrderID].After(r.AssignedAt) && len(w.of(r.OrderID)) == 0 {
			w.seen[r.OrderID] = w.now
		}
	}
}

// report makes a report and compares it with what has happened since the last one.
func (w *team) report(t *rapid.T) {
	in := w.input()
	switch rapid.IntRange(0, 6).Draw(t, "answer") {
	case 0:
		in.Statuses.ByID = nil
	case 1:
		in.Statuses.Newest = w.now.Add(-48 * time.Hour)
	}
	r := progress.Make(in, w.last)
	if r.Counts["resolved"] != w.byPeople {
		t.Fatalf("%s: %d resolved, and people closed %d since %s", w.now, r.Counts["resolved"], w.byPeople, w.last.At)
	}
	for _, h := range r.Healed {
		w.told[assignment(h.Row)]++
	}
	maybe, sure := w.healed(len(in.Statuses.ByID) > 0 && w.now.Sub(in.Statuses.Newest) < 24*time.Hour)
	for name := range maybe {
		if times := w.told[name]; times > 1 || times == 0 && sure[name] {
			t.Fatalf("%s: %s healed, and was told %d times", w.now, name, times)
		}
	}
	for name := range w.told {
		if !maybe[name] {
			t.Fatalf("%s: %s was told, and has not healed", w.now, name)
		}
	}
	maps.Copy(w.seen, r.Seen)
	w.last, w.byPeople = next(r), 0
}

// healed are the assignments that completed without an agent; sure are those that
// a report has told: the closed ones, and with a good answer the open ones too.
func (w *team) healed(good bool) (maybe, sure map[string]bool) {
	maybe, sure = map[string]bool{}, map[string]bool{}
	for _, r := range w.rows {
		closed := r.Status == ecm.Resolved && r.Notes == ecm.SelfHealed
		if closed || r.Status.Working() && w.truth[r.OrderID] == "COMPLETED" {
			maybe[assignment(r)] = true
			sure[assignment(r)] = closed || good
		}
	}
	return maybe, sure
}

// Over days of cleanups and answers, some of which fail, every order that healed is in exactly
// one report, and so is every closing by a person, in whatever way they note it.
func TestEveryClosingIsInOneReport(t *testing.T) {
	t.Parallel()
	p := rules(t, "max_close_share: 0.6", "max_close_share: 1")
	rapid.Check(t, func(t *rapid.T) {
		w := &team{now: noon(), last: progress.Since{At: noon()}, policy: p, truth: map[string]string{}, seen: map[string]time.Time{}, told: map[string]int{}}
		for day := range 5 {
			for _, hour := range []int{3, 10, 16} {
				slot := noon().Truncate(24 * time.Hour).Add(time.Duration(24*(day+1)+hour) * time.Hour)
				for range rapid.IntRange(0, 6).Draw(t, "events") {
					w.event(t)
				}
				w.now = slot
				if rapid.IntRange(0, 2).Draw(t, "cleanup") > 0 {
					w.cleanup()
				}
				w.tick(1)
				if rapid.IntRange(0, 2).Draw(t, "triage") > 0 {
					w.triage()
				}
				w.tick(1)
				if hour == 16 || hour == 10 && rapid.IntRange(0, 3).Draw(t, "report") > 0 {
					w.report(t)
				}
			}
		}
	})
}

// F49: identical rows are told apart by nothing, and each still gets its own change.
func TestApply(t *testing.T) {
	t.Parallel()
	in := input(t, row("A1", 5), row("A2", 5), row("A1", 5), row("A3", 5), row("A4", 5), row("A1", 5))
	resolve := func(i int) ecm.Change {
		c := ecm.Change{Was: in.Assignments[i], Is: healed(in.Assignments[i], 0)}
		c.Was.Row, c.Is.Row = 99, 99 // where it stood before somebody sorted the tab
		return c
	}
	changes := []ecm.Change{resolve(0), resolve(2), {Was: in.Assignments[3], Move: ecm.ToArchive}, {Was: in.Assignments[4], Move: ecm.Away},
		{Was: row("A2", 6), Is: healed(row("A2", 6), 0)}}
	for range 2 { // it changes neither what it is given
		var got []string
		for _, r := range progress.Apply(in.Assignments, changes) {
			got = append(got, fmt.Sprintf("%s %s %d", r.OrderID, r.Status, r.Row))
		}
		if diff := same([]string{"A1 RESOLVED 2", "A2 OPEN 3", "A1 RESOLVED 4", "A1 OPEN 7"}, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	if got := progress.Apply(nil, changes); len(got) != 0 {
		t.Errorf("rows out of nothing: %v", got)
	}
}

// A row that a person touched after it was read is not the row of the change any more.
func TestApplyLeavesWhatWasTouched(t *testing.T) {
	t.Parallel()
	in := twenty(t, 3)
	changes := progress.Clean(in, false).Changes()
	in.Assignments[1].Notes = "mine"
	after := progress.Apply(in.Assignments, changes)
	if len(after) != 20 || !after[0].Healed() || after[1].Status != ecm.Open || after[1].Notes != "mine" || !after[2].Healed() {
		t.Errorf("got %+v", after[:3])
	}
}
