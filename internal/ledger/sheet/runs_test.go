package sheet_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"pi-manager/internal/ecm"
	"pi-manager/internal/fake"
	"pi-manager/internal/ledger"
	"pi-manager/internal/ledger/ledgertest"
)

// The outbox of many agents takes several cells, comes back byte for byte, and is cleared in the end.
func TestAFullOutbox(t *testing.T) {
	t.Parallel()
	s := peopled(t)
	c := ledgertest.Commit(0, "slot", ledgertest.Row("A1", "ana@example.com"))
	c.Run.Messages = nil
	for i := range 60 {
		body, err := json.MarshalIndent(map[string]string{"text": strings.Repeat(fmt.Sprintf("é日<&>\"\\ %d\n", i), 200)}, " ", " ")
		if err != nil {
			t.Fatal(err)
		}
		c.Run.Messages = append(c.Run.Messages, ecm.Owed{
			Part: fmt.Sprintf("agent/%d: o'brien@example.com", i), Kind: "thread", Hash: fmt.Sprintf("%064d", i), Body: body,
		})
	}
	l := open(t, s)
	if err := l.Commit(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	bodies := cmp.Comparer(func(a, b json.RawMessage) bool { return string(a) == string(b) })
	if diff := cmp.Diff([]ecm.Run{c.Run}, read(t, s).Runs, cmpopts.EquateEmpty(), bodies); diff != "" {
		t.Errorf("what is owed (-want +got):\n%s", diff)
	}
	if err := deliver(t.Context(), l, c.Run); err != nil {
		t.Fatal(err)
	}
	for _, header := range []string{"Outbox", "Outbox 2", "Outbox 3"} {
		if got := s.Column("Runs", header); len(got) != 1 || got[0] != nil {
			t.Errorf("%s still holds %d cells: %.60v", header, len(got), got)
		}
	}
	if got := read(t, s).Runs[0]; got.Owes() || got.Finished.IsZero() {
		t.Errorf("after the delivery: %+v", got)
	}
}

// F60: a damaged Runs tab never blocks an assignment, and its slots stay done.
func TestDamagedRuns(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		damage func(*fake.Sheets)
		says   string
	}{
		"deleted":    {func(s *fake.Sheets) { s.DeleteTab("Runs") }, "the record of a run is gone"},
		"cleared":    {func(s *fake.Sheets) { s.Seed("Runs", nil) }, "the record of a run is gone"},
		"no headers": {func(s *fake.Sheets) { s.DeleteRows("Runs", 1, 1) }, "the record of a run is gone"},
		"row gone":   {func(s *fake.Sheets) { s.DeleteRows("Runs", 2, 1) }, "the record of a run is gone"},
		"rubbish":    {func(s *fake.Sheets) { s.Put("Runs", "J2", "oops") }, "was changed by hand"},
		"another id": {func(s *fake.Sheets) { s.Put("Runs", "A2", "mine") }, "was changed by hand"},
		"doubled":    {func(s *fake.Sheets) { s.InsertRows("Runs", 2, 1); s.Put("Runs", "A2", "triage/first") }, "was changed by hand"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := peopled(t)
			if err := run(t.Context(), open(t, s), "first", "NEW1"); err != nil {
				t.Fatal(err)
			}
			c.damage(s)
			got := read(t, s)
			if !known(got, "triage/first") || !strings.Contains(strings.Join(got.Warnings, "\n"), c.says) {
				t.Errorf("runs %+v, warnings %q", got.Runs, got.Warnings)
			}
			if err := run(t.Context(), open(t, s), "second", "NEW1", "NEW2"); err != nil {
				t.Fatalf("the next run: %v", err)
			}
			checkOrders(t, s)
			if !known(read(t, s), "triage/second") {
				t.Error("the next run's record is not found")
			}
		})
	}
}

func TestRecordOfAChangedRow(t *testing.T) {
	t.Parallel()
	s := peopled(t)
	l := open(t, s)
	c := ledgertest.Commit(0, "slot")
	if err := l.Commit(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	doubt := []ecm.Owed{{Part: "briefing", Note: "perhaps posted: \"$1\" \\ ok"}}
	for range 2 {
		if err := l.Record(t.Context(), c.Run.ID, doubt, time.Time{}); err != nil {
			t.Fatalf("note a doubt: %v", err)
		}
	}
	if got := read(t, s).Runs[0].Messages[0]; got.Delivered() || got.Note != doubt[0].Note || len(got.Body) == 0 {
		t.Errorf("after a doubt: %+v", got)
	}
	s.Put("Runs", "I2", "all posted, I think")
	err := l.Record(t.Context(), c.Run.ID, []ecm.Owed{{Part: "briefing", TS: "1"}}, ledgertest.Noon())
	if ecm.ClassOf(err) != ecm.Permanent || !strings.Contains(err.Error(), "changed by hand") {
		t.Errorf("a changed record: %v", err)
	}
	s.DeleteRows("Runs", 2, 1)
	if err := l.Record(t.Context(), c.Run.ID, []ecm.Owed{{Part: "briefing", TS: "1"}}, ledgertest.Noon()); !errors.Is(err, ledger.ErrNoRun) {
		t.Errorf("a deleted record: %v, want ErrNoRun", err)
	}
}

// A year of runs costs no more to read than a month, unless somebody added blank rows at the bottom.
func TestOnlyTheEndOfALongRunsTabIsRead(t *testing.T) {
	t.Parallel()
	s := serve(t)
	l := open(t, s)
	c := ledgertest.Commit(0, "0000")
	c.Run.Finished = ledgertest.Noon()
	c.Run.Messages = nil
	if err := l.Commit(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	rows := s.Rows("Runs")
	for i := 1; i < 700; i++ {
		row := slices.Clone(rows[1])
		for j := range row {
			if text, ok := row[j].(string); ok {
				row[j] = strings.ReplaceAll(text, "0000\"", fmt.Sprintf("%04d\"", i))
			}
		}
		row[0] = fmt.Sprintf("triage/%04d", i)
		rows = append(rows, row)
	}
	s.Seed("Runs", rows)
	if err := l.Commit(t.Context(), ledgertest.Commit(1, "9999")); err != nil {
		t.Fatal(err)
	}
	for _, reads := range []int{2, 3} {
		s.Forget()
		got := read(t, s)
		last := got.Runs[len(got.Runs)-1]
		if s.Reads() != reads || last.Slot != "9999" || len(last.Messages) != 2 || len(got.Runs) != 50 || got.Runs[0].Slot != "0651" {
			t.Errorf("%d reads, runs %s to %s (%d); want %d reads", s.Reads(), got.Runs[0].Slot, last.Slot, len(got.Runs), reads)
		}
		s.Put("Runs", "A1000", nil) // the grid grows
	}
}
