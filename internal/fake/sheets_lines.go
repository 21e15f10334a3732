package fake

import "fmt"

type sheetLines struct {
	SheetID    int    `json:"sheetId"`
	Dimension  string `json:"dimension"`
	StartIndex *int   `json:"startIndex"`
	EndIndex   *int   `json:"endIndex"`
}

// span gives the tab and the lines meant; open ends reach to the edge of the grid.
func (l sheetLines) span(b *sheetBook, slack int) (t *sheetTab, from, to int, err error) {
	if t, err = b.need(l.SheetID); err != nil {
		return nil, 0, 0, err
	}
	size := t.height
	if l.Dimension == "COLUMNS" {
		size = t.width
	}
	to = size
	if l.StartIndex != nil {
		from = *l.StartIndex
	}
	if l.EndIndex != nil {
		to = *l.EndIndex
	}
	if l.Dimension != "ROWS" && l.Dimension != "COLUMNS" || from < 0 || to <= from || from > size || to > size+slack {
		return nil, 0, 0, fmt.Errorf("range.%s [%d, %d) does not lie in a grid of %d", l.Dimension, from, to, size)
	}
	return t, from, to, nil
}

func (s *Sheets) appendDimension(b *sheetBook, req struct {
	SheetID   int `json:"sheetId"`
	Dimension string
	Length    int
}) (any, error) {
	t, err := b.need(req.SheetID)
	switch {
	case err != nil:
		return nil, err
	case t.guardedWhole():
		return nil, s.mayNot()
	case req.Length <= 0:
		return nil, fmt.Errorf("length must be positive")
	case req.Dimension == "ROWS":
		t.grow(req.Length)
	case req.Dimension == "COLUMNS":
		t.width += req.Length
	default:
		return nil, fmt.Errorf("dimension must be specified")
	}
	return nil, s.room(b)
}

// insertDimension puts blank lines between others. They take the looks and the validation of
// the line before or after them, never values. Where a protected range would be torn open it is refused.
func (s *Sheets) insertDimension(b *sheetBook, req struct {
	Range   sheetLines
	Inherit bool `json:"inheritFromBefore"`
}) (any, error) {
	t, from, to, err := req.Range.span(b, sheetMaxCells)
	if err != nil {
		return nil, err
	}
	if req.Range.StartIndex == nil || req.Range.EndIndex == nil {
		return nil, fmt.Errorf("range: both the start and end indexes must be bounded")
	}
	if req.Inherit && from == 0 {
		return nil, fmt.Errorf("range.startIndex must be greater than 0 when inheritFromBefore is true")
	}
	if req.Range.Dimension == "ROWS" {
		if t.tears("ROW", from) {
			return nil, s.mayNot()
		}
		b.insertRows(t, from, to-from)
		t.inheritRows(from, to-from, req.Inherit)
	} else {
		if t.tears("COLUMN", from) {
			return nil, s.mayNot()
		}
		b.insertColumns(t, from, to-from)
		t.inheritColumns(from, to-from, req.Inherit)
	}
	return nil, s.room(b)
}

// tears says whether lines inserted at an index would lie in the middle of a protected range.
func (t *sheetTab) tears(kind string, at int) bool {
	for _, g := range t.guards {
		from, to := g.top, g.bottom
		if kind == "COLUMN" {
			from, to = g.left, g.right
		}
		if !g.mayEdit && !g.warningOnly && from < at && at < to {
			return true
		}
	}
	return false
}

func (t *sheetTab) inheritRows(from, n int, before bool) {
	model := from + n
	if before {
		model = from - 1
	}
	if model >= len(t.rows) {
		return
	}
	for row := from; row < from+n; row++ {
		for col := range t.rows[model] {
			t.inherit(row, col, t.rows[model][col])
		}
	}
}

func (t *sheetTab) inheritColumns(from, n int, before bool) {
	model := from + n
	if before {
		model = from - 1
	}
	for row := range t.rows {
		for col := from; col < from+n; col++ {
			t.inherit(row, col, t.get(row, model))
		}
	}
}

func (t *sheetTab) inherit(row, col int, model sheetCell) {
	if model.format != nil || model.rule != nil {
		*t.at(row, col) = sheetCell{format: model.format, rule: model.rule}
	}
}

// deleteDimension deletes lines with all that stands and hangs on them.
func (s *Sheets) deleteDimension(b *sheetBook, req struct{ Range sheetLines }) (any, error) {
	t, from, to, err := req.Range.span(b, 0)
	if err != nil {
		return nil, err
	}
	if req.Range.Dimension == "ROWS" {
		return nil, s.deleteRows(b, t, from, to)
	}
	if to-from >= t.width {
		return nil, fmt.Errorf("You can't delete all the columns on the sheet.")
	}
	if err := s.mayEdit(t, 0, from, t.height, to); err != nil {
		return nil, err
	}
	b.deleteColumns(t, from, to-from)
	return nil, nil
}

func (s *Sheets) deleteRows(b *sheetBook, t *sheetTab, from, to int) error {
	frozen := t.frozen - max(0, min(to, t.frozen)-from)
	switch {
	case to-from >= t.height:
		return fmt.Errorf("You can't delete all the rows on the sheet.")
	case t.height-(to-from) <= frozen:
		return fmt.Errorf("Sorry, it is not possible to delete all non-frozen rows.")
	}
	if err := s.mayEdit(t, from, 0, to, t.width); err != nil {
		return err
	}
	b.deleteRows(t, from, to-from)
	return nil
}

func (s *Sheets) updateDimension(b *sheetBook, req struct {
	Range      sheetLines
	Properties struct{ PixelSize int }
	Fields     string
}) (any, error) {
	if _, err := s.fields(req.Fields, "DimensionProperties"); err != nil {
		return nil, err
	}
	t, from, to, err := req.Range.span(b, 0)
	if err != nil || req.Range.Dimension == "ROWS" {
		return nil, err
	}
	if t.widths == nil {
		t.widths = map[int]int{}
	}
	for col := from; col < to; col++ {
		t.widths[col] = req.Properties.PixelSize
	}
	return nil, nil
}

func (s *Sheets) autoResize(b *sheetBook, req struct{ Dimensions sheetLines }) (any, error) {
	_, _, _, err := req.Dimensions.span(b, 0)
	return nil, err
}
