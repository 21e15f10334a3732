package sheet

import (
	"fmt"
	"slices"

	"google.golang.org/api/sheets/v4"

	"pi-manager/internal/ecm"
)

// The dashboard is three small tables side by side, each of a fixed height: they
// are rewritten whole, and nothing else on the tab is touched.
const (
	figureRows    = 60
	diagnosisRows = 31
	agentRows     = 71
	tableColumns  = 8  // of all three
	boardColumns  = 18 // with room for the charts
	othersLabel   = "others"
)

// section is one table of the dashboard.
type section struct {
	left, height int
	header       [2]string
	figures      []ecm.Figure
}

func sections(board ecm.Board) []section {
	return []section{
		{0, figureRows, [2]string{"Figure", "Value"}, board.Figures},
		{3, diagnosisRows, [2]string{"Open by diagnosis", "Orders"}, board.Diagnoses},
		{6, agentRows, [2]string{"Open by agent", "Orders"}, board.Agents},
	}
}

// boardLock is a protected range where the dashboard has its tables, if there is one that we must not edit.
func (o *layout) boardLock() (k lock, locked bool) {
	t := o.tables[dashboardTab]
	if t == nil {
		return lock{}, false
	}
	i := slices.IndexFunc(t.locks, func(k lock) bool { return k.top < agentRows && k.left < tableColumns })
	if i < 0 {
		return lock{}, false
	}
	return t.locks[i], true
}

// warnOfBoard says why the dashboard grows old. That is no reason to leave orders without an agent.
func (o *layout) warnOfBoard() {
	if k, locked := o.boardLock(); locked {
		o.warnings = append(o.warnings, fmt.Sprintf(
			"The tab %s is not brought up to date, since %s of it are protected: let the service account edit them.",
			o.tables[dashboardTab].name, k))
	}
}

// shows says whether the commit rewrites the dashboard.
func (p *plan) shows() bool {
	_, locked := p.view.boardLock()
	return p.commit.Board != nil && !locked
}

// showBoard rewrites the dashboard, and gives it its charts the first time.
func (p *plan) showBoard() {
	if !p.shows() {
		return
	}
	t := p.targets[dashboardTab]
	rows := newRows
	if found := p.view.tables[dashboardTab]; found != nil {
		rows = int(found.gridTop)
		p.extend(t.id, columnsOf, t.grid, boardColumns)
	} else {
		p.extend(t.id, columnsOf, t.width, boardColumns)
	}
	p.extend(t.id, rowsOf, rows, agentRows)
	for _, s := range sections(*p.commit.Board) {
		p.add(s.rewrite(t.id))
	}
	if !p.view.newest().Charts {
		p.add(charts(t.id)...)
	}
}

// rewrite writes the table and clears what stood there before.
func (s section) rewrite(tab int64) *sheets.Request {
	rows := []*sheets.RowData{{Values: []*sheets.CellData{textCell(s.header[0]), textCell(s.header[1])}}}
	for _, f := range s.shown() {
		value := textCell(f.Text)
		if f.Text == "" {
			value = numberCell(float64(f.Count))
		}
		rows = append(rows, &sheets.RowData{Values: []*sheets.CellData{textCell(f.Label), value}})
	}
	return &sheets.Request{UpdateCells: &sheets.UpdateCellsRequest{
		Range: area{tab: tab, bottom: s.height, left: s.left, right: s.left + 2}.grid(), Rows: rows, Fields: "userEnteredValue",
	}}
}

// shown are the figures that the table has room for; the last line adds the others up.
func (s section) shown() []ecm.Figure {
	room := s.height - 1
	if len(s.figures) <= room {
		return s.figures
	}
	others := ecm.Figure{Label: othersLabel}
	for _, f := range s.figures[room-1:] {
		others.Count += f.Count
	}
	return append(s.figures[:room-1:room-1], others)
}
