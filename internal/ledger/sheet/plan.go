package sheet

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"

	"google.golang.org/api/sheets/v4"

	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
)

// plan is the one batch of a commit in the making.
type plan struct {
	commit   ledger.Commit
	targets  map[string]*target
	rows     map[string][]rowCells // what is appended, by tab
	requests []*sheets.Request
}

// rowCells is a row of ours, by header.
type rowCells map[string]*sheets.CellData

// target is where a commit writes in one tab.
type target struct {
	tab
	id     int64
	name   string         // its present title
	state  state          // before the commit
	header int            // index of the header row
	at     map[string]int // column index by headerKey
	added  []string       // our headers that this commit adds, side by side
	width  int            // columns that the grid must have
	grid   int            // columns that the grid has
}

// state is what a commit finds of a tab.
type state uint8

const (
	absent state = iota // the commit creates it, with its looks
	blank               // the commit writes its headers; its looks are people's
	filled
)

// plan writes the batch down: the generation first, since it decides; then what
// is missing of tabs and columns; then the rows.
func (v *view) plan(c ledger.Commit) (*plan, error) {
	record, err := runCells(c.Run)
	if err != nil {
		return nil, err
	}
	p := &plan{commit: c, targets: map[string]*target{}, rows: map[string][]rowCells{runsTab: {record}}}
	for _, row := range c.Rows {
		p.rows[assignmentsTab] = append(p.rows[assignmentsTab], assignmentCells(row))
	}
	for _, t := range tabs() {
		if t.title == runsTab {
			t.columns = withOutbox(t.columns, record)
		}
		p.targets[t.title] = v.target(t)
	}
	p.raise(v)
	for _, t := range tabs() {
		p.prepare(p.targets[t.title])
	}
	for _, t := range tabs() {
		p.append(t.title)
	}
	return p, nil
}

// withOutbox adds the columns that a large outbox needs besides its first one.
func withOutbox(columns []column, record rowCells) []column {
	last := columns[len(columns)-1]
	for i := 1; record[outboxColumn(i)] != nil; i++ {
		last.header = outboxColumn(i)
		columns = append(columns, last)
	}
	return columns
}

// target finds out where a tab's columns are, or where they will be.
func (v *view) target(t tab) *target {
	found := v.tables[t.title]
	if found == nil {
		return newTarget(t, absent, v.freeID(), t.title, 0)
	}
	if isRead(t.title) && len(found.rows) == 0 {
		return newTarget(t, blank, found.id, found.name, int(found.gridEnd))
	}
	out := &target{tab: t, id: found.id, name: found.name, state: filled, header: max(found.header, 0), at: maps.Clone(found.at), grid: int(found.gridEnd)}
	edge := 0
	for _, row := range found.rows {
		edge = max(edge, len(row)) // right of everything: a second table beside ours stays whole
	}
	for _, c := range t.columns {
		if _, has := out.at[headerKey(c.header)]; !has && c.need == ours {
			out.added = append(out.added, c.header)
			out.at[headerKey(c.header)] = edge
			edge++
		}
	}
	out.width = edge
	return out
}

// newTarget is a tab whose columns stand in our own order.
func newTarget(t tab, s state, id int64, name string, grid int) *target {
	out := &target{tab: t, id: id, name: name, state: s, at: map[string]int{}, width: len(t.columns), grid: grid}
	for i, c := range t.columns {
		out.at[headerKey(c.header)] = i
		out.added = append(out.added, c.header)
	}
	return out
}

// freeID is an id for a new tab. Requests of the same batch speak of the tab by it.
func (o *layout) freeID() int64 {
	for {
		id := int64(rand.Int32N(math.MaxInt32-1)) + 1
		if _, used := o.titles[id]; !used {
			return id
		}
	}
}

func (p *plan) add(requests ...*sheets.Request) { p.requests = append(p.requests, requests...) }

// raise takes the next generation, and drops the oldest ones that no running program can still build on.
func (p *plan) raise(v *view) {
	e := entry{Version: entryVersion, Run: p.commit.Run.ID, Hash: p.commit.Run.Hash, Tabs: map[string]int64{}}
	for _, title := range []string{assignmentsTab, agentsTab, runsTab, resolutionsTab} {
		e.Tabs[title] = p.targets[title].id
	}
	at := p.targets[assignmentsTab].at
	e.At = [2]int{at[headerKey(orderIDHeader)], at[headerKey(runIDHeader)]}
	value := e.value()
	p.add(&sheets.Request{CreateDeveloperMetadata: &sheets.CreateDeveloperMetadataRequest{DeveloperMetadata: &sheets.DeveloperMetadata{
		MetadataId: p.commit.After + 1, MetadataKey: entryKey, MetadataValue: value, Visibility: "DOCUMENT",
		Location: &sheets.DeveloperMetadataLocation{Spreadsheet: true},
	}}})
	kept, characters := 1, len(entryKey)+len(value)
	for _, old := range slices.Backward(v.entries) {
		kept++
		characters += old.size
		if kept > 2 && (kept > keptEntries || characters > keptCharacters) { // the newest one is never dropped
			p.add(&sheets.Request{DeleteDeveloperMetadata: &sheets.DeleteDeveloperMetadataRequest{
				DataFilter: &sheets.DataFilter{DeveloperMetadataLookup: &sheets.DeveloperMetadataLookup{MetadataId: old.generation}},
			}})
		}
	}
}

// append adds the rows of a tab below its last one. Cells between ours stay as an appended row has them: blank.
func (p *plan) append(title string) {
	if len(p.rows[title]) == 0 {
		return
	}
	t := p.targets[title]
	rows := make([]*sheets.RowData, len(p.rows[title]))
	for i, cells := range p.rows[title] {
		rows[i] = t.row(cells)
	}
	p.add(&sheets.Request{AppendCells: &sheets.AppendCellsRequest{
		SheetId: t.id, Rows: rows, Fields: "userEnteredValue", ForceSendFields: []string{"SheetId"},
	}})
}

// row lays cells out in the order of the tab's columns.
func (t *target) row(cells rowCells) *sheets.RowData {
	end := 0
	for header := range cells {
		end = max(end, t.at[headerKey(header)]+1)
	}
	values := make([]*sheets.CellData, end)
	for i := range values {
		values[i] = &sheets.CellData{}
	}
	for header, cell := range cells {
		values[t.at[headerKey(header)]] = cell
	}
	return &sheets.RowData{Values: values}
}

// batch is the request, whose answer shows the header rows as they are right
// after: a column that somebody moved since we read is seen there.
func (p *plan) batch() *sheets.BatchUpdateSpreadsheetRequest {
	batch := &sheets.BatchUpdateSpreadsheetRequest{Requests: p.requests}
	for _, title := range []string{assignmentsTab, runsTab} {
		if t := p.targets[title]; t.state == filled {
			batch.ResponseRanges = append(batch.ResponseRanges, fmt.Sprintf("%s!1:%d", quoted(t.name), t.header+3))
		}
	}
	batch.IncludeSpreadsheetInResponse = len(batch.ResponseRanges) > 0
	return batch
}

// mayWrite refuses what a protected range would refuse anyway, but names it (F39).
func (p *plan) mayWrite(v *view, who string) error {
	for title := range p.rows {
		t, found := p.targets[title], v.tables[title]
		if found == nil {
			continue
		}
		for _, k := range found.locks {
			if k.meets(int64(len(found.rows)), 0, int64(t.width)) || len(t.added) > 0 && k.meets(int64(t.header), int64(t.width-len(t.added)), int64(t.width)) {
				return &ecm.Failure{
					Class: ecm.Permanent, Err: fmt.Errorf("the Google Sheet protects %s of the tab %q", k, t.name),
					Mend: "add " + who + " to those who may edit it (Data, Protected sheets and ranges)",
				}
			}
		}
	}
	return nil
}

// meets says whether the lock covers a cell of a row between two columns.
func (k lock) meets(row, left, right int64) bool {
	return row >= k.top && (k.bottom == 0 || row < k.bottom) && (k.right == 0 || left < k.right) && right > k.left
}

// String names the lock as people see it.
func (k lock) String() string {
	place := "all columns"
	if k.right > 0 {
		place = fmt.Sprintf("columns %s to %s", letters(int(k.left)), letters(int(k.right-1)))
	}
	if k.name != "" {
		place += fmt.Sprintf(" (%q)", k.name)
	}
	return place
}
