package fake

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// sheetArea is Google's GridRange: half open, zero based, missing sides reach to the edge.
type sheetArea struct {
	SheetID int  `json:"sheetId"`
	Top     *int `json:"startRowIndex"`
	Bottom  *int `json:"endRowIndex"`
	Left    *int `json:"startColumnIndex"`
	Right   *int `json:"endColumnIndex"`
}

func (a sheetArea) bounds(b *sheetBook) (t *sheetTab, top, left, bottom, right int, err error) {
	if t, err = b.need(a.SheetID); err != nil {
		return nil, 0, 0, 0, 0, err
	}
	top, bottom = sheetSide(a.Top, 0), sheetSide(a.Bottom, t.height)
	left, right = sheetSide(a.Left, 0), sheetSide(a.Right, t.width)
	if top < 0 || left < 0 || bottom > t.height || right > t.width || top >= bottom || left >= right {
		return nil, 0, 0, 0, 0, fmt.Errorf("range exceeds grid limits. Max rows: %d, max columns: %d", t.height, t.width)
	}
	return t, top, left, bottom, right, nil
}

func sheetSide(p *int, otherwise int) int {
	if p == nil {
		return otherwise
	}
	return *p
}

type sheetCellData struct {
	Value  *sheetExtended `json:"userEnteredValue"`
	Format map[string]any `json:"userEnteredFormat"`
	Rule   map[string]any `json:"dataValidation"`
	Note   string         `json:"note"`
}

type sheetRowData struct {
	Values []sheetCellData `json:"values"`
}

type sheetExtended struct {
	String  *string  `json:"stringValue"`
	Number  *float64 `json:"numberValue"`
	Bool    *bool    `json:"boolValue"`
	Formula *string  `json:"formulaValue"`
	Error   any      `json:"errorValue"`
}

// value is what lands in the cell. A stringValue stays text to the last byte,
// whatever it looks like (F50); an empty one leaves the cell empty (F62).
func (s *Sheets) value(v *sheetExtended) (any, error) {
	switch {
	case v == nil:
		return nil, nil
	case v.String != nil && utf8.RuneCountInString(*v.String) > sheetMaxCellText:
		return nil, fmt.Errorf("Your input contains more than the maximum of %d characters in a single cell.", sheetMaxCellText)
	case v.String != nil && *v.String == "":
		return nil, nil
	case v.String != nil:
		return *v.String, nil
	case v.Number != nil:
		return *v.Number, nil
	case v.Bool != nil:
		return *v.Bool, nil
	case v.Formula != nil:
		s.offend("a formula was written: %q (F52)", *v.Formula)
		return SheetsFormula{Source: *v.Formula, Shows: SheetsError("#NAME?")}, nil
	}
	return nil, fmt.Errorf("errorValue is read-only")
}

// put writes what the mask names, and clears what the mask names and the data lacks.
func (s *Sheets) put(t *sheetTab, row, col int, data sheetCellData, fields []string) error {
	if row >= t.height {
		return fmt.Errorf("Attempting to write row: %d, beyond the last requested row of: %d", row, t.height-1)
	}
	if col >= t.width {
		return fmt.Errorf("Attempting to write column: %d, beyond the last requested column of: %d", col, t.width-1)
	}
	if err := s.mayEdit(t, row, col, row+1, col+1); err != nil {
		return err
	}
	cell := t.at(row, col)
	if sheetMasked(fields, "dataValidation") {
		cell.rule = data.Rule
	}
	if sheetMasked(fields, "note") {
		cell.note = data.Note
	}
	cell.format = sheetMergeFormat(cell.format, data.Format, fields)
	if !sheetMasked(fields, "userEnteredValue") || t.covered(row, col) {
		return nil
	}
	value, err := s.value(data.Value)
	if err != nil {
		return err
	}
	cell.value = value
	return cell.obeys()
}

// sheetMergeFormat adds to the format what the mask names.
func sheetMergeFormat(old, add map[string]any, fields []string) map[string]any {
	if !sheetMasked(fields, "userEnteredFormat") {
		return old
	}
	merged := maps.Clone(old)
	if merged == nil {
		merged = map[string]any{}
	}
	for _, f := range fields {
		switch name, isPart := strings.CutPrefix(f, "userEnteredFormat."); {
		case f == "*" || f == "userEnteredFormat":
			maps.Copy(merged, add)
		case isPart:
			name, _, _ = strings.Cut(name, ".")
			merged[name] = add[name]
		}
	}
	if len(merged) == 0 {
		return nil
	}
	return merged
}

// obeys refuses a value that strict data validation rejects (F63).
func (c *sheetCell) obeys() error {
	strict, _ := c.rule["strict"].(bool)
	condition, _ := c.rule["condition"].(map[string]any)
	if !strict || condition["type"] != "ONE_OF_LIST" || c.value == nil {
		return nil
	}
	allowed, _ := condition["values"].([]any)
	fits := slices.ContainsFunc(allowed, func(v any) bool {
		entry, _ := v.(map[string]any)
		return entry["userEnteredValue"] == sheetFormatted(*c, "")
	})
	if fits {
		return nil
	}
	return fmt.Errorf("The data you entered violates the data validation rules set on this cell.")
}

// mayEdit refuses an edit of a protected range. The real answer names neither range nor cell (F39).
func (s *Sheets) mayEdit(t *sheetTab, top, left, bottom, right int) error {
	if !t.guarded(top, left, bottom, right) {
		return nil
	}
	return s.mayNot()
}

func (s *Sheets) mayNot() error {
	return sheetRefuse(s.guardCode, "You are trying to edit a protected cell or object. "+
		"Please contact the spreadsheet owner to remove protection if you need to edit.")
}

// appendCells writes below the last row with a value in ANY column of the tab.
// Cells without data in the middle of a row are written too, as empty ones. A
// filter does not disturb it (F46, F47).
func (s *Sheets) appendCells(b *sheetBook, req struct {
	SheetID int `json:"sheetId"`
	Rows    []sheetRowData
	Fields  string
	TableID string `json:"tableId"`
}) (any, error) {
	fields, err := s.fields(req.Fields, "CellData")
	if err != nil {
		return nil, err
	}
	if req.TableID != "" {
		return nil, fmt.Errorf("No table with id: %s", req.TableID)
	}
	t, err := b.need(req.SheetID)
	if err != nil {
		return nil, err
	}
	start := t.used()
	if missing := start + len(req.Rows) - t.height; missing > 0 {
		t.grow(missing)
	}
	if err := s.room(b); err != nil {
		return nil, err
	}
	return nil, s.putRows(t, start, 0, req.Rows, fields)
}

func (s *Sheets) putRows(t *sheetTab, top, left int, rows []sheetRowData, fields []string) error {
	for i, row := range rows {
		for j, cell := range row.Values {
			if err := s.put(t, top+i, left+j, cell, fields); err != nil {
				return err
			}
		}
	}
	return nil
}

// updateCells writes from a corner, or over a range whose uncovered rest is cleared.
func (s *Sheets) updateCells(b *sheetBook, req struct {
	Start *struct {
		SheetID int `json:"sheetId"`
		Row     int `json:"rowIndex"`
		Column  int `json:"columnIndex"`
	}
	Range  *sheetArea
	Rows   []sheetRowData
	Fields string
}) (any, error) {
	fields, err := s.fields(req.Fields, "CellData")
	if err != nil {
		return nil, err
	}
	if req.Start != nil {
		t, err := b.need(req.Start.SheetID)
		if err != nil {
			return nil, err
		}
		return nil, s.putRows(t, req.Start.Row, req.Start.Column, req.Rows, fields)
	}
	if req.Range == nil {
		return nil, fmt.Errorf("start or range must be specified")
	}
	t, top, left, bottom, right, err := req.Range.bounds(b)
	if err != nil {
		return nil, err
	}
	for row := top; row < bottom; row++ {
		for col := left; col < right; col++ {
			if err := s.put(t, row, col, sheetDatum(req.Rows, row-top, col-left), fields); err != nil {
				return nil, err
			}
		}
	}
	return nil, nil
}

func sheetDatum(rows []sheetRowData, i, j int) sheetCellData {
	if i >= len(rows) || j >= len(rows[i].Values) {
		return sheetCellData{}
	}
	return rows[i].Values[j]
}

func (s *Sheets) repeatCell(b *sheetBook, req struct {
	Range  sheetArea
	Cell   sheetCellData
	Fields string
}) (any, error) {
	fields, err := s.fields(req.Fields, "CellData")
	if err != nil {
		return nil, err
	}
	t, top, left, bottom, right, err := req.Range.bounds(b)
	if err != nil {
		return nil, err
	}
	for row := top; row < bottom; row++ {
		for col := left; col < right; col++ {
			if err := s.put(t, row, col, req.Cell, fields); err != nil {
				return nil, err
			}
		}
	}
	return nil, nil
}

func (s *Sheets) setValidation(b *sheetBook, req struct {
	Range sheetArea
	Rule  map[string]any
}) (any, error) {
	t, top, left, bottom, right, err := req.Range.bounds(b)
	if err != nil {
		return nil, err
	}
	if err := s.mayEdit(t, top, left, bottom, right); err != nil {
		return nil, err
	}
	for row := top; row < bottom; row++ {
		for col := left; col < right; col++ {
			t.at(row, col).rule = req.Rule
		}
	}
	return nil, nil
}

func (s *Sheets) addRule(b *sheetBook, req struct {
	Index int
	Rule  map[string]any
}) (any, error) {
	ranges, _ := req.Rule["ranges"].([]any)
	if len(ranges) == 0 {
		return nil, fmt.Errorf("rule.ranges must be specified")
	}
	first, _ := ranges[0].(map[string]any)
	id, _ := first["sheetId"].(float64)
	t, err := b.need(int(id))
	if err != nil {
		return nil, err
	}
	if req.Index < 0 || req.Index > len(t.rules) {
		return nil, fmt.Errorf("index %d is out of range", req.Index)
	}
	t.rules = slices.Insert(t.rules, req.Index, req.Rule)
	return nil, nil
}
