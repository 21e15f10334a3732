package ledgertest

import (
	"testing"
	"time"

	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
)

// InMemory is a world around a ledger in memory.
func InMemory(memory *ledger.Memory) World {
	return World{
		Open: func(*testing.T) ledger.Ledger { return memory },
		Hire: func(_ *testing.T, agents ...ecm.Agent) {
			memory.Edit(func(s *ledger.Snapshot) { s.Agents = append(s.Agents, agents...) })
		},
		Type: func(t *testing.T, orderID, header, text string) {
			memory.Edit(func(s *ledger.Snapshot) { typeInto(t, s, orderID, header, text) })
		},
		Archived: func(*testing.T) []ecm.Assignment { return memory.Archived() },
		Board:    func(*testing.T) ecm.Board { return memory.Board() },
	}
}

// typeInto is a person's hand on a cell: a status that we do not know makes its row unreadable.
func typeInto(t *testing.T, s *ledger.Snapshot, orderID, header, text string) {
	t.Helper()
	var rows []ecm.Assignment
	for _, row := range s.Assignments {
		if row.OrderID != orderID {
			rows = append(rows, row)
			continue
		}
		if readable := typed(t, &row, header, text); !readable {
			s.Unreadable = append(s.Unreadable, ledger.Unreadable{Row: row.Row, OrderID: orderID, Reason: "unknown status"})
			continue
		}
		rows = append(rows, row)
	}
	s.Assignments = rows
}

// typed is a row after a person has written into one of its cells.
func typed(t *testing.T, row *ecm.Assignment, header, text string) (readable bool) {
	t.Helper()
	switch header {
	case "Order ID":
		row.OrderID = text
	case "Assigned Agent":
		row.Agent = text
	case "Notes":
		row.Notes = text
	case "Resolved At":
		row.ResolvedAt = time.Time{}
		if text != "" {
			at, err := ecm.ParseTime(text)
			if err != nil {
				t.Fatal(err)
			}
			row.ResolvedAt = at
		}
	case "Status":
		row.Status, readable = ecm.ParseStatus(text)
		row.Word = ""
		if text != string(row.Status) {
			row.Word = text
		}
		return readable
	default:
		t.Fatalf("people do not type into %s here", header)
	}
	return true
}
