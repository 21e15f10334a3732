package policy

import (
	"fmt"
	"math"
	"slices"
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
	cells       []cell
	derived     []choiceOfText
	disqualify  choice
	diagnose    choice
	rfi         choice
	paymentRisk choice
	attempts    choice
	readsStuck  bool
}

// cell is a column that a rule reads, and what the environment holds of it.
type cell struct {
	column string // as the result calls it
	name   string // as rules call it
	index  int    // in Order.Facts
	kind   kind
	last   string // the text that the environment holds now, to skip what did not change
	set    bool
}

// choiceOfText is a derived fact.
type choiceOfText struct {
	name    string
	program *vm.Program
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
	p, env := j.policy, j.policy.scoreEnvironment()
	there := p.availability(columnAt)
	reads := map[string]bool{}
	for _, d := range p.derived {
		if !there(d.name) {
			continue
		}
		program, err := compileText(d, env)
		if err != nil {
			return err
		}
		j.derived = append(j.derived, choiceOfText{name: d.name, program: program})
		mark(reads, d.reads)
	}
	for _, part := range []struct {
		into         *choice
		alternatives [][]rule
	}{
		{&j.disqualify, p.disqualifications()},
		{&j.diagnose, p.diagnosisRules()},
		{&j.rfi, p.score.rfi.alternatives()},
		{&j.paymentRisk, p.score.paymentRisk.alternatives()},
		{&j.attempts, p.score.attempts.alternatives()},
	} {
		c, err := compileChoice(part.alternatives, env, there)
		if err != nil {
			return err
		}
		*part.into = c
		mark(reads, c.reads)
	}
	j.env, j.readsStuck = env, reads[hoursStuck]
	j.bind(columnAt, reads)
	return nil
}

// bind notes which columns of a row the rules read. The order is that of the
// columns, so that of two unreadable facts always the same one is named.
func (j *Judge) bind(columnAt map[string]int, reads map[string]bool) {
	for name := range reads {
		k, known := j.policy.facts[name]
		column := strings.TrimPrefix(name, hoursSince)
		if k != since {
			column = name
		}
		if index, there := columnAt[column]; known && there && k != derived {
			j.cells = append(j.cells, cell{column: column, name: name, index: index, kind: k})
		}
	}
	slices.SortFunc(j.cells, func(a, b cell) int { return a.index - b.index })
}

// Order judges one order. A *FactError means that the order cannot be judged.
func (j *Judge) Order(o *ecm.Order) (Judgement, error) {
	stuck := o.Stuck(j.asOf)
	if err := j.load(o, stuck); err != nil {
		return Judgement{}, err
	}
	i, hit, err := j.disqualify.first(&j.machine, j.env)
	if err != nil || hit {
		return j.disqualified(i, err)
	}
	i, hit, err = j.diagnose.first(&j.machine, j.env)
	if err != nil {
		return Judgement{}, err
	}
	if !hit {
		i = len(j.policy.Diagnoses) - 1
	}
	d := &j.policy.Diagnoses[i]
	judgement := Judgement{Diagnosis: d, Name: d.nameFor(o.SubState), HighValue: j.policy.HighValue(o.Send)}
	if judgement.Terms, err = j.terms(o, stuck, d, judgement.Name); err != nil {
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

func (j *Judge) terms(o *ecm.Order, stuck time.Duration, d *Diagnosis, name string) (Terms, error) {
	s := &j.policy.score
	t := Terms{ageTerm: s.age.value(stuck), amountTerm: s.amount.value(o.Send.Amount), severityTerm: d.Severity}
	if j.env[diagnosisName] != name {
		j.env[diagnosisName] = name
	}
	for _, term := range []struct {
		at     int
		choice *choice
		cases  *cases
	}{{rfiTerm, &j.rfi, &s.rfi}, {paymentRiskTerm, &j.paymentRisk, &s.paymentRisk}, {attemptsTerm, &j.attempts, &s.attempts}} {
		i, hit, err := term.choice.first(&j.machine, j.env)
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

// load puts the facts of an order into the environment.
func (j *Judge) load(o *ecm.Order, stuck time.Duration) error {
	for i := range j.cells {
		c := &j.cells[i]
		fact := o.Facts[c.index]
		if c.set && fact == c.last {
			continue
		}
		value, err := c.read(fact, j.asOf)
		if err != nil {
			return err
		}
		j.env[c.name], c.last, c.set = value, fact, true
	}
	if j.readsStuck {
		j.env[hoursStuck] = stuck.Hours()
	}
	for _, d := range j.derived {
		value, err := j.machine.Run(d.program, j.env)
		if err != nil {
			return fmt.Errorf("derive %s: %w", d.name, err)
		}
		j.env[d.name] = value
	}
	return nil
}

// read turns a fact into what rules see of it.
func (c *cell) read(fact string, asOf time.Time) (any, error) {
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
func (c *cell) number(fact string) (any, error) {
	if _, err := ecm.ParseAmount(fact); err != nil {
		return nil, &FactError{Column: c.column, Value: fact}
	}
	return strconv.ParseFloat(fact, 64)
}

// flag reads the ways in which databases and exports write a truth value.
func (c *cell) flag(fact string) (any, error) {
	switch strings.ToLower(fact) {
	case "t", "true", "1", "y", "yes":
		return true, nil
	case "", "f", "false", "0", "n", "no":
		return false, nil
	}
	return nil, &FactError{Column: c.column, Value: fact}
}

func mark(set map[string]bool, names []string) {
	for _, name := range names {
		set[name] = true
	}
}
