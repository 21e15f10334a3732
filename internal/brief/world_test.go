package brief_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"pi-manager/config"
	"pi-manager/internal/brief"
	"pi-manager/internal/ecm"
	"pi-manager/internal/policy"
	"pi-manager/internal/triage"
)

func asOf() time.Time { return time.Date(2026, 2, 17, 3, 0, 0, 0, time.UTC) }

func page() brief.Page {
	return brief.Page{
		Zone: time.FixedZone("Asia/Dubai", 4*60*60), Slot: "2026-02-17T07:00", Link: "https://docs.google.com/spreadsheets/d/1AbC-dEf_0123456789/edit",
		Members: map[string]string{"ben@example.com": "U0BEN1234"},
	}
}

func rules(tb testing.TB) *policy.Policy {
	tb.Helper()
	p, err := config.LoadPolicy("")
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func money(currency, amount string) ecm.Money {
	return ecm.Money{Amount: decimal.RequireFromString(amount), Currency: currency}
}

// manyOrders are n stuck orders: of ten, six in AED, three in GBP and one in EUR.
func manyOrders(n int) ecm.Pending {
	p := ecm.Pending{Source: "a test", Columns: []string{"order_id", "sub_state", "currency_from", "lulu_record"}}
	for i := range n {
		currency := strings.Fields("AED GBP AED AED GBP AED EUR AED GBP AED")[i%10]
		state := strings.Fields("FULFILLMENT_PENDING MANUAL_REVIEW REFUND_TRIGGERED AWAIT_EXTERNAL_ACTION")[i/3%4]
		amount := decimal.New(int64(i*i*37%2_000_000), -2)
		id := fmt.Sprintf("AE%05dX", i)
		p.Orders = append(p.Orders, ecm.Order{
			ID: id, SubState: state, Send: ecm.Money{Amount: amount, Currency: currency}, Created: asOf().Add(-time.Duration(12+i%90) * time.Hour), Row: i + 1,
			Facts: []string{id, state, currency, map[bool]string{true: "false", false: "true"}[i%50 == 7]},
		})
	}
	return p
}

// crew are n agents on duty.
func crew(n int) []ecm.Agent {
	names := strings.Fields("Asha Ben Cleo Dev Esra Farid")
	var agents []ecm.Agent
	for i := range n {
		name := names[i%len(names)]
		if i >= len(names) {
			name += fmt.Sprintf(" %d", i/len(names)+1)
		}
		agents = append(agents, ecm.Agent{
			Email: strings.ReplaceAll(strings.ToLower(name), " ", "") + "@example.com", Name: name, Team: "Ops", Active: true, Capacity: ecm.DefaultCapacity, Row: i + 2,
		})
	}
	return agents
}

// openRow is a row of the ledger that was written ten hours ago.
func openRow(id, agent string, p ecm.Priority, m ecm.Money) ecm.Assignment {
	return ecm.Assignment{
		OrderID: id, Agent: agent + "@example.com", AssignedAt: asOf().Add(-10 * time.Hour), Status: ecm.Open, Priority: p, Send: m,
		Stuck: 20 * time.Hour, Diagnosis: "stuck_at_lulu", Row: 2,
	}
}

func planOf(tb testing.TB, in triage.Input) *triage.Plan {
	tb.Helper()
	in.RunID, in.AsOf = "triage/2026-02-17T07:00", asOf()
	if in.Policy == nil {
		in.Policy = rules(tb)
	}
	p, err := triage.Make(in)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// ticket is an order on a desk, stuck for 37.5 hours.
func ticket(id, amount string, p ecm.Priority, diagnosis string, isNew bool) triage.Ticket {
	m := money("AED", amount)
	return triage.Ticket{
		Row:   ecm.Assignment{OrderID: id, Status: ecm.Open, Priority: p, Send: m, Diagnosis: diagnosis},
		Stuck: 37*time.Hour + 30*time.Minute, HighValue: m.Amount.Cmp(decimal.NewFromInt(5000)) >= 0, New: isNew, Next: "Do the next thing about " + diagnosis,
	}
}

// deskOf is an agent's desk with its counts.
func deskOf(agent ecm.Agent, tickets ...triage.Ticket) *triage.Desk {
	d := &triage.Desk{Agent: agent, Tickets: tickets}
	for _, t := range tickets {
		if t.New {
			d.New++
		}
		if t.HighValue {
			d.HighValue++
		}
		if t.Row.Priority == ecm.P1 {
			d.P1++
		}
	}
	return d
}
