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

const insertAssignment = `
INSERT INTO assignments (order_id, agent, assigned_at, status, priority, currency, amount, hours_stuck, diagnosis, notes, resolved_at, run_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`

func assignmentValues(_ int, a ecm.Assignment) []any {
	return []any{
		a.OrderID, a.Agent, ecm.FormatTime(a.AssignedAt), string(a.Status), a.Priority.String(), a.Send.Currency, a.Send.Plain(),
		ecm.HoursText(a.Stuck), a.Diagnosis, a.Notes, ecm.FormatTime(a.ResolvedAt), a.RunID,
	}
}

// isActive is the condition of the index one_active_row_an_order, word for word:
// what SQL takes for active and what we take for resolved must never be the same row.
const isActive = `upper(trim(status)) <> 'RESOLVED'`

const selectAssignments = `
SELECT row_number, order_id, agent, assigned_at, status, priority, currency, amount, hours_stuck, diagnosis, notes, resolved_at, run_id, ` + isActive + `
FROM assignments
WHERE row_number IN (
    SELECT row_number FROM assignments WHERE ` + isActive + `
    UNION ALL
    SELECT row_number FROM (SELECT row_number FROM assignments ORDER BY row_number DESC LIMIT $1) newest)
ORDER BY row_number`

// assignmentCells is a row of the table as it stands there: people may have typed anything into it.
type assignmentCells struct {
	row                                                                          int
	order, agent, assigned, status, priority, currency, amount, hours, diagnosis string
	notes, resolved, run                                                         string
	active                                                                       bool
}

func (r *reading) assignments(ctx context.Context, tx *sql.Tx) error {
	return each(ctx, tx, func(rows *sql.Rows) error {
		var c assignmentCells
		if err := rows.Scan(&c.row, &c.order, &c.agent, &c.assigned, &c.status, &c.priority, &c.currency, &c.amount, &c.hours,
			&c.diagnosis, &c.notes, &c.resolved, &c.run, &c.active); err != nil {
			return err
		}
		assignment, reason := c.read()
		if reason != "" {
			row := ledger.Unreadable{Row: c.row, OrderID: strings.TrimSpace(c.order), Reason: reason}
			if assignment.Status.Working() {
				row.Agent = c.agent
			}
			r.Unreadable = append(r.Unreadable, row)
			return nil
		}
		assignment.AssignedAt = r.time("assignments: assigned_at is not a time like "+ecm.TimeLayout, c.row, c.assigned)
		if strings.TrimSpace(c.resolved) != "" {
			assignment.ResolvedAt = r.time("assignments: resolved_at is not a time like "+ecm.TimeLayout, c.row, c.resolved)
		}
		r.Assignments = append(r.Assignments, assignment)
		return nil
	}, selectAssignments, keptRows)
}

// time reads a time cell. One that is none is the zero time, and a doubt.
func (d *doubts) time(doubt string, row int, cell string) time.Time {
	t, err := ecm.ParseTime(strings.TrimSpace(cell))
	if err != nil {
		d.doubt(doubt, fmt.Sprintf("row %d (%.40q)", row, cell))
	}
	return t
}

// read makes an assignment of the cells, times aside, or says why it cannot.
func (c assignmentCells) read() (a ecm.Assignment, reason string) {
	status, known := c.readStatus()
	priority, urgent := ecm.ParsePriority(c.priority)
	amount, amountErr := ecm.ParseAmount(strings.TrimSpace(c.amount))
	stuck, stuckKnown := readHours(c.hours)
	currency := strings.ToUpper(strings.TrimSpace(c.currency))
	switch {
	case strings.TrimSpace(c.order) == "":
		reason = "no order id"
	case c.order != strings.TrimSpace(c.order):
		reason = fmt.Sprintf("the order id %.40q has blanks around it", c.order)
	case strings.TrimSpace(c.agent) == "":
		reason = "no agent"
	case !known:
		reason = fmt.Sprintf("status %.40q is none of OPEN, IN_PROGRESS, ESCALATED, RESOLVED", c.status)
	case !urgent:
		reason = fmt.Sprintf("priority %.40q is none of P1, P2, P3, P4", c.priority)
	case amountErr != nil:
		reason = fmt.Sprintf("amount %.40q is not a plain decimal number", c.amount)
	case len(currency) != len("AED"):
		reason = fmt.Sprintf("currency %.40q is not a three-letter code", c.currency)
	case !stuckKnown:
		reason = fmt.Sprintf("hours_stuck %.40q is not a number of hours", c.hours)
	}
	return ecm.Assignment{
		OrderID: c.order, Agent: c.agent, Status: status, Priority: priority, Send: ecm.Money{Amount: amount, Currency: currency},
		Stuck: stuck, Diagnosis: c.diagnosis, Notes: c.notes, RunID: c.run, Row: c.row,
	}, reason
}

// readStatus is careful with RESOLVED: where the index still counts the row as
// active ("resolved" and a tab), a new row of the order would be refused for ever.
func (c assignmentCells) readStatus() (ecm.Status, bool) {
	status, known := ecm.ParseStatus(c.status)
	if status == ecm.Resolved && c.active {
		return "", false
	}
	return status, known
}

// maxHours is a century, far within what a time.Duration holds.
const maxHours = 100 * 365 * 24

func readHours(cell string) (time.Duration, bool) {
	exact, err := ecm.ParseAmount(strings.TrimSpace(cell))
	hours := exact.InexactFloat64()
	if err != nil || hours < 0 || hours > maxHours {
		return 0, false
	}
	return ecm.FromHours(hours), true
}
