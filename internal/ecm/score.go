package ecm

import (
	"fmt"
	"strconv"
	"strings"
)

// Fraction is a number with at most four decimals, exactly: a weight, a score
// value, a severity, a share. One is FractionOne.
type Fraction int64

// FractionOne is the fraction 1.0000.
const FractionOne Fraction = 10_000

// maxFraction is a million: enough for an order count, and no product of two overflows.
const maxFraction = 1_000_000 * FractionOne

// UnmarshalText reads a plain decimal with at most four decimals, a million at most.
func (f *Fraction) UnmarshalText(text []byte) error {
	whole, decimals, _ := strings.Cut(string(text), ".")
	number, err := strconv.ParseInt(whole+(decimals + "0000")[:max(4, len(decimals))], 10, 64)
	if err != nil || len(decimals) > 4 || strings.HasPrefix(whole, "+") || whole == "" || whole == "-" ||
		Fraction(number) > maxFraction || Fraction(number) < -maxFraction {
		return fmt.Errorf("%.20q is not a number with at most four decimals", text)
	}
	*f = Fraction(number)
	return nil
}

// String writes the fraction without trailing zeros.
func (f Fraction) String() string { return trimmed(int64(f), 4) }

// Percent writes the fraction as people read a share: "60 %".
func (f Fraction) Percent() string { return trimmed(100*int64(f), 4) + " %" }

// MarshalText is String.
func (f Fraction) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// Score is a sum of products of two fractions, exactly: floating point would
// put an order with a score of exactly 0.7 now above the P1 line, now below it.
type Score int64

// Times multiplies a weight by a value.
func (f Fraction) Times(value Fraction) Score { return Score(f) * Score(value) }

// AsScore is the fraction on the scale of a score, to compare the two.
func (f Fraction) AsScore() Score { return f.Times(FractionOne) }

// String writes the score without trailing zeros, at most eight decimals.
func (s Score) String() string { return trimmed(int64(s), 8) }

// MarshalJSON writes the score as a JSON number.
func (s Score) MarshalJSON() ([]byte, error) { return []byte(s.String()), nil }

// trimmed writes a number of 10^-decimals with no more decimals than it needs, and at least one.
func trimmed(number int64, decimals int) string {
	sign := ""
	if number < 0 {
		sign, number = "-", -number
	}
	digits := fmt.Sprintf("%0*d", decimals+1, number)
	whole, rest := digits[:len(digits)-decimals], strings.TrimRight(digits[len(digits)-decimals:], "0")
	if rest == "" {
		return sign + whole
	}
	return sign + whole + "." + rest
}
