package sheet

import (
	"context"
	"errors"
	"maps"
	"slices"

	"google.golang.org/api/sheets/v4"

	"pi-manager/internal/ecm"
)

// settleColumns looks at the header rows that came back with the commit. Where
// people moved columns between our read and our commit, the appended rows stand
// in wrong columns; they are ours, so we may move their cells (F41, F44).
//
// The commit has happened, so every failure here is Ambiguous: Committed tells.
func (l *Ledger) settleColumns(ctx context.Context, p *plan, answer *sheets.BatchUpdateSpreadsheetResponse) error {
	if p.inPlace(answer.UpdatedSpreadsheet) {
		return nil
	}
	const attempts = 3 // each looks at what the one before has done
	for range attempts {
		v, err := l.look(ctx)
		if err != nil {
			return doubtful(err)
		}
		fixes := p.misplaced(v)
		if len(fixes) == 0 {
			return nil
		}
		_, err = l.service.Spreadsheets.BatchUpdate(l.id, &sheets.BatchUpdateSpreadsheetRequest{Requests: fixes}).Fields("spreadsheetId").Context(ctx).Do()
		if err != nil {
			return doubtful(l.failure("move new rows into the right columns", true, err))
		}
	}
	return doubtful(errors.New("the columns of the Google Sheet keep moving: new rows may stand in wrong ones"))
}

func doubtful(err error) error {
	return &ecm.Failure{Class: ecm.Ambiguous, Err: err}
}

// inPlace says whether the headers stood where the commit took them to be.
func (p *plan) inPlace(after *sheets.Spreadsheet) bool {
	for _, title := range []string{assignmentsTab, runsTab} {
		t := p.targets[title]
		if t.state == filled && !t.stands(after) {
			return false
		}
	}
	return true
}

func (t *target) stands(after *sheets.Spreadsheet) bool {
	if after == nil {
		return false
	}
	for _, s := range after.Sheets {
		if s.Properties == nil || s.Properties.SheetId != t.id || len(s.Data) == 0 {
			continue
		}
		now := table{tab: t.tab, rows: formatted(s.Data[0].RowData)}
		return now.findHeader() == nil && maps.Equal(now.at, t.at)
	}
	return false
}

func formatted(rows []*sheets.RowData) [][]any {
	out := make([][]any, len(rows))
	for i, row := range rows {
		for _, cell := range row.Values {
			out[i] = append(out[i], cell.FormattedValue)
		}
	}
	return out
}

// misplaced finds the rows of the commit that stand under the old columns, and
// the requests that put each cell where it belongs. A row counts as found only
// where all of its cells are still as we wrote them.
func (p *plan) misplaced(v *view) []*sheets.Request {
	var fixes []*sheets.Request
	for title, rows := range p.rows {
		before, now := p.targets[title], v.tables[title]
		if now == nil || maps.Equal(before.at, now.at) {
			continue
		}
		for _, cells := range rows {
			for i, row := range now.rows {
				if now.hasAll(cells) && holds(row, cells, before.at) && !holds(row, cells, now.at) {
					fixes = append(fixes, moved(now, i, cells, before.at)...)
				}
			}
		}
	}
	return fixes
}

// hasAll says whether the table has a column for each of the cells: a cell with
// no place to go stays where it is.
func (t *table) hasAll(cells rowCells) bool {
	for header := range cells {
		if _, ok := t.at[headerKey(header)]; !ok {
			return false
		}
	}
	return true
}

// holds says whether the row has all of the cells under these columns.
func holds(row []any, cells rowCells, at map[string]int) bool {
	for header, cell := range cells {
		column, ok := at[headerKey(header)]
		if !ok {
			return false
		}
		var now any
		if column < len(row) {
			now = row[column]
		}
		if cellText(now) != cellText(written(cell)) {
			return false
		}
	}
	return true
}

// written is a cell's value as it comes back.
func written(cell *sheets.CellData) any {
	switch v := cell.UserEnteredValue; {
	case v == nil:
		return nil
	case v.StringValue != nil:
		return *v.StringValue
	default:
		return *v.NumberValue
	}
}

// moved writes each cell under its column, and empties the places that it left.
func moved(t *table, row int, cells rowCells, before map[string]int) []*sheets.Request {
	values := map[int]*sheets.CellData{}
	for header := range cells {
		values[before[headerKey(header)]] = &sheets.CellData{}
	}
	for header, cell := range cells {
		if column, ok := t.at[headerKey(header)]; ok {
			values[column] = cell
		}
	}
	var requests []*sheets.Request
	for _, column := range slices.Sorted(maps.Keys(values)) {
		requests = append(requests, &sheets.Request{UpdateCells: &sheets.UpdateCellsRequest{
			Start: &sheets.GridCoordinate{
				SheetId: t.id, RowIndex: int64(row), ColumnIndex: int64(column), ForceSendFields: []string{"SheetId", "ColumnIndex"},
			},
			Rows: []*sheets.RowData{{Values: []*sheets.CellData{values[column]}}}, Fields: "userEnteredValue",
		}})
	}
	return requests
}
