package fake

import (
	"fmt"
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
	s.edit(func(b *sheetBook) {
		t := b.must(tab)
		c := t.cell(cell)
		b.remember(t, sheetNamed(cell))
		c.enter(text, b.locale)
	})
}

// Put sets the value of a cell as it is, without Sheets making anything of it.
func (s *Sheets) Put(tab, cell string, v any) {
	s.edit(func(b *sheetBook) {
		t := b.must(tab)
		c := t.cell(cell)
		b.remember(t, sheetNamed(cell))
		c.value = sheetPlain(v)
	})
}

func sheetNamed(cell string) sheetBox {
	col, row, _ := sheetCorner(cell)
	return sheetBox{top: row - 1, left: col - 1, bottom: row, right: col}
}

// Cell is the value of a cell, or what an array formula shows there: nil, string, float64, bool, SheetsFormula or SheetsError.
func (s *Sheets) Cell(tab, cell string) (v any) {
	s.onTab(tab, func(t *sheetTab) {
		t.cell(cell)
		col, row, _ := sheetCorner(cell)
		v = t.view(row-1, col-1).plain()
	})
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

// InsertRows puts n blank rows above a row, counted from 1. They look like it and have its validation.
func (s *Sheets) InsertRows(tab string, above, n int) {
	s.edit(func(b *sheetBook) {
		t := b.must(tab)
		b.insertRows(t, above-1, n)
		t.inheritRows(above-1, n, false)
	})
}

// DeleteRows deletes n rows from a row on, counted from 1.
func (s *Sheets) DeleteRows(tab string, from, n int) {
	s.edit(func(b *sheetBook) {
		t := b.must(tab)
		b.remember(t, sheetBox{top: from - 1, bottom: from - 1 + n, right: t.width})
		undo := *b.undo
		undo.gone = true
		b.deleteRows(t, from-1, n)
		b.undo = &undo
	})
}

// InsertColumns puts n blank columns left of a column, with its looks and validation.
func (s *Sheets) InsertColumns(tab, before string, n int) {
	s.edit(func(b *sheetBook) {
		t := b.must(tab)
		col, _, _ := sheetCorner(before)
		b.insertColumns(t, col-1, n)
		t.inheritColumns(col-1, n, false)
	})
}

// DeleteColumn deletes a column.
func (s *Sheets) DeleteColumn(tab, column string) {
	s.edit(func(b *sheetBook) {
		col, _, _ := sheetCorner(column)
		b.deleteColumns(b.must(tab), col-1, 1)
	})
}

// Filter shows only the rows whose cell in a column holds one of the values.
func (s *Sheets) Filter(tab, column string, keep ...string) {
	s.onTab(tab, func(t *sheetTab) {
		col, _, _ := sheetCorner(column)
		t.filter = &sheetFilter{column: col - 1, keep: keep}
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
			box := t.mustBox(cells)
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

// Restore goes back to a state, metadata included (F57). A second server can take it over
// too: what would the sheet be, had only people edited it?
func (s *Sheets) Restore(v Version) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.book = v.book.clone()
}
