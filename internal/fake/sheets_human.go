package fake

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// What people do in the spreadsheet, by hand and in no agreed order with us. Cells
// are named as people name them: "D5" of a tab. A wrong name is a fault in the
// test and panics.

// Seed adds a tab with these rows, or fills the tab of that title anew. Values are
// nil, string, int, float64, bool, SheetsFormula or SheetsError, and land as they are.
func (s *Sheets) Seed(tab string, rows [][]any) {
	s.edit(func(b *sheetBook) {
		t := b.byTitle(tab)
		if t == nil {
			t = &sheetTab{id: b.newID(), title: tab, height: sheetNewRows, width: sheetNewColumns}
			b.tabs = append(b.tabs, t)
		}
		t.rows = nil
		t.height = max(t.height, len(rows))
		for i, row := range rows {
			t.width = max(t.width, len(row))
			for j, v := range row {
				t.at(i, j).value = sheetPlain(v)
			}
		}
	})
}

func sheetPlain(v any) any {
	switch v := v.(type) {
	case int:
		return float64(v)
	case string:
		if v == "" {
			return nil
		}
	}
	return v
}

func (s *Sheets) edit(change func(*sheetBook)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s.book)
}

func (s *Sheets) onTab(title string, change func(*sheetTab)) {
	s.edit(func(b *sheetBook) { change(b.must(title)) })
}

func (b *sheetBook) must(title string) *sheetTab {
	t := b.byTitle(title)
	if t == nil {
		panic(fmt.Sprintf("fake sheets: no tab %q", title))
	}
	return t
}

func (t *sheetTab) cell(name string) *sheetCell {
	col, row, ok := sheetCorner(name)
	if !ok || col == 0 || row == 0 {
		panic(fmt.Sprintf("fake sheets: %q names no cell", name))
	}
	t.height, t.width = max(t.height, row), max(t.width, col)
	return t.at(row-1, col-1)
}

// Type is a person typing into a cell, with all that Sheets then makes of it.
func (s *Sheets) Type(tab, cell, text string) {
	s.edit(func(b *sheetBook) { b.must(tab).cell(cell).enter(text, b.locale) })
}

// Put sets the value of a cell as it is, without Sheets making anything of it.
func (s *Sheets) Put(tab, cell string, v any) {
	s.onTab(tab, func(t *sheetTab) { t.cell(cell).value = sheetPlain(v) })
}

// Cell is the value of a cell: nil, string, float64, bool, SheetsFormula or SheetsError.
func (s *Sheets) Cell(tab, cell string) (v any) {
	s.onTab(tab, func(t *sheetTab) { v = t.cell(cell).value })
	return v
}

// Format sets the number format of a whole column, e.g. "B" to "DATE_TIME", as people do with a click.
func (s *Sheets) Format(tab, column, kind string) {
	s.onTab(tab, func(t *sheetTab) {
		col, _, _ := sheetCorner(column)
		for row := range t.height {
			c := t.at(row, col-1)
			c.format = sheetWithNumberType(c.format, kind)
		}
	})
}

// InsertRows puts n blank rows above a row, counted from 1.
func (s *Sheets) InsertRows(tab string, above, n int) {
	s.edit(func(b *sheetBook) {
		t := b.must(tab)
		t.insertRows(above-1, n)
		b.shift(t, "ROW", above-1, n)
	})
}

// DeleteRows deletes n rows from a row on, counted from 1.
func (s *Sheets) DeleteRows(tab string, from, n int) {
	s.edit(func(b *sheetBook) {
		t := b.must(tab)
		t.deleteRows(from-1, n)
		b.shift(t, "ROW", from-1, -n)
	})
}

// InsertColumns puts n blank columns left of a column.
func (s *Sheets) InsertColumns(tab, before string, n int) {
	s.edit(func(b *sheetBook) {
		t := b.must(tab)
		col, _, _ := sheetCorner(before)
		t.insertColumns(col-1, n)
		b.shift(t, "COLUMN", col-1, n)
	})
}

// DeleteColumn deletes a column.
func (s *Sheets) DeleteColumn(tab, column string) {
	s.edit(func(b *sheetBook) {
		t := b.must(tab)
		col, _, _ := sheetCorner(column)
		t.deleteColumns(col-1, 1)
		b.shift(t, "COLUMN", col-1, -1)
	})
}

// MoveColumn drags a column to the place of another.
func (s *Sheets) MoveColumn(tab, column, to string) {
	s.onTab(tab, func(t *sheetTab) {
		from, _, _ := sheetCorner(column)
		target, _, _ := sheetCorner(to)
		for i := range t.rows {
			t.at(i, max(from, target)-1)
			moving := t.rows[i][from-1]
			t.rows[i] = slices.Insert(slices.Delete(t.rows[i], from-1, from), target-1, moving)
		}
	})
}

// Sort orders the rows below the header by a column, empty cells last. Row
// metadata stays where it was: whether it follows a sort is written nowhere (F44).
func (s *Sheets) Sort(tab, column string) {
	s.edit(func(b *sheetBook) {
		t := b.must(tab)
		col, _, _ := sheetCorner(column)
		text := func(row []sheetCell) string {
			if col > len(row) || row[col-1].value == nil {
				return "\uffff"
			}
			return sheetFormatted(row[col-1], b.locale)
		}
		slices.SortStableFunc(t.rows[1:], func(x, y []sheetCell) int { return cmp.Compare(text(x), text(y)) })
	})
}

// Filter shows only the rows whose cell in a column holds one of the values.
func (s *Sheets) Filter(tab, column string, keep ...string) {
	s.onTab(tab, func(t *sheetTab) {
		col, _, _ := sheetCorner(column)
		t.filter = &sheetFilter{column: col - 1, keep: keep}
	})
}

// RenameTab gives a tab another title.
func (s *Sheets) RenameTab(tab, title string) {
	s.onTab(tab, func(t *sheetTab) { t.title = title })
}

// HideTab hides a tab. The service serves it all the same.
func (s *Sheets) HideTab(tab string) {
	s.onTab(tab, func(t *sheetTab) { t.hidden = true })
}

// DuplicateTab copies a tab under the title "Copy of ..." (F43).
func (s *Sheets) DuplicateTab(tab string) {
	s.edit(func(b *sheetBook) {
		twin := b.must(tab).clone()
		twin.id, twin.title = b.newID(), "Copy of "+twin.title
		b.tabs = append(b.tabs, twin)
	})
}

// DeleteTab deletes a tab, and what metadata hung on it.
func (s *Sheets) DeleteTab(tab string) {
	s.edit(func(b *sheetBook) {
		gone := b.must(tab)
		b.tabs = slices.DeleteFunc(b.tabs, func(t *sheetTab) bool { return t == gone })
		b.tags = slices.DeleteFunc(b.tags, func(t sheetTag) bool { return t.place.tab == gone.id && t.place.kind != "SPREADSHEET" })
	})
}

// Protect forbids the service account to edit a range such as "D:D", or the whole
// tab where the range is empty (F39).
func (s *Sheets) Protect(tab, cells, name string) { s.guard(tab, cells, sheetGuard{name: name}) }

// ProtectGently protects a range in a way that the service account may still edit:
// as one of its editors, or where people are only warned.
func (s *Sheets) ProtectGently(tab, cells string, warningOnly bool) {
	s.guard(tab, cells, sheetGuard{mayEdit: true, warningOnly: warningOnly})
}

func (s *Sheets) guard(tab, cells string, g sheetGuard) {
	s.edit(func(b *sheetBook) {
		t := b.must(tab)
		g.id, g.bottom, g.right = b.newID(), sheetMaxCells, sheetMaxCells
		if cells != "" {
			box, ok := t.box(cells)
			if !ok {
				panic(fmt.Sprintf("fake sheets: %q is no range", cells))
			}
			g.top, g.left, g.right = box.top, box.left, box.right
			if !strings.ContainsAny(cells, "0123456789") {
				box.bottom = sheetMaxCells // a whole column goes on in rows that are added later
			}
			g.bottom = box.bottom
		}
		t.guards = append(t.guards, g)
	})
}

// Validate lets a column below the header take only these words; strict rejects others (F63).
func (s *Sheets) Validate(tab, column string, strict bool, words ...string) {
	s.onTab(tab, func(t *sheetTab) {
		col, _, _ := sheetCorner(column)
		values := make([]any, len(words))
		for i, w := range words {
			values[i] = map[string]any{"userEnteredValue": w}
		}
		rule := map[string]any{"strict": strict, "condition": map[string]any{"type": "ONE_OF_LIST", "values": values}}
		for row := 1; row < t.height; row++ {
			t.at(row, col-1).rule = rule
		}
	})
}

// Locale sets the spreadsheet's locale and time zone (F51).
func (s *Sheets) Locale(locale, zone string) {
	s.edit(func(b *sheetBook) { b.locale, b.zone = locale, zone })
}

// Version is a state of the spreadsheet that people can go back to.
type Version struct{ book *sheetBook }

// Version keeps the present state.
func (s *Sheets) Version() (v Version) {
	s.edit(func(b *sheetBook) { v.book = b.clone() })
	return v
}

// Restore goes back to a state, metadata included (F57).
func (s *Sheets) Restore(v Version) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.book = v.book.clone()
}
