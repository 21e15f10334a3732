package main

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"time"
)

// warehouseTables are the tables of a made-up warehouse, by name.
type warehouseTables map[string][]tableRow

// tableRow is a row by column. A column that is not there is NULL.
type tableRow map[string]string

// moment is how a warehouse writes a time. Two of them compare as text.
func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05.000000") }

// changed is when a row changed last: what decides which of several counts.
func (r tableRow) changed() string {
	return cmp.Or(r["updated_at"], r["modified_at"], r["created_at"])
}

// generator makes orders with all the dirt that the schema warns of. The same
// seed makes the same tables.
type generator struct {
	tables warehouseTables
	random *rand.Rand
	now    time.Time
	ticks  int
}

func newGenerator(seed uint64, now time.Time) *generator {
	g := &generator{tables: warehouseTables{}, random: rand.New(rand.NewPCG(seed, 7)), now: now}
	for _, table := range []string{
		"orders_goms", "payments_goms", "lulu_data", "falcon_transactions_v2", "transaction_payout", "rda_fulfillments",
		"transfer_rfi", "uae_manual_payments", "checkout_payment_data", "fulfillments_goms",
	} {
		g.tables[table] = []tableRow{}
	}
	return g
}

// shuffled gives the tables in an order that helps nobody.
func (g *generator) shuffled() warehouseTables {
	for _, table := range []string{"orders_goms", "payments_goms", "lulu_data", "falcon_transactions_v2", "transaction_payout", "transfer_rfi"} {
		rows := g.tables[table]
		g.random.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	}
	return g.tables
}

// hostileIDs are ids that a careless program spoils: numbers, dates, formulas,
// SQL, markup, quotes, twins that differ in case.
func hostileIDs() []string {
	return []string{
		"0012345", "00000", "1E5", "7E77", "1e5", "12345678901234567890", "3.10", "2026-02-17", "1/2", "TRUE", "12:30", "#REF!", "5%", "$7",
		"O'BRIEN", "'AE1", `"AE2"`, "AE,3", "AE 4", "AE;5", "ae136jlxug00", "AE136JLXUG00", "Ae136jlxug00",
		"=1+1", "+971501234567", "-5", "@ana", "<!channel>", "<@U0ANA00001>", "&lt;b&gt;", "*bold*", "`code`", "_it_", "~gone~",
		"';DROP TABLE orders_goms;--", "$1", "%s%d", `C:\n`, "ÄÖ🙂", "null", "NaN",
	}
}

// anyOrder adds an order that may or may not belong into the pending list.
func (g *generator) anyOrder(id string) {
	for range g.pickNumber(1, 1, 1, 1, 2, 3) {
		g.add("orders_goms", tableRow{
			"order_id": id,
			"status":   g.pick("PROCESSING_DEAL_IN", "PROCESSING_DEAL_IN", "PENDING", "PENDING", "FAILED", "IN_PROGRESS", "IN_PROGRESS", "COMPLETED", "CANCELLED"),
			"sub_state": g.pick("FULFILLMENT_PENDING", "FULFILLMENT_PENDING", "FULFILLMENT_PENDING", "FULFILLMENT_TRIGGER", "AWAIT_EXTERNAL_ACTION",
				"REFUND_TRIGGERED", "TRIGGER_REFUND", "MANUAL_REVIEW", "CNR_RESERVED_WAIT", "INIT_PAYMENT", "BRAND_NEW_STATE", ""),
			"meta_postscript_pricing_info_send_currency": g.pick("AED", "AED", "AED", "AED", "GBP", "GBP", "EUR", "USD"),
		}, g.age())
	}
	for range g.pickNumber(0, 1, 1, 1, 2, 3) {
		g.add("payments_goms", tableRow{"reference_id": id, "payment_status": g.pick("COMPLETED", "COMPLETED", "COMPLETED", "FAILED", "CREATED", "")}, g.recent())
	}
	g.atLulu(id, g.pickNumber(0, 1, 1, 1, 2))
	g.furtherOn(id)
}

// stuckOrder adds an order that belongs into the pending list for sure.
func (g *generator) stuckOrder(id string) {
	g.stuckOrderOf(id, g.amount())
}

func (g *generator) stuckOrderOf(id, amount string) {
	g.add("orders_goms", tableRow{
		"order_id": id,
		"status":   g.pick("PROCESSING_DEAL_IN", "PENDING", "FAILED", "IN_PROGRESS"),
		"sub_state": g.pick("FULFILLMENT_PENDING", "FULFILLMENT_PENDING", "FULFILLMENT_PENDING", "FULFILLMENT_TRIGGER", "AWAIT_EXTERNAL_ACTION",
			"REFUND_TRIGGERED", "MANUAL_REVIEW"),
		"meta_postscript_pricing_info_send_currency": g.pick("AED", "AED", "AED", "GBP", "GBP", "EUR"),
		"meta_postscript_pricing_info_send_amount":   amount,
	}, g.hours(12, 100))
	g.add("payments_goms", tableRow{"reference_id": id, "payment_status": "COMPLETED"}, g.recent())
	for range g.pickNumber(0, 0, 1, 2) {
		g.add("payments_goms", tableRow{"reference_id": id, "payment_status": "FAILED"}, g.recent())
	}
	g.atLulu(id, g.pickNumber(1, 1, 2))
	g.furtherOn(id)
}

func (g *generator) atLulu(id string, rows int) {
	for range rows {
		g.add("lulu_data", tableRow{
			"order_id": id, "lulu_client": g.pick("LULU", "LULU", "OTHER"), "status": "PENDING",
			"sub_status": g.pick("CREATED", "PAYMENT_PENDING", "PAYMENT_PENDING", "PAYMENT_PENDING", "CREDITED", "TXN_TRANSMITTED",
				"TXN_TRANSMITTED", "CANCELLATION_REQUEST_CREATED", "CANCELLATION_COMPLETED", ""),
		}, g.recent())
	}
}

// furtherOn adds what the tables behind payment and Lulu hold.
func (g *generator) furtherOn(id string) {
	for n := range g.pickNumber(0, 0, 0, 0, 1, 2) {
		g.add("transfer_rfi", tableRow{
			"reference_id": id, "status": g.pick("REQUESTED", "SUBMITTED", "SENT_TO_PROVIDER", "REJECTED", "EXPIRED", "RE_OPEN"),
		}, g.rfiAge()+time.Duration(n)*time.Microsecond)
	}
	for range g.pickNumber(0, 0, 1, 2) {
		g.add("uae_manual_payments", tableRow{"order_id": id, "status": g.pick("PENDING", "RECONCILED", "REJECTED")}, g.recent())
	}
	for range g.pickNumber(0, 1) {
		g.add("checkout_payment_data", tableRow{"order_id": id, "status": g.pick("CAPTURED", "DECLINED")}, g.recent())
	}
	for range g.pickNumber(0, 0, 1, 2) {
		g.add("fulfillments_goms", tableRow{"order_id": id, "status": g.pick("PENDING", "")}, g.recent())
	}
	for range g.pickNumber(0, 1, 1, 2) {
		g.atFalcon(id)
	}
}

// atFalcon adds a transaction, perhaps twice, and what hangs on it.
func (g *generator) atFalcon(id string) {
	transaction := fmt.Sprintf("F%09d", g.random.IntN(1e9))
	for range g.pickNumber(1, 1, 2) {
		g.add("falcon_transactions_v2", tableRow{
			"transaction_id": transaction, "client_txn_id": id, "status": g.pick("PROCESSING", "PROCESSING", "FAILED"),
		}, g.recent())
	}
	for range g.pickNumber(0, 1, 1, 2) {
		g.add("transaction_payout", tableRow{
			"transaction_id": transaction,
			"payout_partner": g.pick("VANCE_RDA", "VANCE_RDA", "VELTOPAYZ_HVT_BULK", "TANGOPE_V3", "VELTOPAYZ_V4", "SINGHAI_2025_V2", "OTHER_PARTNER", ""),
			"status":         g.pick("PROCESSING", "PROCESSING", "FAILED", "ADDITIONAL_DOCUMENTS_REQUIRED", "COMPLETED", ""),
		}, g.recent())
	}
	for range g.pickNumber(0, 0, 0, 1, 2) {
		g.add("rda_fulfillments", tableRow{"order_id": transaction, "status": g.pick("ONHOLD", "PROCESSING")}, g.recent())
	}
}

// add puts a row in, created so long ago. Half of the rows were changed later.
// No two rows have the same time: which of them counts would be open.
func (g *generator) add(table string, r tableRow, age time.Duration) {
	g.ticks++
	tick := time.Duration(g.ticks) * time.Microsecond
	at, changed := g.now.Add(-age), "updated_at"
	if table == "transfer_rfi" {
		tick, changed = 0, "modified_at"
	}
	r["created_at"] = moment(at.Add(-tick))
	if g.random.IntN(2) == 0 {
		r["created_at"], r[changed] = moment(at.Add(-g.hours(1, 200))), moment(at.Add(-tick))
	}
	if table == "orders_goms" {
		g.addPrices(r)
		if r[changed] != "" { // the age on the edge counts to the microsecond
			r["created_at"], r[changed] = moment(at), moment(at.Add(g.hours(0, 10)+tick))
		}
	}
	for column, value := range r {
		if value == "" && column != "order_id" && column != "reference_id" && column != "client_txn_id" {
			delete(r, column)
		}
	}
	g.tables[table] = append(g.tables[table], r)
}

func (g *generator) addPrices(r tableRow) {
	const send, receive, acquirer = "meta_postscript_pricing_info_send_amount", "meta_postscript_pricing_info_receive_amount", "meta_postscript_acquirer"
	if _, given := r[send]; !given {
		r[send] = g.amount()
	}
	r["owner_id"], r["meta_postscript_pricing_info_receive_currency"] = "customer", "INR"
	r[receive] = g.pick("50000.00", "50000.01", "", fmt.Sprintf("%d.%02d", g.random.IntN(400_000), g.random.IntN(100)))
	r[acquirer] = g.pick("CHECKOUT", "LEANTECH", "LEANTECH", "UAE_MANUAL", "TRUELAYER", "")
}

// amount is often exactly on the edge of a band, or beside it.
func (g *generator) amount() string {
	if g.random.IntN(3) == 0 {
		return g.pick("0.00", "100.00", "100.01", "500.00", "500.01", "2000.00", "2000.01", "4999.99", "5000.00", "5000.01", "15000.00", "15000.01", "123456789.99")
	}
	whole := []int{200, 1000, 4000, 20_000}[g.random.IntN(4)]
	return fmt.Sprintf("%d.%02d", g.random.IntN(whole), g.random.IntN(100))
}

// age is how long ago an order was made: often exactly on the edge of a band or
// of the pending list, or a microsecond beside it.
func (g *generator) age() time.Duration {
	switch g.random.IntN(10) {
	case 0:
		return g.hours(0, 12)
	case 1:
		return g.hours(700, 760)
	case 2:
		edge := []time.Duration{12, 24, 36, 72, 30 * 24}[g.random.IntN(5)] * time.Hour
		return edge + time.Duration(g.random.IntN(3)-1)*time.Microsecond
	}
	return g.hours(12, 100)
}

// rfiAge is how long ago a request for information changed.
func (g *generator) rfiAge() time.Duration {
	if g.random.IntN(4) == 0 {
		return []time.Duration{4, 24}[g.random.IntN(2)] * time.Hour
	}
	return g.hours(0, 50)
}

func (g *generator) recent() time.Duration { return g.hours(0, 100) }

func (g *generator) hours(from, to int) time.Duration {
	return time.Duration(from)*time.Hour + time.Duration(g.random.IntN((to-from)*3600))*time.Second
}

func (g *generator) pick(from ...string) string { return from[g.random.IntN(len(from))] }
func (g *generator) pickNumber(from ...int) int { return from[g.random.IntN(len(from))] }
