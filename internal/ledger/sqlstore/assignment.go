package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
)

// assignmentColumns are the columns of a row, in the order in which all statements name them.
const assignmentColumns = `order_id, agent, assigned_at, status, priority, currency, amount, hours_stuck, diagnosis, notes, resolved_at, run_id`

const insertAssignment = `
INSERT INTO assignments (` + assignmentColumns + `)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`

func assignmentValues(_ int, a ecm.Assignment) []any {
	return []any{
		a.OrderID, a.Agent, ecm.FormatTime(a.AssignedAt), ledger.StatusCell(a), a.Priority.String(), a.Send.Currency, a.Send.Plain(),
		ecm.HoursText(a.Stuck), a.Diagnosis, a.Notes, ecm.FormatTime(a.ResolvedAt), a.RunID,
	}
}

// isActive is the condition of the index one_active_row_an_order, word for word:
// what SQL takes for active and what we take for resolved must never be the same row.
const isActive = `upper(trim(status)) <> 'RESOLVED'`

const selectAssignments = `
SELECT row_number, ` + assignmentColumns + `, ` + isActive + `
FROM assignments
WHERE row_number IN (
    SELECT row_number FROM assignments WHERE ` + isActive + `
    UNION ALL
    SELECT row_number FROM (SELECT row_number FROM assignments ORDER BY row_number DESC LIMIT $1) newest)
ORDER BY row_number`

// assignmentCells is a row of the table as it stands there: people may have typed anything into it.
type assignmentCells struct {
	number             int // row_number
	text               ledger.RowText
	assigned, resolved string
	active             bool
}

func scanAssignment(rows *sql.Rows) (c assignmentCells, err error) {
	t := &c.text
	err = rows.Scan(&c.number, &t.OrderID, &t.Agent, &c.assigned, &t.Status, &t.Priority, &t.Currency, &t.Amount, &t.Hours,
		&t.Diagnosis, &t.Notes, &c.resolved, &t.RunID, &c.active)
	return c, err
}

// values are the cells as they stand, in the order of assignmentColumns.
func (c assignmentCells) values() []any {
	t := c.text
	return []any{
		t.OrderID, t.Agent, c.assigned, t.Status, t.Priority, t.Currency, t.Amount, t.Hours, t.Diagnosis, t.Notes, c.resolved, t.RunID,
	}
}

func (r *reading) assignments(ctx context.Context, tx *sql.Tx) error {
	return each(ctx, tx, func(rows *sql.Rows) error {
		c, err := scanAssignment(rows)
		if err != nil {
			return err
		}
		assignment, reason := c.read(&r.doubts)
		if reason == "" {
			r.Assignments = append(r.Assignments, assignment)
			return nil
		}
		row := ledger.Unreadable{Row: c.number, OrderID: strings.TrimSpace(c.text.OrderID), Reason: reason}
		if assignment.Status.Working() {
			row.Agent = c.text.Agent
		}
		r.Unreadable = append(r.Unreadable, row)
		return nil
	}, selectAssignments, keptRows)
}

// read makes an assignment of the cells, or says why it cannot. A time that is
// none is the zero time, and a doubt.
//
// It is careful with RESOLVED: where the index still counts the row as active
// ("resolved" and a tab), a new row of the order would be refused for ever.
func (c assignmentCells) read(d *doubts) (a ecm.Assignment, reason string) {
	a, reason = c.text.Assignment()
	if reason == "" && a.Status == ecm.Resolved && c.active {
		reason = ledger.UnknownStatus(c.text.Status)
	}
	if reason != "" {
		return a, reason
	}
	a.Row = c.number
	a.AssignedAt = d.time("assignments: assigned_at is not a time like "+ecm.TimeLayout, c.number, c.assigned)
	if strings.TrimSpace(c.resolved) != "" {
		a.ResolvedAt = d.time("assignments: resolved_at is not a time like "+ecm.TimeLayout, c.number, c.resolved)
	}
	return a, ""
}

// time reads a time cell. One that is none is the zero time, and a doubt.
func (d *doubts) time(doubt string, row int, cell string) time.Time {
	t, err := ecm.ParseTime(strings.TrimSpace(cell))
	if err != nil {
		d.doubt(doubt, fmt.Sprintf("row %d (%.40q)", row, cell))
	}
	return t
}
