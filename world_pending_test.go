package main

import (
	"fmt"
	"slices"
	"time"
)

// What follows is the domain's first chapter once more, in loops over rows of
// tables. It shares nothing with the program but that text.

// facts is one row that the pending list must give, by column; "" is null.
type facts map[string]string

// pendingList is what the tables say is stuck at a moment, by order id, and how
// many orders are left out for each reason.
func pendingList(tables warehouseTables, now time.Time) (list map[string]facts, leftOut map[string]int) {
	list, leftOut = map[string]facts{}, map[string]int{}
	seen := map[string]bool{}
	for _, r := range tables["orders_goms"] {
		id := r["order_id"]
		if seen[id] {
			continue
		}
		seen[id] = true
		if reason := whyNotPending(tables, id, now); reason != "" {
			leftOut[reason]++
			continue
		}
		list[id] = factsOf(tables, id)
	}
	return list, leftOut
}

func whyNotPending(tables warehouseTables, id string, now time.Time) string {
	order := newest(tables["orders_goms"], "order_id", id)
	paid := false
	for _, payment := range rowsOf(tables["payments_goms"], "reference_id", id) {
		if payment["payment_status"] == "COMPLETED" {
			paid = true
		}
	}
	currency := order["meta_postscript_pricing_info_send_currency"]
	atLulu := len(rowsOf(tables["lulu_data"], "order_id", id)) > 0
	switch {
	case !slices.Contains([]string{"PROCESSING_DEAL_IN", "PENDING", "FAILED", "IN_PROGRESS"}, order["status"]):
		return "status"
	case !slices.Contains([]string{"FULFILLMENT_PENDING", "REFUND_TRIGGERED", "TRIGGER_REFUND", "FULFILLMENT_TRIGGER", "MANUAL_REVIEW", "AWAIT_EXTERNAL_ACTION"}, order["sub_state"]):
		return "sub-state"
	case currency != "AED" && currency != "GBP" && currency != "EUR":
		return "currency"
	case order["created_at"] < moment(now.Add(-30*24*time.Hour)):
		return "too old"
	case order["created_at"] > moment(now.Add(-12*time.Hour)):
		return "too young"
	case !paid:
		return "unpaid"
	case currency == "AED" && !atLulu:
		return "dead"
	}
	return ""
}

func factsOf(tables warehouseTables, id string) facts {
	order := newest(tables["orders_goms"], "order_id", id)
	lulu := newest(tables["lulu_data"], "order_id", id)
	rfi := newest(tables["transfer_rfi"], "reference_id", id)
	falcon := newest(tables["falcon_transactions_v2"], "client_txn_id", id)
	var payout, rda tableRow
	if falcon != nil {
		payout = newest(tables["transaction_payout"], "transaction_id", falcon["transaction_id"])
		rda = newest(tables["rda_fulfillments"], "order_id", falcon["transaction_id"])
	}
	return facts{
		"order_id": id, "order_status": order["status"], "sub_state": order["sub_state"],
		"currency_from":  order["meta_postscript_pricing_info_send_currency"],
		"send_amount":    order["meta_postscript_pricing_info_send_amount"],
		"receive_amount": order["meta_postscript_pricing_info_receive_amount"],
		"created_at":     order["created_at"], "payment_acquirer": order["meta_postscript_acquirer"],
		"payment_attempts": fmt.Sprint(len(rowsOf(tables["payments_goms"], "reference_id", id))),
		"lulu_status":      lulu["sub_status"], "lulu_client": lulu["lulu_client"],
		"falcon_transaction_id": falcon["transaction_id"], "falcon_status": falcon["status"],
		"payout_status": payout["status"], "payout_partner": payout["payout_partner"],
		"rda_status": rda["status"], "rfi_status": rfi["status"], "rfi_modified_at": rfi.changed(),
		"uae_manual_status": newest(tables["uae_manual_payments"], "order_id", id)["status"],
		"trm_hold":          fmt.Sprint(len(rowsOf(tables["fulfillments_goms"], "order_id", id)) > 0),
	}
}

func rowsOf(table []tableRow, key, id string) []tableRow {
	var found []tableRow
	for _, r := range table {
		if r[key] == id {
			found = append(found, r)
		}
	}
	return found
}

// newest is the row that changed last; nil where there is none.
func newest(table []tableRow, key, id string) tableRow {
	var last tableRow
	for _, r := range rowsOf(table, key, id) {
		if last != nil && r.changed() == last.changed() && fmt.Sprint(r) != fmt.Sprint(last) {
			panic(fmt.Sprintf("the made-up world is ambiguous: two rows of %s %q changed at %s", key, id, r.changed()))
		}
		if last == nil || r.changed() > last.changed() {
			last = r
		}
	}
	return last
}
