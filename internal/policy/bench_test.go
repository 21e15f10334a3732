package policy_test

import (
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"pi-manager/config"
	"pi-manager/internal/ecm"
)

func BenchmarkJudge(b *testing.B) {
	p, err := config.LoadPolicy("")
	if err != nil {
		b.Fatal(err)
	}
	cols := []string{"order_id", "order_status", "sub_state", "currency_from", "send_amount", "receive_amount", "created_at", "payment_acquirer",
		"payment_status", "payment_attempts", "lulu_record", "lulu_status", "lulu_client", "falcon_transaction_id", "falcon_status",
		"payout_status", "payout_partner", "rfi_status", "rfi_modified_at", "rda_status", "uae_manual_status", "checkout_status", "trm_hold"}
	at := time.Date(2026, 2, 17, 3, 0, 0, 0, time.UTC)
	mk := func(recv, lulu, ftx, po, pp string) *ecm.Order {
		return &ecm.Order{ID: "A", SubState: "FULFILLMENT_PENDING", Send: ecm.Money{Amount: decimal.New(12345, -2), Currency: "AED"}, Created: at.Add(-40 * time.Hour),
			Facts: []string{"A", "PENDING", "FULFILLMENT_PENDING", "AED", "123.45", recv, "2026-02-15 01:00:00", "CHECKOUT", "COMPLETED", "1", "true", lulu, "LULU", ftx, "PROCESSING", po, pp, "", "", "", "", "", ""}}
	}
	orders := []*ecm.Order{mk("1000.00", "CREATED", "F1", "PROCESSING", "VELTOPAYZ_V4"), mk("2000.00", "CREDITED", "F2", "", ""), mk("60000.00", "PAYMENT_PENDING", "", "PROCESSING", "VELTOPAYZ_V5")}
	j, err := p.Judge(cols, at)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if _, err := j.Order(orders[i%3]); err != nil {
			b.Fatal(err)
		}
		i++
	}
}
