package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"pi-manager/internal/fake"
	shell "pi-manager/internal/run"
)

var (
	updatePeople = flag.Bool("update", false, "rewrite docs/people.md")
	everywhere   = flag.Bool("everywhere", false, "try all that people do at every boundary, not only before a commit")
)

// tally is what came of a hand: at how many boundaries it was tried, at how many
// of them a run stopped, and at how many the next one did too.
type tally struct{ boundaries, stopped, lasting int }

// F39 to F63: whatever people do in the sheet, between whichever two calls of
// whatever we do there: no cell of theirs is lost or changed, nothing of ours
// stands in a wrong row, the run is right or stops and says why, and the next one
// is right. What comes of it all is written into docs/people.md.
func TestPeople(t *testing.T) {
	var mu sync.Mutex
	tallies := map[string]*tally{}
	t.Run("hands", func(t *testing.T) {
		for _, w := range works() {
			for part := range 2 { // two offices each, so that the work is spread evenly
				t.Run(fmt.Sprint(w.name, "/", part), func(t *testing.T) {
					t.Parallel()
					o := newOffice(t, w)
					boundaries, commits := o.begin(t)
					tried := 0
					for i, h := range hands() {
						if i%2 != part {
							continue
						}
						sum := &tally{}
						for at := range boundaries {
							if *everywhere || w.full && h.often || commits[at] && (w.full || h.often) {
								if tried++; tried%thinned == 0 {
									o.try(t, h, at, sum)
								}
							}
						}
						mu.Lock()
						if old := tallies[h.name]; old != nil {
							sum.add(old)
						}
						tallies[h.name] = sum
						mu.Unlock()
					}
				})
			}
		}
	})
	if !t.Failed() && !*everywhere && thinned == 1 {
		golden(t, filepath.Join("docs", "people.md"), peopleTable(tallies))
	}
}

func (s *tally) add(other *tally) {
	s.boundaries += other.boundaries
	s.stopped += other.stopped
	s.lasting += other.lasting
}

// begin brings the office to where the work begins, and counts the boundaries:
// before each call of an undisturbed run, and after the last. Those before a
// commit are the ones where most can go wrong.
func (o *office) begin(t *testing.T) (n int, commits map[int]bool) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		if err := o.work.prepare(t.Context(), o); err != nil {
			t.Fatalf("%s: prepare: %v", o.work.name, err)
		}
	})
	o.remember()
	o.again()
	synctest.Test(t, func(t *testing.T) {
		o.listen(-1, nil)
		a, err := o.work.carryOut(t.Context(), o)
		if err != nil {
			t.Fatalf("%s, undisturbed: %v", o.work.name, err)
		}
		for _, problem := range slices.Concat(o.compare(), o.work.right(o, a), o.journals()) {
			t.Errorf("%s, undisturbed: %s", o.work.name, problem)
		}
	})
	commits = map[int]bool{}
	for i, c := range o.calls {
		commits[i] = slices.Contains(c.Requests, "createDeveloperMetadata") && slices.Contains(c.Requests, "appendCells")
	}
	return len(o.calls) + 1, commits
}

// listen notes the calls, and lets a hand at the sheet before one of them.
func (o *office) listen(at int, h func()) {
	o.calls = nil
	o.s.OnBefore(func(c fake.SheetsCall) {
		if len(o.calls) == at && h != nil && o.handAt < 0 {
			o.handAt = at
			h()
		}
		o.calls = append(o.calls, c)
	})
}

// try is one case: one hand at one boundary, and what follows.
func (o *office) try(t *testing.T, h hand, at int, sum *tally) {
	t.Helper()
	o.again()
	synctest.Test(t, func(t *testing.T) {
		c := &trial{office: o, hand: h, at: at}
		c.play(t.Context())
		if c.acted {
			sum.boundaries++
		}
		if c.stopped > 0 {
			sum.stopped++
		}
		if c.stopped > 1 {
			sum.lasting++
		}
		for _, problem := range c.problems {
			t.Errorf("%s, %s before call %d (%s): %s", o.work.name, h.name, at+1, o.nameOfCall(at), problem)
		}
	})
	if offences := o.s.Offences(); len(offences) > 0 {
		t.Fatalf("%s, %s: offences: %q", o.work.name, h.name, offences)
	}
}

func (o *office) nameOfCall(at int) string {
	if at < len(o.calls) {
		return strings.TrimPrefix(o.calls[at].Method, "spreadsheets.")
	}
	return "none"
}

// trial is one hand at one boundary.
type trial struct {
	*office
	hand     hand
	at       int
	stopped  int    // how many runs stopped
	says     string // the last one's error
	problems []string
}

func (c *trial) bad(format string, args ...any) {
	c.problems = append(c.problems, fmt.Sprintf(format, args...))
}

// play lets the run go and a person's hand come; then a second run; then, where
// that still stops, the person mends what it names, and a third run.
func (c *trial) play(ctx context.Context) {
	if c.hand.first != nil {
		c.hand.first(c.office)
	}
	act := func() {
		c.kept = [2]fake.Version{c.s.Version(), c.twin.Version()}
		c.hand.do(c.office)
		c.breaks = len(c.hand.names) > 0
	}
	c.listen(c.at, act)
	a, err := c.work.carryOut(ctx, c.office)
	c.judge("the run", a, err, c.stopped == 0 && err == nil)
	if c.handAt < 0 {
		c.handAt = len(c.calls)
		act()
	}
	for _, run := range []string{"the second run", "the third run"} {
		time.Sleep(time.Hour)
		a, err = c.work.carryOut(ctx, c.office)
		c.judge(run, a, err, true)
		if err == nil || len(c.problems) > 0 {
			break
		}
		c.mend()
	}
	if err != nil {
		c.bad("no run after it goes on: %v", err)
		return
	}
	for _, title := range c.journals() {
		c.bad("the tab %q is left", title)
	}
	if !c.hand.leaves {
		c.problems = append(c.problems, c.work.right(c.office, a)...)
	}
}

// mend is what people do once they have read why the run stopped.
func (c *trial) mend() {
	c.breaks = false
	switch {
	case c.hand.back:
		c.s.Restore(c.kept[0])
		c.twin.Restore(c.kept[1])
		c.renamed, c.tab = map[string]string{}, startTab
	case c.hand.mend != nil:
		c.hand.mend(c.office)
	}
}

// judge looks at what a run did and what it says of it.
func (c *trial) judge(run string, a account, err error, whole bool) {
	c.stuck = err != nil
	c.left = append(c.left, a.left...)
	if err != nil {
		c.stopped++
		c.says = err.Error()
		asks := errors.Is(err, shell.ErrMoved) // an undo does what was shown, or nothing
		if len(c.hand.names) == 0 && !asks {
			c.bad("%s stops: %v", run, err)
		}
		for _, name := range c.hand.names {
			if !strings.Contains(c.says, name) && !asks {
				c.bad("%s stops and does not name %q: %v", run, name, err)
			}
		}
	}
	for _, problem := range c.compare() {
		c.bad("after %s: %s", run, problem)
	}
	if !whole || err != nil || c.restored {
		return
	}
	if titles := c.journals(); len(titles) > 0 {
		c.bad("%s ends well and leaves %q", run, titles)
	}
	rows := 0
	for _, l := range c.seen.ours {
		if slices.Contains(l.cells, any(a.runID)) {
			rows++
		}
	}
	if rows != a.fresh && c.seen.wantThere && slices.Contains(c.headers(), "Run ID") {
		c.bad("%s says %d new rows, the sheet has %d", run, a.fresh, rows)
	}
	for _, id := range a.closed {
		if a.unsure {
			break // it says so
		}
		if c.untouched(id) && !(c.holds(id, "RESOLVED") && c.holds(id, "self-healed")) {
			c.bad("%s says that it closed %s", run, id)
		}
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *updatePeople {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("(-want +got, -update rewrites the file)\n%s", diff)
	}
}

// peopleIntro stands at the top of docs/people.md.
const peopleIntro = `# What people do in the sheet, and what a run does then

The spreadsheet is the people's. They sort, type and rename at any moment, also between two calls of a run that is
under way. TestPeople has them do each of the things below between two calls of the %d kinds of work that write there:
%s.
It compares the sheet with a twin in which only the people were at work. Whatever they do, and whenever:

- no cell of theirs is lost or changed, wherever its row has gone meanwhile;
- nothing of ours stands in a row that it was not meant for;
- every order is assigned once;
- a run is right, or it stops and names what stands in its way; the next one is right, if need be after that was mended;
- no hidden tab is left behind.

"Checked at" says at how many places between two calls, in all of that work; where the number is small, it is the place
right before a commit, where most can go wrong. Written by ` + "`go test -run TestPeople . -update`" + `.
`

// peopleTable is docs/people.md.
func peopleTable(tallies map[string]*tally) string {
	var b strings.Builder
	var kinds []string
	for _, w := range works() {
		kinds = append(kinds, w.name)
	}
	fmt.Fprintf(&b, peopleIntro, len(kinds), strings.Join(kinds, ", "))
	group := ""
	for _, h := range hands() {
		if h.group != group {
			group = h.group
			fmt.Fprintf(&b, "\n## %s\n\n| What people do | What a run does | Checked at |\n|---|---|---|\n", group)
		}
		fmt.Fprintf(&b, "| %s | %s | %d |\n", h.name, h.answer(tallies[h.name]), tallies[h.name].boundaries)
	}
	return b.String()
}

// answer is what the runs did, in a few words.
func (h hand) answer(sum *tally) string {
	names := "`" + strings.Join(h.names, "`, `") + "`"
	switch {
	case sum.stopped == 0:
		return "goes on"
	case len(h.names) == 0:
		return "goes on; an undo asks to look at its plan again"
	case sum.lasting == 0:
		return "stops once and names " + names + "; the next one goes on"
	}
	return "stops and names " + names + " until that is mended"
}
