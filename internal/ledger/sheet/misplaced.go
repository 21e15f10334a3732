package sheet

import (
	"context"
	"errors"
	"maps"

	"google.golang.org/api/sheets/v4"
)

// settleColumns looks at the header rows that came back with the commit. Where
// people moved columns between our read and our commit, the appended rows stand
// in wrong columns; they are ours, so we may move their cells (F41, F44). That
// is an edit of rows like any other, through a journal.
//
// The commit has happened, so every failure here is Ambiguous: Committed tells.
func (l *Ledger) settleColumns(ctx context.Context, p *plan, answer *sheets.BatchUpdateSpreadsheetResponse) error {
	if p.inPlace(answer.UpdatedSpreadsheet) {
		return nil
	}
	const attempts = 4 // each looks at what the one before has done
	for range attempts {
		v, err := l.look(ctx)
		if err != nil {
			return doubtful(err)
		}
		if v.snapshot.Unsettled {
			if err := l.Settle(ctx); err != nil {
				return doubtful(err)
			}
			continue
		}
		t, edits := p.misplaced(v)
		if len(edits) == 0 {
			return nil
		}
		if err := l.edit(ctx, v, t, edits); err != nil {
			return doubtful(err)
		}
	}
	return doubtful(errors.New("the columns of the Google Sheet keep moving: new rows may stand in wrong ones"))
}

// edit makes edits of rows and looks whether it hit them; nothing happens where somebody else was first.
func (l *Ledger) edit(ctx context.Context, v *view, t *table, edits []edit) error {
	e, p := v.next(), presentOf(t).page
	j := v.planned(e.generation, p, edits)
	e.Journal = j.id
	b := &batch{}
	v.raise(b, e)
	if err := b.carryOut(j, p, edits); err != nil {
		return err
	}
	answer, err := l.service.Spreadsheets.BatchUpdate(l.id, b.request()).Fields("updatedSpreadsheet(" + journalFields + ")").Context(ctx).Do()
	if err != nil {
		return l.notSettled(ctx, v.layout, err)
	}
	l.forget()
	j.readRows(answer.UpdatedSpreadsheet, 0)
	_, err = l.settle(ctx, v.after(e, j), j)
	return err
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

// misplaced finds rows of the commit that stand under the old columns, of one tab,
// and the edits that put each cell where it belongs. A row counts as found only
// where all of its cells are still as we wrote them, and nothing stands where they are to go.
func (p *plan) misplaced(v *view) (*table, []edit) {
	for _, title := range []string{assignmentsTab, runsTab} {
		before, now := p.targets[title], v.tables[title]
		if now == nil || maps.Equal(before.at, now.at) {
			continue
		}
		var edits []edit
		for i, row := range now.rows {
			for _, cells := range p.rows[title] {
				if now.hasAll(cells) && holds(row, cells, before.at) && !holds(row, cells, now.at) && now.takes(row, cells, before.at) {
					edits = append(edits, now.moved(i, cells, before.at))
					break
				}
			}
		}
		if len(edits) > 0 {
			return now, edits
		}
	}
	return nil, nil
}

// takes says whether the cells' places are free, but for what the cells leave.
func (t *table) takes(row []any, cells rowCells, before map[string]int) bool {
	left := map[int]bool{}
	for header := range cells {
		left[before[headerKey(header)]] = true
	}
	for header := range cells {
		if to := t.at[headerKey(header)]; !left[to] && to < len(row) && sign(row[to]) != "" {
			return false
		}
	}
	return true
}

// moved is the edit that writes each cell under its column, and empties the places that it left.
func (t *table) moved(row int, cells rowCells, before map[string]int) edit {
	e := edit{intent: intent{Kind: amended, Row: row, Was: contentOf(t.rows[row])}}
	for header := range cells {
		e.set(before[headerKey(header)], &sheets.CellData{})
	}
	for header, cell := range cells {
		e.set(t.at[headerKey(header)], cell)
	}
	return e
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
		if cellText(now) != cellText(literal(cell)) {
			return false
		}
	}
	return true
}
