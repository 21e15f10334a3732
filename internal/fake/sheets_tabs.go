package fake

import (
	"fmt"
	"slices"
)

type sheetProperties struct {
	SheetID *int    `json:"sheetId"`
	Title   *string `json:"title"`
	Index   *int    `json:"index"`
	Hidden  bool    `json:"hidden"`
	Grid    struct {
		Rows    *int `json:"rowCount"`
		Columns *int `json:"columnCount"`
		Frozen  int  `json:"frozenRowCount"`
	} `json:"gridProperties"`
}

func (s *Sheets) addSheet(b *sheetBook, req struct{ Properties sheetProperties }) (any, error) {
	p := req.Properties
	t := &sheetTab{height: sheetNewRows, width: sheetNewColumns, frozen: p.Grid.Frozen, hidden: p.Hidden}
	if p.Grid.Rows != nil {
		t.height = *p.Grid.Rows
	}
	if p.Grid.Columns != nil {
		t.width = *p.Grid.Columns
	}
	if t.height < 1 || t.width < 1 {
		return nil, fmt.Errorf("a grid of %d x %d is none", t.height, t.width)
	}
	if err := b.identify(t, p); err != nil {
		return nil, err
	}
	if t.frozen >= t.height {
		return nil, fmt.Errorf("You can't freeze all visible rows on the sheet.")
	}
	index := len(b.tabs)
	if p.Index != nil {
		index = *p.Index
	}
	if index < 0 || index > len(b.tabs) {
		return nil, fmt.Errorf("index %d is out of range", index)
	}
	b.tabs = slices.Insert(b.tabs, index, t)
	if err := s.room(b); err != nil {
		return nil, err
	}
	return map[string]any{"properties": t.properties(index)}, nil
}

// identify gives a new tab its id and title. Two processes that create the same
// tab at the same time meet here: the second is refused.
func (b *sheetBook) identify(t *sheetTab, p sheetProperties) error {
	t.id = b.newID()
	if p.SheetID != nil {
		t.id = *p.SheetID
	}
	t.title = fmt.Sprintf("Sheet%d", len(b.tabs)+1)
	if p.Title != nil && *p.Title != "" {
		t.title = *p.Title
	}
	switch {
	case t.id < 0:
		return fmt.Errorf("Sheet id must be non-negative")
	case b.byID(t.id) != nil:
		return fmt.Errorf("A sheet with the ID %d already exists. Please specify another ID.", t.id)
	}
	return b.freeTitle(t, t.title)
}

func (b *sheetBook) freeTitle(t *sheetTab, title string) error {
	if other := b.byTitle(title); other != nil && other != t {
		return fmt.Errorf("A sheet with the name %q already exists. Please enter another name.", title)
	}
	if title == "" || len(title) > sheetMaxTitle {
		return fmt.Errorf("A sheet's name must have 1 to %d characters.", sheetMaxTitle)
	}
	return nil
}

// deleteSheet deletes a tab with all that hangs on it. A spreadsheet keeps at
// least one tab that people can see.
func (s *Sheets) deleteSheet(b *sheetBook, req struct {
	SheetID int `json:"sheetId"`
}) (any, error) {
	t, err := b.need(req.SheetID)
	if err != nil {
		return nil, err
	}
	if b.lastVisible(t) {
		return nil, fmt.Errorf("You can't remove all the visible sheets in a document.")
	}
	if err := s.mayEdit(t, 0, 0, sheetMaxCells, sheetMaxCells); err != nil {
		return nil, err
	}
	b.drop(t)
	return nil, nil
}

func (b *sheetBook) lastVisible(t *sheetTab) bool {
	return !t.hidden && !slices.ContainsFunc(b.tabs, func(other *sheetTab) bool { return other != t && !other.hidden })
}

// drop takes a tab away, the metadata on it, and the ground under formulas that read it.
func (b *sheetBook) drop(gone *sheetTab) {
	b.tabs = slices.DeleteFunc(b.tabs, func(t *sheetTab) bool { return t == gone })
	b.tags = slices.DeleteFunc(b.tags, func(t sheetTag) bool { return t.place.tab == gone.id && t.place.kind != "SPREADSHEET" })
	b.names = slices.DeleteFunc(b.names, func(n sheetName) bool { return n.tab == gone.id })
	b.dropInFormulas(gone.title)
}

func (s *Sheets) updateSheet(b *sheetBook, req struct {
	Properties sheetProperties
	Fields     string
}) (any, error) {
	fields, err := s.fields(req.Fields, "SheetProperties")
	if err != nil {
		return nil, err
	}
	p := req.Properties
	if p.SheetID == nil {
		p.SheetID = new(int)
	}
	t, err := b.need(*p.SheetID)
	if err != nil {
		return nil, err
	}
	if err := b.entitle(t, p, fields); err != nil {
		return nil, err
	}
	if sheetMasked(fields, "hidden") {
		if p.Hidden && b.lastVisible(t) {
			return nil, fmt.Errorf("You can't hide all the sheets in a document.")
		}
		t.hidden = p.Hidden
	}
	if sheetMasked(fields, "index") {
		if err := b.moveTab(t, p.Index); err != nil {
			return nil, err
		}
	}
	if sheetMasked(fields, "gridProperties.frozenRowCount") {
		if p.Grid.Frozen >= t.height {
			return nil, fmt.Errorf("You can't freeze all visible rows on the sheet.")
		}
		t.frozen = p.Grid.Frozen
	}
	return nil, nil
}

func (b *sheetBook) entitle(t *sheetTab, p sheetProperties, fields []string) error {
	if !sheetMasked(fields, "title") {
		return nil
	}
	title := ""
	if p.Title != nil {
		title = *p.Title
	}
	if err := b.freeTitle(t, title); err != nil {
		return err
	}
	b.renameInFormulas(t.title, title)
	t.title = title
	return nil
}

// moveTab moves a tab to an index counted before the move; without one it goes to the end.
func (b *sheetBook) moveTab(t *sheetTab, to *int) error {
	old, index := slices.Index(b.tabs, t), len(b.tabs)
	if to != nil {
		index = *to
	}
	if index < 0 || index > len(b.tabs) {
		return fmt.Errorf("index %d is out of range", index)
	}
	if index > old {
		index--
	}
	b.tabs = slices.Insert(slices.Delete(b.tabs, old, old+1), index, t)
	return nil
}
