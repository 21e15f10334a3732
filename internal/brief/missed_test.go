package brief_test

import (
	"fmt"
	"testing"
	"time"

	"pi-manager/internal/brief"
	"pi-manager/internal/ecm"
)

func TestMissedGolden(t *testing.T) {
	t.Parallel()
	many := make([]ecm.Slot, 30)
	for i := range many {
		many[i] = ecm.Slot(asOf().AddDate(0, 0, i-30).Format(time.DateOnly) + "T14:00")
	}
	for name, slots := range map[string][]ecm.Slot{
		"missed":      {"2026-02-16T20:00"},
		"missed-more": {"2026-02-16T14:00", "2026-02-16T20:00", "2026-02-17T07:00"},
		"missed-many": many,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			golden(t, name, brief.Missed(slots, page()))
		})
	}
}

// However long the outage was: every message fits, and its number is the true one.
func TestMissedFits(t *testing.T) {
	t.Parallel()
	var slots []ecm.Slot
	for i := range 500 {
		slots = append(slots, ecm.Slot(asOf().Add(time.Duration(i)*8*time.Hour).Format(ecm.SlotLayout)))
		m := brief.Missed(slots, page())
		if n := len([]rune(m.String())); n > 2000 {
			t.Errorf("%d slots: %d characters", len(slots), n)
		}
		if want := fmt.Sprintf("ECM: %d slot", len(slots)); len(m.Summary) < len(want) || m.Summary[:len(want)] != want {
			t.Errorf("%d slots: %q", len(slots), m.Summary)
		}
	}
}
