package fake

import (
	"fmt"
	"maps"
	"slices"
)

// SheetsModel is what people and programs have entered in a spreadsheet: by the title of the tab
// and the name of the cell its value, a formula without what it shows. A note stands under the
// cell's name followed by " note". Looks are no part of it.
type SheetsModel map[string]map[string]any

// Model gives the present state, hidden tabs included.
func (s *Sheets) Model() SheetsModel {
	m := SheetsModel{}
	s.edit(func(b *sheetBook) {
		for _, t := range b.tabs {
			m[t.title] = t.entered()
		}
	})
	return m
}

func (t *sheetTab) entered() map[string]any {
	cells := map[string]any{}
	for i, row := range t.rows {
		for j, c := range row {
			name := fmt.Sprint(sheetColumn(j), i+1)
			switch v := c.value.(type) {
			case nil:
			case SheetsFormula:
				cells[name] = SheetsFormula{Source: v.Source}
			default:
				cells[name] = v
			}
			if c.note != "" {
				cells[name+" note"] = c.note
			}
		}
	}
	return cells
}

// Changes lists the cells that differ in a later model, as "Tab!D2", and the tabs that came or went, as "Tab".
func (m SheetsModel) Changes(later SheetsModel) []string {
	var changes []string
	for _, tab := range sheetKeysOf(m, later) {
		if m[tab] == nil || later[tab] == nil {
			changes = append(changes, tab)
			continue
		}
		for _, cell := range sheetKeysOf(m[tab], later[tab]) {
			if m[tab][cell] != later[tab][cell] {
				changes = append(changes, tab+"!"+cell)
			}
		}
	}
	return changes
}

func sheetKeysOf[V any](a, b map[string]V) []string {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return slices.Sorted(maps.Keys(all))
}
