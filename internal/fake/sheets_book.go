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
)

// sheetBook is a whole spreadsheet. A batch works on a clone, so that all of it counts or none.
type sheetBook struct {
	title, locale, zone string
	tabs                []*sheetTab
	tags                []sheetTag
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
	widths        map[int]int // pixels, by column
	filter        *sheetFilter
	guards        []sheetGuard
	rules         []map[string]any // conditional formats, as they came
}

// sheetCell is one cell. The maps in it are never changed in place, so clones may share them.
type sheetCell struct {
	value  any // nil, string, float64, bool, SheetsFormula or SheetsError
	format map[string]any
	rule   map[string]any // data validation
	note   string
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
		if slices.ContainsFunc(row, func(c sheetCell) bool { return c.value != nil }) {
			return i + 1
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

// shift keeps metadata and protection on the lines they were put on. Metadata of a deleted line dies with it (F44, F56).
func (b *sheetBook) shift(t *sheetTab, kind string, at, by int) {
	b.tags = slices.DeleteFunc(b.tags, func(g sheetTag) bool {
		_, alive := sheetMoved(g.place.index, at, by)
		return g.place.kind == kind && g.place.tab == t.id && !alive
	})
	for i, g := range b.tags {
		if g.place.kind == kind && g.place.tab == t.id {
			b.tags[i].place.index, _ = sheetMoved(g.place.index, at, by)
		}
	}
	for i := range t.guards {
		t.guards[i].shift(kind, at, by)
	}
}

func (g *sheetGuard) shift(kind string, at, by int) {
	from, to := &g.top, &g.bottom
	if kind == "COLUMN" {
		from, to = &g.left, &g.right
	}
	if *from >= at {
		*from = max(at, *from+by)
	}
	if *to > at {
		*to = max(at, *to+by)
	}
}

// guarded says whether a protected range forbids an edit of the area (F39).
func (t *sheetTab) guarded(top, left, bottom, right int) bool {
	return slices.ContainsFunc(t.guards, func(g sheetGuard) bool {
		return !g.mayEdit && !g.warningOnly &&
			top < g.bottom && g.top < bottom && left < g.right && g.left < right
	})
}

// hiddenByFilter says whether people do not see a row. It is there all the same (F46).
func (t *sheetTab) hiddenByFilter(row int, locale string) bool {
	if t.filter == nil || row == 0 {
		return false
	}
	return !slices.Contains(t.filter.keep, sheetFormatted(t.get(row, t.filter.column), locale))
}
