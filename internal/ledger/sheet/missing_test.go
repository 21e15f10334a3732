package sheet_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pi-manager/internal/ecm"
	"pi-manager/internal/fake"
	"pi-manager/internal/ledger/ledgertest"
	"pi-manager/internal/ledger/sheet"
)

// requiredHeaders are those without which nothing is read.
func requiredHeaders() []string {
	return []string{
		"Order ID", "Assigned Agent", "Assigned At", "Status", "Priority", "Currency", "Amount", "Hours Stuck", "Diagnosis", "Notes",
	}
}

// interleaved is a desk with a column of people's own beside each of ours, on the
// left or on the right. The rows C1 to C3 have something in all of them, U1 and U2 nothing.
func interleaved(t *testing.T, right bool) *desk {
	t.Helper()
	d := &desk{t: t, s: fake.NewSheets(t), twin: fake.NewSheets(t), tab: "Assignments", typed: map[string]bool{}}
	beside := func(row, own []any) []any {
		var out []any
		for i := range row {
			pair := []any{own[i], row[i]}
			if right {
				slices.Reverse(pair)
			}
			out = append(out, pair...)
		}
		return out
	}
	ours := append(requiredHeaders(), "Resolved At", "Run ID")
	header, own := make([]any, len(ours)), make([]any, len(ours))
	for i, h := range ours {
		header[i], own[i] = h, "Own "+h
	}
	rows := [][]any{beside(header, own)}
	for i, id := range []string{"C1", "U1", "C2", "U2", "C3"} {
		row := append(slices.Delete(peoplesRow(id, "OPEN"), 4, 5), nil, nil)
		words := make([]any, len(ours))
		for k := range words {
			formula := fake.SheetsFormula{Source: fmt.Sprintf(`="my "&%d`, k), Shows: fmt.Sprint("my ", k)}
			words[k] = []any{fmt.Sprint("mine ", id, k), float64(i*100 + k), k%2 == 0, formula}[(i+k)%4]
			if id[0] == 'U' {
				words[k] = nil
			}
		}
		rows = append(rows, beside(row, words))
	}
	d.s.Seed(d.tab, rows)
	hire(d.s, ecm.Agent{Email: "ana@example.com", Active: true, Capacity: 5})
	if err := run(t.Context(), open(t, d.s), "before"); err != nil {
		t.Fatal(err)
	}
	d.s.Forget()
	d.twin.Restore(d.s.Version())
	return d
}

// threeMoves are what a cleanup, an archiving and an undo do to rows.
func threeMoves() map[string]func(a ecm.Assignment) (ecm.Change, bool) {
	return map[string]func(a ecm.Assignment) (ecm.Change, bool){
		"cleanup": func(a ecm.Assignment) (ecm.Change, bool) {
			is := a.WithNote(ecm.SelfHealed)
			is.Status, is.ResolvedAt = ecm.Resolved, ledgertest.Noon()
			return ecm.Change{Was: a, Is: is}, true
		},
		"archive": func(a ecm.Assignment) (ecm.Change, bool) {
			return ecm.Change{Was: a, Move: ecm.ToArchive}, true
		},
		"undo": func(a ecm.Assignment) (ecm.Change, bool) {
			return ecm.Change{Was: a, Move: ecm.Away}, a.OrderID[0] == 'U'
		},
	}
}

// commitWhile commits changes of the rows, and lets people do something just before they are written.
func (d *desk) commitWhile(l *sheet.Ledger, move func(ecm.Assignment) (ecm.Change, bool), hand func(*fake.Sheets)) error {
	d.t.Helper()
	s, err := l.Read(d.t.Context())
	if err != nil {
		d.t.Fatal(err)
	}
	c := ledgertest.Commit(s.Generation, "changes")
	for _, a := range s.Assignments {
		if change, wanted := move(a); wanted {
			c.Changes = append(c.Changes, change)
		}
	}
	d.s.OnBefore(func(c fake.SheetsCall) {
		if c.Write {
			d.s.OnBefore(nil)
			d.both(hand)
		}
	})
	err = l.Commit(d.t.Context(), c)
	d.s.OnBefore(nil)
	return err
}

// untouched fails where a cell differs from what people alone have made of the tab, or a journal is left.
func (d *desk) untouched() {
	d.t.Helper()
	if diff := cmp.Diff(trimmed(d.twin.Rows(d.tab)), trimmed(d.s.Rows(d.tab))); diff != "" {
		d.t.Errorf("cells (-people's +ours):\n%s", diff)
	}
	for _, title := range d.s.Titles() {
		if strings.Contains(title, "journal") {
			d.t.Errorf("the tab %q is left", title)
		}
	}
}

// trimmed are rows without blank cells and rows at their ends.
func trimmed(rows [][]any) [][]any {
	for i, row := range rows {
		for len(row) > 0 && (row[len(row)-1] == nil || row[len(row)-1] == "") {
			row = row[:len(row)-1]
		}
		rows[i] = row
	}
	for len(rows) > 0 && len(rows[len(rows)-1]) == 0 {
		rows = rows[:len(rows)-1]
	}
	return rows
}

// F41, F55: a column that every run needs is deleted between our read and our
// write, so what we write hits other columns. All of it goes back, whether this
// process looks or the next one, and the failure names the column.
func TestARequiredColumnIsDeletedInTheGap(t *testing.T) {
	t.Parallel()
	for name, move := range threeMoves() {
		for _, header := range requiredHeaders() {
			for beside, at := range map[string]struct{ right, dies bool }{
				"own on the left": {}, "own on the right": {right: true}, "and the process dies": {dies: true},
			} {
				t.Run(name+"/"+header+"/"+beside, func(t *testing.T) {
					t.Parallel()
					d := interleaved(t, at.right)
					if at.dies {
						d.s.Trouble(fake.SheetsTrouble{On: fake.OnMethod("spreadsheets.batchUpdate"), Applied: true, Last: -1, Status: http.StatusBadGateway})
					}
					err := d.commitWhile(open(t, d.s), move, func(s *fake.Sheets) {
						s.Put(d.tab, "X3", "typed in the gap")
						s.DeleteColumn(d.tab, letter(columnOf(s.Rows(d.tab), header)))
					})
					if ecm.ClassOf(err) != ecm.Ambiguous {
						t.Errorf("commit: %v, want it ambiguous", err)
					}
					d.s.Calm()
					if at.dies {
						err = open(t, d.s).Settle(t.Context())
					}
					if want := fmt.Sprintf("column %q is missing", header); err == nil || !strings.Contains(err.Error(), want) {
						t.Errorf("%v, want it to say that %s", err, want)
					}
					d.untouched()
					if err := open(t, d.s).Settle(t.Context()); err != nil {
						t.Errorf("settle once more: %v", err)
					}
				})
			}
		}
	}
}

// F41: the header row itself is deleted, or stands there twice, when we write.
func TestTheHeaderRowChangesInTheGap(t *testing.T) {
	t.Parallel()
	for name, move := range threeMoves() {
		for gesture, hand := range map[string]func(*fake.Sheets){
			"header row deleted":           func(s *fake.Sheets) { s.DeleteRows("Assignments", 1, 1) },
			"header row copied on top":     func(s *fake.Sheets) { s.InsertRows("Assignments", 1, 1); s.CopyRow("Assignments", 2, 1) },
			"order column deleted, sorted": func(s *fake.Sheets) { s.DeleteColumn("Assignments", "B"); s.SortDown("Assignments", "A") },
		} {
			t.Run(name+"/"+gesture, func(t *testing.T) {
				t.Parallel()
				d := interleaved(t, false)
				if err := d.commitWhile(open(t, d.s), move, hand); ecm.ClassOf(err) != ecm.Ambiguous {
					t.Errorf("commit: %v, want it ambiguous", err)
				}
				d.untouched()
			})
		}
	}
}

// A row that comes back has its formulas as they were typed: what they refer to does not shift, though rows above it are gone.
func TestAFormulaComesBack(t *testing.T) {
	t.Parallel()
	d := newDesk(t, 1)
	l := open(t, d.s)
	if err := carry(t.Context(), l, "new", nil, nil, "N1", "N2", "N3"); err != nil {
		t.Fatal(err)
	}
	formula := fake.SheetsFormula{Source: `="see "&O2`, Shows: "see mine C1"}
	undo := func(a ecm.Assignment) (ecm.Change, bool) {
		return ecm.Change{Was: a, Move: ecm.Away}, a.OrderID[0] == 'N'
	}
	d.twin.Restore(d.s.Version())
	if err := d.commitWhile(l, undo, func(s *fake.Sheets) { s.Put(d.tab, "O5", formula) }); err != nil {
		t.Fatal(err)
	}
	var back []any
	for _, row := range d.s.Rows(d.tab)[2:] {
		if len(row) > 0 && row[0] != nil {
			back = append(back, row[0], row[14].(fake.SheetsFormula).Source)
		}
	}
	if diff := cmp.Diff([]any{"N3", formula.Source}, back); diff != "" {
		t.Errorf("what came back (-want +got):\n%s", diff)
	}
}

// F39: a dashboard that we must not write is no reason to assign nothing; the snapshot says why it grows old.
func TestAProtectedDashboard(t *testing.T) {
	t.Parallel()
	const tab = "ECM Dashboard"
	for cells, locked := range map[string]bool{"": true, "B1:B4": true, "K1:L90": false} {
		s := peopled(t)
		s.Seed(tab, [][]any{{"Figure", "Value"}, {"Open", 1}})
		s.Protect(tab, cells, "hands off")
		l := open(t, s)
		got, err := l.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		warned := slices.ContainsFunc(got.Warnings, func(w string) bool { return strings.Contains(w, tab) && strings.Contains(w, "hands off") })
		c := ledgertest.Commit(got.Generation, "slot", ledgertest.Row("NEW1", "ana@example.com"))
		c.Board = &ecm.Board{Figures: []ecm.Figure{{Label: "Open", Count: 3}}}
		if err := l.Commit(t.Context(), c); err != nil {
			t.Errorf("protected %q: %v", cells, err)
		}
		figure := 3.0
		if locked {
			figure = 1
		}
		if warned != locked || s.Cell(tab, "B2") != figure || len(read(t, s).Assignments) != 3 {
			t.Errorf("protected %q: warned %v, the figure is %v", cells, warned, s.Cell(tab, "B2"))
		}
	}
}
