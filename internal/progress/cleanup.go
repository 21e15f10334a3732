package progress

import (
	"slices"
	"time"

	"pi-manager/internal/book"
	"pi-manager/internal/ecm"
)

// Cleanup is what a cleanup would do, and why.
type Cleanup struct {
	Checked  int           // orders that the warehouse was asked about: those with a row that is not resolved
	Verdicts []ecm.Verdict // on the warehouse's answer and on what would follow from it
	Stopped  bool          // the answer is not believed: nothing is closed
	Closed   []Closing     // rows of orders that completed by themselves
	Timed    []ecm.Change  // rows that a person resolved: Resolved At is filled
	Skipped  []Skipped     // orders that completed, and whose rows stay as they are
	Warnings []string
}

// Closing is one row that is closed, and the order status that is the reason.
type Closing struct {
	Change ecm.Change
	Status string
}

// Skipped is an order that a cleanup leaves alone, with the reason.
type Skipped struct {
	OrderID string `json:"order_id"`
	Row     int    `json:"row"`
	Reason  string `json:"reason"`
}

// CleanupCounts are the names under which a cleanup's numbers are kept.
const (
	CountChecked = "checked"
	CountClosed  = "resolved" // rows closed by a cleanup
	CountTimed   = "timed"    // rows that got their Resolved At
	CountSkipped = "skipped"
)

// Clean decides what is closed. Only an order status that ends an order closes a
// row: an order that the warehouse does not list any more may be anything. With
// acceptDrop a person has looked at the numbers and accepts how few orders are
// known and how many rows would be closed; a late feed is never accepted.
func Clean(in Input, acceptDrop bool) *Cleanup {
	b := book.New(book.Input{Assignments: in.Assignments, Resolutions: in.Resolutions, Seen: in.Seen})
	c := &Cleanup{Checked: in.Statuses.Asked, Verdicts: believe(in, b), Warnings: b.Warnings}
	for i := range in.Assignments {
		c.consider(&in.Assignments[i], in, b)
	}
	for _, row := range in.Unreadable {
		if status, ok := completed(row.OrderID, in); ok {
			c.Skipped = append(c.Skipped, Skipped{row.OrderID, row.Row, status + " in the warehouse; only a person can read the row: " + row.Reason})
		}
	}
	if acceptDrop {
		c.accept()
	}
	if c.Stopped = stops(c.Verdicts); c.Stopped {
		c.hold()
	}
	return c
}

// Asked lists the orders that a cleanup or a report wants to know about: those
// with a row that is not resolved or that only a person can read, each once, in
// the order of the rows.
func Asked(in Input) []string {
	var ids []string
	seen := map[string]bool{}
	ask := func(id string) {
		if id != "" && !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	for _, row := range in.Assignments {
		if row.Status != ecm.Resolved {
			ask(row.OrderID)
		}
	}
	for _, row := range in.Unreadable {
		ask(row.OrderID)
	}
	return ids
}

func completed(orderID string, in Input) (status string, ok bool) {
	status, known := in.Statuses.ByID[orderID]
	return status, known && in.Policy.Cleanup.Completed(status)
}

// consider decides on one row.
func (c *Cleanup) consider(row *ecm.Assignment, in Input, b *book.Book) {
	if row.Status == ecm.Resolved {
		c.time(row, in, b)
		return
	}
	status, done := completed(row.OrderID, in)
	switch {
	case !done:
	case !row.Status.Working():
		c.Skipped = append(c.Skipped, Skipped{row.OrderID, row.Row, status + " in the warehouse; its row is " + string(row.Status) + ", so a person decides"})
	default:
		is := row.WithNote(ecm.SelfHealed)
		is.Status, is.Word = ecm.Resolved, ""
		is.ResolvedAt = firstTime(row.ResolvedAt, in.AsOf)
		c.Closed = append(c.Closed, Closing{Change: ecm.Change{Was: *row, Is: is}, Status: status})
	}
}

// time notes when a person resolved an order, as far as anybody knows: what the
// Resolutions tab says, else when a run first saw it so, which may be now.
func (c *Cleanup) time(row *ecm.Assignment, in Input, b *book.Book) {
	if !row.ResolvedAt.IsZero() {
		return
	}
	is := *row
	is.ResolvedAt = firstTime(b.ResolvedAt(row), in.AsOf)
	c.Timed = append(c.Timed, ecm.Change{Was: *row, Is: is})
}

// Late says whether the warehouse's feed is what stopped the cleanup. Nobody can
// accept that; what only looks wrong, a person can.
func (c *Cleanup) Late() bool {
	return slices.ContainsFunc(c.Verdicts, func(v ecm.Verdict) bool { return v.Check == CheckAge && v.Level == ecm.LevelStop })
}

// accept lets a person's word stand for what only looks wrong.
func (c *Cleanup) accept() {
	for i := range c.Verdicts {
		if v := &c.Verdicts[i]; v.Level == ecm.LevelStop && v.Check != CheckAge {
			v.Level = ecm.LevelWarning
			v.Message += "; accepted with --accept-drop"
		}
	}
}

// hold closes nothing. When people resolved their rows does not depend on the warehouse.
func (c *Cleanup) hold() {
	for _, closing := range c.Closed {
		was := closing.Change.Was
		c.Skipped = append(c.Skipped, Skipped{was.OrderID, was.Row, closing.Status + " in the warehouse, whose answer is not believed"})
	}
	c.Closed = nil
}

// firstTime is the first of the times that is known.
func firstTime(times ...time.Time) time.Time {
	for _, t := range times {
		if !t.IsZero() {
			return t.UTC().Truncate(time.Second)
		}
	}
	return time.Time{}
}

// Changes are all that the cleanup does to rows.
func (c *Cleanup) Changes() []ecm.Change {
	list := make([]ecm.Change, 0, len(c.Closed)+len(c.Timed))
	for _, closing := range c.Closed {
		list = append(list, closing.Change)
	}
	return append(list, c.Timed...)
}

// Counts are the numbers of the cleanup, by their names.
func (c *Cleanup) Counts() map[string]int {
	return map[string]int{CountChecked: c.Checked, CountClosed: len(c.Closed), CountTimed: len(c.Timed), CountSkipped: len(c.Skipped)}
}
