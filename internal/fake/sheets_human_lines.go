package fake

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Sort orders the rows below the header by a column, smallest first. Empty cells come last
// whichever the direction. Formulas move as if they were pasted: what they say of their own row
// stays, what they say of other rows does not. Row metadata stays where it was: whether it
// follows a sort is written nowhere (F44).
func (s *Sheets) Sort(tab, column string) { s.sort(tab, column, 1) }

// SortDown orders the rows as Sort does, largest first.
func (s *Sheets) SortDown(tab, column string) { s.sort(tab, column, -1) }

func (s *Sheets) sort(tab, column string, sign int) {
	s.edit(func(b *sheetBook) {
		t := b.must(tab)
		col, _, _ := sheetCorner(column)
		top := max(t.frozen, 1)
		if len(t.rows) <= top {
			return
		}
		old := slices.Clone(t.rows[top:])
		order := make([]int, len(old))
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(x, y int) int {
			return sheetCompare(t.view(top+x, col-1), t.view(top+y, col-1), sign)
		})
		for to, from := range order {
			t.rows[top+to] = sheetMovedRow(old[from], to-from)
		}
		b.undo = &sheetUndo{tab: t.id, box: sheetBox{top: top, bottom: top + len(order), right: t.width}, order: order}
	})
}

// sheetCompare orders numbers before text before booleans before errors before nothing.
func sheetCompare(x, y sheetCell, sign int) int {
	rankX, rankY := sheetRank(x), sheetRank(y)
	switch {
	case rankX != rankY && (rankX == sheetRankBlank || rankY == sheetRankBlank):
		return cmp.Compare(rankX, rankY)
	case rankX != rankY:
		return sign * cmp.Compare(rankX, rankY)
	}
	if n, isNumber := sheetShown(x.value).(float64); isNumber {
		return sign * cmp.Compare(n, sheetShown(y.value).(float64))
	}
	return sign * strings.Compare(strings.ToLower(sheetFormatted(x, "")), strings.ToLower(sheetFormatted(y, "")))
}

const sheetRankBlank = 9

func sheetRank(c sheetCell) int {
	switch sheetShown(c.value).(type) {
	case float64:
		return 1
	case string:
		return 2
	case bool:
		return 3
	case SheetsError:
		return 4
	}
	return sheetRankBlank
}

// sheetMovedRow is a row so many lines further down: a sort moves formulas as pasting does.
func sheetMovedRow(row []sheetCell, by int) []sheetCell {
	row = slices.Clone(row)
	for i, c := range row {
		if f, computes := c.value.(SheetsFormula); computes {
			row[i] = c.restated(f, sheetShifted(f.Source, by, 0))
		}
	}
	return row
}

// MoveRows drags n rows from a row on to above another row, counted from 1 as they stand before.
func (s *Sheets) MoveRows(tab string, from, n, above int) {
	s.edit(func(b *sheetBook) { b.move(b.must(tab), "ROW", from-1, n, above-1) })
}

// MoveColumn drags a column to the place of another.
func (s *Sheets) MoveColumn(tab, column, to string) {
	from, _, _ := sheetCorner(column)
	target, _, _ := sheetCorner(to)
	before := target - 1
	if target > from {
		before = target
	}
	s.edit(func(b *sheetBook) { b.move(b.must(tab), "COLUMN", from-1, 1, before) })
}

// move takes lines to before another, with their metadata, widths and whatever reads a single
// cell of them. Protection, merges and charts stay: what becomes of them is written nowhere.
func (b *sheetBook) move(t *sheetTab, kind string, from, n, before int) {
	if before > from && before < from+n {
		return // onto itself
	}
	goes := sheetMoving(from, n, before)
	if kind == "ROW" {
		t.moveRows(from, n, before)
	} else {
		t.moveColumns(from, n, before, goes)
	}
	for i, g := range b.tags {
		if g.place.kind == kind && g.place.tab == t.id {
			b.tags[i].place.index = goes(g.place.index)
		}
	}
	moved := map[int]bool{}
	for line := range t.hid[kind] {
		moved[goes(line)] = true
	}
	if len(moved) > 0 {
		t.hid[kind] = moved
	}
	b.mapFormulas(func(holder *sheetTab, source string) string {
		return sheetMapRefs(source, func(tab string, s sheetSpan) (sheetSpan, bool) {
			if (tab == "" && holder == t || strings.EqualFold(tab, t.title)) && !s.isRange {
				s.from = s.from.gone(kind, goes)
			}
			return s, true
		})
	})
	b.undo = nil
}

// sheetMoving says where a line goes when n lines from one on are dragged to before another.
func sheetMoving(from, n, before int) func(int) int {
	return func(i int) int {
		switch {
		case from <= i && i < from+n && before > from:
			return i + before - from - n
		case from <= i && i < from+n:
			return i - from + before
		case from+n <= i && i < before:
			return i - n
		case before <= i && i < from:
			return i + n
		}
		return i
	}
}

func (r sheetRef) gone(kind string, goes func(int) int) sheetRef {
	if kind == "ROW" {
		r.row = goes(r.row-1) + 1
	} else {
		r.col = goes(r.col-1) + 1
	}
	return r
}

func (t *sheetTab) moveRows(from, n, before int) {
	t.at(max(from+n, before)-1, 0)
	t.rows = sheetDragged(t.rows, from, n, before)
}

func (t *sheetTab) moveColumns(from, n, before int, goes func(int) int) {
	for i := range t.rows {
		t.at(i, max(from+n, before)-1)
		t.rows[i] = sheetDragged(t.rows[i], from, n, before)
	}
	widths := map[int]int{}
	for col, pixels := range t.widths {
		widths[goes(col)] = pixels
	}
	t.widths = widths
	if t.filter != nil {
		t.filter = &sheetFilter{column: goes(t.filter.column), keep: t.filter.keep}
	}
	for i := range t.spills {
		t.spills[i].col = goes(t.spills[i].col)
	}
}

func sheetDragged[T any](list []T, from, n, before int) []T {
	moving := slices.Clone(list[from : from+n])
	rest := slices.Delete(slices.Clone(list), from, from+n)
	if before > from {
		before -= n
	}
	return slices.Insert(rest, before, moving...)
}

// CopyRow pastes a row over another, both counted from 1, with all of its cells.
func (s *Sheets) CopyRow(tab string, row, to int) {
	s.edit(func(b *sheetBook) {
		t := b.must(tab)
		t.height = max(t.height, row, to)
		b.remember(t, sheetBox{top: to - 1, bottom: to, right: t.width})
		t.pasteRow(row-1, to-1, sheetPasteAll)
	})
}

// CutRow moves the cells of a row over another. The row they came from is blank then.
func (s *Sheets) CutRow(tab string, row, to int) {
	s.edit(func(b *sheetBook) {
		t := b.must(tab)
		t.height = max(t.height, row, to)
		t.pasteRow(row-1, to-1, func(cell *sheetCell, from sheetCell, _ sheetMove) { *cell = from })
		for col := range t.width {
			*t.at(row-1, col) = sheetCell{}
		}
		b.mapFormulas(func(holder *sheetTab, source string) string {
			return sheetMapRefs(source, func(tab string, s sheetSpan) (sheetSpan, bool) {
				mine := tab == "" && holder == t || strings.EqualFold(tab, t.title)
				switch {
				case !mine || s.isRange:
				case s.from.row == to:
					return s, false
				case s.from.row == row:
					s.from.row = to
				}
				return s, true
			})
		})
		b.undo = nil
	})
}

func (t *sheetTab) pasteRow(from, to int, put sheetPasting) {
	for col := range t.width {
		c := t.view(from, col)
		put(t.at(to, col), c, sheetMove{from: t, to: t, rows: to - from})
	}
}

// Clear empties the cells of a range such as "B2:D9" or "C:C"; looks and notes stay.
func (s *Sheets) Clear(tab, cells string) {
	s.edit(func(b *sheetBook) {
		t := b.must(tab)
		box := t.mustBox(cells)
		b.remember(t, box)
		for row := box.top; row < min(box.bottom, len(t.rows)); row++ {
			for col := box.left; col < min(box.right, len(t.rows[row])); col++ {
				t.rows[row][col].value = nil
			}
		}
	})
}

// Merge makes one cell of a range. Only what stood in its first cell stays.
func (s *Sheets) Merge(tab, cells string) {
	s.edit(func(b *sheetBook) {
		t := b.must(tab)
		box := t.mustBox(cells)
		b.undo = nil
		t.merges = append(slices.DeleteFunc(t.merges, box.overlaps), box)
		for row := box.top; row < box.bottom; row++ {
			for col := box.left; col < box.right; col++ {
				if t.covered(row, col) {
					t.at(row, col).value = nil
				}
			}
		}
	})
}

// Note pins a note on a cell; an empty one takes it off.
func (s *Sheets) Note(tab, cell, text string) {
	s.edit(func(b *sheetBook) {
		t := b.must(tab)
		c := t.cell(cell)
		b.remember(t, sheetNamed(cell))
		c.note = text
	})
}

// ArrayFormula puts a formula into a cell, a header mostly, that shows one value for each row below it.
func (s *Sheets) ArrayFormula(tab, cell string, formula SheetsFormula, below ...any) {
	s.edit(func(b *sheetBook) {
		t := b.must(tab)
		t.cell(cell).value = formula
		col, row, _ := sheetCorner(cell)
		t.height = max(t.height, row+len(below))
		for i, v := range below {
			t.at(row+i, col-1).spilled = sheetPlain(v)
		}
		t.spills = append(t.spills, sheetSpill{row: row - 1, col: col - 1})
	})
}

// Fill gives every cell of a column below the header a default value, false for
// checkboxes, down to the last row of the grid (F48).
func (s *Sheets) Fill(tab, column string, v any) {
	s.onTab(tab, func(t *sheetTab) {
		col, _, _ := sheetCorner(column)
		for row := 1; row < t.height; row++ {
			if c := t.at(row, col-1); c.value == nil {
				c.value = sheetPlain(v)
			}
		}
	})
}

// Table puts rows of values into a tab with the first of them at a cell: a second table, notes at the side.
func (s *Sheets) Table(tab, cell string, rows [][]any) {
	s.onTab(tab, func(t *sheetTab) {
		col, row, _ := sheetCorner(cell)
		for i, line := range rows {
			for j, v := range line {
				t.cell(fmt.Sprint(sheetColumn(col-1+j), row+i)).value = sheetPlain(v)
			}
		}
	})
}
