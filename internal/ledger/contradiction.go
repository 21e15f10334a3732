package ledger

import (
	"fmt"

	"pi-manager/internal/ecm"
)

// Contradiction is a Permanent failure that says what of a commit no ledger
// could take, however often it is read again; nil for a sound commit. Every
// ledger asks before it writes: to some the same would look like a conflict,
// and be planned again for ever.
func (c Commit) Contradiction() error {
	for _, find := range [...]func() error{c.strayChange, c.rowTwice, c.orderTwice, c.messageTwice} {
		if err := find(); err != nil {
			return &ecm.Failure{
				Class: ecm.Permanent, Err: fmt.Errorf("commit %s %w", c.Run.ID, err), Mend: "this is a fault of pi-manager: please report it",
			}
		}
	}
	return nil
}

// strayChange finds a change that writes what no change may write.
func (c Commit) strayChange() error {
	for _, change := range c.Changes {
		if change.Move != ecm.Stay {
			continue
		}
		was, is := change.Was, change.Is
		if status, known := ecm.ParseStatus(StatusCell(is)); !known || status != is.Status {
			return fmt.Errorf("changes the row of order %q to the status %q, written %q", was.OrderID, is.Status, is.Word)
		}
		before, after := ecm.FormatTime(was.ResolvedAt), ecm.FormatTime(is.ResolvedAt)
		if before != "" && after != "" && before != after {
			return fmt.Errorf("replaces the time at which order %q was resolved: %s by %s", was.OrderID, before, after)
		}
		is.Status, is.Word, is.ResolvedAt, is.Notes = was.Status, was.Word, was.ResolvedAt, was.Notes
		if !SameRow(was, is) {
			return fmt.Errorf("changes more of the row of order %q than its status, its time and its notes", was.OrderID)
		}
	}
	return nil
}

// rowTwice finds a row that two changes are for. Rows that say the same are told
// apart by where they stood.
func (c Commit) rowTwice() error {
	type key struct {
		row  int
		mark string
	}
	changed := make(map[key]bool, len(c.Changes))
	for _, change := range c.Changes {
		k := key{row: change.Was.Row}
		if k.row == 0 {
			k.mark = change.Was.Mark()
		}
		if changed[k] {
			return fmt.Errorf("changes the row of order %q twice", change.Was.OrderID)
		}
		changed[k] = true
	}
	return nil
}

// orderTwice finds an order that would have a new row beside one that is not resolved.
func (c Commit) orderTwice() error {
	taken := make(map[string]bool, len(c.Rows)+len(c.Changes))
	for _, change := range c.Changes {
		if change.Move == ecm.Stay && change.Is.Status != ecm.Resolved {
			taken[change.Is.OrderID] = true
		}
	}
	for _, row := range c.Rows {
		if row.Status == ecm.Resolved {
			continue
		}
		if taken[row.OrderID] {
			return fmt.Errorf("gives the order %q twice", row.OrderID)
		}
		taken[row.OrderID] = true
	}
	return nil
}

func (c Commit) messageTwice() error {
	owed := make(map[string]bool, len(c.Run.Messages))
	for _, message := range c.Run.Messages {
		if owed[message.Part] {
			return fmt.Errorf("owes the message %q twice", message.Part)
		}
		owed[message.Part] = true
	}
	return nil
}
