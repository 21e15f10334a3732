package policy

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/expr-lang/expr/vm"

	"pi-manager/internal/ecm"
)

// Judge applies a policy to the orders of one result, whose columns it knows. It
// reuses its working memory: use one Judge in one goroutine.
type Judge struct {
	policy      *Policy
	asOf        time.Time
	machine     vm.VM
	env         map[string]any
	key         []byte
	columnAt    map[string]int
	derived     []question
	disqualify  question
	diagnose    question
	rfi         question
	paymentRisk question
	attempts    question

	// Of the order at hand:
	stuck     time.Duration
	texts     []string // the derived facts
	diagnosis string
}

// Judgement is what the policy says of one order.
type Judgement struct {
	Disqualified *Disqualification // nil where the order can be acted on; then the rest is filled
	Diagnosis    *Diagnosis
	Name         string // of the diagnosis
	Terms        Terms
	Score        ecm.Score
	Priority     ecm.Priority
	HighValue    bool
}

// FactError says that a fact which the rules read cannot be read.
type FactError struct {
	Column string
	Value  string
}

// Error names the column and the value.
func (e *FactError) Error() string { return fmt.Sprintf("%s is %.40q", e.Column, e.Value) }

// Judge prepares to judge orders with these columns, as of a moment (UTC). A
// rule that reads a column which is not there is left out.
func (p *Policy) Judge(columns []string, asOf time.Time) (*Judge, error) {
	j := &Judge{policy: p, asOf: asOf}
	columnAt := make(map[string]int, len(columns))
	for i, column := range columns {
		columnAt[column] = i
	}
	if err := j.compile(columnAt); err != nil {
		return nil, fmt.Errorf("compile the policy for the columns %s: %w", strings.Join(columns, ", "), err)
	}
	return j, nil
}

func (j *Judge) compile(columnAt map[string]int) error {
	p := j.policy
	j.env, j.columnAt, j.texts = p.scoreEnvironment(), columnAt, make([]string, len(p.derived))
	there := p.availability(columnAt)
	for _, d := range p.derived {
		if !there(d.name) {
			d.source, d.reads = `""`, nil
		}
		program, err := compileText(d, j.env)
		if err != nil {
			return err
		}
		j.derived = append(j.derived, j.question(choice{program: program, reads: d.reads}))
	}
	for _, part := range []struct {
		into         *question
		alternatives [][]rule
	}{
		{&j.disqualify, p.disqualifications()},
		{&j.diagnose, p.diagnosisRules()},
		{&j.rfi, p.score.rfi.alternatives()},
		{&j.paymentRisk, p.score.paymentRisk.alternatives()},
		{&j.attempts, p.score.attempts.alternatives()},
	} {
		c, err := compileChoice(part.alternatives, j.env, there)
		if err != nil {
			return err
		}
		*part.into = j.question(c)
	}
	return nil
}

// Order judges one order. A *FactError means that the order cannot be judged.
func (j *Judge) Order(o *ecm.Order) (Judgement, error) {
	j.stuck = o.Stuck(j.asOf)
	for i := range j.derived {
		text, err := j.ask(&j.derived[i], o)
		if err != nil {
			return Judgement{}, err
		}
		j.texts[i], _ = text.(string)
	}
	i, hit, err := j.first(&j.disqualify, o)
	if err != nil || hit {
		return j.disqualified(i, err)
	}
	i, hit, err = j.first(&j.diagnose, o)
	if err != nil {
		return Judgement{}, err
	}
	if !hit {
		i = len(j.policy.Diagnoses) - 1
	}
	d := &j.policy.Diagnoses[i]
	judgement := Judgement{Diagnosis: d, Name: d.nameFor(o.SubState), HighValue: j.policy.HighValue(o.Send)}
	if judgement.Terms, err = j.terms(o, d, judgement.Name); err != nil {
		return Judgement{}, err
	}
	judgement.Score = j.policy.score.sum(judgement.Terms)
	judgement.Priority = j.policy.priority(judgement.Score)
	return judgement, nil
}

func (j *Judge) disqualified(i int, err error) (Judgement, error) {
	if err != nil {
		return Judgement{}, err
	}
	return Judgement{Disqualified: &j.policy.disqualify[i]}, nil
}

func (j *Judge) terms(o *ecm.Order, d *Diagnosis, name string) (Terms, error) {
	s := &j.policy.score
	t := Terms{ageTerm: s.age.value(j.stuck), amountTerm: s.amount.value(o.Send.Amount), severityTerm: d.Severity}
	j.diagnosis = name
	for _, term := range [...]struct {
		at       int
		question *question
		cases    *cases
	}{{rfiTerm, &j.rfi, &s.rfi}, {paymentRiskTerm, &j.paymentRisk, &s.paymentRisk}, {attemptsTerm, &j.attempts, &s.attempts}} {
		i, hit, err := j.first(term.question, o)
		if err != nil {
			return Terms{}, err
		}
		t[term.at] = term.cases.otherwise
		if hit {
			t[term.at] = term.cases.values[i]
		}
	}
	return t, nil
}

// value turns a fact into what rules see of it.
func (c *source) value(fact string, asOf time.Time) (any, error) {
	if fact == "" && (c.kind == number || c.kind == since) {
		return math.NaN(), nil
	}
	switch c.kind {
	case number:
		return c.number(fact)
	case flag:
		return c.flag(fact)
	case since:
		at, err := ecm.ParseTime(fact)
		if err != nil {
			return nil, &FactError{Column: c.column, Value: fact}
		}
		return asOf.Sub(at).Hours(), nil
	}
	return fact, nil
}

// number reads a number for comparing it in a rule. Money itself is never a
// float: Order.Send holds it exactly.
func (c *source) number(fact string) (any, error) {
	if _, err := ecm.ParseAmount(fact); err != nil {
		return nil, &FactError{Column: c.column, Value: fact}
	}
	return strconv.ParseFloat(fact, 64)
}

// flag reads the ways in which databases and exports write a truth value.
func (c *source) flag(fact string) (any, error) {
	switch strings.ToLower(fact) {
	case "t", "true", "1", "y", "yes":
		return true, nil
	case "", "f", "false", "0", "n", "no":
		return false, nil
	}
	return nil, &FactError{Column: c.column, Value: fact}
}
