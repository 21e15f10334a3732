package config_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pi-manager/internal/ecm"
)

const dubai = `zone: Asia/Dubai
slots:
- {at: "07:00", run: [cleanup, triage]}
- {at: "14:00", run: [cleanup, triage, progress]}
- {at: "20:00", run: [cleanup, triage, progress]}
`

// Dubai is four hours ahead of UTC all year.
func TestSlotAt(t *testing.T) {
	t.Parallel()
	schedule := parse(t, dubai)
	tests := []struct {
		at   string // UTC
		want ecm.Slot
	}{
		{"2026-02-17T03:00:00Z", "2026-02-17T07:00"},
		{"2026-02-17T09:57:59Z", "2026-02-17T07:00"},
		{"2026-02-17T09:58:00Z", "2026-02-17T14:00"}, // F93: this node's clock is two minutes behind
		{"2026-02-17T10:00:07Z", "2026-02-17T14:00"},
		{"2026-02-17T15:30:00Z", "2026-02-17T14:00"}, // hours late is still that slot
		{"2026-02-17T16:00:00Z", "2026-02-17T20:00"},
		{"2026-02-17T19:59:00Z", "2026-02-17T20:00"}, // F93: just before midnight in Dubai,
		{"2026-02-17T20:10:00Z", "2026-02-17T20:00"}, // and just after it
		{"2026-02-18T02:57:00Z", "2026-02-17T20:00"},
		{"2025-12-31T23:00:00Z", "2025-12-31T20:00"},
	}
	for _, test := range tests {
		if got := schedule.SlotAt(moment(t, test.at)); got != test.want {
			t.Errorf("SlotAt(%s) = %s, want %s", test.at, got, test.want)
		}
	}
}

// F87: whatever the clocks do, each slot of each day comes up once, in order.
func TestSlotAtOnDaysWhenClocksChange(t *testing.T) {
	t.Parallel()
	changes := map[string][]string{ // the local dates of 2026 on which clocks change
		"Asia/Dubai":          {"2026-02-17"},
		"Europe/Berlin":       {"2026-03-29", "2026-10-25"},
		"America/New_York":    {"2026-03-08", "2026-11-01"},
		"Australia/Lord_Howe": {"2026-04-05", "2026-10-04"}, // by half an hour
		"Africa/Cairo":        {"2026-04-24", "2026-10-29"}, // at midnight
		"America/Santiago":    {"2026-04-04", "2026-09-06"},
	}
	times := []string{"00:30", "02:30", "07:00", "14:00", "23:30"}
	for zone, dates := range changes {
		var text strings.Builder
		text.WriteString("zone: " + zone + "\nslots:\n")
		for _, at := range times {
			text.WriteString("- {at: \"" + at + "\", run: [triage]}\n")
		}
		schedule := parse(t, text.String())
		for _, date := range dates {
			middle := moment(t, date+"T12:00:00Z")
			var got, want []ecm.Slot
			for at := middle.Add(-72 * time.Hour); at.Before(middle.Add(72 * time.Hour)); at = at.Add(time.Minute) {
				got = append(got, schedule.SlotAt(at))
			}
			got = slices.Compact(got)
			for day := -4; day <= 4; day++ {
				for _, at := range times {
					want = append(want, ecm.Slot(middle.AddDate(0, 0, day).Format(time.DateOnly)+"T"+at))
				}
			}
			want = want[slices.Index(want, got[0]) : slices.Index(want, got[len(got)-1])+1]
			if diff := cmp.Diff(want, got); diff != "" || len(got) < 28 {
				t.Errorf("%s around %s: %d slots (-want +got):\n%s", zone, date, len(got), diff)
			}
		}
	}
}

func TestParseSlot(t *testing.T) {
	t.Parallel()
	schedule := parse(t, dubai)
	now := moment(t, "2026-02-17T10:05:00Z") // 14:05 in Dubai
	tests := []struct {
		text string
		want ecm.Slot
	}{
		{"14:00", "2026-02-17T14:00"},
		{"07:00", "2026-02-17T07:00"},
		{"7:00", "2026-02-17T07:00"},
		{" 20:00\n", "2026-02-16T20:00"}, // today's has not come
		{"2026-02-17T14:00", "2026-02-17T14:00"},
		{"2026-02-17 14:00", "2026-02-17T14:00"},
		{"2025-12-31T20:00", "2025-12-31T20:00"},
		{"2026-02-17T10:00:00Z", "2026-02-17T14:00"}, // F86: the scheduled time of a job
		{"2026-02-17T14:00:00+04:00", "2026-02-17T14:00"},
		{"2026-02-16T17:00:00+01:00", "2026-02-16T20:00"},
	}
	for _, test := range tests {
		if got, err := schedule.ParseSlot(test.text, now); err != nil || got != test.want {
			t.Errorf("ParseSlot(%q) = %q, %v, want %q", test.text, got, err, test.want)
		}
	}
}

func TestParseSlotRefuses(t *testing.T) {
	t.Parallel()
	schedule := parse(t, dubai)
	now := moment(t, "2026-02-17T10:05:00Z")
	const others = "the schedule has 07:00, 14:00, 20:00 (Asia/Dubai)"
	tests := []struct{ text, want string }{
		{"15:00", others},
		{"14:01", others},
		{"2026-02-17T13:00", others},
		{"2026-02-17T14:00:00Z", others}, // 18:00 in Dubai
		{"2026-02-17T10:00:01Z", others},
		{"2026-02-17T20:00", "has not come yet"},
		{"2026-02-17T16:00:00Z", "has not come yet"},
		{"2027-02-17T14:00", "has not come yet"},
		{"", "is no slot"},
		{"14", "is no slot"},
		{"25:00", "is no slot"},
		{"2026-02-30T14:00", "is no slot"},
		{"yesterday", "is no slot"},
	}
	for _, test := range tests {
		if got, err := schedule.ParseSlot(test.text, now); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("ParseSlot(%q) = %q, %v, want an error with %q", test.text, got, err, test.want)
		}
	}
}

func TestParseSlotTakesASlotTwoMinutesEarly(t *testing.T) {
	t.Parallel()
	schedule := parse(t, dubai)
	for _, text := range []string{"14:00", "2026-02-17T14:00"} { // F93
		got, err := schedule.ParseSlot(text, moment(t, "2026-02-17T09:58:00Z"))
		if err != nil || got != "2026-02-17T14:00" {
			t.Errorf("ParseSlot(%q) = %q, %v", text, got, err)
		}
	}
}

func TestWorkflowsOfASlot(t *testing.T) {
	t.Parallel()
	schedule := parse(t, dubai)
	tests := map[ecm.Slot][]ecm.Workflow{
		"2026-02-17T07:00": {"cleanup", "triage"},
		"2026-02-17T20:00": {"cleanup", "triage", "progress"},
		"2026-02-17T08:00": nil,
		"2026-02-31T07:00": nil,
		"by-hand":          nil,
		"x T07:00":         nil,
		"":                 nil,
	}
	for slot, want := range tests {
		if diff := cmp.Diff(want, schedule.Workflows(slot)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", slot, diff)
		}
	}
}

func moment(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}
