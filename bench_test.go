package main

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"pi-manager/config"
	"pi-manager/internal/ecm"
	"pi-manager/internal/fake"
	"pi-manager/internal/ledger/sheet"
	"pi-manager/internal/run"
	"pi-manager/internal/slack"
)

// BenchmarkTriageBesideHistory is a whole triage run of 50 new orders, with twelve
// agents, against the fake sheet and the fake Slack: on a small sheet, and on one
// with ten times the live rows and 20,000 archived ones. It prints how many calls a
// run makes to the sheet.
func BenchmarkTriageBesideHistory(b *testing.B) {
	for _, c := range []struct {
		name           string
		live, archived int
	}{{"200 live", 200, 0}, {"2000 live and 20000 archived", 2_000, 20_000}} {
		b.Run(c.name, func(b *testing.B) {
			calls := 0
			for b.Loop() {
				b.StopTimer()
				m, sheets := benchQueue(b, c.live, c.archived)
				b.StartTimer()
				result, err := m.Triage(b.Context(), run.Request{Slot: "2026-02-17T07:00", AsOf: benchTime()})
				if err != nil || len(result.Plan.Dealt) != 50 {
					b.Fatalf("%d orders dealt: %v", len(result.Plan.Dealt), err)
				}
				calls = len(sheets.Calls())
			}
			b.ReportMetric(float64(calls), "sheetcalls/op")
		})
	}
}

func benchTime() time.Time { return time.Date(2026, 2, 17, 3, 0, 0, 0, time.UTC) }

// benchQueue is a queue with so many rows on its sheet and 50 orders to deal.
func benchQueue(b *testing.B, live, archived int) (*run.Manager, *fake.Sheets) {
	b.Helper()
	sheets, channel := fake.NewSheets(b), fake.NewSlack(b)
	header := []any{"Order ID", "Assigned Agent", "Assigned At", "Status", "Priority", "Currency", "Amount", "Hours Stuck", "Diagnosis", "Notes", "Resolved At", "Run ID"}
	rows := func(n int, id, status, resolved string) [][]any {
		list := [][]any{header}
		for i := range n {
			list = append(list, []any{fmt.Sprintf("%s%06d", id, i), benchAgent(i), "2026-02-16 03:00:00", status, "P3", "AED", 950.5, 20.5, "stuck_at_lulu", "", resolved, "triage/before"})
		}
		return list
	}
	sheets.Seed("Assignments", rows(live, "AE", "OPEN", ""))
	if archived > 0 {
		sheets.Seed("Archive", rows(archived, "OLD", "RESOLVED", "2026-01-02 03:00:00"))
	}
	crew := [][]any{{"Email", "Name", "Team", "Slack Handle", "Active", "Max Tickets"}}
	for i := range 12 {
		crew = append(crew, []any{benchAgent(i), fmt.Sprint("Agent ", i), "Ops", fmt.Sprintf("U0AGENT%02d", i), true, 500.0})
	}
	sheets.Seed("Agents", crew)
	book, err := sheet.Open(b.Context(), sheet.Settings{SpreadsheetID: sheets.ID, Account: ecm.NewSecret(sheets.Key()), Endpoint: sheets.URL})
	if err != nil {
		b.Fatal(err)
	}
	rules, err := config.LoadPolicy("")
	if err != nil {
		b.Fatal(err)
	}
	return &run.Manager{
		Warehouse: benchOrders{live}, Ledger: book, Policy: rules, Zone: time.UTC,
		Notifier: slack.New(slack.Settings{Token: ecm.NewSecret(fake.SlackToken), Channel: fake.SlackChannelID, APIURL: channel.URL}),
		Effects:  run.Effects{Log: slog.New(slog.DiscardHandler)}, Now: time.Now, Progress: func(string) {},
	}, sheets
}

func benchAgent(i int) string { return fmt.Sprintf("agent%02d@example.com", i%12) }

// benchOrders is a warehouse with an order for each of the first live rows, 350 at most, and 50 new ones.
type benchOrders struct{ live int }

// Pending implements run.Warehouse.
func (w benchOrders) Pending(_ context.Context, asOf time.Time, _ int) (ecm.Pending, error) {
	p := ecm.Pending{Source: "a benchmark", Columns: []string{"order_id", "sub_state", "currency_from", "send_amount", "lulu_record"}}
	add := func(id string) {
		p.Orders = append(p.Orders, ecm.Order{
			ID: id, SubState: "MANUAL_REVIEW", Send: ecm.Money{Amount: decimal.NewFromInt(900), Currency: "AED"}, Created: asOf.Add(-40 * time.Hour),
			Row: len(p.Orders) + 1, Facts: []string{id, "MANUAL_REVIEW", "AED", "900", "true"},
		})
	}
	for i := range min(w.live, 350) {
		add(fmt.Sprintf("AE%06d", i))
	}
	for i := range 50 {
		add(fmt.Sprintf("NEW%03d", i))
	}
	return p, nil
}

// Statuses implements run.Warehouse.
func (benchOrders) Statuses(context.Context, time.Time, []string) (ecm.Statuses, error) {
	return ecm.Statuses{}, nil
}
