package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pi-manager/config"
	"pi-manager/internal/ecm"
)

func TestEmbeddedSchedule(t *testing.T) {
	t.Parallel()
	schedule, err := config.LoadSchedule("")
	if err != nil {
		t.Fatal(err)
	}
	want := []config.Entry{
		{Hour: 7, Workflows: []ecm.Workflow{"cleanup", "triage"}},
		{Hour: 14, Workflows: []ecm.Workflow{"cleanup", "triage", "progress"}},
		{Hour: 20, Workflows: []ecm.Workflow{"cleanup", "triage", "progress"}},
	}
	if diff := cmp.Diff(want, schedule.Entries); diff != "" || schedule.Zone.String() != "Asia/Dubai" {
		t.Errorf("in %s, entries (-want +got):\n%s", schedule.Zone, diff)
	}
}

func TestScheduleIsSortedAndUnquotedTimesAreTimes(t *testing.T) {
	t.Parallel()
	schedule := parse(t, "zone: UTC\nslots:\n- {at: 20:30, run: [progress]}\n- {at: 7:05, run: [triage]}\n- {at: 08:09, run: [cleanup]}\n")
	var got []string
	for _, entry := range schedule.Entries {
		got = append(got, entry.At())
	}
	if diff := cmp.Diff([]string{"07:05", "08:09", "20:30"}, got); diff != "" {
		t.Errorf("times (-want +got):\n%s", diff)
	}
}

// Each file of testdata/schedule breaks a rule, and its lines that begin with
// #! are the faults that must be reported, all of them, in this order.
func TestBadSchedules(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("testdata/schedule/*.yaml")
	if err != nil || len(paths) < 10 {
		t.Fatalf("got %d bad schedules, %v", len(paths), err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".yaml"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var want []string
			for line := range strings.Lines(string(text)) {
				if fault, ok := strings.CutPrefix(line, "#! "); ok {
					want = append(want, strings.TrimSpace(fault))
				}
			}
			schedule, err := config.ParseSchedule(config.File{Path: "schedule.yaml", Text: string(text)})
			faults, ok := errors.AsType[config.Faults](err)
			if !ok {
				t.Fatalf("got %+v, %v, want faults", schedule, err)
			}
			var got []string
			for _, fault := range faults {
				got = append(got, fault.String())
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzParseSchedule(f *testing.F) {
	paths, _ := filepath.Glob("testdata/schedule/*.yaml")
	for _, path := range append(paths, "schedule.yaml") {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	now := time.Date(2026, 2, 17, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		schedule, err := config.ParseSchedule(config.File{Path: "schedule.yaml", Text: text})
		if err != nil {
			if _, ok := errors.AsType[config.Faults](err); !ok {
				t.Fatalf("%v is no list of faults", err)
			}
			return
		}
		slot := schedule.SlotAt(now)
		if len(schedule.Workflows(slot)) == 0 {
			t.Fatalf("nothing runs in %q", slot)
		}
		if again, err := schedule.ParseSlot(string(slot), now); err != nil || again != slot {
			t.Fatalf("%q is read as %q, %v", slot, again, err)
		}
	})
}

func parse(t *testing.T, text string) config.Schedule {
	t.Helper()
	schedule, err := config.ParseSchedule(config.File{Path: "schedule.yaml", Text: text})
	if err != nil {
		t.Fatal(err)
	}
	return schedule
}
