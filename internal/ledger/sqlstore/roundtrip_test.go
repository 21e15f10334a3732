package sqlstore_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger/ledgertest"
)

// F50, F52: whatever a row holds comes back as it was, to the last digit and byte.
func TestAnyRowComesBack(t *testing.T) {
	everywhere(t, func(t *testing.T, place func() string) {
		rapid.Check(t, func(r *rapid.T) {
			place := place()
			row := rapid.Custom(func(r *rapid.T) ecm.Assignment { return anyRow(r, textFor(place)) })
			rows := rapid.SliceOfNDistinct(row, 1, 20, func(a ecm.Assignment) string { return a.OrderID }).Draw(r, "rows")
			store, err := openPlace(r.Context(), place)
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
	})
}

// textFor is any text that a place can hold: PostgreSQL has no zero byte.
func textFor(place string) *rapid.Generator[string] {
	if strings.HasPrefix(place, onServer) {
		return rapid.String().Filter(func(text string) bool { return !strings.ContainsRune(text, 0) })
	}
	return rapid.String()
}

func anyRow(t *rapid.T, text *rapid.Generator[string]) ecm.Assignment {
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
