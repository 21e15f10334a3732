package sheet

import (
	"cmp"
	"maps"
	"slices"

	"google.golang.org/api/sheets/v4"
)

// edit is what a batch does to a row that stands there already. The row is
// addressed by its number, which may be wrong by the time the batch arrives, so
// every edit goes through a journal that shows which row it really hit.
type edit struct {
	intent
	write map[int]*sheets.CellData // what is written, by column
}

// intent is what an edit is meant to do: it stands in the journal.
type intent struct {
	Kind     editKind       `json:"kind"`
	Row      int            `json:"row"`             // index of the row that was meant
	Was      content        `json:"was"`             // what must stand in that row
	Loose    []int          `json:"loose,omitempty"` // columns that formulas fill by themselves: what they show does not count
	Wrote    content        `json:"wrote,omitempty"` // what is written; "" empties the cell
	Restores bool           `json:"restores,omitempty"`
	From     map[int]source `json:"from,omitempty"` // of an edit that gives people's cells back: what they held
}

// editKind says what happens to the row.
type editKind string

const (
	amended  editKind = "amended"  // some of its cells are written
	archived editKind = "archived" // it goes to the archive
	removed  editKind = "removed"  // it is taken out, if nothing of a person's own stands in it
	returned editKind = "returned" // it went by mistake, and comes back into a row that is inserted for it
)

// source is a cell of a picture: what was typed into it, as far as it can be
// written again as it is; else it is copied, a formula above all.
type source struct {
	Tab    int64    `json:"tab"`
	Row    int      `json:"row"`
	Column int      `json:"column"`
	Shows  string   `json:"shows,omitempty"` // sign of what it shows
	Text   *string  `json:"text,omitempty"`
	Number *float64 `json:"number,omitempty"`
	Bool   *bool    `json:"bool,omitempty"`
	Copied bool     `json:"copied,omitempty"`
}

func (s source) cell() *sheets.CellData {
	if s.Text == nil && s.Number == nil && s.Bool == nil {
		return &sheets.CellData{}
	}
	return &sheets.CellData{UserEnteredValue: &sheets.ExtendedValue{StringValue: s.Text, NumberValue: s.Number, BoolValue: s.Bool}}
}

// leaves says whether the row goes away.
func (i intent) leaves() bool { return i.Kind == archived || i.Kind == removed }

func (i intent) loose() map[int]bool {
	set := map[int]bool{}
	for _, column := range i.Loose {
		set[column] = true
	}
	return set
}

// columns are the columns that are written.
func (i intent) columns() []int { return slices.Sorted(maps.Keys(i.Wrote)) }

// set adds a cell to what the edit writes.
func (e *edit) set(column int, cell *sheets.CellData) {
	if e.write == nil {
		e.write, e.Wrote = map[int]*sheets.CellData{}, content{}
	}
	e.write[column] = cell
	e.Wrote[column] = sign(literal(cell))
}

// sorted orders edits by their rows. Each row has at most one.
func sorted(edits []edit) []edit {
	return slices.SortedStableFunc(slices.Values(edits), func(a, b edit) int { return cmp.Compare(a.Row, b.Row) })
}

// streak is some edits of neighbouring rows that are of one shape, so that one request does for all of them.
type streak struct{ first, last int } // last is exclusive

// streaks cuts sorted edits into streaks.
func streaks(edits []edit) []streak {
	var list []streak
	for i := range edits {
		if i == 0 || !continues(edits[i-1], edits[i]) {
			list = append(list, streak{i, i})
		}
		list[len(list)-1].last = i + 1
	}
	return list
}

func continues(a, b edit) bool {
	return b.Row == a.Row+1 && a.leaves() == b.leaves() && !a.Restores && !b.Restores && slices.Equal(a.columns(), b.columns())
}

// amend writes the cells of the edits of one streak.
func (b *batch) amend(tab int64, edits []edit) {
	for _, column := range edits[0].columns() {
		cells := make([]*sheets.CellData, len(edits))
		for i, e := range edits {
			cells[i] = e.write[column]
		}
		b.write(tab, edits[0].Row, column, cells...)
	}
}

// giveCells gives the cells of one row back.
func (b *batch) giveCells(tab int64, e edit) {
	for _, column := range e.columns() {
		s := e.From[column]
		if !s.Copied {
			b.write(tab, e.Row, column, s.cell())
			continue
		}
		b.paste(pasteAll, area{tab: s.Tab, top: s.Row, bottom: s.Row + 1, left: s.Column, right: s.Column + 1}, tab, e.Row, column)
	}
}
