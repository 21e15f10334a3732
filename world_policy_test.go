package main

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// TestWorldPolicies changes one rule of the policy at a time: cleanup and report
// come to what somebody comes to who reads the rule that way.
func TestWorldPolicies(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		line, instead string
		rules         func(*rules)
		proves        func(c cleanupDocument, r reportDocument) bool
	}{
		"as it comes": {"version: 1", "version: 1", func(*rules) {},
			func(c cleanupDocument, r reportDocument) bool {
				return len(c.Resolved) == 2 && len(r.Breaches) == 2 && len(r.Capacity) == 0
			}},
		"the clock runs from creation": {"clock: assigned", "clock: created", func(r *rules) { r.fromCreation = true },
			func(_ cleanupDocument, r reportDocument) bool { return len(r.Breaches) == 6 }},
		"cancelled orders are over": {"terminal: [COMPLETED]", "terminal: [completed, CANCELLED]", func(r *rules) { r.terminal = []string{"COMPLETED", "CANCELLED"} },
			func(c cleanupDocument, _ reportDocument) bool { return len(c.Resolved) == 5 }},
		"two breaches are an alert": {"alert_from: 3", "alert_from: 2", func(r *rules) { r.alertFrom = 2 },
			func(_ cleanupDocument, r reportDocument) bool { return len(r.Messages) == 4 }},
		"a tenth of the slots": {"capacity_above: 0.8", "capacity_above: 0.1", func(r *rules) { r.fullAbove = 10 },
			func(_ cleanupDocument, r reportDocument) bool {
				return len(r.Capacity) == 1 && r.Capacity[0].Percent == 15
			}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDay(t, onTables, 1)
			d.setPolicy(t, c.line, c.instead)
			c.rules(&d.rules)
			d.putDozen(t)
			cleanup := d.cleanup(t, "2026-02-17T14:00", at(14, 0)).document
			report := d.tell(t, "2026-02-17T14:00", at(14, 1)).document
			report.Messages = make([]posted, len(d.slack.Messages()))
			if !c.proves(cleanup, report) {
				t.Errorf("the day proves too little: %+v, %+v", cleanup, report)
			}
		})
	}
}

// setPolicy gives the world a policy of its own, with one line changed.
func (d *day) setPolicy(t *testing.T, line, instead string) {
	t.Helper()
	text, err := os.ReadFile("config/policy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(string(text), line) != 1 {
		t.Fatalf("the policy does not say %q once", line)
	}
	d.write(t, "conf/policy.yaml", strings.Replace(string(text), line, instead, 1))
	d.env = append(d.env, "PI_MANAGER_CONFIG=conf")
}

// putDozen fills the ledger with rows of nine orders that are stuck, two that completed and three that were cancelled.
func (d *day) putDozen(t *testing.T) {
	t.Helper()
	var rows [][]string
	for i := range 13 {
		id := fmt.Sprintf("D%02d", i)
		agent, diagnosis := "ana@example.com", "rfi_pending"
		if i%6 == 5 {
			agent, diagnosis = "bo@example.com", "brn_pending"
		}
		rows = append(rows, []string{id, agent, at(7, i).Format(time.DateTime), "OPEN", "P2", "GBP", "6000.25", fmt.Sprint(10 + i), diagnosis, "", "", ""})
		d.g.stuckOrder(id)
		switch {
		case i == 3 || i == 4:
			d.become("COMPLETED", at(9, 0), record{"order id": id})
		case i > 9:
			d.become("CANCELLED", at(9, 0), record{"order id": id})
		}
	}
	d.put(t, rows)
}
