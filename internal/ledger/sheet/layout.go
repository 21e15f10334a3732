package sheet

import (
	"context"
	"slices"
	"strings"

	"google.golang.org/api/sheets/v4"
)

// layout is the sheet without its rows: tabs, protection and our generations.
type layout struct {
	generation int64
	entries    []entry // lowest generation first
	tables     map[string]*table
	archive    *table           // the archive tab, without its rows; nil: there is none
	book       string           // bookMark of the spreadsheet
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
	out := &layout{tables: map[string]*table{}, titles: map[int64]string{}, link: book.SpreadsheetUrl, book: bookMark(l.id)}
	if book.Properties != nil {
		out.title = book.Properties.Title
	}
	if err := out.readEntries(book.DeveloperMetadata); err != nil {
		return nil, err
	}
	if err := out.isOriginal(l.adopt); err != nil {
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
	out.findArchive(book.Sheets)
	out.warnOfBoard()
	return out, nil
}

// isOriginal refuses a copy of the file: two programs would deal the same orders,
// each into its own sheet. A person can adopt the copy (F57).
func (o *layout) isOriginal(adopt bool) error {
	if was := o.newest().Book; was == "" || was == o.book || adopt {
		return nil
	}
	return permanent("set SPREADSHEET_ID to the original; or, if this file replaces it for good, run once with --adopt",
		"the Google Sheet is a copy of the file that pi-manager has worked in")
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
