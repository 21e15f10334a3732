package ledgertest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/shopspring/decimal"

	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
)

// later is when the suite's rows are closed.
func later() time.Time { return Noon().Add(3 * time.Hour) }

// closing is what a cleanup does to a row.
func closing(row ecm.Assignment) ecm.Change {
	is := row.WithNote(ecm.SelfHealed)
	is.Status, is.Word = ecm.Resolved, ""
	if is.ResolvedAt.IsZero() {
		is.ResolvedAt = later()
	}
	return ecm.Change{Was: row, Is: is}
}

// changing is a commit of changes, decided on a snapshot.
func changing(s ledger.Snapshot, slot string, changes ...ecm.Change) ledger.Commit {
	c := Commit(s.Generation, slot)
	c.Changes = changes
	return c
}

// begun is a ledger with these rows in it, and how it reads.
func begun(t *testing.T, w World, rows ...ecm.Assignment) (ledger.Ledger, ledger.Snapshot) {
	t.Helper()
	l := w.Open(t)
	read(t, l)
	commit(t, l, Commit(0, "begun", rows...))
	return l, read(t, l)
}

func rowOf(t *testing.T, s ledger.Snapshot, orderID string) ecm.Assignment {
	t.Helper()
	i := slices.IndexFunc(s.Assignments, func(a ecm.Assignment) bool { return a.OrderID == orderID })
	if i < 0 {
		t.Fatalf("no readable row of %s in %+v", orderID, s)
	}
	return s.Assignments[i]
}

// sameSet compares rows whatever their order: a row that came back may stand elsewhere.
func sameSet(t *testing.T, what string, got, want []ecm.Assignment) {
	t.Helper()
	if difference := setDifference(got, want); difference != "" {
		t.Errorf("%s (-want +got):\n%s", what, difference)
	}
}

func setDifference(got, want []ecm.Assignment) string {
	return cmp.Diff(byMark(want), byMark(got), cmpopts.IgnoreFields(ecm.Assignment{}, "Row"), cmpopts.EquateEmpty())
}

func byMark(rows []ecm.Assignment) []ecm.Assignment {
	return slices.SortedFunc(slices.Values(rows), func(a, b ecm.Assignment) int {
		return strings.Compare(a.OrderID+a.Mark(), b.OrderID+b.Mark())
	})
}

func changed(t *testing.T, w World) {
	l, s := begun(t, w, Row("A1", "ana@example.com"), Row("A2", "bo@example.com"), Row("A3", "bo@example.com"))
	first, last := closing(rowOf(t, s, "A1")), rowOf(t, s, "A3")
	noted := ecm.Change{Was: last, Is: last.WithNote("asked the partner")}
	noted.Is.Status = ecm.Escalated
	c := changing(s, "changes", first, noted)
	commit(t, l, c)
	after := read(t, w.Open(t))
	sameSet(t, "rows", after.Assignments, []ecm.Assignment{first.Is, rowOf(t, s, "A2"), noted.Is})
	if diff := cmp.Diff(c.Run, after.Runs[len(after.Runs)-1], cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("the run's record (-want +got):\n%s", diff)
	}
	if after.Generation <= s.Generation || after.Unsettled {
		t.Errorf("generation %d after %d, unsettled %v", after.Generation, s.Generation, after.Unsettled)
	}
}

// touched covers F43, F44: whatever a person wrote since the row was read wins,
// and what was meant for the row is not done, whichever change it was.
func touched(t *testing.T, w World) {
	hands := []struct{ header, text string }{
		{"Status", "ESCALATED"},
		{"Status", "open"}, // the same status, and still a person's cell
		{"Notes", "I am on it"},
		{"Assigned Agent", "bo@example.com"},
		{"Resolved At", "2026-02-17 12:34:56"},
		{"Order ID", "moved"},
	}
	var rows []ecm.Assignment
	moves := map[string]ecm.Move{}
	name := func(move ecm.Move, hand int) string { return fmt.Sprintf("move %d, hand %d", move, hand) }
	for move := ecm.Stay; move <= ecm.Away; move++ {
		for hand := range len(hands) + 1 { // nobody touches the last one
			moves[name(move, hand)] = move
			rows = append(rows, Row(name(move, hand), "ana@example.com"))
		}
	}
	l, s := begun(t, w, rows...)

	var changes []ecm.Change
	for _, row := range s.Assignments {
		change := closing(row)
		change.Move = moves[row.OrderID]
		changes = append(changes, change)
	}
	want := []ecm.Assignment{closing(rowOf(t, s, name(ecm.Stay, len(hands)))).Is}
	for move := ecm.Stay; move <= ecm.Away; move++ {
		for i, hand := range hands {
			row := rowOf(t, s, name(move, i))
			if hand.header == "Order ID" {
				hand.text += row.OrderID
			}
			w.Type(t, row.OrderID, hand.header, hand.text)
			typed(t, &row, hand.header, hand.text)
			want = append(want, row)
		}
	}
	commit(t, l, changing(s, "late", changes...))
	sameSet(t, "rows", read(t, w.Open(t)).Assignments, want)
	sameSet(t, "archive", w.Archived(t), []ecm.Assignment{rowOf(t, s, name(ecm.ToArchive, len(hands)))})
}

func peoplesNote(t *testing.T, w World) {
	const note = "called  the bank: „später“; see \"AE2\",\nthen é 日本 "
	l, _ := begun(t, w, Row("A1", "ana@example.com"), Row("A2", "ana@example.com"))
	w.Type(t, "A1", "Notes", note)
	s := read(t, l)
	commit(t, l, changing(s, "closes", closing(rowOf(t, s, "A1")), closing(rowOf(t, s, "A2"))))
	s = read(t, w.Open(t))
	for id, want := range map[string]string{"A1": note + "; " + ecm.SelfHealed, "A2": ecm.SelfHealed} {
		if row := rowOf(t, s, id); row.Notes != want || !row.Healed() {
			t.Errorf("the notes of %s are %q, want %q", id, row.Notes, want)
		}
	}
}

// peoplesTime: Resolved At is written where it is blank, and nowhere else.
func peoplesTime(t *testing.T, w World) {
	l, _ := begun(t, w, Row("A1", "ana@example.com"), Row("A2", "ana@example.com"))
	w.Type(t, "A1", "Resolved At", "2026-02-17 12:34:56")
	s := read(t, l)
	commit(t, l, changing(s, "closes", closing(rowOf(t, s, "A1")), closing(rowOf(t, s, "A2"))))
	s = read(t, w.Open(t))
	for id, want := range map[string]string{"A1": "2026-02-17 12:34:56", "A2": ecm.FormatTime(later())} {
		if row := rowOf(t, s, id); row.Status != ecm.Resolved || ecm.FormatTime(row.ResolvedAt) != want {
			t.Errorf("%s is %s since %v, want RESOLVED since %s", id, row.Status, row.ResolvedAt, want)
		}
	}
}

// undone is what an undo relies on: words, notes, blank times and new rows.
func undone(t *testing.T, w World) {
	l, _ := begun(t, w, Row("A1", "ana@example.com"), Row("A2", "ana@example.com"), Row("A3", "ana@example.com"))
	w.Type(t, "A2", "Status", " in progress ")
	w.Type(t, "A2", "Notes", "mine; self-healed?")
	before := read(t, l)

	c := changing(before, "does", closing(rowOf(t, before, "A1")), closing(rowOf(t, before, "A2")))
	c.Rows = []ecm.Assignment{Row("A4", "bo@example.com"), Row("A1", "bo@example.com")}
	commit(t, l, c)
	done := read(t, l)
	sameSet(t, "rows once done", done.Assignments, append([]ecm.Assignment{c.Changes[0].Is, c.Changes[1].Is, rowOf(t, before, "A3")}, c.Rows...))

	var opposite []ecm.Change
	for _, row := range done.Assignments {
		switch {
		case row.Agent == "bo@example.com":
			opposite = append(opposite, ecm.Change{Was: row, Move: ecm.Away})
		case row.Status == ecm.Resolved:
			opposite = append(opposite, ecm.Change{Was: row, Is: rowOf(t, before, row.OrderID)})
		}
	}
	commit(t, w.Open(t), changing(done, "undoes", opposite...))
	sameSet(t, "rows of before", read(t, l).Assignments, before.Assignments)
	sameSet(t, "archive", w.Archived(t), nil)
}

func archived(t *testing.T, w World) {
	full := Row("A1", "ana@example.com")
	full.Status, full.Notes, full.ResolvedAt = ecm.Resolved, "done;\n é 日本", later()
	other := Row("A2", "ana@example.com")
	other.Status = ecm.Resolved
	l, _ := begun(t, w, full, other, Row("A3", "ana@example.com"))
	w.Type(t, "A2", "Status", "resolved ")
	for i, id := range []string{"A1", "A2"} { // the archive grows
		s := read(t, l)
		commit(t, l, changing(s, fmt.Sprint("archives ", i), ecm.Change{Was: rowOf(t, s, id), Move: ecm.ToArchive}))
	}
	other.Word = "resolved "
	full.RunID, other.RunID = ecm.RunID(ecm.Triage, "begun"), ecm.RunID(ecm.Triage, "begun")
	s := read(t, w.Open(t))
	if len(s.Assignments) != 1 || s.Assignments[0].OrderID != "A3" || len(s.Unreadable) != 0 {
		t.Errorf("%+v, unreadable %+v; want A3 alone", s.Assignments, s.Unreadable)
	}
	sameSet(t, "archive", w.Archived(t), []ecm.Assignment{full, other})
}

func away(t *testing.T, w World) {
	l, s := begun(t, w, Row("A1", "ana@example.com"), Row("A2", "ana@example.com"), Row("A3", "ana@example.com"))
	commit(t, l, changing(s, "takes out", ecm.Change{Was: rowOf(t, s, "A2"), Move: ecm.Away}))
	s = read(t, w.Open(t))
	if len(s.Assignments) != 2 || rowOf(t, s, "A1").Agent == "" || rowOf(t, s, "A3").Agent == "" {
		t.Errorf("%+v, want A1 and A3", s.Assignments)
	}
	sameSet(t, "archive", w.Archived(t), nil)
	commit(t, l, Commit(s.Generation, "gives out again", Row("A2", "bo@example.com")))
	if row := rowOf(t, read(t, l), "A2"); row.Agent != "bo@example.com" {
		t.Errorf("%+v, want a row of bo", row)
	}
}

func copies(t *testing.T, w World) {
	row := Row("A1", "ana@example.com")
	row.Status = ecm.Resolved
	l, s := begun(t, w, row, row, row)
	commit(t, l, changing(s, "one", ecm.Change{Was: s.Assignments[1], Move: ecm.Away}))
	s = read(t, l)
	if len(s.Assignments) != 2 {
		t.Fatalf("%d rows after one of three was taken out, want 2", len(s.Assignments))
	}
	noted := closing(s.Assignments[0])
	commit(t, l, changing(s, "both", noted, ecm.Change{Was: s.Assignments[1], Move: ecm.ToArchive}))
	sameSet(t, "rows", read(t, l).Assignments, []ecm.Assignment{noted.Is})
	sameSet(t, "archive", w.Archived(t), []ecm.Assignment{noted.Was})
}

func dealtAgain(t *testing.T, w World) {
	l, s := begun(t, w, Row("A1", "ana@example.com"), Row("A2", "ana@example.com"))
	c := changing(s, "again", closing(rowOf(t, s, "A1")), ecm.Change{Was: rowOf(t, s, "A2"), Move: ecm.ToArchive})
	c.Rows = []ecm.Assignment{Row("A1", "bo@example.com"), Row("A2", "bo@example.com")}
	commit(t, l, c)
	sameSet(t, "rows", read(t, w.Open(t)).Assignments, append([]ecm.Assignment{c.Changes[0].Is}, c.Rows...))
}

// changePlaces: of two rows of an order the closed one opens and the open one closes, whichever is named first.
func changePlaces(t *testing.T, w World) {
	old, young := Row("A1", "ana@example.com"), Row("A1", "bo@example.com")
	old.Status = ecm.Resolved
	l, s := begun(t, w, old, young)
	opening := ecm.Change{Was: s.Assignments[0], Is: s.Assignments[0]}
	opening.Is.Status = ecm.Open
	c := changing(s, "changes places", opening, closing(s.Assignments[1]))
	commit(t, l, c)
	sameSet(t, "rows", read(t, w.Open(t)).Assignments, []ecm.Assignment{c.Changes[0].Is, c.Changes[1].Is})
}

// changeLoses covers F61 for rows that stand there already.
func changeLoses(t *testing.T, w World) {
	first, s := begun(t, w, Row("A1", "ana@example.com"), Row("A2", "ana@example.com"))
	second := w.Open(t)
	read(t, second)
	won := closing(rowOf(t, s, "A1"))
	commit(t, first, changing(s, "first", won))
	err := second.Commit(t.Context(), changing(s, "second", closing(rowOf(t, s, "A2"))))
	if !errors.Is(err, ledger.ErrConflict) {
		t.Fatalf("%v, want ErrConflict", err)
	}
	sameSet(t, "rows", read(t, second).Assignments, []ecm.Assignment{won.Is, rowOf(t, s, "A2")})
}

// contradictions are our own faults: no ledger may do a part of them.
func contradictions(t *testing.T, w World) {
	l, before := begun(t, w, Row("A1", "ana@example.com"), Row("A2", "ana@example.com"))
	row := rowOf(t, before, "A1")
	agent, order, status := closing(row), closing(row), closing(row)
	agent.Is.Agent, order.Is.OrderID, status.Is.Status = "bo@example.com", "A3", "DONE"
	sound := closing(rowOf(t, before, "A2"))
	for name, c := range map[string]ledger.Commit{
		"another agent":  changing(before, "agent", sound, agent),
		"another order":  changing(before, "order", sound, order),
		"unknown status": changing(before, "status", sound, status),
		"a row twice":    changing(before, "twice", sound, sound),
	} {
		err := l.Commit(t.Context(), c)
		if ecm.ClassOf(err) != ecm.Permanent || errors.Is(err, ledger.ErrConflict) {
			t.Errorf("%s: %v, want a permanent failure", name, err)
		}
	}
	if diff := cmp.Diff(before, read(t, l)); diff != "" {
		t.Errorf("a refused commit left something (-before +after):\n%s", diff)
	}
}

// lostChanges covers F32 for rows that stand there already: another process goes on from there.
func lostChanges(t *testing.T, w World) {
	l, s := begun(t, w, Row("A1", "ana@example.com"), Row("A2", "ana@example.com"))
	c := changing(s, "doubt", closing(rowOf(t, s, "A1")), ecm.Change{Was: rowOf(t, s, "A2"), Move: ecm.ToArchive})
	if w.LoseAnswer == nil {
		commit(t, l, c)
	} else {
		w.LoseAnswer(t)
		if err := l.Commit(t.Context(), c); ecm.ClassOf(err) != ecm.Ambiguous || errors.Is(err, ledger.ErrConflict) {
			t.Fatalf("a lost answer: %v, want an ambiguous failure", err)
		}
	}
	other := w.Open(t)
	if hash, err := other.Committed(t.Context(), s.Generation+1); err != nil || hash != c.Run.Hash {
		t.Errorf("%q, %v; want the hash of the commit", hash, err)
	}
	settle(t, other)
	after := read(t, other)
	if after.Unsettled {
		t.Error("it is still unsettled")
	}
	sameSet(t, "rows", after.Assignments, []ecm.Assignment{c.Changes[0].Is})
	sameSet(t, "archive", w.Archived(t), []ecm.Assignment{rowOf(t, s, "A2")})
}

func settle(t *testing.T, l ledger.Ledger) {
	t.Helper()
	if err := l.Settle(t.Context()); err != nil {
		t.Fatalf("settle: %v", err)
	}
}

func settled(t *testing.T, w World) {
	settle(t, w.Open(t)) // of an empty ledger
	l, s := begun(t, w, Row("A1", "ana@example.com"), Row("A2", "ana@example.com"))
	settle(t, l)
	commit(t, l, changing(read(t, l), "closes", closing(rowOf(t, s, "A1"))))
	w.Type(t, "A1", "Status", "OPEN") // a person disagrees: that is not for Settle to judge
	before := read(t, l)
	for range 2 {
		settle(t, l)
		settle(t, w.Open(t))
	}
	if diff := cmp.Diff(before, read(t, l)); diff != "" {
		t.Errorf("settling changed something (-before +after):\n%s", diff)
	}
}

// marks: an undo knows the rows that a run wrote by the marks of what it meant to write.
func marks(t *testing.T, w World) {
	var rows []ecm.Assignment
	for i, amount := range []string{
		"0", "0.5", "0.50", "12.3", "5000", "5000.00", "12345.670", "0.00000001", "99999999999999.99", "12345678901234567890.12345678", "1000000",
	} {
		row := Row(fmt.Sprint("amount ", i), "ana@example.com")
		row.Send.Amount = decimal.RequireFromString(amount)
		rows = append(rows, row)
	}
	for i, stuck := range []time.Duration{
		0, time.Minute, 6 * time.Minute, 37*time.Hour + 29*time.Minute + 59*time.Second, 12*time.Hour + 3*time.Minute, 10_000 * time.Hour,
	} {
		row := Row(fmt.Sprint("hours ", i), "ana@example.com")
		row.Stuck = stuck
		rows = append(rows, row)
	}
	for i, text := range []string{"0012345", "=1+1", " blanks ", "é 日本 👍🏽", "e\u0301", "a\nb", "2026-02-17", "TRUE", "'quoted"} {
		row := Row(fmt.Sprint("text ", i), "ana@example.com")
		row.Notes, row.Diagnosis = text, text
		rows = append(rows, row)
	}
	odd := Row("times", "ana@example.com")
	odd.Status, odd.ResolvedAt = ecm.Resolved, later().Add(999*time.Millisecond)
	odd.AssignedAt = Noon().In(time.FixedZone("Dubai", 4*60*60)).Add(time.Nanosecond)
	rows = append(rows, odd)
	c := Commit(0, "marks", rows...)
	l := w.Open(t)
	read(t, l)
	commit(t, l, c)
	s := read(t, w.Open(t))
	if len(s.Assignments) != len(c.Rows) {
		t.Fatalf("%d rows, want %d; unreadable: %+v", len(s.Assignments), len(c.Rows), s.Unreadable)
	}
	for i, row := range s.Assignments {
		if row.Mark() != c.Rows[i].Mark() || !ledger.SameRow(row, c.Rows[i]) {
			t.Errorf("written as %+v, read as %+v: not the same mark", c.Rows[i], row)
		}
	}
}

func undoRecord(t *testing.T, w World) {
	many := func(n int) (marks []string) {
		for i := range n {
			marks = append(marks, fmt.Sprintf("%012x", i*i))
		}
		return marks
	}
	l := w.Open(t)
	read(t, l)
	c := Commit(0, "large", Row("A1", "ana@example.com"))
	c.Run.Marks = many(2000)
	c.Run.Changed = []ecm.Changed{
		{Word: "OPEN", Note: ecm.SelfHealed, Timed: true, Marks: many(1500)},
		{Word: " in progress é ", Marks: many(500)},
		{Note: "\"a\" & <b>\nc", Marks: many(1)},
	}
	commit(t, l, c)
	sameRun(t, read(t, w.Open(t)), c.Run)
	c.Run.Deliver(delivered(c.Run))
	c.Run.Finished = later()
	if err := w.Open(t).Record(t.Context(), c.Run.ID, delivered(c.Run), c.Run.Finished); err != nil {
		t.Fatalf("record: %v", err)
	}
	sameRun(t, read(t, l), c.Run)
}

// delivered are the messages of a run, all posted.
func delivered(run ecm.Run) (posted []ecm.Owed) {
	for i, m := range run.Messages {
		posted = append(posted, ecm.Owed{Part: m.Part, Channel: "C1", TS: fmt.Sprintf("1700000000.%06d", i)})
	}
	return posted
}

func board(t *testing.T, w World) {
	same := func(want ecm.Board) {
		t.Helper()
		if diff := cmp.Diff(want, w.Board(t), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("the dashboard (-want +got):\n%s", diff)
		}
	}
	l, _ := begun(t, w)
	same(ecm.Board{})
	large := ecm.Board{
		Figures: []ecm.Figure{
			{Label: "Open", Count: 412}, {Label: "Resolved today"}, {Label: "Last run", Text: "triage, 2026-02-17 12:00 UTC"}, {Label: "SLA breaches", Count: 3},
		},
		Diagnoses: []ecm.Figure{{Label: "refund_triggered", Count: 200}, {Label: "=1+1", Count: 2}},
		Agents:    []ecm.Figure{{Label: "ana@example.com", Count: 9}, {Label: "bo@example.com", Count: 8}, {Label: "zoe@example.com", Count: 7}},
	}
	small := ecm.Board{Figures: []ecm.Figure{{Label: "Open"}}, Agents: []ecm.Figure{{Label: "bo@example.com", Count: 1}}}
	for i, test := range []struct{ put, shows *ecm.Board }{{&large, &large}, {nil, &large}, {&small, &small}, {&large, &large}, {&ecm.Board{}, &ecm.Board{}}} {
		c := Commit(read(t, l).Generation, fmt.Sprint("board ", i))
		c.Board = test.put
		commit(t, l, c)
		same(*test.shows)
	}
}
