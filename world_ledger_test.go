package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pi-manager/internal/fake"
)

// busyAgents is an Agents tab as people keep it.
func busyAgents() [][]any {
	return [][]any{
		{"Shift", "name", "E-Mail of the boss", "EMAIL", "Team", " Slack  Handle", "Active", "max tickets"},
		{"day", "Ana", "boss@example.com", "ana@example.com", "Ops", "U0ANA00001", true, 40},
		{"day", "Bo", "", "bo@example.com", "Ops", "", "true", 3},
		{"off", "Cy", "", "cy@example.com", "Ops", "U0CY000001", false, 50},
		{"", "Dee", "", "Dee@Example.com", "Ops", "", true, 50},
		{"night", "Eva", "", "eva@example.com", "KYC_ops", "", true, "ten"},
		{"night", "Ana again", "", " ANA@example.com ", "Ops", "", true, 1},
		{"", "Fay", "", "fay@example.com", "KYC_ops", "@fay", true, 12},
		{"", "Gus", "", "gus@example.com", "VDA_ops", "", true, nil},
		{"", "Hal", "", "hal@example.com", "Ops", "", "TRUE", 30},
		{"", "Ivy", "", "ivy@example.com", "Ops", "", "yes", 25},
	}
}

// busyRow is a row of the Assignments tab before the run.
type busyRow struct {
	id           any
	agent        string
	status       string
	amount       any // nil: 1,500
	resolvedFor  time.Duration
	priority     string // empty: P2
	diagnosis    string
	personalNote string
}

// busyRows are rows in every state. Those of the orders L.. are of orders that
// are stuck still; those of the orders X.. are of orders that are not.
func busyRows() []busyRow {
	rows := []busyRow{
		{id: "L-OPEN-ANA", agent: "ana@example.com", status: "OPEN", amount: 5000, priority: "P1"},
		{id: "L-WORK-ANA", agent: "Ana@Example.com", status: "in progress", amount: 4999.99},
		{id: "X-OPEN-ANA", agent: "ana@example.com", status: "OPEN", amount: 17_000.5, personalNote: "called twice"},
		{id: "L-BO-1", agent: "bo@example.com", status: "OPEN"}, {id: "L-BO-2", agent: "bo@example.com", status: "IN_PROGRESS", priority: "P1"}, {id: "X-BO-3", agent: "bo@example.com", status: "OPEN"},
		{id: "X-BO-4", agent: "bo@example.com", status: "RESOLVED", resolvedFor: 90 * time.Hour},
		{id: "L-CY", agent: "cy@example.com", status: "IN_PROGRESS", amount: 9000},
		{id: "L-GUS-1", agent: "gus@example.com", status: "OPEN"}, {id: "L-GUS-2", agent: "gus@example.com", status: "OPEN", diagnosis: "=HYPERLINK"},
		{id: "L-ZED", agent: "zed@example.com", status: "OPEN", amount: 88_000, priority: "P1"},
		{id: "L-ESCALATED", agent: "fay@example.com", status: "ESCALATED", amount: 60_000}, {id: "X-ESCALATED", agent: "hal@example.com", status: "Escalated"},
		{id: "L-WAITING", agent: "hal@example.com", status: "waiting for the bank"}, {id: "L-WORD", agent: "hal@example.com", status: "erledigt 🙂"},
		{id: "L-RUBBISH", agent: "zed@example.com", status: "OPEN", amount: "lots"}, {id: "L-NOBODY", agent: "", status: "OPEN"},
		{id: 778899, agent: "zed@example.com", status: "OPEN"},
		{id: "AE136JLXUG00", agent: "gus@example.com", status: "OPEN"}, // its twins in other letters are other orders

		{id: "L-SOLVED-2H", agent: "ana@example.com", status: "RESOLVED", resolvedFor: 2 * time.Hour},
		{id: "L-SOLVED-23H", agent: "ana@example.com", status: "RESOLVED", resolvedFor: 24*time.Hour - time.Second},
		{id: "L-SOLVED-24H", agent: "ana@example.com", status: "RESOLVED", resolvedFor: 24 * time.Hour},
		{id: "L-SOLVED-CY", agent: "cy@example.com", status: "RESOLVED", resolvedFor: 50 * time.Hour},
		{id: "L-SOLVED-BO", agent: "bo@example.com", status: "RESOLVED", resolvedFor: 50 * time.Hour},
		{id: "L-SOLVED-DEE", agent: "dee@example.com", status: "resolved", resolvedFor: 50 * time.Hour},
		{id: "L-SOLVED-GONE", agent: "gone@example.com", status: "RESOLVED", resolvedFor: 50 * time.Hour},
		{id: "L-NOTED-5H", agent: "fay@example.com", status: "RESOLVED"}, {id: "L-NOTED-30H", agent: "fay@example.com", status: "RESOLVED"},
		{id: "L-NEVER-NOTED", agent: "gus@example.com", status: "RESOLVED"},
		{id: "L-AGAIN", agent: "ana@example.com", status: "RESOLVED", resolvedFor: 80 * time.Hour}, {id: "L-AGAIN", agent: "hal@example.com", status: "OPEN"},
	}
	for i := range 12 {
		rows = append(rows, busyRow{id: fmt.Sprintf("X-OLD-%d", i), agent: "hal@example.com", status: "RESOLVED", resolvedFor: time.Duration(100+i) * time.Hour})
	}
	return rows
}

// busySheet fills the tabs that people have worked in for weeks: columns in an
// order of their own, columns of their own, formats, a filter, a title above the
// table, remarks below it and a second table beside it (F41, F46, F47).
func busySheet(s *fake.Sheets) {
	rows := [][]any{
		{"ECM – who works on what"},
		nil,
		{"Manager", "order id", "ASSIGNED AGENT", "Assigned At", "Status", "Mood", "Priority", "Amount", "Currency", "Hours  Stuck", "Notes", "Diagnosis", "resolved at", nil, nil, "Holidays", "Who"},
	}
	for i, r := range busyRows() {
		amount, priority, diagnosis, resolved := r.amount, r.priority, r.diagnosis, any(nil)
		if amount == nil {
			amount = 1500
		}
		if priority == "" {
			priority = "P2"
		}
		if diagnosis == "" {
			diagnosis = "manual_review"
		}
		if r.resolvedFor > 0 {
			resolved = morning().Add(-r.resolvedFor).Format(time.DateTime)
		}
		rows = append(rows, []any{
			fmt.Sprintf("boss of row %d", i), r.id, r.agent, "2026-02-10 12:00:00", r.status, "🙂", priority, amount, []string{"AED", "GBP"}[i%2], 40.5, r.personalNote, diagnosis, resolved,
		})
	}
	rows[4] = append(rows[4], nil, nil, "2026-02-20", "Ana")
	rows = append(rows, nil,
		[]any{nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, "remember: the bank is closed on Friday"},
		[]any{"TOTAL", nil, nil, nil, nil, fake.SheetsFormula{Source: "=COUNTA(B4:B40)", Shows: 37.0}})
	s.Seed("Assignments", rows)
	s.Format("Assignments", "H", "CURRENCY")
	s.Format("Assignments", "D", "DATE_TIME")
	s.Validate("Assignments", "E", false, "OPEN", "IN_PROGRESS", "RESOLVED", "ESCALATED")
	s.Filter("Assignments", "C", "ana@example.com")
	s.Seed("Agents", busyAgents())
	s.Protect("Agents", "", "only the boss")
	ago := func(hours time.Duration) string { return morning().Add(-hours * time.Hour).Format(time.DateTime) }
	s.Seed("Resolutions", [][]any{
		{"Timestamp", "Order ID", "Agent", "Resolution Notes"},
		{ago(40), "L-NOTED-5H", "fay@example.com", "paid"}, {ago(5), "L-NOTED-5H", "fay@example.com", "paid again"}, {ago(60), "L-NOTED-30H", "fay@example.com", ""},
		{ago(30), "L-NOTED-30H", "fay@example.com", "sent"}, {ago(1), "L-OPEN-ANA", "ana@example.com", "not yet"},
	})
}

// busyWarehouse is a morning with every kind of order.
func busyWarehouse() *generator {
	g := newGenerator(2026, morning())
	for i := range 1100 {
		g.anyOrder(orderID(i))
	}
	for _, id := range hostileIDs() {
		g.stuckOrder(id)
	}
	g.stuckOrder("778899")
	seen := map[any]bool{}
	for _, r := range busyRows() {
		if id, ok := r.id.(string); ok && strings.HasPrefix(id, "L-") && !seen[id] {
			seen[id] = true
			g.stuckOrder(id)
		}
	}
	g.stuckOrderOf("", "10.00")
	g.stuckOrderOf("NEGATIVE-1", "-5.00")
	g.stuckOrderOf("NEGATIVE-2", "-0.01")
	g.stuckOrderOf("NO-AMOUNT", "")
	return g
}

// records reads the rows of a tab below its header row, which is the first that holds the word.
func records(t *testing.T, s *fake.Sheets, tab, word string) []record {
	t.Helper()
	rows := s.Rows(tab)
	at := slices.IndexFunc(rows, func(row []any) bool { return slices.Contains(headerWords(row), word) })
	if at < 0 {
		t.Fatalf("tab %s has no header %q", tab, word)
	}
	headers := headerWords(rows[at])
	var list []record
	for _, row := range rows[at+1:] {
		r := record{}
		for i, cell := range row[:min(len(row), len(headers))] {
			if cell != nil {
				r[headers[i]] = cell
			}
		}
		list = append(list, r)
	}
	return list
}

func headerWords(row []any) []string {
	words := make([]string, len(row))
	for i, cell := range row {
		text, _ := cell.(string)
		words[i] = strings.ToLower(strings.Join(strings.Fields(text), " "))
	}
	return words
}

// ledger reads what stands in the ledger now.
func (w *world) ledger(t *testing.T, lastAgent string) ledger {
	t.Helper()
	return ledger{
		assignments: plain(w.binder.rows(t, "Assignments")), agents: w.binder.rows(t, "Agents"), resolutions: w.binder.rows(t, "Resolutions"),
		lastAgent: lastAgent, excluded: w.excluded,
	}
}
