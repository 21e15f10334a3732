package policy_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"pi-manager/internal/ecm"
	"pi-manager/internal/policy"
)

// levels are the verdicts by check.
func levels(verdicts []ecm.Verdict) map[string]ecm.Level {
	by := map[string]ecm.Level{}
	for _, v := range verdicts {
		by[v.Check] = v.Level
	}
	return by
}

func count(aed, gbp, eur int) policy.Counted {
	return policy.Counted{Rows: aed + gbp + eur, ByCurrency: map[string]int{"AED": aed, "GBP": gbp, "EUR": eur}}
}

// Every bound of domain.md section 2.
func TestOrderCount(t *testing.T) {
	t.Parallel()
	g, strict := rules(t).Guardrails, rules(t, "stop_above: 2000, on_violation: warn", "stop_above: 2000, on_violation: stop").Guardrails
	for _, row := range []struct {
		rows           int
		want, strictly ecm.Level
	}{
		{0, ecm.LevelWarning, ecm.LevelStop},
		{1, ecm.LevelNotice, ecm.LevelNotice},
		{199, ecm.LevelNotice, ecm.LevelNotice},
		{200, ecm.LevelOK, ecm.LevelOK},
		{600, ecm.LevelOK, ecm.LevelOK},
		{601, ecm.LevelWarning, ecm.LevelStop},
		{2000, ecm.LevelWarning, ecm.LevelStop},
		{2001, ecm.LevelStop, ecm.LevelStop},
		{4_000_000, ecm.LevelStop, ecm.LevelStop},
	} {
		counted := policy.Counted{Rows: row.rows}
		if got := levels(g.Judge(counted))["order count"]; got != row.want {
			t.Errorf("%d: got %s, want %s", row.rows, got, row.want)
		}
		if got := levels(strict.Judge(counted))["order count"]; got != row.strictly {
			t.Errorf("%d, on_violation stop: got %s, want %s", row.rows, got, row.strictly)
		}
	}
	if got := g.Judge(policy.Counted{Rows: 300, Truncated: true})[0]; got.Level != ecm.LevelStop || got.Value != "300 or more" {
		t.Errorf("truncated: got %+v", got)
	}
}

func TestShares(t *testing.T) {
	t.Parallel()
	g := rules(t).Guardrails
	strict := rules(t, "warning_from: 1, on_violation: warn", "warning_from: 1, on_violation: stop", "warning_above: 0.80, on_violation: warn", "warning_above: 0.80, on_violation: stop").Guardrails
	for _, row := range []struct {
		counted        policy.Counted
		check          string
		want, strictly ecm.Level
	}{
		{count(500, 300, 200), "AED share", ecm.LevelOK, ecm.LevelOK},
		{count(499, 300, 201), "AED share", ecm.LevelNotice, ecm.LevelNotice},
		{count(700, 300, 0), "AED share", ecm.LevelOK, ecm.LevelOK},
		{count(701, 299, 0), "AED share", ecm.LevelNotice, ecm.LevelNotice},
		{count(999, 1, 0), "AED share", ecm.LevelNotice, ecm.LevelNotice},
		{count(1999, 0, 1), "AED share", ecm.LevelNotice, ecm.LevelNotice},
		{count(1000, 0, 0), "AED share", ecm.LevelWarning, ecm.LevelStop},
		{count(333, 0, 0), "AED share", ecm.LevelWarning, ecm.LevelStop},
		{count(0, 0, 300), "AED share", ecm.LevelNotice, ecm.LevelNotice},
		{count(600, 250, 150), "GBP share", ecm.LevelOK, ecm.LevelOK},
		{count(600, 249, 151), "GBP share", ecm.LevelNotice, ecm.LevelNotice},
		{count(600, 400, 0), "GBP share", ecm.LevelOK, ecm.LevelOK},
		{count(599, 401, 0), "GBP share", ecm.LevelNotice, ecm.LevelNotice},
		{count(200, 800, 0), "GBP share", ecm.LevelNotice, ecm.LevelNotice},
		{count(199, 801, 0), "GBP share", ecm.LevelWarning, ecm.LevelStop},
		{count(0, 300, 0), "GBP share", ecm.LevelWarning, ecm.LevelStop},
		{count(0, 300, 0), "AED share", ecm.LevelNotice, ecm.LevelNotice},
		{count(50, 0, 0), "AED share", ecm.LevelWarning, ecm.LevelStop},
		{count(49, 0, 0), "AED share", "", ""},
		{count(0, 0, 0), "AED share", "", ""},
		{count(0, 0, 300), "EUR share", "", ""}, // no such check
	} {
		if got := levels(g.Judge(row.counted))[row.check]; got != row.want {
			t.Errorf("%v, %s: got %q, want %q", row.counted.ByCurrency, row.check, got, row.want)
		}
		if got := levels(strict.Judge(row.counted))[row.check]; got != row.strictly {
			t.Errorf("%v, %s, on_violation stop: got %q, want %q", row.counted.ByCurrency, row.check, got, row.strictly)
		}
	}
}

// A share is of the readable orders: what was set aside has no currency to count.
func TestSharesAreOfReadableOrders(t *testing.T) {
	t.Parallel()
	counted := policy.Counted{Rows: 500, ByCurrency: map[string]int{"AED": 49}}
	if got := rules(t).Guardrails.Judge(counted); len(got) != 1 {
		t.Errorf("49 readable of 500: got %+v", got)
	}
	counted.ByCurrency["AED"] = 50
	if got := levels(rules(t).Guardrails.Judge(counted))["AED share"]; got != ecm.LevelWarning {
		t.Errorf("50 readable of 500: got %q", got)
	}
	always := rules(t, "min_orders_for_share: 50", "min_orders_for_share: 0").Guardrails
	if got := always.Judge(policy.Counted{Rows: 3}); len(got) != 1 {
		t.Errorf("no readable order at all: got %+v", got)
	}
	if got := levels(always.Judge(count(1, 0, 0)))["AED share"]; got != ecm.LevelWarning {
		t.Errorf("one order, asked from the first: got %q", got)
	}
}

// A query that ends in LIMIT n and gives exactly n rows may hide more.
func TestRowLimit(t *testing.T) {
	t.Parallel()
	g := rules(t).Guardrails
	for _, row := range []struct {
		rows, limit int
		want        ecm.Level
	}{{400, 400, ecm.LevelWarning}, {399, 400, ""}, {400, 0, ""}, {0, 0, ""}, {401, 400, ""}} {
		if got := levels(g.Judge(policy.Counted{Rows: row.rows, Limit: row.limit}))["row limit"]; got != row.want {
			t.Errorf("%d rows with LIMIT %d: got %q, want %q", row.rows, row.limit, got, row.want)
		}
	}
}

func TestReadLimit(t *testing.T) {
	t.Parallel()
	if got := rules(t).Guardrails.ReadLimit(); got != 2001 {
		t.Errorf("got %d, want one row more than 2000", got)
	}
	if got := rules(t, " stop_above: 2000,", "").Guardrails.ReadLimit(); got != math.MaxInt {
		t.Errorf("got %d, want no limit", got)
	}
}

func TestVerdictsInWords(t *testing.T) {
	t.Parallel()
	// EUR is not expected at all in this policy: its lowest and highest are the same.
	g := rules(t, "    GBP: { expected", "    EUR: { expected: [0, 0] }\n    GBP: { expected").Guardrails
	for _, row := range []struct {
		counted policy.Counted
		want    []ecm.Verdict
	}{
		{count(240, 160, 0), []ecm.Verdict{
			{Check: "order count", Value: "400", Level: ecm.LevelOK, Message: "400 orders, 200 to 600 expected"},
			{Check: "AED share", Value: "60.0 %", Level: ecm.LevelOK, Message: "60.0 % of 400 orders, 50.0 % to 70.0 % expected"},
			{Check: "EUR share", Value: "0.0 %", Level: ecm.LevelOK, Message: "0.0 % of 400 orders, 0.0 % to 0.0 % expected"},
			{Check: "GBP share", Value: "40.0 %", Level: ecm.LevelOK, Message: "40.0 % of 400 orders, 25.0 % to 40.0 % expected"},
		}},
		{count(40, 50, 10), []ecm.Verdict{
			{Check: "order count", Value: "100", Level: ecm.LevelNotice, Message: "100 orders: less than the 200 expected"},
			{Check: "AED share", Value: "40.0 %", Level: ecm.LevelNotice, Message: "40.0 % of 100 orders: less than the 50.0 % expected"},
			{Check: "EUR share", Value: "10.0 %", Level: ecm.LevelNotice, Message: "10.0 % of 100 orders: more than the 0.0 % expected"},
			{Check: "GBP share", Value: "50.0 %", Level: ecm.LevelNotice, Message: "50.0 % of 100 orders: more than the 40.0 % expected"},
		}},
		{count(700, 0, 0), []ecm.Verdict{
			{Check: "order count", Value: "700", Level: ecm.LevelWarning, Message: "700 orders: more than the 600 that can be right"},
			{Check: "AED share", Value: "100.0 %", Level: ecm.LevelWarning, Message: "100.0 % of 700 orders: it should stay below 100.0 %"},
			{Check: "EUR share", Value: "0.0 %", Level: ecm.LevelOK, Message: "0.0 % of 700 orders, 0.0 % to 0.0 % expected"},
			{Check: "GBP share", Value: "0.0 %", Level: ecm.LevelNotice, Message: "0.0 % of 700 orders: less than the 25.0 % expected"},
		}},
		{policy.Counted{Rows: 2500}, []ecm.Verdict{
			{Check: "order count", Value: "2500", Level: ecm.LevelStop, Message: "2500 orders: more than the 2000 above which nothing is assigned"},
		}},
		{policy.Counted{Rows: 2001, Truncated: true}, []ecm.Verdict{
			{Check: "order count", Value: "2001 or more", Level: ecm.LevelStop, Message: "2001 orders or more, reading stopped there: a filter of the query is probably missing"},
		}},
		{policy.Counted{}, []ecm.Verdict{
			{Check: "order count", Value: "0", Level: ecm.LevelWarning, Message: "no orders at all: the query or its feed is probably broken"},
		}},
		{policy.Counted{Rows: 300, Limit: 300}, []ecm.Verdict{
			{Check: "order count", Value: "300", Level: ecm.LevelOK, Message: "300 orders, 200 to 600 expected"},
			{Check: "row limit", Value: "300", Level: ecm.LevelWarning, Message: "exactly 300 rows, and the query ends in LIMIT 300: there may be more orders than these"},
		}},
	} {
		if diff := cmp.Diff(row.want, g.Judge(row.counted)); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", row.counted, diff)
		}
	}
}

func TestPercent(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		count, of int
		want      string
	}{{0, 0, "0.0 %"}, {0, 7, "0.0 %"}, {7, 7, "100.0 %"}, {1, 3, "33.3 %"}, {2, 3, "66.7 %"}, {1, 8, "12.5 %"}, {1, 2000, "0.1 %"}, {1, 2001, "0.0 %"}, {612, 1000, "61.2 %"}, {1999, 2000, "99.9 %"}, {2000, 2000, "100.0 %"}} {
		if got := policy.Percent(row.count, row.of); got != row.want {
			t.Errorf("%d of %d: got %s, want %s", row.count, row.of, got, row.want)
		}
	}
}

// The AED row of the table in whole numbers, for any mix.
func TestAEDShareOfAnyMix(t *testing.T) {
	t.Parallel()
	g := rules(t).Guardrails
	rapid.Check(t, func(t *rapid.T) {
		total := rapid.IntRange(0, 3000).Draw(t, "total")
		aed := rapid.IntRange(0, total).Draw(t, "aed")
		want := ecm.LevelNotice
		switch {
		case total < 50:
			want = ""
		case aed == total:
			want = ecm.LevelWarning
		case 2*aed >= total && 10*aed <= 7*total:
			want = ecm.LevelOK
		}
		if got := levels(g.Judge(count(aed, total-aed, 0)))["AED share"]; got != want {
			t.Fatalf("%d of %d: got %q, want %q", aed, total, got, want)
		}
	})
}
