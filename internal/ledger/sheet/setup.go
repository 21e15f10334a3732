package sheet

import (
	"google.golang.org/api/sheets/v4"

	"pi-manager/internal/ecm"
)

const newRows = 200 // of a tab that we create; it grows

// prepare creates what is missing of a tab. Only a tab that we create ourselves
// gets looks. Headers go into columns (in a blank tab, a row) that the same batch
// has just inserted: whatever people did since we read, no cell of theirs is there.
func (p *plan) prepare(t *target) {
	switch {
	case t.state == absent:
		p.create(t)
	case len(t.added) == 0:
	case t.state == blank:
		p.insert(t.id, rowsOf, 0, 1)
		p.extend(t.id, columnsOf, t.grid, t.width)
		p.add(t.headers("userEnteredValue"))
	default:
		edge := t.width - len(t.added)
		p.extend(t.id, columnsOf, t.grid, edge+1) // a dimension is inserted before one that is there
		p.insert(t.id, columnsOf, edge, len(t.added))
		p.add(t.headers("userEnteredValue"))
	}
}

// create makes a tab as people expect one: a bold header that stays in sight,
// columns as wide as what is in them, ids as text, words to choose from. Two
// processes that do it at once differ in the tab's id and share its title, so the second is refused.
func (p *plan) create(t *target) {
	p.add(&sheets.Request{AddSheet: &sheets.AddSheetRequest{Properties: &sheets.SheetProperties{
		SheetId: t.id, Title: t.name,
		GridProperties: &sheets.GridProperties{RowCount: newRows, ColumnCount: int64(t.width), FrozenRowCount: 1},
	}}})
	p.add(t.headers("userEnteredValue,userEnteredFormat.textFormat"))
	for i, c := range t.columns {
		if c.text {
			p.add(&sheets.Request{RepeatCell: &sheets.RepeatCellRequest{
				Range:  t.below(i),
				Cell:   &sheets.CellData{UserEnteredFormat: &sheets.CellFormat{NumberFormat: &sheets.NumberFormat{Type: "TEXT"}}},
				Fields: "userEnteredFormat.numberFormat",
			}})
		}
		p.add(&sheets.Request{UpdateDimensionProperties: &sheets.UpdateDimensionPropertiesRequest{
			Range:      &sheets.DimensionRange{SheetId: t.id, Dimension: "COLUMNS", StartIndex: int64(i), EndIndex: int64(i + 1)},
			Properties: &sheets.DimensionProperties{PixelSize: int64(c.width)}, Fields: "pixelSize",
		}})
	}
	if t.title == assignmentsTab {
		p.add(t.statusWords())
		p.add(t.priorityColours()...)
	}
}

// headers writes the headers that are missing, side by side.
func (t *target) headers(fields string) *sheets.Request {
	cells := make([]*sheets.CellData, len(t.added))
	for i, header := range t.added {
		cells[i] = textCell(header)
		if t.state == absent {
			cells[i].UserEnteredFormat = &sheets.CellFormat{TextFormat: &sheets.TextFormat{Bold: true}}
		}
	}
	return &sheets.Request{UpdateCells: &sheets.UpdateCellsRequest{
		Start: &sheets.GridCoordinate{
			SheetId: t.id, RowIndex: int64(t.header), ColumnIndex: int64(t.width - len(t.added)),
			ForceSendFields: []string{"SheetId", "RowIndex", "ColumnIndex"},
		},
		Rows: []*sheets.RowData{{Values: cells}}, Fields: fields,
	}}
}

// below is a column without its header.
func (t *target) below(index int) *sheets.GridRange {
	return &sheets.GridRange{
		SheetId: t.id, StartRowIndex: 1, StartColumnIndex: int64(index), EndColumnIndex: int64(index + 1),
		ForceSendFields: []string{"StartColumnIndex"},
	}
}

// statusWords offers our words and lets people write their own.
func (t *target) statusWords() *sheets.Request {
	var words []*sheets.ConditionValue
	for _, s := range []ecm.Status{ecm.Open, ecm.InProgress, ecm.Resolved, ecm.Escalated} {
		words = append(words, &sheets.ConditionValue{UserEnteredValue: string(s)})
	}
	return &sheets.Request{SetDataValidation: &sheets.SetDataValidationRequest{
		Range: t.below(t.at[headerKey(statusHeader)]),
		Rule:  &sheets.DataValidationRule{Condition: &sheets.BooleanCondition{Type: "ONE_OF_LIST", Values: words}, ShowCustomUi: true},
	}}
}

// priorityColours shade the priorities from red to none.
func (t *target) priorityColours() []*sheets.Request {
	shades := map[ecm.Priority]*sheets.Color{
		ecm.P1: {Red: 0.96, Green: 0.78, Blue: 0.76},
		ecm.P2: {Red: 0.99, Green: 0.90, Blue: 0.76},
		ecm.P3: {Red: 1.00, Green: 0.97, Blue: 0.80},
		ecm.P4: {Red: 0.90, Green: 0.95, Blue: 0.89},
	}
	var rules []*sheets.Request
	for i, p := range ecm.Priorities {
		rules = append(rules, &sheets.Request{AddConditionalFormatRule: &sheets.AddConditionalFormatRuleRequest{
			Index: int64(i),
			Rule: &sheets.ConditionalFormatRule{
				Ranges: []*sheets.GridRange{t.below(t.at[headerKey(priorityHeader)])},
				BooleanRule: &sheets.BooleanRule{
					Condition: &sheets.BooleanCondition{Type: "TEXT_EQ", Values: []*sheets.ConditionValue{{UserEnteredValue: p.String()}}},
					Format:    &sheets.CellFormat{BackgroundColorStyle: &sheets.ColorStyle{RgbColor: shades[p]}},
				},
			},
		}})
	}
	return rules
}
