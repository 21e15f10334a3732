package fake

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
)

// sheetWantsData finds the field "data" in a mask, and not in developerMetadata.
var sheetWantsData = regexp.MustCompile(`(^|[(,/.])data([(,./)]|$)`)

// get is spreadsheets.get: tabs, metadata, protection; cells only when asked for.
func (s *Sheets) get(query url.Values) (any, error) {
	withData := query.Get("includeGridData") == "true"
	if query.Has("fields") {
		withData = sheetWantsData.MatchString(query.Get("fields")) // the mask decides alone, and cuts the rest
	}
	return s.spreadsheet(s.book, query, withData)
}

func (s *Sheets) spreadsheet(b *sheetBook, query url.Values, withData bool) (map[string]any, error) {
	areas := map[*sheetTab][]sheetBox{}
	for _, text := range query["ranges"] {
		t, box, err := b.a1(text)
		if err != nil {
			return nil, err
		}
		areas[t] = append(areas[t], box)
	}
	tabs := []any{}
	for i, t := range b.tabs {
		switch boxes := areas[t]; {
		case len(areas) > 0 && len(boxes) == 0:
		case !withData:
			tabs = append(tabs, s.sheet(b, t, i, nil))
		case len(boxes) == 0:
			tabs = append(tabs, s.sheet(b, t, i, []sheetBox{{bottom: t.height, right: t.width}}))
		default:
			tabs = append(tabs, s.sheet(b, t, i, boxes))
		}
	}
	full := map[string]any{
		"spreadsheetId":  s.ID,
		"spreadsheetUrl": "https://docs.google.com/spreadsheets/d/" + s.ID + "/edit",
		"properties":     map[string]any{"title": b.title, "locale": b.locale, "timeZone": b.zone},
		"sheets":         tabs,
	}
	if tags := b.tagsOf("SPREADSHEET", 0); len(tags) > 0 {
		full["developerMetadata"] = tags
	}
	for _, n := range b.names {
		names, _ := full["namedRanges"].([]any)
		full["namedRanges"] = append(names, map[string]any{"namedRangeId": n.id, "name": n.name, "range": n.box.json(n.tab)})
	}
	return full, nil
}

func (b *sheetBook) tagsOf(kind string, tab int) []any {
	var list []any
	for _, t := range b.tags {
		if t.place.kind == kind && t.place.tab == tab {
			list = append(list, t.json())
		}
	}
	return list
}

func (s *Sheets) sheet(b *sheetBook, t *sheetTab, index int, boxes []sheetBox) map[string]any {
	out := map[string]any{"properties": t.properties(index)}
	if tags := b.tagsOf("SHEET", t.id); len(tags) > 0 {
		out["developerMetadata"] = tags
	}
	if len(t.guards) > 0 {
		out["protectedRanges"] = t.protection()
	}
	if t.filter != nil {
		out["basicFilter"] = map[string]any{"range": map[string]any{"sheetId": t.id}}
	}
	if len(t.rules) > 0 {
		out["conditionalFormats"] = sheetAnys(t.rules)
	}
	if len(t.views) > 0 {
		out["filterViews"] = sheetAnys(t.views)
	}
	if len(t.merges) > 0 {
		var merges []any
		for _, m := range t.merges {
			merges = append(merges, m.json(t.id))
		}
		out["merges"] = merges
	}
	if len(t.charts) > 0 {
		out["charts"] = t.chartList()
	}
	var data []any
	for _, box := range boxes {
		data = append(data, s.gridData(t, box))
	}
	if data != nil {
		out["data"] = data
	}
	return out
}

func sheetAnys(list []map[string]any) []any {
	out := make([]any, len(list))
	for i := range list {
		out[i] = list[i]
	}
	return out
}

func (t *sheetTab) properties(index int) map[string]any {
	grid := map[string]any{"rowCount": t.height, "columnCount": t.width}
	if t.frozen > 0 {
		grid["frozenRowCount"] = t.frozen
	}
	out := map[string]any{"sheetId": t.id, "title": t.title, "index": index, "sheetType": "GRID", "gridProperties": grid}
	if t.hidden {
		out["hidden"] = true
	}
	return out
}

// protection lists the protected ranges. A false requestingUserCanEdit is left out, as proto JSON does.
func (t *sheetTab) protection() []any {
	list := make([]any, 0, len(t.guards))
	for _, g := range t.guards {
		area := map[string]any{"sheetId": t.id}
		if g.bottom < sheetMaxCells { // bounded; a whole protected tab has no bounds
			area["startRowIndex"], area["endRowIndex"] = g.top, g.bottom
		}
		if g.right < sheetMaxCells {
			area["startColumnIndex"], area["endColumnIndex"] = g.left, g.right
		}
		entry := map[string]any{"protectedRangeId": g.id, "range": area}
		if g.name != "" {
			entry["description"] = g.name
		}
		if g.mayEdit || g.warningOnly {
			entry["requestingUserCanEdit"] = true
		}
		if g.warningOnly {
			entry["warningOnly"] = true
		}
		list = append(list, entry)
	}
	return list
}

func (s *Sheets) gridData(t *sheetTab, box sheetBox) map[string]any {
	var rows, lines []any
	for row := box.top; row < min(box.bottom, len(t.rows)); row++ {
		cells := []any{}
		for col := box.left; col < min(box.right, len(t.rows[row])); col++ {
			cells = append(cells, s.cellData(t.view(row, col)))
		}
		line := map[string]any{}
		if len(cells) > 0 {
			line["values"] = cells // an empty list is left out of the answer
		}
		rows = append(rows, line)
		lines = append(lines, map[string]any{"hiddenByFilter": t.hiddenByFilter(row, s.book.locale), "hiddenByUser": t.hid["ROW"][row]})
	}
	out := map[string]any{}
	if len(rows) > 0 {
		out["rowData"], out["rowMetadata"] = rows, lines
	}
	if box.top > 0 {
		out["startRow"] = box.top
	}
	if box.left > 0 {
		out["startColumn"] = box.left
	}
	return out
}

func (s *Sheets) cellData(c sheetCell) map[string]any {
	out := map[string]any{}
	if c.value != nil {
		if _, isSpilled := c.value.(sheetSpilled); !isSpilled {
			out["userEnteredValue"] = sheetExtend(c.value)
		}
		out["formattedValue"] = sheetFormatted(c, s.book.locale)
		if shown := sheetShown(c.value); shown != nil {
			out["effectiveValue"] = sheetExtend(shown)
		}
	}
	if c.format != nil {
		out["userEnteredFormat"] = c.format
	}
	if c.rule != nil {
		out["dataValidation"] = c.rule
	}
	if c.note != "" {
		out["note"] = c.note
	}
	return out
}

func sheetExtend(v any) map[string]any {
	switch v := v.(type) {
	case string:
		return map[string]any{"stringValue": v}
	case float64:
		return map[string]any{"numberValue": v}
	case bool:
		return map[string]any{"boolValue": v}
	case SheetsFormula:
		return map[string]any{"formulaValue": v.Source}
	default:
		return map[string]any{"errorValue": map[string]any{"type": sheetErrorType(fmt.Sprint(v)), "message": v}}
	}
}

// sheetErrorType is Google's name for the error that a cell shows.
func sheetErrorType(shown string) string {
	names := map[string]string{
		"#NULL!": "NULL_VALUE", "#DIV/0!": "DIVIDE_BY_ZERO", "#VALUE!": "VALUE", "#REF!": "REF", "#NAME?": "NAME", "#NUM!": "NUM", "#N/A": "N_A",
	}
	if name, ok := names[shown]; ok {
		return name
	}
	return "ERROR"
}

// valuesBatchGet reads several ranges in one call, which costs one read.
func (s *Sheets) valuesBatchGet(query url.Values) (any, error) {
	list := []any{}
	for _, text := range query["ranges"] {
		one, err := s.valueRange(text, query)
		if err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	return map[string]any{"spreadsheetId": s.ID, "valueRanges": list}, nil
}

func (s *Sheets) valuesGet(text string, query url.Values) (any, error) {
	return s.valueRange(text, query)
}

// valueRange leaves trailing empty cells and rows out, and the whole list when nothing is left (F40).
func (s *Sheets) valueRange(text string, query url.Values) (any, error) {
	t, box, err := s.book.a1(text)
	if err != nil {
		return nil, err
	}
	rows := s.rendered(t, box, query)
	major := query.Get("majorDimension")
	if major == "COLUMNS" {
		rows = sheetTurned(rows)
	} else {
		major = "ROWS"
	}
	out := map[string]any{"range": t.a1(box), "majorDimension": major}
	if rows = sheetTrimmed(rows); len(rows) > 0 {
		out["values"] = rows
	}
	return out, nil
}

func (s *Sheets) rendered(t *sheetTab, box sheetBox, query url.Values) [][]any {
	var rows [][]any
	for row := box.top; row < min(box.bottom, len(t.rows)); row++ {
		cells := []any{}
		for col := box.left; col < min(box.right, len(t.rows[row])); col++ {
			cells = append(cells, s.render(t.view(row, col), query))
		}
		rows = append(rows, cells)
	}
	return rows
}

// render shows one cell: formatted as people see it, or raw, or with its formula. Errors are text.
func (s *Sheets) render(c sheetCell, query url.Values) any {
	shown := sheetShown(c.value)
	number, isNumber := shown.(float64)
	kind := sheetNumberType(c.format)
	isDate := isNumber && slices.Contains([]string{"DATE", "DATE_TIME", "TIME"}, kind)
	formula, computes := c.value.(SheetsFormula)
	mode := query.Get("valueRenderOption")
	switch {
	case mode == "FORMULA" && computes:
		return formula.Source
	case mode == "" || mode == "FORMATTED_VALUE":
		return sheetFormatted(c, s.book.locale)
	case isDate && query.Get("dateTimeRenderOption") == "FORMATTED_STRING":
		return sheetFormatted(c, s.book.locale)
	case isNumber:
		return number
	case shown == nil:
		return ""
	}
	return shown
}

func sheetTrimmed(rows [][]any) [][]any {
	for i, row := range rows {
		for len(row) > 0 && row[len(row)-1] == "" {
			row = row[:len(row)-1]
		}
		rows[i] = row
	}
	for len(rows) > 0 && len(rows[len(rows)-1]) == 0 {
		rows = rows[:len(rows)-1]
	}
	return rows
}

func sheetTurned(rows [][]any) [][]any {
	var out [][]any
	for i, row := range rows {
		for j, v := range row {
			for len(out) <= j {
				out = append(out, nil)
			}
			for len(out[j]) < i {
				out[j] = append(out[j], "")
			}
			out[j] = append(out[j], v)
		}
	}
	return out
}
