package sheet_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"pi-manager/internal/ecm"
	"pi-manager/internal/fake"
)

// Whatever people do at up to three moments, and whichever call dies, no cell of
// theirs is lost or changed, each change is done whole or not at all, and no journal is left.
func TestNoCellOfAPersonEverChanges(t *testing.T) {
	t.Parallel()
	names := slices.Sorted(maps.Keys(gestures()))
	rapid.Check(t, func(rt *rapid.T) {
		d := newDesk(t, rapid.IntRange(3, 8).Draw(rt, "rows"))
		d.t = rapidTB{t, rt}
		// Known limit: where rows that are inserted above the header have made us take
		// the header row away, and columns move before it is back, nothing says which
		// column is which. So people do one or the other.
		pool := slices.DeleteFunc(slices.Clone(names), ofColumns)
		if rapid.Bool().Draw(rt, "columns move") {
			pool = slices.DeleteFunc(slices.Clone(names), onTop)
		}
		plan := map[string]func(*desk){}
		for range rapid.IntRange(1, 3).Draw(rt, "edits") {
			when := fmt.Sprint(rapid.IntRange(2, 11).Draw(rt, "call"), rapid.Bool().Draw(rt, "after"))
			plan[when] = gestures()[rapid.SampledFrom(pool).Draw(rt, "gesture")]
		}
		hook := func(after bool) func(fake.SheetsCall) {
			return func(c fake.SheetsCall) {
				when := fmt.Sprint(c.N, after)
				if gesture := plan[when]; gesture != nil {
					delete(plan, when)
					gesture(d)
				}
			}
		}
		d.s.OnBefore(hook(false))
		d.s.OnAfter(hook(true))
		changes := map[string]intended{}
		var closes, gone []string
		for i := range 8 {
			id := fmt.Sprint("C", i+1)
			switch rapid.SampledFrom([]string{"nothing", "close", "archive"}).Draw(rt, id) {
			case "close":
				closes, changes[id] = append(closes, id), closed(id)
			case "archive":
				gone, changes[id] = append(gone, id), nil
			}
		}
		if rapid.Bool().Draw(rt, "dies") {
			d.s.Trouble(fake.SheetsTrouble{
				Skip: rapid.IntRange(0, 9).Draw(rt, "before it dies"), Applied: rapid.Bool().Draw(rt, "applied"),
				Last: rapid.SampledFrom([]int{1, 2, 30}).Draw(rt, "calls lost"), Status: http.StatusServiceUnavailable,
			})
		}
		err := carry(t.Context(), open(t, d.s), "changes", closes, gone, "NEW1")
		if err != nil && ecm.ClassOf(err) == ecm.Permanent {
			rt.Errorf("changes: %v", err)
		}
		d.s.Calm()
		for range 3 {
			if _, err = settled(t.Context(), open(t, d.s)); err == nil {
				break
			}
		}
		if err != nil {
			rt.Errorf("settle: %v", err)
		}
		d.s.OnBefore(nil)
		d.s.OnAfter(nil)
		d.check(changes)
	})
}

func onTop(gesture string) bool { return strings.Contains(gesture, "on top") }

func ofColumns(gesture string) bool {
	return strings.Contains(gesture, "moved") || strings.Contains(gesture, "column")
}

// rapidTB reports failures to the check that runs, and lives as long as the test.
type rapidTB struct {
	testing.TB
	rt *rapid.T
}

func (r rapidTB) Helper()                           {}
func (r rapidTB) Errorf(format string, args ...any) { r.rt.Errorf(format, args...) }
func (r rapidTB) Error(args ...any)                 { r.rt.Error(args...) }
