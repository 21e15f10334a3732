package ledger_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
	"pi-manager/internal/ledger/ledgertest"
)

func sound() ledger.RowText {
	return ledger.RowText{
		OrderID: "0012345", Agent: "ana@example.com", Status: "OPEN", Priority: "P2", Currency: "AED", Amount: "12345.67", Hours: "37.5",
		Diagnosis: "refund_triggered", Notes: " mine; é ", RunID: "triage/2026-02-17T12:00",
	}
}

func TestReadableRows(t *testing.T) {
	t.Parallel()
	plain := ledgertest.Row("0012345", "ana@example.com")
	plain.AssignedAt, plain.Notes = time.Time{}, " mine; é "
	for name, test := range map[string]struct {
		text func(*ledger.RowText)
		want func(*ecm.Assignment)
	}{
		"as we write it":        {func(*ledger.RowText) {}, func(*ecm.Assignment) {}},
		"a person's own status": {func(r *ledger.RowText) { r.Status = " in progress " }, func(a *ecm.Assignment) { a.Status, a.Word = ecm.InProgress, " in progress " }},
		"a status in lower case": {
			func(r *ledger.RowText) { r.Status = "open" },
			func(a *ecm.Assignment) { a.Word = "open" },
		},
		"blanks and case elsewhere": {func(r *ledger.RowText) {
			r.Priority, r.Currency, r.Amount, r.Hours = " p2 ", " aed ", " 12345.670 ", " 37.50 "
		}, func(*ecm.Assignment) {}},
		"free words":     {func(r *ledger.RowText) { r.Diagnosis, r.RunID = "", "" }, func(a *ecm.Assignment) { a.Diagnosis, a.RunID = "", "" }},
		"a long amount":  {func(r *ledger.RowText) { r.Amount = "-0.00000001" }, func(a *ecm.Assignment) { a.Send.Amount = decimal.New(-1, -8) }},
		"a century":      {func(r *ledger.RowText) { r.Hours = "876000" }, func(a *ecm.Assignment) { a.Stuck = 876_000 * time.Hour }},
		"blanks in mail": {func(r *ledger.RowText) { r.Agent = " Ana@example.com " }, func(a *ecm.Assignment) { a.Agent = " Ana@example.com " }},
	} {
		text, want := sound(), plain
		test.text(&text)
		test.want(&want)
		got, reason := text.Assignment()
		if reason != "" {
			t.Errorf("%s: unreadable, %s", name, reason)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if got := ledger.StatusCell(got); got != text.Status {
			t.Errorf("%s: its status would be written %q, and %q was read", name, got, text.Status)
		}
	}
}

// F54: what makes no sense is set aside with a short reason, and still takes its agent's slot.
func TestUnreadableRows(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		cell   func(*ledger.RowText) *string
		text   string
		reason string
	}{
		{func(r *ledger.RowText) *string { return &r.OrderID }, "", "no order id"},
		{func(r *ledger.RowText) *string { return &r.OrderID }, " \t", "no order id"},
		{func(r *ledger.RowText) *string { return &r.OrderID }, "A1 ", `the order id "A1 " has blanks around it`},
		{func(r *ledger.RowText) *string { return &r.Agent }, " ", "no agent"},
		{func(r *ledger.RowText) *string { return &r.Status }, "", `status "" is none of`},
		{func(r *ledger.RowText) *string { return &r.Status }, "waiting for bank", `status "waiting for bank" is none of`},
		{func(r *ledger.RowText) *string { return &r.Status }, "DONE", `status "DONE" is none of`},
		{func(r *ledger.RowText) *string { return &r.Priority }, "urgent", `priority "urgent" is none of P1, P2, P3, P4`},
		{func(r *ledger.RowText) *string { return &r.Priority }, "P5", `priority "P5"`},
		{func(r *ledger.RowText) *string { return &r.Amount }, "", `amount ""`},
		{func(r *ledger.RowText) *string { return &r.Amount }, "12,345.67", `amount "12,345.67" is not a plain decimal number`},
		{func(r *ledger.RowText) *string { return &r.Amount }, "1e5", `amount "1e5"`},
		{func(r *ledger.RowText) *string { return &r.Amount }, strings.Repeat("9", 5000), `amount "999`},
		{func(r *ledger.RowText) *string { return &r.Currency }, "dirham", `currency "dirham" is not a three-letter code`},
		{func(r *ledger.RowText) *string { return &r.Currency }, "", `currency ""`},
		{func(r *ledger.RowText) *string { return &r.Hours }, "long", `hours stuck "long" is not a number of hours`},
		{func(r *ledger.RowText) *string { return &r.Hours }, "NaN", `hours stuck "NaN"`},
		{func(r *ledger.RowText) *string { return &r.Hours }, "-0.1", `hours stuck "-0.1"`},
		{func(r *ledger.RowText) *string { return &r.Hours }, "876000.1", `hours stuck "876000.1"`},
		{func(r *ledger.RowText) *string { return &r.Hours }, "99999999999999999999", `hours stuck "99999999999999999999"`},
	} {
		row := sound()
		*test.cell(&row) = test.text
		a, reason := row.Assignment()
		if !strings.HasPrefix(reason, test.reason) || len(reason) > 200 {
			t.Errorf("%.40q: reason %q, want %q", test.text, reason, test.reason)
		}
		if working := !strings.HasPrefix(test.reason, "status"); a.Status.Working() != working || a.Agent != row.Agent {
			t.Errorf("%.40q: %+v; it takes a slot: want %v", test.text, a, working)
		}
	}
}

func TestSameRow(t *testing.T) {
	t.Parallel()
	row := ledgertest.Row("A1", "ana@example.com")
	row.ResolvedAt = row.AssignedAt
	for name, test := range map[string]struct {
		hand func(*ecm.Assignment)
		same bool
	}{
		"nothing":                  {func(*ecm.Assignment) {}, true},
		"where it stands":          {func(a *ecm.Assignment) { a.Row = 7 }, true},
		"the amount's zeros":       {func(a *ecm.Assignment) { a.Send.Amount = decimal.RequireFromString("12345.6700") }, true},
		"less than a second":       {func(a *ecm.Assignment) { a.AssignedAt = a.AssignedAt.Add(time.Second - 1) }, true},
		"another zone":             {func(a *ecm.Assignment) { a.ResolvedAt = a.ResolvedAt.In(time.FixedZone("Dubai", 4*60*60)) }, true},
		"less than a tenth's hour": {func(a *ecm.Assignment) { a.Stuck += time.Minute }, true},
		"order":                    {func(a *ecm.Assignment) { a.OrderID = "a1" }, false},
		"agent":                    {func(a *ecm.Assignment) { a.Agent += " " }, false},
		"assigned at":              {func(a *ecm.Assignment) { a.AssignedAt = time.Time{} }, false},
		"status":                   {func(a *ecm.Assignment) { a.Status = ecm.Escalated }, false},
		"word":                     {func(a *ecm.Assignment) { a.Word = "open" }, false},
		"priority":                 {func(a *ecm.Assignment) { a.Priority = ecm.P1 }, false},
		"amount":                   {func(a *ecm.Assignment) { a.Send.Amount = decimal.RequireFromString("12345.671") }, false},
		"currency":                 {func(a *ecm.Assignment) { a.Send.Currency = "GBP" }, false},
		"hours":                    {func(a *ecm.Assignment) { a.Stuck += 6 * time.Minute }, false},
		"diagnosis":                {func(a *ecm.Assignment) { a.Diagnosis = "" }, false},
		"notes":                    {func(a *ecm.Assignment) { a.Notes = " " }, false},
		"resolved at":              {func(a *ecm.Assignment) { a.ResolvedAt = a.ResolvedAt.Add(time.Second) }, false},
		"run":                      {func(a *ecm.Assignment) { a.RunID = "" }, false},
	} {
		other := row
		test.hand(&other)
		if got := ledger.SameRow(row, other); got != test.same || ledger.SameRow(other, row) != got {
			t.Errorf("%s: same %v, want %v", name, got, test.same)
		}
		if marks := row.Mark() == other.Mark(); marks != test.same {
			t.Errorf("%s: same mark %v, want %v", name, marks, test.same)
		}
	}
}
