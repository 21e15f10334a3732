package ecm

import "time"

// Resolution is what the Resolutions tab says about an order: an agent closed it then.
type Resolution struct {
	OrderID string
	At      time.Time // UTC
}
