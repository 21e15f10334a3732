package sqlstore

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
)

const (
	selectRowsOfOrder = `
SELECT row_number, ` + assignmentColumns + `, ` + isActive + `
FROM assignments WHERE order_id = $1 ORDER BY row_number`

	// asItStands picks a row that has not been touched since it was looked at, not
	// even in how a cell is written. Where a database lets people write between two
	// statements of a transaction, they win.
	asItStands = `
WHERE order_id = $1 AND agent = $2 AND assigned_at = $3 AND status = $4 AND priority = $5 AND currency = $6 AND amount = $7
  AND hours_stuck = $8 AND diagnosis = $9 AND notes = $10 AND resolved_at = $11 AND run_id = $12 AND row_number = $13`

	updateAssignment = `UPDATE assignments SET status = $14, resolved_at = $15, notes = $16` + asItStands
	deleteAssignment = `DELETE FROM assignments` + asItStands

	insertArchived = `
INSERT INTO archive (` + assignmentColumns + `)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`
)

// edit is a change and the row that it is for, as that stands now.
type edit struct {
	ecm.Change
	cells assignmentCells
	read  ecm.Assignment // of the cells
}

// change does the changes whose rows still are as they were read, and leaves out
// the others. What ends a row goes first: another row of its order may become
// active by the same commit, and the index allows one at a time.
func change(ctx context.Context, tx *sql.Tx, changes []ecm.Change) error {
	edits, err := findRows(ctx, tx, changes)
	if err != nil {
		return err
	}
	for _, ends := range [...]bool{true, false} {
		for _, e := range edits {
			if e.ends() != ends {
				continue
			}
			if err := e.do(ctx, tx); err != nil {
				return err
			}
		}
	}
	return nil
}

// findRows looks for the rows of all changes before any of them is done, so that
// none takes another's work for its row. Each row is found once.
func findRows(ctx context.Context, tx *sql.Tx, changes []ecm.Change) (edits []edit, err error) {
	taken := make(map[int]bool, len(changes))
	for _, c := range changes {
		rows, err := rowsOfOrder(ctx, tx, c.Was.OrderID)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(rows, func(e edit) bool { return !taken[e.cells.number] && ledger.SameRow(e.read, c.Was) })
		if i < 0 {
			continue
		}
		taken[rows[i].cells.number] = true
		edits = append(edits, edit{Change: c, cells: rows[i].cells, read: rows[i].read})
	}
	return edits, nil
}

// rowsOfOrder are the readable rows of an order.
func rowsOfOrder(ctx context.Context, tx *sql.Tx, orderID string) (found []edit, err error) {
	err = each(ctx, tx, func(rows *sql.Rows) error {
		cells, err := scanAssignment(rows)
		if err != nil {
			return err
		}
		var doubted doubts // Read has told of them
		if row, reason := cells.read(&doubted); reason == "" {
			found = append(found, edit{cells: cells, read: row})
		}
		return nil
	}, selectRowsOfOrder, orderID)
	return found, err
}

// ends says whether the row is not active any more afterwards.
func (e edit) ends() bool { return e.Move != ecm.Stay || e.Is.Status == ecm.Resolved }

func (e edit) do(ctx context.Context, tx *sql.Tx) error {
	row := append(e.cells.values(), e.cells.number)
	if e.Move == ecm.Stay {
		_, err := tx.ExecContext(ctx, updateAssignment, append(row, ledger.StatusCell(e.Is), e.resolvedCell(), e.Is.Notes)...)
		return err
	}
	result, err := tx.ExecContext(ctx, deleteAssignment, row...)
	if err != nil || e.Move == ecm.Away {
		return err
	}
	if n, err := result.RowsAffected(); n == 0 || err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, insertArchived, e.cells.values()...)
	return err
}

// resolvedCell is what stands in resolved_at afterwards: a time of ours, or what a person wrote there.
func (e edit) resolvedCell() string {
	unreadable := e.read.ResolvedAt.IsZero() && strings.TrimSpace(e.cells.resolved) != ""
	at := ecm.FormatTime(e.Is.ResolvedAt)
	if unreadable || at == ecm.FormatTime(e.read.ResolvedAt) {
		return e.cells.resolved
	}
	return at
}
