package progress_test

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pi-manager/internal/ecm"
	"pi-manager/internal/policy"
	"pi-manager/internal/progress"
)

// Twenty orders, of which so many completed; the last of them have no clock that matters.
func twenty(tb testing.TB, completed int) progress.Input {
	tb.Helper()
	var rows []ecm.Assignment
	var named []string
	for i := range 20 {
		rows = append(rows, row(fmt.Sprintf("A%02d", i), 20))
		if i < completed {
			named = append(named, rows[i].OrderID)
		}
	}
	in := input(tb, rows...)
	in.Statuses = answer(in, named...)
	return in
}

// closings are the orders that are closed.
func closings(c *progress.Cleanup) []string {
	list := []string{}
	for _, closing := range c.Closed {
		list = append(list, closing.Change.Was.OrderID)
	}
	return list
}

func skipped(c *progress.Cleanup) []string {
	list := []string{}
	for _, s := range c.Skipped {
		list = append(list, s.OrderID)
	}
	return list
}

func TestNothingToClean(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]progress.Input{"no rows": input(t),
		"no answer": func() progress.Input { in := twenty(t, 0); in.Statuses = ecm.Statuses{}; return in }()} {
		c := progress.Clean(in, false)
		if c.Stopped || len(c.Verdicts)+len(c.Changes())+len(c.Skipped)+len(c.Warnings) > 0 {
			t.Errorf("%s: got %+v", name, c)
		}
		if diff := same(map[string]int{"checked": 0, "resolved": 0, "timed": 0, "skipped": 0}, c.Counts()); diff != "" {
			t.Errorf("%s: (-want +got):\n%s", name, diff)
		}
	}
}

// domain.md section 8: Status RESOLVED, Resolved At filled, a note behind the people's own; nothing else.
func TestAHealedRow(t *testing.T) {
	t.Parallel()
	in := twenty(t, 0)
	in.AsOf = noon().Add(700 * time.Millisecond)
	in.Assignments[3].Notes, in.Assignments[3].Status, in.Assignments[3].Word = "called twice", ecm.InProgress, "in progress"
	in.Statuses = answer(in, "A03")
	in.Statuses.ByID["A03"] = " completed "
	c := progress.Clean(in, false)
	want := with(in.Assignments[3], func(r *ecm.Assignment) {
		r.Status, r.Word, r.Notes, r.ResolvedAt = ecm.Resolved, "", "called twice; self-healed", noon()
	})
	if diff := same([]ecm.Change{{Was: in.Assignments[3], Is: want}}, c.Changes()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if c.Closed[0].Status != " completed " || c.Counts()["resolved"] != 1 || c.Counts()["checked"] != 20 || !want.Healed() {
		t.Errorf("got %+v, %v", c.Closed[0], c.Counts())
	}
}

// F65: an order that the warehouse does not list, or lists with any other word, may be anything.
func TestOnlyATerminalStatusCloses(t *testing.T) {
	t.Parallel()
	all := []string{"COMPLETED", "Completed", "CANCELLED", "REFUNDED", "PENDING", "PROCESSING_DEAL_IN", "FAILED", "", "COMPLETE", "NOT_COMPLETED", "COMPLETED_WITH_ERRORS"}
	for words, want := range map[string]int{"[COMPLETED]": 2, "[COMPLETED, CANCELLED]": 3, "[refunded, Completed, CANCELLED]": 4, "[REFUNDED]": 1} {
		in := twenty(t, 0)
		in.Policy = rules(t, "terminal: [COMPLETED]", "terminal: "+words)
		for i, word := range all {
			in.Statuses.ByID[fmt.Sprintf("A%02d", i)] = word
		}
		delete(in.Statuses.ByID, "A19")
		if c := progress.Clean(in, false); len(c.Closed) != want || c.Stopped {
			t.Errorf("%s: closed %q, want %d of them", words, closings(c), want)
		}
	}
}

// F64: 0 rows, and 10, 39, 40 and 41 % of the orders; the last two are believed.
func TestASmallAnswer(t *testing.T) {
	t.Parallel()
	for percent, stopped := range map[int]bool{0: true, 10: true, 39: true, 40: false, 41: false, 100: false} {
		var rows []ecm.Assignment
		for i := range 100 {
			rows = append(rows, row(fmt.Sprintf("A%02d", i), 20))
		}
		rows = append(rows, status(row("HAND", 20), ecm.Resolved))
		in := input(t, rows...)
		in.Statuses = answer(in, "A00")
		for i := percent; i < 100; i++ {
			delete(in.Statuses.ByID, fmt.Sprintf("A%02d", i))
		}
		c := progress.Clean(in, false)
		if c.Stopped != stopped || levels(c.Verdicts)["orders known"] == ecm.LevelStop != stopped ||
			len(c.Closed) > 0 == stopped || len(c.Timed) != 1 {
			t.Errorf("%d %%: stopped %v, closed %q, timed %d, %v", percent, c.Stopped, closings(c), len(c.Timed), levels(c.Verdicts))
		}
		if stopped && percent > 0 && (len(c.Skipped) != 1 || !strings.Contains(c.Skipped[0].Reason, "not believed")) {
			t.Errorf("%d %%: it does not say why A00 stays: %+v", percent, c.Skipped)
		}
		if v := c.Verdicts[0]; v.Value != fmt.Sprintf("%d of 100", percent) || stopped && !strings.Contains(v.Message, "60 %") {
			t.Errorf("%d %%: got %+v", percent, v)
		}
	}
}

// Exactly 60 % of the open rows may be closed at once, one more may not.
func TestTooManyAtOnce(t *testing.T) {
	t.Parallel()
	for completed, stopped := range map[int]bool{0: false, 1: false, 12: false, 13: true, 20: true} {
		c := progress.Clean(twenty(t, completed), false)
		if c.Stopped != stopped || stopped && (len(c.Closed) > 0 || len(c.Skipped) != completed) || !stopped && len(c.Closed) != completed {
			t.Errorf("%d of 20: stopped %v, closed %d, skipped %d", completed, c.Stopped, len(c.Closed), len(c.Skipped))
		}
		v := c.Verdicts[len(c.Verdicts)-1]
		if v.Check != "closed at once" || v.Value != fmt.Sprintf("%d of 20", completed) || stopped && !strings.Contains(v.Message, "60 %") {
			t.Errorf("%d of 20: got %+v", completed, v)
		}
	}
	in := twenty(t, 1)
	in.Policy = rules(t, "max_close_share: 0.6", "max_close_share: 0")
	if c := progress.Clean(in, false); !c.Stopped {
		t.Error("a share of 0 closes nothing")
	}
}

// Neither a copy nor an escalated row makes the share smaller or larger.
func TestTheShareCountsOrders(t *testing.T) {
	t.Parallel()
	in := twenty(t, 12)
	rows := slices.Clone(in.Assignments)
	for range 8 {
		rows = append(rows, with(in.Assignments[0], func(r *ecm.Assignment) { r.AssignedAt = ago(1) }))
	}
	for i := range 30 {
		rows = append(rows, status(row(fmt.Sprint("E", i), 5), ecm.Escalated))
	}
	in = input(t, rows...)
	var named []string
	for i := range 12 {
		named = append(named, fmt.Sprintf("A%02d", i))
	}
	in.Statuses = answer(in, named...)
	c := progress.Clean(in, false)
	if v := c.Verdicts[len(c.Verdicts)-1]; v.Value != "12 of 20" || c.Stopped || len(c.Closed) != 20 {
		t.Errorf("got %+v, closed %d", v, len(c.Closed))
	}
	in.Statuses.ByID["A19"] = "COMPLETED"
	if c := progress.Clean(in, false); !c.Stopped {
		t.Errorf("13 of 20 are closed: %+v", c.Verdicts)
	}
}

// F65: a feed that is a second too late is not believed; who says so cannot be overruled.
func TestALateWarehouse(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		newest  time.Time
		level   ecm.Level
		message string
	}{
		"new":              {noon(), ecm.LevelOK, "0 h old"},
		"its clock is off": {noon().Add(time.Hour), ecm.LevelOK, "0 h old"},
		"a day":            {ago(24), ecm.LevelOK, "24 h old"},
		"a second more":    {ago(24).Add(-time.Second), ecm.LevelStop, "above 24 h"},
		"three days":       {ago(72), ecm.LevelStop, "72 h old"},
		"not told":         {time.Time{}, ecm.LevelNotice, "does not tell"},
	} {
		in := twenty(t, 1)
		in.Statuses.Newest = c.newest
		for _, accept := range []bool{false, true} {
			got := progress.Clean(in, accept)
			if levels(got.Verdicts)["warehouse age"] != c.level || got.Stopped != (c.level == ecm.LevelStop) ||
				len(got.Closed) > 0 == got.Stopped || !strings.Contains(got.Verdicts[1].Message, c.message) {
				t.Errorf("%s, accepted %v: %+v, closed %q", name, accept, got.Verdicts, closings(got))
			}
		}
	}
	in := twenty(t, 1)
	in.Statuses.Newest = ago(30)
	in.Policy = rules(t, "max_age: 24h", "max_age: 48h")
	if c := progress.Clean(in, false); c.Stopped {
		t.Error("30 h are fine where the policy allows 48")
	}
}

// With --accept-drop a person takes the numbers on themselves: it says so, and it closes.
func TestAcceptDrop(t *testing.T) {
	t.Parallel()
	in := twenty(t, 13)
	for i := 13; i < 20; i++ {
		delete(in.Statuses.ByID, fmt.Sprintf("A%02d", i))
	}
	in.Policy = rules(t, "max_missing_share: 0.6", "max_missing_share: 0.1")
	if c := progress.Clean(in, false); !c.Stopped || len(c.Closed) > 0 ||
		levels(c.Verdicts)["orders known"] != ecm.LevelStop || levels(c.Verdicts)["closed at once"] != ecm.LevelStop {
		t.Errorf("got %+v", c)
	}
	c := progress.Clean(in, true)
	if c.Stopped || len(c.Closed) != 13 || len(c.Skipped) > 0 {
		t.Errorf("accepted: got %+v", c)
	}
	for _, v := range c.Verdicts {
		wrong := v.Check != "warehouse age"
		if wrong != (v.Level == ecm.LevelWarning) || wrong != strings.Contains(v.Message, "--accept-drop") {
			t.Errorf("accepted: got %+v", v)
		}
	}
	for _, v := range progress.Clean(twenty(t, 1), true).Verdicts {
		if v.Level != ecm.LevelOK || strings.Contains(v.Message, "--accept-drop") {
			t.Errorf("there was nothing to accept: got %+v", v)
		}
	}
}

// What a person has taken on stays theirs: escalated, unreadable.
func TestWhatAPersonDecides(t *testing.T) {
	t.Parallel()
	in := twenty(t, 2)
	in.Assignments[1].Status = ecm.Escalated
	in.Unreadable = []progress.Unreadable{{Row: 77, OrderID: "A00", Reason: `status "?"`}, {Row: 78, OrderID: "A05", Reason: "no agent"}, {Row: 79, Reason: "no order id"}}
	c := progress.Clean(in, false)
	if diff := same([]string{"A00"}, closings(c)); diff != "" {
		t.Errorf("closed (-want +got):\n%s", diff)
	}
	if diff := same([]string{"A01", "A00"}, skipped(c)); diff != "" {
		t.Fatalf("skipped (-want +got):\n%s", diff)
	}
	if s := c.Skipped; s[0].Row != 3 || !strings.Contains(s[0].Reason, "ESCALATED") || s[1].Row != 77 || !strings.Contains(s[1].Reason, `status "?"`) {
		t.Errorf("got %+v", s)
	}
}

// F49: both rows of an order that healed are closed, else the copy would stay for ever.
func TestCopiesAreClosedToo(t *testing.T) {
	t.Parallel()
	in := twenty(t, 0)
	in.Assignments = append(in.Assignments, with(row("A00", 3), func(r *ecm.Assignment) { r.Agent, r.Row = "asha@example.com", 22 }))
	in.Statuses = answer(in, "A00")
	c := progress.Clean(in, false)
	if diff := same([]string{"A00", "A00"}, closings(c)); diff != "" || c.Checked != 20 || len(c.Warnings) != 1 {
		t.Errorf("checked %d, warnings %q (-want +got):\n%s", c.Checked, c.Warnings, diff)
	}
	in.Assignments = progress.Apply(in.Assignments, c.Changes())
	if got := healedIDs(progress.Make(in, since())); len(got) != 1 {
		t.Errorf("the order healed once: got %q", got)
	}
}

// A Resolved At that is filled stays as it is, also in a row that was opened again.
func TestAFilledResolvedAtStays(t *testing.T) {
	t.Parallel()
	in := twenty(t, 0)
	in.Assignments[0].ResolvedAt = ago(15)
	in.Statuses = answer(in, "A00")
	if at := progress.Clean(in, false).Closed[0].Change.Is.ResolvedAt; !at.Equal(ago(15)) {
		t.Errorf("got %s", at)
	}
}

// Rows that a person resolved get the time that is known, else the time of the run that sees them first.
func TestPeopleResolved(t *testing.T) {
	t.Parallel()
	in := input(t,
		closed(row("OWN", 20), 3),
		status(row("NOTED", 20), ecm.Resolved), status(row("SEEN", 20), ecm.Resolved),
		status(row("NEW", 20), ecm.Resolved),
		status(with(row("BEFORE", 2), func(r *ecm.Assignment) { r.Notes = "done" }), ecm.Resolved),
		status(with(row("UNDATED", 0), func(r *ecm.Assignment) { r.AssignedAt = time.Time{} }), ecm.Resolved),
	)
	in.AsOf = noon().Add(300 * time.Millisecond)
	in.Resolutions = []ecm.Resolution{{OrderID: "NOTED", At: ago(9).Add(time.Millisecond)}, {OrderID: "NOTED", At: ago(11)},
		{OrderID: "BEFORE", At: ago(4)}, {OrderID: "OWN", At: ago(1)}}
	in.Seen = map[string]time.Time{"SEEN": ago(6), "BEFORE": ago(3), "NOTED": ago(6)}
	in.Statuses = ecm.Statuses{ByID: map[string]string{"NEW": "PENDING"}}
	c := progress.Clean(in, false)
	want := map[string]time.Time{"NOTED": ago(9), "SEEN": ago(6), "NEW": noon(), "BEFORE": noon(), "UNDATED": noon()}
	for _, change := range c.Timed {
		id := change.Was.OrderID
		if !change.Is.ResolvedAt.Equal(want[id]) {
			t.Errorf("%s: got %s, want %s", id, change.Is.ResolvedAt, want[id])
		}
		change.Is.ResolvedAt = time.Time{}
		if diff := same(change.Was, change.Is); diff != "" || change.Move != ecm.Stay {
			t.Errorf("%s: more than Resolved At changes: %s", id, diff)
		}
		delete(want, id)
	}
	if len(want) > 0 || len(c.Closed) > 0 || c.Counts()["timed"] != 5 {
		t.Errorf("left out: %v; counts %v", want, c.Counts())
	}
}

// Each order that is not resolved is asked for once.
func TestAsked(t *testing.T) {
	t.Parallel()
	in := progress.Input{Assignments: []ecm.Assignment{
		closed(row("CLOSED", 9), 1), row("B", 1), row("A", 1), status(row("B", 2), ecm.InProgress), status(row("E", 1), ecm.Escalated),
		closed(row("BACK", 90), 60), row("BACK", 1), row("0012345", 1), row("12345", 1),
	}, Unreadable: []progress.Unreadable{{OrderID: "ODD"}, {OrderID: "A"}, {}, {OrderID: "CLOSED"}}}
	if diff := same([]string{"B", "A", "E", "BACK", "0012345", "12345", "ODD", "CLOSED"}, progress.Asked(in)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := progress.Asked(progress.Input{}); len(got) != 0 {
		t.Errorf("got %q", got)
	}
}

// decision is what becomes of one row, worked out by hand.
type decision struct {
	row      int
	what     string // closed, timed or skipped
	resolved time.Time
}

// decide is a second cleanup, row by row as domain.md section 8 reads.
func decide(in progress.Input, accept bool, terminal []string, share, missing *big.Rat) (all []decision, stopped bool) {
	o := oracle{in: in}
	ends := func(id string) bool {
		word, there := in.Statuses.ByID[id]
		return there && slices.Contains(terminal, strings.ToUpper(strings.TrimSpace(word)))
	}
	open, healing, asked, unknown := map[string]bool{}, map[string]bool{}, map[string]bool{}, 0
	ask := func(id string) {
		if _, there := in.Statuses.ByID[id]; !there && !asked[id] {
			unknown++
		}
		asked[id] = true
	}
	for _, u := range in.Unreadable {
		ask(u.OrderID)
	}
	for i, r := range in.Assignments {
		if r.Status == "RESOLVED" {
			continue
		}
		if ask(r.OrderID); r.Status != "ESCALATED" && o.counting(i) {
			open[r.OrderID] = true
			if ends(r.OrderID) {
				healing[r.OrderID] = true
			}
		}
	}
	more := func(part, whole int, limit *big.Rat) bool {
		return whole > 0 && big.NewRat(int64(part), int64(whole)).Cmp(limit) > 0
	}
	late := !in.Statuses.Newest.IsZero() && in.AsOf.Unix()-in.Statuses.Newest.Unix() > 24*3600
	stopped = len(asked) > 0 && (late || !accept && (more(unknown, len(asked), missing) || more(len(healing), len(open), share)))
	for i, r := range in.Assignments {
		switch {
		case r.Status == "RESOLVED" && r.ResolvedAt.IsZero():
			at := o.resolvedAt(r)
			if at.IsZero() {
				at = in.AsOf
			}
			all = append(all, decision{i + 2, "timed", at})
		case r.Status == "RESOLVED" || !ends(r.OrderID):
		case r.Status == "ESCALATED" || stopped:
			all = append(all, decision{i + 2, "skipped", time.Time{}})
		default:
			all = append(all, decision{i + 2, "closed", in.AsOf})
		}
	}
	for _, u := range in.Unreadable {
		if ends(u.OrderID) {
			all = append(all, decision{u.Row, "skipped", time.Time{}})
		}
	}
	slices.SortFunc(all, func(a, b decision) int { return a.row - b.row })
	return all, stopped
}

// decided is what the cleanup says of the rows.
func decided(c *progress.Cleanup) (all []decision) {
	for _, closing := range c.Closed {
		all = append(all, decision{closing.Change.Was.Row, "closed", closing.Change.Is.ResolvedAt})
	}
	for _, change := range c.Timed {
		all = append(all, decision{change.Was.Row, "timed", change.Is.ResolvedAt})
	}
	for _, s := range c.Skipped {
		all = append(all, decision{s.Row, "skipped", time.Time{}})
	}
	slices.SortFunc(all, func(a, b decision) int { return a.row - b.row })
	return all
}

// rules3 are three policies, and what the oracle needs to know of them.
func rules3(tb testing.TB) []*policy.Policy {
	tb.Helper()
	return []*policy.Policy{
		rules(tb),
		rules(tb, "[COMPLETED]", "[COMPLETED, cancelled]", "max_close_share: 0.6", "max_close_share: 0.25", "max_missing_share: 0.6", "max_missing_share: 0.5"),
		rules(tb, "max_close_share: 0.6", "max_close_share: 1", "max_missing_share: 0.6", "max_missing_share: 0"),
	}
}

// F49, F54, F64, F65: what becomes of every row is what the oracle decides; what
// changes is the status, the note and the time; and nothing that was read changes.
func TestCleanupAgainstTheOracle(t *testing.T) {
	t.Parallel()
	policies := rules3(t)
	terminal := [][]string{{"COMPLETED"}, {"COMPLETED", "CANCELLED"}, {"COMPLETED"}}
	share := []*big.Rat{big.NewRat(3, 5), big.NewRat(1, 4), big.NewRat(1, 1)}
	missing := []*big.Rat{big.NewRat(3, 5), big.NewRat(1, 2), new(big.Rat)}
	rapid.Check(t, func(t *rapid.T) {
		which, accept := rapid.IntRange(0, 2).Draw(t, "policy"), rapid.Bool().Draw(t, "accept")
		in := anyDay(policies[which]).Draw(t, "day")
		for i := range in.Unreadable {
			in.Unreadable[i].Row = 90 + i
		}
		in.Statuses.Newest = rapid.SampledFrom([]time.Time{{}, noon(), ago(24), ago(24).Add(-time.Second), ago(-1)}).Draw(t, "newest")
		for i := range in.Assignments { // an old time in a row that is open has a test of its own
			if in.Assignments[i].Status != ecm.Resolved {
				in.Assignments[i].ResolvedAt = time.Time{}
			}
		}
		before := slices.Clone(in.Assignments)
		c := progress.Clean(in, accept)
		want, stopped := decide(in, accept, terminal[which], share[which], missing[which])
		if c.Stopped != stopped {
			t.Fatalf("stopped %v, want %v: %+v", c.Stopped, stopped, c.Verdicts)
		}
		if diff := same(fmt.Sprintf("%v", want), fmt.Sprintf("%v", decided(c))); diff != "" {
			t.Fatalf("(-oracle +cleanup):\n%s", diff)
		}
		if diff := same(progress.Clean(in, accept), c); diff != "" {
			t.Fatalf("the same input gives another cleanup: %s", diff)
		}
		if diff := same(before, in.Assignments); diff != "" {
			t.Fatalf("the cleanup changed what it read: %s", diff)
		}
		onlyOurCells(t, c, before)
	})
}

// onlyOurCells compares each change with the row that it is about.
func onlyOurCells(t *rapid.T, c *progress.Cleanup, rows []ecm.Assignment) {
	closedRows := len(c.Closed)
	if len(c.Changes()) != closedRows+len(c.Timed) {
		t.Fatalf("%d changes of %d rows that are closed and %d that get a time", len(c.Changes()), closedRows, len(c.Timed))
	}
	for i, change := range c.Changes() {
		if diff := same(rows[change.Was.Row-2], change.Was); diff != "" {
			t.Fatalf("Was is not the row that was read: %s", diff)
		}
		back := change.Is
		if i < closedRows {
			var noted bool
			if back, noted = back.WithoutNote("self-healed"); !noted || back.Status != "RESOLVED" || back.Word != "" {
				t.Fatalf("closed: %+v", change.Is)
			}
			back.Status, back.Word = change.Was.Status, change.Was.Word
		}
		back.ResolvedAt = change.Was.ResolvedAt
		if diff := same(change.Was, back); diff != "" {
			t.Fatalf("a cell that is not ours changes: %s", diff)
		}
	}
}
