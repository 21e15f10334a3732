package fake

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// sheetApply carries one sub-request of a batch out on a book and gives its reply.
type sheetApply func(b *sheetBook, raw json.RawMessage) (any, error)

// sheetKind makes a sheetApply of a function that takes the request decoded.
func sheetKind[T any](apply func(*sheetBook, T) (any, error)) sheetApply {
	return func(b *sheetBook, raw json.RawMessage) (any, error) {
		var req T
		if err := json.Unmarshal(raw, &req); err != nil {
			return nil, err
		}
		return apply(b, req)
	}
}

// applies lists the sub-requests that the fake knows.
func (s *Sheets) applies() map[string]sheetApply {
	return map[string]sheetApply{
		"createDeveloperMetadata":   sheetKind(s.createMetadata),
		"updateDeveloperMetadata":   sheetKind(s.updateMetadata),
		"deleteDeveloperMetadata":   sheetKind(s.deleteMetadata),
		"appendCells":               sheetKind(s.appendCells),
		"updateCells":               sheetKind(s.updateCells),
		"repeatCell":                sheetKind(s.repeatCell),
		"addSheet":                  sheetKind(s.addSheet),
		"updateSheetProperties":     sheetKind(s.updateSheet),
		"appendDimension":           sheetKind(s.appendDimension),
		"insertDimension":           sheetKind(s.insertDimension),
		"deleteDimension":           sheetKind(s.deleteDimension),
		"updateDimensionProperties": sheetKind(s.updateDimension),
		"autoResizeDimensions":      sheetKind(s.autoResize),
		"setDataValidation":         sheetKind(s.setValidation),
		"addConditionalFormatRule":  sheetKind(s.addRule),
		"findReplace":               sheetKind(s.findReplace),
	}
}

// batchUpdate applies all sub-requests or, when one is refused, none (F35). On
// demand the answer shows the spreadsheet as it is right after, before anybody else comes in.
func (s *Sheets) batchUpdate(body []byte, masked bool) (any, error) {
	var in struct {
		Requests []map[string]json.RawMessage `json:"requests"`
		Include  bool                         `json:"includeSpreadsheetInResponse"`
		Grid     bool                         `json:"responseIncludeGridData"`
		Ranges   []string                     `json:"responseRanges"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, sheetRefuse(http.StatusBadRequest, "%v", err)
	}
	if len(in.Requests) == 0 {
		return nil, sheetRefuse(http.StatusBadRequest, "Must specify at least one request.")
	}
	book := s.book.clone()
	replies := make([]any, 0, len(in.Requests))
	for i, request := range in.Requests {
		reply, err := s.applyOne(book, i, request)
		if err != nil {
			if s.breaks(SheetsAtomicBatch) {
				s.book = book
			}
			return nil, err
		}
		replies = append(replies, reply)
	}
	answer := map[string]any{"spreadsheetId": s.ID, "replies": replies}
	if in.Include {
		after, err := s.spreadsheet(book, url.Values{"ranges": in.Ranges}, in.Grid || masked)
		if err != nil {
			return nil, err // a range that cannot be read voids the batch too
		}
		answer["updatedSpreadsheet"] = after
	}
	s.book = book
	return answer, nil
}

func (s *Sheets) applyOne(book *sheetBook, i int, request map[string]json.RawMessage) (any, error) {
	for kind, raw := range request {
		apply, ok := s.applies()[kind]
		if !ok {
			s.offend("spreadsheets.batchUpdate: the fake does not know %s", kind)
			return nil, sheetRefuse(http.StatusNotImplemented, "the fake does not know %s", kind)
		}
		reply, err := apply(book, raw)
		if err != nil {
			return nil, sheetRefuse(sheetCode(err), "Invalid requests[%d].%s: %v", i, kind, err)
		}
		if reply == nil {
			return map[string]any{}, nil
		}
		return map[string]any{kind: reply}, nil
	}
	return nil, sheetRefuse(http.StatusBadRequest, "Invalid requests[%d]: No request set.", i)
}

// sheetCode is the HTTP status of a refusal; plain errors are 400.
func sheetCode(err error) int {
	if r, ok := errors.AsType[*sheetRefusal](err); ok {
		return r.code
	}
	return http.StatusBadRequest
}

// fields splits a field mask and refuses one that Google would refuse: an empty
// one, or one with a name that its root message does not have.
func (s *Sheets) fields(mask, root string) ([]string, error) {
	if strings.TrimSpace(mask) == "" {
		return nil, fmt.Errorf("At least one field must be listed in 'fields'. (Use '*' to indicate all fields.)")
	}
	tree, err := sheetParseMask(mask)
	if err != nil {
		return nil, err
	}
	if err := s.api.checkMask(root, tree); err != nil {
		return nil, err
	}
	return strings.Split(mask, ","), nil
}

func sheetMasked(fields []string, name string) bool {
	for _, f := range fields {
		if f == "*" || f == name || strings.HasPrefix(f, name+".") {
			return true
		}
	}
	return false
}

func (b *sheetBook) need(id int) (*sheetTab, error) {
	if t := b.byID(id); t != nil {
		return t, nil
	}
	return nil, fmt.Errorf("No grid with id: %d", id)
}

// room refuses what would take the spreadsheet over its ten million cells (F58).
func (s *Sheets) room(b *sheetBook) error {
	if b.cells() <= s.maxCells {
		return nil
	}
	return fmt.Errorf("This action would increase the number of cells in the workbook above the limit of %d cells.", s.maxCells)
}

// --- tabs and lines ---

type sheetProperties struct {
	SheetID *int    `json:"sheetId"`
	Title   *string `json:"title"`
	Index   *int    `json:"index"`
	Hidden  bool    `json:"hidden"`
	Grid    struct {
		Rows    *int `json:"rowCount"`
		Columns *int `json:"columnCount"`
		Frozen  int  `json:"frozenRowCount"`
	} `json:"gridProperties"`
}

func (s *Sheets) addSheet(b *sheetBook, req struct{ Properties sheetProperties }) (any, error) {
	p := req.Properties
	t := &sheetTab{height: sheetNewRows, width: sheetNewColumns, frozen: p.Grid.Frozen, hidden: p.Hidden}
	if p.Grid.Rows != nil {
		t.height = *p.Grid.Rows
	}
	if p.Grid.Columns != nil {
		t.width = *p.Grid.Columns
	}
	if err := b.identify(t, p); err != nil {
		return nil, err
	}
	if t.frozen >= t.height {
		return nil, fmt.Errorf("You can't freeze all visible rows on the sheet.")
	}
	b.tabs = append(b.tabs, t)
	if err := s.room(b); err != nil {
		return nil, err
	}
	return map[string]any{"properties": t.properties(len(b.tabs) - 1)}, nil
}

// identify gives a new tab its id and title. Two processes that create the same
// tab at the same time meet here: the second is refused.
func (b *sheetBook) identify(t *sheetTab, p sheetProperties) error {
	t.id = b.newID()
	if p.SheetID != nil {
		t.id = *p.SheetID
	}
	t.title = fmt.Sprintf("Sheet%d", len(b.tabs)+1)
	if p.Title != nil && *p.Title != "" {
		t.title = *p.Title
	}
	switch {
	case t.id < 0:
		return fmt.Errorf("Sheet id must be non-negative")
	case b.byID(t.id) != nil:
		return fmt.Errorf("A sheet with the ID %d already exists. Please specify another ID.", t.id)
	case b.byTitle(t.title) != nil:
		return fmt.Errorf("A sheet with the name %q already exists. Please enter another name.", t.title)
	}
	return nil
}

func (s *Sheets) updateSheet(b *sheetBook, req struct {
	Properties sheetProperties
	Fields     string
}) (any, error) {
	fields, err := s.fields(req.Fields, "SheetProperties")
	if err != nil {
		return nil, err
	}
	p := req.Properties
	if p.SheetID == nil {
		p.SheetID = new(int)
	}
	t, err := b.need(*p.SheetID)
	if err != nil {
		return nil, err
	}
	if sheetMasked(fields, "title") && p.Title != nil {
		if other := b.byTitle(*p.Title); other != nil && other != t {
			return nil, fmt.Errorf("A sheet with the name %q already exists. Please enter another name.", *p.Title)
		}
		t.title = *p.Title
	}
	if sheetMasked(fields, "hidden") {
		t.hidden = p.Hidden
	}
	if sheetMasked(fields, "gridProperties.frozenRowCount") {
		t.frozen = p.Grid.Frozen
	}
	return nil, nil
}

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

func (s *Sheets) insertDimension(b *sheetBook, req struct{ Range sheetLines }) (any, error) {
	t, from, to, err := req.Range.span(b, sheetMaxCells)
	if err != nil {
		return nil, err
	}
	if req.Range.Dimension == "ROWS" {
		t.insertRows(from, to-from)
		b.shift(t, "ROW", from, to-from)
	} else {
		t.insertColumns(from, to-from)
		b.shift(t, "COLUMN", from, to-from)
	}
	return nil, s.room(b)
}

func (s *Sheets) deleteDimension(b *sheetBook, req struct{ Range sheetLines }) (any, error) {
	t, from, to, err := req.Range.span(b, 0)
	if err != nil {
		return nil, err
	}
	if req.Range.Dimension == "ROWS" {
		if to-from >= t.height {
			return nil, fmt.Errorf("You can't delete all the rows on the sheet.")
		}
		if err := s.mayEdit(t, from, 0, to, t.width); err != nil {
			return nil, err
		}
		t.deleteRows(from, to-from)
		b.shift(t, "ROW", from, from-to)
		return nil, nil
	}
	if to-from >= t.width {
		return nil, fmt.Errorf("You can't delete all the columns on the sheet.")
	}
	if err := s.mayEdit(t, 0, from, t.height, to); err != nil {
		return nil, err
	}
	t.deleteColumns(from, to-from)
	b.shift(t, "COLUMN", from, from-to)
	return nil, nil
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
