package ledger_test

import (
	"strings"
	"testing"
	"time"

	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
	"pi-manager/internal/ledger/ledgertest"
)

// closed is a change of a row that stood somewhere.
func closed(orderID string, row int) ecm.Change {
	was := ledgertest.Row(orderID, "ana@example.com")
	was.Row = row
	is := was.WithNote(ecm.SelfHealed)
	is.Status, is.ResolvedAt = ecm.Resolved, ledgertest.Noon()
	return ecm.Change{Was: was, Is: is}
}

// altered is closed with something else about it.
func altered(hand func(*ecm.Change)) []ecm.Change {
	c := closed("A1", 2)
	hand(&c)
	return []ecm.Change{c}
}

func TestContradiction(t *testing.T) {
	t.Parallel()
	noon, message := ledgertest.Noon(), ecm.Owed{Part: "briefing"}
	ana, resolved := ledgertest.Row("A1", "ana@example.com"), ledgertest.Row("A1", "bo@example.com")
	resolved.Status = ecm.Resolved
	for name, test := range map[string]struct {
		commit ledger.Commit
		says   string // "" for a sound commit
	}{
		"nothing":                        {ledger.Commit{}, ""},
		"a closed row and a new one":     {ledger.Commit{Changes: []ecm.Change{closed("A1", 2)}, Rows: []ecm.Assignment{ana}}, ""},
		"a moved row and a new one":      {ledger.Commit{Changes: altered(func(c *ecm.Change) { c.Move = ecm.Away }), Rows: []ecm.Assignment{ana}}, ""},
		"two copies of a row":            {ledger.Commit{Changes: []ecm.Change{closed("A1", 2), closed("A1", 3)}}, ""},
		"two rows with no place":         {ledger.Commit{Changes: []ecm.Change{closed("A1", 0), closed("A2", 0)}}, ""},
		"resolved rows beside a new one": {ledger.Commit{Rows: []ecm.Assignment{resolved, ana, resolved}}, ""},
		"a word of a person's own":       {ledger.Commit{Changes: altered(func(c *ecm.Change) { c.Is.Word = "resolved " })}, ""},
		"a time is taken back":           {ledger.Commit{Changes: altered(func(c *ecm.Change) { c.Was.ResolvedAt, c.Is.ResolvedAt = noon, time.Time{} })}, ""},
		"a time stays":                   {ledger.Commit{Changes: altered(func(c *ecm.Change) { c.Was.ResolvedAt = noon })}, ""},

		"an order in two new rows": {ledger.Commit{Rows: []ecm.Assignment{ana, resolved, ana}}, `gives the order "A1" twice`},
		"an order that stays open": {ledger.Commit{
			Changes: altered(func(c *ecm.Change) { c.Is.Status = ecm.Escalated }), Rows: []ecm.Assignment{ana},
		}, `gives the order "A1" twice`},
		"one row":                     {ledger.Commit{Changes: []ecm.Change{closed("A1", 2), closed("A2", 3), closed("A1", 2)}}, `the row of order "A1" twice`},
		"one row with no place":       {ledger.Commit{Changes: []ecm.Change{closed("A1", 0), closed("A1", 0)}}, `the row of order "A1" twice`},
		"one row in two states":       {ledger.Commit{Changes: []ecm.Change{closed("A1", 2), closed("A2", 2)}}, `the row of order "A2" twice`},
		"another order":               {ledger.Commit{Changes: altered(func(c *ecm.Change) { c.Is.OrderID = "A2" })}, `more of the row of order "A1"`},
		"another agent":               {ledger.Commit{Changes: altered(func(c *ecm.Change) { c.Is.Agent = "bo@example.com" })}, "more of the row"},
		"another amount":              {ledger.Commit{Changes: altered(func(c *ecm.Change) { c.Is.Send.Amount = c.Is.Send.Amount.Neg() })}, "more of the row"},
		"another run":                 {ledger.Commit{Changes: altered(func(c *ecm.Change) { c.Is.RunID = "" })}, "more of the row"},
		"no status":                   {ledger.Commit{Changes: altered(func(c *ecm.Change) { c.Is.Status = "" })}, `to the status ""`},
		"an unknown status":           {ledger.Commit{Changes: altered(func(c *ecm.Change) { c.Is.Status = "DONE" })}, `to the status "DONE"`},
		"a word of another status":    {ledger.Commit{Changes: altered(func(c *ecm.Change) { c.Is.Word = "open" })}, `"RESOLVED", written "open"`},
		"another time in a time's":    {ledger.Commit{Changes: altered(func(c *ecm.Change) { c.Was.ResolvedAt = noon.Add(-time.Hour) })}, "replaces the time"},
		"a message under one heading": {ledger.Commit{Run: ecm.Run{Messages: []ecm.Owed{message, {Part: "alert"}, message}}}, `the message "briefing" twice`},
	} {
		test.commit.Run.ID = "cleanup/slot"
		err := test.commit.Contradiction()
		if test.says == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err == nil || ecm.ClassOf(err) != ecm.Permanent || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), "cleanup/slot") {
			t.Errorf("%s: %v, want a permanent failure of cleanup/slot that says %q", name, err, test.says)
		}
	}
}
