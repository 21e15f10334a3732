package config_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pi-manager/config"
	"pi-manager/internal/policy"
)

// smallWith is the small policy, and these lines behind it; the first of them is line 49.
func smallWith(t *testing.T, lines string) *policy.Policy {
	t.Helper()
	p, err := config.ParsePolicy(config.File{Path: "policy.yaml", Text: policyText(t, "small.yaml") + lines})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A policy file of before has neither section, and goes on working with the defaults; what is left out of a section keeps its own.
func TestCleanupAndReportDefaults(t *testing.T) {
	t.Parallel()
	type parts struct {
		Close, Missing, Capacity string
		Age, Archive             time.Duration
		Alert                    int
		Ends                     string
	}
	read := func(p *policy.Policy) parts {
		c, r := p.Cleanup, p.Report
		got := parts{c.MaxCloseShare.Percent(), c.MaxMissingShare.Percent(), r.CapacityAbove.Percent(), c.MaxAge, c.ArchiveAfter, r.AlertFrom, ""}
		for _, status := range []string{"COMPLETED", "CANCELLED", "REFUNDED"} {
			if c.Completed(status) {
				got.Ends += status[:3] + " "
			}
		}
		return got
	}
	const day = 24 * time.Hour
	for lines, want := range map[string]parts{
		"":                            {"60 %", "60 %", "80 %", day, 30 * day, 3, "COM "},
		"cleanup:\nreport:\n":         {"60 %", "60 %", "80 %", day, 30 * day, 3, "COM "},
		"cleanup: {}\nreport: {}\n":   {"60 %", "60 %", "80 %", day, 30 * day, 3, "COM "},
		"cleanup: { terminal: }\n":    {"60 %", "60 %", "80 %", day, 30 * day, 3, "COM "},
		"cleanup: { max_age: 90m }\n": {"60 %", "60 %", "80 %", 90 * time.Minute, 30 * day, 3, "COM "},
		"report: { alert_from: 1 }\n": {"60 %", "60 %", "80 %", day, 30 * day, 1, "COM "},
		"cleanup: { terminal: [Cancelled, completed] }\n":                                            {"60 %", "60 %", "80 %", day, 30 * day, 3, "COM CAN "},
		"cleanup: { max_close_share: 0, max_missing_share: 1, archive_after: 36h0m1s }\n":            {"0 %", "100 %", "80 %", day, 36*time.Hour + time.Second, 3, "COM "},
		"cleanup: { terminal: [REFUNDED], max_close_share: 0.125 }\nreport: { capacity_above: 1 }\n": {"12.5 %", "60 %", "100 %", day, 30 * day, 3, "REF "},
	} {
		if diff := cmp.Diff(want, read(smallWith(t, lines))); diff != "" {
			t.Errorf("%q (-want +got):\n%s", lines, diff)
		}
	}
}

// Each row is wrong in the two sections, and is told so with the line; line 49 is the first.
func TestBadCleanupAndReport(t *testing.T) {
	t.Parallel()
	const share, above0 = "is a share between 0 and 1", "is longer than 0"
	const forgets = "policy.yaml:50: cleanup.archive_after: is not longer than reopen_after: an order that comes back would not be known any more"
	for lines, want := range map[string][]string{
		"cleanup:\n  terminal: [DONE]":                         {`policy.yaml:50: cleanup.terminal.0: "DONE" does not end an order; COMPLETED, CANCELLED and REFUNDED do`},
		"cleanup:\n  terminal:\n    - COMPLETED\n    - FAILED": {`policy.yaml:52: cleanup.terminal.1: "FAILED" does not end an order; COMPLETED, CANCELLED and REFUNDED do`},
		"cleanup:\n  terminal: ['']":                           {`policy.yaml:50: cleanup.terminal.0: "" does not end an order; COMPLETED, CANCELLED and REFUNDED do`},
		"cleanup:\n  terminal: []":                             {"policy.yaml:50: cleanup.terminal: no status: nothing would ever be closed"},
		"cleanup:\n  max_close_share: 1.0001":                  {"policy.yaml:50: cleanup.max_close_share: " + share},
		"cleanup:\n  max_close_share: 60":                      {"policy.yaml:50: cleanup.max_close_share: " + share},
		"cleanup:\n  max_missing_share: -0.1":                  {"policy.yaml:50: cleanup.max_missing_share: " + share},
		"cleanup:\n  max_close_share: 60%":                     {`policy.yaml:50: "60%" is not a number with at most four decimals`},
		"cleanup:\n  max_age: 0s":                              {"policy.yaml:50: cleanup.max_age: " + above0},
		"cleanup:\n  max_age: -1h":                             {"policy.yaml:50: cleanup.max_age: " + above0},
		"cleanup:\n  max_age: 24":                              {"policy.yaml:50: cannot unmarshal !!int `24`"},
		"cleanup:\n  max_age: one day":                         {"policy.yaml:50: cannot unmarshal !!str `one day`"},
		"cleanup:\n  archive_after: 36h":                       {forgets},
		"cleanup:\n  archive_after: 1s":                        {forgets},
		"cleanup:\n  max_share: 0.5":                           {"policy.yaml:50: key max_share not found"},
		"report:\n  capacity_above: 1.1":                       {"policy.yaml:50: report.capacity_above: " + share},
		"report:\n  alert_from: 0":                             {"policy.yaml:50: report.alert_from: is at least 1"},
		"report:\n  alert_from: -3":                            {"policy.yaml:50: report.alert_from: is at least 1"},
		"report:\n  alert_from: 2.5":                           {`policy.yaml:50: "2.5" is not a whole number`},
		"report:\n  alerts: 2":                                 {"policy.yaml:50: key alerts not found"},
		"cleanup: [COMPLETED]":                                 {"policy.yaml:49: cannot unmarshal !!seq"},
	} {
		if diff := cmp.Diff(want, policyFaults(t, policyText(t, "small.yaml")+lines+"\n")); diff != "" {
			t.Errorf("%q (-want +got):\n%s", lines, diff)
		}
	}
}

// A person sees all the faults of both sections at once, from the top of the file to its end, every time.
func TestAllFaultsOfCleanupAndReport(t *testing.T) {
	t.Parallel()
	text := policyText(t, "small.yaml") + strings.Join([]string{
		"report:", "  alert_from: 0", "  capacity_above: 2",
		"cleanup:", "  archive_after: 2h", "  max_age: 0h", "  max_missing_share: 7", "  max_close_share: -1",
		"  terminal:", "    - PENDING", "    - completed", "    - SETTLED", "",
	}, "\n")
	want := []string{
		"policy.yaml:50: report.alert_from: is at least 1",
		"policy.yaml:51: report.capacity_above: is a share between 0 and 1",
		"policy.yaml:53: cleanup.archive_after: is not longer than reopen_after: an order that comes back would not be known any more",
		"policy.yaml:54: cleanup.max_age: is longer than 0",
		"policy.yaml:55: cleanup.max_missing_share: is a share between 0 and 1",
		"policy.yaml:56: cleanup.max_close_share: is a share between 0 and 1",
		`policy.yaml:58: cleanup.terminal.0: "PENDING" does not end an order; COMPLETED, CANCELLED and REFUNDED do`,
		`policy.yaml:60: cleanup.terminal.2: "SETTLED" does not end an order; COMPLETED, CANCELLED and REFUNDED do`,
	}
	for range 20 {
		if diff := cmp.Diff(want, policyFaults(t, text)); diff != "" {
			t.Fatalf("faults (-want +got):\n%s", diff)
		}
	}
}

// An order that comes back must be known still: the default of 30 days counts, too.
func TestArchiveAfterReopen(t *testing.T) {
	t.Parallel()
	text := strings.Replace(policyText(t, "small.yaml"), "reopen_after: 36h", "reopen_after: 720h", 1)
	got := policyFaults(t, text)
	if len(got) != 1 || !strings.Contains(got[0], "cleanup.archive_after: is not longer than reopen_after") {
		t.Errorf("got %q", got)
	}
	if got := policyFaults(t, text+"cleanup: { archive_after: 721h }\n"); len(got) != 0 {
		t.Errorf("got %q", got)
	}
}
