package warehouse_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"
)

// world is a made-up warehouse: its tables as plain Go values, with all the dirt that the schema warns of.
type world struct {
	tables map[string][]record
	random *rand.Rand
	ticks  int
}

// record is a row of a table. Every table is read by one key, and has values besides its times.
type record struct {
	key     string
	values  []string // null stands for null
	created time.Time
	updated time.Time // zero: null
}

// changed is what decides which row is the newest.
func (r record) changed() time.Time {
	if r.updated.IsZero() {
		return r.created
	}
	return r.updated
}

// columns of each table in the schema's order; key, values, then the times, unless named otherwise.
func (r record) row(table string) []string {
	stamps := []string{stamp(r.created), stamp(r.updated)}
	v := r.values
	switch table {
	case "orders_goms":
		return append([]string{r.key, "owner", v[0], v[1], v[2], v[3], "INR", v[4], v[5], null}, stamps...)
	case "lulu_data":
		return append([]string{r.key, v[0], "PENDING", v[1]}, stamps...)
	case "falcon_transactions_v2":
		return append([]string{v[0], r.key, v[1]}, stamps...)
	case "transfer_rfi":
		return append([]string{r.key, v[0], "DOCUMENT"}, stamps...)
	default:
		return append(append([]string{r.key}, v...), stamps...)
	}
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return null
	}
	return t.Format("2006-01-02 15:04:05.999999")
}

// newWorld makes n orders with everything around them. The same seed makes the same world.
func newWorld(seed uint64, n int) *world {
	w := &world{tables: map[string][]record{}, random: rand.New(rand.NewPCG(seed, 1))}
	for i := range n {
		w.order(w.id(i))
	}
	return w
}

// id is mostly an ordinary one, and else one that a careless program would spoil.
func (w *world) id(i int) string {
	hostile := []string{
		"00%05d", "%dE5", "AE'%d", `AE"%d`, "ae%dx", "AE%dX", "=1+%d", "2026-02-%d", "AE,%d", "AE %d", "🙂%d", "';DROP TABLE orders_goms;--%d",
	}
	if i < 5*len(hostile) {
		return fmt.Sprintf(hostile[i%len(hostile)], i)
	}
	return fmt.Sprintf("AE%05dUG00", i)
}

// order adds the order, one to three times, and rows of every other table, none to three each.
func (w *world) order(id string) {
	created := asOf.Add(-w.hours(1, 100))
	if w.one(10) {
		created = asOf.Add(-w.hours(600, 800)) // around 30 days
	}
	for range 1 + w.random.IntN(3)/2 + w.random.IntN(2) {
		if w.one(10) {
			created = asOf.Add(-w.hours(1, 100)) // the copies disagree
		}
		w.add("orders_goms", id, created,
			w.pick("PROCESSING_DEAL_IN", "PENDING", "FAILED", "IN_PROGRESS", "COMPLETED", "CANCELLED"),
			w.pick("FULFILLMENT_PENDING", "REFUND_TRIGGERED", "TRIGGER_REFUND", "FULFILLMENT_TRIGGER", "MANUAL_REVIEW",
				"AWAIT_EXTERNAL_ACTION", "CNR_RESERVED_WAIT", "SOMETHING_NEW", null),
			w.pick("AED", "AED", "AED", "GBP", "EUR", "USD"), w.amount(), w.amount(), w.pick("CHECKOUT", "LEANTECH", "UAE_MANUAL", null))
	}
	w.some(4, "payments_goms", id, func() []string { return []string{w.pick("COMPLETED", "COMPLETED", "FAILED", "CREATED", null)} })
	w.some(3, "lulu_data", id, func() []string {
		return []string{w.pick("LULU", "OTHER"), w.pick("CREATED", "PAYMENT_PENDING", "CREDITED", null)}
	})
	w.some(3, "fulfillments_goms", id, func() []string { return []string{w.pick("PENDING", null)} })
	w.some(3, "transfer_rfi", id, func() []string { return []string{w.pick("REQUESTED", "EXPIRED", null)} })
	w.some(3, "uae_manual_payments", id, func() []string { return []string{w.pick("PENDING", "RECONCILED")} })
	w.some(3, "checkout_payment_data", id, func() []string { return []string{w.pick("CAPTURED", "DECLINED")} })
	w.falcon(id)
}

// falcon adds transactions, each perhaps twice, and what hangs on them.
func (w *world) falcon(id string) {
	for range w.random.IntN(3) {
		transaction := "F" + strconv.Itoa(w.random.IntN(1e9))
		for range 1 + w.random.IntN(2) {
			w.add("falcon_transactions_v2", id, w.moment(), transaction, w.pick("PROCESSING", "FAILED"))
		}
		w.some(3, "transaction_payout", transaction, func() []string {
			return []string{w.pick("VANCE_RDA", "TANGOPE_V3", null), w.pick("PROCESSING", "COMPLETED", null)}
		})
		w.some(3, "rda_fulfillments", transaction, func() []string { return []string{w.pick("ONHOLD", "COMPLETED")} })
	}
}

func (w *world) some(below int, table, key string, values func() []string) {
	for range w.random.IntN(below) {
		w.add(table, key, w.moment(), values()...)
	}
}

// add never gives two rows the same time: which of them counts would be open.
func (w *world) add(table, key string, created time.Time, values ...string) {
	w.ticks++
	updated := time.Time{}
	if w.one(2) {
		updated = created.Add(w.hours(0, 150)).Add(time.Duration(w.ticks) * time.Microsecond)
	}
	created = created.Add(time.Duration(w.ticks) * time.Microsecond)
	switch table {
	case "rda_fulfillments", "uae_manual_payments", "checkout_payment_data":
		if w.one(4) {
			created = time.Time{} // these tables may lack it
		}
	}
	if created.IsZero() && updated.IsZero() && w.undated(table, key) {
		return
	}
	w.tables[table] = append(w.tables[table], record{key: key, values: values, created: created, updated: updated})
}

// undated says whether the key has a row without any time already; two of them could not be told apart.
func (w *world) undated(table, key string) bool {
	return slices.ContainsFunc(w.tables[table], func(r record) bool { return r.key == key && r.changed().IsZero() })
}

func (w *world) moment() time.Time { return asOf.Add(-w.hours(0, 200)) }

func (w *world) hours(from, to int) time.Duration {
	return time.Duration(from)*time.Hour + time.Duration(w.random.IntN((to-from)*3600))*time.Second
}

func (w *world) amount() string {
	return fmt.Sprintf("%d.%02d", w.random.IntN(20_000), w.random.IntN(100))
}
func (w *world) one(in int) bool            { return w.random.IntN(in) == 0 }
func (w *world) pick(from ...string) string { return from[w.random.IntN(len(from))] }
