package sqlstore_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
	"pi-manager/internal/ledger/ledgertest"
)

// What people type into a row makes that row unreadable and keeps its order
// reserved. It stops no run, changes no other row, and is never overwritten.
func TestRubbishInARow(t *testing.T) {
	everywhere(t, func(t *testing.T, place func() string) {
		for _, test := range []struct{ column, cell, reason string }{
			{"agent", " ", "no agent"},
			{"status", "waiting for bank", "waiting for bank"},
			{"status", "RESOLVED\t", "status"}, // the unique index does not take it for resolved
			{"priority", "urgent", "urgent"},
			{"amount", "12,345.67", "12,345.67"},
			{"currency", "dirham", "dirham"},
			{"hours_stuck", "long", "long"},
		} {
			path := place()
			store := open(t, path)
			commit(t, store, ledgertest.Commit(0, "first", ledgertest.Row("A1", "ana@example.com"), ledgertest.Row("A2", "bo@example.com")))
			shell(t, path, `UPDATE assignments SET `+test.column+` = $1 WHERE order_id = 'A1'`, test.cell)
			s := read(t, store)
			if len(s.Assignments) != 1 || s.Assignments[0].OrderID != "A2" {
				t.Errorf("%s %q: readable rows %+v, want A2 alone", test.column, test.cell, s.Assignments)
			}
			if len(s.Unreadable) != 1 || s.Unreadable[0].OrderID != "A1" || s.Unreadable[0].Row != 1 ||
				!strings.Contains(s.Unreadable[0].Reason, test.reason) || len(s.Unreadable[0].Reason) > 200 {
				t.Errorf("%s %q: unreadable %+v, want row 1 of A1 with %q", test.column, test.cell, s.Unreadable, test.reason)
			}
			commit(t, store, ledgertest.Commit(1, "second"))
			if got := raw(t, path, `SELECT `+test.column+` FROM assignments WHERE order_id = 'A1'`); got != test.cell {
				t.Errorf("%s %q was changed to %q", test.column, test.cell, got)
			}
		}
	})
}

// A wrong time costs only the time, a wrong agent's cell only that agent's new
// orders, and a wrong cell of a run nothing; a person is told of each.
func TestDoubts(t *testing.T) {
	everywhere(t, func(t *testing.T, place func() string) {
		for _, test := range []struct{ statement, warning string }{
			{`UPDATE assignments SET assigned_at = 'yesterday' WHERE order_id = 'A1'`, `assignments: assigned_at is not a time like 2006-01-02 15:04:05: row 1 ("yesterday")`},
			{`UPDATE assignments SET assigned_at = 17`, `assignments: assigned_at is not a time like 2006-01-02 15:04:05: row 1 ("17"), row 2 ("17"), row 3 ("17") and 2 more`},
			{`INSERT INTO resolutions (order_id, resolved_at) VALUES ('A1', 'noon')`, `resolutions: resolved_at is not a time like 2006-01-02 15:04:05: row 1 ("noon")`},
			{`UPDATE agents SET max_tickets = -3`, `agents: max_tickets is not a whole number, taken as 0: ana@example.com ("-3")`},
			{`UPDATE agents SET active = 'on leave'`, `agents: active is neither TRUE nor FALSE, taken as FALSE: ana@example.com ("on leave")`},
			{`UPDATE agents SET email = ''`, `agents: no email: position 1`},
			{`UPDATE runs SET counts = 'many'`, `runs: counts cannot be read: "triage/first"`},
			{`UPDATE runs SET guardrails = '{}'`, `runs: guardrails cannot be read: "triage/first"`},
			{`UPDATE runs SET marks = '{}'`, `runs: marks cannot be read: "triage/first"`},
			{`UPDATE runs SET changed = 'much'`, `runs: changed cannot be read: "triage/first"`},
			{`UPDATE runs SET started = 'noon'`, `runs: started cannot be read: "triage/first"`},
			{`UPDATE runs SET until = 'noon'`, `runs: until cannot be read: "triage/first"`},
			{`UPDATE runs SET finished = 'noon'`, `runs: finished cannot be read: "triage/first"`},
		} {
			doubted(t, place(), test.statement, test.warning)
		}
	})
}

// A column of SQLite takes a value of any type.
func TestDoubtsOfOtherTypes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ statement, warning string }{
		{`UPDATE assignments SET resolved_at = x'ff00' WHERE order_id = 'A2'`, `assignments: resolved_at is not a time like 2006-01-02 15:04:05: row 2 ("\xff\x00")`},
		{`UPDATE agents SET max_tickets = 'many'`, `agents: max_tickets is not a whole number, taken as 0: ana@example.com ("many")`},
	} {
		doubted(t, newFile(t), test.statement, test.warning)
	}
}

func doubted(t *testing.T, place, statement, warning string) {
	t.Helper()
	store := open(t, place)
	if err := store.PutAgents(t.Context(), []ecm.Agent{{Email: "ana@example.com", Active: true, Capacity: 5}}); err != nil {
		t.Fatal(err)
	}
	commit(t, store, ledgertest.Commit(0, "first", fiveRows()...))
	shell(t, place, statement)
	s := read(t, store)
	if diff := cmp.Diff([]string{warning}, s.Warnings); diff != "" {
		t.Errorf("%s: warnings (-want +got):\n%s", statement, diff)
	}
	if len(s.Assignments) != 5 || len(s.Unreadable) != 0 || len(s.Runs) != 1 {
		t.Errorf("%s: %d rows, %d unreadable, %d runs; want 5, 0, 1", statement, len(s.Assignments), len(s.Unreadable), len(s.Runs))
	}
	for _, a := range s.Agents {
		if a.Active && a.Capacity > 0 && strings.Contains(statement, "agents") {
			t.Errorf("%s: %+v may still get orders", statement, a)
		}
	}
}

func fiveRows() (rows []ecm.Assignment) {
	for i := range 5 {
		rows = append(rows, ledgertest.Row(fmt.Sprint("A", i+1), "ana@example.com"))
	}
	return rows
}

// A person fills the tables with a shell and nothing but what they know.
func TestAPersonsOwnRows(t *testing.T) {
	everywhere(t, func(t *testing.T, place func() string) {
		path := place()
		store := open(t, path)
		shell(t, path, `INSERT INTO agents (email, name) VALUES ('ana@example.com', 'Ana'), ('bo@example.com', 'Bo')`)
		shell(t, path, `UPDATE agents SET active = FALSE, max_tickets = 3 WHERE name = 'Bo'`)
		shell(t, path, `INSERT INTO assignments (order_id, agent, assigned_at, priority, currency, amount, hours_stuck) VALUES ('0012345', 'ana@example.com', '2026-02-17 12:00:00', 'p2', 'aed', 12345.67, 37.5)`)
		shell(t, path, `INSERT INTO resolutions (order_id, resolved_at) VALUES ('0012345', '2026-02-17 13:00:00')`)
		s := read(t, store)

		row := ledgertest.Row("0012345", "ana@example.com")
		row.Diagnosis, row.RunID, row.Row = "", "", 1
		want := ledger.Snapshot{
			Assignments: []ecm.Assignment{row},
			Agents: []ecm.Agent{
				{Email: "ana@example.com", Name: "Ana", Active: true, Capacity: ecm.DefaultCapacity, Row: 1},
				{Email: "bo@example.com", Name: "Bo", Capacity: 3, Row: 2},
			},
			Resolutions: []ecm.Resolution{{OrderID: "0012345", At: ledgertest.Noon().Add(time.Hour)}},
		}
		if diff := cmp.Diff(want, s, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("snapshot (-want +got):\n%s", diff)
		}
	})
}

func TestPutAgents(t *testing.T) {
	everywhere(t, func(t *testing.T, place func() string) {
		store := open(t, place())
		first := []ecm.Agent{{Email: "ana@example.com", Active: true, Capacity: 1}, {Email: "bo@example.com", Active: true, Capacity: 2}}
		second := []ecm.Agent{{Email: "zoe@example.com", Active: true, Capacity: 3}}
		for _, roster := range [][]ecm.Agent{first, second} {
			if err := store.PutAgents(t.Context(), roster); err != nil {
				t.Fatal(err)
			}
		}
		twins := []ecm.Agent{{Email: "ana@example.com"}, {Email: " Ana@Example.com"}}
		if err := store.PutAgents(t.Context(), twins); ecm.ClassOf(err) != ecm.Permanent || !strings.Contains(err.Error(), "e-mail of their own") {
			t.Errorf("two agents with one e-mail: %v", err)
		}
		if diff := cmp.Diff(second, read(t, store).Agents, cmpopts.IgnoreFields(ecm.Agent{}, "Row")); diff != "" {
			t.Errorf("roster (-want +got):\n%s", diff)
		}
	})
}

func TestSetStatus(t *testing.T) {
	everywhere(t, func(t *testing.T, place func() string) {
		path := place()
		store := open(t, path)
		commit(t, store, ledgertest.Commit(0, "first", ledgertest.Row("A1", "ana@example.com")))
		later := ledgertest.Noon().Add(time.Hour)
		set := func(word string) {
			t.Helper()
			if err := store.SetStatus(t.Context(), "A1", word, later); err != nil {
				t.Fatal(err)
			}
		}
		// resolved by Ana, dealt again to Bo, who has it in progress: only Bo's row changes.
		set("resolved")
		commit(t, store, ledgertest.Commit(1, "second", ledgertest.Row("A1", "bo@example.com")))
		set("in progress")
		s := read(t, store)
		if got := s.Assignments; len(got) != 2 || got[0].Status != ecm.Resolved || !got[0].ResolvedAt.Equal(later) || got[1].Status != ecm.InProgress || !got[1].ResolvedAt.IsZero() {
			t.Errorf("rows: %+v", got)
		}
		// with none active it is the newest one that comes back, its time gone.
		set(" RESOLVED")
		set("OPEN")
		if got := read(t, store).Assignments; got[0].Status != ecm.Resolved || got[1].Status != ecm.Open || !got[1].ResolvedAt.IsZero() {
			t.Errorf("rows: %+v", got)
		}
		// a person took the older row up again: that is the active one.
		set("RESOLVED")
		shell(t, path, `UPDATE assignments SET status = 'OPEN' WHERE row_number = 1`)
		set("waiting for bank")
		if s := read(t, store); len(s.Unreadable) != 1 || s.Unreadable[0].Row != 1 {
			t.Errorf("unreadable: %+v, want row 1", s.Unreadable)
		}
		if err := store.SetStatus(t.Context(), "a1", "OPEN", later); ecm.ClassOf(err) != ecm.Permanent || !strings.Contains(err.Error(), `no row has the order "a1"`) {
			t.Errorf("an unknown order: %v", err)
		}
	})
}

// A person deletes a run's record for its slot to run again, with the sqlite3
// shell, which does not delete what hangs on it, or with psql, which does.
func TestADeletedRunMayRunAgain(t *testing.T) {
	everywhere(t, func(t *testing.T, place func() string) {
		path := place()
		store := open(t, path)
		commit(t, store, ledgertest.Commit(0, "slot"))
		shell(t, path, `DELETE FROM runs`)
		again := ledgertest.Commit(1, "slot")
		commit(t, store, again)
		if diff := cmp.Diff([]ecm.Run{again.Run}, read(t, store).Runs); diff != "" {
			t.Errorf("runs (-want +got):\n%s", diff)
		}
	})
}

// Of two processes that deliver, the one that failed may write last.
func TestADeliveryIsNeverTakenBack(t *testing.T) {
	everywhere(t, func(t *testing.T, place func() string) {
		path := place()
		store := open(t, path)
		c := ledgertest.Commit(0, "slot")
		commit(t, store, c)
		posted := ecm.Owed{Part: "briefing", Channel: "C1", TS: "1700000000.000100"}
		failed := ecm.Owed{Part: "briefing", Note: "gave up"}
		c.Run.Finished = ledgertest.Noon().Add(time.Minute)
		if err := store.Record(t.Context(), c.Run.ID, []ecm.Owed{posted}, c.Run.Finished); err != nil {
			t.Fatal(err)
		}
		if err := store.Record(t.Context(), c.Run.ID, []ecm.Owed{failed}, time.Time{}); err != nil {
			t.Fatal(err)
		}
		c.Run.Deliver([]ecm.Owed{posted})
		if diff := cmp.Diff([]ecm.Run{c.Run}, read(t, store).Runs); diff != "" {
			t.Errorf("runs (-want +got):\n%s", diff)
		}
		if body := raw(t, path, `SELECT body FROM messages WHERE part = 'briefing'`); body != "" {
			t.Errorf("the delivered body %s is still there", body)
		}
	})
}

// The right to deliver is never shorter in the ledger than its holder thinks.
func TestUntilIsRoundedUp(t *testing.T) {
	everywhere(t, func(t *testing.T, place func() string) {
		store := open(t, place())
		c := ledgertest.Commit(0, "slot")
		c.Run.Until = ledgertest.Noon().Add(time.Nanosecond)
		commit(t, store, c)
		if got := read(t, store).Runs[0].Until; !got.Equal(ledgertest.Noon().Add(time.Second)) {
			t.Errorf("until %v, want the next full second", got)
		}
	})
}

// A snapshot holds every row and run that still matters, and does not grow with the years.
func TestOldHistoryStaysOut(t *testing.T) {
	everywhere(t, func(t *testing.T, place func() string) {
		path := place()
		store := open(t, path)
		var rows []ecm.Assignment
		for i := range 20_004 {
			row := ledgertest.Row(fmt.Sprint("A", i), "ana@example.com")
			row.Status = ecm.Resolved
			rows = append(rows, row)
		}
		rows[1].Status = ecm.Open
		commit(t, store, ledgertest.Commit(0, "first", rows...))
		shell(t, path, `UPDATE assignments SET status = 'my own word' WHERE row_number = 3`)
		s := read(t, store)
		if len(s.Assignments) != 20_001 || s.Assignments[0].OrderID != "A1" || s.Assignments[1].OrderID != "A4" {
			t.Errorf("%d rows, the first %v; want the open A1 and the newest 20,000", len(s.Assignments), s.Assignments[:2])
		}
		if len(s.Unreadable) != 1 || s.Unreadable[0].OrderID != "A2" {
			t.Errorf("unreadable %+v, want the old A2", s.Unreadable)
		}

		for generation := int64(1); generation < 60; generation++ {
			c := ledgertest.Commit(generation, fmt.Sprint("slot ", generation))
			commit(t, store, c)
			if generation != 5 { // this one owes its messages for ever
				deliver(t, store, c)
			}
		}
		runs := read(t, store).Runs
		if len(runs) != 52 || runs[0].ID != "triage/first" || runs[1].ID != "triage/slot 5" || runs[2].ID != "triage/slot 10" || runs[51].ID != "triage/slot 59" {
			t.Errorf("%d runs, want the two that owe messages and the newest 50", len(runs))
		}
		if !json.Valid(runs[1].Messages[0].Body) || runs[2].Messages[0].Body != nil {
			t.Error("an owed message must have its body, a delivered one has none")
		}
	})
}

func deliver(t *testing.T, l ledger.Ledger, c ledger.Commit) {
	t.Helper()
	for i := range c.Run.Messages {
		c.Run.Messages[i].TS = "1700000000.000100"
	}
	if err := l.Record(t.Context(), c.Run.ID, c.Run.Messages, ledgertest.Noon()); err != nil {
		t.Fatal(err)
	}
}

// A check says what is missing, not only that something is.
func TestCheckWithoutAgents(t *testing.T) {
	everywhere(t, func(t *testing.T, place func() string) {
		store := open(t, place())
		for _, c := range store.Check(t.Context()) {
			if wantOK := c.Name != "ledger: agents"; c.OK != wantOK || (c.Mend == "") != wantOK {
				t.Errorf("%+v", c)
			}
		}
	})
}
