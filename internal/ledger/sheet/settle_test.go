package sheet_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pi-manager/internal/ecm"
	"pi-manager/internal/fake"
	"pi-manager/internal/ledger/ledgertest"
	"pi-manager/internal/ledger/sheet"
)

// unsettled is a desk whose last commit hit wrong rows, and whose process died before it could see that.
func unsettled(t *testing.T) *desk {
	t.Helper()
	d := newDesk(t, 6)
	d.during(4, false, gestures()["typed and sorted"])
	d.s.Trouble(fake.SheetsTrouble{Skip: 4, Last: -1})
	_ = carry(t.Context(), open(t, d.s), "killed", []string{"C2", "C3"}, []string{"C4"})
	d.s.Calm()
	d.s.OnBefore(nil)
	if s := read(t, d.s); !s.Unsettled {
		t.Fatalf("the ledger is settled: %v", d.s.Titles())
	}
	return d
}

// Until somebody has looked, nothing more is committed; a dry look changes nothing.
func TestAnUnsettledLedger(t *testing.T) {
	t.Parallel()
	d := unsettled(t)
	before := d.s.Model()
	l := open(t, d.s)
	s, err := l.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Commit(t.Context(), ledgertest.Commit(s.Generation, "next")); err == nil {
		t.Error("a commit went through")
	}
	if changes := before.Changes(d.s.Model()); len(changes) > 0 {
		t.Errorf("reading and a refused commit changed %v", changes)
	}
	for range 2 { // it may be repeated
		if err := l.Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	d.check(map[string]intended{"C2": closed("C2"), "C3": closed("C3"), "C4": nil})
	if s := read(t, d.s); s.Unsettled || slices.ContainsFunc(s.Runs, func(r ecm.Run) bool { return r.ID == "" }) || len(s.Warnings) > 0 {
		t.Errorf("after settling: %+v", s)
	}
}

// Two processes that settle at once do it once.
func TestTwoSettleAtOnce(t *testing.T) {
	t.Parallel()
	d := unsettled(t)
	var wg sync.WaitGroup
	for range 3 {
		l := open(t, d.s)
		wg.Go(func() {
			if err := l.Settle(t.Context()); err != nil {
				t.Errorf("settle: %v", err)
			}
		})
	}
	wg.Wait()
	d.check(map[string]intended{"C2": closed("C2"), "C3": closed("C3"), "C4": nil})
}

// Hidden tabs that people delete count as looked through; one that they wrote into is named.
func TestPeopleFindTheJournal(t *testing.T) {
	t.Parallel()
	for name, hand := range map[string]func(*fake.Sheets, string){
		"intents deleted": func(s *fake.Sheets, title string) { s.DeleteTab(title) },
		"picture deleted": func(s *fake.Sheets, title string) { s.DeleteTab(title + " rows") },
		"renamed": func(s *fake.Sheets, title string) {
			s.RenameTab(title, "what is this")
			s.RenameTab(title+" rows", "and this")
		},
	} {
		d := unsettled(t)
		hand(d.s, "pi-manager journal 2")
		if _, err := settled(t.Context(), open(t, d.s)); err != nil || read(t, d.s).Unsettled {
			t.Errorf("%s: %v", name, err)
		}
	}
	d := unsettled(t)
	d.s.Put("pi-manager journal 2", "A2", "hm")
	err := open(t, d.s).Settle(t.Context())
	if ecm.ClassOf(err) != ecm.Permanent || !strings.Contains(err.Error(), `"pi-manager journal 2"`) {
		t.Errorf("damaged: %v", err)
	}
}

// F39: where the copy of a tab keeps its protection, it cannot be deleted again; the ledger does not wait for ever.
func TestTheCopyKeepsItsProtection(t *testing.T) {
	t.Parallel()
	d := newDesk(t, 6)
	d.s.DuplicateKeepsProtection()
	d.s.Protect("Assignments", "A1:K1", "headers")
	if err := carry(t.Context(), open(t, d.s), "changes", []string{"C2"}, nil); err != nil {
		t.Error(err)
	}
	if s := read(t, d.s); s.Unsettled || s.Assignments[1].Status != ecm.Resolved {
		t.Errorf("%+v", s.Assignments[1])
	}
}

// F46: a filter that hides rows hides them from nobody here.
func TestChangesOfFilteredRows(t *testing.T) {
	t.Parallel()
	d := newDesk(t, 6)
	d.both(func(s *fake.Sheets) { s.PasteSkipsFiltered(); s.Filter(d.tab, "A", "nobody") })
	d.during(4, false, gestures()["typed and sorted"])
	d.carryOut("changes")
}

// F53: what people have computed or typed otherwise is never overwritten.
func TestCellsThatAreLeftAlone(t *testing.T) {
	t.Parallel()
	formula := fake.SheetsFormula{Source: `="OP"&"EN"`, Shows: "OPEN"}
	d := newDesk(t, 4)
	d.types("C1", "Status", formula)
	d.types("C2", "Notes", 42.0)
	d.types("C3", "Resolved At", "last week")
	d.types("C4", "Notes", fake.SheetsFormula{Source: `="note"`, Shows: "note"})
	if err := carry(t.Context(), open(t, d.s), "changes", []string{"C1", "C2", "C3", "C4"}, nil); err != nil {
		t.Fatal(err)
	}
	got := d.cells(d.s, d.tab)
	for id, want := range map[string]map[string]any{
		"C1": {"status": "OPEN", "notes": "note of C1", "resolved at": nil},
		"C2": {"status": "RESOLVED", "notes": 42.0, "resolved at": "2026-02-17 15:00:00"},
		"C3": {"status": "RESOLVED", "notes": "note of C3; self-healed", "resolved at": "last week"},
		"C4": {"status": "RESOLVED", "notes": "note", "resolved at": "2026-02-17 15:00:00"},
	} {
		for header, v := range want {
			if row := got["boss of "+id][0]; row[header] != v {
				t.Errorf("%s: %s is %v, want %v", id, header, row[header], v)
			}
		}
	}
	if f, ok := d.s.Cell(d.tab, "D2").(fake.SheetsFormula); !ok || f.Source != formula.Source {
		t.Errorf("the formula in D2 is %v", f)
	}
}

// Rows that an undo takes out go only where nothing of a person's own stands in them.
func TestTakingRowsOut(t *testing.T) {
	t.Parallel()
	d := newDesk(t, 1)
	l := open(t, d.s)
	if err := carry(t.Context(), l, "new", nil, nil, "N1", "N2", "N3"); err != nil {
		t.Fatal(err)
	}
	d.s.Put(d.tab, "E4", "a person's word") // N2's, in the column Manager
	d.s.OnBefore(func(c fake.SheetsCall) {
		if c.Write {
			d.s.OnBefore(nil)
			d.s.Put(d.tab, "O5", "typed in the last moment") // N3's remark
		}
	})
	s := read(t, d.s)
	c := ledgertest.Commit(s.Generation, "undo")
	for _, a := range s.Assignments[1:] {
		c.Changes = append(c.Changes, ecm.Change{Was: a, Move: ecm.Away})
	}
	if err := l.Commit(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, a := range read(t, d.s).Assignments {
		left = append(left, a.OrderID)
	}
	if !slices.Equal(left, []string{"C1", "N2", "N3"}) || !slices.Contains(texts(d.s, d.tab), "typed in the last moment") {
		t.Errorf("left: %v", left)
	}
}

// F63: a drop-down that forbids our word stops the commit, which says so; nothing is written.
func TestAValidationForbidsTheWord(t *testing.T) {
	t.Parallel()
	d := newDesk(t, 3)
	d.s.Validate(d.tab, "D", true, "OPEN", "DONE")
	before := d.s.Model()
	err := carry(t.Context(), open(t, d.s), "changes", []string{"C2"}, nil)
	if ecm.ClassOf(err) != ecm.Permanent || !strings.Contains(err.Error(), "RESOLVED") {
		t.Errorf("%v, want it permanent, naming the word", err)
	}
	if changes := before.Changes(d.s.Model()); len(changes) > 0 {
		t.Errorf("changed: %v", changes)
	}
}

// F57: a copy of the file is refused until somebody adopts it.
func TestACopiedFile(t *testing.T) {
	t.Parallel()
	d := newDesk(t, 2)
	twin := d.twin
	twin.ID = "another-file"
	_, err := open(t, twin).Read(t.Context())
	if ecm.ClassOf(err) != ecm.Permanent || !strings.Contains(err.Error(), "is a copy") {
		t.Fatalf("%v, want a permanent failure", err)
	}
	l, err := sheet.Open(t.Context(), sheet.Settings{SpreadsheetID: twin.ID, Endpoint: twin.URL, Client: twin.Client(), Adopt: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := run(t.Context(), l, "adopted", "NEW1"); err != nil {
		t.Fatal(err)
	}
	if got := read(t, twin); len(got.Assignments) != 3 {
		t.Errorf("%d rows once it is adopted", len(got.Assignments))
	}
}

// The dashboard is rewritten whole; what people typed beside it stays, and its charts are made once.
func TestDashboard(t *testing.T) {
	t.Parallel()
	const tab = "ECM Dashboard"
	s := serve(t)
	s.Seed(tab, [][]any{{"Figure", "Value"}, {"an old figure", 1}})
	s.Put(tab, "K1", "our targets")
	l := open(t, s)
	var many []ecm.Figure
	for i := range 80 {
		many = append(many, ecm.Figure{Label: fmt.Sprint("agent ", i), Count: 2})
	}
	board := ecm.Board{Figures: []ecm.Figure{{Label: "Open", Count: 3}, {Label: "Last run", Text: "2026-02-17"}}, Agents: many}
	for i := range 2 {
		c := ledgertest.Commit(int64(i), fmt.Sprint("slot", i))
		c.Board = &board
		if err := l.Commit(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if got := len(s.Charts(tab)); got != 2*(1-i) {
			t.Errorf("run %d: %d charts", i, got)
		}
		for _, title := range s.Charts(tab) {
			s.DeleteChart(tab, title)
		}
	}
	for cell, want := range map[string]any{"A2": "Open", "B2": 3.0, "A3": "Last run", "B3": "2026-02-17", "A4": nil, "K1": "our targets", "G70": "agent 68", "G71": "others", "H71": 22.0, "G72": nil} {
		if got := s.Cell(tab, cell); got != want {
			t.Errorf("%s is %v, want %v", cell, got, want)
		}
	}
}

// The record of a run may take several cells.
func TestALongRecord(t *testing.T) {
	t.Parallel()
	s := serve(t)
	c := ledgertest.Commit(0, "slot")
	for i := range 9_000 {
		c.Run.Marks = append(c.Run.Marks, fmt.Sprintf("%012x", i))
	}
	c.Run.Changed = []ecm.Changed{{Word: "OPEN", Note: "self-healed", Timed: true, Marks: []string{"é"}}}
	if err := open(t, s).Commit(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	got := read(t, s).Runs[0]
	if !slices.Equal(got.Marks, c.Run.Marks) || len(got.Changed) != 1 || got.Changed[0].Marks[0] != "é" {
		t.Errorf("%d marks, changed %+v", len(got.Marks), got.Changed)
	}
	if !contains(s.Rows("Runs")[0], "Record 4") {
		t.Errorf("headers %v", s.Rows("Runs")[0])
	}
}

// F34: a commit that Google may refuse for its size is refused before.
func TestACommitThatIsTooLarge(t *testing.T) {
	t.Parallel()
	s := serve(t)
	var rows []ecm.Assignment
	for i := range 6_000 {
		rows = append(rows, ledgertest.Row(fmt.Sprint("A", i), "ana@example.com"))
	}
	err := open(t, s).Commit(t.Context(), ledgertest.Commit(0, "slot", rows...))
	if ecm.ClassOf(err) != ecm.Permanent || !strings.Contains(err.Error(), "2,000 rows") || s.Writes() != 0 {
		t.Errorf("%v, %d writes", err, s.Writes())
	}
}

// A thousand rows go to the archive in one commit, and what lies there costs nothing to read.
func TestAThousandRowsAreArchived(t *testing.T) {
	t.Parallel()
	s := serve(t)
	rows := [][]any{peoplesHeader()}
	for i := range 2_000 {
		rows = append(rows, peoplesRow(fmt.Sprint("A", i), "RESOLVED"))
	}
	s.Seed("Assignments", rows)
	l := open(t, s)
	if err := run(t.Context(), l, "first"); err != nil {
		t.Fatal(err)
	}
	got := read(t, s)
	c := ledgertest.Commit(got.Generation, "archive")
	for i := 0; i < 2_000; i += 2 { // no two of them are neighbours
		c.Changes = append(c.Changes, ecm.Change{Was: got.Assignments[i], Move: ecm.ToArchive})
	}
	start := time.Now()
	if err := l.Commit(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	s.Forget()
	left := read(t, s)
	if len(left.Assignments) != 1_000 || len(s.Rows("Archive")) != 1_001 || s.Reads() != 2 {
		t.Errorf("%d rows are left, %d archived, %d reads after %v", len(left.Assignments), len(s.Rows("Archive")), s.Reads(), time.Since(start))
	}
	for _, call := range s.Calls() {
		if strings.Contains(fmt.Sprint(call.Query), "Archive") {
			t.Errorf("the archive is read: %v", call.Query)
		}
	}
}
