package policy_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pi-manager/internal/ecm"
)

// One row a line of domain.md section 3, and its near misses. Numbers are the
// lines of that table.
func TestDiagnosis(t *testing.T) {
	t.Parallel()
	p := rules(t)
	for _, row := range []struct {
		facts  string
		number int
		name   string
	}{
		{"sub_state=REFUND_TRIGGERED", 1, "refund_triggered"},
		{"sub_state=TRIGGER_REFUND", 1, "refund_triggered"},
		{"sub_state=TRIGGER_REFUND payout_status=COMPLETED", 1, "refund_triggered"}, // 3 too
		{"sub_state=refund_triggered", 15, "refund_triggered"},

		{"sub_state=MANUAL_REVIEW", 2, "manual_review"},
		{"sub_state=MANUAL_REVIEW payout_status=COMPLETED", 2, "manual_review"}, // 3 too
		{"sub_state=MANUAL_REVIEW lulu_status=CANCELLATION_COMPLETED", 2, "manual_review"},

		{"lulu_client=LULU lulu_status=CREDITED order_status=PROCESSING_DEAL_IN", 3, "status_sync_issue"},
		{"lulu_client=LULU lulu_status=CREDITED order_status=PENDING", 14, "stuck_at_lulu"},
		{"lulu_client=OTHER lulu_status=CREDITED order_status=PROCESSING_DEAL_IN", 14, "stuck_at_lulu"},
		{"lulu_client=LULU lulu_status=CREATED order_status=PROCESSING_DEAL_IN", 14, "stuck_at_lulu"},
		{"currency_from=GBP lulu_client=LULU lulu_status=CREDITED order_status=PROCESSING_DEAL_IN", 15, "fulfillment_pending"},
		{"payout_status=COMPLETED", 3, "status_sync_issue"},
		{"payout_status=COMPLETED currency_from=EUR", 3, "status_sync_issue"},
		{"payout_status=COMPLETED order_status=", 3, "status_sync_issue"}, // null is not FAILED
		{"payout_status=COMPLETED order_status=FAILED", 15, "fulfillment_pending"},
		{"payout_status=COMPLETED lulu_status=CANCELLATION_REQUEST_CREATED", 3, "status_sync_issue"}, // 4 too

		{"lulu_status=CANCELLATION_REQUEST_CREATED", 4, "cancellation_pending"},
		{"lulu_status=CANCELLATION_REQUEST_CREATED order_status=FAILED", 4, "cancellation_pending"}, // 5 too
		{"lulu_status=CANCELLATION_REQUEST_CREATED currency_from=GBP", 15, "fulfillment_pending"},
		{"lulu_status=TXN_TRANSMITTED falcon_status=FAILED", 4, "cancellation_pending"},
		{"lulu_status=TXN_TRANSMITTED falcon_status=FAILED currency_from=GBP", 15, "fulfillment_pending"},
		{"lulu_status=TXN_TRANSMITTED falcon_status=PROCESSING", 14, "stuck_at_lulu"},
		{"lulu_status=TXN_TRANSMITTED", 14, "stuck_at_lulu"},

		{"lulu_status=CANCELLATION_COMPLETED", 5, "refund_triggered"},
		{"lulu_status=CANCELLATION_COMPLETED currency_from=GBP", 5, "refund_triggered"},
		{"order_status=FAILED lulu_status=CREATED", 5, "refund_triggered"},
		{"order_status=FAILED lulu_status=PAYMENT_PENDING payment_acquirer=CHECKOUT", 5, "refund_triggered"}, // 6 too
		{"order_status=FAILED lulu_status=", 15, "fulfillment_pending"},
		{"order_status=FAILED currency_from=GBP", 5, "refund_triggered"},
		{"order_status=FAILED currency_from=EUR", 5, "refund_triggered"},
		{"order_status=FAILED currency_from=GBP falcon_transaction_id=F1", 15, "fulfillment_pending"},
		{"order_status=FAILED currency_from=EUR falcon_transaction_id=F1", 15, "fulfillment_pending"},

		{"payment_acquirer=CHECKOUT lulu_status=PAYMENT_PENDING", 6, "brn_pending"},
		{"payment_acquirer=CHECKOUT lulu_status=PAYMENT_PENDING falcon_transaction_id=F1", 6, "brn_pending"},
		{"payment_acquirer=CHECKOUT lulu_status=CREATED", 14, "stuck_at_lulu"},
		{"payment_acquirer=CHECKOUT lulu_status=PAYMENT_PENDING currency_from=GBP", 15, "fulfillment_pending"},
		{"payment_acquirer=UAE_MANUAL uae_manual_status=RECONCILED lulu_status=PAYMENT_PENDING", 6, "brn_pending"},
		{"payment_acquirer=UAE_MANUAL uae_manual_status=RECONCILED lulu_status=CREATED", 6, "brn_pending"},
		{"payment_acquirer=UAE_MANUAL uae_manual_status=RECONCILED lulu_status=", 6, "brn_pending"},
		{"payment_acquirer=LEANTECH uae_manual_status=RECONCILED lulu_status=PAYMENT_PENDING", 6, "brn_pending"}, // 7 too
		{"payment_acquirer=LEANTECH uae_manual_status=RECONCILED lulu_status=CREATED", 6, "brn_pending"},
		{"payment_acquirer=LEANTECH uae_manual_status=RECONCILED lulu_status=", 6, "brn_pending"},
		{"payment_acquirer=LEANTECH uae_manual_status=RECONCILED lulu_status=CREDITED", 14, "stuck_at_lulu"},
		{"payment_acquirer=UAE_MANUAL uae_manual_status=PENDING lulu_status=PAYMENT_PENDING", 14, "stuck_at_lulu"},
		{"payment_acquirer=CHECKOUT uae_manual_status=RECONCILED lulu_status=CREATED", 14, "stuck_at_lulu"},
		{"payment_acquirer=UAE_MANUAL uae_manual_status=RECONCILED lulu_status= currency_from=GBP", 15, "fulfillment_pending"},

		{"payment_acquirer=LEANTECH lulu_status=PAYMENT_PENDING", 7, "stuck_at_lean_recon"},
		{"payment_acquirer=LEANTECH lulu_status=PAYMENT_PENDING rda_status=ONHOLD", 7, "stuck_at_lean_recon"}, // 8 too
		{"payment_acquirer=LEANTECH lulu_status=PAYMENT_PENDING currency_from=GBP", 15, "fulfillment_pending"},
		{"payment_acquirer=LEANTECH lulu_status=CREATED", 14, "stuck_at_lulu"},

		{"rda_status=ONHOLD", 8, "no_rfi_created"},
		{"rda_status=ONHOLD payout_partner=VANCE_RDA", 8, "no_rfi_created"}, // 13 too
		{"rda_status=RELEASED", 15, "fulfillment_pending"},
		{"rda_status=ONHOLD rfi_status=APPROVED", 15, "fulfillment_pending"},
		{"payout_status=ADDITIONAL_DOCUMENTS_REQUIRED payout_partner=VANCE_RDA", 8, "no_rfi_created"},
		{"payout_status=ADDITIONAL_DOCUMENTS_REQUIRED payout_partner=VANCE_RDA rfi_status=APPROVED", 13, "stuck_at_rda_partner"},
		{"payout_status=ADDITIONAL_DOCUMENTS_REQUIRED payout_partner=VELTOPAYZ_V4", 12, "stuck_at_vda_partner"},
		{"payout_status=ADDITIONAL_DOCUMENTS_REQUIRED", 15, "fulfillment_pending"},

		{"rfi_status=REQUESTED", 9, "rfi_pending"},
		{"rfi_status=SUBMITTED", 9, "rfi_pending"},
		{"rfi_status=SENT_TO_PROVIDER", 9, "rfi_pending"},
		{"rfi_status=REJECTED", 9, "rfi_pending"},
		{"rfi_status=EXPIRED", 9, "rfi_pending"},
		{"rfi_status=RE_OPEN rda_status=ONHOLD", 9, "rfi_pending"},
		{"rfi_status=REQUESTED currency_from=GBP trm_hold=true", 9, "rfi_pending"}, // 10 too
		{"rfi_status=APPROVED", 15, "fulfillment_pending"},

		{"currency_from=GBP trm_hold=true", 10, "stuck_due_trm"},
		{"currency_from=EUR trm_hold=t", 10, "stuck_due_trm"},
		{"currency_from=GBP trm_hold=true payout_partner=TANGOPE_V3", 10, "stuck_due_trm"}, // 11 too
		{"currency_from=AED trm_hold=true", 15, "fulfillment_pending"},
		{"currency_from=GBP trm_hold=true falcon_transaction_id=F1", 15, "fulfillment_pending"},
		{"currency_from=GBP trm_hold=false", 15, "fulfillment_pending"},
		{"currency_from=GBP trm_hold=", 15, "fulfillment_pending"},

		{"payout_partner=VELTOPAYZ_HVT_BULK", 11, "bulk_vda_pending"},
		{"payout_partner=VELTOPAYZ_KPR_BULK payout_status=PROCESSING", 11, "bulk_vda_pending"},
		{"payout_partner=ARMSTRONG_PARTNER_DASHBOARD", 11, "bulk_vda_pending"},
		{"payout_partner=TANGOPE_V3 lulu_status=CREATED", 11, "bulk_vda_pending"}, // 14 too
		{"payout_partner=SINGHAI_2025_V2 receive_amount=50000.01", 11, "bulk_vda_pending"},
		{"payout_partner=VELTOPAYZ_V4 receive_amount=60000", 11, "bulk_vda_pending"},
		{"payout_partner=VELTOPAYZ_V5 receive_amount=60000", 11, "bulk_vda_pending"},
		{"payout_partner=VELTOPAYZ_V6 receive_amount=60000", 11, "bulk_vda_pending"},
		{"payout_partner=TANGOPE_V3 payout_status=COMPLETED order_status=FAILED", 15, "fulfillment_pending"},

		{"payout_partner=VELTOPAYZ_V4 receive_amount=50000", 12, "stuck_at_vda_partner"},
		{"payout_partner=VELTOPAYZ_V6 receive_amount=", 12, "stuck_at_vda_partner"}, // null is not above
		{"payout_partner=SOMEBODY_NEW receive_amount=60000", 12, "stuck_at_vda_partner"},
		{"payout_partner=SOMEBODY_NEW lulu_status=CREATED", 12, "stuck_at_vda_partner"}, // 14 too
		{"payout_partner=SOMEBODY_NEW payout_status=PROCESSING", 12, "stuck_at_vda_partner"},
		{"payout_partner=SOMEBODY_NEW payout_status=COMPLETED order_status=FAILED", 15, "fulfillment_pending"},

		{"payout_partner=VANCE_RDA", 13, "stuck_at_rda_partner"},
		{"payout_partner=VANCE_RDA receive_amount=60000", 13, "stuck_at_rda_partner"},
		{"payout_partner=VANCE_RDA payout_status=COMPLETED order_status=FAILED", 13, "stuck_at_rda_partner"},
		{"payout_partner=VANCE_RDA lulu_status=CREATED", 13, "stuck_at_rda_partner"}, // 14 too

		{"lulu_status=CREATED", 14, "stuck_at_lulu"},
		{"lulu_status=A_NEW_WORD", 14, "stuck_at_lulu"}, // F76: a new word is no reason to lose the order
		{"lulu_status=CREATED falcon_transaction_id=F1", 15, "fulfillment_pending"},
		{"lulu_status=CREATED currency_from=GBP", 15, "fulfillment_pending"},

		{"", 15, "fulfillment_pending"},
		{"sub_state=AWAIT_EXTERNAL_ACTION", 15, "await_external_action"},
		{"sub_state=A_New_State", 15, "a_new_state"},
		{"sub_state=", 15, ""},
	} {
		got := judged(t, p, allColumns(), usual(row.facts).order(t, allColumns()))
		switch {
		case got.Disqualified != nil:
			t.Errorf("%s: disqualified as %s", row.facts, got.Disqualified.Name)
		case got.Diagnosis != &p.Diagnoses[row.number-1] || got.Name != row.name:
			t.Errorf("%s: got %q (%s), want number %d, %q", row.facts, got.Name, got.Diagnosis.Next, row.number, row.name)
		}
	}
}

// What follows from each diagnosis: team, SLA in hours, severity, and the first words of what to do.
func TestDiagnosesOfTheTable(t *testing.T) {
	t.Parallel()
	const hour = time.Hour
	type line struct {
		Name, Team string
		SLA        time.Duration
		Severity   string
		Next       string
	}
	want := []line{
		{"refund_triggered", "Ops", 2 * hour, "1", "Customer's money is held: check the acquirer's refund queue, start the refund if it is missing"},
		{"manual_review", "Ops", 30 * time.Minute, "0.8", "Take the pending action in the back office"},
		{"status_sync_issue", "Ops", hour, "0.6", "Paid out already: confirm at the partner, force the status sync"},
		{"cancellation_pending", "Ops", 4 * hour, "0.95", "Check the partner's status, complete the cancellation or ask for a recall"},
		{"refund_triggered", "Ops", 2 * hour, "1", "Customer's money is held: check the acquirer's refund queue, start the refund if it is missing"},
		{"brn_pending", "Ops", 4 * hour, "0.65", "Get the bank reference from the acquirer, push it to the partner"},
		{"stuck_at_lean_recon", "Ops", 4 * hour, "0.7", "Check the reconciliation queue, trigger it by hand"},
		{"no_rfi_created", "KYC_ops", 4 * hour, "0.85", "The request for information is missing: create it, tell engineering"},
		{"rfi_pending", "KYC_ops", 24 * hour, "0.4", "Below 24 h: monitor only, do not nudge. Above: remind the customer"},
		{"stuck_due_trm", "KYC_ops", 8 * hour, "0.6", "Release the compliance review, or request information"},
		{"bulk_vda_pending", "VDA_ops", 16 * hour, "0.4", "Within 16 h normal, monitor; after that ask the partner"},
		{"stuck_at_vda_partner", "VDA_ops", 8 * hour, "0.5", "Check the partner's dashboard, sync if paid"},
		{"stuck_at_rda_partner", "Ops", 8 * hour, "0.55", "Check the partner's dashboard, escalate after 24 h"},
		{"stuck_at_lulu", "Ops", 8 * hour, "0.6", "Check Lulu's dashboard, escalate after 48 h"},
		{"", "Ops", 8 * hour, "0.4", "Investigate: full system review"},
	}
	p := rules(t)
	var got []line
	for _, d := range p.Diagnoses {
		got = append(got, line{d.Name, d.Team, d.SLA, d.Severity.String(), d.Next})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A line that reads a column which the query did not return does not hold, whatever the other lines of its rule say.
func TestDiagnosisWithoutAColumn(t *testing.T) {
	t.Parallel()
	p := rules(t)
	for _, row := range []struct{ facts, missing, want string }{
		{"payout_status=COMPLETED", "order_status", "fulfillment_pending"},
		{"rda_status=ONHOLD", "rfi_status", "fulfillment_pending"},
		{"payout_status=ADDITIONAL_DOCUMENTS_REQUIRED payout_partner=VANCE_RDA", "rda_status", "no_rfi_created"},
		{"payout_status=ADDITIONAL_DOCUMENTS_REQUIRED payout_partner=VANCE_RDA", "payout_partner", "fulfillment_pending"},
		{"currency_from=GBP trm_hold=true", "falcon_transaction_id", "fulfillment_pending"},
		{"currency_from=GBP trm_hold=true", "trm_hold", "fulfillment_pending"},
		{"lulu_status=CREATED", "falcon_transaction_id", "fulfillment_pending"},
		{"payment_acquirer=UAE_MANUAL uae_manual_status=RECONCILED lulu_status=", "lulu_status", "fulfillment_pending"},
		{"payment_acquirer=CHECKOUT lulu_status=PAYMENT_PENDING", "uae_manual_status", "brn_pending"},
		{"payout_partner=SOMEBODY_NEW", "payout_status", "fulfillment_pending"},
		{"payout_partner=VANCE_RDA", "payout_status", "stuck_at_rda_partner"},
		// The partner is known by its name alone; without an amount it is not one of the bulk partners.
		{"payout_partner=VANCE_RDA", "receive_amount", "stuck_at_rda_partner"},
		{"payout_partner=TANGOPE_V3", "receive_amount", "bulk_vda_pending"},
		{"payout_partner=VELTOPAYZ_V4 receive_amount=60000", "receive_amount", "stuck_at_vda_partner"},
	} {
		columns := without(allColumns(), row.missing)
		if got := judged(t, p, columns, usual(row.facts).order(t, columns)); got.Name != row.want {
			t.Errorf("%s without %s: got %s, want %s", row.facts, row.missing, got.Name, row.want)
		}
	}
}

// The people's own nine columns: what their facts allow, and nothing is disqualified for what was not asked.
func TestDiagnosisOfNineColumns(t *testing.T) {
	t.Parallel()
	p := rules(t)
	for words, want := range map[string]string{
		"sub_state=REFUND_TRIGGERED":                         "refund_triggered",
		"sub_state=MANUAL_REVIEW":                            "manual_review",
		"sub_state=FULFILLMENT_TRIGGER order_status=FAILED":  "fulfillment_trigger",
		"sub_state=AWAIT_EXTERNAL_ACTION currency_from=GBP":  "await_external_action",
		"sub_state=FULFILLMENT_PENDING receive_amount=60000": "fulfillment_pending",
	} {
		got := judged(t, p, nineColumns(), usual(words).order(t, nineColumns()))
		if got.Disqualified != nil || got.Name != want {
			t.Errorf("%s: got %+v, want %s", words, got, want)
		}
	}
	// 40 h, 6000: 0.25x0.9 + 0.20x0.8 + 0.25x0.4 + 0.15x0.5 + 0.10x0.3 + 0.05x0.1
	order := usual("sub_state=FULFILLMENT_TRIGGER send_amount=6000").order(t, nineColumns())
	order.Created = asOf().Add(-40 * time.Hour)
	if got := judged(t, p, nineColumns(), order); got.Score.String() != "0.595" || got.Priority != ecm.P2 || !got.HighValue {
		t.Errorf("got %s, %s, high-value %v", got.Score, got.Priority, got.HighValue)
	}
}
