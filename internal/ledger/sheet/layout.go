package sheet

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"google.golang.org/api/sheets/v4"
)

const (
	// entryKey is the key of the developer metadata that carries our generations.
	entryKey = "pi-manager.generation"

	// entryVersion is the version of what we write. A program refuses a sheet that a newer one wrote to (F97).
	entryVersion = 1

	// keptEntries is how many generations stay behind as metadata. A run that
	// is older than its deadline of ten minutes must not commit, and no sheet takes
	// a thousand commits in that time.
	keptEntries = 1_000

	// keptCharacters caps their keys and values together: Google allows 30,000
	// characters of metadata for a spreadsheet, other programs' included.
	keptCharacters = 20_000
)

// entry is one generation: developer metadata whose id is the generation itself.
type entry struct {
	generation int64
	size       int // characters that it takes

	Version int              `json:"v"`
	Run     string           `json:"run"`
	Hash    string           `json:"hash"`
	Tabs    map[string]int64 `json:"tabs"` // sheet ids of the people's tabs, by our title: a renamed tab is found again
	At      [2]int           `json:"at"`   // columns of Order ID and Run ID that its rows were written to
}

func (e entry) value() string {
	text, err := json.Marshal(e)
	if err != nil {
		panic("sheet: text and numbers do not encode: " + err.Error()) // cannot happen
	}
	return string(text)
}

// layout is the sheet without its rows: tabs, protection and our generations.
type layout struct {
	generation int64
	entries    []entry // lowest generation first
	tables     map[string]*table
	titles     map[int64]string // of all tabs
	title      string           // of the spreadsheet
	link       string
	warnings   []string
}

// lock is a protected range that we must not edit; right and bottom are exclusive, 0 is no end.
type lock struct {
	top, bottom, left, right int64
	name                     string
}

const layoutFields = "spreadsheetUrl,properties(title),developerMetadata(metadataId,metadataKey,metadataValue)," +
	"sheets(properties(sheetId,title,gridProperties(rowCount,columnCount)),protectedRanges(range,description,warningOnly,requestingUserCanEdit))"

// layout reads everything but the rows. It comes first, so that the rows are at
// least as new as the generation.
func (l *Ledger) layout(ctx context.Context) (*layout, error) {
	book, err := l.service.Spreadsheets.Get(l.id).Fields(layoutFields).Context(ctx).Do()
	if err != nil {
		return nil, l.failure("read the layout", false, err)
	}
	out := &layout{tables: map[string]*table{}, titles: map[int64]string{}, link: book.SpreadsheetUrl}
	if book.Properties != nil {
		out.title = book.Properties.Title
	}
	if err := out.readEntries(book.DeveloperMetadata); err != nil {
		return nil, err
	}
	for _, s := range book.Sheets {
		out.titles[s.Properties.SheetId] = s.Properties.Title
	}
	for _, t := range tabs() {
		if err := out.findTab(t, book.Sheets); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (o *layout) readEntries(list []*sheets.DeveloperMetadata) error {
	for _, m := range list {
		if m.MetadataKey != entryKey {
			continue
		}
		e := entry{generation: m.MetadataId, size: len(m.MetadataKey) + len(m.MetadataValue)}
		if err := json.Unmarshal([]byte(m.MetadataValue), &e); err != nil {
			e.Version = 0 // the generation counts all the same: its id is used
		}
		if e.Version > entryVersion {
			return permanent("update pi-manager here", "the Google Sheet was written by a newer pi-manager")
		}
		o.entries = append(o.entries, e)
	}
	slices.SortFunc(o.entries, func(a, b entry) int { return int(a.generation - b.generation) })
	if n := len(o.entries); n > 0 {
		o.generation = o.entries[n-1].generation
	}
	return nil
}

func (o *layout) entry(generation int64) (entry, bool) {
	i := slices.IndexFunc(o.entries, func(e entry) bool { return e.generation == generation })
	if i < 0 {
		return entry{}, false
	}
	return o.entries[i], true
}

// remembered is the id that the newest generation noted for a tab.
func (o *layout) remembered(title string) (int64, bool) {
	if len(o.entries) == 0 {
		return 0, false
	}
	id, ok := o.entries[len(o.entries)-1].Tabs[title]
	return id, ok
}

// findTab finds a tab by its title, blanks and case aside, else by the id it had.
// A copy has another title and another id: it is nobody (F43).
func (o *layout) findTab(t tab, list []*sheets.Sheet) error {
	var found *sheets.Sheet
	for _, s := range list {
		if !strings.EqualFold(squeeze(s.Properties.Title), t.title) {
			continue
		}
		if found != nil {
			return permanent("rename one of them", "the Google Sheet has two tabs %q and %q", found.Properties.Title, s.Properties.Title)
		}
		found = s
	}
	id, known := o.remembered(t.title)
	own := byID(list, id)
	if found == nil && known {
		found = own
	}
	switch {
	case t.title == assignmentsTab && known && own != nil && found.Properties.SheetId != id:
		// An empty tab in its place would have everything dealt once more (F43).
		return permanent("rename the one that holds the assignments to "+assignmentsTab+", and the other one to something else; or move the old one into another file",
			"the assignments stand in the tab %q of the Google Sheet, and another tab has the title %q", own.Properties.Title, found.Properties.Title)
	case found != nil:
		o.tables[t.title] = o.newTable(t, found)
	case t.title == assignmentsTab && o.generation > 0:
		return permanent("bring it back (File, Version history), or rename the tab that holds the assignments to "+assignmentsTab,
			"the tab %q of the Google Sheet is gone", t.title)
	case t.title == agentsTab && known:
		o.warnings = append(o.warnings, "The tab Agents is gone: bring it back, or fill the empty one that the next commit creates.")
	}
	return nil
}

func byID(list []*sheets.Sheet, id int64) *sheets.Sheet {
	i := slices.IndexFunc(list, func(s *sheets.Sheet) bool { return s.Properties.SheetId == id })
	if i < 0 {
		return nil
	}
	return list[i]
}

func (o *layout) newTable(t tab, s *sheets.Sheet) *table {
	out := &table{tab: t, id: s.Properties.SheetId, name: s.Properties.Title, header: -1}
	if grid := s.Properties.GridProperties; grid != nil {
		out.gridTop, out.gridEnd = grid.RowCount, grid.ColumnCount
	}
	if id, known := o.remembered(t.title); known && id != out.id && o.titles[id] != "" {
		o.warnings = append(o.warnings, "Tab "+out.name+" is another one than before; the old one is now called "+o.titles[id]+".")
	}
	for _, p := range s.ProtectedRanges {
		if p.RequestingUserCanEdit || p.WarningOnly || p.Range == nil {
			continue
		}
		out.locks = append(out.locks, lock{top: p.Range.StartRowIndex, bottom: p.Range.EndRowIndex,
			left: p.Range.StartColumnIndex, right: p.Range.EndColumnIndex, name: p.Description})
	}
	return out
}

// squeeze joins the words of a title with single blanks; no-break spaces count as blanks.
func squeeze(title string) string { return strings.Join(strings.Fields(title), " ") }
