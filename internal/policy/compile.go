package policy

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/vm"
	"github.com/shopspring/decimal"

	"pi-manager/internal/ecm"
)

// Fault is one thing that is wrong with a policy file. Path leads to it through
// the file: keys, and indexes of lists from 0.
type Fault struct {
	Path    []string
	Message string
}

// compiler collects faults, so that a person sees all of them at once.
type compiler struct {
	policy *Policy
	faults []Fault
}

// Compile checks a policy and makes it ready for use. With any fault the policy is nil.
func Compile(spec Spec) (*Policy, []Fault) {
	c := &compiler{policy: &Policy{}}
	if spec.Version != Version {
		c.fault(fmt.Sprintf("this program reads version %d of the policy, not %d", Version, spec.Version), "version")
	}
	c.currencies(spec)
	c.guardrails(spec.Guardrails)
	c.facts(spec)
	c.rules(spec)
	c.score(spec)
	c.agents(spec)
	c.cleanup(spec.Cleanup)
	c.report(spec.Report)
	if len(c.faults) > 0 {
		return nil, c.faults
	}
	return c.policy, nil
}

func (c *compiler) fault(message string, path ...string) {
	c.faults = append(c.faults, Fault{Path: path, Message: message})
}

func (c *compiler) currencies(spec Spec) {
	c.policy.currencies = map[string]bool{}
	code := regexp.MustCompile(`^[A-Z]{3}$`)
	for i, currency := range spec.Currencies {
		if !code.MatchString(currency) {
			c.fault(fmt.Sprintf("%q is not a currency code like AED", currency), "currencies", fmt.Sprint(i))
		}
		c.policy.currencies[currency] = true
	}
	if len(spec.Currencies) == 0 {
		c.fault("no currency: every order would be set aside", "currencies")
	}
	c.policy.highValue = map[string]decimal.Decimal{}
	for _, currency := range slices.Sorted(maps.Keys(spec.HighValue)) {
		threshold := spec.HighValue[currency]
		if !c.policy.currencies[currency] {
			c.fault(currency+" is not under currencies", "high_value", currency)
		}
		if threshold.Sign() <= 0 {
			c.fault("a threshold is above 0", "high_value", currency)
		}
		c.policy.highValue[currency] = cents(threshold)
	}
	for _, currency := range spec.Currencies {
		if _, known := spec.HighValue[currency]; !known {
			c.fault("no threshold for "+currency, "high_value")
		}
	}
}

// cents gives a bound the scale that amounts have, so that comparing them needs no conversion.
func cents(d decimal.Decimal) decimal.Decimal {
	if d.Exponent() > -2 {
		return d.Add(decimal.New(0, -2))
	}
	return d
}

func (c *compiler) guardrails(spec GuardrailSpec) {
	g := &c.policy.Guardrails
	if spec.MinOrdersForShare < 0 {
		c.fault("may not be negative", "guardrails", "min_orders_for_share")
	}
	g.minForShare = int(spec.MinOrdersForShare)
	g.count = c.bounds(spec.OrderCount, "guardrails", "order_count")
	for _, currency := range slices.Sorted(maps.Keys(spec.Shares)) {
		if !c.policy.currencies[currency] {
			c.fault(currency+" is not under currencies", "guardrails", "shares", currency)
		}
		g.shares = append(g.shares, share{currency, c.bounds(spec.Shares[currency], "guardrails", "shares", currency)})
	}
}

func (c *compiler) bounds(spec RangeSpec, path ...string) bounds {
	b := bounds{warningAbove: spec.WarningAbove, warningFrom: spec.WarningFrom, stopAbove: spec.StopAbove}
	c.choose(&b.strict, spec.OnViolation, "warn", "stop", append(slices.Clone(path), "on_violation")...)
	if len(spec.Expected) != 2 || spec.Expected[0] < 0 || spec.Expected[0] > spec.Expected[1] {
		c.fault("expected is a pair: the lowest and the highest value that are fine", append(slices.Clone(path), "expected")...)
		return b
	}
	b.low, b.high = spec.Expected[0], spec.Expected[1]
	for _, limit := range []struct {
		key   string
		bound *ecm.Fraction
	}{{"warning_above", spec.WarningAbove}, {"warning_from", spec.WarningFrom}, {"stop_above", spec.StopAbove}} {
		if limit.bound != nil && *limit.bound < b.high {
			c.fault("is below the highest expected value", append(slices.Clone(path), limit.key)...)
		}
	}
	return b
}

func (c *compiler) facts(spec Spec) {
	c.policy.facts = map[string]kind{hoursStuck: number}
	for _, list := range []struct {
		key   string
		names []string
		kind  kind
	}{{"text", spec.Facts.Text, text}, {"number", spec.Facts.Number, number}, {"flag", spec.Facts.Flag, flag}, {"time", spec.Facts.Time, since}} {
		for i, name := range list.names {
			c.fact(name, list.kind, "facts", list.key, fmt.Sprint(i))
		}
	}
	columns := environment(c.policy.facts)
	for _, name := range slices.Sorted(maps.Keys(spec.Derived)) {
		r, err := parse(spec.Derived[name], columns, expr.AsKind(textKind))
		if err != nil {
			c.fault(err.Error(), "derived", name)
		}
		r.name = name
		c.policy.derived = append(c.policy.derived, r)
	}
	for _, r := range c.policy.derived {
		c.fact(r.name, derived, "derived", r.name)
	}
}

func (c *compiler) fact(name string, k kind, path ...string) {
	if !regexp.MustCompile(`^[a-z_][a-z0-9_]*$`).MatchString(name) {
		c.fault(fmt.Sprintf("%q: a column is written in lower case letters, digits and underscores", name), path...)
	}
	switch {
	case k == since:
		name = hoursSince + name
	case strings.HasPrefix(name, hoursSince):
		c.fault(name+": a name that begins with "+hoursSince+" is that of a time", path...)
	}
	if _, twice := c.policy.facts[name]; twice || name == diagnosisName {
		c.fault(name+" is named twice", path...)
	}
	c.policy.facts[name] = k
}

func (c *compiler) rules(spec Spec) {
	env := environment(c.policy.facts)
	for i, d := range spec.Disqualify {
		path := []string{"disqualify", fmt.Sprint(i)}
		if d.Name == "" || d.Why == "" {
			c.fault("needs a name and a why", path...)
		}
		c.policy.disqualify = append(c.policy.disqualify, Disqualification{Name: d.Name, Why: d.Why, when: c.when(d.When, env, path)})
	}
	for i, d := range spec.Diagnoses {
		path := []string{"diagnoses", fmt.Sprint(i)}
		if d.Name == "" {
			c.fault("needs a name", path...)
		}
		diagnosis := c.diagnosis(d, path)
		diagnosis.when = c.when(d.When, env, path)
		c.policy.Diagnoses = append(c.policy.Diagnoses, diagnosis)
	}
	if spec.Otherwise.Name != "" || len(spec.Otherwise.When) > 0 {
		c.fault("has neither a name nor a when: its name is the sub-state", "otherwise")
	}
	c.policy.Diagnoses = append(c.policy.Diagnoses, c.diagnosis(spec.Otherwise, []string{"otherwise"}))
}

func (c *compiler) diagnosis(d DiagnosisSpec, path []string) Diagnosis {
	if d.Team == "" || d.Next == "" {
		c.fault("needs a team and what to do next", path...)
	}
	severity, hours := ecm.Fraction(-1), DefaultSLAHours
	if d.Severity != nil {
		severity = *d.Severity
	}
	if severity < 0 || severity > ecm.FractionOne {
		c.fault("a severity is between 0 and 1", append(slices.Clone(path), "severity")...)
	}
	if d.SLAHours != nil {
		hours = *d.SLAHours
	}
	if hours <= 0 {
		c.fault("is above 0", append(slices.Clone(path), "sla_hours")...)
	}
	sla := time.Duration(hours) * (time.Hour / time.Duration(ecm.FractionOne)) // the other way round overflows above 256 hours
	return Diagnosis{Name: d.Name, Team: d.Team, SLA: sla, Severity: severity, Next: d.Next}
}

func (c *compiler) when(sources []string, env map[string]any, path []string) []rule {
	if len(sources) == 0 {
		c.fault("needs at least one line under when", path...)
	}
	rules := make([]rule, 0, len(sources))
	for i, source := range sources {
		r, err := parse(source, env, expr.AsBool())
		if err != nil {
			c.fault(err.Error(), append(slices.Clone(path), "when", fmt.Sprint(i))...)
		}
		rules = append(rules, r)
	}
	return rules
}

func (c *compiler) agents(spec Spec) {
	p := c.policy
	p.DefaultMaxTickets, p.ReopenAfter = int(spec.Agents.DefaultMaxTickets), spec.ReopenAfter
	if p.DefaultMaxTickets < 1 {
		c.fault("is at least 1", "agents", "default_max_tickets")
	}
	if p.ReopenAfter <= 0 {
		c.fault("needs a time such as 24h: without one an order comes back the moment an agent closes it", "reopen_after")
	}
	p.excluded, p.Weights = map[string]bool{}, map[string]int{}
	for i, email := range spec.Agents.Excluded {
		if !strings.Contains(email, "@") {
			c.fault(fmt.Sprintf("%q is not an e-mail", email), "agents", "excluded", fmt.Sprint(i))
		}
		p.excluded[ecm.AgentKey(email)] = true
	}
	for _, email := range slices.Sorted(maps.Keys(spec.Agents.Weights)) {
		weight := spec.Agents.Weights[email]
		if weight < 1 || weight > 10 {
			c.fault("a weight is between 1 and 10", "agents", "weights", email)
		}
		if !strings.Contains(email, "@") {
			c.fault(fmt.Sprintf("%q is not an e-mail", email), "agents", "weights", email)
		}
		p.Weights[ecm.AgentKey(email)] = int(weight)
	}
	c.choose(&p.RouteByTeam, spec.Agents.Routing, "anybody", "team", "agents", "routing")
	c.choose(&p.SLAFromCreation, spec.SLA.Clock, "assigned", "created", "sla", "clock")
}

// choose reads one of two words; nothing is the first.
func (c *compiler) choose(second *bool, word, first, other string, path ...string) {
	if word != "" && word != first && word != other {
		c.fault(fmt.Sprintf("%q is neither %s nor %s", word, first, other), path...)
	}
	*second = word == other
}

// scoreEnvironment is what rules of the score may read: the facts and the diagnosis.
func (p *Policy) scoreEnvironment() map[string]any {
	env := environment(p.facts)
	env[diagnosisName] = ""
	return env
}

func (p *Policy) derivedIndex(name string) int {
	return slices.IndexFunc(p.derived, func(r rule) bool { return r.name == name })
}

// availability tells which names a result with these columns can fill. A derived
// fact is there as soon as one of its columns is; the others read as null in it.
func (p *Policy) availability(columnAt map[string]int) func(string) bool {
	there := map[string]bool{hoursStuck: true, diagnosisName: true}
	for column := range columnAt {
		there[column], there[hoursSince+column] = true, true
	}
	for _, d := range p.derived {
		there[d.name] = slices.ContainsFunc(d.reads, func(name string) bool { return there[name] })
	}
	return func(name string) bool { return there[name] }
}

func (p *Policy) disqualifications() [][]rule {
	list := make([][]rule, len(p.disqualify))
	for i, d := range p.disqualify {
		list[i] = d.when
	}
	return list
}

// diagnosisRules leaves out the last diagnosis, which has no rule.
func (p *Policy) diagnosisRules() [][]rule {
	list := make([][]rule, len(p.Diagnoses)-1)
	for i := range list {
		list[i] = p.Diagnoses[i].when
	}
	return list
}

func compileText(r rule, env map[string]any) (*vm.Program, error) {
	return expr.Compile(r.source, append(options(env), expr.AsKind(textKind))...)
}
