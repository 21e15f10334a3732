package policy_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"pi-manager/config"
	"pi-manager/internal/ecm"
	"pi-manager/internal/policy"
)

func asOf() time.Time { return time.Date(2026, 2, 17, 3, 0, 0, 0, time.UTC) }

// allColumns is what our own query returns.
func allColumns() []string {
	return []string{
		"order_id", "order_status", "sub_state", "currency_from", "send_amount", "receive_amount", "created_at", "payment_acquirer",
		"payment_status", "payment_attempts", "lulu_record", "lulu_status", "lulu_client", "falcon_transaction_id", "falcon_status",
		"payout_status", "payout_partner", "rfi_status", "rfi_modified_at", "rda_status", "uae_manual_status", "checkout_status", "trm_hold",
	}
}

// nineColumns is what the people's own file returns.
func nineColumns() []string {
	return []string{"order_id", "order_date", "order_status", "sub_state", "currency_from", "send_amount", "receive_amount", "hours_diff", "category"}
}

func without(columns []string, names ...string) []string {
	return slices.DeleteFunc(slices.Clone(columns), func(c string) bool { return slices.Contains(names, c) })
}

// facts are the columns of an order that are not null.
type facts map[string]string

// usual is an order that nothing speaks of yet: AED, paid, known at Lulu. The
// words are more facts: "lulu_status=CREDITED order_status=" (null).
func usual(words string) facts {
	f := facts{
		"order_id": "AE1", "order_status": "PENDING", "sub_state": "FULFILLMENT_PENDING", "currency_from": "AED", "send_amount": "50",
		"payment_status": "COMPLETED", "payment_attempts": "1", "lulu_record": "true",
	}
	for _, word := range strings.Fields(words) {
		name, value, _ := strings.Cut(word, "=")
		f[name] = value
	}
	return f
}

// order is the row of these facts, stuck for an hour.
func (f facts) order(t rapid.TB, columns []string) *ecm.Order {
	t.Helper()
	amount, err := decimal.NewFromString(f["send_amount"])
	if err != nil {
		t.Fatal(err)
	}
	o := &ecm.Order{
		ID: f["order_id"], Status: f["order_status"], SubState: f["sub_state"], Created: asOf().Add(-time.Hour),
		Send: ecm.Money{Amount: amount, Currency: f["currency_from"]},
	}
	for _, column := range columns {
		o.Facts = append(o.Facts, f[column])
	}
	return o
}

// rules is the built-in policy, with parts of its text replaced.
func rules(t testing.TB, replacements ...string) *policy.Policy {
	t.Helper()
	p, err := load(t, replacements...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func load(t testing.TB, replacements ...string) (*policy.Policy, error) {
	t.Helper()
	file, err := config.Read("", config.PolicyFile)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(replacements); i += 2 {
		if !strings.Contains(file.Text, replacements[i]) {
			t.Fatalf("the policy has no %q to replace", replacements[i])
		}
	}
	file.Text = strings.NewReplacer(replacements...).Replace(file.Text)
	return config.ParsePolicy(file)
}

func newJudge(t rapid.TB, p *policy.Policy, columns []string) *policy.Judge {
	t.Helper()
	j, err := p.Judge(columns, asOf())
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// judged is what a new judge says of one order.
func judged(t rapid.TB, p *policy.Policy, columns []string, o *ecm.Order) policy.Judgement {
	t.Helper()
	judgement, err := newJudge(t, p, columns).Order(o)
	if err != nil {
		t.Fatal(err)
	}
	return judgement
}
