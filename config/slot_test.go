package config_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pi-manager/config"
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

// london has a slot in the hour that clocks leave out in March and repeat in October.
const london = `zone: Europe/London
slots:
- {at: "01:30", run: [cleanup]}
- {at: "02:00", run: [triage]}
- {at: "14:00", run: [progress]}
`

// listed writes slots in short: their name and when their time comes, in UTC.
func listed(list []config.Due) (lines []string) {
	for _, d := range list {
		lines = append(lines, string(d.Slot)+" at "+d.At.Format(time.RFC3339)+" "+string(d.Workflows[0]))
	}
	return lines
}

// F87: the wall names a slot, whatever the clocks do; each comes once, and in the order of time.
func TestBetween(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, schedule, after, upTo string
		want                        []string
	}{
		{"after is out, up to is in", dubai, "2026-02-17T03:00:00Z", "2026-02-17T10:00:00Z", []string{"2026-02-17T14:00 at 2026-02-17T10:00:00Z cleanup"}},
		{"a second decides", dubai, "2026-02-17T02:59:59Z", "2026-02-17T09:59:59Z", []string{"2026-02-17T07:00 at 2026-02-17T03:00:00Z cleanup"}},
		{"across the midnights of Dubai and of UTC", dubai, "2026-02-17T15:59:00Z", "2026-02-18T03:00:00Z", []string{
			"2026-02-17T20:00 at 2026-02-17T16:00:00Z cleanup", "2026-02-18T07:00 at 2026-02-18T03:00:00Z cleanup"}},
		{"nothing between", dubai, "2026-02-17T03:00:00Z", "2026-02-17T03:00:00Z", nil},
		{"the wrong way round", dubai, "2026-02-18T03:00:00Z", "2026-02-17T03:00:00Z", nil},
		{"the day on which clocks go back has 01:30 twice", london, "2025-10-25T13:00:00Z", "2025-10-26T14:00:00Z", []string{
			"2025-10-26T01:30 at 2025-10-26T01:30:00Z cleanup", "2025-10-26T02:00 at 2025-10-26T02:00:00Z triage", "2025-10-26T14:00 at 2025-10-26T14:00:00Z progress"}},
		{"the day on which they go forward has no 01:30: it comes an hour later, after 02:00", london, "2026-03-28T14:00:00Z", "2026-03-29T13:00:00Z", []string{
			"2026-03-29T02:00 at 2026-03-29T01:00:00Z triage", "2026-03-29T01:30 at 2026-03-29T01:30:00Z cleanup", "2026-03-29T14:00 at 2026-03-29T13:00:00Z progress"}},
	}
	for _, test := range tests {
		if diff := cmp.Diff(test.want, listed(parse(t, test.schedule).Between(moment(t, test.after), moment(t, test.upTo)))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

// A year of any zone has every date with every time once, however it is cut into pieces;
// Next and Before walk along it.
func TestBetweenIsOneWalk(t *testing.T) {
	t.Parallel()
	begin, end := moment(t, "2025-09-01T00:00:00Z"), moment(t, "2026-09-01T00:00:00Z")
	for _, zone := range []string{"Asia/Dubai", "Europe/London", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo"} {
		schedule := parse(t, strings.Replace(london, "Europe/London", zone, 1))
		whole := schedule.Between(begin, end)
		if len(whole) != 365*3 {
			t.Errorf("%s: %d slots in a year", zone, len(whole))
		}
		random := rand.New(rand.NewPCG(1, 1))
		var pieces []config.Due
		for at := begin; at.Before(end); {
			next := at.Add(time.Duration(random.Int64N(int64(60 * time.Hour))))
			if next.After(end) {
				next = end
			}
			pieces = append(pieces, schedule.Between(at, next)...)
			at = next
		}
		if diff := cmp.Diff(listed(whole), listed(pieces)); diff != "" {
			t.Errorf("%s, in pieces (-whole +pieces):\n%s", zone, diff)
		}
		seen := map[ecm.Slot]bool{}
		for i, d := range whole {
			if seen[d.Slot] {
				t.Errorf("%s: %s comes twice", zone, d.Slot)
			}
			seen[d.Slot] = true
			if i == 0 {
				continue
			}
			before := whole[i-1]
			if got := schedule.Before(d.Slot); got != before.Slot {
				t.Errorf("%s: before %s comes %s, want %s", zone, d.Slot, got, before.Slot)
			}
			if got := schedule.Next(before.At); d.At.After(before.At) && !got.Equal(d.At) {
				t.Errorf("%s: after %s comes %s, want %s", zone, before.At, got, d.At)
			}
		}
	}
}

func TestBeforeOfNoSlot(t *testing.T) {
	t.Parallel()
	schedule := parse(t, dubai)
	for _, slot := range []ecm.Slot{"", "2026-02-17T08:00", "2026-02-17T14:05:06-by-hand-x", "pi-manager-29520000"} {
		if got := schedule.Before(slot); got != "" {
			t.Errorf("before %q comes %q", slot, got)
		}
	}
	if got := schedule.Before("2026-01-01T07:00"); got != "2025-12-31T20:00" {
		t.Errorf("before the first slot of the year comes %q", got)
	}
}

// F86: the controller names a Job after the minute of its scheduled time.
func TestJobSlot(t *testing.T) {
	t.Parallel()
	name := func(at string) string { return fmt.Sprintf("pi-manager-%d", moment(t, at).Unix()/60) }
	tests := []struct {
		schedule, job string
		want          ecm.Slot // empty: none
	}{
		{dubai, name("2026-02-17T03:00:00Z"), "2026-02-17T07:00"},
		{dubai, name("2026-02-17T16:00:00Z"), "2026-02-17T20:00"},
		{dubai, "29520180", "2026-02-16T07:00"},
		{dubai, name("2026-02-17T07:00:00Z"), ""}, // 11:00 in Dubai: a CronJob in the wrong zone
		{london, name("2026-03-29T13:00:00Z"), "2026-03-29T14:00"},
		{london, name("2026-03-28T14:00:00Z"), "2026-03-28T14:00"},
		{dubai, "by-hand-1", ""},
		{dubai, "rerun-180", ""}, // 180 minutes after the beginning of 1970 it was 07:00 in Dubai
		{dubai, "rerun--29520180x", ""},
		{dubai, "pi-manager", ""},
		{dubai, "", ""},
		{dubai, "-", ""},
		{dubai, "job-99999999999999999999", ""},
		{dubai, "job-9223372036854775807", ""},
		{dubai, "job--29520180", "2026-02-16T07:00"},
	}
	for _, test := range tests {
		got, ok := parse(t, test.schedule).JobSlot(test.job)
		if ok != (test.want != "") || ok && got != test.want {
			t.Errorf("JobSlot(%q) = %q, %t, want %q", test.job, got, ok, test.want)
		}
	}
}
