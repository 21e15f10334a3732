package policy_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pi-manager/internal/ecm"
)

// The built-in policy is what the design gives as the defaults.
func TestCleanupAndReportAsBuiltIn(t *testing.T) {
	t.Parallel()
	p := rules(t)
	if c := p.Cleanup; c.MaxCloseShare.Percent() != "60 %" || c.MaxMissingShare.Percent() != "60 %" || c.MaxAge != 24*time.Hour || c.ArchiveAfter != 30*24*time.Hour {
		t.Errorf("got %+v", c)
	}
	if r := p.Report; r.CapacityAbove.Percent() != "80 %" || r.AlertFrom != 3 {
		t.Errorf("got %+v", r)
	}
}

// F65: only the statuses that the policy names end an order; case and blanks around them do not matter.
func TestCompleted(t *testing.T) {
	t.Parallel()
	for terminal, ends := range map[string][]string{
		"[COMPLETED]":                      {"COMPLETED"},
		"[completed, ' Cancelled ']":       {"COMPLETED", "CANCELLED"},
		"[REFUNDED, REFUNDED]":             {"REFUNDED"},
		"[COMPLETED, CANCELLED, REFUNDED]": {"COMPLETED", "CANCELLED", "REFUNDED"},
	} {
		c := rules(t, "terminal: [COMPLETED]", "terminal: "+terminal).Cleanup
		for _, word := range []string{"COMPLETED", "CANCELLED", "REFUNDED", "FAILED", "PENDING", "PROCESSING_DEAL_IN", "IN_PROGRESS",
			"", " ", "COMPLETE", "COMPLETED_", "NOT COMPLETED", "COMPLETED,CANCELLED"} {
			want := false
			for _, end := range ends {
				want = want || word == end
			}
			for _, written := range []string{word, strings.ToLower(word), " " + word + "\t\n", strings.Title(strings.ToLower(word))} { //nolint:staticcheck // ASCII words
				if c.Completed(written) != want {
					t.Errorf("%s: %q ends an order: %v", terminal, written, !want)
				}
			}
		}
	}
}

// The SLA of each diagnosis is that of domain.md section 3; a name that the
// policy does not have is a sub-state, and has that of "otherwise".
func TestSLA(t *testing.T) {
	t.Parallel()
	for name, hours := range map[string]float64{
		"refund_triggered": 2, "manual_review": 0.5, "status_sync_issue": 1, "cancellation_pending": 4, "brn_pending": 4, "stuck_at_lean_recon": 4,
		"no_rfi_created": 4, "rfi_pending": 24, "stuck_due_trm": 8, "bulk_vda_pending": 16, "stuck_at_vda_partner": 8, "stuck_at_rda_partner": 8, "stuck_at_lulu": 8,
		"RFI_PENDING": 24, " rfi_pending\n": 24, "rfi pending": 8, "await_external_action": 8, "": 8, "  ": 8, "otherwise": 8,
	} {
		if got := rules(t).SLA(name); got != ecm.FromHours(hours) {
			t.Errorf("%q: got %s, want %v h", name, got, hours)
		}
	}
	other := rules(t, "otherwise:\n  team: Ops\n  sla_hours: 8", "otherwise:\n  team: Ops\n  sla_hours: 5.5")
	if a, b, c := other.SLA("fulfillment_pending"), other.SLA(""), other.SLA("stuck_at_lulu"); a != 330*time.Minute || b != a || c != 8*time.Hour {
		t.Errorf("otherwise 5.5 h: got %s, %s, and %s where 8 h are named", a, b, c)
	}
}

// Any text is some diagnosis or none: its SLA is never 0, which would breach at once.
func TestEveryTextHasAnSLA(t *testing.T) {
	t.Parallel()
	p := rules(t)
	rapid.Check(t, func(t *rapid.T) {
		if name := rapid.String().Draw(t, "name"); p.SLA(name) <= 0 {
			t.Fatalf("%q has an SLA of %s", name, p.SLA(name))
		}
	})
}

// A copy of the policy that excludes more agents cleans and reports as the first one does.
func TestExcludeKeepsCleanup(t *testing.T) {
	t.Parallel()
	p := rules(t, "terminal: [COMPLETED]", "terminal: [CANCELLED]", "max_age: 24h", "max_age: 90m")
	with := p.Exclude([]string{"boss@example.com"})
	if with.Cleanup.MaxAge != 90*time.Minute || !with.Cleanup.Completed("CANCELLED") || with.Cleanup.Completed("COMPLETED") || with.Report != p.Report {
		t.Errorf("got %+v, %+v", with.Cleanup, with.Report)
	}
}
