package fake

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Titles lists the tabs in their order.
func (s *Sheets) Titles() []string {
	var titles []string
	s.edit(func(b *sheetBook) {
		for _, t := range b.tabs {
			titles = append(titles, t.title)
		}
	})
	return titles
}

// Rows gives the values of a tab without trailing empty cells and rows.
func (s *Sheets) Rows(tab string) [][]any {
	var rows [][]any
	s.onTab(tab, func(t *sheetTab) {
		for i, row := range t.rows[:t.used()] {
			values := []any{}
			for col := range row {
				values = append(values, t.view(i, col).plain())
			}
			for len(values) > 0 && values[len(values)-1] == nil {
				values = values[:len(values)-1]
			}
			rows = append(rows, values)
		}
	})
	return rows
}

// plain is the value as tests see it: what an array formula shows is a value like others.
func (c sheetCell) plain() any {
	if v, isSpilled := c.value.(sheetSpilled); isSpilled {
		return v.shows
	}
	return c.value
}

// Column gives the values below a header, found byte for byte in row 1; nil for empty cells.
func (s *Sheets) Column(tab, header string) []any {
	rows := s.Rows(tab)
	if len(rows) == 0 {
		return nil
	}
	col := slices.Index(rows[0], any(header))
	if col < 0 {
		panic(fmt.Sprintf("fake sheets: tab %q has no header %q", tab, header))
	}
	var values []any
	for _, row := range rows[1:] {
		if col < len(row) {
			values = append(values, row[col])
		} else {
			values = append(values, nil)
		}
	}
	return values
}

// SheetsMetadata is one developer metadata entry as a test sees it.
type SheetsMetadata struct {
	ID         int
	Key, Value string
	Place      string // SPREADSHEET, SHEET, ROW or COLUMN
}

// Metadata lists all entries, lowest id first.
func (s *Sheets) Metadata() []SheetsMetadata {
	var list []SheetsMetadata
	s.edit(func(b *sheetBook) {
		for _, t := range b.tags {
			list = append(list, SheetsMetadata{ID: t.id, Key: t.key, Value: t.value, Place: t.place.kind})
		}
	})
	slices.SortFunc(list, func(x, y SheetsMetadata) int { return x.ID - y.ID })
	return list
}

// Render is a tab as text, a line a row, for golden files. Text that would read as
// something else carries the apostrophe that Sheets shows in its edit line.
func (s *Sheets) Render(tab string) string {
	var out strings.Builder
	for _, row := range s.Rows(tab) {
		cells := make([]string, len(row))
		for i, v := range row {
			cells[i] = sheetWritten(v)
		}
		out.WriteString(strings.Join(cells, " | ") + "\n")
	}
	return out.String()
}

func sheetWritten(v any) string {
	switch v := v.(type) {
	case string:
		if again, _ := sheetTyped(v, nil, "en_US"); again != v {
			return "'" + v
		}
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strings.ToUpper(strconv.FormatBool(v))
	case SheetsFormula:
		return v.Source
	case SheetsError:
		return string(v)
	}
	return ""
}

// Looks describes how a tab looks: size, frozen rows, widths, and by column the
// format and validation of the header and of the first row below it.
func (s *Sheets) Looks(tab string) string {
	var out strings.Builder
	s.onTab(tab, func(t *sheetTab) {
		fmt.Fprintf(&out, "%d rows x %d columns, %d frozen\n", t.height, t.width, t.frozen)
		for col := range t.width {
			header, below := t.get(0, col), t.get(1, col)
			if header.value == nil && header.format == nil && below.format == nil && below.rule == nil && t.widths[col] == 0 {
				continue
			}
			fmt.Fprintf(&out, "%s %q, %d pixels, header %s, cells %s, rule %s\n", sheetColumn(col), sheetWritten(header.value),
				t.widths[col], sheetJSON(header.format), sheetJSON(below.format), sheetJSON(below.rule))
		}
		for _, rule := range t.rules {
			rule = maps.Clone(rule)
			delete(rule, "ranges") // they hold the tab's id, which is another one each time
			fmt.Fprintf(&out, "colour %s\n", sheetJSON(rule))
		}
	})
	return out.String()
}

func sheetJSON(v map[string]any) string {
	if len(v) == 0 {
		return "-"
	}
	text, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("fake sheets: show a format: %v", err))
	}
	return string(text)
}
