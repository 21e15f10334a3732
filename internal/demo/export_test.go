package demo_test

import (
	"bytes"
	"encoding/csv"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

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
