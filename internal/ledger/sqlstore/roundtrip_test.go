package sqlstore_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger/ledgertest"
	"pi-manager/internal/ledger/sqlstore"
)

// F50, F52: whatever a row holds comes back as it was, to the last digit and byte.
func TestAnyRowComesBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		rows := rapid.SliceOfNDistinct(rapid.Custom(anyRow), 1, 20, func(a ecm.Assignment) string { return a.OrderID }).Draw(r, "rows")
		store, err := sqlstore.OpenSQLite(r.Context(), filepath.Join(t.TempDir(), "ledger.db"))
		if err != nil {
			r.Fatal(err)
		}
		defer store.Close()
		commit(t, store, ledgertest.Commit(0, "first", rows...))
		s := read(t, store)
		if diff := cmp.Diff(rows, s.Assignments, cmpopts.IgnoreFields(ecm.Assignment{}, "Row")); diff != "" {
			r.Fatalf("unreadable %+v, rows (-want +got):\n%s", s.Unreadable, diff)
		}
	})
}

func anyRow(t *rapid.T) ecm.Assignment {
	text := rapid.String()
	named := text.Filter(func(name string) bool { return strings.TrimSpace(name) != "" })
	second := rapid.Int64Range(0, 4_000_000_000)
	row := ecm.Assignment{
		OrderID:    named.Filter(func(id string) bool { return strings.TrimSpace(id) == id }).Draw(t, "order"),
		Agent:      named.Draw(t, "agent"),
		AssignedAt: time.Unix(second.Draw(t, "assigned"), 0).UTC(),
		Status:     rapid.SampledFrom([]ecm.Status{ecm.Open, ecm.InProgress, ecm.Escalated, ecm.Resolved}).Draw(t, "status"),
		Priority:   rapid.SampledFrom(ecm.Priorities[:]).Draw(t, "priority"),
		Send: ecm.Money{
			Amount:   decimal.New(rapid.Int64().Draw(t, "amount"), -rapid.Int32Range(0, 8).Draw(t, "decimals")),
			Currency: rapid.SampledFrom([]string{"AED", "GBP", "EUR"}).Draw(t, "currency"),
		},
		Stuck:     time.Duration(rapid.Int64Range(0, 10_000).Draw(t, "tenths of hours")) * 6 * time.Minute,
		Diagnosis: text.Draw(t, "diagnosis"),
		Notes:     text.Draw(t, "notes"),
	}
	if row.Status == ecm.Resolved {
		row.ResolvedAt = time.Unix(second.Draw(t, "resolved"), 0).UTC()
	}
	return row
}
