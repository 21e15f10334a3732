package warehouse

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"pi-manager/internal/ecm"
)

var (
	noon    = time.Date(2026, 2, 17, 12, 0, 0, 0, time.UTC)
	columns = []string{"order_id", "order_status", "sub_state", "currency_from", "send_amount", "created_at", "note"}
)

// rowWith is a good row with one column changed.
func rowWith(column, value string) []string {
	row := []string{"AE136JLXUG00", "PENDING", "MANUAL_REVIEW", "AED", "1250.50", "2026-02-16 03:00:00", "a note"}
	row[slices.Index(columns, column)] = value
	return row
}

func readOne(t *testing.T, names, values []string) ecm.Pending {
	t.Helper()
	rows, err := newRows("test", names, noon)
	if err != nil {
		t.Fatal(err)
	}
	rows.add(values)
	return rows.pending
}

func TestGoodRow(t *testing.T) {
	t.Parallel()
	values := rowWith("note", "")
	got := readOne(t, columns, values)
	want := ecm.Pending{Source: "test", Columns: columns, Orders: []ecm.Order{{
		ID: "AE136JLXUG00", Status: "PENDING", SubState: "MANUAL_REVIEW", Row: 1, Facts: slices.Clone(values),
		Send:    ecm.Money{Amount: decimal.RequireFromString("1250.50"), Currency: "AED"},
		Created: time.Date(2026, 2, 16, 3, 0, 0, 0, time.UTC),
	}}}
	values[0] = "overwritten by the next row"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestValuesThatAreReadable(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"0012345", "1E5", "-1", "=1+1", "O'Brien", `a"b`, "a b", "a,b", "ae1", "AE1", "🙂", "'; DROP TABLE x;--", strings.Repeat("é", 64)} {
		if got := readOne(t, columns, rowWith("order_id", id)); len(got.Orders) != 1 || got.Orders[0].ID != id {
			t.Errorf("id %q: %+v", id, got)
		}
	}
	for text, want := range map[string]string{"0": "0", "-5.00": "-5", " 12.30 ": "12.3", "99999999999999999999999999999999999.99": "99999999999999999999999999999999999.99"} {
		got := readOne(t, columns, rowWith("send_amount", text))
		if len(got.Orders) != 1 || !got.Orders[0].Send.Amount.Equal(decimal.RequireFromString(want)) {
			t.Errorf("amount %q: %+v", text, got)
		}
	}
	for text, want := range map[string]time.Time{
		"2026-02-16 03:00:00.123456": time.Date(2026, 2, 16, 3, 0, 0, 123456000, time.UTC),
		"2026-02-16T07:00:00+04:00":  time.Date(2026, 2, 16, 3, 0, 0, 0, time.UTC),
		" 2026-02-16 07:00:00.5+04 ": time.Date(2026, 2, 16, 3, 0, 0, 5e8, time.UTC),
		"2026-02-16":                 time.Date(2026, 2, 16, 0, 0, 0, 0, time.UTC),
	} {
		if got := readOne(t, columns, rowWith("created_at", text)); len(got.Orders) != 1 || !got.Orders[0].Created.Equal(want) {
			t.Errorf("time %q: %+v", text, got)
		}
	}
	if got := readOne(t, columns, rowWith("currency_from", " aed ")); got.Orders[0].Send.Currency != "AED" || got.Orders[0].Facts[3] != "AED" {
		t.Errorf("currency: %+v; rules must see the same currency as the order has", got.Orders[0])
	}
}

// F76: what cannot be read is set aside with its reason, and nothing is dropped.
func TestRowsThatAreSetAside(t *testing.T) {
	t.Parallel()
	const good = "AE136JLXUG00"
	tests := []struct {
		column, value string
		id            string
		reason        ecm.SetAsideReason
		detail        string
	}{
		{"order_id", "", "", ecm.NoID, ""},
		{"order_id", " \t", "", ecm.NoID, ""},
		{"order_id", " AE1", " AE1", ecm.UnreadableID, `" AE1" has blanks around it`},
		{"order_id", "AE1 ", "AE1 ", ecm.UnreadableID, `"AE1 " has blanks around it`},
		{"order_id", "AE\x001", "", ecm.UnreadableID, `"AE\x001" holds a character that cannot be seen`},
		{"order_id", "AE\n1", "", ecm.UnreadableID, `"AE\n1" holds a character that cannot be seen`},
		{"order_id", "AE\u200b1", "", ecm.UnreadableID, `"AE\u200b1" holds a character that cannot be seen`}, // F112
		{"order_id", "AE\u202e1", "", ecm.UnreadableID, `"AE\u202e1" holds a character that cannot be seen`}, // F112
		{"order_id", "AE\ufffd1", "", ecm.UnreadableID, `"AE�1" holds a character that cannot be seen`},
		{"order_id", "AE\xff1", "", ecm.UnreadableID, `"AE\xff1" is not UTF-8`},
		{"order_id", strings.Repeat("x", 65), "", ecm.UnreadableID, `"` + strings.Repeat("x", 40) + `" has 65 bytes; an id has at most 64 characters`},
		{"order_id", strings.Repeat("x", 65_536), "", ecm.UnreadableID, `"` + strings.Repeat("x", 40) + `" has 65536 bytes; an id has at most 64 characters`},
		{"send_amount", "", good, ecm.UnreadableAmount, `""`},
		{"send_amount", "1,234.50", good, ecm.UnreadableAmount, `"1,234.50"`},
		{"send_amount", "NaN", good, ecm.UnreadableAmount, `"NaN"`},
		{"send_amount", "1e400", good, ecm.UnreadableAmount, `"1e400"`},
		{"send_amount", "1 234", good, ecm.UnreadableAmount, `"1 234"`},
		{"send_amount", "$5", good, ecm.UnreadableAmount, `"$5"`},
		{"created_at", "", good, ecm.UnreadableTime, `"" is not a time like 2006-01-02 15:04:05`},
		{"created_at", "16/02/2026", good, ecm.UnreadableTime, `"16/02/2026" is not a time like 2006-01-02 15:04:05`},
		{"created_at", "infinity", good, ecm.UnreadableTime, `"infinity" is not a time like 2006-01-02 15:04:05`},
		{"note", "caf\xe9", good, ecm.UnreadableRow, `note is not UTF-8: "caf\xe9"`},
		{"note", strings.Repeat("x", 65_536), good, ecm.UnreadableRow, "note has 65536 bytes, at most 65535 are read"}, // F112
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%s %.20q", tt.column, tt.value), func(t *testing.T) {
			t.Parallel()
			got := readOne(t, columns, rowWith(tt.column, tt.value))
			want := []ecm.SetAside{{Row: 1, OrderID: tt.id, Reason: tt.reason, Detail: tt.detail}}
			if diff := cmp.Diff(want, got.SetAside); diff != "" || got.Orders != nil {
				t.Errorf("%d orders; set aside: %s", len(got.Orders), diff)
			}
		})
	}
}

func TestRaggedRowsAreSetAside(t *testing.T) {
	t.Parallel()
	rows, err := newRows("test", columns, noon)
	if err != nil {
		t.Fatal(err)
	}
	rows.add(rowWith("note", "")[:6])
	rows.add(append(rowWith("note", ""), "more"))
	rows.add(rowWith("note", ""))
	want := []ecm.SetAside{
		{Row: 1, Reason: ecm.UnreadableRow, Detail: "6 values for 7 columns"},
		{Row: 2, Reason: ecm.UnreadableRow, Detail: "8 values for 7 columns"},
	}
	if diff := cmp.Diff(want, rows.pending.SetAside); diff != "" || rows.pending.Rows() != 3 || rows.pending.Orders[0].Row != 3 {
		t.Errorf("%d rows: %s", rows.pending.Rows(), diff)
	}
}

func TestHoursDiffCountsBackFromTheAsOfTime(t *testing.T) {
	t.Parallel()
	names := []string{"order_id", "sub_state", "currency_from", "send_amount", "hours_diff"}
	tests := map[string]time.Time{
		"12":      noon.Add(-12 * time.Hour),
		"37.5":    noon.Add(-37*time.Hour - 30*time.Minute),
		"0":       noon,
		"-2":      noon.Add(2 * time.Hour), // in the future: the planner's business
		" 1.25 ":  noon.Add(-75 * time.Minute),
		"1000000": noon.Add(-1_000_000 * time.Hour),
	}
	for text, want := range tests {
		got := readOne(t, names, []string{"A1", "X", "AED", "1", text})
		if len(got.Orders) != 1 || !got.Orders[0].Created.Equal(want) {
			t.Errorf("hours_diff %q: %+v, want created %v", text, got, want)
		}
	}
	for _, text := range []string{"", "1e3", "NaN", "Inf", "0x10", "1000001", "-1000001", "99999999999999999999999999", "12h"} {
		got := readOne(t, names, []string{"A1", "X", "AED", "1", text})
		if len(got.SetAside) != 1 || got.SetAside[0].Reason != ecm.UnreadableTime || !strings.Contains(got.SetAside[0].Detail, "hours_diff") {
			t.Errorf("hours_diff %q: %+v", text, got)
		}
	}
	both := append(slices.Clone(names), "created_at")
	if got := readOne(t, both, []string{"A1", "X", "AED", "1", "12", "2026-01-01"}); !got.Orders[0].Created.Equal(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("created_at is the better source: %+v", got.Orders[0])
	}
}

// F77: columns are found by name in any order; what is missing is named.
func TestHeader(t *testing.T) {
	t.Parallel()
	head, err := readHeader("test", []string{"note", " Send  Amount ", "HOURS_DIFF", "Sub_State", "currency from", "Order ID", "\u00a0Category"})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"note", "send_amount", "hours_diff", "sub_state", "currency_from", "order_id", "category"}
	if diff := cmp.Diff(want, head.names); diff != "" {
		t.Error(diff)
	}
	if got := []int{head.id, head.status, head.subState, head.currency, head.amount, head.created, head.hours}; !slices.Equal(got, []int{5, -1, 3, 4, 1, -1, 2}) {
		t.Errorf("positions %v", got)
	}
}

func TestHeaderFaults(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		names []string
		want  []string
	}{
		"nothing":         {nil, []string{"orders.csv: no column order_id, sub_state, currency_from, send_amount, created_at (or hours_diff)"}},
		"two missing":     {[]string{"order_id", "sub_state", "send_amount"}, []string{"no column currency_from, created_at (or hours_diff)", "order_id, sub_state, send_amount"}},
		"twice":           {append(slices.Clone(columns), "Order ID"), []string{`column "order_id" is there twice`}},
		"without name":    {append(slices.Clone(columns), " "), []string{"column 8 has no name"}},
		"several at once": {[]string{"order_id", "order_id", ""}, []string{"is there twice", "column 3 has no name", "no column sub_state"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := readHeader("orders.csv", tt.names)
			if err == nil || ecm.ClassOf(err) != ecm.Permanent {
				t.Fatalf("got %v, want a permanent failure", err)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%v lacks %q", err, want)
				}
			}
		})
	}
}

// FuzzRow: no row is lost, none is both an order and set aside, and no order has an id that a person cannot tell apart.
func FuzzRow(f *testing.F) {
	f.Add("AE1", "12.50", "2026-02-16 03:00:00", "12", "note")
	f.Add("", "1e400", "0000-00-00", "NaN", "\xff")
	f.Fuzz(func(t *testing.T, id, amount, created, hours, note string) {
		for _, last := range [][2]string{{"created_at", created}, {"hours_diff", hours}} {
			got := readOne(t, []string{"order_id", "sub_state", "currency_from", "send_amount", last[0], "note"},
				[]string{id, "MANUAL_REVIEW", "AED", amount, last[1], note})
			if got.Rows() != 1 || len(got.Orders) > 1 {
				t.Fatalf("one row became %d orders and %d set aside", len(got.Orders), len(got.SetAside))
			}
			for _, order := range got.Orders {
				if order.ID != id || !utf8.ValidString(note) || strings.TrimSpace(id) != id || len(id) > 4*maxIDLength || order.Created.IsZero() {
					t.Errorf("%q became the order %+v", id, order)
				}
			}
			for _, aside := range got.SetAside {
				if aside.Reason == "" || len(aside.Detail) > 600 || !utf8.ValidString(aside.Detail) {
					t.Errorf("set aside as %+v", aside)
				}
			}
		}
	})
}

func BenchmarkRow(b *testing.B) {
	names := strings.Fields("order_id order_status sub_state currency_from send_amount receive_amount created_at payment_acquirer payment_status " +
		"payment_attempts lulu_status lulu_client lulu_record falcon_transaction_id falcon_status payout_status payout_partner rfi_status rfi_modified_at " +
		"rda_status uae_manual_status checkout_status trm_hold")
	values := make([][]byte, len(names))
	for i, name := range names {
		values[i] = []byte(map[string]string{
			"order_id": "AE136JLXUG00", "sub_state": "FULFILLMENT_PENDING", "currency_from": "AED", "send_amount": "12500.50",
			"created_at": "2026-02-16 03:00:00", "order_status": "PROCESSING_DEAL_IN", "falcon_transaction_id": "F123456789",
		}[name])
	}
	rows, err := newRows("test", names, noon)
	if err != nil {
		b.Fatal(err)
	}
	var buffer rowText
	b.ReportAllocs()
	for b.Loop() {
		rows.add(buffer.split(values))
		rows.pending.Orders = rows.pending.Orders[:0]
	}
}
