package policy

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/expr-lang/expr"
	"github.com/shopspring/decimal"

	"pi-manager/internal/ecm"
)

// textKind is the type of a derived fact.
const textKind = reflect.String

func (c *compiler) score(spec Spec) {
	s := &c.policy.score
	s.weights = c.weights(spec.Score.Weights)
	ages, values := c.bands(spec.Score.Age, "score", "age")
	for _, hours := range ages {
		s.age.above = append(s.age.above, time.Duration(hours.Mul(decimal.New(int64(time.Hour), 0)).IntPart()))
	}
	s.age.values, s.age.otherwise = values, spec.Score.Age.Otherwise
	s.amount.above, s.amount.values = c.bands(spec.Score.Amount, "score", "amount")
	s.amount.otherwise = spec.Score.Amount.Otherwise
	s.rfi = c.cases(spec.Score.RFI, "score", "rfi")
	s.paymentRisk = c.cases(spec.Score.PaymentRisk, "score", "payment_risk")
	s.attempts = c.cases(spec.Score.Attempts, "score", "attempts")
	c.lines(spec.PriorityAbove)
}

func (c *compiler) weights(spec map[string]ecm.Fraction) (weights [termCount]ecm.Fraction) {
	names := termNames()
	var sum ecm.Fraction
	for _, name := range slices.Sorted(maps.Keys(spec)) {
		i := slices.Index(names[:], name)
		if i < 0 {
			c.fault(fmt.Sprintf("there is no term %s; the terms are %v", name, names), "score", "weights", name)
			continue
		}
		if spec[name] < 0 {
			c.fault("may not be negative", "score", "weights", name)
		}
		weights[i] = spec[name]
		sum += spec[name]
	}
	if sum != ecm.FractionOne {
		c.fault(fmt.Sprintf("the weights add up to %s, not to 1", sum), "score", "weights")
	}
	return weights
}

func (c *compiler) bands(spec BandSpec, path ...string) (above []decimal.Decimal, values []ecm.Fraction) {
	if len(spec.Bands) == 0 {
		c.fault("needs its bands", path...)
	}
	for i, band := range spec.Bands {
		at := append(slices.Clone(path), "bands", fmt.Sprint(i))
		if i > 0 && band.Above.Cmp(spec.Bands[i-1].Above) >= 0 {
			c.fault("bands stand from the highest bound to the lowest; this one is never reached", at...)
		}
		above, values = append(above, cents(band.Above)), append(values, c.given(band.Value, at))
	}
	c.value(spec.Otherwise, append(slices.Clone(path), "otherwise")...)
	return above, values
}

func (c *compiler) cases(spec CaseSpec, path ...string) cases {
	var out cases
	env := c.policy.scoreEnvironment()
	if len(spec.Cases) == 0 {
		c.fault("needs its cases", path...)
	}
	for i, one := range spec.Cases {
		at := append(slices.Clone(path), "cases", fmt.Sprint(i))
		r, err := parse(one.When, env, expr.AsBool())
		if err != nil {
			c.fault(err.Error(), append(slices.Clone(at), "when")...)
		}
		out.rules, out.values = append(out.rules, r), append(out.values, c.given(one.Value, at))
	}
	c.value(spec.Otherwise, append(slices.Clone(path), "otherwise")...)
	out.otherwise = spec.Otherwise
	return out
}

// given is a value that has to be there: left out it would be a silent 0.
func (c *compiler) given(v *ecm.Fraction, path []string) ecm.Fraction {
	if v == nil {
		c.fault("a value is missing", path...)
		return 0
	}
	c.value(*v, path...)
	return *v
}

func (c *compiler) value(v ecm.Fraction, path ...string) {
	if v < 0 || v > ecm.FractionOne {
		c.fault("a value is between 0 and 1", path...)
	}
}

func (c *compiler) lines(spec map[string]ecm.Fraction) {
	previous := ecm.FractionOne + 1
	for i := range c.policy.lines {
		name := ecm.Priorities[i].String()
		line, there := spec[name]
		if !there || line < 0 || line >= previous {
			c.fault("needs P1, P2 and P3, falling, between 0 and 1", "priority_above")
			return
		}
		c.policy.lines[i], previous = line.AsScore(), line
	}
	if len(spec) != len(c.policy.lines) {
		c.fault("has P1, P2 and P3 only; what is left is P4", "priority_above")
	}
}
