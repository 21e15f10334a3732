package warehouse_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pi-manager/internal/ecm"
	"pi-manager/internal/warehouse"
)

// beside writes the second export, and gives the path of the first, which need not be there.
func beside(t testing.TB, name, status, text string) string {
	t.Helper()
	return filepath.Join(filepath.Dir(put(t, status, text)), name)
}

func TestStatusesOfAFile(t *testing.T) {
	t.Parallel()
	const (
		csv  = "Order ID,order_status,note\n0012,COMPLETED,\n\"A,\"\"2\",PENDING,\"two\nlines\"\n\n1E5,,\nB1,X,\n,X,\n12,FAILED,\nA3,CANCELLED,\nA3,CANCELLED,\n"
		json = `{"order_id":"0012","order_status":"COMPLETED"}` + "\n" + `{"order_id":"A,\"2","order_status":"PENDING","note":"x"}` + "\n\n" +
			`{"order_id":"1E5","order_status":null}` + "\n" + `{"order_id":"B1","order_status":"X"}` + "\n" + `{"order_status":"X"}` + "\n" +
			`{"order_id":12,"Order Status":"FAILED"}` + "\n" + `{"order_status":"CANCELLED","order_id":"A3"}` + "\n" + `{"order_id":"A3","order_status":"CANCELLED"}`
	)
	for _, tt := range []struct{ pending, status, text string }{
		{"orders.csv", "orders-status.csv", csv}, {"ORDERS.CSV", "ORDERS-status.CSV", "\ufeff" + csv}, {"orders", "orders-status", csv},
		{"orders.2026.txt", "orders.2026-status.txt", json}, {"orders.jsonl", "orders-status.jsonl", json}, {"orders.ndjson", "orders-status.ndjson", json},
	} {
		t.Run(tt.pending, func(t *testing.T) {
			t.Parallel()
			path := beside(t, tt.pending, tt.status, tt.text)
			got, err := warehouse.NewFile(path).Statuses(t.Context(), asOf, []string{"0012", `A,"2`, "1E5", "A3", "nobody's", "", "0012", "\x00"})
			want := ecm.Statuses{
				Source: filepath.Join(filepath.Dir(path), tt.status), Asked: 6,
				ByID: map[string]string{"0012": "COMPLETED", `A,"2`: "PENDING", "A3": "CANCELLED"},
			}
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("%v %s", err, diff)
			}
		})
	}
}

// F65: how new an export is, its rows tell; those of other orders, too.
func TestAgeOfAStatusFile(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ text, want string }{
		"no time at all":        {"order_id,order_status\nA1,X\n", ""},
		"a column for it":       {"order_id,order_status,created_at,newest_order_at\nA1,X,2026-02-17 02:00:00,2026-02-16 01:00:00\nB1,X,,2026-02-16\n", "2026-02-16 01:00:00"},
		"creation":              {"order_id,order_status,updated_at,created_at\nA1,X,2026-02-17 01:00:00,2026-02-15\nB1,X,,2026-02-16 01:00:00\nB2,X,,\n", "2026-02-16 01:00:00"},
		"change":                {"order_id,order_status,updated_at\nA1,X,2026-02-15\nB1,X,2026-02-16T05:00:00+04:00\n", "2026-02-16 01:00:00"},
		"an order of next year": {"order_id,order_status,created_at\nB1,X,2027-02-16\nA1,X,2026-02-16 01:00:00\n", "2026-02-16 01:00:00"},
		"of the very moment":    {"order_id,order_status,created_at\nB1,X,2026-02-17 03:00:00\nB2,X,2026-02-17 03:00:01\n", "2026-02-17 03:00:00"},
		"no order has a time":   {"order_id,order_status,created_at\nA1,X,\n", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := warehouse.NewFile(beside(t, "o.csv", "o-status.csv", tt.text)).Statuses(t.Context(), asOf, []string{"A1"})
			text := ""
			if !got.Newest.IsZero() {
				text = got.Newest.Format(time.DateTime)
			}
			if err != nil || text != tt.want || got.Newest.Location() != time.UTC {
				t.Errorf("got %q, %v; want %q", text, err, tt.want)
			}
		})
	}
}

func TestFaultsOfAStatusFile(t *testing.T) {
	t.Parallel()
	const header = "order_id,order_status,created_at\n"
	tests := map[string]struct{ text, want string }{
		"empty":             {"", "the file is empty"},
		"no header":         {"A1,COMPLETED\n", "no column order_id, order_status"},
		"the wrong export":  {csvHeader, "no column order_status"},
		"workbook":          {"PK\x03\x04", "workbook"},
		"open quote":        {header + "A2,\"X,\n", "quote"},
		"row too short":     {header + "A1,X,\nA2\n", "row 2: 1 values for 3 columns"},
		"row too long":      {header + "B1,X,,more\n", "row 1: 4 values for 3 columns"},
		"says two things":   {header + "A1,PENDING,\nB1,X,\nA1,COMPLETED,\n", `order "A1" is both "PENDING" and "COMPLETED"`},
		"time of a sheet":   {header + "A1,X,\nB1,X,46070.5\n", `row 2: "46070.5" is not a time`},
		"endless line":      {header + strings.Repeat("x", 2<<20), "a line has more than"},                                // F112
		"more than orders":  {header + strings.Repeat("B1,X,\n", 200_001), "more than 200000 rows"},                       // F112
		"huge":              {header + strings.Repeat(strings.Repeat("x", 1<<20-1)+"\n", 65), "more than 67108864 bytes"}, // F112
		"a broken JSON row": {`{"order_id":"A1","order_status":"X"}` + "\n{", "line 2: the object does not end"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := "o-status.csv"
			if strings.HasPrefix(tt.text, "{") {
				file = "o-status.jsonl"
			}
			path := beside(t, "o"+filepath.Ext(file), file, tt.text)
			got, err := warehouse.NewFile(path).Statuses(t.Context(), asOf, []string{"A1"})
			wantNoStatuses(t, name, got, err, ecm.Permanent, tt.want)
			if err != nil && !strings.Contains(err.Error(), file) {
				t.Errorf("%v does not name the file", err)
			}
		})
	}
}

func TestStatusFileThatIsNotThere(t *testing.T) {
	t.Parallel()
	file := warehouse.NewFile(put(t, "o.csv", csvHeader))
	got, err := file.Statuses(t.Context(), asOf, []string{"A1"})
	wantNoStatuses(t, "missing", got, err, ecm.Permanent, "o-status.csv")
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "columns order_id and order_status") {
		t.Errorf("%v does not say what the file must hold", err)
	}
	if got, err := file.Statuses(t.Context(), asOf, []string{" "}); err != nil || got.Asked != 0 || got.ByID == nil {
		t.Errorf("a question about nobody: %+v, %v", got, err)
	}
	check := file.Check(t.Context())[1]
	if !check.OK || check.Name != "warehouse: status file" || !strings.Contains(check.Detail, "o-status.csv is not there") || !strings.Contains(check.Mend, "order_status") {
		t.Errorf("got %+v; triage does without the file, so it is no failure", check)
	}
}

func TestCheckOfAStatusFile(t *testing.T) {
	t.Parallel()
	path := put(t, "o.csv", csvHeader)
	status := strings.Replace(path, "o.csv", "o-status.csv", 1)
	for text, want := range map[string]ecm.Check{
		"order_id,order_status,created_at\nA1,X,2026-02-16\n": {OK: true, Detail: " gives 3 columns: order_id, order_status, created_at; rows: 1"},
		"order_id,order_status\n":                             {OK: true, Detail: " gives 2 columns: order_id, order_status; without newest_order_at a late feed goes unnoticed; rows: 0"},
		"order_id,state\n":                                    {Detail: `: no column order_status among "order_id, state"`},
	} {
		if err := os.WriteFile(status, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		check := warehouse.NewFile(path).Check(t.Context())[1]
		if check.Name != "warehouse: status file" || check.OK != want.OK || check.Detail != status+want.Detail {
			t.Errorf("%q: got %+v, want %+v", text, check, want)
		}
	}
}

func TestReadingAStatusFileEndsWithItsCaller(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	got, err := warehouse.NewFile(beside(t, "o.csv", "o-status.csv", "order_id,order_status\n")).Statuses(ctx, asOf, []string{"A1"})
	wantNoStatuses(t, "cancelled", got, err, ecm.Retryable, "")
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v hides the caller's own reason", err)
	}
}
