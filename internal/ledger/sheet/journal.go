package sheet

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"google.golang.org/api/sheets/v4"
)

// A journal is what a batch that edits rows leaves behind until somebody has
// looked whether it hit the rows that were meant. It is two hidden tabs:
//
//   - the intents, as JSON in column A: the head, then a row for each edit;
//   - the picture, a copy of the whole tab that the batch makes before it changes
//     anything, so whatever stood in a row that it hit can be given back. A copy
//     of the tab, not of rows: each formula keeps its place and so all of its
//     references, and no filter can leave rows out.
//
// What Google does not document, and a look at the real service must show once:
// that duplicateSheet copies rows that a filter hides, that it leaves protected
// ranges behind (else the copy may stay as a hidden tab), that values of the copy
// are computed by the time of the answer, and that copyPaste on one cell brings
// rich text along.
type journal struct {
	id         int64 // sheet id of the intents
	generation int64 // of the batch that it belongs to
	title      string
	place      int // of the picture among the tabs: the last
	head
	intents []intent
	top     int                  // index of the header row in the picture; -1 where none was found
	headers []any                // of the tab, as they stood
	cells   [][]*sheets.CellData // of the rows that were really hit, as they stood
	rows    [][]any              // what they showed
	archive [][]any              // the first rows of the archive tab, where there is one
}

// head is the first cell of a journal.
type head struct {
	Table   string         `json:"table"`          // our title of the tab
	Picture int64          `json:"picture"`        // sheet id of its copy
	Header  int            `json:"header"`         // index of the header row
	Headers map[int]string `json:"headers"`        // keys of our headers, by the columns that they were taken to stand in
	Keys    []string       `json:"keys,omitempty"` // of all headers, where rows come back
	Edits   int            `json:"edits"`
	Older   []int64        `json:"older,omitempty"` // pictures of earlier journals that cells are copied back from
}

const (
	journalTitle = "pi-manager journal "
	pictureTitle = " rows" // behind the journal's title
)

// page is the tab that a journal is about, as the batch takes it to stand.
type page struct {
	title          string // our title
	id             int64
	header         int // index of the header row
	at             map[string]int
	gridTop, width int // size of the grid
}

// planned is the journal of edits that are about to be made, as generation n, and of rows that come back.
func (o *layout) planned(n int64, p page, edits []edit, back ...intent) *journal {
	j := &journal{id: o.freeID(), generation: n, place: len(o.titles), title: journalTitle + strconv.FormatInt(n, 10)}
	for i := 2; o.hasTitle(j.title) || o.hasTitle(j.title+pictureTitle); i++ {
		j.title = fmt.Sprintf("%s%d (%d)", journalTitle, n, i)
	}
	j.head = head{Table: p.title, Picture: o.freeID(), Header: p.header, Headers: map[int]string{}, Edits: len(edits) + len(back)}
	for key, column := range p.at {
		j.Headers[column] = key
	}
	older := map[int64]bool{}
	for _, e := range edits {
		j.intents = append(j.intents, e.intent)
	}
	j.intents = append(j.intents, back...)
	for _, in := range j.intents {
		for _, s := range in.From {
			if s.Copied {
				older[s.Tab] = true
			}
		}
	}
	j.Older = slices.Sorted(maps.Keys(older))
	return j
}

// tabs are all tabs of the journal.
func (j *journal) tabs() []int64 { return append([]int64{j.id, j.Picture}, j.Older...) }

// carryOut puts edits, sorted by row, into the batch: first the journal, then what it is about.
func (b *batch) carryOut(j *journal, p page, edits []edit) error {
	b.add(&sheets.Request{DuplicateSheet: &sheets.DuplicateSheetRequest{
		SourceSheetId: p.id, NewSheetId: j.Picture, NewSheetName: j.title + pictureTitle, InsertSheetIndex: int64(j.place), ForceSendFields: []string{"SourceSheetId"},
	}}, &sheets.Request{UpdateSheetProperties: &sheets.UpdateSheetPropertiesRequest{
		Properties: &sheets.SheetProperties{SheetId: j.Picture, Hidden: true}, Fields: "hidden",
	}}, &sheets.Request{ClearBasicFilter: &sheets.ClearBasicFilterRequest{SheetId: j.Picture}}) // copyPaste may leave hidden rows out
	cells, err := j.texts()
	if err != nil {
		return err
	}
	b.add(&sheets.Request{AddSheet: &sheets.AddSheetRequest{Properties: &sheets.SheetProperties{
		SheetId: j.id, Title: j.title, Hidden: true, GridProperties: &sheets.GridProperties{RowCount: int64(len(cells)), ColumnCount: 1},
	}}})
	b.write(j.id, 0, 0, cells...)
	for _, s := range slices.Backward(streaks(edits)) { // from the bottom up, so that rows that go do not move those that follow
		switch e := edits[s.first]; {
		case e.leaves():
			b.remove(p.id, rowsOf, e.Row, s.last-s.first)
		case e.Restores:
			b.giveCells(p.id, e)
		default:
			b.amend(p.id, edits[s.first:s.last])
		}
	}
	b.shown = append(b.shown, j.ranges()...)
	return nil
}

// ranges are the rows of the picture that a verdict needs.
func (j *journal) ranges() []string {
	name := quoted(j.title + pictureTitle)
	list := []string{fmt.Sprintf("%s!1:%d", name, searchedRows)}
	for first := 0; first < len(j.intents) && j.intents[first].Kind != returned; {
		last := first
		for last+1 < len(j.intents) && j.intents[last+1].Kind != returned && j.intents[last+1].Row == j.intents[last].Row+1 {
			last++
		}
		list = append(list, fmt.Sprintf("%s!%d:%d", name, j.intents[first].Row+1, j.intents[last].Row+1))
		first = last + 1
	}
	return list
}

// texts are the cells of the intents' tab.
func (j *journal) texts() ([]*sheets.CellData, error) {
	first, err := json.Marshal(j.head)
	if err != nil {
		return nil, fmt.Errorf("encode a journal: %w", err)
	}
	cells := []*sheets.CellData{textCell(string(first))}
	for _, in := range j.intents {
		text, err := json.Marshal(in)
		if err != nil {
			return nil, fmt.Errorf("encode a journal: %w", err)
		}
		cells = append(cells, textCell(string(text)))
	}
	return cells, nil
}

// journalFields is what a journal is read by.
const journalFields = "sheets(properties(sheetId),data(startRow,rowData(values(userEnteredValue,effectiveValue,formattedValue))))"

// readIntents reads what a journal's edits were meant to do.
func (j *journal) readIntents(rows grid) error {
	err := json.Unmarshal([]byte(rows.text(0)), &j.head)
	for i := 0; err == nil && i < j.Edits; i++ {
		var in intent
		err = json.Unmarshal([]byte(rows.text(i+1)), &in)
		j.intents = append(j.intents, in)
	}
	if err != nil || j.Edits < 1 {
		return permanent("see whether rows of yours stand in the tab "+j.title+pictureTitle+" that are missing elsewhere, put them back, and delete both tabs",
			"the hidden tab %q of the Google Sheet was changed by hand, so it cannot be seen what became of the last changes", j.title)
	}
	return nil
}

// readRows reads what really stood in the rows that were hit, and where the archive has its columns.
func (j *journal) readRows(book *sheets.Spreadsheet, archive int64) {
	rows := gridOf(book, j.Picture)
	j.readHeaders(rows)
	for _, in := range j.intents {
		j.cells = append(j.cells, rows[in.Row])
		j.rows = append(j.rows, rows.values(in.Row))
	}
	if archive != 0 {
		top := gridOf(book, archive)
		for i := range searchedRows {
			j.archive = append(j.archive, top.values(i))
		}
	}
}

// readHeaders finds the header row in the picture: people may have moved it with
// all rows, or deleted one of its columns. Where the edits give it back, it counts as given back.
func (j *journal) readHeaders(rows grid) {
	t := table{tab: tabOf(j.Table)}
	for i := range searchedRows {
		t.rows = append(t.rows, rows.values(i))
	}
	for _, in := range j.intents {
		if in.Restores && in.Row < len(t.rows) {
			in.mend(t.rows[in.Row])
		}
	}
	if t.findHeader() != nil {
		t.guessHeader()
	}
	if j.top = t.header; j.top >= 0 {
		j.headers = t.rows[j.top]
		return
	}
	j.headers = nil
	for _, key := range j.assumed() {
		j.headers = append(j.headers, key)
	}
}

// mend puts the text that an edit gives back into a row that is still as it was meant to be.
func (i intent) mend(row []any) {
	for column, s := range i.From {
		if column < len(row) && sign(row[column]) == i.Was[column] && s.Text != nil {
			row[column] = *s.Text
		}
	}
}

// computed says whether a cell of a row that was hit held a formula.
func (j *journal) computed(i, column int) bool {
	return column < len(j.cells[i]) && computes(j.cells[i][column])
}

// source is where a cell's true content is to be had.
func (j *journal) source(i, column int) source {
	s := source{Tab: j.Picture, Row: j.intents[i].Row, Column: column}
	if column < len(j.rows[i]) {
		s.Shows = sign(j.rows[i][column])
	}
	if column >= len(j.cells[i]) || !entered(j.cells[i][column]) {
		return s
	}
	v := j.cells[i][column].UserEnteredValue
	const long = 2_000 // bytes: an intent must fit into a cell
	switch {
	case v.StringValue != nil && len(*v.StringValue) <= long:
		s.Text = v.StringValue
	case v.NumberValue != nil:
		s.Number = v.NumberValue
	case v.BoolValue != nil:
		s.Bool = v.BoolValue
	default:
		s.Copied = true
	}
	return s
}
