package ecm_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"pi-manager/internal/ecm"
)

// aRow is a row with something in each of its cells.
func aRow() ecm.Assignment {
	return ecm.Assignment{
		OrderID: "AE136JLXUG00", Agent: "asha@example.com", AssignedAt: time.Date(2026, 2, 17, 3, 0, 0, 0, time.UTC), Status: ecm.Open, Word: "open", Priority: ecm.P2,
		Send: ecm.Money{Amount: decimal.RequireFromString("1234.5"), Currency: "AED"}, Stuck: 37*time.Hour + 30*time.Minute, Diagnosis: "rfi_pending", Notes: "called",
		ResolvedAt: time.Date(2026, 2, 18, 3, 0, 0, 0, time.UTC), RunID: "triage/2026-02-17T07:00", Row: 7,
	}
}

// changes are one change of each cell: what a person does with a key or two.
func changes() map[string]func(*ecm.Assignment) {
	return map[string]func(*ecm.Assignment){
		"order id": func(r *ecm.Assignment) { r.OrderID += "0" }, "order id's case": func(r *ecm.Assignment) { r.OrderID = strings.ToLower(r.OrderID) },
		"agent": func(r *ecm.Assignment) { r.Agent = "ben@example.com" }, "assigned": func(r *ecm.Assignment) { r.AssignedAt = r.AssignedAt.Add(time.Second) },
		"not assigned": func(r *ecm.Assignment) { r.AssignedAt = time.Time{} }, "status": func(r *ecm.Assignment) { r.Status = ecm.InProgress },
		"word": func(r *ecm.Assignment) { r.Word = "Open" }, "no word": func(r *ecm.Assignment) { r.Word = "" }, "priority": func(r *ecm.Assignment) { r.Priority = ecm.P1 },
		"amount": func(r *ecm.Assignment) { r.Send.Amount = decimal.RequireFromString("1234.51") }, "currency": func(r *ecm.Assignment) { r.Send.Currency = "GBP" },
		"stuck": func(r *ecm.Assignment) { r.Stuck += 6 * time.Minute }, "diagnosis": func(r *ecm.Assignment) { r.Diagnosis = "" },
		"notes": func(r *ecm.Assignment) { r.Notes += " " }, "no notes": func(r *ecm.Assignment) { r.Notes = "" },
		"resolved": func(r *ecm.Assignment) { r.ResolvedAt = r.ResolvedAt.Add(-time.Second) }, "not resolved": func(r *ecm.Assignment) { r.ResolvedAt = time.Time{} },
		"run": func(r *ecm.Assignment) { r.RunID = "" }, "a cell's text in the next one": func(r *ecm.Assignment) { r.Diagnosis, r.Notes = r.Diagnosis+r.Notes, "" },
		"agent and id swapped": func(r *ecm.Assignment) { r.OrderID, r.Agent = r.Agent, r.OrderID },
	}
}

// F44: a mark tells any two rows apart that differ in a cell, wherever they stand.
func TestMarkSeesEveryCell(t *testing.T) {
	t.Parallel()
	marks := map[string]string{aRow().Mark(): "the row"}
	for name, change := range changes() {
		r := aRow()
		change(&r)
		if other, twice := marks[r.Mark()]; twice {
			t.Errorf("%s has the mark of %s", name, other)
		}
		marks[r.Mark()] = name
	}
	moved := aRow()
	if moved.Row = 900; moved.Mark() != aRow().Mark() {
		t.Error("a row that moved is the same row")
	}
	if got := aRow().Mark(); len(got) != 12 || strings.Trim(got, "0123456789abcdef") != "" {
		t.Errorf("%q is no short word of letters and digits", got)
	}
}

// A mark stands in the record of a run for weeks: it may not change with the program.
func TestMarkStaysWhatItWas(t *testing.T) {
	t.Parallel()
	const written = "f76ff893a102"
	if got := aRow().Mark(); got != written {
		t.Errorf("got %s: an undo would not find the rows of a run of before any more, want %s", got, written)
	}
}

// Rows that are nearly alike: 100,000 with ids, amounts and times that differ in a digit.
func TestMarksOfNearRows(t *testing.T) {
	t.Parallel()
	seen := make(map[string]int, 100_000)
	for i := range 100_000 {
		r := aRow()
		r.OrderID = fmt.Sprintf("AE%07d", i/10)
		r.AssignedAt = r.AssignedAt.Add(time.Duration(i%10) * time.Second)
		if before, twice := seen[r.Mark()]; twice {
			t.Fatalf("rows %d and %d share a mark", before, i)
		}
		seen[r.Mark()] = i
	}
}

// A row has one mark as it was planned and as it is read back: the ledger keeps
// times to the second in UTC, hours with one decimal, and amounts as numbers.
func TestMarkAsReadBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := aRow()
		zone := time.FixedZone("x", rapid.IntRange(-12, 14).Draw(t, "zone")*3600)
		r.AssignedAt = time.Unix(rapid.Int64Range(0, 1<<32).Draw(t, "assigned"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanos")).In(zone)
		r.Stuck = time.Duration(rapid.Int64Range(0, int64(9000*time.Hour)).Draw(t, "stuck"))
		r.Send.Amount = decimal.New(rapid.Int64Range(0, 1<<40).Draw(t, "digits"), -rapid.Int32Range(0, 4).Draw(t, "scale"))
		back := r
		back.AssignedAt, back.ResolvedAt = readTime(t, r.AssignedAt), readTime(t, r.ResolvedAt)
		var hours float64
		if _, err := fmt.Sscan(ecm.HoursText(r.Stuck), &hours); err != nil {
			t.Fatal(err)
		}
		back.Stuck = ecm.FromHours(hours)
		back.Send.Amount = decimal.RequireFromString(r.Send.Plain())
		if back.Mark() != r.Mark() {
			t.Fatalf("%+v is read back as %+v", r, back)
		}
	})
}

func readTime(t *rapid.T, at time.Time) time.Time {
	t.Helper()
	back, err := ecm.ParseTime(ecm.FormatTime(at))
	if err != nil {
		t.Fatal(err)
	}
	return back
}

// The people's own note stays in front, and taking ours back leaves exactly that.
func TestNoteBehindTheNotes(t *testing.T) {
	t.Parallel()
	for notes, want := range map[string]string{"": "self-healed", "called": "called; self-healed", " ": " ; self-healed", "a; b": "a; b; self-healed",
		"self-healed": "self-healed; self-healed", "a\nb": "a\nb; self-healed"} {
		r := aRow()
		r.Notes = notes
		noted := r.WithNote(ecm.SelfHealed)
		if noted.Notes != want || r.Notes != notes {
			t.Errorf("%q: got %q, and the row itself says %q", notes, noted.Notes, r.Notes)
		}
		if back, was := noted.WithoutNote(ecm.SelfHealed); !was || back != r {
			t.Errorf("%q: taken back it is %q", notes, back.Notes)
		}
	}
	for _, notes := range []string{"", "called", "called, self-healed", "called; Self-healed", "self-healed; called", "self-healed ", "; self-healed!", "notself-healed"} {
		r := aRow()
		r.Notes = notes
		if back, was := r.WithoutNote(ecm.SelfHealed); was || back != r {
			t.Errorf("%q ends in no note of ours: got %q", notes, back.Notes)
		}
	}
}

// With a note and without it again is the row, whatever people wrote; nothing but the notes differs.
func TestNoteRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := aRow()
		r.Notes = rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "; ", ";", "self-healed", "; self-healed", "x; self-healed"})).Draw(t, "notes")
		note := rapid.OneOf(rapid.StringN(1, 20, -1), rapid.SampledFrom([]string{"self-healed", "reopened", "; ", " "})).Draw(t, "note")
		noted := r.WithNote(note)
		if !strings.HasPrefix(noted.Notes, r.Notes) || !strings.HasSuffix(noted.Notes, note) {
			t.Fatalf("%q and %q: got %q", r.Notes, note, noted.Notes)
		}
		back, was := noted.WithoutNote(note)
		if diff := cmp.Diff(r.Notes, back.Notes); diff != "" || !was || back != r {
			t.Fatalf("taken back: %s", diff)
		}
	})
}

func TestHealed(t *testing.T) {
	t.Parallel()
	for notes, want := range map[string]bool{
		"self-healed": true, "called; self-healed": true, "self-healed; thanks": true, "called;self-healed ; thanks": true,
		"": false, "not self-healed": false, "self-healed?": false, "Self-healed": false, "self-healedx; y": false,
	} {
		for _, status := range []ecm.Status{ecm.Resolved, ecm.Open, ecm.InProgress, ecm.Escalated} {
			r := ecm.Assignment{Status: status, Notes: notes}
			if got := r.Healed(); got != (want && status == ecm.Resolved) {
				t.Errorf("%s, %q: got %v", status, notes, got)
			}
		}
	}
}
