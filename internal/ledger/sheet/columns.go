package sheet

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// The tabs, by the titles they have when we create them.
const (
	assignmentsTab = "Assignments"
	agentsTab      = "Agents"
	runsTab        = "Runs"
	resolutionsTab = "Resolutions"
	escalationsTab = "Escalations"
	dashboardTab   = "ECM Dashboard"
	archiveTab     = "Archive" // made when the first rows go there, and never read
)

// column is one column that we know by its header.
type column struct {
	header string
	need   need
	text   bool // cells are formatted as text when we create the tab, so that ids stay ids when people type
	width  int  // pixels when we create the tab
}

// need says what happens where a header is missing.
type need uint8

const (
	optional need = iota // then its cells read as blank
	required             // then nothing is read and nothing is written
	ours                 // then the next commit adds it at the right edge
)

// tab is what we know of a tab. Its first column is the one that the header row is found by.
type tab struct {
	title   string
	columns []column
}

// Headers that more than one place speaks of.
const (
	orderIDHeader    = "Order ID"
	agentHeader      = "Assigned Agent"
	assignedAtHeader = "Assigned At"
	statusHeader     = "Status"
	priorityHeader   = "Priority"
	currencyHeader   = "Currency"
	amountHeader     = "Amount"
	hoursHeader      = "Hours Stuck"
	diagnosisHeader  = "Diagnosis"
	notesHeader      = "Notes"
	resolvedAtHeader = "Resolved At"
	runIDHeader      = "Run ID"

	emailHeader   = "Email"
	nameHeader    = "Name"
	teamHeader    = "Team"
	handleHeader  = "Slack Handle"
	activeHeader  = "Active"
	ticketsHeader = "Max Tickets"

	timestampHeader = "Timestamp"

	workflowHeader   = "Workflow"
	slotHeader       = "Slot"
	startedHeader    = "Started"
	finishedHeader   = "Finished"
	resultHeader     = "Result"
	countsHeader     = "Counts"
	guardrailsHeader = "Guardrails"
	messagesHeader   = "Messages"
	recordHeader     = "Record"
	outboxHeader     = "Outbox"
)

// tabs lists all tabs in the order in which they are created.
func tabs() []tab {
	return []tab{
		{assignmentsTab, []column{
			{orderIDHeader, required, true, 150}, {agentHeader, required, false, 210}, {assignedAtHeader, required, true, 150},
			{statusHeader, required, false, 120}, {priorityHeader, required, false, 70}, {currencyHeader, required, false, 80},
			{amountHeader, required, false, 100}, {hoursHeader, required, false, 100}, {diagnosisHeader, required, false, 180},
			{notesHeader, required, false, 280}, {resolvedAtHeader, ours, true, 150}, {runIDHeader, ours, true, 190},
		}},
		{agentsTab, []column{
			{emailHeader, required, false, 210}, {nameHeader, optional, false, 150}, {teamHeader, optional, false, 100},
			{handleHeader, optional, true, 130}, {activeHeader, required, false, 80}, {ticketsHeader, optional, false, 100},
		}},
		{runsTab, []column{
			{runIDHeader, ours, true, 190}, {workflowHeader, ours, true, 100}, {slotHeader, ours, true, 150}, {startedHeader, ours, true, 150},
			{finishedHeader, ours, true, 150}, {resultHeader, ours, true, 100}, {countsHeader, ours, true, 260}, {guardrailsHeader, ours, true, 260},
			{messagesHeader, ours, true, 260}, {recordHeader, ours, true, 60}, {outboxHeader, ours, true, 60},
		}},
		{resolutionsTab, plain(timestampHeader, orderIDHeader, "Agent", "Resolution Notes", assignedAtHeader, "Resolution Time (min)",
			"SLA Target (min)", "SLA Status", "Stuck Reason", amountHeader, currencyHeader)},
		{escalationsTab, plain(timestampHeader, orderIDHeader, "Escalated By", "Reason", "Order Status", "Stuck Hours", amountHeader, currencyHeader,
			priorityHeader, "Assigned To", resolvedAtHeader, "Resolution Notes")},
		{dashboardTab, plain("Figure", "Value", "", "Open by diagnosis", "Orders", "", "Open by agent", "Orders")},
	}
}

// plain are optional columns of one width; ids are text.
func plain(headers ...string) []column {
	columns := make([]column, len(headers))
	for i, h := range headers {
		columns[i] = column{header: h, text: h == orderIDHeader, width: 140}
	}
	return columns
}

// isRead says whether Read needs the rows of a tab.
func isRead(title string) bool { return title != escalationsTab && title != dashboardTab }

// tabOf finds one of our tabs.
func tabOf(title string) tab {
	all := tabs()
	return all[slices.IndexFunc(all, func(t tab) bool { return t.title == title })]
}

// headerKey is what headers are compared by: case, blanks of any kind and invisible characters do not matter.
func headerKey(header string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, header)
}

// table is one tab as it was read.
type table struct {
	tab
	id      int64
	name    string // its present title
	gridTop int64  // rows of the grid
	gridEnd int64  // columns of the grid
	locks   []lock

	rows   [][]any        // from row 1 on, without trailing blanks
	header int            // index of the header row; -1 where the tab is empty
	at     map[string]int // column index by headerKey, of the headers that we know
}

// searchedRows is where a header row is looked for: a title or a remark may stand above it.
const searchedRows = 20

// findHeader finds the header row and our columns in it. An empty tab has none, and is fine.
func (t *table) findHeader() error {
	t.header, t.at = -1, map[string]int{}
	first := headerKey(t.columns[0].header)
	blank := true
	for i, row := range t.rows {
		if isHeader(row, first) {
			if t.header >= 0 && t.isSecondHeader(row) {
				return t.fault("rows %d and %d are both headers: delete one of them", t.header+1, i+1)
			}
			if t.header < 0 && i < searchedRows {
				t.header = i
			}
		}
		blank = blank && len(row) == 0
	}
	switch {
	case t.header >= 0:
		return t.findColumns()
	case blank || t.columns[0].need == optional:
		return nil
	case t.columns[0].need == ours:
		t.header = 0 // F60: our own headers were lost; the next commit adds them anew, right of whatever stands there
		return nil
	}
	return t.fault("column %q is missing in the first %d rows: put the headers back", t.columns[0].header, searchedRows)
}

// guessHeader finds the header row where findHeader saw a fault: cells can be
// given back without a header that people have deleted. It is the row with most
// of our headers, and more than half of them; of two columns with one header the
// first counts. Without such a row the tab counts as having none.
func (t *table) guessHeader() (found bool) {
	t.header, t.at = -1, map[string]int{}
	most := len(t.columns) / 2
	for i, row := range t.rows[:min(len(t.rows), searchedRows)] {
		if n := t.known(row); n > most {
			t.header, most = i, n
		}
	}
	if t.header < 0 {
		return false
	}
	for i, v := range t.rows[t.header] {
		header := cellText(v)
		if _, twice := t.at[headerKey(header)]; !twice && t.knows(header) {
			t.at[headerKey(header)] = i
		}
	}
	return true
}

func isHeader(row []any, first string) bool {
	return slices.ContainsFunc(row, func(v any) bool { return headerKey(cellText(v)) == first })
}

// isSecondHeader tells a copy of the header row from a person's cell that happens to hold the first header's word.
func (t *table) isSecondHeader(row []any) bool { return t.known(row) > len(t.columns)/2 }

// known counts the cells of a row that hold a header of ours.
func (t *table) known(row []any) int {
	n := 0
	for _, v := range row {
		if t.knows(cellText(v)) {
			n++
		}
	}
	return n
}

func (t *table) knows(header string) bool {
	key := headerKey(header)
	return slices.ContainsFunc(t.columns, func(c column) bool { return headerKey(c.header) == key })
}

// findColumns maps our headers to their columns. Other people's columns are nobody's business.
func (t *table) findColumns() error {
	for i, v := range t.rows[t.header] {
		header := cellText(v)
		key := headerKey(header)
		isNext := t.title == runsTab && (isMore(key, outboxHeader) || isMore(key, recordHeader))
		if !t.knows(header) && !isNext {
			continue
		}
		if before, twice := t.at[key]; twice {
			return t.fault("columns %s and %s are both called %q: rename one of them", letters(before), letters(i), header)
		}
		t.at[key] = i
	}
	for _, c := range t.columns {
		if _, found := t.at[headerKey(c.header)]; !found && c.need == required {
			return t.fault("column %q is missing in row %d: put it back, anywhere in the row", c.header, t.header+1)
		}
	}
	return nil
}

func (t *table) fault(format string, args ...any) error {
	return permanent("", "tab %q of the Google Sheet: %w", t.name, fmt.Errorf(format, args...))
}

// cell gives the value under a header; nil where the row ends before it or nobody has the column.
func (t *table) cell(row []any, header string) any {
	at, ok := t.at[headerKey(header)]
	if !ok || at >= len(row) {
		return nil // F40: trailing blanks are not sent
	}
	return row[at]
}

func (t *table) text(row []any, header string) string { return cellText(t.cell(row, header)) }

// each calls visit for every row below the header that has something under one of
// our headers. number is the row's number as people see it.
func (t *table) each(visit func(number int, row []any)) {
	if t.header < 0 {
		return
	}
	for i, row := range t.rows[t.header+1:] {
		for _, at := range t.at {
			if at < len(row) && row[at] != nil && row[at] != "" {
				visit(t.header+i+2, row)
				break
			}
		}
	}
}

// letters names a column as people do: 0 is A, 26 is AA.
func letters(index int) string {
	name := ""
	for index++; index > 0; index = (index - 1) / 26 {
		name = string(rune('A'+(index-1)%26)) + name
	}
	return name
}
