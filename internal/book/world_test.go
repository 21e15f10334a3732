package book_test

import (
	"fmt"
	"time"

	"pgregory.net/rapid"

	"pi-manager/internal/book"
	"pi-manager/internal/ecm"
)

func noon() time.Time { return time.Date(2026, 2, 17, 12, 0, 0, 0, time.UTC) }

// ago is so many hours before noon.
func ago(hours float64) time.Time { return noon().Add(-ecm.FromHours(hours)) }

// row was assigned so many hours before noon.
func row(id, agent string, status ecm.Status, hours float64) ecm.Assignment {
	return ecm.Assignment{OrderID: id, Agent: agent, Status: status, AssignedAt: ago(hours)}
}

// undated is the row without a time of assignment.
func undated(r ecm.Assignment) ecm.Assignment {
	r.AssignedAt = time.Time{}
	return r
}

// closed is the row, resolved so many hours before noon.
func closed(r ecm.Assignment, hours float64) ecm.Assignment {
	r.Status, r.ResolvedAt = ecm.Resolved, ago(hours)
	return r
}

// numbered gives the rows the places they stand at.
func numbered(rows ...ecm.Assignment) []ecm.Assignment {
	for i := range rows {
		rows[i].Row = i + 2
	}
	return rows
}

// anyLedger draws a tab in which orders come back, are copied, and lack their times.
func anyLedger() *rapid.Generator[book.Input] {
	return rapid.Custom(func(t *rapid.T) book.Input {
		id := rapid.SampledFrom([]string{"A1", "A2", "A3", "0012345", "12345"})
		hour := rapid.IntRange(-3, 40)
		in := book.Input{Seen: map[string]time.Time{}}
		for i := range rapid.IntRange(0, 12).Draw(t, "rows") {
			status := rapid.SampledFrom([]ecm.Status{ecm.Open, ecm.InProgress, ecm.Escalated, ecm.Resolved, ecm.Resolved}).Draw(t, "status")
			r := row(id.Draw(t, "id"), fmt.Sprintf("a%d@example.com", i), status, float64(hour.Draw(t, "assigned")))
			if rapid.IntRange(0, 5).Draw(t, "undated") == 0 {
				r = undated(r)
			}
			if rapid.IntRange(0, 1).Draw(t, "timed") == 0 {
				r.ResolvedAt = ago(float64(hour.Draw(t, "resolved")))
			}
			in.Assignments = append(in.Assignments, r)
		}
		numbered(in.Assignments...)
		for range rapid.IntRange(0, 4).Draw(t, "notes") {
			in.Resolutions = append(in.Resolutions, ecm.Resolution{OrderID: id.Draw(t, "note of"), At: ago(float64(hour.Draw(t, "note")))})
		}
		for range rapid.IntRange(0, 3).Draw(t, "seen") {
			in.Seen[id.Draw(t, "seen order")] = ago(float64(hour.Draw(t, "seen at")))
		}
		return in
	})
}
