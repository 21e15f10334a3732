package sheet_test

import (
	"fmt"
	"testing"

	"pi-manager/internal/ecm"
	"pi-manager/internal/fake"
	"pi-manager/internal/ledger"
	"pi-manager/internal/ledger/ledgertest"
	"pi-manager/internal/ledger/sheet"
)

// open gives a handle on the fake's spreadsheet, as another process would have it.
func open(t *testing.T, s *fake.Sheets) *sheet.Ledger {
	t.Helper()
	l, err := sheet.Open(t.Context(), sheet.Settings{SpreadsheetID: s.ID, Endpoint: s.URL, Client: s.Client()})
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	return l
}

// serve starts a fake whose requests must all be sound by the end of the test.
func serve(t *testing.T) *fake.Sheets {
	t.Helper()
	s := fake.NewSheets(t)
	t.Cleanup(func() {
		for _, offence := range s.Offences() {
			t.Errorf("offence: %s", offence)
		}
	})
	return s
}

func hire(s *fake.Sheets, agents ...ecm.Agent) {
	rows := [][]any{{"Email", "Name", "Team", "Slack Handle", "Active", "Max Tickets"}}
	for _, a := range agents {
		row := []any{a.Email, a.Name, a.Team, a.Handle, a.Active, a.Capacity}
		if a.Capacity == ecm.DefaultCapacity {
			row[5] = nil
		}
		rows = append(rows, row)
	}
	s.Seed("Agents", rows)
}

// setStatus types a word into the status cell of an order.
func setStatus(t *testing.T, s *fake.Sheets, orderID, word string) {
	t.Helper()
	for i, id := range s.Column("Assignments", "Order ID") {
		if id == orderID {
			s.Type("Assignments", fmt.Sprintf("D%d", i+2), word)
			return
		}
	}
	t.Fatalf("no row of %s", orderID)
}

func TestContract(t *testing.T) {
	t.Parallel()
	ledgertest.Run(t, func(t *testing.T) ledgertest.World {
		s := serve(t)
		return ledgertest.World{
			Open:      func(t *testing.T) ledger.Ledger { return open(t, s) },
			Hire:      func(_ *testing.T, agents ...ecm.Agent) { hire(s, agents...) },
			SetStatus: func(t *testing.T, orderID, word string) { setStatus(t, s, orderID, word) },
			LoseAnswer: func(*testing.T) {
				s.Trouble(fake.SheetsTrouble{On: fake.OnMethod("spreadsheets.batchUpdate"), Applied: true})
			},
		}
	})
}
