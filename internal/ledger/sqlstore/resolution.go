package sqlstore

import (
	"context"
	"database/sql"

	"pi-manager/internal/ecm"
)

const selectResolutions = `
SELECT position, order_id, resolved_at FROM resolutions
WHERE position IN (SELECT position FROM resolutions ORDER BY position DESC LIMIT $1)
ORDER BY position`

// resolutions reads what agents have closed. One without a time says nothing,
// and is only doubted.
func (r *reading) resolutions(ctx context.Context, tx *sql.Tx) error {
	return each(ctx, tx, func(rows *sql.Rows) error {
		var position int
		var orderID, at string
		if err := rows.Scan(&position, &orderID, &at); err != nil {
			return err
		}
		when := r.time("resolutions: resolved_at is not a time like "+ecm.TimeLayout, position, at)
		if !when.IsZero() {
			r.Resolutions = append(r.Resolutions, ecm.Resolution{OrderID: orderID, At: when})
		}
		return nil
	}, selectResolutions, keptRows)
}
