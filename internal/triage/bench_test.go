package triage_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"pi-manager/config"
	"pi-manager/internal/ecm"
	"pi-manager/internal/policy"
	"pi-manager/internal/triage"
)

// columns is the shape of our own query's result.
func columns() []string {
	return []string{
		"order_id", "order_status", "sub_state", "currency_from", "send_amount", "receive_amount", "created_at", "payment_acquirer",
		"payment_status", "payment_attempts", "lulu_record", "lulu_status", "lulu_client", "falcon_transaction_id", "falcon_status",
		"payout_status", "payout_partner", "rfi_status", "rfi_modified_at", "rda_status", "uae_manual_status", "checkout_status", "trm_hold",
	}
}

func asOf() time.Time { return time.Date(2026, 2, 17, 3, 0, 0, 0, time.UTC) }

// manyOrders are n orders with mixed facts; the same n gives the same orders.
func manyOrders(n int) ecm.Pending {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	pick := func(words ...string) string { return words[r.IntN(len(words))] }
	p := ecm.Pending{Source: "generated", Columns: columns(), Orders: make([]ecm.Order, n)}
	for i := range p.Orders {
		amount := decimal.New(int64(r.ExpFloat64()*200_000), -2)
		created := asOf().Add(-12*time.Hour - time.Duration(r.IntN(200))*time.Hour)
		id := fmt.Sprintf("AE%09d", i)
		sub := pick("FULFILLMENT_PENDING", "FULFILLMENT_TRIGGER", "MANUAL_REVIEW", "AWAIT_EXTERNAL_ACTION", "REFUND_TRIGGERED")
		currency := pick("AED", "AED", "GBP", "EUR")
		p.Orders[i] = ecm.Order{
			ID: id, Status: "PENDING", SubState: sub, Send: ecm.Money{Amount: amount, Currency: currency}, Created: created, Row: i + 1,
			Facts: []string{
				id, pick("PENDING", "FAILED", "PROCESSING_DEAL_IN"), sub, currency, amount.String(), "20000.00", ecm.FormatTime(created), pick("CHECKOUT", "LEANTECH"),
				"COMPLETED", pick("1", "2", "3"), "true", pick("CREATED", "PAYMENT_PENDING", "CREDITED"), "LULU", pick("", "F1"), pick("", "PROCESSING"),
				pick("", "PROCESSING", "COMPLETED"), pick("", "VANCE_RDA", "VELTOPAYZ_V4", "OTHER"), pick("", "", "REQUESTED"), "2026-02-16 01:00:00", "", "", "", pick("true", ""),
			},
		}
	}
	return p
}

func team(n int) []ecm.Agent {
	agents := make([]ecm.Agent, n)
	for i := range agents {
		agents[i] = ecm.Agent{Email: fmt.Sprintf("agent%02d@example.com", i), Active: true, Capacity: ecm.DefaultCapacity, Row: i + 2}
	}
	return agents
}

func rules(tb testing.TB) *policy.Policy {
	tb.Helper()
	p, err := config.LoadPolicy("")
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// BenchmarkMake plans a normal day, and a day on which the whole company is stuck.
func BenchmarkMake(b *testing.B) {
	p := rules(b)
	for _, orders := range []int{2_000, 1_000_000} {
		b.Run(fmt.Sprint(orders), func(b *testing.B) {
			in := triage.Input{RunID: "triage/bench", AsOf: asOf(), Pending: manyOrders(orders), Agents: team(12), Policy: p}
			b.ReportAllocs()
			for b.Loop() {
				plan, err := triage.Make(in)
				if err != nil || len(plan.Outcomes) != orders {
					b.Fatal(err, len(plan.Outcomes))
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(orders), "ns/order")
		})
	}
}
