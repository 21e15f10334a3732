package ledger_test

import (
	"testing"

	"pi-manager/internal/ledger"
	"pi-manager/internal/ledger/ledgertest"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	ledgertest.Run(t, func(*testing.T) ledgertest.World { return ledgertest.InMemory(ledger.NewMemory()) })
}
