package fake

import "slices"

// What hangs on lines of the grid, and goes along when lines come and go.

// shift keeps metadata, protection, names, the filter, charts and formulas on the lines they
// were put on. Metadata of a deleted line dies with it (F44, F56), and so does protection of nothing else.
func (b *sheetBook) shift(t *sheetTab, kind string, at, by int) {
	b.shiftTags(t, kind, at, by)
	b.names = sheetShiftNames(b.names, t.id, kind, at, by)
	for i := range t.guards {
		t.guards[i].shift(kind, at, by)
	}
	t.guards = slices.DeleteFunc(t.guards, func(g sheetGuard) bool { return g.top >= g.bottom || g.left >= g.right })
	for i := range t.rules {
		t.rules[i] = sheetFollowMap(t.rules[i], t.id, kind, at, by)
	}
	for i := range t.merges {
		t.merges[i] = t.merges[i].shift(kind, at, by)
	}
	t.merges = slices.DeleteFunc(t.merges, func(m sheetBox) bool { return m.size() < 2 })
	t.shiftFrame(kind, at, by)
	t.shiftSpills(kind, at, by)
	b.shiftCharts(t, kind, at, by)
	b.followFormulas(t, kind, at, by)
	b.undo = b.undo.shift(t.id, kind, at, by)
}

func (b *sheetBook) shiftTags(t *sheetTab, kind string, at, by int) {
	b.tags = slices.DeleteFunc(b.tags, func(g sheetTag) bool {
		_, alive := sheetMoved(g.place.index, at, by)
		return g.place.kind == kind && g.place.tab == t.id && !alive
	})
	for i, g := range b.tags {
		if g.place.kind == kind && g.place.tab == t.id {
			b.tags[i].place.index, _ = sheetMoved(g.place.index, at, by)
		}
	}
}

// shiftFrame moves the frozen rows, the hidden lines and the filter.
func (t *sheetTab) shiftFrame(kind string, at, by int) {
	moved := map[int]bool{}
	for line := range t.hid[kind] {
		if to, alive := sheetMoved(line, at, by); alive {
			moved[to] = true
		}
	}
	if len(t.hid[kind]) > 0 {
		t.hid[kind] = moved
	}
	if kind == "ROW" {
		_, t.frozen = sheetStretch(0, t.frozen, at, by)
		return
	}
	if t.filter == nil {
		return
	}
	col, alive := sheetMoved(t.filter.column, at, by)
	if !alive {
		t.filter = nil
		return
	}
	t.filter = &sheetFilter{column: col, keep: t.filter.keep}
}

func (b *sheetBook) shiftCharts(t *sheetTab, kind string, at, by int) {
	for _, other := range b.tabs {
		for i, c := range other.charts {
			other.charts[i].spec = sheetFollowMap(c.spec, t.id, kind, at, by)
			other.charts[i].position = sheetFollowMap(c.position, t.id, kind, at, by)
		}
	}
}

func (g *sheetGuard) shift(kind string, at, by int) {
	from, to := &g.top, &g.bottom
	if kind == "COLUMN" {
		from, to = &g.left, &g.right
	}
	open := *to >= sheetMaxCells // a side without a bound keeps none
	*from, *to = sheetStretch(*from, *to, at, by)
	if open {
		*to = sheetMaxCells
	}
}

func (b sheetBox) shift(kind string, at, by int) sheetBox {
	if kind == "COLUMN" {
		b.left, b.right = sheetStretch(b.left, b.right, at, by)
	} else {
		b.top, b.bottom = sheetStretch(b.top, b.bottom, at, by)
	}
	return b
}

func (b sheetBox) size() int { return max(0, b.bottom-b.top) * max(0, b.right-b.left) }

func (b sheetBox) holds(row, col int) bool {
	return b.top <= row && row < b.bottom && b.left <= col && col < b.right
}

func (b sheetBox) overlaps(o sheetBox) bool {
	return b.top < o.bottom && o.top < b.bottom && b.left < o.right && o.left < b.right
}

func (b sheetBox) covers(o sheetBox) bool {
	return b.top <= o.top && o.bottom <= b.bottom && b.left <= o.left && o.right <= b.right
}

// json is a GridRange.
func (b sheetBox) json(tab int) map[string]any {
	return map[string]any{
		"sheetId": tab, "startRowIndex": b.top, "endRowIndex": b.bottom, "startColumnIndex": b.left, "endColumnIndex": b.right,
	}
}

// sheetName is a named range.
type sheetName struct {
	id, name string
	tab      int
	box      sheetBox
}

func sheetShiftNames(names []sheetName, tab int, kind string, at, by int) []sheetName {
	for i, n := range names {
		if n.tab == tab {
			names[i].box = n.box.shift(kind, at, by)
		}
	}
	return slices.DeleteFunc(names, func(n sheetName) bool { return n.box.size() == 0 })
}

// sheetSpill is an array formula: the cell that holds it. What it shows stands in the cells below, see sheetCell.spilled.
type sheetSpill struct{ row, col int }

// sheetSpilled is the value that a cell shows without holding one.
type sheetSpilled struct{ shows any }

func (t *sheetTab) shiftSpills(kind string, at, by int) {
	var kept []sheetSpill
	for _, s := range t.spills {
		line := &s.row
		if kind == "COLUMN" {
			line = &s.col
		}
		var alive bool
		if *line, alive = sheetMoved(*line, at, by); alive {
			kept = append(kept, s)
		}
	}
	t.spills = kept
}

// view is a cell with what an array formula makes of it. One value in its way, and
// the array shows #REF! and nothing below.
func (t *sheetTab) view(row, col int) sheetCell {
	c := t.get(row, col)
	for _, s := range t.spills {
		if s.col != col || row < s.row {
			continue
		}
		whole := t.spillsWhole(s)
		f, isSource := c.value.(SheetsFormula)
		switch {
		case row == s.row && isSource && !whole:
			c.value = SheetsFormula{Source: f.Source, Shows: SheetsError(sheetNoRef)}
		case row > s.row && whole && c.value == nil && c.spilled != nil:
			c.value = sheetSpilled{shows: c.spilled}
		}
	}
	return c
}

func (t *sheetTab) spillsWhole(s sheetSpill) bool {
	if _, computes := t.get(s.row, s.col).value.(SheetsFormula); !computes {
		return false
	}
	last := s.row
	for row := s.row + 1; row < len(t.rows); row++ {
		if t.get(row, s.col).spilled != nil {
			last = row
		}
	}
	for row := s.row + 1; row <= last; row++ {
		if t.get(row, s.col).value != nil {
			return false
		}
	}
	return true
}

// covered says whether a cell lies under a merged one: it takes no value.
func (t *sheetTab) covered(row, col int) bool {
	return slices.ContainsFunc(t.merges, func(m sheetBox) bool {
		return m.holds(row, col) && (row != m.top || col != m.left)
	})
}
