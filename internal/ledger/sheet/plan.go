package sheet

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"

	"google.golang.org/api/sheets/v4"

	"pi-manager/internal/ledger"
)

// plan is the one batch of a commit in the making.
type plan struct {
	batch
	view    *view
	commit  ledger.Commit
	targets map[string]*target
	rows    map[string][]rowCells // what is appended, by tab
	edits   []edit                // of rows that stand there
	entry   entry
	journal *journal // of the edits; nil: there are none
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
// is missing of tabs and columns; then what is done to rows; then new rows and the board.
func (v *view) plan(c ledger.Commit, typed grid) (*plan, error) {
	record, err := runCells(c.Run)
	if err != nil {
		return nil, err
	}
	p := &plan{view: v, commit: c, targets: map[string]*target{}, rows: map[string][]rowCells{runsTab: {record}}}
	for _, row := range c.Rows {
		p.rows[assignmentsTab] = append(p.rows[assignmentsTab], assignmentCells(row))
	}
	for _, t := range tabs() {
		if t.title == runsTab {
			t.columns = withMore(t.columns, record)
		}
		p.targets[t.title] = v.target(t)
	}
	p.edits = v.edits(p.targets[assignmentsTab], c.Changes, typed)
	p.raise()
	for _, t := range tabs() {
		p.prepare(p.targets[t.title])
	}
	if err := p.edit(); err != nil {
		return nil, err
	}
	for _, t := range tabs() {
		p.append(t.title)
	}
	p.showBoard()
	return p, p.fits()
}

// page is the tab as the batch finds it once what is missing has been added.
func (t *target) page(gridTop int) page {
	return page{title: t.title, id: t.id, header: t.header, at: t.at, gridTop: gridTop, width: max(t.grid, t.width)}
}

// edit puts the edits of rows into the batch.
func (p *plan) edit() error {
	if p.journal == nil {
		return nil
	}
	t := p.targets[assignmentsTab]
	gone := 0
	for _, e := range p.edits {
		if e.leaves() {
			gone++
		}
	}
	gridTop := int(p.view.table(assignmentsTab).gridTop)
	p.extend(t.id, rowsOf, gridTop, t.header+2+gone) // not all rows of a grid can go
	return p.carryOut(p.journal, t.page(gridTop), p.edits)
}

// withMore adds the columns that a large record or outbox needs besides its first one.
func withMore(columns []column, record rowCells) []column {
	for _, first := range columns {
		if first.header != recordHeader && first.header != outboxHeader {
			continue
		}
		for i := 1; record[more(first.header, i)] != nil; i++ {
			next := first
			next.header = more(first.header, i)
			columns = append(columns, next)
		}
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

// raise takes the next generation.
func (p *plan) raise() {
	p.entry = p.view.next()
	p.entry.Run, p.entry.Hash = p.commit.Run.ID, p.commit.Run.Hash
	for _, title := range []string{assignmentsTab, agentsTab, runsTab, resolutionsTab, dashboardTab} {
		p.entry.Tabs[title] = p.targets[title].id
	}
	t := p.targets[assignmentsTab]
	p.entry.At = [2]int{t.at[headerKey(orderIDHeader)], t.at[headerKey(runIDHeader)]}
	if len(p.edits) > 0 {
		p.journal = p.view.planned(p.entry.generation, t.page(0), p.edits)
		p.entry.Journal = p.journal.id
	}
	p.entry.Charts = p.entry.Charts || p.shows()
	p.view.raise(&p.batch, p.entry)
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

// send is the request, whose answer shows the header rows as they are right
// after: a column that somebody moved since we read is seen there.
func (p *plan) send() *sheets.BatchUpdateSpreadsheetRequest {
	for _, title := range []string{assignmentsTab, runsTab} {
		if t := p.targets[title]; t.state == filled {
			p.shown = append(p.shown, fmt.Sprintf("%s!1:%d", quoted(t.name), t.header+3))
		}
	}
	if p.journal != nil {
		p.shown = append(p.shown, p.view.archiveRanges()...)
	}
	return p.request()
}

// mayWrite refuses what a protected range would refuse anyway, but names it (F39).
func (p *plan) mayWrite(v *view, who string) error {
	if err := p.mayEdit(who); err != nil {
		return err
	}
	for _, tab := range tabs() {
		t, found := p.targets[tab.title], v.tables[tab.title]
		if found == nil {
			continue
		}
		for _, k := range found.locks {
			below := len(p.rows[tab.title]) > 0 && k.meets(int64(len(found.rows)), 0, int64(t.width))
			if below || len(t.added) > 0 && k.meets(int64(t.header), int64(t.width-len(t.added)), int64(t.width)) {
				return k.refusal(t.name, who)
			}
		}
	}
	return nil
}

// mayEdit is mayWrite for rows that stand there already.
func (p *plan) mayEdit(who string) error {
	archives := false
	t := p.targets[assignmentsTab]
	for _, e := range p.edits {
		archives = archives || e.Kind == archived
		columns := e.columns()
		for _, k := range p.view.table(assignmentsTab).locks {
			hits := e.leaves() && k.meets(int64(e.Row), 0, math.MaxInt32)
			for _, column := range columns {
				hits = hits || k.meets(int64(e.Row), int64(column), int64(column+1))
			}
			if hits {
				return k.refusal(t.name, who)
			}
		}
	}
	if archives && p.view.archive != nil && len(p.view.archive.locks) > 0 {
		return p.view.archive.locks[0].refusal(p.view.archive.name, who)
	}
	return nil
}

func (k lock) refusal(tab, who string) error {
	return permanent("add "+who+" to those who may edit it (Data, Protected sheets and ranges)", "the Google Sheet protects %s of the tab %q", k, tab)
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
