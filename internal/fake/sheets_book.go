package fake

import (
	"maps"
	"slices"
	"strings"
)

// Limits that Google documents for one spreadsheet (F58).
const (
	sheetMaxCellText = 50_000
	sheetMaxCells    = 10_000_000
	sheetNewRows     = 1000 // a tab that is added without a size
	sheetNewColumns  = 26
	sheetMaxTitle    = 100 // of a tab
)

// sheetBook is a whole spreadsheet. A batch works on a clone, so that all of it counts or none.
type sheetBook struct {
	title, locale, zone string
	tabs                []*sheetTab
	tags                []sheetTag
	names               []sheetName
	undo                *sheetUndo
	lastID              int // of generated tab and metadata ids
}

// sheetTab is one grid. Rows may be shorter than the grid is wide, and fewer than it is high.
type sheetTab struct {
	id            int
	title         string
	hidden        bool
	height, width int
	frozen        int // rows
	rows          [][]sheetCell
	plain         bool        // it was looked through and has no formula; a cell that is written makes that unknown again
	widths        map[int]int // pixels, by column
	filter        *sheetFilter
	guards        []sheetGuard
	rules         []map[string]any // conditional formats, as they came
	charts        []sheetChart
	merges        []sheetBox
	spills        []sheetSpill
	views         []map[string]any        // filter views: what one person sees, nothing more
	hid           map[string]map[int]bool // lines that people have hidden, by ROW and COLUMN; replaced, never changed
}

// sheetCell is one cell. The maps in it are never changed in place, so clones may share them.
type sheetCell struct {
	value   any // nil, string, float64, bool, SheetsFormula or SheetsError
	spilled any // what an array formula further up shows here
	format  map[string]any
	rule    map[string]any // data validation
	note    string
	home    *sheetHome // of a formula that was pasted from another tab
}

// sheetFilter hides rows whose cell in a column does not hold one of the values. Row 0 is the header.
type sheetFilter struct {
	column int
	keep   []string
}

// sheetGuard is a protected range; right and bottom are exclusive.
type sheetGuard struct {
	id                       int
	top, left, bottom, right int
	mayEdit, warningOnly     bool
	name                     string
}

// sheetTag is one developer metadata entry.
type sheetTag struct {
	id                     int
	key, value, visibility string
	place                  sheetPlace
}

// sheetPlace is where metadata hangs: the spreadsheet, a tab, or one row or column of it.
type sheetPlace struct {
	kind  string // SPREADSHEET, SHEET, ROW or COLUMN
	tab   int
	index int
}

func (b *sheetBook) clone() *sheetBook {
	twin := *b
	twin.tags = slices.Clone(b.tags)
	twin.names = slices.Clone(b.names)
	if b.undo != nil {
		undo := *b.undo
		twin.undo = &undo
	}
	twin.tabs = make([]*sheetTab, len(b.tabs))
	for i, t := range b.tabs {
		twin.tabs[i] = t.clone()
	}
	return &twin
}

func (t *sheetTab) clone() *sheetTab {
	twin := *t
	twin.widths = maps.Clone(t.widths)
	twin.guards = slices.Clone(t.guards)
	twin.rules = slices.Clone(t.rules)
	twin.charts = slices.Clone(t.charts)
	twin.merges = slices.Clone(t.merges)
	twin.spills = slices.Clone(t.spills)
	twin.views = slices.Clone(t.views)
	twin.hid = maps.Clone(t.hid)
	twin.rows = make([][]sheetCell, len(t.rows))
	for i, row := range t.rows {
		twin.rows[i] = slices.Clone(row)
	}
	return &twin
}

// newID gives an id that nothing here has. Google's are random; ours only look so.
func (b *sheetBook) newID() int {
	b.lastID++
	return 1_000_003*b.lastID%2_000_000_011 + 1
}

func (b *sheetBook) byID(id int) *sheetTab {
	for _, t := range b.tabs {
		if t.id == id {
			return t
		}
	}
	return nil
}

// byTitle finds a tab. Titles are unique whatever their case.
func (b *sheetBook) byTitle(title string) *sheetTab {
	for _, t := range b.tabs {
		if strings.EqualFold(t.title, title) {
			return t
		}
	}
	return nil
}

func (b *sheetBook) cells() int {
	sum := 0
	for _, t := range b.tabs {
		sum += t.height * t.width
	}
	return sum
}

func (t *sheetTab) get(row, col int) sheetCell {
	if row >= len(t.rows) || col >= len(t.rows[row]) {
		return sheetCell{}
	}
	return t.rows[row][col]
}

// at gives the cell to write to; the caller has checked that it lies in the grid.
func (t *sheetTab) at(row, col int) *sheetCell {
	t.plain = false
	for len(t.rows) <= row {
		t.rows = append(t.rows, nil)
	}
	for len(t.rows[row]) <= col {
		t.rows[row] = append(t.rows[row], sheetCell{})
	}
	return &t.rows[row][col]
}

// used is the number of rows up to the last one with a value in any column: where
// appendCells goes on. A note under the table or a far default value counts (F47, F48).
func (t *sheetTab) used() int {
	for i, row := range slices.Backward(t.rows) {
		for col := range row {
			if t.view(i, col).value != nil {
				return i + 1
			}
		}
	}
	return 0
}

// grow adds rows at the bottom. They take the looks and the validation of the row above them.
func (t *sheetTab) grow(n int) {
	above := t.height - 1
	t.height += n
	if above < 0 || above >= len(t.rows) {
		return
	}
	for row := above + 1; row < t.height; row++ {
		for col := range t.rows[above] {
			from := t.rows[above][col]
			*t.at(row, col) = sheetCell{format: from.format, rule: from.rule}
		}
	}
}

func (t *sheetTab) insertRows(at, n int) {
	t.height += n
	if at < len(t.rows) {
		t.rows = slices.Insert(t.rows, at, make([][]sheetCell, n)...)
	}
}

func (t *sheetTab) deleteRows(at, n int) {
	t.height -= n
	if at < len(t.rows) {
		t.rows = slices.Delete(t.rows, at, min(at+n, len(t.rows)))
	}
}

func (t *sheetTab) insertColumns(at, n int) {
	t.width += n
	for i, row := range t.rows {
		if at < len(row) {
			t.rows[i] = slices.Insert(row, at, make([]sheetCell, n)...)
		}
	}
	t.moveWidths(at, n)
}

func (t *sheetTab) deleteColumns(at, n int) {
	t.width -= n
	for i, row := range t.rows {
		if at < len(row) {
			t.rows[i] = slices.Delete(row, at, min(at+n, len(row)))
		}
	}
	t.moveWidths(at, -n)
}

func (t *sheetTab) moveWidths(at, by int) {
	moved := map[int]int{}
	for col, pixels := range t.widths {
		to, alive := sheetMoved(col, at, by)
		if alive {
			moved[to] = pixels
		}
	}
	t.widths = moved
}

// sheetMoved says where an index goes when by lines are inserted at at, or -by lines are deleted there.
func sheetMoved(index, at, by int) (int, bool) {
	switch {
	case index < at:
		return index, true
	case by < 0 && index < at-by:
		return 0, false
	default:
		return index + by, true
	}
}

// insertRows and its like change the grid and move all that hangs on its lines.
func (b *sheetBook) insertRows(t *sheetTab, at, n int) {
	t.insertRows(at, n)
	b.shift(t, "ROW", at, n)
}

func (b *sheetBook) deleteRows(t *sheetTab, at, n int) {
	t.deleteRows(at, n)
	b.shift(t, "ROW", at, -n)
}

func (b *sheetBook) insertColumns(t *sheetTab, at, n int) {
	t.insertColumns(at, n)
	b.shift(t, "COLUMN", at, n)
}

func (b *sheetBook) deleteColumns(t *sheetTab, at, n int) {
	t.deleteColumns(at, n)
	b.shift(t, "COLUMN", at, -n)
}

// guarded says whether a protected range forbids an edit of the area (F39).
func (t *sheetTab) guarded(top, left, bottom, right int) bool {
	return slices.ContainsFunc(t.guards, func(g sheetGuard) bool {
		return !g.mayEdit && !g.warningOnly &&
			top < g.bottom && g.top < bottom && left < g.right && g.left < right
	})
}

// guardedWhole says whether the whole tab is protected.
func (t *sheetTab) guardedWhole() bool {
	return t.guarded(sheetMaxCells-1, sheetMaxCells-1, sheetMaxCells, sheetMaxCells)
}

// hiddenByFilter says whether people do not see a row. It is there all the same (F46).
func (t *sheetTab) hiddenByFilter(row int, locale string) bool {
	if t.filter == nil || row == 0 {
		return false
	}
	return !slices.Contains(t.filter.keep, sheetFormatted(t.get(row, t.filter.column), locale))
}
