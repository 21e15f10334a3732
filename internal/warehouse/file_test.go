package warehouse_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pi-manager/internal/ecm"
	"pi-manager/internal/warehouse"
)

const csvHeader = "order_id,sub_state,currency_from,send_amount,created_at,note\n"

// put writes a file and gives its path.
func put(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// The same three orders in each format, told by extension or by the first character.
func TestFileFormats(t *testing.T) {
	t.Parallel()
	const (
		csv = csvHeader + "0012,MANUAL_REVIEW,AED,12.50,2026-02-16 03:00:00,\n" +
			"\"A,\"\"2\",REFUND_TRIGGERED,GBP,3,2026-02-15,\"two\nlines\"\n\n" +
			"1E5,TRIGGER_REFUND,EUR,0.10,2026-02-14T07:00:00+04:00,🙂\n"
		json = `{"order_id":"0012","sub_state":"MANUAL_REVIEW","currency_from":"AED","send_amount":12.50,"created_at":"2026-02-16 03:00:00"}` + "\n" +
			`{"order_id":"A,\"2","sub_state":"REFUND_TRIGGERED","currency_from":"GBP","send_amount":3,"created_at":"2026-02-15","note":"two\nlines"}` + "\n\n" +
			`{"note":"🙂","created_at":"2026-02-14T07:00:00+04:00","send_amount":"0.10","currency_from":"EUR","sub_state":"TRIGGER_REFUND","Order ID":"1E5"}`
	)
	want := [][]string{
		{"0012", "MANUAL_REVIEW", "AED", "12.50", "2026-02-16 03:00:00", ""},
		{`A,"2`, "REFUND_TRIGGERED", "GBP", "3", "2026-02-15", "two\nlines"},
		{"1E5", "TRIGGER_REFUND", "EUR", "0.10", "2026-02-14T07:00:00+04:00", "🙂"},
	}
	files := map[string]string{
		"orders.csv": csv, "ORDERS.CSV": csv, "bom.csv": "\ufeff" + csv, "crlf.csv": strings.ReplaceAll(csv, "\n", "\r\n"),
		"orders.txt": csv, "orders": json, "orders.jsonl": json, "orders.ndjson": "\ufeff" + json, "spaces.jsonl": "\n  " + strings.ReplaceAll(json, "\n", " \r\n"),
	}
	for name, text := range files {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := put(t, name, text)
			pending, err := warehouse.NewFile(path).Pending(t.Context(), asOf, enough)
			if err != nil {
				t.Fatal(err)
			}
			var facts [][]string
			for _, order := range pending.Orders {
				facts = append(facts, order.Facts)
			}
			if name == "crlf.csv" {
				want := slices.Clone(want) // CSV cannot tell the line breaks of a value from its own
				want[1] = slices.Concat(want[1][:5], []string{"two\nlines"})
			}
			if diff := cmp.Diff(want, facts); diff != "" {
				t.Error(diff)
			}
			wantColumns := []string{"order_id", "sub_state", "currency_from", "send_amount", "created_at", "note"}
			if diff := cmp.Diff(wantColumns, pending.Columns); diff != "" || pending.SetAside != nil || pending.Source != path {
				t.Errorf("%s; set aside %v, source %s", diff, pending.SetAside, pending.Source)
			}
		})
	}
}

func TestFileWithoutOrders(t *testing.T) {
	t.Parallel()
	pending, err := warehouse.NewFile(put(t, "orders.csv", csvHeader)).Pending(t.Context(), asOf, enough)
	if err != nil || pending.Rows() != 0 || pending.Truncated {
		t.Errorf("got %+v, %v; a header alone is an empty list", pending, err)
	}
}

func TestFileFaults(t *testing.T) {
	t.Parallel()
	good := "A1,X,AED,1,2026-02-16,\n"
	tests := map[string]struct{ name, text, want string }{
		"empty":                 {"o.csv", "", "the file is empty"},
		"empty JSON lines":      {"o.jsonl", "", "the file is empty"},
		"BOM only":              {"o.csv", "\ufeff", "not even the names"},
		"blank lines only":      {"o.csv", "\n\n", "not even the names"},
		"no header":             {"o.csv", good, "no column order_id"},
		"UTF-16":                {"o.csv", "\xff\xfeo\x00r\x00d\x00", "no column order_id"},
		"gzip":                  {"o.csv", "\x1f\x8b\x08\x00", "compressed"},
		"workbook":              {"o.csv", "PK\x03\x04", "workbook"},
		"JSON array":            {"o.json", `[{"order_id":1}]`, "one object a line"},
		"column missing":        {"o.csv", "order_id,sub_state,send_amount,created_at\n", "no column currency_from"},
		"column missing (JSON)": {"o.jsonl", `{"order_id":"1"}`, "no column sub_state"},
		"column twice":          {"o.csv", "Order ID," + csvHeader, `"order_id" is there twice`},
		"open quote":            {"o.csv", csvHeader + good + "\"A2,X,AED,1,2026-02-16,\n" + good, "quote"},
		"quote inside":          {"o.csv", csvHeader + good + "A\"2,X,AED,1,2026-02-16,\n", "line 3"},
		"endless line":          {"o.csv", csvHeader + strings.Repeat("x", 2<<20), "a line has more than 1048576 bytes"},                  // F112
		"endless line (JSON)":   {"o.jsonl", `{"a":"` + strings.Repeat("x", 2<<20) + `"}`, "a line has more than 1048576 bytes"},          // F112
		"huge":                  {"o.csv", csvHeader + strings.Repeat(strings.Repeat("x", 1<<20-1)+"\n", 65), "more than 67108864 bytes"}, // F112
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := put(t, tt.name, tt.text)
			pending, err := warehouse.NewFile(path).Pending(t.Context(), asOf, enough)
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), path) || ecm.ClassOf(err) != ecm.Permanent {
				t.Errorf("got %v (class %d), want a permanent failure that names the file and says %q", err, ecm.ClassOf(err), tt.want)
			}
			if pending.Rows() != 0 {
				t.Errorf("%d rows came back with the error", pending.Rows())
			}
		})
	}
}

func TestFileThatCannotBeOpened(t *testing.T) {
	t.Parallel()
	for _, path := range []string{filepath.Join(t.TempDir(), "nowhere.csv"), t.TempDir()} {
		_, err := warehouse.NewFile(path).Pending(t.Context(), asOf, enough)
		if err == nil || ecm.ClassOf(err) != ecm.Permanent || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: got %v", path, err)
		}
		if checks := warehouse.NewFile(path).Check(t.Context()); len(checks) != 1 || checks[0].OK || !strings.Contains(checks[0].Detail, path) {
			t.Errorf("%s: check says %+v", path, checks)
		}
	}
}

func TestRowsOfAFileThatAreSetAside(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 65_536)
	pending, err := warehouse.NewFile(put(t, "o.csv", csvHeader+
		"A1,X,AED\n"+
		"A2,X,AED,1,2026-02-16,fine,more\n"+
		long+",X,AED,1,2026-02-16,\n"+
		"A4,X,AED,1,2026-02-16,caf\xe9\n"+
		"A5,X,AED,1,2026-02-16,fine\n")).Pending(t.Context(), asOf, enough)
	wantAside(t, pending, err, []ecm.SetAside{
		{Row: 1, Reason: ecm.UnreadableRow, Detail: "3 values for 6 columns"},
		{Row: 2, Reason: ecm.UnreadableRow, Detail: "7 values for 6 columns"},
		{Row: 3, Reason: ecm.UnreadableID, Detail: `"` + long[:40] + `" has 65536 bytes; an id has at most 64 characters`},
		{Row: 4, OrderID: "A4", Reason: ecm.UnreadableRow, Detail: `note is not UTF-8: "caf\xe9"`},
	})

	const order = `"sub_state":"X","currency_from":"AED","send_amount":1,"created_at":"2026-02-16"}`
	pending, err = warehouse.NewFile(put(t, "o.jsonl", strings.Join([]string{
		`{"order_id":"A1","tags":["a"],` + order,
		`{"order_id":"A2","deep":` + strings.Repeat(`{"a":`, 5000) + "1" + strings.Repeat("}", 5001), // F112
		`not json`,
		`["A4"]`,
		`{"order_id":"A5","Order_ID":"A6",` + order,
		"{\"order_id\":\"A\xff\"," + order,
		`{"order_id":"A7","note":"cut`,
		`{"order_id":"A8",` + order + ` {}`,
		`{"order_id":"A\ud8009",` + order,
		`{"order_id":null,` + order,
		`{"order_id":12345678901234567890,"vip":true,` + order,
	}, "\n"))).Pending(t.Context(), asOf, enough)
	wantAside(t, pending, err, []ecm.SetAside{
		{Row: 1, Reason: ecm.UnreadableRow, Detail: `line 1: "tags" holds a list or an object`},
		{Row: 2, Reason: ecm.UnreadableRow, Detail: `line 2: "deep" holds a list or an object`},
		{Row: 3, Reason: ecm.UnreadableRow, Detail: "line 3: not a JSON object"},
		{Row: 4, Reason: ecm.UnreadableRow, Detail: "line 4: not a JSON object"},
		{Row: 5, Reason: ecm.UnreadableRow, Detail: `line 5: "order_id" is there twice`},
		{Row: 6, Reason: ecm.UnreadableRow, Detail: "line 6: not UTF-8"},
		{Row: 7, Reason: ecm.UnreadableRow, Detail: "line 7: broken JSON"},
		{Row: 8, Reason: ecm.UnreadableRow, Detail: "line 8: something follows the object"},
		{Row: 9, Reason: ecm.UnreadableID, Detail: `"A�9" holds a character that cannot be seen`},
		{Row: 10, Reason: ecm.NoID},
	})
	if got := pending.Orders[0]; got.ID != "12345678901234567890" || !slices.Contains(got.Facts, "true") {
		t.Errorf("numbers and flags must stay as they are: %+v", got)
	}
}

// wantAside expects one good order beside the rows set aside.
func wantAside(t *testing.T, pending ecm.Pending, err error, want []ecm.SetAside) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, pending.SetAside); diff != "" || len(pending.Orders) != 1 {
		t.Errorf("%d orders; set aside: %s", len(pending.Orders), diff)
	}
}

func TestReadingAFileStopsAtTheLimit(t *testing.T) {
	t.Parallel()
	csv := csvHeader + strings.Repeat("A1,X,AED,1,2026-02-16,\n", 5)
	json := strings.Repeat(`{"order_id":"A1","sub_state":"X","currency_from":"AED","send_amount":1,"created_at":"2026-02-16"}`+"\n", 5)
	for name, text := range map[string]string{"o.csv": csv, "o.jsonl": json} {
		for limit, truncated := range map[int]bool{4: true, 5: false, 6: false} {
			pending, err := warehouse.NewFile(put(t, name, text)).Pending(t.Context(), asOf, limit)
			if err != nil || pending.Truncated != truncated || pending.Rows() != min(limit, 5) {
				t.Errorf("%s, limit %d: %d rows, truncated %v, %v", name, limit, pending.Rows(), pending.Truncated, err)
			}
		}
	}
}

func TestReadingAFileEndsWithItsCaller(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := warehouse.NewFile(put(t, "o.csv", csvHeader)).Pending(ctx, asOf, enough)
	if !errors.Is(err, context.Canceled) || ecm.ClassOf(err) != ecm.Retryable {
		t.Errorf("got %v (class %d), want the caller's own reason, retryable", err, ecm.ClassOf(err))
	}
}

func TestCheckOfAFileCountsWhatIsInIt(t *testing.T) {
	t.Parallel()
	path := put(t, "o.csv", csvHeader+"A1,X,AED,1,2026-02-16,\nA2\n")
	want := ecm.Check{Name: "warehouse: file", OK: true, Detail: path +
		" gives 6 columns: order_id, sub_state, currency_from, send_amount, created_at, note; orders: 1, unreadable rows: 1"}
	if diff := cmp.Diff(want, warehouse.NewFile(path).Check(t.Context())[0]); diff != "" {
		t.Error(diff)
	}
}

// FuzzFile: whatever a file holds, reading it ends without a panic, and every row is an order or set aside.
func FuzzFile(f *testing.F) {
	f.Add([]byte(csvHeader+"A1,X,AED,1,2026-02-16,\n"), "o.csv")
	f.Add([]byte(`{"order_id":"A1","sub_state":"X","currency_from":"AED","send_amount":1,"created_at":"2026-02-16"}`), "o.jsonl")
	f.Add([]byte("\ufeff{\"a\":1}\n{}\n[]"), "o")
	f.Fuzz(func(t *testing.T, text []byte, name string) {
		extension := filepath.Ext(name)
		if !slices.Contains([]string{".csv", ".jsonl", ".ndjson"}, extension) {
			extension = ""
		}
		pending, err := warehouse.NewFile(put(t, "o"+extension, string(text))).Pending(t.Context(), asOf, 100)
		if err != nil && ecm.ClassOf(err) != ecm.Permanent {
			t.Errorf("%v: class %d", err, ecm.ClassOf(err))
		}
		if lines := bytes.Count(text, []byte("\n")) + bytes.Count(text, []byte("\r")) + 1; pending.Rows() > lines {
			t.Errorf("%d rows out of %d lines", pending.Rows(), lines)
		}
		for _, order := range pending.Orders {
			if len(order.Facts) != len(pending.Columns) || !bytes.Contains(text, []byte(order.ID[:1])) && extension == ".csv" {
				t.Errorf("%+v out of %q", order, text)
			}
		}
	})
}
