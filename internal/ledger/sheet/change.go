package sheet

import (
	"context"
	"fmt"
	"slices"
	"unicode/utf8"

	"google.golang.org/api/sheets/v4"

	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
)

// typed reads what was typed into the rows that are to be changed. What Read saw
// is only what cells show; a formula among them is a person's own. Where nothing
// is to be changed it reads nothing.
func (l *Ledger) typed(ctx context.Context, v *view, changes []ecm.Change) (grid, error) {
	t := v.table(assignmentsTab)
	ranges := blocks(quoted(t.name), v.match(changes))
	if len(ranges) == 0 {
		return nil, nil
	}
	book, err := l.service.Spreadsheets.Get(l.id).Ranges(ranges...).Fields(journalFields).Context(ctx).Do()
	if err != nil {
		return nil, l.gone("read the formulas", err)
	}
	return gridOf(book, t.id), nil
}

// blocks are the ranges of some rows; of all between them, where they are scattered too far.
func blocks(name string, rows []matched) []string {
	const most = 50 // ranges that an address has room for
	indexes := make([]int, len(rows))
	for i, m := range rows {
		indexes[i] = m.row
	}
	slices.Sort(indexes)
	var list []string
	for first := 0; first < len(indexes); {
		last := first
		for last+1 < len(indexes) && indexes[last+1] == indexes[last]+1 {
			last++
		}
		list = append(list, fmt.Sprintf("%s!%d:%d", name, indexes[first]+1, indexes[last]+1))
		first = last + 1
	}
	if len(list) > most {
		return []string{fmt.Sprintf("%s!%d:%d", name, indexes[0]+1, indexes[len(indexes)-1]+1)}
	}
	return list
}

// matched is a change whose row was found.
type matched struct {
	ecm.Change
	row int // its index
}

// match finds the rows that still are as they were when the changes were decided
// on. Of rows that say the same, the one that stands where it stood.
func (v *view) match(changes []ecm.Change) []matched {
	rows := map[string][]ecm.Assignment{}
	for _, a := range v.snapshot.Assignments {
		rows[a.OrderID] = append(rows[a.OrderID], a)
	}
	taken := map[int]bool{}
	var list []matched
	for _, exact := range []bool{true, false} {
		for _, c := range changes {
			if exact != (c.Was.Row > 0 && slices.ContainsFunc(rows[c.Was.OrderID], func(a ecm.Assignment) bool { return a.Row == c.Was.Row && ledger.SameRow(a, c.Was) })) {
				continue
			}
			for _, a := range rows[c.Was.OrderID] {
				if !taken[a.Row] && (!exact || a.Row == c.Was.Row) && ledger.SameRow(a, c.Was) {
					taken[a.Row] = true
					list = append(list, matched{c, a.Row - 1})
					break
				}
			}
		}
	}
	return list
}

// edits turns changes into edits of rows as they were read. Rows in which a person's
// formula or words stand in the way are left alone, or those of their cells are.
func (v *view) edits(to *target, changes []ecm.Change, typed grid) []edit {
	t := v.table(assignmentsTab)
	var edits []edit
	for _, m := range v.match(changes) {
		r := &standing{table: t, to: to, row: t.rows[m.row], typed: typed[m.row]}
		e := edit{intent: intent{Row: m.row, Was: contentOf(r.row), Loose: r.loose()}}
		ok := false
		switch m.Move {
		case ecm.Stay:
			e.Kind, ok = amended, r.amend(&e, m.Change)
		case ecm.ToArchive:
			e.Kind, ok = archived, r.mayArchive()
		case ecm.Away:
			e.Kind, ok = removed, r.mayRemove()
		}
		if ok && r.still() {
			edits = append(edits, e)
		}
	}
	return sorted(edits)
}

// standing is a row that stands there, and what was typed into it.
type standing struct {
	table *table
	to    *target
	row   []any
	typed []*sheets.CellData
}

// cell is what a cell shows.
func (r *standing) cell(column int) any {
	if column < len(r.row) {
		return r.row[column]
	}
	return nil
}

func (r *standing) entered(column int) bool { return column < len(r.typed) && entered(r.typed[column]) }

func (r *standing) computes(column int) bool {
	return column < len(r.typed) && computes(r.typed[column])
}

// loose are the columns whose value is not what somebody typed: a formula's, in
// the cell or elsewhere. What they show may change at any time.
func (r *standing) loose() []int {
	var columns []int
	for column, cell := range r.typed {
		if computes(cell) || spilled(cell) {
			columns = append(columns, column)
		}
	}
	return columns
}

// still says whether our cells are what was read: else the row has moved or changed in between.
func (r *standing) still() bool {
	loose := r.loose()
	for _, column := range r.table.at {
		var now any
		if column < len(r.typed) {
			now = shownBy(r.typed[column])
		}
		if !slices.Contains(loose, column) && sign(now) != sign(r.cell(column)) {
			return false
		}
	}
	return true
}

// amend writes what the change wants written, where no person's cell is in the way.
func (r *standing) amend(e *edit, c ecm.Change) bool {
	if column := r.to.column(statusHeader); ledger.StatusCell(c.Is) != ledger.StatusCell(c.Was) {
		if r.computes(column) {
			return false
		}
		e.set(column, textCell(ledger.StatusCell(c.Is)))
	}
	if column := r.to.column(resolvedAtHeader); !c.Is.ResolvedAt.Equal(c.Was.ResolvedAt) && !r.computes(column) && (c.Is.ResolvedAt.IsZero() || sign(r.cell(column)) == "") {
		e.set(column, textCell(ecm.FormatTime(c.Is.ResolvedAt)))
	}
	if column := r.to.column(notesHeader); c.Is.Notes != c.Was.Notes && r.mayNote(column, c.Is.Notes) {
		e.set(column, textCell(c.Is.Notes))
	}
	return len(e.Wrote) > 0
}

// mayNote says whether the notes can be written without loss.
func (r *standing) mayNote(column int, notes string) bool {
	_, isText := r.cell(column).(string)
	return (isText || r.cell(column) == nil) && !r.computes(column) && utf8.RuneCountInString(notes) <= maxCellText
}

// mayArchive says whether the archive has a place for every cell of the row.
func (r *standing) mayArchive() bool {
	headers := r.table.rows[r.table.header]
	for column := range r.typed {
		if r.entered(column) && (column >= len(headers) || headerKey(cellText(headers[column])) == "") {
			return false
		}
	}
	return true
}

// mayRemove says whether nothing of a person's own stands in the row.
func (r *standing) mayRemove() bool {
	ours := map[int]bool{}
	for _, c := range r.table.columns {
		if column, ok := r.table.at[headerKey(c.header)]; ok {
			ours[column] = true
		}
	}
	for column := range r.typed {
		if r.computes(column) || r.entered(column) && !ours[column] {
			return false
		}
	}
	return true
}

// column is where a header of ours stands, or will stand.
func (t *target) column(header string) int { return t.at[headerKey(header)] }
