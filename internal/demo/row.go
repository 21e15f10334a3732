package demo

import (
	"fmt"
	"time"

	"pi-manager/internal/ecm"
)

// The columns of the pending list, in the order of columns.
const (
	orderID = iota
	orderStatus
	subState
	currencyFrom
	sendAmount
	receiveAmount
	createdAt
	paymentAcquirer
	paymentStatus
	paymentAttempts
	luluRecord
	luluStatus
	luluClient
	falconID
	falconStatus
	payoutStatus
	payoutPartner
	rfiStatus
	rfiModifiedAt
	rdaStatus
	uaeManualStatus
	checkoutStatus
	trmHold
	columnCount
)

func columns() []string {
	return []string{
		"order_id", "order_status", "sub_state", "currency_from", "send_amount", "receive_amount", "created_at",
		"payment_acquirer", "payment_status", "payment_attempts", "lulu_record", "lulu_status", "lulu_client",
		"falcon_transaction_id", "falcon_status", "payout_status", "payout_partner", "rfi_status", "rfi_modified_at",
		"rda_status", "uae_manual_status", "checkout_status", "trm_hold",
	}
}

// fill writes the order's row into cells, one for each column. The words are
// shared between rows, so that a million of them fit into memory.
func (w *World) fill(cells []string, o *order) {
	from := &w.corridors[o.corridor]
	for column, words := range &from.situations[o.situation].facts {
		cells[column] = ""
		if n := uint32(len(words)); n > 0 {
			cells[column] = words[o.chance(column)%n]
		}
	}
	cells[orderID] = o.id
	cells[currencyFrom] = from.currency
	cells[sendAmount] = plain(o.cents)
	cells[receiveAmount] = plain(o.cents * from.rate / 100)
	cells[createdAt] = stamp(o.created)
	if cells[falconID] != "" {
		cells[falconID] = falconIDOf(o)
	}
	if cells[rfiStatus] != "" {
		cells[rfiModifiedAt] = stamp(o.rfiModified())
	}
	if cells[paymentAcquirer] == "CHECKOUT" {
		cells[checkoutStatus] = "CAPTURED"
	}
	o.flaw.spoil(cells, o)
}

// chance is the number that picks the word of a column. It stirs pick well, so
// that one column's word says nothing about another's.
func (o *order) chance(column int) uint32 {
	n := o.pick ^ uint32(column)*0x9E3779B9
	n = (n ^ n>>16) * 0x45D9F3B3
	n = (n ^ n>>15) * 0x2C6FE96F
	return n ^ n>>16
}

func falconIDOf(o *order) string { return "FT" + o.id }

// rfiModified is when the request for information last changed: some hours after
// the order was made, and before it is old enough to be listed.
func (o *order) rfiModified() int64 {
	return o.created + 2*3600 + int64(o.pick%(9*3600))
}

// plain writes cents as NUMERIC prints an amount.
func plain(cents int64) string { return fmt.Sprintf("%d.%02d", cents/100, cents%100) }

// stamp writes seconds since 1970 as the warehouse does.
func stamp(unix int64) string { return ecm.FormatTime(time.Unix(unix, 0)) }
