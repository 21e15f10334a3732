package sheet_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pi-manager/internal/ecm"
	"pi-manager/internal/fake"
	"pi-manager/internal/ledger"
	"pi-manager/internal/ledger/ledgertest"
	"pi-manager/internal/ledger/sheet"
)

// peoplesHeader is a header row as people have it: a column of their own in the middle.
func peoplesHeader() []any {
	return []any{
		"Order ID", "Assigned Agent", "Assigned At", "Status", "Manager", "Priority", "Currency", "Amount", "Hours Stuck", "Diagnosis", "Notes",
	}
}

// peoplesRow is a row under peoplesHeader.
func peoplesRow(id, status string) []any {
	return []any{id, "ana@example.com", "2026-02-16 12:00:00", status, "boss of " + id, "P2", "AED", 1500, 20, "manual_review", "note of " + id}
}

// peopled is a spreadsheet that people have worked in before we came.
func peopled(t *testing.T) *fake.Sheets {
	t.Helper()
	s := serve(t)
	s.Seed("Assignments", [][]any{peoplesHeader(), peoplesRow("OLD1", "OPEN"), peoplesRow("OLD2", "RESOLVED"), peoplesRow("OLD3", "waiting")})
	hire(s, ecm.Agent{Email: "ana@example.com", Active: true, Capacity: 5})
	return s
}

// records gives the rows of a tab by header, wherever the header row and the columns stand.
func records(s *fake.Sheets, tab, key string) []map[string]any {
	var header []any
	var list []map[string]any
	for _, row := range s.Rows(tab) {
		switch {
		case header == nil && contains(row, key):
			header = row
		case header != nil:
			record := map[string]any{}
			for i, v := range row {
				if i < len(header) && v != nil && header[i] != nil {
					record[strings.ToLower(strings.Join(strings.Fields(fmt.Sprint(header[i])), " "))] = v
				}
			}
			if len(record) > 0 {
				list = append(list, record)
			}
		}
	}
	return list
}

func contains(row []any, key string) bool {
	for _, v := range row {
		if text, ok := v.(string); ok && strings.EqualFold(strings.Join(strings.Fields(text), " "), key) {
			return true
		}
	}
	return false
}

// run is what the shell does with the ledger, without its pauses: read, decide
// anew after a conflict, look after doubt, and record the deliveries.
func run(ctx context.Context, l *sheet.Ledger, slot string, orders ...string) error {
	var err error
	for range 8 {
		var s ledger.Snapshot
		if s, err = l.Read(ctx); err != nil {
			if ecm.ClassOf(err) == ecm.Permanent {
				return err
			}
			continue
		}
		c := ledgertest.Commit(s.Generation, slot, missing(s, orders)...)
		if known(s, c.Run.ID) {
			return deliver(ctx, l, c.Run)
		}
		switch err = l.Commit(ctx, c); {
		case err == nil:
			return deliver(ctx, l, c.Run)
		case errors.Is(err, ledger.ErrConflict):
		case ecm.ClassOf(err) == ecm.Permanent:
			return err
		}
	}
	return err
}

func known(s ledger.Snapshot, id string) bool {
	for _, r := range s.Runs {
		if r.ID == id {
			return true
		}
	}
	return false
}

// missing are rows for the orders that have none.
func missing(s ledger.Snapshot, orders []string) []ecm.Assignment {
	has := map[string]bool{}
	for _, a := range s.Assignments {
		has[a.OrderID] = true
	}
	for _, u := range s.Unreadable {
		has[u.OrderID] = true
	}
	var rows []ecm.Assignment
	for _, id := range orders {
		if !has[id] {
			rows = append(rows, ledgertest.Row(id, "bo@example.com"))
		}
	}
	return rows
}

func deliver(ctx context.Context, l *sheet.Ledger, r ecm.Run) error {
	var posted []ecm.Owed
	for i, m := range r.Messages {
		posted = append(posted, ecm.Owed{Part: m.Part, Channel: "C1", TS: fmt.Sprintf("1700000000.%06d", i)})
	}
	var err error
	for range 5 {
		if err = l.Record(ctx, r.ID, posted, ledgertest.Noon().Add(time.Minute)); err == nil || ecm.ClassOf(err) == ecm.Permanent {
			return err
		}
	}
	return err
}
