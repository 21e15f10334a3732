package ledger_test

import (
	"testing"

	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
	"pi-manager/internal/ledger/ledgertest"
)

func TestMemory(t *testing.T) {
	ledgertest.Run(t, func(*testing.T) ledgertest.World {
		memory := ledger.NewMemory()
		return ledgertest.World{
			Open: func(*testing.T) ledger.Ledger { return memory },
			Hire: func(_ *testing.T, agents ...ecm.Agent) {
				memory.Edit(func(s *ledger.Snapshot) { s.Agents = append(s.Agents, agents...) })
			},
			SetStatus: func(_ *testing.T, orderID, word string) { memory.Edit(setStatus(orderID, word)) },
		}
	})
}

// setStatus is a person's hand on a status cell: a word that we do not know makes the row unreadable.
func setStatus(orderID, word string) func(*ledger.Snapshot) {
	return func(s *ledger.Snapshot) {
		var rows []ecm.Assignment
		for _, row := range s.Assignments {
			status, known := ecm.ParseStatus(word)
			switch {
			case row.OrderID != orderID:
				rows = append(rows, row)
			case known:
				row.Status = status
				rows = append(rows, row)
			default:
				s.Unreadable = append(s.Unreadable, ledger.Unreadable{Row: row.Row, OrderID: orderID, Reason: "unknown status"})
			}
		}
		s.Assignments = rows
	}
}
