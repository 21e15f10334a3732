// Package policy is what people decided: the policy file as data (Spec), and the
// compiled form (Policy) that judges orders by it.
//
// It is pure once loaded: config reads the file, Compile checks it, and triage
// asks it about values. It knows no file, no clock and no warehouse.
package policy

import (
	"fmt"
	"strconv"
	"time"

	"github.com/shopspring/decimal"

	"pi-manager/internal/ecm"
)

// Version is the version of the policy file's form that this code reads.
const Version = 1

// Whole is a whole number. YAML would cut 7.5 to 7 without a word.
type Whole int

// UnmarshalText reads digits with an optional sign.
func (w *Whole) UnmarshalText(text []byte) error {
	number, err := strconv.Atoi(string(text))
	if err != nil {
		return fmt.Errorf("%.20q is not a whole number", text)
	}
	*w = Whole(number)
	return nil
}

// Spec is the policy file as people write it; config/policy.yaml explains each part.
type Spec struct {
	Version       Whole                      `yaml:"version"`
	Currencies    []string                   `yaml:"currencies"`
	Guardrails    GuardrailSpec              `yaml:"guardrails"`
	Facts         FactSpec                   `yaml:"facts"`
	Derived       map[string]string          `yaml:"derived"`
	Disqualify    []DisqualifySpec           `yaml:"disqualify"`
	Diagnoses     []DiagnosisSpec            `yaml:"diagnoses"`
	Otherwise     DiagnosisSpec              `yaml:"otherwise"`
	Score         ScoreSpec                  `yaml:"score"`
	PriorityAbove map[string]ecm.Fraction    `yaml:"priority_above"`
	SLA           SLASpec                    `yaml:"sla"`
	HighValue     map[string]decimal.Decimal `yaml:"high_value"`
	Agents        AgentSpec                  `yaml:"agents"`
	ReopenAfter   time.Duration              `yaml:"reopen_after"`
	Cleanup       CleanupSpec                `yaml:"cleanup"`
	Report        ReportSpec                 `yaml:"report"`
}

// GuardrailSpec is what must be plausible before anything is assigned.
type GuardrailSpec struct {
	MinOrdersForShare Whole                `yaml:"min_orders_for_share"`
	OrderCount        RangeSpec            `yaml:"order_count"`
	Shares            map[string]RangeSpec `yaml:"shares"` // by currency; 0.5 is 50 %
}

// RangeSpec is one guardrail. Bounds that are left out do not apply.
type RangeSpec struct {
	Expected     []ecm.Fraction `yaml:"expected"` // lowest and highest, both fine
	WarningAbove *ecm.Fraction  `yaml:"warning_above"`
	WarningFrom  *ecm.Fraction  `yaml:"warning_from"`
	StopAbove    *ecm.Fraction  `yaml:"stop_above"`
	OnViolation  string         `yaml:"on_violation"` // warn or stop
}

// FactSpec names the columns that rules may read, by kind.
type FactSpec struct {
	Text   []string `yaml:"text"`
	Number []string `yaml:"number"`
	Flag   []string `yaml:"flag"`
	Time   []string `yaml:"time"`
}

// DisqualifySpec is a rule for orders that nobody can act on.
type DisqualifySpec struct {
	Name string   `yaml:"name"`
	Why  string   `yaml:"why"`
	When []string `yaml:"when"` // one of them is enough
}

// DiagnosisSpec is one diagnosis and what follows from it.
type DiagnosisSpec struct {
	Name     string        `yaml:"name"`
	Team     string        `yaml:"team"`
	SLAHours *ecm.Fraction `yaml:"sla_hours"` // left out: DefaultSLAHours
	Severity *ecm.Fraction `yaml:"severity"`  // 0 to 1
	Next     string        `yaml:"next"`
	When     []string      `yaml:"when"` // one of them is enough
}

// ScoreSpec is the score's weights and the values of its terms, each 0 to 1.
type ScoreSpec struct {
	Weights     map[string]ecm.Fraction `yaml:"weights"`
	Age         BandSpec                `yaml:"age"`
	Amount      BandSpec                `yaml:"amount"`
	RFI         CaseSpec                `yaml:"rfi"`
	PaymentRisk CaseSpec                `yaml:"payment_risk"`
	Attempts    CaseSpec                `yaml:"attempts"`
}

// BandSpec gives the value of the first band whose bound is exceeded.
type BandSpec struct {
	Bands []struct {
		Above decimal.Decimal `yaml:"above"`
		Value *ecm.Fraction   `yaml:"value"`
	} `yaml:"bands"`
	Otherwise ecm.Fraction `yaml:"otherwise"`
}

// CaseSpec gives the value of the first case that holds.
type CaseSpec struct {
	Cases []struct {
		When  string        `yaml:"when"`
		Value *ecm.Fraction `yaml:"value"`
	} `yaml:"cases"`
	Otherwise ecm.Fraction `yaml:"otherwise"`
}

// SLASpec says what the SLA clock counts from.
type SLASpec struct {
	Clock string `yaml:"clock"` // assigned or created
}

// AgentSpec is about the people who get the orders.
type AgentSpec struct {
	DefaultMaxTickets Whole            `yaml:"default_max_tickets"`
	Excluded          []string         `yaml:"excluded"` // exact e-mails, case aside
	Routing           string           `yaml:"routing"`  // anybody or team
	Weights           map[string]Whole `yaml:"weights"`  // by e-mail: orders in a row, from 1
}

// CleanupSpec says when a row is closed without an agent, and when the answer of
// the warehouse is not believed. What is left out keeps its default, so that a
// file of before goes on working.
type CleanupSpec struct {
	Terminal        []string       `yaml:"terminal"`          // order statuses that mean completed; default COMPLETED
	MaxCloseShare   *ecm.Fraction  `yaml:"max_close_share"`   // of the open rows; above it nothing is closed; default 0.6
	MaxMissingShare *ecm.Fraction  `yaml:"max_missing_share"` // of the orders asked for; above it nothing is closed; default 0.6
	MaxAge          *time.Duration `yaml:"max_age"`           // of the newest order that the warehouse holds; default 24 h
	ArchiveAfter    *time.Duration `yaml:"archive_after"`     // from when a row was resolved; default 30 days
}

// ReportSpec says what the progress report points at. What is left out keeps its default.
type ReportSpec struct {
	CapacityAbove *ecm.Fraction `yaml:"capacity_above"` // share of an agent's slots; default 0.8
	AlertFrom     *Whole        `yaml:"alert_from"`     // SLA breaches that make an alert of their own; default 3
}
