package sheet_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pi-manager/internal/fake"
)

// F41, F43, F44, F45, F46, F47: whatever people do in the sheet, and at whichever
// moment of a run they do it, every order gets one row with everything in its
// place, and everything of theirs stays.
func TestPeopleEditDuringARun(t *testing.T) {
	t.Parallel()
	const a = "Assignments"
	edits := map[string]func(*fake.Sheets){
		"insert a row below the header":   func(s *fake.Sheets) { s.InsertRows(a, 2, 1) },
		"insert a row above the header":   func(s *fake.Sheets) { s.InsertRows(a, 1, 1) },
		"insert rows in the middle":       func(s *fake.Sheets) { s.InsertRows(a, 3, 4) },
		"insert a column at the left":     func(s *fake.Sheets) { s.InsertColumns(a, "A", 1) },
		"insert columns in the middle":    func(s *fake.Sheets) { s.InsertColumns(a, "D", 2) },
		"move the order ids to the right": func(s *fake.Sheets) { s.MoveColumn(a, "A", "D") },
		"move the status to the left":     func(s *fake.Sheets) { s.MoveColumn(a, "D", "A") },
		"sort by status":                  func(s *fake.Sheets) { s.Sort(a, "D") },
		"sort by order":                   func(s *fake.Sheets) { s.Sort(a, "A") },
		"filter by a word":                func(s *fake.Sheets) { s.Filter(a, "D", "RESOLVED") },
		"hide everything":                 func(s *fake.Sheets) { s.Filter(a, "A", "nobody") },
		"hide the tab":                    func(s *fake.Sheets) { s.HideTab(a) },
		"rename the tab":                  func(s *fake.Sheets) { s.RenameTab(a, "Cases of the week") },
		"write the tab's title otherwise": func(s *fake.Sheets) { s.RenameTab(a, "  ASSIGNMENTS\u00a0") },
		"copy the tab":                    func(s *fake.Sheets) { s.DuplicateTab(a) },
		"write headers otherwise":         func(s *fake.Sheets) { s.Put(a, "A1", " order\u00a0 ID "); s.Put(a, "D1", "STATUS") },
		"a note far below":                func(s *fake.Sheets) { s.Put(a, "E30", "call the bank on Monday") },
		"a second table at the right":     func(s *fake.Sheets) { s.Put(a, "T1", "holidays"); s.Put(a, "T9", "2 May") },
		"a column of their own":           func(s *fake.Sheets) { s.Put(a, "N1", "Reviewed"); s.Put(a, "N2", "yes") },
		"times become dates":              func(s *fake.Sheets) { s.Type(a, "C2", "2026-02-16 12:00:00") },
		"insert a row into Runs":          func(s *fake.Sheets) { s.InsertRows("Runs", 2, 1) },
		"sort Runs":                       func(s *fake.Sheets) { s.Sort("Runs", "C") },
		"insert a column into Runs":       func(s *fake.Sheets) { s.InsertColumns("Runs", "B", 1) },
		"rename Runs":                     func(s *fake.Sheets) { s.RenameTab("Runs", " runs") },
		"rename Runs altogether":          func(s *fake.Sheets) { s.RenameTab("Runs", "Log of the robot") },
		"filter Runs":                     func(s *fake.Sheets) { s.Filter("Runs", "A", "nobody") },
		"copy Runs":                       func(s *fake.Sheets) { s.DuplicateTab("Runs") },
	}
	for name, edit := range edits {
		for call := 1; call <= 4; call++ {
			for _, after := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/call %d after %v", name, call, after), func(t *testing.T) {
					t.Parallel()
					editDuring(t, edit, call, after)
				})
			}
		}
	}
}

func editDuring(t *testing.T, edit func(*fake.Sheets), call int, after bool) {
	s := peopled(t)
	if err := run(t.Context(), open(t, s), "first", "NEW1"); err != nil {
		t.Fatalf("first run: %v", err)
	}
	s.Forget()
	hook := func(c fake.SheetsCall) {
		if c.N == call {
			edit(s)
		}
	}
	if after {
		s.OnAfter(hook)
	} else {
		s.OnBefore(hook)
	}
	if err := run(t.Context(), open(t, s), "second", "NEW1", "NEW2", "OLD3"); err != nil {
		t.Fatalf("second run: %v", err)
	}
	if err := run(t.Context(), open(t, s), "third", "NEW1", "NEW2", "OLD3"); err != nil {
		t.Fatalf("third run: %v", err)
	}
	checkOrders(t, s)
	checkRuns(t, s)
}

// checkOrders compares what stands under each header with what must stand there.
func checkOrders(t *testing.T, s *fake.Sheets) {
	t.Helper()
	title := "Assignments"
	for _, now := range s.Titles() {
		if now == "Cases of the week" || now == "  ASSIGNMENTS\u00a0" {
			title = now
		}
	}
	got := map[string]map[string]any{}
	for _, r := range records(s, title, "Order ID") {
		id, _ := r["order id"].(string)
		if id == "" {
			continue
		}
		if got[id] != nil {
			t.Errorf("%s has two rows", id)
		}
		delete(r, "assigned at")
		delete(r, "reviewed")
		got[id] = r
	}
	people := func(id, status string) map[string]any {
		return map[string]any{
			"order id": id, "assigned agent": "ana@example.com", "status": status, "manager": "boss of " + id, "priority": "P2",
			"currency": "AED", "amount": 1500.0, "hours stuck": 20.0, "diagnosis": "manual_review", "notes": "note of " + id,
		}
	}
	ours := func(id, slot string) map[string]any {
		return map[string]any{
			"order id": id, "assigned agent": "bo@example.com", "status": "OPEN", "priority": "P2", "currency": "AED", "amount": 12345.67,
			"hours stuck": 37.5, "diagnosis": "refund_triggered", "run id": "triage/" + slot,
		}
	}
	want := map[string]map[string]any{
		"OLD1": people("OLD1", "OPEN"), "OLD2": people("OLD2", "RESOLVED"), "OLD3": people("OLD3", "waiting"),
		"NEW1": ours("NEW1", "first"), "NEW2": ours("NEW2", "second"),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows by order (-want +got):\n%s", diff)
	}
}

// checkRuns reads the records back: each run once, all of it delivered.
func checkRuns(t *testing.T, s *fake.Sheets) {
	t.Helper()
	snapshot, err := open(t, s).Read(t.Context())
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	var got []string
	for _, r := range snapshot.Runs {
		got = append(got, string(r.Slot))
		if r.Finished.IsZero() || r.Owes() || len(r.Messages) != 2 {
			t.Errorf("run %s: finished %v, messages %+v", r.ID, r.Finished, r.Messages)
		}
	}
	if diff := cmp.Diff([]string{"first", "second", "third"}, got); diff != "" {
		t.Errorf("runs (-want +got):\n%s\nwarnings: %q", diff, snapshot.Warnings)
	}
}

// What people type, insert and move while the first run adds our columns stays as
// it is: our headers go into columns of their own.
func TestPeopleEditTheFirstRun(t *testing.T) {
	t.Parallel()
	const a = "Assignments"
	edits := map[string]func(*fake.Sheets){
		"a column at the left":        func(s *fake.Sheets) { s.InsertColumns(a, "A", 1) },
		"a column in the middle":      func(s *fake.Sheets) { s.InsertColumns(a, "D", 1) },
		"a header where ours will be": func(s *fake.Sheets) { s.Put(a, "L1", "Reviewed by"); s.Put(a, "L2", "Zoe") },
		"a row above the header":      func(s *fake.Sheets) { s.InsertRows(a, 1, 1) },
	}
	for name, edit := range edits {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := peopled(t)
			var typed []string
			s.OnBefore(func(c fake.SheetsCall) {
				if c.Method == "spreadsheets.batchUpdate" && typed == nil {
					edit(s)
					typed = texts(s, a)
				}
			})
			_ = run(t.Context(), open(t, s), "first", "NEW1") // right, or stopped; what it must not do is below
			s.OnBefore(nil)
			after := texts(s, a)
			for _, text := range typed {
				i := slices.Index(after, text)
				if i < 0 {
					t.Fatalf("the cell %q of a person is gone", text)
				}
				after = slices.Delete(after, i, i+1)
			}
		})
	}
}

// texts are the contents of all cells of a tab, sorted.
func texts(s *fake.Sheets, tab string) []string {
	var all []string
	for _, row := range s.Rows(tab) {
		for _, cell := range row {
			if text := fmt.Sprint(cell); cell != nil && text != "" {
				all = append(all, text)
			}
		}
	}
	slices.Sort(all)
	return all
}
