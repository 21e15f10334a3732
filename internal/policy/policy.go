package policy

import (
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"pi-manager/internal/ecm"
)

// DefaultSLAHours holds for a diagnosis that names none.
const DefaultSLAHours ecm.Fraction = 8 * ecm.FractionOne

// Policy is a checked and compiled Spec. It is never changed after Compile, so
// it may be shared.
type Policy struct {
	Guardrails        Guardrails
	Diagnoses         []Diagnosis // in the order in which they are tried; the last one is "otherwise"
	DefaultMaxTickets int
	ReopenAfter       time.Duration
	RouteByTeam       bool           // an order goes to its diagnosis's team first
	SLAFromCreation   bool           // the SLA clock counts from the order's creation, not from Assigned At
	Weights           map[string]int // by ecm.AgentKey; 1 where not named
	Cleanup           Cleanup
	Report            Report

	currencies map[string]bool
	excluded   map[string]bool // by ecm.AgentKey
	highValue  map[string]decimal.Decimal
	facts      map[string]kind
	derived    []rule
	disqualify []Disqualification
	score      score
	lines      [3]ecm.Score // above which an order is P1, P2, P3
}

// Diagnosis is what is wrong with an order, and what follows from it.
type Diagnosis struct {
	Name     string // empty for "otherwise": the sub-state in lower case
	Team     string
	SLA      time.Duration
	Severity ecm.Fraction
	Next     string // what the agent does next
	when     []rule
}

// Disqualification is a reason why nobody can act on an order.
type Disqualification struct {
	Name string
	Why  string
	when []rule
}

// KnownCurrency says whether orders in this currency are ours.
func (p *Policy) KnownCurrency(code string) bool { return p.currencies[code] }

// Excluded says whether the agent never gets an order.
func (p *Policy) Excluded(email string) bool { return p.excluded[ecm.AgentKey(email)] }

// Exclude gives a copy of the policy that excludes these e-mails too.
func (p *Policy) Exclude(emails []string) *Policy {
	with := *p
	with.excluded = make(map[string]bool, len(p.excluded)+len(emails))
	for email := range p.excluded {
		with.excluded[email] = true
	}
	for _, email := range emails {
		with.excluded[ecm.AgentKey(email)] = true
	}
	return &with
}

// HighValue says whether the amount reaches its currency's threshold.
func (p *Policy) HighValue(m ecm.Money) bool {
	threshold, known := p.highValue[m.Currency]
	return known && m.Amount.Cmp(threshold) >= 0
}

// nameFor is the diagnosis's name for an order in a sub-state.
func (d *Diagnosis) nameFor(subState string) string {
	if d.Name != "" {
		return d.Name
	}
	return strings.ToLower(subState)
}
