// Package ledgertest is the one suite that every ledger must pass. It is
// imported by the tests of the ledgers alone.
package ledgertest

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
)

// World is one ledger of its own for one test, and the hands of the people in it.
type World struct {
	// Open gives another handle on the same ledger, as another process would have it.
	Open func(t *testing.T) ledger.Ledger
	// Hire writes agents as a person would.
	Hire      func(t *testing.T, agents ...ecm.Agent)
	SetStatus func(t *testing.T, orderID, word string) // until the last ledger has Type
	// Type lets a person write text into a cell of an order's rows. The header is Order ID,
	// Assigned Agent, Status, Notes or Resolved At; the last one gets a time or nothing.
	Type func(t *testing.T, orderID, header, text string)
	// Archived gives the rows of the archive, in any order.
	Archived func(t *testing.T) []ecm.Assignment
	// Board gives what the dashboard shows. What looks like a number is a count.
	Board func(t *testing.T) ecm.Board
	// LoseAnswer lets the next Commit take effect and its answer get lost. Nil
	// where no answer can be lost.
	LoseAnswer func(t *testing.T)
}

// Run runs the suite; build makes a new, empty ledger for each test.
func Run(t *testing.T, build func(t *testing.T) World) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, World)
	}{
		{"an empty ledger reads as empty", empty},
		{"what is committed is read back", roundTrip},
		{"ids come back byte for byte", ids},
		{"a generation is won once", generation},
		{"a run has one record", oneRecord},
		{"a refused commit leaves nothing", nothingLeft},
		{"of several at once one wins", race},
		{"a lost answer is settled by reading back", lostAnswer},
		{"deliveries are recorded part by part", record},
		{"recording an unknown run fails", recordUnknown},
		{"a person's unknown word reserves the order", unknownWord},
		{"a person's cells survive a commit", peoplesCells},
		{"agents come in their order", agents},
		{"a check of a sound ledger is fine", check},
		{"a change is done and read back", changed},
		{"a row that was touched is left alone", touched},
		{"a person's note stays in front", peoplesNote},
		{"a person's time stays", peoplesTime},
		{"the opposite changes give back the rows of before", undone},
		{"a row moves to the archive whole", archived},
		{"a row is taken out", away},
		{"each of two rows that say the same is changed once", copies},
		{"an order that is closed may be given out again at once", dealtAgain},
		{"rows change places within one commit", changePlaces},
		{"a change loses against another commit", changeLoses},
		{"a commit that contradicts itself is refused", contradictions},
		{"a lost answer about changes is settled", lostChanges},
		{"settling a settled ledger does nothing", settled},
		{"a row's mark is the same once it is read", marks},
		{"a run's record keeps what an undo needs", undoRecord},
		{"the dashboard is written whole", board},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t, build(t))
		})
	}
	t.Run("any commits come out as in memory", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(r *rapid.T) { asInMemory(t, r, build(t)) })
	})
}

// Noon is the moment at which the suite's runs start.
func Noon() time.Time { return time.Date(2026, 2, 17, 12, 0, 0, 0, time.UTC) }

// Row is an assignment with every field filled.
func Row(orderID, agent string) ecm.Assignment {
	return ecm.Assignment{
		OrderID: orderID, Agent: agent, AssignedAt: Noon(), Status: ecm.Open, Priority: ecm.P2,
		Send:  ecm.Money{Amount: decimal.RequireFromString("12345.67"), Currency: "AED"},
		Stuck: 37*time.Hour + 30*time.Minute, Diagnosis: "refund_triggered", Notes: "", RunID: "triage/2026-02-17T12:00",
	}
}

// Commit is a commit of a run of its own with these rows and two messages owed.
func Commit(after int64, slot string, rows ...ecm.Assignment) ledger.Commit {
	run := ecm.Run{
		ID: ecm.RunID(ecm.Triage, ecm.Slot(slot)), Workflow: ecm.Triage, Slot: ecm.Slot(slot), Result: ecm.ResultOK,
		Started: Noon(), Until: Noon().Add(42 * time.Second),
		Counts:     map[string]int{"pending": len(rows), "new": len(rows)},
		Guardrails: []ecm.Verdict{{Check: "order count", Value: "412", Level: ecm.LevelOK, Message: "412 orders, 200 to 600 expected"}},
		Seen:       map[string]time.Time{"00777": Noon(), "O'Brien": Noon().Add(-time.Hour)},
		LastAgent:  "ana@example.com", Hash: fmt.Sprintf("hash of %s with %d rows", slot, len(rows)),
		Messages: []ecm.Owed{
			{Part: "briefing", Kind: "briefing", Hash: "h1", Body: json.RawMessage(`{"summary":"1 & <2>"}`)},
			{Part: "agent/ana@example.com", Kind: "thread", Hash: "h2", Body: json.RawMessage(`{"summary":"for Ana"}`)},
		},
	}
	for i := range rows {
		rows[i].RunID = run.ID
	}
	return ledger.Commit{After: after, Run: run, Rows: rows}
}

func read(t *testing.T, l ledger.Ledger) ledger.Snapshot {
	t.Helper()
	s, err := l.Read(t.Context())
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	return s
}

func commit(t *testing.T, l ledger.Ledger, c ledger.Commit) {
	t.Helper()
	if err := l.Commit(t.Context(), c); err != nil {
		t.Fatalf("commit %s: %v", c.Run.ID, err)
	}
}

// sameRows compares assignments; where a row stands is the ledger's own affair.
func sameRows(t *testing.T, got, want []ecm.Assignment) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(ecm.Assignment{}, "Row"), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("assignments (-want +got):\n%s", diff)
	}
}

func empty(t *testing.T, w World) {
	s := read(t, w.Open(t))
	if s.Generation != 0 || len(s.Assignments)+len(s.Unreadable)+len(s.Runs)+len(s.Agents) != 0 {
		t.Errorf("an empty ledger reads as %+v", s)
	}
}

func roundTrip(t *testing.T, w World) {
	l := w.Open(t)
	read(t, l)
	c := Commit(0, "2026-02-17T12:00", Row("AE136JLXUG00", "ana@example.com"), Row("GB1", "bo@example.com"))
	c.Rows[1].Notes, c.Rows[1].Priority = "reopened", ecm.P4
	commit(t, l, c)
	s := read(t, w.Open(t))
	sameRows(t, s.Assignments, c.Rows)
	if diff := cmp.Diff([]ecm.Run{c.Run}, s.Runs, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("runs (-want +got):\n%s", diff)
	}
	if s.Generation != 1 {
		t.Errorf("generation %d after one commit, want 1", s.Generation)
	}
}

// ids covers F50 and F52: what looks like a number, a date or a formula stays text.
func ids(t *testing.T, w World) {
	l := w.Open(t)
	read(t, l)
	var rows []ecm.Assignment
	for _, id := range []string{
		"0012345", "1E5", "1e400", "12345678901234567890", "2026-02-17", "1/2", "TRUE", "#REF!", "=1+1", "+1", "-1", "@SUM(A1)",
		"O'Brien", `a"b`, "ae1", "AE1", "1.0", "0x10", "NaN", "é", "日本",
	} {
		rows = append(rows, Row(id, "ana@example.com"))
	}
	c := Commit(0, "2026-02-17T12:00", rows...)
	commit(t, l, c)
	sameRows(t, read(t, w.Open(t)).Assignments, c.Rows)
}

// generation covers F61: of two commits on the same generation the second loses.
func generation(t *testing.T, w World) {
	first, second := w.Open(t), w.Open(t)
	read(t, first)
	read(t, second)
	commit(t, first, Commit(0, "first", Row("A1", "ana@example.com")))
	err := second.Commit(t.Context(), Commit(0, "second", Row("A1", "bo@example.com")))
	if !errors.Is(err, ledger.ErrConflict) {
		t.Fatalf("second commit of a generation: %v, want ErrConflict", err)
	}
	s := read(t, second)
	commit(t, second, Commit(s.Generation, "second", Row("A2", "bo@example.com")))
	if got := len(read(t, first).Assignments); got != 2 {
		t.Errorf("%d rows, want 2", got)
	}
}

func oneRecord(t *testing.T, w World) {
	l := w.Open(t)
	read(t, l)
	commit(t, l, Commit(0, "same", Row("A1", "ana@example.com")))
	read(t, l)
	err := l.Commit(t.Context(), Commit(1, "same", Row("A2", "ana@example.com")))
	if !errors.Is(err, ledger.ErrConflict) {
		t.Errorf("second record of a run: %v, want ErrConflict", err)
	}
	if got := len(read(t, l).Assignments); got != 1 {
		t.Errorf("%d rows, want 1", got)
	}
}

// nothingLeft covers F35: all or nothing.
func nothingLeft(t *testing.T, w World) {
	l := w.Open(t)
	read(t, l)
	commit(t, l, Commit(0, "first"))
	before := read(t, l)
	if err := l.Commit(t.Context(), Commit(0, "late", Row("A1", "ana@example.com"))); !errors.Is(err, ledger.ErrConflict) {
		t.Fatalf("late commit: %v, want ErrConflict", err)
	}
	if diff := cmp.Diff(before, read(t, l)); diff != "" {
		t.Errorf("a refused commit left something (-before +after):\n%s", diff)
	}
}

func race(t *testing.T, w World) {
	const runners = 4
	errs := make([]error, runners)
	var wg sync.WaitGroup
	for i := range runners {
		l := w.Open(t)
		read(t, l)
		wg.Go(func() {
			errs[i] = l.Commit(t.Context(), Commit(0, fmt.Sprint("runner ", i), Row("A1", "ana@example.com")))
		})
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		switch {
		case err == nil:
			won++
		case !errors.Is(err, ledger.ErrConflict) && ecm.ClassOf(err) != ecm.Retryable:
			t.Errorf("a loser's error: %v", err)
		}
	}
	s := read(t, w.Open(t))
	if won != 1 || len(s.Assignments) != 1 || len(s.Runs) != 1 {
		t.Errorf("%d commits won, %d rows, %d runs; want one of each", won, len(s.Assignments), len(s.Runs))
	}
}

// lostAnswer covers F32: the rows are written although the answer says otherwise.
func lostAnswer(t *testing.T, w World) {
	l := w.Open(t)
	read(t, l)
	c := Commit(0, "doubt", Row("A1", "ana@example.com"))
	if hash, err := l.Committed(t.Context(), 1); err != nil || hash != "" {
		t.Fatalf("before the commit: %q, %v; want nobody", hash, err)
	}
	if w.LoseAnswer == nil {
		commit(t, l, c)
	} else {
		w.LoseAnswer(t)
		if err := l.Commit(t.Context(), c); ecm.ClassOf(err) != ecm.Ambiguous || errors.Is(err, ledger.ErrConflict) {
			t.Fatalf("a lost answer: %v, want an ambiguous failure", err)
		}
	}
	if hash, err := l.Committed(t.Context(), 1); err != nil || hash != c.Run.Hash {
		t.Errorf("after the commit: %q, %v; want my hash", hash, err)
	}
	if err := l.Commit(t.Context(), c); !errors.Is(err, ledger.ErrConflict) {
		t.Errorf("the same commit again: %v, want ErrConflict", err)
	}
}

func record(t *testing.T, w World) {
	l := w.Open(t)
	read(t, l)
	c := Commit(0, "2026-02-17T12:00", Row("A1", "ana@example.com"))
	commit(t, l, c)
	briefing := ecm.Owed{Part: "briefing", Channel: "C1", TS: "1700000000.000100"}
	for range 2 { // it may be repeated
		if err := l.Record(t.Context(), c.Run.ID, []ecm.Owed{briefing}, time.Time{}); err != nil {
			t.Fatalf("record: %v", err)
		}
	}
	want := c.Run
	want.Deliver([]ecm.Owed{briefing})
	sameRun(t, read(t, w.Open(t)), want)

	thread := ecm.Owed{Part: "agent/ana@example.com", Channel: "C1", TS: "1700000001.000100", Note: "possible duplicate"}
	want.Deliver([]ecm.Owed{thread})
	want.Finished = Noon().Add(time.Minute)
	if err := w.Open(t).Record(t.Context(), c.Run.ID, []ecm.Owed{thread}, want.Finished); err != nil {
		t.Fatalf("record by another process: %v", err)
	}
	sameRun(t, read(t, l), want)

	// Of two processes that deliver, the one that failed may write last.
	failed := ecm.Owed{Part: "briefing", Note: "gave up"}
	if err := l.Record(t.Context(), c.Run.ID, []ecm.Owed{failed}, time.Time{}); err != nil {
		t.Fatalf("record of a failure: %v", err)
	}
	sameRun(t, read(t, l), want)
}

// sameRun compares the only run of a snapshot. A ledger may drop the body of a
// delivered message, and must keep that of an owed one.
func sameRun(t *testing.T, s ledger.Snapshot, want ecm.Run) {
	t.Helper()
	for i := range s.Runs {
		for k := range s.Runs[i].Messages {
			if m := &s.Runs[i].Messages[k]; m.Delivered() {
				m.Body = nil
			}
		}
	}
	if diff := cmp.Diff([]ecm.Run{want}, s.Runs, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("the record (-want +got):\n%s", diff)
	}
}

func recordUnknown(t *testing.T, w World) {
	l := w.Open(t)
	read(t, l)
	commit(t, l, Commit(0, "known"))
	err := l.Record(t.Context(), "triage/unknown", []ecm.Owed{{Part: "briefing", TS: "1"}}, Noon())
	if !errors.Is(err, ledger.ErrNoRun) {
		t.Errorf("recording an unknown run: %v, want ErrNoRun", err)
	}
}

// unknownWord covers F54: an unknown status is a person's word.
func unknownWord(t *testing.T, w World) {
	l := w.Open(t)
	read(t, l)
	c := Commit(0, "first", Row("A1", "ana@example.com"), Row("A2", "ana@example.com"), Row("A3", "ana@example.com"))
	commit(t, l, c)
	w.Type(t, "A1", "Status", "waiting for bank")
	w.Type(t, "A2", "Status", " in progress ")
	s := read(t, l)
	want := c.Rows[1:]
	want[0].Status, want[0].Word = ecm.InProgress, " in progress "
	sameRows(t, s.Assignments, want)
	if len(s.Unreadable) != 1 || s.Unreadable[0].OrderID != "A1" || s.Unreadable[0].Reason == "" {
		t.Errorf("unreadable rows: %+v, want A1 with a reason", s.Unreadable)
	}
}

func peoplesCells(t *testing.T, w World) {
	l := w.Open(t)
	read(t, l)
	commit(t, l, Commit(0, "first", Row("A1", "ana@example.com")))
	s := read(t, l)
	w.Type(t, "A1", "Status", "RESOLVED")
	commit(t, l, Commit(s.Generation, "second", Row("A2", "ana@example.com")))
	for _, row := range read(t, l).Assignments {
		if want := map[string]ecm.Status{"A1": ecm.Resolved, "A2": ecm.Open}[row.OrderID]; row.Status != want {
			t.Errorf("%s is %s, want %s", row.OrderID, row.Status, want)
		}
	}
}

func agents(t *testing.T, w World) {
	want := []ecm.Agent{
		{Email: "zoe@example.com", Name: "Zoe", Team: "Ops", Handle: "U012345", Active: true, Capacity: 7},
		{Email: "ana@example.com", Name: "Ana", Team: "KYC_ops", Handle: "@ana", Active: true, Capacity: ecm.DefaultCapacity},
		{Email: "bo@example.com", Name: "Bo", Team: "VDA_ops", Active: false, Capacity: 0},
	}
	w.Hire(t, want...)
	got := read(t, w.Open(t)).Agents
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(ecm.Agent{}, "Row")); diff != "" {
		t.Errorf("agents (-want +got):\n%s", diff)
	}
}

func check(t *testing.T, w World) {
	l := w.Open(t)
	w.Hire(t, ecm.Agent{Email: "ana@example.com", Name: "Ana", Active: true, Capacity: 1})
	read(t, l)
	commit(t, l, Commit(0, "first"))
	before := read(t, l)
	checks := l.Check(t.Context())
	for _, c := range checks {
		if !c.OK || c.Name == "" || c.Detail == "" {
			t.Errorf("a check of a sound ledger: %+v", c)
		}
	}
	if len(checks) == 0 {
		t.Error("no check at all")
	}
	if diff := cmp.Diff(before, read(t, l)); diff != "" {
		t.Errorf("a check left something (-before +after):\n%s", diff)
	}
}
