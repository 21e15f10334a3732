package fake

import (
	"fmt"
	"maps"
	"slices"
)

// sheetChart is a chart on a tab. The maps in it are never changed in place.
type sheetChart struct {
	id       int
	spec     map[string]any
	position map[string]any
}

// addChart puts a chart on top of a tab's grid. What it draws is checked as far as
// Google documents: each source is a single line of cells that exists.
func (s *Sheets) addChart(b *sheetBook, req struct {
	Chart struct {
		ID       *int `json:"chartId"`
		Spec     map[string]any
		Position map[string]any
	}
}) (any, error) {
	c := sheetChart{spec: req.Chart.Spec, position: req.Chart.Position}
	t, err := b.anchor(c.position)
	if err != nil {
		return nil, err
	}
	if t.guardedWhole() {
		return nil, s.mayNot()
	}
	if err := b.checkSpec(c.spec); err != nil {
		return nil, err
	}
	c.id = b.newID()
	if req.Chart.ID != nil {
		c.id = *req.Chart.ID
	}
	if b.hasChart(c.id) {
		return nil, fmt.Errorf("An embedded object with the ID %d already exists", c.id)
	}
	t.charts = append(t.charts, c)
	return map[string]any{"chart": c.json()}, nil
}

// anchor is the tab that a chart lies on. A chart on a tab of its own is more than the fake knows.
func (b *sheetBook) anchor(position map[string]any) (*sheetTab, error) {
	overlay, _ := position["overlayPosition"].(map[string]any)
	cell, ok := overlay["anchorCell"].(map[string]any)
	if !ok {
		return nil, fmt.Errorf("chart.position.overlayPosition.anchorCell must be specified")
	}
	t, err := b.need(sheetInt(cell["sheetId"]))
	if err != nil {
		return nil, err
	}
	if row, col := sheetInt(cell["rowIndex"]), sheetInt(cell["columnIndex"]); row < 0 || col < 0 || row >= t.height || col >= t.width {
		return nil, fmt.Errorf("the anchor cell [%d, %d] lies outside a grid of %d x %d", row, col, t.height, t.width)
	}
	return t, nil
}

// sheetInt reads a number of JSON, decoded or about to be encoded; absent is 0, as in proto JSON.
func sheetInt(v any) int {
	if n, isInt := v.(int); isInt {
		return n
	}
	n, _ := v.(float64)
	return int(n)
}

func (b *sheetBook) checkSpec(spec map[string]any) error {
	if len(spec) == 0 {
		return fmt.Errorf("chart.spec must be specified")
	}
	sources := sheetSources(spec)
	if len(sources) == 0 {
		return fmt.Errorf("chart.spec must have a source")
	}
	for _, source := range sources {
		if err := b.checkSource(source); err != nil {
			return err
		}
	}
	return nil
}

func (b *sheetBook) checkSource(source map[string]any) error {
	t, err := b.need(sheetInt(source["sheetId"]))
	if err != nil {
		return err
	}
	box := sheetBox{top: sheetInt(source["startRowIndex"]), left: sheetInt(source["startColumnIndex"]), bottom: t.height, right: t.width}
	if end, ok := source["endRowIndex"]; ok {
		box.bottom = sheetInt(end)
	}
	if end, ok := source["endColumnIndex"]; ok {
		box.right = sheetInt(end)
	}
	high, wide := box.bottom-box.top, box.right-box.left
	switch {
	case high <= 0 || wide <= 0 || box.bottom > t.height || box.right > t.width:
		return fmt.Errorf("a chart's source %s exceeds grid limits. Max rows: %d, max columns: %d", t.a1(box), t.height, t.width)
	case high != 1 && wide != 1:
		return fmt.Errorf("a chart's source %s must have one dimension of length 1", t.a1(box))
	}
	return nil
}

// sheetSources collects what stands in "sources" anywhere in a chart's spec.
func sheetSources(v any) []map[string]any {
	var found []map[string]any
	switch v := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			list, isList := v[name].([]any)
			if name != "sources" || !isList {
				found = append(found, sheetSources(v[name])...)
				continue
			}
			for _, source := range list {
				found = append(found, source.(map[string]any)) // the description says so
			}
		}
	case []any:
		for _, one := range v {
			found = append(found, sheetSources(one)...)
		}
	}
	return found
}

func (b *sheetBook) hasChart(id int) bool {
	for _, t := range b.tabs {
		if slices.ContainsFunc(t.charts, func(c sheetChart) bool { return c.id == id }) {
			return true
		}
	}
	return false
}

func (c sheetChart) json() map[string]any {
	return map[string]any{"chartId": c.id, "spec": c.spec, "position": c.position}
}

func (t *sheetTab) chartList() []any {
	list := make([]any, len(t.charts))
	for i, c := range t.charts {
		list[i] = c.json()
	}
	return list
}

// sheetFollow gives JSON whose GridRanges on a tab moved with its lines: charts and conditional formats hold such.
func sheetFollow(v any, tab int, kind string, at, by int) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = sheetFollow(v[i], tab, kind, at, by)
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for name, inner := range v {
			out[name] = sheetFollow(inner, tab, kind, at, by)
		}
		if sheetInt(v["sheetId"]) == tab {
			sheetFollowRange(out, kind, at, by)
		}
		return out
	}
	return v
}

func sheetFollowRange(m map[string]any, kind string, at, by int) {
	from, to, anchor := "startRowIndex", "endRowIndex", "rowIndex"
	if kind == "COLUMN" {
		from, to, anchor = "startColumnIndex", "endColumnIndex", "columnIndex"
	}
	if _, bounded := m[to]; bounded {
		first, last := sheetStretch(sheetInt(m[from]), sheetInt(m[to]), at, by)
		m[from], m[to] = float64(first), float64(last)
	}
	if place, isAnchor := m[anchor]; isAnchor {
		moved, _ := sheetStretch(sheetInt(place), sheetInt(place), at, by)
		m[anchor] = float64(moved)
	}
}

func sheetFollowMap(m map[string]any, tab int, kind string, at, by int) map[string]any {
	return sheetFollow(m, tab, kind, at, by).(map[string]any)
}
