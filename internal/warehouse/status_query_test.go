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

// statuses works out from the tables, with no SQL, what has become of the orders as of a moment.
func (w *world) statuses(at time.Time, ids []string) map[string]string {
	latest := map[string]record{}
	for _, r := range w.tables["orders_goms"] {
		before, known := latest[r.key]
		if !r.changed().After(at) && (!known || counts(r, before)) {
			latest[r.key] = r
		}
	}
	found := map[string]string{}
	for _, id := range ids {
		if r, known := latest[id]; known {
			found[id] = r.values[0]
		}
	}
	return found
}

// counts says whether the row counts rather than the other one of the order.
func counts(r, other record) bool {
	if !r.changed().Equal(other.changed()) {
		return r.changed().After(other.changed())
	}
	return r.created.After(other.created)
}

func (w *world) newestOrder(at time.Time) time.Time {
	var newest time.Time
	for _, r := range w.tables["orders_goms"] {
		if r.created.After(newest) && !r.created.After(at) {
			newest = r.created
		}
	}
	return newest
}

// F66, F75, F78, F101: whatever duplicates the table holds, whatever zone the sessions have and whatever the ids look
// like, the answer is what reading the table by hand gives: now, earlier and before everything.
func TestStatusesAreWhatTheTableSays(t *testing.T) {
	t.Parallel()
	for seed, zone := range []string{"UTC", "America/New_York", "Asia/Kathmandu"} {
		t.Run(zone, func(t *testing.T) {
			t.Parallel()
			db, w := newDatabase(t), newWorld(uint64(seed+20), 1201)
			db.fill(t, w, true)
			execute(t, db.admin, fmt.Sprintf("ALTER DATABASE %s SET timezone TO '%s'", db.name, zone))
			execute(t, db.admin, fmt.Sprintf("ALTER DATABASE %s SET datestyle TO 'SQL, DMY'", db.name))
			ids := w.orderIDs()
			for _, at := range []time.Time{asOf, asOf.Add(-30 * time.Hour), asOf.Add(-90 * time.Hour), asOf.Add(-10_000 * time.Hour)} {
				got, err := db.open(t, "").Statuses(t.Context(), at, slices.Concat(ids, []string{"nobody's", " "}))
				want := ecm.Statuses{
					Source: "embedded ecm-order-status.sql", Asked: 1202, ByID: w.statuses(at, ids), Newest: w.newestOrder(at),
				}
				if diff := cmp.Diff(want, got); diff != "" || err != nil {
					t.Errorf("as of %v: %v (-table +query)\n%s", at, err, diff)
				}
			}
			if now, before := w.statuses(asOf, ids), w.statuses(asOf.Add(-90*time.Hour), ids); len(now) < 700 || cmp.Equal(now, before) || len(before) < 20 {
				t.Errorf("%d orders are known now and %d before: too little to prove anything", len(now), len(before))
			}
		})
	}
}

// orderIDs are the ids of all orders, in the order in which they were made.
func (w *world) orderIDs() []string {
	var ids []string
	for _, r := range w.tables["orders_goms"] {
		if len(ids) == 0 || ids[len(ids)-1] != r.key {
			ids = append(ids, r.key)
		}
	}
	return ids
}

// orders fills the table with rows that say only what matters here.
func (db database) orders(t *testing.T, records ...record) {
	t.Helper()
	w := newWorld(1, 0)
	for _, r := range records {
		r.values = append(slices.Clone(r.values), "MANUAL_REVIEW", "AED", "1.00", "1.00", null)
		w.tables["orders_goms"] = append(w.tables["orders_goms"], r)
	}
	db.fill(t, w, false)
}

func statusRow(id, status string, created, updated time.Time) record {
	return record{key: id, values: []string{status}, created: created, updated: updated}
}

// F78: an id is data, in whatever clothes it comes.
func TestHostileIDsAreData(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	ids := []string{
		"0012", "12", "1E5", "100000", "-1", "NULL", "null", "true", "2026-02-17", "O'Brien", "''", `"`, `\`, `\'`, `a\`, "$1", "$2", ":ids", "$$", "?", "%", "_",
		"'); DROP TABLE orders_goms; --", "' OR '1'='1", `\' OR 1=1 --`, "x' UNION SELECT 1 --", "/*", "--", ";", "a,b", "{a}", "(1)", "ARRAY[1]", "é", "e\u0301",
		"İ", "AE1", "ae1", "AE1 ", " AE1", "🙂", "\u202eAE1", "A\u00a01", "A\nB", "A\tB", "\ufeffAE1", strings.Repeat("x", 64), strings.Repeat("é", 64), "E'\\x41'", "U&'\\0041'",
	}
	want, records := map[string]string{}, []record{}
	for i, id := range ids {
		want[id] = fmt.Sprintf("STATUS_%d", i)
		records = append(records, statusRow(id, want[id], asOf.Add(-time.Hour), time.Time{}))
	}
	db.orders(t, records...)
	for name, asked := range map[string][]string{
		"all": ids, "with what no warehouse can hold": slices.Concat([]string{"\x00", "A\x00", "\xff", strings.Repeat("x", 65), ""}, ids),
	} {
		got, err := db.open(t, "").Statuses(t.Context(), asOf, asked)
		if diff := cmp.Diff(want, got.ByID); diff != "" || err != nil {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
	for _, id := range ids {
		got, err := db.open(t, "").Statuses(t.Context(), asOf, []string{id})
		if diff := cmp.Diff(map[string]string{id: want[id]}, got.ByID); diff != "" || err != nil {
			t.Errorf("%q alone: %v %s", id, err, diff)
		}
	}
}

// Rows of one order that disagree: the latest counts; where nothing tells which is later, the order has not ended.
func TestTheLatestRowCounts(t *testing.T) {
	t.Parallel()
	early, late := asOf.Add(-9*time.Hour), asOf.Add(-3*time.Hour)
	db, never := newDatabase(t), time.Time{}
	db.orders(t,
		statusRow("updated", "PENDING", late, never), statusRow("updated", "COMPLETED", early, late.Add(time.Microsecond)),
		statusRow("created", "COMPLETED", early, early), statusRow("created", "PENDING", late, never),
		statusRow("later made", "PENDING", early, late), statusRow("later made", "COMPLETED", early.Add(time.Second), late),
		statusRow("equal", "COMPLETED", early, late), statusRow("equal", "PENDING", early, late), statusRow("equal", "CANCELLED", early, late),
		statusRow("not yet", "PENDING", early, never), statusRow("not yet", "COMPLETED", early, asOf.Add(time.Microsecond)),
		statusRow("just now", "PENDING", early, never), statusRow("just now", "COMPLETED", early, asOf),
		statusRow("future only", "COMPLETED", early, asOf.Add(time.Second)), statusRow("ancient", "EXPIRED", asOf.AddDate(-3, 0, 0), never),
	)
	want := map[string]string{
		"updated": "COMPLETED", "created": "PENDING", "later made": "COMPLETED", "equal": "PENDING", "not yet": "PENDING", "just now": "COMPLETED",
		"ancient": "EXPIRED",
	}
	got, err := db.open(t, "").Statuses(t.Context(), asOf, []string{"updated", "created", "later made", "equal", "not yet", "just now", "future only", "ancient"})
	if diff := cmp.Diff(want, got.ByID); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
}

// F65: how new the data is must be told even where no order is found.
func TestNewestOrderIsToldWithoutAnyHit(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	ask := func() ecm.Statuses {
		t.Helper()
		got, err := db.open(t, "").Statuses(t.Context(), asOf, []string{"nobody's"})
		if err != nil || len(got.ByID) != 0 || got.Asked != 1 {
			t.Errorf("got %+v, %v", got, err)
		}
		return got
	}
	if got := ask(); !got.Newest.IsZero() {
		t.Errorf("an empty warehouse has a newest order of %v", got.Newest)
	}
	newest := asOf.Add(-5*time.Minute + 123456*time.Microsecond)
	db.orders(t, statusRow("A1", "CREATED", newest, asOf), statusRow("A2", "PENDING", newest.Add(-time.Hour), asOf), statusRow("A3", "PENDING", asOf.AddDate(1, 0, 0), time.Time{}))
	if got := ask(); !got.Newest.Equal(newest) {
		t.Errorf("the newest order is of %v, want %v", got.Newest, newest)
	}
}

// The people's own file may ask the server for the time, and need not tell how new the data is.
func TestPeoplesOwnStatusQuery(t *testing.T) {
	t.Parallel()
	db, w := newDatabase(t), newWorld(31, 600)
	db.fill(t, w, false)
	execute(t, db.admin, fmt.Sprintf("ALTER DATABASE %s SET world.now TO '%s'", db.name, stamp(asOf.Add(-30*time.Hour))))
	redshift := db.openStatus(t, `
		-- mine: not :ids, not $7; ours
		SELECT o.order_id, MIN(o.status) AS "Order Status", COUNT(*) AS copies
		FROM orders_goms o /* :ids */
		WHERE order_id IN (:ids) AND created_at < GETDATE()
		GROUP BY order_id HAVING MIN(o.status) = MAX(o.status) AND ':ids' <> '' ;`)
	got, err := redshift.Statuses(t.Context(), asOf, w.orderIDs())
	if err != nil || len(got.ByID) < 100 || !got.Newest.IsZero() || got.Source != "own query" {
		t.Errorf("%d orders, newest %v, %v", len(got.ByID), got.Newest, err)
	}
	for id, status := range got.ByID {
		if !slices.ContainsFunc(w.all("orders_goms", id), func(r record) bool { return r.values[0] == status }) {
			t.Errorf("%q is %s, which none of its rows says", id, status)
		}
	}
}

func TestFaultsOfAStatusQuery(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	db.orders(t, statusRow("A1", "PENDING", asOf, time.Time{}), statusRow("A1", "COMPLETED", asOf, time.Time{}))
	tests := map[string]struct{ query, want string }{
		"contradicts itself": {"SELECT order_id, status AS order_status FROM orders_goms WHERE order_id IN (:ids) ORDER BY 2", `"A1" is both "COMPLETED" and "PENDING"`},
		"writes":             {"DELETE FROM orders_goms WHERE order_id IN (:ids) RETURNING order_id, status AS order_status", "own query"},
		"column gone":        {"SELECT order_id, state AS order_status FROM orders_goms WHERE order_id IN (:ids)", "column's name"},
		"column not given":   {"SELECT order_id FROM orders_goms WHERE order_id IN (:ids)", "no column order_status"},
		"ids in no list":     {"SELECT order_id, status AS order_status FROM orders_goms WHERE order_id = :ids", "own query"},
		"a time in words":    {"SELECT order_id, 'X' AS order_status, 'noon' AS newest_order_at FROM orders_goms WHERE order_id IN (:ids)", `"noon" is not a time`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := db.openStatus(t, tt.query).Statuses(t.Context(), asOf, []string{"A1", "A2"})
			wantNoStatuses(t, name, got, err, ecm.Permanent, tt.want)
		})
	}
}

// F68: the server gives up before the caller does, and says that it was its own timeout.
func TestSlowStatusQueryEndsBeforeTheDeadline(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	got, err := db.openStatus(t, "SELECT pg_sleep(60) AS order_id, 'X' AS order_status WHERE 'A1' IN (:ids)").Statuses(ctx, asOf, []string{"A1"})
	wantNoStatuses(t, "slow", got, err, ecm.Retryable, "statement timeout")
}

// F77: a changed table is found before a run needs it.
func TestCheckPreparesTheStatusQuery(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	checks := db.open(t, "").Check(t.Context())
	want := ecm.Check{
		Name: "warehouse: status query", OK: true,
		Detail: "embedded ecm-order-status.sql gives 3 columns: order_id, order_status, newest_order_at",
	}
	if diff := cmp.Diff(want, checks[len(checks)-1]); diff != "" {
		t.Error(diff)
	}
	checks = db.openStatus(t, "SELECT order_id, state AS order_status FROM orders_goms WHERE order_id IN (:ids)").Check(t.Context())
	if last := checks[len(checks)-1]; last.OK || !strings.Contains(last.Detail, "own query") || !strings.Contains(last.Mend, "column's name") {
		t.Errorf("got %+v; want it to name the query and what to do", last)
	}
}
