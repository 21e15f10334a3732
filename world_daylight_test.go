package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// at is a moment of the first day, on the team's clock.
func at(hour, minute int) time.Time {
	return time.Date(2026, 2, 17, hour, minute, 0, 0, dubai()).UTC()
}

// TestWorldDay lives through a day and the morning after it. At each slot every
// number that is told, in Slack, as JSON, in the record of the run and on the
// dashboard, is the one that somebody comes to who reads the tables and the cells
// (F41, F44, F49, F54, F55, F64, F65).
func TestWorldDay(t *testing.T) {
	t.Parallel()
	for _, ledger := range []string{onSheets, onTables} {
		t.Run(ledger, func(t *testing.T) {
			t.Parallel()
			d := newDay(t, ledger, 60)
			d.inherit(t)
			first := d.cleanup(t, "2026-02-17T07:00", at(7, 0))
			d.deal(t, "2026-02-17T07:00", at(7, 1))
			if c := first.document; c.Timed != 2 || c.Archived != 3 || len(c.Resolved) != 1 || len(c.Skipped) != 2 {
				t.Fatalf("the morning proves too little: %+v", c)
			}

			d.forenoon(t)
			noon := d.cleanup(t, "2026-02-17T14:00", at(14, 0))
			d.deal(t, "2026-02-17T14:00", at(14, 1))
			d.become("COMPLETED", at(14, 2), d.pick(t, 2)...)
			report := d.tell(t, "2026-02-17T14:00", at(14, 3))
			if c, r := noon.document, report.document; len(c.Resolved) < 6 || c.Timed < 4 || r.Completed != 2 || r.Resolved < 7 || len(r.Soon) == 0 || len(r.Breaches) == 0 {
				t.Fatalf("the afternoon proves too little: %+v, %+v", c.Counts, r.Counts)
			}

			d.afternoon(t)
			d.cleanup(t, "2026-02-17T20:00", at(20, 0))
			d.deal(t, "2026-02-17T20:00", at(20, 1))
			report = d.tell(t, "2026-02-17T20:00", at(20, 3))
			if r := report.document; len(r.Change) == 0 || len(r.Healed) < 4 || len(r.Breaches) < 11 {
				t.Fatalf("the evening proves too little: %+v", r.Counts)
			}

			d.arriveMore(4, at(21, 0))
			d.become("COMPLETED", at(22, 0), d.pick(t, 3)...)
			d.cleanup(t, "2026-02-18T07:00", at(24+7, 0))
			d.deal(t, "2026-02-18T07:00", at(24+7, 1))
			d.tell(t, "", at(24+7, 30))
		})
	}
}

// inherit is what weeks of work have left in the ledger.
func (d *day) inherit(t *testing.T) {
	t.Helper()
	ago := func(hours int) string { return at(7, 0).Add(-time.Duration(hours) * time.Hour).Format(time.DateTime) }
	row := func(id, agent, status, assigned, resolved, notes string) []string {
		return []string{id, agent, assigned, status, "P2", "AED", "1500", "40.5", "manual_review", notes, resolved, ""}
	}
	rows := [][]string{
		row("S-OPEN", "ana@example.com", "OPEN", ago(20), "", "called twice"), row("S-WORK", "Bo@Example.com", "in progress", ago(15), "", ""),
		row("S-HEALED", "bo@example.com", "OPEN", ago(30), "", "waits for the bank"), row("S-ESCALATED", "dee@example.com", "ESCALATED", ago(30), "", ""),
		row("S-WAITING", "eva@example.com", "waiting for the bank", ago(30), "", ""), row("S-GONE", "zed@example.com", "OPEN", ago(3), "", ""),
		row("S-OLD-1", "ana@example.com", "RESOLVED", ago(1000), ago(970), "paid"), row("S-OLD-2", "bo@example.com", "RESOLVED", ago(1000), ago(721), ""),
		row("S-OLD-3", "zed@example.com", "resolved", ago(1000), ago(960), ""), row("S-YOUNG", "ana@example.com", "RESOLVED", ago(1000), ago(719), ""),
		row("S-BACK", "dee@example.com", "RESOLVED", ago(40), ago(20), "done"), row("S-NOTED", "bo@example.com", "RESOLVED", ago(40), "", ""),
		row("S-FORGOTTEN", "ana@example.com", "RESOLVED", ago(40), "", "done, I think"),
	}
	d.put(t, rows)
	d.binder.noteResolution(t, "S-NOTED", "bo@example.com", at(7, 0).Add(-9*time.Hour))
	d.binder.noteResolution(t, "S-NOTED", "bo@example.com", at(7, 0).Add(-13*time.Hour))
	for _, r := range rows {
		d.used[r[0]] = true
		if !strings.HasPrefix(r[3], "RESOLVED") && !strings.HasPrefix(r[3], "resolved") || r[0] == "S-BACK" {
			d.g.stuckOrder(r[0])
		}
	}
	for _, id := range []string{"S-HEALED", "S-ESCALATED", "S-WAITING"} {
		d.become("COMPLETED", at(5, 0), record{"order id": id})
	}
}

// put writes rows into an empty ledger: into a sheet with columns of people's own.
func (d *day) put(t *testing.T, rows [][]string) {
	t.Helper()
	if _, isTables := d.binder.(tableBinder); isTables {
		if err := fillLedger(filepath.Join(d.dir, "ledger.db"), rows); err != nil {
			t.Fatal(err)
		}
		return
	}
	all := [][]any{{"Mood", "Order ID", "ASSIGNED AGENT", "Assigned At", "Status", "Priority", "Currency", "Amount", "Hours  Stuck", "Diagnosis", "Notes", "Resolved At", "Boss", "Run ID"}}
	for i, r := range rows {
		number := func(text string) any {
			var n float64
			_, _ = fmt.Sscan(text, &n)
			return n
		}
		all = append(all, []any{"🙂", r[0], r[1], r[2], r[3], r[4], r[5], number(r[6]), number(r[7]), r[8], r[9], r[10], fmt.Sprint("boss of row ", i)})
	}
	d.sheets.Seed("Assignments", all)
	d.sheets.Seed("Team notes", [][]any{{"the bank is closed on Friday"}, {"Mood", "=1+1"}})
}

// forenoon is what people and the warehouse do from seven to two.
func (d *day) forenoon(t *testing.T) {
	t.Helper()
	d.arriveMore(12, at(12, 0))
	d.arrange(t)
	healed := d.pick(t, 6)
	d.become("COMPLETED", at(9, 0), healed...)
	d.fillAll(t, healed[:2], "notes", "called the customer; no answer")
	d.fillAll(t, healed[2:3], "status", "In Progress")
	d.become("CANCELLED", at(9, 30), d.pick(t, 2)...)
	d.solve(t, at(11, 0), 3, 2)
	escalated := d.pick(t, 3)
	d.fillAll(t, escalated, "status", "ESCALATED")
	d.become("COMPLETED", at(12, 0), escalated[0])
	odd := d.pick(t, 2)
	d.fillAll(t, odd, "status", "waiting 🙂")
	d.become("COMPLETED", at(12, 0), odd[0])
	d.fillAll(t, d.pick(t, 4), "status", "IN_PROGRESS")
	d.fillAll(t, d.pickOf(t, "bo@example.com"), "amount", "about 1500") // it takes a slot of Bo's all the same
	typed := d.pick(t, 2)
	d.fillAll(t, typed, "notes", "=2*21")
}

// solve is what agents do with orders that they have solved: some say when, some note it elsewhere, some do neither.
func (d *day) solve(t *testing.T, when time.Time, withTime, without int) {
	t.Helper()
	exact := d.pick(t, withTime)
	d.fillAll(t, exact, "status", "RESOLVED")
	d.fillAll(t, exact, "resolved at", when.Format(time.DateTime))
	bare := d.pick(t, 2*without)
	d.fillAll(t, bare, "status", "RESOLVED")
	for _, r := range bare[:without] {
		d.binder.noteResolution(t, r.text("order id"), r.text("assigned agent"), when.Add(time.Minute))
	}
}

// arrange is what people do to a sheet while they work in it.
func (d *day) arrange(t *testing.T) {
	t.Helper()
	s, isSheet := d.binder.(sheetBinder)
	if !isSheet {
		return
	}
	s.SortDown("Assignments", "H")
	s.InsertRows("Assignments", 5, 2)
	s.InsertColumns("Assignments", "G", 1)
	for _, r := range d.binder.rows(t, "Assignments") {
		if id := r.text("order id"); sound(r) && status(r) == "OPEN" && r.text("assigned agent") == "eva@example.com" && !d.used[id] {
			d.used[id], d.pasted[id] = true, true
			s.CopyRow("Assignments", r["#"].(int), len(s.Rows("Assignments"))+1)
			return
		}
	}
	t.Fatal("eva has no row that could be copied")
}

// afternoon is what they do from two to eight.
func (d *day) afternoon(t *testing.T) {
	t.Helper()
	d.arriveMore(7, at(19, 0))
	if s, isSheet := d.binder.(sheetBinder); isSheet {
		s.Sort("Assignments", "B")
		s.MoveColumn("Assignments", "M", "A")
		for id := range d.pasted {
			d.become("COMPLETED", at(16, 0), record{"order id": id})
		}
	}
	d.become("COMPLETED", at(16, 0), d.pick(t, 4)...)
	d.solve(t, at(18, 0), 2, 1)
	d.fillAll(t, d.pick(t, 1), "status", "ESCALATED")
}
