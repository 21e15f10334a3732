package warehouse_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pi-manager/internal/ecm"
)

// facts is one row of the answer, by column.
type facts map[string]string

// expected works out the pending list from the tables, row by row, with no SQL.
func (w *world) expected() map[string]facts {
	list := map[string]facts{}
	for _, order := range w.tables["orders_goms"] {
		if row, stuck := w.stuck(order.key); stuck {
			list[order.key] = row
		}
	}
	return list
}

func (w *world) stuck(id string) (facts, bool) {
	order, _ := w.newest("orders_goms", id)
	status, subState, currency := order.values[0], order.values[1], order.values[2]
	age := asOf.Sub(order.created)
	payments := w.all("payments_goms", id)
	paid := slices.ContainsFunc(payments, func(p record) bool { return p.values[0] == "COMPLETED" })
	lulu, atLulu := w.newest("lulu_data", id)
	switch {
	case !slices.Contains(strings.Fields("PROCESSING_DEAL_IN PENDING FAILED IN_PROGRESS"), status),
		!slices.Contains(strings.Fields("FULFILLMENT_PENDING REFUND_TRIGGERED TRIGGER_REFUND FULFILLMENT_TRIGGER MANUAL_REVIEW AWAIT_EXTERNAL_ACTION"), subState),
		currency != "AED" && currency != "GBP" && currency != "EUR",
		age < 12*time.Hour || age > 30*24*time.Hour,
		!paid,
		currency == "AED" && !atLulu:
		return nil, false
	}
	row := facts{
		"order_id": id, "order_status": status, "sub_state": subState, "currency_from": currency,
		"send_amount": order.values[3], "receive_amount": order.values[4], "payment_acquirer": text(order.values[5]),
		"created_at": stamp(order.created), "payment_status": "COMPLETED", "payment_attempts": fmt.Sprint(len(payments)),
		"lulu_client": value(lulu, 0), "lulu_status": value(lulu, 1), "lulu_record": fmt.Sprint(atLulu),
		"trm_hold": fmt.Sprint(len(w.all("fulfillments_goms", id)) > 0),
	}
	w.addLater(row, id)
	return row, true
}

// addLater adds the facts from further down the road.
func (w *world) addLater(row facts, id string) {
	rfi, asked := w.newest("transfer_rfi", id)
	row["rfi_status"], row["rfi_modified_at"] = value(rfi, 0), ""
	if asked {
		row["rfi_modified_at"] = stamp(rfi.changed())
	}
	manual, _ := w.newest("uae_manual_payments", id)
	checkout, _ := w.newest("checkout_payment_data", id)
	row["uae_manual_status"], row["checkout_status"] = value(manual, 0), value(checkout, 0)

	falcon, found := w.newest("falcon_transactions_v2", id)
	row["falcon_transaction_id"], row["falcon_status"] = value(falcon, 0), value(falcon, 1)
	var payout, rda record
	if found {
		payout, _ = w.newest("transaction_payout", falcon.values[0])
		rda, _ = w.newest("rda_fulfillments", falcon.values[0])
	}
	row["payout_partner"], row["payout_status"], row["rda_status"] = value(payout, 0), value(payout, 1), value(rda, 0)
}

func (w *world) all(table, key string) []record {
	var found []record
	for _, r := range w.tables[table] {
		if r.key == key {
			found = append(found, r)
		}
	}
	return found
}

func (w *world) newest(table, key string) (newest record, found bool) {
	for _, r := range w.all(table, key) {
		if !found || r.changed().After(newest.changed()) {
			newest, found = r, true
		}
	}
	return newest, found
}

// value is a value of a record that may not exist, as the answer shows it.
func value(r record, i int) string {
	if i >= len(r.values) {
		return ""
	}
	return text(r.values[i])
}

func text(value string) string {
	if value == null {
		return ""
	}
	return value
}

// got is the answer by order id. The same id twice is an error.
func got(t *testing.T, pending ecm.Pending) map[string]facts {
	t.Helper()
	list := map[string]facts{}
	for _, order := range pending.Orders {
		if list[order.ID] != nil {
			t.Errorf("%q came twice", order.ID)
		}
		list[order.ID] = facts{}
		for i, column := range pending.Columns {
			list[order.ID][column] = order.Facts[i]
		}
	}
	return list
}

func (db database) fill(t *testing.T, w *world, shuffle bool) {
	t.Helper()
	for table, records := range w.tables {
		rows := make([][]string, len(records))
		for i, r := range records {
			rows[i] = r.row(table)
		}
		if shuffle {
			w.random.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		}
		db.load(t, table, rows)
	}
}

// F66, F75, F101: whatever duplicates the tables hold and whatever zone the sessions have, the query gives exactly the
// orders and facts that reading the tables by hand gives, to a user who may only read.
func TestPendingListIsWhatTheTablesSay(t *testing.T) {
	t.Parallel()
	for seed, zone := range []string{"UTC", "America/New_York", "Asia/Kathmandu"} {
		t.Run(zone, func(t *testing.T) {
			t.Parallel()
			db, w := newDatabase(t), newWorld(uint64(seed), 1500)
			w.edges()
			db.fill(t, w, true)
			execute(t, db.admin, fmt.Sprintf("ALTER DATABASE %s SET timezone TO '%s'", db.name, zone))
			execute(t, db.admin, fmt.Sprintf("ALTER DATABASE %s SET datestyle TO 'SQL, DMY'", db.name))

			pending, err := db.open(t, "").Pending(t.Context(), asOf, enough)
			if err != nil {
				t.Fatal(err)
			}
			want := w.expected()
			if len(want) < 150 || len(want) > 1200 {
				t.Fatalf("the made-up world has %d stuck orders: too few or too many to prove anything", len(want))
			}
			if diff := cmp.Diff(want, got(t, pending)); diff != "" {
				t.Errorf("the query differs from the tables (-tables +query):\n%s", diff)
			}
			if pending.SetAside != nil || pending.Truncated || pending.Limit != 0 {
				t.Errorf("set aside %v, truncated %v, limit %d; want nothing of it", pending.SetAside, pending.Truncated, pending.Limit)
			}
		})
	}
}

// edges adds orders exactly on the edges of the time window, and one microsecond beyond them.
func (w *world) edges() {
	youngest, oldest := asOf.Add(-12*time.Hour), asOf.Add(-30*24*time.Hour)
	for id, created := range map[string]time.Time{
		"EDGE-YOUNG": youngest, "EDGE-TOO-YOUNG": youngest.Add(time.Microsecond),
		"EDGE-OLD": oldest, "EDGE-TOO-OLD": oldest.Add(-time.Microsecond),
	} {
		w.tables["orders_goms"] = append(w.tables["orders_goms"], record{
			key: id, created: created, values: []string{"PENDING", "MANUAL_REVIEW", "GBP", "10.00", "1.00", null},
		})
		w.add("payments_goms", id, created, "COMPLETED")
	}
}

// Rows that nothing tells apart must not make the answer depend on where they lie on the disk.
func TestEquallyNewRowsAlwaysGiveTheSameAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(7, 300)
	for _, records := range w.tables {
		for i := range records { // everything happened at the same time
			records[i].created, records[i].updated = asOf.Add(-24*time.Hour), time.Time{}
		}
	}
	var first ecm.Pending
	for range 3 {
		db := newDatabase(t)
		db.fill(t, w, true)
		pending, err := db.open(t, "").Pending(t.Context(), asOf, enough)
		if err != nil {
			t.Fatal(err)
		}
		if len(pending.Orders) < 30 {
			t.Fatalf("only %d orders: too few to prove anything", len(pending.Orders))
		}
		if first.Orders == nil {
			first = pending
		}
		if diff := cmp.Diff(first, pending); diff != "" {
			t.Fatalf("the same rows in another order give another answer:\n%s", diff)
		}
	}
}

// The people's own file has nine columns and asks the server for the time.
func TestPeoplesOwnNineColumnQuery(t *testing.T) {
	t.Parallel()
	db, w := newDatabase(t), newWorld(3, 200)
	db.fill(t, w, false)
	execute(t, db.admin, fmt.Sprintf("ALTER DATABASE %s SET world.now TO '%s'", db.name, stamp(asOf)))
	redshift := db.open(t, `
		-- mine; do not touch
		SELECT o.order_id, o.created_at AS order_date, o.status AS "Order Status", o.sub_state,
		       o.meta_postscript_pricing_info_send_currency AS CURRENCY_FROM,
		       o.meta_postscript_pricing_info_send_amount AS send_amount,
		       o.meta_postscript_pricing_info_receive_amount AS receive_amount,
		       EXTRACT(EPOCH FROM (GETDATE() - o.created_at)) / 3600 AS hours_diff, 'stuck; really' AS category
		FROM orders_goms o
		ORDER BY 1, 2 LIMIT 150 ; -- enough for a morning`)
	pending, err := redshift.Pending(t.Context(), asOf, enough)
	if err != nil {
		t.Fatal(err)
	}
	if pending.Limit != 150 || pending.Rows() != 150 {
		t.Errorf("limit %d, %d rows; want 150 of both", pending.Limit, pending.Rows())
	}
	want := []string{"order_id", "order_date", "order_status", "sub_state", "currency_from", "send_amount", "receive_amount", "hours_diff", "category"}
	if diff := cmp.Diff(want, pending.Columns); diff != "" {
		t.Error(diff)
	}
	for _, order := range pending.Orders {
		created, err := ecm.ParseTime(order.Facts[1])
		if err != nil {
			t.Fatal(err)
		}
		if off := order.Created.Sub(created).Abs(); off > time.Second {
			t.Errorf("%s: created %v by hours_diff, %v by the table", order.ID, order.Created, created)
		}
	}
}

// F74: amounts stay exact; a float would lose cents in a sum of so many.
func TestAmountsAddUpExactly(t *testing.T) {
	t.Parallel()
	db, w := newDatabase(t), newWorld(5, 0)
	for i := range 10_000 {
		w.add("orders_goms", fmt.Sprintf("A%d", i), asOf, "PENDING", "MANUAL_REVIEW", "AED",
			fmt.Sprintf("%d.%02d", w.random.Int64N(1e16), w.random.IntN(100)), "1.00", null)
	}
	db.fill(t, w, false)
	pending, err := db.open(t, `SELECT order_id, sub_state, meta_postscript_pricing_info_send_currency AS currency_from,
		meta_postscript_pricing_info_send_amount AS send_amount, created_at FROM orders_goms`).Pending(t.Context(), asOf, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	totals := ecm.Totals{}
	for _, order := range pending.Orders {
		totals.Add(order.Send)
	}
	sums, err := db.admin.Exec(t.Context(), "SELECT sum(meta_postscript_pricing_info_send_amount) FROM orders_goms").ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want, sum := string(sums[0].Rows[0][0]), totals["AED"]
	if got := sum.StringFixed(2); got != want || len(pending.Orders) != 10_000 {
		t.Errorf("%d amounts add up to %s, the warehouse says %s", len(pending.Orders), got, want)
	}
}

// F68: the server gives up before the caller does, and says why; the caller may try again. At the caller's deadline the
// server would say that somebody cancelled the query.
func TestSlowQueryEndsBeforeTheDeadline(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	_, err := db.open(t, "SELECT pg_sleep(60) AS order_id, 1 AS sub_state, 2 AS currency_from, 3 AS send_amount, 4 AS created_at").
		Pending(ctx, asOf, enough)
	if err == nil || !strings.Contains(err.Error(), "statement timeout") || ecm.ClassOf(err) != ecm.Retryable {
		t.Errorf("got %v (class %d), want a retryable statement timeout", err, ecm.ClassOf(err))
	}
}

// F77 and the like: what a person has to mend is said, and nothing asks for another try.
func TestPermanentFaultsOfAQuery(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	execute(t, db.admin, "CREATE TABLE secret_table (a int)") // F101: nobody granted it to the reader
	tests := map[string]struct{ query, want string }{
		"no such table":     {"SELECT * FROM orders_gone", "orders_gone"},
		"no such column":    {"SELECT order_id, substate FROM orders_goms", "substate"},
		"no right":          {"SELECT * FROM secret_table", "ask for the right"},
		"bad SQL":           {"SELEC 1", "correct the query"},
		"writes":            {"INSERT INTO lulu_data SELECT order_id FROM orders_goms RETURNING order_id", "cannot execute INSERT"},
		"wrong type":        {"SELECT CAST('x' AS int)", "invalid input syntax"},
		"missing columns":   {"SELECT order_id, sub_state FROM orders_goms", "no column currency_from, send_amount, created_at (or hours_diff)"},
		"column twice":      {"SELECT order_id, ORDER_ID, sub_state, 1 AS currency_from, 1 AS send_amount, created_at FROM orders_goms", `column "order_id" is there twice`},
		"no columns at all": {"SELECT FROM orders_goms", "no column order_id"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redshift := db.open(t, tt.query)
			_, err := redshift.Pending(t.Context(), asOf, enough)
			if err == nil || !strings.Contains(err.Error(), tt.want) || ecm.ClassOf(err) != ecm.Permanent {
				t.Errorf("Pending: got %v (class %d), want a permanent failure that says %q", err, ecm.ClassOf(err), tt.want)
			}
		})
	}
}

func TestCheckFindsAChangedColumn(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	for _, check := range db.open(t, "").Check(t.Context()) {
		if !check.OK {
			t.Errorf("%+v; want everything fine", check)
		}
	}
	execute(t, db.admin, "ALTER TABLE lulu_data RENAME COLUMN sub_status TO substatus")
	checks := db.open(t, "").Check(t.Context())
	last := checks[len(checks)-1]
	if last.OK || last.Name != "warehouse: query" || !strings.Contains(last.Detail, "sub_status") || !strings.Contains(last.Mend, "column's name") {
		t.Errorf("got %+v; want it to name the column and what to do", last) // F77
	}
}
