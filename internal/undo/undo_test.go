package undo_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"pi-manager/internal/ecm"
	"pi-manager/internal/undo"
)

const dealID = "triage/2026-02-17T07:00"

func noon() time.Time { return time.Date(2026, 2, 17, 12, 0, 0, 0, time.UTC) }

// dealt is a row as the run wrote it.
func dealt(id string) ecm.Assignment {
	return ecm.Assignment{
		OrderID: id, Agent: "asha@example.com", AssignedAt: noon(), Status: ecm.Open, Priority: ecm.P2,
		Send: ecm.Money{Amount: decimal.NewFromInt(100), Currency: "AED"}, Stuck: 13 * time.Hour, Diagnosis: "stuck_at_lulu", RunID: dealID,
	}
}

// deal is the record of a run that wrote these rows.
func deal(rows ...ecm.Assignment) ecm.Run {
	run := ecm.Run{ID: dealID, Workflow: ecm.Triage, Counts: map[string]int{"new": len(rows)}}
	for _, row := range rows {
		run.Marks = append(run.Marks, row.Mark())
	}
	return run
}

// closed is a row as a cleanup leaves it, and what the cleanup notes of it.
func closed(row ecm.Assignment) (ecm.Assignment, ecm.Changed) {
	entry := ecm.Changed{Word: string(row.Status), Note: ecm.SelfHealed, Timed: row.ResolvedAt.IsZero()}
	if row.Word != "" {
		entry.Word = row.Word
	}
	row = row.WithNote(ecm.SelfHealed)
	row.Status, row.Word = ecm.Resolved, ""
	if entry.Timed {
		row.ResolvedAt = noon()
	}
	entry.Marks = []string{row.Mark()}
	return row, entry
}

// sweep is the record of a cleanup that closed these rows; it gives the rows as it left them.
func sweep(rows ...ecm.Assignment) (ecm.Run, []ecm.Assignment) {
	run := ecm.Run{ID: "cleanup/2026-02-17T07:00", Workflow: ecm.Cleanup, Counts: map[string]int{"resolved": len(rows)}}
	var after []ecm.Assignment
	for _, row := range rows {
		is, entry := closed(row)
		after, run.Changed = append(after, is), append(run.Changed, entry)
	}
	return run, after
}

func with(row ecm.Assignment, change func(*ecm.Assignment)) ecm.Assignment {
	change(&row)
	return row
}

// apply gives the rows after a plan's changes: each change has a row of its own.
func apply(rows []ecm.Assignment, changes []ecm.Change) []ecm.Assignment {
	rest := slices.Clone(changes)
	var after []ecm.Assignment
	for _, row := range rows {
		i := slices.IndexFunc(rest, func(c ecm.Change) bool { return text(c.Was) == text(row) })
		switch {
		case i < 0:
			after = append(after, row)
			continue
		case rest[i].Move == ecm.Stay:
			after = append(after, rest[i].Is)
		}
		rest = slices.Delete(rest, i, i+1)
	}
	if len(rest) > 0 {
		after = append(after, ecm.Assignment{OrderID: fmt.Sprintf("%d changes without a row", len(rest))})
	}
	return after
}

// text is all that a row says.
func text(a ecm.Assignment) string {
	return fmt.Sprintf("%q %s %s %q by %s: %s %q resolved %s, %s %s %s %q", a.OrderID, a.Priority, a.Send, a.Agent, a.RunID, a.Status, a.Word,
		ecm.FormatTime(a.ResolvedAt), ecm.FormatTime(a.AssignedAt), a.Stuck, a.Diagnosis, a.Notes)
}

func texts(rows []ecm.Assignment) []string {
	var list []string
	for _, row := range rows {
		list = append(list, text(row))
	}
	return list
}

// Of a run's new rows those go that nobody has touched; each of the others stays, with a reason.
func TestMakeOfADeal(t *testing.T) {
	t.Parallel()
	taken := with(dealt("2"), func(a *ecm.Assignment) { a.Status = ecm.InProgress })
	foreign := with(dealt("9"), func(a *ecm.Assignment) { a.RunID = "triage/another" })
	own := with(dealt("8"), func(a *ecm.Assignment) { a.RunID = "" })
	cases := map[string]struct {
		rows, stay []ecm.Assignment
		left       []string // orders
	}{
		"untouched":                      {rows: []ecm.Assignment{dealt("1"), dealt("2")}},
		"one taken on":                   {[]ecm.Assignment{dealt("1"), taken}, []ecm.Assignment{taken}, []string{"2"}},
		"rows of others between":         {[]ecm.Assignment{foreign, dealt("2"), own, dealt("1")}, []ecm.Assignment{foreign, own}, nil},
		"a copy was pasted":              {[]ecm.Assignment{dealt("1"), dealt("1"), dealt("2")}, []ecm.Assignment{dealt("1")}, []string{"1"}},
		"a copy is all there is":         {[]ecm.Assignment{dealt("2")}, nil, nil},
		"one taken on, an old copy left": {[]ecm.Assignment{taken, dealt("2"), dealt("1")}, []ecm.Assignment{taken}, []string{"2"}},
		"nothing is there any more":      {},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := undo.Make(deal(dealt("1"), dealt("2")), c.rows)
			if diff := cmp.Diff(texts(c.stay), texts(apply(c.rows, p.Changes))); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
			var left []string
			for _, l := range p.Left {
				left = append(left, l.OrderID)
				if l.Reason == "" {
					t.Errorf("%s stays without a reason", l.OrderID)
				}
			}
			if diff := cmp.Diff(c.left, left); diff != "" {
				t.Errorf("left (-want +got):\n%s", diff)
			}
		})
	}
}

// F40 F45: one changed cell, whichever it is, makes a row a person's.
func TestEveryCellCounts(t *testing.T) {
	t.Parallel()
	cells := map[string]func(*ecm.Assignment){
		"agent":       func(a *ecm.Assignment) { a.Agent = "ben@example.com" },
		"assigned at": func(a *ecm.Assignment) { a.AssignedAt = a.AssignedAt.Add(time.Second) },
		"status":      func(a *ecm.Assignment) { a.Status = ecm.Escalated },
		"status word": func(a *ecm.Assignment) { a.Word = "open" },
		"priority":    func(a *ecm.Assignment) { a.Priority = ecm.P1 },
		"amount":      func(a *ecm.Assignment) { a.Send.Amount = decimal.RequireFromString("100.01") },
		"currency":    func(a *ecm.Assignment) { a.Send.Currency = "GBP" },
		"hours":       func(a *ecm.Assignment) { a.Stuck += 6 * time.Minute },
		"diagnosis":   func(a *ecm.Assignment) { a.Diagnosis = "other" },
		"notes":       func(a *ecm.Assignment) { a.Notes = " " },
		"resolved at": func(a *ecm.Assignment) { a.ResolvedAt = noon() },
		"order id":    func(a *ecm.Assignment) { a.OrderID += "0" },
	}
	for name, change := range cells {
		edited := with(dealt("1"), change)
		if p := undo.Make(deal(dealt("1")), []ecm.Assignment{edited}); len(p.Changes) != 0 || len(p.Left) != 1 {
			t.Errorf("%s: a new row would go: %+v", name, p.Changes)
		}
		run, after := sweep(dealt("1"))
		before := after[0]
		change(&after[0])
		if after[0].Mark() == before.Mark() {
			continue // a cleanup has written the same into that cell
		}
		if p := undo.Make(run, after); len(p.Changes) != 0 || len(p.Left) != 1 {
			t.Errorf("%s: a closed row would change: %+v", name, p.Changes)
		}
	}
	moved := with(dealt("1"), func(a *ecm.Assignment) { a.Row = 77 })
	if p := undo.Make(deal(dealt("1")), []ecm.Assignment{moved}); len(p.Changes) != 1 {
		t.Error("a row that only moved stays")
	}
}

// A closed row gets back what stood in it, letter for letter.
func TestMakeOfACleanup(t *testing.T) {
	t.Parallel()
	rows := []ecm.Assignment{
		dealt("plain"),
		with(dealt("note"), func(a *ecm.Assignment) { a.Notes = "called; no answer" }),
		with(dealt("like ours"), func(a *ecm.Assignment) { a.Notes = ecm.SelfHealed }),
		with(dealt("ours twice"), func(a *ecm.Assignment) { a.Notes = "x; self-healed" }),
		with(dealt("word"), func(a *ecm.Assignment) { a.Status, a.Word = ecm.InProgress, " in progress " }),
		with(dealt("timed"), func(a *ecm.Assignment) { a.ResolvedAt = noon().Add(-72 * time.Hour) }),
	}
	run, after := sweep(rows...)
	p := undo.Make(run, after)
	if diff := cmp.Diff(texts(rows), texts(apply(after, p.Changes))); diff != "" || len(p.Left) != 0 {
		t.Errorf("left %v, rows (-before +after):\n%s", p.Left, diff)
	}
}

// A row that a person resolved, and whose time a cleanup noted, has no time again.
func TestMakeOfATimedRow(t *testing.T) {
	t.Parallel()
	was := with(dealt("1"), func(a *ecm.Assignment) { a.Status, a.Word = ecm.Resolved, "Resolved" })
	is := with(was, func(a *ecm.Assignment) { a.ResolvedAt = noon() })
	run := ecm.Run{ID: "cleanup/x", Workflow: ecm.Cleanup, Counts: map[string]int{"timed": 1}, Changed: []ecm.Changed{{Timed: true, Marks: []string{is.Mark()}}}}
	p := undo.Make(run, []ecm.Assignment{is})
	if diff := cmp.Diff([]string{text(was)}, texts(apply([]ecm.Assignment{is}, p.Changes))); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

// An order that was dealt again has somebody who works on it: its closed row stays closed.
func TestNoSecondRowAtWork(t *testing.T) {
	t.Parallel()
	run, after := sweep(dealt("1"))
	anew := with(dealt("1"), func(a *ecm.Assignment) { a.Agent = "ben@example.com" })
	for name, rows := range map[string][]ecm.Assignment{"behind": {after[0], anew}, "before": {anew, after[0]}} {
		p := undo.Make(run, rows)
		if len(p.Changes) != 0 || len(p.Left) != 1 || p.Left[0].OrderID != "1" {
			t.Errorf("%s: changes %+v, left %+v", name, p.Changes, p.Left)
		}
	}
	twice, both := sweep(dealt("1"), with(dealt("1"), func(a *ecm.Assignment) { a.Notes = "a copy" }))
	if p := undo.Make(twice, both); len(p.Changes) != 1 || len(p.Left) != 1 {
		t.Errorf("two rows of one order: changes %+v, left %+v, want one of each", p.Changes, p.Left)
	}
}

// A record that is damaged moves no row; a run that wrote nothing has nothing to take back.
func TestUndoable(t *testing.T) {
	t.Parallel()
	sound, rows := deal(dealt("1"), dealt("2")), []ecm.Assignment{dealt("1"), dealt("2")}
	swept, closedRows := sweep(dealt("3"))
	change := func(r ecm.Run, do func(*ecm.Run)) ecm.Run {
		do(&r)
		return r
	}
	cases := map[string]struct {
		run  ecm.Run
		why  string // part of the reason; empty where it can be taken back
		rows []ecm.Assignment
	}{
		"a deal":                 {sound, "", rows},
		"a cleanup":              {swept, "", closedRows},
		"a deal of nothing":      {ecm.Run{ID: dealID, Workflow: ecm.Triage}, "", nil},
		"a stopped cleanup":      {ecm.Run{ID: "c", Workflow: ecm.Cleanup, Counts: map[string]int{"resolved": 0, "skipped": 4}}, "", nil},
		"no marks":               {change(sound, func(r *ecm.Run) { r.Marks = nil }), "does not say", rows},
		"a mark is missing":      {change(sound, func(r *ecm.Run) { r.Marks = r.Marks[:1] }), "does not say", rows},
		"no changes":             {change(swept, func(r *ecm.Run) { r.Changed = nil }), "does not say", closedRows},
		"only noted times, lost": {ecm.Run{ID: "c", Workflow: ecm.Cleanup, Counts: map[string]int{"timed": 2}}, "does not say", nil},
		"an archive":             {ecm.Run{ID: "a", Workflow: ecm.Archive}, "from the archive", nil},
		"an undo":                {ecm.Run{ID: "u", Workflow: ecm.Undo}, "cannot be undone", nil},
		"a report":               {ecm.Run{ID: "p", Workflow: ecm.Progress}, "wrote no row", nil},
		"a delivery":             {ecm.Run{ID: "d", Workflow: ecm.Deliver}, "wrote no row", nil},
		"an unknown workflow":    {ecm.Run{ID: "?", Workflow: "?"}, "wrote no row", nil},
	}
	for name, c := range cases {
		why := undo.Undoable(c.run)
		if (why == "") != (c.why == "") || !strings.Contains(why, c.why) {
			t.Errorf("%s: %q, want %q", name, why, c.why)
		}
		if p := undo.Make(c.run, c.rows); len(p.Changes) != 0 && c.why != "" || c.why == "" && len(p.Changes) != len(c.rows) {
			t.Errorf("%s: %d changes", name, len(p.Changes))
		}
	}
}

// A record whose parts do not fit its rows changes none of them.
func TestEntryThatDoesNotFit(t *testing.T) {
	t.Parallel()
	_, after := sweep(with(dealt("1"), func(a *ecm.Assignment) { a.Notes = "called" }))
	for name, entry := range map[string]ecm.Changed{
		"another note":     {Word: "OPEN", Note: "healed", Marks: []string{after[0].Mark()}},
		"no such status":   {Word: "done?", Note: ecm.SelfHealed, Marks: []string{after[0].Mark()}},
		"no such row":      {Word: "OPEN", Note: ecm.SelfHealed, Marks: []string{"000000000000"}},
		"a mark of itself": {Word: "OPEN", Note: ecm.SelfHealed, Marks: []string{""}},
	} {
		run := ecm.Run{ID: "c", Workflow: ecm.Cleanup, Counts: map[string]int{"resolved": 1}, Changed: []ecm.Changed{entry}}
		if p := undo.Make(run, after); len(p.Changes) != 0 || len(p.Left) != 1 || p.Left[0].Reason == "" {
			t.Errorf("%s: changes %+v, left %+v", name, p.Changes, p.Left)
		}
	}
}

// Whatever rows there are, in whatever order: every change is for a row of its
// own that is as the run wrote it, no row is changed and left, nothing of others
// is touched, and no order gets a second row at work.
func TestMakeAtRandom(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		ids := rapid.SampledFrom([]string{"1", "2", "3", "1E5", "0012"})
		var own []ecm.Assignment
		for i := range rapid.IntRange(0, 6).Draw(r, "rows") {
			own = append(own, with(dealt(ids.Draw(r, fmt.Sprint("id ", i))), func(a *ecm.Assignment) {
				a.Notes = rapid.SampledFrom([]string{"", "x", ecm.SelfHealed, "x; self-healed"}).Draw(r, fmt.Sprint("notes ", i))
				a.Word = rapid.SampledFrom([]string{"", "open", " Open"}).Draw(r, fmt.Sprint("word ", i))
			}))
		}
		run, rows := deal(own...), own
		before := map[string]int{}
		if rapid.Bool().Draw(r, "cleanup") {
			run, rows = sweep(own...)
		}
		for i, row := range rows {
			before[text(row)+" <- "+text(own[i])]++
		}
		now := rapid.Permutation(rows).Draw(r, "order")
		for i := range rapid.IntRange(0, 4).Draw(r, "edits") {
			if len(now) > 0 {
				now = edit(r, i, now)
			}
		}
		check(r, undo.Make(run, now), now, before)
	})
}

func edit(r *rapid.T, i int, rows []ecm.Assignment) []ecm.Assignment {
	rows = slices.Clone(rows)
	at := rapid.IntRange(0, len(rows)-1).Draw(r, fmt.Sprint("at ", i))
	switch rapid.IntRange(0, 4).Draw(r, fmt.Sprint("edit ", i)) {
	case 0:
		rows[at].Notes += "!"
	case 1:
		rows[at].Status, rows[at].Word = ecm.InProgress, ""
	case 2:
		rows = append(rows, rows[at])
	case 3:
		rows = slices.Delete(rows, at, at+1)
	default:
		rows = append(rows, with(rows[at], func(a *ecm.Assignment) { a.RunID, a.Agent = "", "cara@example.com" }))
	}
	return rows
}

// check holds a plan to that. before says how often the run turned which row into which.
func check(r *rapid.T, p *undo.Plan, now []ecm.Assignment, before map[string]int) {
	there := map[string]int{}
	working := map[string]int{}
	for _, row := range now {
		there[text(row)]++
		if row.Status != ecm.Resolved {
			working[row.OrderID]++
		}
	}
	for _, c := range p.Changes {
		there[text(c.Was)]--
		if there[text(c.Was)] < 0 {
			r.Fatalf("a change of a row that is not there: %s", text(c.Was))
		}
		pair := text(c.Was) + " <- " + text(c.Is)
		if c.Move == ecm.Away {
			pair = text(c.Was) + " <- " + text(c.Was)
		}
		before[pair]--
		if before[pair] < 0 {
			r.Fatalf("the run did not write %s so, or not so often", pair)
		}
		if c.Move == ecm.Stay && c.Is.Status != ecm.Resolved {
			if working[c.Is.OrderID] > 0 {
				r.Fatalf("%s gets a second row at work", c.Is.OrderID)
			}
			working[c.Is.OrderID]++
		}
	}
	for _, l := range p.Left {
		if l.Reason == "" {
			r.Fatalf("%+v has no reason", l)
		}
	}
}

// The database lets an order have one row that is not resolved, readable or not.
func TestReservedOrdersStayClosed(t *testing.T) {
	t.Parallel()
	was := ecm.Assignment{OrderID: "A1", Agent: "asha@example.com", Status: ecm.Open, Priority: ecm.P2}
	closed := was.WithNote(ecm.SelfHealed)
	closed.Status = ecm.Resolved
	run := ecm.Run{ID: "cleanup/x", Workflow: ecm.Cleanup, Counts: map[string]int{"resolved": 1}, Changed: []ecm.Changed{{Word: "OPEN", Note: ecm.SelfHealed, Marks: []string{closed.Mark()}}}}
	if p := undo.Make(run, []ecm.Assignment{closed}); len(p.Changes) != 1 || len(p.Left) != 0 {
		t.Fatalf("without another row: %d changes, left %v", len(p.Changes), p.Left)
	}
	if p := undo.Make(run, []ecm.Assignment{closed}, "A1"); len(p.Changes) != 0 || len(p.Left) != 1 || p.Left[0].OrderID != "A1" {
		t.Errorf("beside a row that cannot be read: %d changes, left %v", len(p.Changes), p.Left)
	}
}
