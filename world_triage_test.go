package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pi-manager/internal/fake"
)

// TestWorldBusyMorning is the main job, whole: a warehouse full of dirt, a sheet
// that people have worked in for weeks, and every number that comes out compared
// with what the domain's text says (F41, F46, F47, F49, F50, F54, F59, F66).
func TestWorldBusyMorning(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	busySheet(w.sheets)
	w.env = append(w.env, "PI_MANAGER_EXCLUDED_AGENTS=dee@example.com, nobody@example.com")
	w.excluded = []string{"dee@example.com"}
	w.slack.PutUser(fake.SlackUser{ID: "U0FAY00001", Email: "fay@example.com", Name: "fay"})
	w.members = []string{"U0ANA00001", "U0FAY00001"}
	g := busyWarehouse()
	w.db.load(t, g.shuffled())

	in := arrive(g.tables, morning(), false)
	wantDirt(t, in)
	e := w.ledger(t, "").expect(in.orders, morning())
	if len(e.overflow) == 0 || e.kept < 10 || e.resolved < 4 || len(e.dealt) < 100 {
		t.Fatalf("the world proves too little: %d dealt, %d kept, %d resolved, %d overflow", len(e.dealt), e.kept, e.resolved, len(e.overflow))
	}
	before := w.cells(t)
	w.runAndCheck(t, "07:00", morning(), in, e)
	w.checkUntouched(t, before)
	if got := w.mentioned(); !slices.Equal(got, w.members) {
		t.Errorf("mentioned are %v, want %v: the agents on duty whose member id is known", got, w.members)
	}
}

// mentioned are the members who were notified, in the order of the messages.
func (w *world) mentioned() []string {
	var members []string
	for _, m := range w.slack.Messages() {
		for _, e := range m.Entities {
			if e.Kind == "user" && e.Where == "blocks" {
				members = append(members, e.Target)
			}
		}
	}
	return members
}

// runAndCheck runs a slot and compares all that it leaves behind.
func (w *world) runAndCheck(t *testing.T, slot string, asOf time.Time, in arrival, e expectation) {
	t.Helper()
	w.hoursLater()
	posted := len(w.slack.Messages())
	o := w.triage(t, slot, asOf)
	o.wants(t, 0, "ok")
	if !regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:00$`).MatchString(o.document.Slot) || !strings.HasSuffix(o.document.Slot, slot) || o.document.RunID != "triage/"+o.document.Slot {
		t.Errorf("run %q of slot %q", o.document.RunID, o.document.Slot)
	}
	messages := w.slack.Messages()[posted:]
	o.checkDocument(t, e, in)
	o.checkMessages(t, messages)
	w.checkRows(t, o.document.RunID, e, asOf)
	w.checkBriefing(t, messages[0], o.document.RunID, e, in)
	w.checkThreads(t, messages[1:], o.document.RunID, e)
	w.checkFair(t, e)
}

// checkFair holds the expectation itself to what must always be true: nobody
// above Max Tickets, and high-value orders differ by at most one among agents
// who kept a free slot.
func (w *world) checkFair(t *testing.T, e expectation) {
	t.Helper()
	high := map[string]int{}
	for _, d := range e.dealt {
		if d.highValue() && !d.reopened {
			high[d.agent]++
		}
	}
	var counts []int
	for _, d := range e.desks {
		if d.free < 0 {
			t.Errorf("%s is above Max Tickets", d.email)
		}
		if d.free > 0 {
			counts = append(counts, high[d.email])
		}
	}
	if len(counts) > 0 && slices.Max(counts)-slices.Min(counts) > 1 {
		t.Errorf("high-value orders of agents with a free slot: %v", counts)
	}
}

// wantDirt wants the made-up world to hold every case of the domain's text.
func wantDirt(t *testing.T, in arrival) {
	t.Helper()
	for _, reason := range []string{"status", "sub-state", "currency", "too old", "too young", "unpaid", "dead"} {
		if in.leftOut[reason] == 0 {
			t.Errorf("no order is left out for %s", reason)
		}
	}
	seen := map[string]int{}
	for _, order := range in.orders {
		seen[order.diagnosis.name]++
		seen[order.priority]++
		seen[order.currency()]++
		seen["rfi "+order.facts["rfi_status"]]++
	}
	for word := range strings.FieldsSeq("refund_triggered manual_review status_sync_issue cancellation_pending brn_pending stuck_at_lean_recon " +
		"no_rfi_created rfi_pending stuck_due_trm bulk_vda_pending stuck_at_vda_partner stuck_at_rda_partner stuck_at_lulu " +
		"fulfillment_pending P1 P2 P3 AED GBP EUR") {
		if seen[word] == 0 {
			t.Errorf("no order in the pending list is %s", word)
		}
	}
	for word := range strings.FieldsSeq("REQUESTED SUBMITTED SENT_TO_PROVIDER REJECTED EXPIRED RE_OPEN") {
		if seen["rfi "+word] == 0 {
			t.Errorf("no order has the request for information %s", word)
		}
	}
	if n := len(in.orders); n < 250 || n > 600 {
		t.Errorf("%d orders in the pending list", n)
	}
}

// TestWorldSecondSlot goes on in the afternoon: some orders have healed, some
// were resolved by agents, new ones came; and the circle goes on after the agent
// who got the last order in the morning.
func TestWorldSecondSlot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.crew("ana@example.com", "bo@example.com", "cy@example.com", "dee@example.com", "eva@example.com")
	g := newGenerator(3, morning())
	for i := range 211 {
		g.stuckOrder(orderID(i))
	}
	w.db.load(t, g.shuffled())
	in := arrive(g.tables, morning(), false)
	first := w.ledger(t, "").expect(in.orders, morning())
	w.runAndCheck(t, "07:00", morning(), in, first)

	before := w.people(t)
	for i, r := range g.tables["orders_goms"] {
		if i%9 == 0 {
			r["status"], r["updated_at"] = "COMPLETED", moment(morning().Add(time.Hour))
		}
	}
	later := newGenerator(4, afternoon())
	later.tables = g.tables
	for i := range 57 {
		later.stuckOrder(orderID(1000 + i))
	}
	w.db.load(t, later.shuffled())
	in = arrive(later.tables, afternoon(), false)
	second := w.ledger(t, first.lastAgent).expect(in.orders, afternoon())
	if second.resolved < 5 || second.kept < 100 || len(second.dealt) < 57 {
		t.Fatalf("the afternoon proves too little: %d dealt, %d kept, %d resolved", len(second.dealt), second.kept, second.resolved)
	}
	if !strings.EqualFold(second.dealt[0].agent, following(first)) {
		t.Fatalf("expected the deal to go on with %s, not %s", following(first), second.dealt[0].agent)
	}
	w.runAndCheck(t, "14:00", afternoon(), in, second)
	w.checkUntouched(t, before)
}

// people is an hour of work in the sheet: some orders are resolved, some begun,
// some escalated, with notes of their own. It gives the cells as they are then.
func (w *world) people(t *testing.T) cells {
	t.Helper()
	for i := range w.sheets.Column("Assignments", "Order ID") {
		cell := func(column string) string { return fmt.Sprintf("%s%d", column, i+2) }
		switch i % 10 {
		case 0:
			w.sheets.Type("Assignments", cell("D"), "RESOLVED")
			w.sheets.Put("Assignments", cell("K"), morning().Add(3*time.Hour).Format(time.DateTime))
		case 1:
			w.sheets.Type("Assignments", cell("D"), "IN_PROGRESS")
			w.sheets.Type("Assignments", cell("J"), "=2*21")
		case 2:
			w.sheets.Type("Assignments", cell("D"), "ESCALATED")
		}
	}
	return w.cells(t)
}

// following is the agent after the one who got the last order.
func following(e expectation) string {
	at := slices.IndexFunc(e.desks, func(d desk) bool { return d.email == e.lastAgent })
	return e.desks[(at+1)%len(e.desks)].email
}
