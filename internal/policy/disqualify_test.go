package policy_test

import (
	"errors"
	"testing"

	"pi-manager/internal/policy"
)

// The second line behind the query: domain.md section 2, last paragraph.
func TestDisqualification(t *testing.T) {
	t.Parallel()
	p := rules(t)
	for _, row := range []struct{ facts, missing, want string }{
		{"", "", ""},
		{"payment_status=PENDING", "", "abandoned_payment"},
		{"payment_status=", "", "abandoned_payment"}, // null is not COMPLETED
		{"payment_status=FAILED currency_from=GBP", "", "abandoned_payment"},
		{"payment_status=PENDING falcon_transaction_id=F1", "", ""},
		{"payment_status=PENDING", "falcon_transaction_id", ""},
		{"payment_status=PENDING falcon_transaction_id=F1 payment_attempts=2", "", "retry_never_paid"},
		{"payment_status=PENDING falcon_transaction_id=F1 payment_attempts=3", "", "retry_never_paid"},
		{"payment_status=PENDING falcon_transaction_id=F1 payment_attempts=1", "", ""},
		{"payment_status=PENDING falcon_transaction_id=F1 payment_attempts=", "", ""},
		{"payment_status=COMPLETED payment_attempts=5", "", ""},
		{"payment_status=PENDING payment_attempts=2", "", "abandoned_payment"}, // both: the first wins
		{"lulu_record=false", "", "dead_order"},
		{"lulu_record=", "", "dead_order"}, // the query asked, and there is none
		{"lulu_record=f", "", "dead_order"},
		{"lulu_record=false currency_from=GBP", "", ""}, // Falcon creates it late
		{"lulu_record=false currency_from=EUR", "", ""},
		{"lulu_record=false", "lulu_record", ""},
		{"payment_status=PENDING lulu_record=false", "payment_status", "dead_order"},
	} {
		columns := without(allColumns(), row.missing)
		got := judged(t, p, columns, usual(row.facts).order(t, columns))
		name := ""
		if got.Disqualified != nil {
			name = got.Disqualified.Name
		}
		if name != row.want || (name == "") != (got.Diagnosis != nil) {
			t.Errorf("%s without %s: got %q, want %q", row.facts, row.missing, name, row.want)
		}
	}
}

// A fact that a rule reads and nobody can understand is that order's fault alone, by name and value.
func TestUnreadableFacts(t *testing.T) {
	t.Parallel()
	judge := newJudge(t, rules(t), allColumns())
	for words, want := range map[string]policy.FactError{
		"payment_attempts=two":                                         {Column: "payment_attempts", Value: "two"},
		"payment_attempts=1e3":                                         {Column: "payment_attempts", Value: "1e3"},
		"receive_amount=1,000.00 payout_partner=VELTOPAYZ_V4":          {Column: "receive_amount", Value: "1,000.00"},
		"receive_amount=NaN payout_partner=VELTOPAYZ_V4":               {Column: "receive_amount", Value: "NaN"},
		"lulu_record=maybe":                                            {Column: "lulu_record", Value: "maybe"},
		"currency_from=GBP trm_hold=2":                                 {Column: "trm_hold", Value: "2"},
		"rfi_status=REQUESTED rfi_modified_at=yesterday send_amount=1": {Column: "rfi_modified_at", Value: "yesterday"},
	} {
		_, err := judge.Order(usual(words).order(t, allColumns()))
		fault, ok := errors.AsType[*policy.FactError](err)
		if !ok || *fault != want {
			t.Errorf("%s: got %v, want %v", words, err, &want)
		}
		if _, err := judge.Order(usual("").order(t, allColumns())); err != nil {
			t.Errorf("after %s, the next order: %v", words, err)
		}
	}
	if got := (&policy.FactError{Column: "trm_hold", Value: "may\nbe"}).Error(); got != `trm_hold is "may\nbe"` {
		t.Errorf("got %s", got)
	}
}

// The ways in which databases and exports write a truth value.
func TestFlags(t *testing.T) {
	t.Parallel()
	judge := newJudge(t, rules(t), allColumns())
	for value, want := range map[string]string{
		"true": "stuck_due_trm", "TRUE": "stuck_due_trm", "t": "stuck_due_trm", "1": "stuck_due_trm", "y": "stuck_due_trm", "Yes": "stuck_due_trm",
		"false": "fulfillment_pending", "F": "fulfillment_pending", "0": "fulfillment_pending", "n": "fulfillment_pending", "NO": "fulfillment_pending", "": "fulfillment_pending",
	} {
		got, err := judge.Order(usual("currency_from=GBP trm_hold="+value).order(t, allColumns()))
		if err != nil || got.Name != want {
			t.Errorf("%q: got %s, %v, want %s", value, got.Name, err, want)
		}
	}
}
