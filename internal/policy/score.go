package policy

import (
	"time"

	"github.com/shopspring/decimal"

	"pi-manager/internal/ecm"
)

// The terms of the score, in the order of Terms.
const (
	ageTerm = iota
	amountTerm
	severityTerm
	rfiTerm
	paymentRiskTerm
	attemptsTerm
	termCount
)

// termNames are the terms as the policy file calls them.
func termNames() [termCount]string {
	return [termCount]string{"age", "amount", "severity", "rfi", "payment_risk", "attempts"}
}

// Terms are the values of the score's terms, each 0 to 1, before they are weighed.
type Terms [termCount]ecm.Fraction

// Term is one term of a score, spelled out.
type Term struct {
	Name   string       `json:"name"`
	Weight ecm.Fraction `json:"weight"`
	Value  ecm.Fraction `json:"value"`
	Score  ecm.Score    `json:"score"` // weight times value
}

// Explain spells out the terms of a score.
func (p *Policy) Explain(values Terms) []Term {
	terms := make([]Term, termCount)
	for i, name := range termNames() {
		weight := p.score.weights[i]
		terms[i] = Term{Name: name, Weight: weight, Value: values[i], Score: weight.Times(values[i])}
	}
	return terms
}

// score is the compiled ScoreSpec.
type score struct {
	weights          [termCount]ecm.Fraction
	age              ageBands
	amount           amountBands
	rfi, paymentRisk cases
	attempts         cases
}

// sum is the score: the sum of weight times value over all terms.
func (s *score) sum(values Terms) ecm.Score {
	var total ecm.Score
	for i, value := range values {
		total += s.weights[i].Times(value)
	}
	return total
}

type ageBands struct {
	above     []time.Duration // falling
	values    []ecm.Fraction
	otherwise ecm.Fraction
}

func (b *ageBands) value(stuck time.Duration) ecm.Fraction {
	for i, bound := range b.above {
		if stuck > bound {
			return b.values[i]
		}
	}
	return b.otherwise
}

type amountBands struct {
	above     []decimal.Decimal // falling
	values    []ecm.Fraction
	otherwise ecm.Fraction
}

func (b *amountBands) value(amount decimal.Decimal) ecm.Fraction {
	for i, bound := range b.above {
		if amount.Cmp(bound) > 0 {
			return b.values[i]
		}
	}
	return b.otherwise
}

// cases gives the value of the first rule that holds.
type cases struct {
	rules     []rule
	values    []ecm.Fraction
	otherwise ecm.Fraction
}

// alternatives is one alternative for each rule, as compileChoice takes them.
func (c *cases) alternatives() [][]rule {
	list := make([][]rule, len(c.rules))
	for i, r := range c.rules {
		list[i] = []rule{r}
	}
	return list
}

// priority is P1 above the first line, P2 above the second, P3 above the third, else P4.
func (p *Policy) priority(s ecm.Score) ecm.Priority {
	for i, line := range p.lines {
		if s > line {
			return ecm.Priorities[i]
		}
	}
	return ecm.P4
}
