package sheet_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pi-manager/internal/ecm"
	"pi-manager/internal/fake"
	"pi-manager/internal/ledger"
	"pi-manager/internal/ledger/ledgertest"
	"pi-manager/internal/ledger/sheet"
)

// A desk is a spreadsheet that people work in while we change rows of it, beside
// a twin in which the same people do the same and nothing else happens. Each row
// has a tag in a column of theirs, which nobody touches: by it the rows of both are compared.
type desk struct {
	t     testing.TB
	s     *fake.Sheets // the one that we work in too
	twin  *fake.Sheets
	tab   string          // title of Assignments by now
	typed map[string]bool // cells that people have typed, as tag/header
}

const tagHeader = "Manager"

// newDesk has so many open rows C1, C2, ..., with columns of people's own and a formula in each row.
func newDesk(t testing.TB, rows int) *desk {
	t.Helper()
	d := &desk{t: t, s: fake.NewSheets(t), twin: fake.NewSheets(t), tab: "Assignments", typed: map[string]bool{}}
	list := [][]any{append(peoplesHeader(), "Resolved At", "Run ID", "Age", "Remark")}
	for i := range rows {
		id := fmt.Sprint("C", i+1)
		row := append(peoplesRow(id, "OPEN"), nil, nil, fake.SheetsFormula{Source: fmt.Sprintf("=I%d*2", i+2), Shows: 40.0}, "mine "+id)
		row[2], row[8] = fmt.Sprintf("2026-02-16 12:%02d:00", i), float64(i+10)
		list = append(list, row)
	}
	d.s.Seed("Assignments", list)
	hire(d.s, ecm.Agent{Email: "ana@example.com", Active: true, Capacity: 5})
	if err := run(t.Context(), open(t, d.s), "before"); err != nil {
		t.Fatal(err)
	}
	d.s.Forget()
	d.twin.Restore(d.s.Version())
	return d
}

// both lets people do the same in both spreadsheets.
func (d *desk) both(hand func(s *fake.Sheets)) {
	hand(d.s)
	hand(d.twin)
}

// row finds a tag's first row, counted from 1; 0 where it is gone.
func (d *desk) row(s *fake.Sheets, tag string) int {
	rows := s.Rows(d.tab)
	column := columnOf(rows, tagHeader)
	for i, row := range rows {
		if column >= 0 && column < len(row) && row[column] == "boss of "+tag {
			return i + 1
		}
	}
	return 0
}

// columnOf finds a header in whichever row the headers stand.
func columnOf(rows [][]any, header string) int {
	for _, row := range rows {
		if contains(row, "Order ID") {
			return slices.Index(row, any(header))
		}
	}
	return -1
}

func letter(column int) string { return string(rune('A' + column)) }

// at lets people do something to the row of a tag, if it stands there in both.
func (d *desk) at(tag string, hand func(s *fake.Sheets, row int)) {
	if d.row(d.s, tag) > 0 && d.row(d.twin, tag) > 0 {
		d.both(func(s *fake.Sheets) { hand(s, d.row(s, tag)) })
	}
}

// types lets a person write into a cell of a tag's row.
func (d *desk) types(tag, header string, v any) {
	if columnOf(d.s.Rows(d.tab), header) < 0 || columnOf(d.twin.Rows(d.tab), header) < 0 {
		return
	}
	d.at(tag, func(s *fake.Sheets, row int) {
		d.typed[tag+"/"+header] = true
		s.Put(d.tab, letter(columnOf(s.Rows(d.tab), header))+fmt.Sprint(row), v)
	})
}

// intended is what a change wants to write, by header; nil where the row is to go.
type intended map[string]any

func (d *desk) cells(s *fake.Sheets, tab string) map[string][]map[string]any {
	list := map[string][]map[string]any{}
	for _, r := range records(s, tab, "Order ID") {
		tag, _ := r[strings.ToLower(tagHeader)].(string)
		for header, v := range r {
			if f, ok := v.(fake.SheetsFormula); ok {
				r[header] = f.Shows
			}
		}
		list[tag] = append(list[tag], r)
	}
	return list
}

// check compares both: no cell of a person differs, and of each change all is done or nothing.
func (d *desk) check(changes map[string]intended) {
	d.t.Helper()
	for _, title := range d.s.Titles() {
		if strings.Contains(title, "journal") {
			d.t.Errorf("the tab %q is left", title)
		}
	}
	want, got := d.cells(d.twin, d.tab), d.cells(d.s, d.tab)
	stored := map[string][]map[string]any{}
	if slices.Contains(d.s.Titles(), "Archive") {
		stored = d.cells(d.s, "Archive")
	}
	if note := "call the bank"; slices.Contains(texts(d.twin, d.tab), note) != slices.Contains(texts(d.s, d.tab), note) {
		d.t.Errorf("the note far below is gone")
	}
	for tag, rows := range want {
		if !strings.HasPrefix(tag, "boss of ") {
			continue
		}
		id := strings.TrimPrefix(tag, "boss of ")
		change, changes := changes[id]
		switch {
		case len(got[tag])+len(stored[tag]) != len(rows):
			d.t.Errorf("%s: %d rows and %d in the archive, want %d", id, len(got[tag]), len(stored[tag]), len(rows))
			continue
		case len(stored[tag]) > 0 && (!changes || change != nil):
			d.t.Errorf("%s is in the archive", id)
			continue
		}
		for i, row := range append(got[tag], stored[tag]...) {
			if i >= len(got[tag]) {
				maps.DeleteFunc(row, func(header string, _ any) bool { return rows[i][header] == nil }) // a column was deleted afterwards
			}
			d.compare(id, rows[i], row, change)
		}
	}
	for tag := range got {
		if want[tag] == nil && strings.HasPrefix(tag, "boss of ") {
			d.t.Errorf("%s is there again", tag)
		}
	}
}

func (d *desk) compare(id string, want, got map[string]any, change intended) {
	d.t.Helper()
	done, undone, touched := 0, 0, false
	for header := range d.typed {
		touched = touched || strings.HasPrefix(header, id+"/")
	}
	for _, header := range keysOfBoth(want, got) {
		intent, written := change[header]
		if header == "notes" && written && want[header] != nil {
			intent = fmt.Sprint(want[header], "; self-healed") // people's words stay in front of ours
		}
		switch {
		case written && got[header] == intent && intent != want[header] && (header == "notes" || !d.isTyped(id, header)):
			done++
		case got[header] == want[header]:
			if written {
				undone++
			}
		default:
			d.t.Errorf("%s: %s is %v, want %v", id, header, got[header], want[header])
		}
	}
	if done > 0 && undone > 0 && !touched {
		d.t.Errorf("%s is changed by half: %v", id, got)
	}
}

func (d *desk) isTyped(id, header string) bool {
	for typed := range d.typed {
		if strings.EqualFold(typed, id+"/"+header) {
			return true
		}
	}
	return false
}

func keysOfBoth(a, b map[string]any) []string {
	var keys []string
	for k := range a {
		keys = append(keys, k)
	}
	for k := range b {
		if _, both := a[k]; !both {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	return keys
}

// closed is what a cleanup writes into the row of a tag.
func closed(id string) intended {
	return intended{"status": "RESOLVED", "resolved at": "2026-02-17 15:00:00", "notes": "note of " + id + "; self-healed"}
}

// decide makes the changes for what is read: rows are closed, and those in gone go to the archive.
func decide(s ledger.Snapshot, closes, gone []string) []ecm.Change {
	var list []ecm.Change
	for _, a := range s.Assignments {
		switch {
		case slices.Contains(closes, a.OrderID) && a.Status == ecm.Open:
			is := a.WithNote(ecm.SelfHealed)
			is.Status, is.Word = ecm.Resolved, ""
			if is.ResolvedAt.IsZero() {
				is.ResolvedAt = ledgertest.Noon().Add(3 * time.Hour)
			}
			list = append(list, ecm.Change{Was: a, Is: is})
		case slices.Contains(gone, a.OrderID):
			list = append(list, ecm.Change{Was: a, Move: ecm.ToArchive})
		}
	}
	return list
}

// carry is what the shell does with changes: settle what is left, read, decide,
// commit, look after doubt.
func carry(ctx context.Context, l *sheet.Ledger, slot string, closes, gone []string, newOrders ...string) error {
	var err error
	for range 8 {
		var s ledger.Snapshot
		if s, err = settled(ctx, l); err != nil {
			if ecm.ClassOf(err) == ecm.Permanent {
				return err
			}
			continue
		}
		c := ledgertest.Commit(s.Generation, slot, missing(s, newOrders)...)
		if known(s, c.Run.ID) {
			return nil
		}
		c.Changes = decide(s, closes, gone)
		switch err = l.Commit(ctx, c); {
		case err == nil:
			return nil
		case errors.Is(err, ledger.ErrConflict):
		case ecm.ClassOf(err) == ecm.Permanent:
			return err
		}
	}
	return err
}

func settled(ctx context.Context, l *sheet.Ledger) (ledger.Snapshot, error) {
	s, err := l.Read(ctx)
	if err != nil || !s.Unsettled {
		return s, err
	}
	if err := l.Settle(ctx); err != nil {
		return s, err
	}
	return l.Read(ctx)
}
