package sheet

import (
	"google.golang.org/api/sheets/v4"
)

// grid is some rows of a tab as Google's grid data has them, by their index.
type grid map[int][]*sheets.CellData

// gridOf gives the rows of a tab that an answer holds.
func gridOf(book *sheets.Spreadsheet, tab int64) grid {
	rows := grid{}
	if book == nil {
		return rows
	}
	for _, s := range book.Sheets {
		if s.Properties == nil || s.Properties.SheetId != tab {
			continue
		}
		for _, data := range s.Data {
			for i, row := range data.RowData {
				if row != nil {
					rows[int(data.StartRow)+i] = row.Values
				}
			}
		}
	}
	return rows
}

// values are the cells of a row as Read would give them: what they show, unformatted.
func (g grid) values(row int) []any {
	out := make([]any, len(g[row]))
	for i, cell := range g[row] {
		out[i] = shownBy(cell)
	}
	return out
}

// text is the cell at the left of a row, as text.
func (g grid) text(row int) string {
	if cells := g.values(row); len(cells) > 0 {
		return cellText(cells[0])
	}
	return ""
}

// shownBy is what a cell shows; of a formula that failed, the word that people see.
func shownBy(cell *sheets.CellData) any {
	if cell == nil || cell.EffectiveValue == nil {
		return nil
	}
	if v := bare(cell.EffectiveValue); v != nil {
		return v
	}
	return cell.FormattedValue
}

// spilled says whether a formula elsewhere fills the cell.
func spilled(cell *sheets.CellData) bool {
	return !entered(cell) && sign(shownBy(cell)) != ""
}

// literal is what was typed into a cell, formulas aside; of what we are about to write, what will come back.
func literal(cell *sheets.CellData) any {
	if cell == nil || cell.UserEnteredValue == nil {
		return nil
	}
	return bare(cell.UserEnteredValue)
}

func bare(v *sheets.ExtendedValue) any {
	switch {
	case v.StringValue != nil:
		return *v.StringValue
	case v.NumberValue != nil:
		return *v.NumberValue
	case v.BoolValue != nil:
		return *v.BoolValue
	}
	return nil
}

// computes says whether a cell holds a formula.
func computes(cell *sheets.CellData) bool {
	return cell != nil && cell.UserEnteredValue != nil && cell.UserEnteredValue.FormulaValue != nil
}

// entered says whether somebody wrote the cell, rather than a formula elsewhere that fills it.
func entered(cell *sheets.CellData) bool {
	return cell != nil && cell.UserEnteredValue != nil
}
