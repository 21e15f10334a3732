package run

import (
	"context"
	"time"

	"pi-manager/internal/ecm"
)

// Warehouse knows which orders are stuck, and what has become of others.
type Warehouse interface {
	// Pending gives the actionable stuck orders as of a moment (UTC), reading at
	// most limit rows. A result that broke off half-way is an error.
	Pending(ctx context.Context, asOf time.Time, limit int) (ecm.Pending, error)

	// Statuses gives the order status of each of these orders as of a moment (UTC).
	// Ids are data: any text may be among them. What the warehouse does not know is
	// not in the answer. An answer that broke off half-way is an error.
	Statuses(ctx context.Context, asOf time.Time, ids []string) (ecm.Statuses, error)
}
