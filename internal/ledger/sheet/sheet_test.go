package sheet_test

import (
	"fmt"
	"slices"
	"testing"

	"pi-manager/internal/ecm"
	"pi-manager/internal/fake"
	"pi-manager/internal/ledger"
	"pi-manager/internal/ledger/ledgertest"
	"pi-manager/internal/ledger/sheet"
)

// open gives a handle on the fake's spreadsheet, as another process would have it.
func open(t testing.TB, s *fake.Sheets) *sheet.Ledger {
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

// typeInto types text into a cell of an order's rows.
func typeInto(s *fake.Sheets, orderID, header, text string) {
	rows := s.Rows("Assignments")
	column := slices.Index(rows[0], any(header))
	for i, row := range rows {
		if len(row) > 0 && row[0] == orderID {
			cell := fmt.Sprintf("%c%d", 'A'+column, i+1)
			if header == "Order ID" || header == "Resolved At" || text == "" {
				var v any = text
				s.Put("Assignments", cell, v)
			} else {
				s.Type("Assignments", cell, text)
			}
		}
	}
}

// archived reads the archive as the assignments that it holds.
func archived(t *testing.T, s *fake.Sheets) []ecm.Assignment {
	t.Helper()
	if !slices.Contains(s.Titles(), "Archive") {
		return nil
	}
	twin := fake.NewSheets(t)
	twin.Seed("Assignments", s.Rows("Archive"))
	return read(t, twin).Assignments
}

// shownBoard reads the dashboard as people see it.
func shownBoard(s *fake.Sheets) (board ecm.Board) {
	figures := func(left, height int) (list []ecm.Figure) {
		for i, row := range s.Rows("ECM Dashboard") {
			if i == 0 || i >= height || left+1 >= len(row) || row[left] == nil {
				continue
			}
			f := ecm.Figure{Label: row[left].(string)}
			switch v := row[left+1].(type) {
			case float64:
				f.Count = int(v)
			case string:
				f.Text = v
			}
			list = append(list, f)
		}
		return list
	}
	if slices.Contains(s.Titles(), "ECM Dashboard") {
		board = ecm.Board{Figures: figures(0, 60), Diagnoses: figures(3, 31), Agents: figures(6, 71)}
	}
	return board
}

func TestContract(t *testing.T) {
	t.Parallel()
	ledgertest.Run(t, func(t *testing.T) ledgertest.World {
		s := serve(t)
		return ledgertest.World{
			Open:     func(t *testing.T) ledger.Ledger { return open(t, s) },
			Hire:     func(_ *testing.T, agents ...ecm.Agent) { hire(s, agents...) },
			Type:     func(_ *testing.T, orderID, header, text string) { typeInto(s, orderID, header, text) },
			Archived: func(t *testing.T) []ecm.Assignment { return archived(t, s) },
			Board:    func(*testing.T) ecm.Board { return shownBoard(s) },
			LoseAnswer: func(*testing.T) {
				s.Trouble(fake.SheetsTrouble{On: fake.OnMethod("spreadsheets.batchUpdate"), Applied: true})
			},
		}
	})
}
