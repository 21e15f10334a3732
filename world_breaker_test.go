package main

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// hundred is a ledger with a hundred open rows, of which so many completed and
// so many are not known in the warehouse any more.
func hundred(t *testing.T, ledger string, completed, unknown int) *day {
	t.Helper()
	d := newDay(t, ledger, 1)
	var rows [][]string
	for i := range 100 {
		id := fmt.Sprintf("H%03d", i)
		rows = append(rows, []string{id, "ana@example.com", "2026-02-16 03:00:00", "OPEN", "P2", "AED", "1500", "40.5", "manual_review", "", "", ""})
		if i < 100-unknown {
			d.g.stuckOrder(id)
		}
		if i < completed {
			d.become("COMPLETED", at(5, 0), record{"order id": id})
		}
	}
	d.put(t, rows)
	return d
}

// doubt is an answer of the warehouse about a hundred open orders.
type doubt struct {
	completed, unknown int
	spoil              func(*day)
	check, value       string // what stops; empty for nothing
	accepted           int    // rows that are closed with --accept-drop
}

// ledgers are where it is tried: what decides is the same whatever the ledger, so the other one has but one case.
func (d doubt) ledgers() []string {
	if d.accepted > 10 {
		return []string{onSheets, onTables}
	}
	return []string{onSheets}
}

// TestWorldBreakers: an answer of the warehouse that cannot be true closes nothing,
// ends with 3 and is told once, however often the slot is tried; a person can accept
// what only looks wrong (F64, F65).
func TestWorldBreakers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]doubt{
		"empty":           {spoil: func(d *day) { d.g.tables["orders_goms"] = []tableRow{} }, check: "orders known", value: "0 of 100"},
		"61 % are gone":   {completed: 10, unknown: 61, check: "orders known", value: "39 of 100", accepted: 10},
		"59 % are gone":   {completed: 10, unknown: 59},
		"61 % completed":  {completed: 61, check: "closed at once", value: "61 of 100", accepted: 61},
		"60 % completed":  {completed: 60},
		"the feed is old": {completed: 10, spoil: func(d *day) { d.age(25 * time.Hour) }, check: "warehouse age", value: "25 h"},
	} {
		for _, ledger := range c.ledgers() {
			t.Run(name+" "+ledger, func(t *testing.T) {
				t.Parallel()
				d := hundred(t, ledger, c.completed, c.unknown)
				if c.spoil != nil {
					c.spoil(d)
				}
				const slot = "2026-02-17T07:00"
				got := d.cleanup(t, slot, at(7, 0))
				if (got.document.Status == "stopped") != (c.check != "") {
					t.Fatalf("the cleanup is %s", got.document.Status)
				}
				if c.check == "" {
					return
				}
				d.again(t, slot, c.check, c.value)
				d.doubts(t)
				accepted := d.cleanup(t, "", at(7, 9), "--accept-drop")
				if n := len(accepted.document.Resolved); n != c.accepted {
					t.Errorf("--accept-drop closed %d rows, want %d", n, c.accepted)
				}
			})
		}
	}
}

// age makes all orders in the warehouse older: the newest is so old then.
func (d *day) age(newest time.Duration) {
	for _, r := range d.g.tables["orders_goms"] {
		r["created_at"] = min(r["created_at"], moment(at(7, 0).Add(-newest)))
	}
}

// again tries the slot twice more. It ends alike, closes nothing and posts nothing.
func (d *day) again(t *testing.T, slot, check, value string) {
	t.Helper()
	for range 2 {
		var document cleanupDocument
		o := d.in(t, "cleanup", slot, at(7, 5), &document)
		if o.exit != 3 || document.Status != "stopped" || !document.DoneBefore {
			t.Errorf("a retry ends with %d and is %+v", o.exit, document)
		}
		stops := 0
		for _, v := range document.Guardrails {
			if v.Level == "stop" {
				stops++
				if v.Check != check || v.Value != value || v.Message == "" {
					t.Errorf("stopped by %+v, want %s: %s", v, check, value)
				}
			}
		}
		if stops != 1 {
			t.Errorf("%d checks stopped the run", stops)
		}
	}
	alerts := d.alerts()
	if len(alerts) != 1 || len(d.slack.Messages()) != 1 || !strings.Contains(alerts[0].Rendered, "*"+check+":*") {
		t.Errorf("want one alert about %q, and nothing else: %+v", check, d.slack.Messages())
	}
	for _, r := range d.binder.rows(t, "Assignments") {
		if status(r) != "OPEN" || r["notes"] != nil || r["resolved at"] != nil {
			t.Fatalf("a row was written: %v", r)
		}
	}
}

// doubts is a report in the same minute: it warns, gives no all-clear and counts nobody as healed.
func (d *day) doubts(t *testing.T) {
	t.Helper()
	var document reportDocument
	if o := d.in(t, "progress", "", at(7, 6), &document); o.exit != 0 {
		t.Errorf("exit status %d\n%s", o.exit, o.stderr)
	}
	if n := len(document.Healed) + document.Completed + document.Counts["self_healed"]; n != 0 || document.Queue["open"] != 100 {
		t.Errorf("the report counts %d as completed and %d as open", n, document.Queue["open"])
	}
	top := d.briefings()[1]
	for _, words := range []string{"*0* resolved by agents today · self-healed: nobody can tell", "*Warning:* "} {
		if !strings.Contains(top.Rendered, words) {
			t.Errorf("the report does not say %q:\n%s", words, top.Rendered)
		}
	}
	if strings.Contains(top.Rendered, "No SLA is broken") {
		t.Errorf("the report gives an all-clear:\n%s", top.Rendered)
	}
}
