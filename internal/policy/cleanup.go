package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"pi-manager/internal/ecm"
)

// Cleanup says when a row is closed without an agent, and when the answer of the
// warehouse is not believed.
type Cleanup struct {
	MaxCloseShare   ecm.Fraction // of the open rows, 0 to 1
	MaxMissingShare ecm.Fraction // of the orders asked for, 0 to 1
	MaxAge          time.Duration
	ArchiveAfter    time.Duration

	terminal []string
}

// Report says what the progress report points at.
type Report struct {
	CapacityAbove ecm.Fraction // share of an agent's slots, 0 to 1
	AlertFrom     int          // SLA breaches, from 1
}

// Completed says whether an order in this status needs nobody any more, whatever
// brought it there. Case and blanks around it do not matter.
func (c Cleanup) Completed(status string) bool {
	return slices.Contains(c.terminal, strings.ToUpper(strings.TrimSpace(status)))
}

// The defaults of what a policy file leaves out.
const (
	defaultShare        = ecm.FractionOne * 6 / 10
	defaultMaxAge       = 24 * time.Hour
	defaultArchiveAfter = 30 * 24 * time.Hour
	defaultCapacity     = ecm.FractionOne * 8 / 10
	defaultAlertFrom    = 3
)

func (c *compiler) cleanup(spec CleanupSpec) {
	p := &c.policy.Cleanup
	p.MaxCloseShare = c.part(spec.MaxCloseShare, defaultShare, "cleanup", "max_close_share")
	p.MaxMissingShare = c.part(spec.MaxMissingShare, defaultShare, "cleanup", "max_missing_share")
	p.MaxAge = c.span(spec.MaxAge, defaultMaxAge, "cleanup", "max_age")
	p.ArchiveAfter = c.span(spec.ArchiveAfter, defaultArchiveAfter, "cleanup", "archive_after")
	if p.ArchiveAfter <= c.policy.ReopenAfter {
		c.fault("is not longer than reopen_after: an order that comes back would not be known any more", "cleanup", "archive_after")
	}
	p.terminal = []string{"COMPLETED"}
	if spec.Terminal != nil {
		p.terminal = c.terminal(spec.Terminal)
	}
}

// terminal reads the statuses that end an order. There are three such words in
// the warehouse; any other one would close rows that somebody waits for.
func (c *compiler) terminal(words []string) []string {
	var statuses []string
	for i, word := range words {
		status := strings.ToUpper(strings.TrimSpace(word))
		if !slices.Contains([]string{"COMPLETED", "CANCELLED", "REFUNDED"}, status) {
			c.fault(fmt.Sprintf("%.40q does not end an order; COMPLETED, CANCELLED and REFUNDED do", word), "cleanup", "terminal", fmt.Sprint(i))
		}
		statuses = append(statuses, status)
	}
	if len(statuses) == 0 {
		c.fault("no status: nothing would ever be closed", "cleanup", "terminal")
	}
	return statuses
}

func (c *compiler) report(spec ReportSpec) {
	p := &c.policy.Report
	p.CapacityAbove = c.part(spec.CapacityAbove, defaultCapacity, "report", "capacity_above")
	p.AlertFrom = defaultAlertFrom
	if spec.AlertFrom != nil {
		p.AlertFrom = int(*spec.AlertFrom)
	}
	if p.AlertFrom < 1 {
		c.fault("is at least 1", "report", "alert_from")
	}
}

// part reads a share of a whole.
func (c *compiler) part(written *ecm.Fraction, otherwise ecm.Fraction, path ...string) ecm.Fraction {
	if written == nil {
		return otherwise
	}
	if *written < 0 || *written > ecm.FractionOne {
		c.fault("is a share between 0 and 1", path...)
	}
	return *written
}

func (c *compiler) span(written *time.Duration, otherwise time.Duration, path ...string) time.Duration {
	if written == nil {
		return otherwise
	}
	if *written <= 0 {
		c.fault("is longer than 0", path...)
	}
	return *written
}

// SLA is how long an order with this diagnosis may take. A name that the policy
// does not have, such as a sub-state, is covered by "otherwise".
func (p *Policy) SLA(diagnosis string) time.Duration {
	name := strings.TrimSpace(diagnosis)
	i := slices.IndexFunc(p.Diagnoses, func(d Diagnosis) bool { return strings.EqualFold(d.Name, name) })
	if i < 0 || name == "" {
		i = len(p.Diagnoses) - 1
	}
	return p.Diagnoses[i].SLA
}
