package book_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"pi-manager/internal/book"
	"pi-manager/internal/ecm"
)

// agents are who holds the rows, in their order.
func agents(rows []*ecm.Assignment) []string {
	var list []string
	for _, r := range rows {
		list = append(list, r.Agent)
	}
	return list
}

func TestAnEmptyLedger(t *testing.T) {
	t.Parallel()
	b := book.New(book.Input{})
	last, at := b.LastResolved("A1")
	if len(b.Rows)+len(b.Warnings) != 0 || b.Active("A1") != nil || last != nil || !at.IsZero() || b.Closed(time.Time{}, noon()) != nil {
		t.Errorf("got %+v, %v at %v", b, last, at)
	}
}

// F49: of an order's rows that are not resolved the oldest counts, once, and a person is told of the others.
func TestTheRowThatCounts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rows     []ecm.Assignment
		want     []string // agents of the rows that count
		warnings []string // the rows that are named
	}{
		"one each":             {numbered(row("A1", "asha", ecm.Open, 5), row("A2", "ben", ecm.Escalated, 5)), []string{"asha", "ben"}, nil},
		"the older first":      {numbered(row("A1", "asha", ecm.Open, 5), row("A1", "ben", ecm.Open, 4)), []string{"asha"}, []string{"(2 and 3)"}},
		"the older last":       {numbered(row("A1", "asha", ecm.Open, 4), row("A1", "ben", ecm.Open, 5)), []string{"ben"}, []string{"(2 and 3)"}},
		"an undated one first": {numbered(undated(row("A1", "asha", ecm.Open, 0)), row("A1", "ben", ecm.Open, 5)), []string{"ben"}, []string{"(2 and 3)"}},
		"an undated one last":  {numbered(row("A1", "asha", ecm.Open, 5), undated(row("A1", "ben", ecm.Open, 0))), []string{"asha"}, []string{"(2 and 3)"}},
		"escalated and open":   {numbered(row("A1", "asha", ecm.Open, 4), row("A1", "ben", ecm.Escalated, 5)), []string{"ben"}, []string{"(2 and 3)"}},
		"three": {numbered(row("A1", "asha", ecm.Open, 4), row("A1", "ben", ecm.Open, 5),
			row("A1", "cleo", ecm.InProgress, 6)), []string{"cleo"}, []string{"(2 and 3)", "(3 and 4)"}},
		"a resolved one before": {numbered(closed(row("A1", "asha", ecm.Resolved, 50), 40), row("A1", "ben", ecm.Open, 5)), []string{"ben"}, nil},
		"ids byte for byte": {numbered(row("0012345", "asha", ecm.Open, 5), row("12345", "ben", ecm.Open, 4),
			row("a1", "cleo", ecm.Open, 3), row("A1", "dev", ecm.Open, 2)), []string{"asha", "ben", "cleo", "dev"}, nil},
	} {
		b := book.New(book.Input{Assignments: c.rows})
		if diff := cmp.Diff(c.want, agents(b.Rows)); diff != "" {
			t.Errorf("%s: rows (-want +got):\n%s", name, diff)
		}
		if len(b.Warnings) != len(c.warnings) {
			t.Fatalf("%s: warnings %q", name, b.Warnings)
		}
		for i, want := range c.warnings {
			if !strings.Contains(b.Warnings[i], want) || !strings.Contains(b.Warnings[i], "Order A1") {
				t.Errorf("%s: warning %q does not name %s", name, b.Warnings[i], want)
			}
		}
	}
}

// domain.md section 5: the row's own time, else the newest note about the order, else when a run first saw it.
func TestResolvedAt(t *testing.T) {
	t.Parallel()
	bare := row("A1", "asha", ecm.Resolved, 20)
	note := func(id string, hours float64) ecm.Resolution { return ecm.Resolution{OrderID: id, At: ago(hours)} }
	for name, c := range map[string]struct {
		row   ecm.Assignment
		notes []ecm.Resolution
		seen  map[string]time.Time
		want  time.Time
	}{
		"nothing":                         {bare, nil, nil, time.Time{}},
		"its own":                         {closed(bare, 3), nil, nil, ago(3)},
		"its own before a later note":     {closed(bare, 3), []ecm.Resolution{note("A1", 1)}, map[string]time.Time{"A1": ago(1)}, ago(3)},
		"its own, even older than itself": {closed(bare, 30), nil, nil, ago(30)},
		"a note":                          {bare, []ecm.Resolution{note("A1", 4)}, nil, ago(4)},
		"the newest note, first":          {bare, []ecm.Resolution{note("A1", 4), note("A1", 6)}, nil, ago(4)},
		"the newest note, last":           {bare, []ecm.Resolution{note("A1", 6), note("A1", 4)}, nil, ago(4)},
		"a note before what was seen":     {bare, []ecm.Resolution{note("A1", 6)}, map[string]time.Time{"A1": ago(2)}, ago(6)},
		"a note as old as the row":        {bare, []ecm.Resolution{note("A1", 20)}, nil, ago(20)},
		"a note older than the row":       {bare, []ecm.Resolution{note("A1", 20.1)}, nil, time.Time{}},
		"an old note, but seen":           {bare, []ecm.Resolution{note("A1", 21)}, map[string]time.Time{"A1": ago(2)}, ago(2)},
		"seen":                            {bare, nil, map[string]time.Time{"A1": ago(2)}, ago(2)},
		"seen as old as the row":          {bare, nil, map[string]time.Time{"A1": ago(20)}, ago(20)},
		"seen before the row":             {bare, nil, map[string]time.Time{"A1": ago(20.1)}, time.Time{}},
		"another order's note and sight":  {bare, []ecm.Resolution{note("A2", 4)}, map[string]time.Time{"A2": ago(2)}, time.Time{}},
		"an undated row and a note":       {undated(bare), []ecm.Resolution{note("A1", 400)}, nil, ago(400)},
		"an undated row, seen":            {undated(bare), nil, map[string]time.Time{"A1": ago(400)}, ago(400)},
		"an undated row and nothing":      {undated(bare), nil, nil, time.Time{}},
	} {
		b := book.New(book.Input{Assignments: []ecm.Assignment{c.row}, Resolutions: c.notes, Seen: c.seen})
		if got := b.ResolvedAt(&c.row); !got.Equal(c.want) {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

// Who closed an order last, however the tab is sorted.
func TestLastResolved(t *testing.T) {
	t.Parallel()
	bare := func(agent string, hours float64) ecm.Assignment { return row("A1", agent, ecm.Resolved, hours) }
	for name, c := range map[string]struct {
		rows  []ecm.Assignment
		notes []ecm.Resolution
		who   string
		at    time.Time
	}{
		"no row":                            {nil, nil, "", time.Time{}},
		"an active row is not closed":       {[]ecm.Assignment{row("A1", "asha", ecm.Open, 9)}, nil, "", time.Time{}},
		"one":                               {[]ecm.Assignment{closed(bare("asha", 9), 2)}, nil, "asha", ago(2)},
		"one that nobody timed":             {[]ecm.Assignment{bare("asha", 9)}, nil, "asha", time.Time{}},
		"came back":                         {[]ecm.Assignment{closed(bare("asha", 90), 60), closed(bare("ben", 30), 2)}, nil, "ben", ago(2)},
		"the earlier row was closed later":  {[]ecm.Assignment{closed(bare("asha", 90), 1), closed(bare("ben", 30), 2)}, nil, "asha", ago(1)},
		"both at the same time":             {[]ecm.Assignment{closed(bare("asha", 90), 2), closed(bare("ben", 30), 2)}, nil, "ben", ago(2)},
		"nobody timed the earlier":          {[]ecm.Assignment{bare("asha", 90), closed(bare("ben", 30), 2)}, nil, "ben", ago(2)},
		"nobody timed the later":            {[]ecm.Assignment{closed(bare("asha", 90), 60), bare("ben", 30)}, nil, "ben", time.Time{}},
		"nobody timed either":               {[]ecm.Assignment{bare("asha", 90), bare("ben", 30)}, nil, "ben", time.Time{}},
		"a note between the two":            {[]ecm.Assignment{bare("asha", 90), bare("ben", 30)}, []ecm.Resolution{{OrderID: "A1", At: ago(60)}}, "ben", time.Time{}},
		"an undated one that nobody timed":  {[]ecm.Assignment{closed(bare("asha", 90), 60), undated(bare("ben", 0))}, nil, "ben", time.Time{}},
		"an undated one closed before":      {[]ecm.Assignment{closed(bare("asha", 90), 1), closed(undated(bare("ben", 0)), 2)}, nil, "asha", ago(1)},
		"three, the middle one closed last": {[]ecm.Assignment{closed(bare("asha", 90), 80), closed(bare("ben", 60), 2), closed(bare("cleo", 30), 9)}, nil, "ben", ago(2)},
	} {
		for range 2 {
			last, at := book.New(book.Input{Assignments: c.rows, Resolutions: c.notes}).LastResolved("A1")
			who := ""
			if last != nil {
				who = last.Agent
			}
			if who != c.who || !at.Equal(c.at) {
				t.Errorf("%s: got %q at %v, want %q at %v", name, who, at, c.who, c.at)
			}
			slices.Reverse(c.rows)
		}
	}
}

// A closing lies after one report and up to the next: neither lost nor told twice.
func TestClosedBetweenTwoReports(t *testing.T) {
	t.Parallel()
	after, upTo := ago(6), noon()
	for name, c := range map[string]struct {
		rows []ecm.Assignment
		want []string
	}{
		"at the report before":          {[]ecm.Assignment{closed(row("A1", "asha", "", 90), 6)}, nil},
		"a second after it":             {[]ecm.Assignment{closed(row("A1", "asha", "", 90), 6-1.0/3600)}, []string{"asha"}},
		"at this one":                   {[]ecm.Assignment{closed(row("A1", "asha", "", 90), 0)}, []string{"asha"}},
		"a second after this one":       {[]ecm.Assignment{closed(row("A1", "asha", "", 90), -1.0/3600)}, nil},
		"nobody noted when":             {[]ecm.Assignment{row("A1", "asha", ecm.Resolved, 90)}, []string{"asha"}},
		"not closed":                    {[]ecm.Assignment{row("A1", "asha", ecm.Open, 90)}, nil},
		"in the order of the rows":      {[]ecm.Assignment{closed(row("A2", "ben", "", 90), 1), closed(row("A1", "asha", "", 90), 2)}, []string{"ben", "asha"}},
		"twice, once a report ago":      {[]ecm.Assignment{closed(row("A1", "asha", "", 90), 40), closed(row("A1", "ben", "", 20), 1)}, []string{"ben"}},
		"twice since then, told once":   {[]ecm.Assignment{closed(row("A1", "asha", "", 90), 5), closed(row("A1", "ben", "", 4), 1)}, []string{"ben"}},
		"the later one a report before": {[]ecm.Assignment{closed(row("A1", "asha", "", 90), 60), closed(row("A1", "ben", "", 30), 9)}, nil},
	} {
		var got []string
		for _, c := range book.New(book.Input{Assignments: c.rows}).Closed(after, upTo) {
			got = append(got, c.Row.Agent)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// Every active row counts or is warned of, and whatever is asked leaves the rows as they were.
func TestNothingIsLostAndNothingChanges(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := anyLedger().Draw(t, "ledger")
		before := slices.Clone(in.Assignments)
		b := book.New(in)
		active, orders := 0, map[string]bool{}
		for _, r := range in.Assignments {
			if r.Status != ecm.Resolved {
				active++
				orders[r.OrderID] = true
			}
			b.LastResolved(r.OrderID)
			b.ResolvedAt(&r)
		}
		b.Closed(ago(6), noon())
		if len(b.Rows) != len(orders) || len(b.Rows)+len(b.Warnings) != active {
			t.Fatalf("%d active rows of %d orders: %d count, %d warnings", active, len(orders), len(b.Rows), len(b.Warnings))
		}
		place := 0
		for _, r := range b.Rows {
			if r.Row <= place || b.Active(r.OrderID) != r || *r != in.Assignments[r.Row-2] {
				t.Fatalf("row %d after row %d, active is row %d", r.Row, place, b.Active(r.OrderID).Row)
			}
			place = r.Row
		}
		if diff := cmp.Diff(before, in.Assignments); diff != "" {
			t.Fatal(diff)
		}
	})
}

// Windows that follow one another hold each closing whose time is known in one of them alone.
func TestWindowsShareNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := anyLedger().Draw(t, "ledger")
		b := book.New(in)
		told := map[string]int{}
		unknown := map[string]bool{}
		for hours := 60; hours > -10; hours -= 7 {
			for _, c := range b.Closed(ago(float64(hours)), ago(float64(hours-7))) {
				if c.At.IsZero() {
					unknown[c.Row.OrderID] = true
					continue
				}
				told[c.Row.OrderID]++
			}
		}
		for _, r := range in.Assignments {
			last, at := b.LastResolved(r.OrderID)
			want := 0
			if last != nil && !at.IsZero() {
				want = 1
			}
			if told[r.OrderID] != want || unknown[r.OrderID] != (last != nil && want == 0) {
				t.Fatalf("%s: told %d times, want %d; unknown %v", r.OrderID, told[r.OrderID], want, unknown[r.OrderID])
			}
		}
	})
}

// F44, F49: the order of the tab changes nothing, not even of copies that differ in their agent alone.
func TestSortingTheTabChangesNothing(t *testing.T) {
	t.Parallel()
	type answer struct {
		Active, Last string
		At           time.Time
	}
	ask := func(in book.Input, id string) (a answer) {
		b := book.New(in)
		if r := b.Active(id); r != nil {
			a.Active = r.Agent
		}
		if r, at := b.LastResolved(id); r != nil {
			a.Last, a.At = r.Agent, at
		}
		return a
	}
	rapid.Check(t, func(t *rapid.T) {
		in := anyLedger().Draw(t, "ledger")
		sorted := in
		sorted.Assignments = rapid.Permutation(in.Assignments).Draw(t, "sorted")
		for _, r := range in.Assignments {
			if diff := cmp.Diff(ask(in, r.OrderID), ask(sorted, r.OrderID)); diff != "" {
				t.Fatalf("%s: %s", r.OrderID, diff)
			}
		}
	})
}
