package fake

import (
	"fmt"
	"slices"
)

// RenameTab gives a tab another title. Formulas go on finding it.
func (s *Sheets) RenameTab(tab, title string) {
	s.edit(func(b *sheetBook) {
		t := b.must(tab)
		b.renameInFormulas(t.title, title)
		t.title = title
	})
}

// HideTab hides a tab. The service serves it all the same.
func (s *Sheets) HideTab(tab string) {
	s.onTab(tab, func(t *sheetTab) { t.hidden = true })
}

// ShowTab shows a hidden tab.
func (s *Sheets) ShowTab(tab string) {
	s.onTab(tab, func(t *sheetTab) { t.hidden = false })
}

// Hidden says whether a tab is hidden.
func (s *Sheets) Hidden(tab string) (hidden bool) {
	s.onTab(tab, func(t *sheetTab) { hidden = t.hidden })
	return hidden
}

// MoveTab drags a tab to a place among the others, counted from 1.
func (s *Sheets) MoveTab(tab string, place int) {
	s.edit(func(b *sheetBook) {
		t := b.must(tab)
		b.tabs = slices.DeleteFunc(b.tabs, func(o *sheetTab) bool { return o == t })
		b.tabs = slices.Insert(b.tabs, place-1, t)
	})
}

// DuplicateTab copies a tab under the title "Copy of ...", right after it (F43). Charts,
// protection and named ranges come along under ids of their own; developer metadata does not.
func (s *Sheets) DuplicateTab(tab string) {
	s.edit(func(b *sheetBook) {
		old := b.must(tab)
		twin := b.duplicate(old, sheetTwin{id: b.newID(), title: b.copyTitle(old.title), index: slices.Index(b.tabs, old) + 1, guarded: true})
		twin.hidden = false
	})
}

// DeleteTab deletes a tab, and what metadata hung on it.
func (s *Sheets) DeleteTab(tab string) {
	s.edit(func(b *sheetBook) {
		b.drop(b.must(tab))
	})
}

// Name gives a range such as "A2:A9" of a tab a name. Names follow their cells.
func (s *Sheets) Name(name, tab, cells string) {
	s.edit(func(b *sheetBook) {
		t := b.must(tab)
		b.names = append(b.names, sheetName{id: fmt.Sprint(b.newID()), name: name, tab: t.id, box: t.mustBox(cells)})
	})
}

// Names lists the named ranges and where they are now, as name=range.
func (s *Sheets) Names() []string {
	var list []string
	s.edit(func(b *sheetBook) {
		for _, n := range b.names {
			list = append(list, n.name+"="+b.byID(n.tab).a1(n.box))
		}
	})
	return list
}

// Charts lists the titles of the charts on a tab.
func (s *Sheets) Charts(tab string) []string {
	var titles []string
	s.onTab(tab, func(t *sheetTab) {
		for _, c := range t.charts {
			title, _ := c.spec["title"].(string)
			titles = append(titles, title)
		}
	})
	return titles
}

// DeleteChart deletes the chart of a title.
func (s *Sheets) DeleteChart(tab, title string) {
	s.onTab(tab, func(t *sheetTab) {
		t.charts = slices.DeleteFunc(t.charts, func(c sheetChart) bool { return c.spec["title"] == title })
	})
}

// FilterView keeps a filter under a name, for one person to look through; others see all rows.
func (s *Sheets) FilterView(tab, title, column string, keep ...string) {
	s.edit(func(b *sheetBook) {
		t := b.must(tab)
		col, _, _ := sheetCorner(column)
		t.views = append(t.views, map[string]any{
			"filterViewId": b.newID(), "title": title, "range": sheetBox{bottom: t.height, right: t.width}.json(t.id),
			"criteria": map[string]any{fmt.Sprint(col - 1): map[string]any{"visibleValues": keep}},
		})
	})
}

// Unfilter takes the filter off: all rows are seen again.
func (s *Sheets) Unfilter(tab string) {
	s.onTab(tab, func(t *sheetTab) { t.filter = nil })
}

// FreezeRows keeps the first n rows in sight.
func (s *Sheets) FreezeRows(tab string, n int) {
	s.onTab(tab, func(t *sheetTab) { t.frozen = n })
}

// HideRows hides n rows from a row on, counted from 1. The service reads and writes them all the same.
func (s *Sheets) HideRows(tab string, from, n int) {
	s.onTab(tab, func(t *sheetTab) { t.hide("ROW", from-1, n) })
}

// HideColumns hides n columns from a column on.
func (s *Sheets) HideColumns(tab, from string, n int) {
	col, _, _ := sheetCorner(from)
	s.onTab(tab, func(t *sheetTab) { t.hide("COLUMN", col-1, n) })
}

func (t *sheetTab) hide(kind string, from, n int) {
	lines := map[int]bool{}
	for line := range t.hid[kind] {
		lines[line] = true
	}
	for line := from; line < from+n; line++ {
		lines[line] = true
	}
	if t.hid == nil {
		t.hid = map[string]map[int]bool{}
	}
	t.hid[kind] = lines
}

// mustBox reads a range that a test names.
func (t *sheetTab) mustBox(cells string) sheetBox {
	box, ok := t.box(cells)
	if !ok {
		panic(fmt.Sprintf("fake sheets: %q is no range", cells))
	}
	t.height, t.width = max(t.height, box.bottom), max(t.width, box.right)
	return box
}
