package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"pi-manager/internal/ecm"
)

const updateStatus = `
UPDATE assignments SET status = $1, resolved_at = $2
WHERE row_number = (
    SELECT row_number FROM assignments WHERE order_id = $3
    ORDER BY CASE WHEN ` + isActive + ` THEN 0 ELSE 1 END, row_number DESC LIMIT 1)`

// SetStatus is an agent's hand: it changes the status of an order's active row,
// or of its newest one where none is active. Any word will do. RESOLVED notes
// the time (UTC, to the second) in resolved_at; any other word empties it.
func (s *Store) SetStatus(ctx context.Context, orderID, status string, at time.Time) error {
	resolved := ""
	if known, ok := ecm.ParseStatus(status); ok {
		status = string(known)
	}
	if status == string(ecm.Resolved) {
		resolved = ecm.FormatTime(at)
	}
	return s.write(ctx, fmt.Sprintf("set the status of order %q", orderID), func(tx *sql.Tx) error {
		changed, err := tx.ExecContext(ctx, updateStatus, status, resolved, orderID)
		if err != nil {
			return err
		}
		n, err := changed.RowsAffected()
		if err == nil && n == 0 {
			return &ecm.Failure{Class: ecm.Permanent, Err: fmt.Errorf("no row has the order %q", orderID), Mend: "check the order id, capitals included"}
		}
		return err
	})
}
