package run

import (
	"context"
	"time"

	"pi-manager/internal/ecm"
)

// Warehouse knows which orders are stuck.
type Warehouse interface {
	// Pending gives the actionable stuck orders as of a moment (UTC), reading at
	// most limit rows. A result that broke off half-way is an error.
	Pending(ctx context.Context, asOf time.Time, limit int) (ecm.Pending, error)
}
