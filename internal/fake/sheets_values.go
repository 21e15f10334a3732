package fake

import (
	"encoding/json"
	"net/http"
	"net/url"
)

// The values.* writes. The adapter has no use for them: a test sees them in the
// list of calls, and the worst ones are offences.

type sheetValues struct {
	Range  string  `json:"range"`
	Major  string  `json:"majorDimension"`
	Values [][]any `json:"values"`
}

func (s *Sheets) valuesUpdate(text string, query url.Values, body []byte) (any, error) {
	var in sheetValues
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, sheetRefuse(http.StatusBadRequest, "%v", err)
	}
	in.Range = text
	if err := s.writeValues(s.book, in, query.Get("valueInputOption")); err != nil {
		return nil, err
	}
	return map[string]any{"spreadsheetId": s.ID, "updatedRange": text}, nil
}

func (s *Sheets) valuesBatchUpdate(body []byte) (any, error) {
	var in struct {
		Data   []sheetValues `json:"data"`
		Option string        `json:"valueInputOption"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, sheetRefuse(http.StatusBadRequest, "%v", err)
	}
	book := s.book.clone()
	for _, data := range in.Data {
		if err := s.writeValues(book, data, in.Option); err != nil {
			return nil, err
		}
	}
	s.book = book
	return map[string]any{"spreadsheetId": s.ID}, nil
}

// writeValues writes a block: null skips a cell, "" empties it (F62).
func (s *Sheets) writeValues(b *sheetBook, in sheetValues, option string) error {
	if option != "RAW" && option != "USER_ENTERED" {
		return sheetRefuse(http.StatusBadRequest, "'valueInputOption' is required but not specified")
	}
	if option == "USER_ENTERED" {
		s.offend("values were written as USER_ENTERED into %s: ids become numbers, text becomes formulas (F50, F52)", in.Range)
	}
	t, box, err := b.a1(in.Range)
	if err != nil {
		return err
	}
	if in.Major == "COLUMNS" {
		in.Values = sheetTurned(in.Values)
	}
	for i, row := range in.Values {
		for j, v := range row {
			if v == nil {
				continue
			}
			if err := s.writeValue(b, t, box.top+i, box.left+j, v, option); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Sheets) writeValue(b *sheetBook, t *sheetTab, row, col int, v any, option string) error {
	if row >= t.height || col >= t.width {
		return sheetRefuse(http.StatusBadRequest, "Range exceeds grid limits. Max rows: %d, max columns: %d", t.height, t.width)
	}
	if err := s.mayEdit(t, row, col, row+1, col+1); err != nil {
		return err
	}
	cell := t.at(row, col)
	text, isText := v.(string)
	switch {
	case v == "":
		cell.value = nil
	case isText && option == "USER_ENTERED":
		cell.enter(text, b.locale)
	default:
		cell.value = v
	}
	if err := cell.obeys(); err != nil {
		return sheetRefuse(http.StatusBadRequest, "%v", err)
	}
	return nil
}

// enter is typing: the value may turn into something else, and may bring a number format along.
func (c *sheetCell) enter(text, locale string) {
	value, kind := sheetTyped(text, c.format, locale)
	c.value = value
	if kind != "" {
		c.format = sheetWithNumberType(c.format, kind)
	}
}

// valuesAppend exists to show why nobody should call it. It looks for "a table"
// from the top of the range down to the first blank row, overwrites what stands
// below that, and with a filter on it answers OK and writes nothing (F46).
func (s *Sheets) valuesAppend(text string, query url.Values, body []byte) (any, error) {
	s.offend("values.append was called for %s: it may overwrite rows or write none (F46, F47)", text)
	var in sheetValues
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, sheetRefuse(http.StatusBadRequest, "%v", err)
	}
	t, box, err := s.book.a1(text)
	if err != nil {
		return nil, err
	}
	if t.filter != nil {
		return map[string]any{"spreadsheetId": s.ID, "tableRange": text}, nil
	}
	end := box.top
	for end < t.height && t.get(end, box.left).value != nil {
		end++
	}
	in.Range = t.a1(sheetBox{top: end, left: box.left, bottom: end + 1, right: box.left + 1})
	if missing := end + len(in.Values) - t.height; missing > 0 {
		t.grow(missing)
	}
	if err := s.writeValues(s.book, in, query.Get("valueInputOption")); err != nil {
		return nil, err
	}
	return map[string]any{"spreadsheetId": s.ID, "tableRange": text}, nil
}
