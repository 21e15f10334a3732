package policy

import (
	"fmt"
	"math"
	"slices"

	"pi-manager/internal/ecm"
)

// Guardrails are the checks on what came in, before anything is assigned.
type Guardrails struct {
	minForShare int
	count       bounds
	shares      []share // by currency code
}

type share struct {
	currency string
	bounds   bounds
}

// bounds are limits of one figure; a nil one does not apply.
type bounds struct {
	low, high                            ecm.Fraction
	warningAbove, warningFrom, stopAbove *ecm.Fraction
	strict                               bool // a warning is a stop
}

// Counted is what the guardrails look at.
type Counted struct {
	Rows       int            // that came in, readable or not
	ByCurrency map[string]int // readable orders
	Truncated  bool           // reading stopped at the limit
	Limit      int            // n of a LIMIT n at the end of the query
}

// ReadLimit is the number of rows after which reading may stop: one more than
// the guardrail allows, or as many as an int holds where it allows any number.
func (g Guardrails) ReadLimit() int {
	if g.count.stopAbove == nil {
		return math.MaxInt
	}
	return int(*g.count.stopAbove/ecm.FractionOne) + 1
}

// Judge gives a verdict for every check, the ones that are fine too.
func (g Guardrails) Judge(c Counted) []ecm.Verdict {
	verdicts := []ecm.Verdict{g.judgeCount(c)}
	known := 0
	for _, n := range c.ByCurrency {
		known += n
	}
	if known >= g.minForShare && known > 0 {
		for _, s := range g.shares {
			verdicts = append(verdicts, s.judge(c.ByCurrency[s.currency], known))
		}
	}
	if c.Limit > 0 && c.Rows == c.Limit {
		verdicts = append(verdicts, ecm.Verdict{
			Check: "row limit", Value: fmt.Sprint(c.Rows), Level: ecm.LevelWarning,
			Message: fmt.Sprintf("exactly %d rows, and the query ends in LIMIT %d: there may be more orders than these", c.Rows, c.Limit),
		})
	}
	return verdicts
}

func (g Guardrails) judgeCount(c Counted) ecm.Verdict {
	level, finding := g.count.judge(int64(c.Rows)*int64(ecm.FractionOne), 1, ecm.Fraction.String)
	v := ecm.Verdict{Check: "order count", Value: fmt.Sprint(c.Rows), Level: level}
	switch {
	case c.Truncated:
		v.Value, v.Level = fmt.Sprintf("%d or more", c.Rows), ecm.LevelStop
		v.Message = fmt.Sprintf("%d orders or more, reading stopped there: a filter of the query is probably missing", c.Rows)
	case c.Rows == 0:
		v.Level, v.Message = worse(level, g.count.warning()), "no orders at all: the query or its feed is probably broken"
	case level == ecm.LevelOK:
		v.Message = fmt.Sprintf("%d orders, %s to %s expected", c.Rows, g.count.low, g.count.high)
	default:
		v.Message = fmt.Sprintf("%d orders: %s", c.Rows, finding)
	}
	return v
}

func (s share) judge(count, of int) ecm.Verdict {
	level, finding := s.bounds.judge(int64(count)*int64(ecm.FractionOne), int64(of), percent)
	v := ecm.Verdict{Check: s.currency + " share", Value: Percent(count, of), Level: level}
	if level == ecm.LevelOK {
		v.Message = fmt.Sprintf("%s of %d orders, %s to %s expected", v.Value, of, percent(s.bounds.low), percent(s.bounds.high))
		return v
	}
	v.Message = fmt.Sprintf("%s of %d orders: %s", v.Value, of, finding)
	return v
}

// judge compares scaled/of, a figure in ten-thousandths, with the bounds, by
// multiplication: a share of exactly 100 % must not depend on rounding. It
// gives the level, and in words which bound was broken.
func (b bounds) judge(scaled, of int64, write func(ecm.Fraction) string) (level ecm.Level, finding string) {
	above := func(bound *ecm.Fraction) bool { return bound != nil && scaled > int64(*bound)*of }
	switch {
	case above(b.stopAbove):
		return ecm.LevelStop, "more than the " + write(*b.stopAbove) + " above which nothing is assigned"
	case above(b.warningAbove):
		return b.warning(), "more than the " + write(*b.warningAbove) + " that can be right"
	case b.warningFrom != nil && scaled >= int64(*b.warningFrom)*of:
		return b.warning(), "it should stay below " + write(*b.warningFrom)
	case scaled > int64(b.high)*of:
		return ecm.LevelNotice, "more than the " + write(b.high) + " expected"
	case scaled < int64(b.low)*of:
		return ecm.LevelNotice, "less than the " + write(b.low) + " expected"
	}
	return ecm.LevelOK, ""
}

func (b bounds) warning() ecm.Level {
	if b.strict {
		return ecm.LevelStop
	}
	return ecm.LevelWarning
}

// worse is the graver of two levels.
func worse(a, b ecm.Level) ecm.Level {
	order := []ecm.Level{ecm.LevelOK, ecm.LevelNotice, ecm.LevelWarning, ecm.LevelStop}
	if slices.Index(order, a) > slices.Index(order, b) {
		return a
	}
	return b
}

// Percent writes a share with one decimal, rounded half up: "61.2 %". What is
// not all of it never reads 100.0 %.
func Percent(count, of int) string {
	if of == 0 {
		return "0.0 %"
	}
	tenths := (count*2000 + of) / (2 * of)
	if count < of {
		tenths = min(tenths, 999)
	}
	return fmt.Sprintf("%d.%d %%", tenths/10, tenths%10)
}

func percent(f ecm.Fraction) string { return Percent(int(f), int(ecm.FractionOne)) }
