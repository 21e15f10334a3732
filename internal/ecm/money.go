package ecm

import (
	"errors"
	"slices"
	"strings"

	"github.com/shopspring/decimal"
)

// Money is an exact amount in the major unit of its currency.
type Money struct {
	Amount   decimal.Decimal
	Currency string // ISO 4217, upper case, for example AED
}

// String writes the currency and the amount with thousands separators and two
// decimals (more where the amount has more), for people: "AED 12,345.00".
func (m Money) String() string { return m.Currency + " " + GroupThousands(m.Plain()) }

// Plain is the amount alone, without separators, with at least two decimals.
func (m Money) Plain() string { return m.Amount.StringFixed(max(2, -m.Amount.Exponent())) }

// maxAmountDigits is the precision of Redshift's widest DECIMAL, which a SUM can reach.
const maxAmountDigits = 38

// ErrAmount is returned for text that is not a plain decimal number.
var ErrAmount = errors.New("not a plain decimal number")

// ParseAmount reads digits with an optional sign and an optional fraction, as
// NUMERIC prints them. Separators, exponents, NaN and more than 38 digits are
// refused with ErrAmount: a guessed amount is worse than none.
func ParseAmount(text string) (decimal.Decimal, error) {
	digits, dots := 0, 0
	for i, c := range []byte(text) {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case c == '-' && i == 0:
		case c == '.' && digits > 0 && i < len(text)-1:
			dots++
		default:
			return decimal.Decimal{}, ErrAmount
		}
	}
	if digits == 0 || digits > maxAmountDigits || dots > 1 {
		return decimal.Decimal{}, ErrAmount
	}
	return decimal.NewFromString(text)
}

// GroupThousands puts a comma between each three digits of the whole part.
func GroupThousands(number string) string {
	sign, rest := "", number
	if strings.HasPrefix(rest, "-") {
		sign, rest = "-", rest[1:]
	}
	whole, fraction, found := strings.Cut(rest, ".")
	var b strings.Builder
	for i, c := range []byte(whole) {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteByte(c)
	}
	if found {
		return sign + b.String() + "." + fraction
	}
	return sign + b.String()
}

// Totals adds up money per currency; currencies are never added together.
type Totals map[string]decimal.Decimal

// Add counts one amount.
func (t Totals) Add(m Money) { t[m.Currency] = t[m.Currency].Add(m.Amount) }

// Sorted lists the totals by currency code.
func (t Totals) Sorted() []Money {
	sums := make([]Money, 0, len(t))
	for currency, amount := range t {
		sums = append(sums, Money{Amount: amount, Currency: currency})
	}
	slices.SortFunc(sums, func(a, b Money) int { return strings.Compare(a.Currency, b.Currency) })
	return sums
}
