package fake

import (
	"fmt"
	"slices"
)

// sheetTwin says what a copy of a tab is to be.
type sheetTwin struct {
	id      int
	title   string
	index   int
	guarded bool // protection comes along
}

// duplicateSheet copies a whole tab, as it is at that moment: rows and columns keep their places,
// so no reference is lost and none shifts. A missing index is 0: the copy becomes the first tab.
func (s *Sheets) duplicateSheet(b *sheetBook, req struct {
	Source int     `json:"sourceSheetId"`
	Index  int     `json:"insertSheetIndex"`
	ID     *int    `json:"newSheetId"`
	Title  *string `json:"newSheetName"`
}) (any, error) {
	old, err := b.need(req.Source)
	if err != nil {
		return nil, err
	}
	if req.Index < 0 || req.Index > len(b.tabs) {
		return nil, fmt.Errorf("insertSheetIndex %d is out of range", req.Index)
	}
	title := b.copyTitle(old.title)
	if req.Title == nil || *req.Title == "" {
		req.Title = &title
	}
	probe := &sheetTab{}
	if err := b.identify(probe, sheetProperties{SheetID: req.ID, Title: req.Title}); err != nil {
		return nil, err
	}
	twin := b.duplicate(old, sheetTwin{id: probe.id, title: probe.title, index: req.Index, guarded: s.duplicatesGuards})
	if err := s.room(b); err != nil {
		return nil, err
	}
	return map[string]any{"properties": twin.properties(req.Index)}, nil
}

// duplicate adds a copy of a tab. Charts, filter views and named ranges get ids of their own;
// no developer metadata comes along. Formulas that name no tab speak of the copy, and show the same.
func (b *sheetBook) duplicate(old *sheetTab, as sheetTwin) *sheetTab {
	twin := old.clone()
	twin.id, twin.title = as.id, as.title
	if !as.guarded {
		twin.guards = nil
	}
	for i := range twin.guards {
		twin.guards[i].id = b.newID()
	}
	for i, c := range twin.charts {
		twin.charts[i] = sheetChart{id: b.newID(), spec: sheetRehomedMap(c.spec, old, twin), position: sheetRehomedMap(c.position, old, twin)}
	}
	for i, rule := range twin.rules {
		twin.rules[i] = sheetRehomedMap(rule, old, twin)
	}
	for i, view := range twin.views {
		twin.views[i] = sheetRehomedMap(view, old, twin)
		twin.views[i]["filterViewId"] = b.newID()
	}
	for _, n := range slices.Clone(b.names) {
		if n.tab == old.id {
			b.names = append(b.names, sheetName{id: fmt.Sprint(b.newID()), name: "'" + twin.title + "'!" + n.name, tab: twin.id, box: n.box})
		}
	}
	twin.settleFormulas(old.id)
	b.tabs = slices.Insert(b.tabs, as.index, twin)
	return twin
}

// settleFormulas remembers where the formulas of a copied tab come from, so that one that is pasted back shows what it did.
func (t *sheetTab) settleFormulas(from int) {
	for _, row := range t.rows {
		for j, c := range row {
			if f, computes := c.value.(SheetsFormula); computes && c.homeOf(f) == nil {
				row[j].home = &sheetHome{tab: from, shows: f.Shows, source: f.Source}
			}
		}
	}
}

func (b *sheetBook) copyTitle(title string) string {
	name := "Copy of " + title
	for n := 1; b.byTitle(name) != nil; n++ {
		name = fmt.Sprintf("Copy of %s %d", title, n)
	}
	return name
}

func sheetRehomedMap(m map[string]any, from, to *sheetTab) map[string]any {
	return sheetRehomed(m, from.id, to.id).(map[string]any)
}

// sheetRehomed gives JSON whose ranges on one tab lie on another.
func sheetRehomed(v any, from, to int) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = sheetRehomed(v[i], from, to)
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for name, inner := range v {
			out[name] = sheetRehomed(inner, from, to)
		}
		if sheetIsPlace(v) && sheetInt(v["sheetId"]) == from {
			out["sheetId"] = float64(to)
		}
		return out
	}
	return v
}

// sheetIsPlace says whether JSON is a GridRange or a GridCoordinate. The id of the first tab, 0, may be left out.
func sheetIsPlace(m map[string]any) bool {
	for _, name := range []string{"sheetId", "startRowIndex", "endRowIndex", "startColumnIndex", "endColumnIndex", "rowIndex", "columnIndex"} {
		if _, ok := m[name]; ok {
			return true
		}
	}
	return false
}

// clearBasicFilter shows all rows again.
func (s *Sheets) clearBasicFilter(b *sheetBook, req struct {
	SheetID int `json:"sheetId"`
}) (any, error) {
	t, err := b.need(req.SheetID)
	switch {
	case err != nil:
		return nil, err
	case t.guardedWhole():
		return nil, s.mayNot()
	}
	t.filter = nil
	return nil, nil
}
