package policy_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"pi-manager/internal/policy"
)

// anyFacts draws an order with the words that rules know and some that they do not.
func anyFacts() *rapid.Generator[facts] {
	words := map[string][]string{
		"order_status": {"PENDING", "FAILED", "PROCESSING_DEAL_IN"}, "sub_state": {"FULFILLMENT_PENDING", "MANUAL_REVIEW", "REFUND_TRIGGERED", "x"},
		"currency_from": {"AED", "GBP", "EUR"}, "send_amount": {"0", "99.99", "5000", "15000.01"}, "receive_amount": {"50000", "50000.01", "rubbish"},
		"payment_acquirer": {"CHECKOUT", "LEANTECH", "UAE_MANUAL"}, "payment_status": {"COMPLETED", "PENDING"}, "payment_attempts": {"1", "2", "3", "many"},
		"lulu_record": {"true", "false", "?"}, "lulu_status": {"CREATED", "PAYMENT_PENDING", "CREDITED", "CANCELLATION_COMPLETED"}, "lulu_client": {"LULU"},
		"falcon_transaction_id": {"F1"}, "falcon_status": {"FAILED"}, "payout_status": {"COMPLETED", "PROCESSING"}, "payout_partner": {"VANCE_RDA", "TANGOPE_V3", "VELTOPAYZ_V4", "OTHER"},
		"rfi_status": {"REQUESTED", "SUBMITTED", "REJECTED", "EXPIRED"}, "rfi_modified_at": {"2026-02-17 02:00:00", "2026-02-10 02:00:00", "soon"}, "rda_status": {"ONHOLD"},
		"uae_manual_status": {"RECONCILED"}, "trm_hold": {"true", "false"}, "category": {strings.Repeat("x", 2000)},
	}
	return rapid.Custom(func(t *rapid.T) facts {
		f := usual("")
		for _, column := range allColumns() {
			choices := words[column]
			if len(choices) > 0 && rapid.IntRange(0, 2).Draw(t, column+" is there") > 0 {
				f[column] = rapid.SampledFrom(choices).Draw(t, column)
			} else if column != "send_amount" && column != "order_id" {
				f[column] = ""
			}
		}
		return f
	})
}

// A judge remembers answers. What it says of an order must not depend on which orders it saw before.
func TestJudgeForgetsTheOrdersBefore(t *testing.T) {
	t.Parallel()
	p := rules(t)
	seasoned := newJudge(t, p, allColumns())
	rapid.Check(t, func(t *rapid.T) {
		order := anyFacts().Draw(t, "facts").order(t, allColumns())
		order.Created = asOf().Add(-time.Duration(rapid.IntRange(0, 100).Draw(t, "hours")) * time.Hour)
		want, wantErr := newJudge(t, p, allColumns()).Order(order)
		got, err := seasoned.Order(order)
		if (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error() {
			t.Fatalf("got %v, want %v", err, wantErr)
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(policy.Diagnosis{}, policy.Disqualification{})); diff != "" {
			t.Fatal(diff)
		}
	})
}

// A rule may read how long an order has been stuck: two orders that differ in nothing else get their own answers.
func TestRulesReadTheTime(t *testing.T) {
	t.Parallel()
	judge := newJudge(t, rules(t, `sub_state == "MANUAL_REVIEW"`, `sub_state == "FULFILLMENT_PENDING" and hours_stuck > 48`), allColumns())
	for _, row := range []struct {
		stuck time.Duration
		want  string
	}{{49 * time.Hour, "manual_review"}, {48 * time.Hour, "fulfillment_pending"}, {48*time.Hour + time.Second, "manual_review"}, {time.Hour, "fulfillment_pending"}} {
		order := usual("").order(t, allColumns())
		order.Created = asOf().Add(-row.stuck)
		if got, err := judge.Order(order); err != nil || got.Name != row.want {
			t.Errorf("%s: got %s, %v, want %s", row.stuck, got.Name, err, row.want)
		}
	}
}

// A null number is neither below, above nor equal to any, zero included; so it is unlike each of them.
func TestNullNumbers(t *testing.T) {
	t.Parallel()
	for rule, want := range map[string]bool{
		"payment_attempts < 2": false, "payment_attempts >= 0": false, "payment_attempts == 0": false, "payment_attempts in [0, 1]": false,
		"hours_since_rfi_modified_at < 24": false, "hours_since_rfi_modified_at >= 0": false, "payment_attempts != 2": true,
	} {
		judge := newJudge(t, rules(t, `sub_state == "MANUAL_REVIEW"`, rule), allColumns())
		got, err := judge.Order(usual("payment_attempts= rfi_modified_at=").order(t, allColumns()))
		if err != nil || (got.Name == "manual_review") != want {
			t.Errorf("%s: got %s, %v", rule, got.Name, err)
		}
	}
}

// F76: whatever text stands in the facts, the order is judged or named as the one at fault.
func FuzzJudge(f *testing.F) {
	p := rules(f)
	for _, seed := range []string{"", "true", "1e400", "\x00\xff", "2026-02-17", "\"]) or true or (\"", strings.Repeat("9", 400), "＋1"} {
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		judge := newJudge(t, p, allColumns())
		order := usual("currency_from=GBP").order(t, allColumns())
		for i := range order.Facts {
			order.Facts[i] = []string{a, b}[i%2]
		}
		order.SubState = a
		got, err := judge.Order(order)
		_, isFact := errors.AsType[*policy.FactError](err)
		switch {
		case err != nil && !isFact:
			t.Fatalf("%q, %q: %v", a, b, err)
		case err == nil && (got.Disqualified == nil) == (got.Diagnosis == nil):
			t.Fatalf("%q, %q: neither judged nor disqualified: %+v", a, b, got)
		}
	})
}

// Rules compare whole texts: what a fact holds is data, never part of the rule, and a key of one memory is not another's.
func TestFactsAreData(t *testing.T) {
	t.Parallel()
	judge := newJudge(t, rules(t), allColumns())
	for _, lulu := range []string{`CREDITED" or "" == "`, "CREDITED ", "credited", "LULUCREDITED", "\x00CREDITED"} {
		f := usual("lulu_client=LULU order_status=PROCESSING_DEAL_IN")
		f["lulu_status"] = lulu
		if got, err := judge.Order(f.order(t, allColumns())); err != nil || got.Name != "stuck_at_lulu" {
			t.Errorf("%q: got %s, %v", lulu, got.Name, err)
		}
	}
	for _, pair := range [][2]string{{"LULU", "CREDITED"}, {"LULUC", "REDITED"}, {"", "LULUCREDITED"}} {
		f := usual("order_status=PROCESSING_DEAL_IN")
		f["lulu_client"], f["lulu_status"] = pair[0], pair[1]
		want := "stuck_at_lulu"
		if pair[0] == "LULU" {
			want = "status_sync_issue"
		}
		if got, err := judge.Order(f.order(t, allColumns())); err != nil || got.Name != want {
			t.Errorf("%q: got %s, %v, want %s", pair, got.Name, err, want)
		}
	}
}

func TestExcludeMakesACopy(t *testing.T) {
	t.Parallel()
	p := rules(t, "excluded: []", "excluded: [Boss@Example.com]")
	with := p.Exclude([]string{" QA@example.com "})
	for _, row := range []struct {
		p     *policy.Policy
		email string
		want  bool
	}{
		{p, "boss@example.COM", true}, {p, "qa@example.com", false}, {with, "qa@EXAMPLE.com", true}, {with, "boss@example.com", true},
		{with, "a.qa@example.com", false}, {with, "", false},
	} {
		if got := row.p.Excluded(row.email); got != row.want {
			t.Errorf("%s: got %v", row.email, got)
		}
	}
	if !p.KnownCurrency("GBP") || p.KnownCurrency("USD") || p.KnownCurrency("") {
		t.Error("GBP is ours, USD and nothing are not")
	}
}
