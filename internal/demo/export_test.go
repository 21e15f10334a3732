package demo_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"pi-manager/internal/demo"
	"pi-manager/internal/ecm"
	"pi-manager/internal/warehouse"
)

// What the demo writes as a file and what tests take as values must be the same orders.
func TestTheWarehouseReadsTheExportAsPending(t *testing.T) {
	t.Parallel()
	w := demo.NewWorld(42, start(), usual)
	path := filepath.Join(t.TempDir(), "orders.csv")
	if err := os.WriteFile(path, w.CSV(), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := warehouse.NewFile(path).Pending(t.Context(), start(), usual)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(w.Pending(start()), got, cmpopts.IgnoreFields(ecm.Pending{}, "Source")); diff != "" {
		t.Errorf("(-values +file):\n%s", diff)
	}
}

// The world answers as our own query does: the same columns, ordered by id.
func TestTheExportHasTheColumnsOfOurQuery(t *testing.T) {
	t.Parallel()
	records, err := csv.NewReader(bytes.NewReader(demo.NewWorld(1, start(), usual).CSV())).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	query, err := os.ReadFile("../../queries/ecm-pending-list.sql")
	if err != nil {
		t.Fatal(err)
	}
	_, selected, _ := strings.Cut(string(query), "\nSELECT ")
	selected, _, _ = strings.Cut(selected, "\nFROM ")
	var want []string
	for _, name := range regexp.MustCompile(`(\w+),?\n`).FindAllStringSubmatch(selected+"\n", -1) {
		want = append(want, name[1])
	}
	if diff := cmp.Diff(slices.Sorted(slices.Values(want)), slices.Sorted(slices.Values(records[0]))); diff != "" {
		t.Errorf("columns (-query +export):\n%s", diff)
	}
	named := slices.DeleteFunc(records[1:], func(row []string) bool { return row[0] == "" })
	if !slices.IsSortedFunc(named, func(a, b []string) int { return strings.Compare(a[0], b[0]) }) {
		t.Error("the rows are not in the order of their ids")
	}
}

func TestPendingAtAnotherMoment(t *testing.T) {
	t.Parallel()
	w := demo.NewWorld(5, start(), usual)
	now := w.Pending(start()).Rows()
	for _, tt := range []struct {
		after    time.Duration
		min, max int
	}{
		{-24 * time.Hour, 200, now - 1}, // of today's orders, those that were old enough yesterday
		{24 * time.Hour, 300, now - 1},  // the oldest have left
		{31 * 24 * time.Hour, 1, 1},     // all but the one that was made in the future
	} {
		if got := w.Pending(start().Add(tt.after)).Rows(); got < tt.min || got > tt.max {
			t.Errorf("%v later: %d rows, want %d to %d", tt.after, got, tt.min, tt.max)
		}
	}
}

// A column that always moves with another one would make a dull world: of three acquirers and three statuses in the
// UAE, every pair occurs.
func TestFactsVaryByThemselves(t *testing.T) {
	t.Parallel()
	p := demo.NewWorld(1, start(), usual).Pending(start())
	status, acquirer := slices.Index(p.Columns, "order_status"), slices.Index(p.Columns, "payment_acquirer")
	pairs := map[[2]string]int{}
	for _, o := range p.Orders {
		if o.SubState == "MANUAL_REVIEW" || o.SubState == "AWAIT_EXTERNAL_ACTION" || strings.Contains(o.SubState, "REFUND") {
			if o.Send.Currency == "AED" {
				pairs[[2]string{o.Facts[status], o.Facts[acquirer]}]++
			}
		}
	}
	if len(pairs) != 9 {
		t.Errorf("%d pairs of order status and acquirer, want 3 x 3: %v", len(pairs), pairs)
	}
}

// What has become of the orders must fit what the list showed, however the days went; and the warehouse reads it.
func TestStatusesFitTheListsBefore(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "orders.csv")
	rapid.Check(t, func(t *rapid.T) {
		now := start()
		w := demo.NewWorld(rapid.Uint64().Draw(t, "seed"), now, rapid.IntRange(0, 200).Draw(t, "size"))
		ledger, ever := desk{rows: map[string]ecm.Assignment{}}, listed(t, w)
		for range rapid.IntRange(0, 8).Draw(t, "slots") {
			ledger.assign(w.Pending(now).Orders, now)
			to := now.Add(time.Duration(rapid.IntRange(1, 90*3600).Draw(t, "seconds")) * time.Second)
			ledger.apply(t, w.Advance(to, ledger.open()), now, to)
			now = to
			for id, row := range ever {
				row.status = "COMPLETED" // where the list does not say otherwise
				ever[id] = row
			}
			maps.Copy(ever, listed(t, w))
		}
		want := ecm.Statuses{Source: strings.Replace(path, "orders", "orders-status", 1), ByID: map[string]string{}, Newest: now}
		for id, row := range ever {
			if age := now.Sub(row.created); age >= 0 && age <= 30*24*time.Hour {
				want.ByID[id] = row.status
			}
		}
		want.Asked = len(ever)
		if err := os.WriteFile(want.Source, w.StatusCSV(), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := warehouse.NewFile(path).Statuses(context.Background(), now, slices.Collect(maps.Keys(ever)))
		if diff := cmp.Diff(want, got); (diff != "" || err != nil) && len(ever) > 0 {
			t.Errorf("%v (-lists +statuses):\n%s", err, diff)
		}
		checkRows(t, w.StatusCSV(), len(want.ByID)+1) // and the order that has just come in
	})
}

// listing is what a row of the list says of an order.
type listing struct {
	status  string
	created time.Time
}

// listed reads the list; of rows that a join repeated the first counts.
func listed(t *rapid.T, w *demo.World) map[string]listing {
	records, err := csv.NewReader(bytes.NewReader(w.CSV())).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	status, createdAt := slices.Index(records[0], "order_status"), slices.Index(records[0], "created_at")
	orders := map[string]listing{}
	for _, row := range slices.Backward(records[1:]) {
		created, err := ecm.ParseTime(row[createdAt])
		if err != nil {
			t.Fatal(err)
		}
		orders[row[0]] = listing{row[status], created}
	}
	delete(orders, "") // a row without an id tells of no order
	return orders
}

// checkRows wants so many orders, each once and in the order of their ids.
func checkRows(t *rapid.T, text []byte, orders int) {
	records, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil || len(records) != orders+1 {
		t.Errorf("%d rows for %d orders and a header: %v", len(records), orders, err)
	}
	for i := 2; i < len(records); i++ {
		if records[i-1][0] >= records[i][0] {
			t.Errorf("%s comes before %s", records[i-1][0], records[i][0])
		}
	}
}

// What the demo shows must be there: after a morning some orders have healed, some that agents resolved are noticed.
func TestHealedAndNoticedOrdersAreCompleted(t *testing.T) {
	t.Parallel()
	w, now := demo.NewWorld(42, start(), usual), start().Add(9*time.Hour)
	var open []ecm.Assignment
	for id := range ids(w, start()) {
		open = append(open, ecm.Assignment{OrderID: id, AssignedAt: start(), Status: ecm.Open})
	}
	events := w.Advance(now, open)
	w.Advance(now.Add(9*time.Hour), nil)
	text := string(w.StatusCSV())
	noticed, pending := 0, ids(w, now.Add(9*time.Hour))
	for _, e := range events {
		completed := strings.Contains(text, "\n"+e.OrderID+",COMPLETED,")
		if completed == pending[e.OrderID] {
			t.Errorf("%s, %s by an agent: completed %v, listed %v", e.OrderID, e.Status, completed, pending[e.OrderID])
		}
		if completed && e.Status == ecm.Resolved {
			noticed++
		}
	}
	for _, id := range w.Healed() {
		if !strings.Contains(text, "\n"+id+",COMPLETED,") {
			t.Errorf("%s healed, and its status does not say so", id)
		}
	}
	if len(w.Healed()) < 20 || noticed < 20 || strings.Count(text, ",COMPLETED,") < len(w.Healed())+noticed {
		t.Errorf("%d healed, %d noticed, %d are completed", len(w.Healed()), noticed, strings.Count(text, ",COMPLETED,"))
	}
}
