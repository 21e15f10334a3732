package ecm_test

import (
	"errors"
	"math/big"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"pi-manager/internal/ecm"
)

func TestParseAmount(t *testing.T) {
	t.Parallel()
	nines := strings.Repeat("9", 38)
	for text, want := range map[string]string{ // "" is refused
		"0": "0.00", "0.00": "0.00", "-0": "0.00", "5": "5.00", "-5": "-5.00", "0012.5": "12.50",
		"12345.67": "12345.67", "0.123456789": "0.123456789", "-0.01": "-0.01",
		nines: nines + ".00", "-" + nines: "-" + nines + ".00", nines[:36] + ".99": nines[:36] + ".99",
		nines + "9": "", nines + ".9": "",
		"": "", "-": "", ".": "", "-.": "", ".5": "", "-.5": "", "5.": "", "1.2.3": "", "1..2": "", "--5": "", "5-": "", "+5": "",
		"1,234.50": "", "1 234": "", " 5": "", "5 ": "", "5\n": "", "1_000": "", "0x10": "", "1e4": "", "1E5": "", "1e400": "", "1e-400": "",
		"NaN": "", "Inf": "", "-inf": "", "null": "", "AED 5": "", "5€": "", "１２": "", "٣": "", "=1+1": "", "\x005": "",
	} {
		got, err := ecm.ParseAmount(text)
		switch {
		case want == "":
			if !errors.Is(err, ecm.ErrAmount) {
				t.Errorf("%q: got %v, %v, want it refused with ErrAmount", text, got, err)
			}
		case err != nil:
			t.Errorf("%q: %v", text, err)
		default:
			if plain := (ecm.Money{Amount: got}).Plain(); plain != want {
				t.Errorf("%q: got %s, want %s", text, plain, want)
			}
		}
	}
}

// FuzzParseAmount holds the parser to its own words: a plain decimal of at most
// 38 digits is read exactly, anything else is refused.
func FuzzParseAmount(f *testing.F) {
	for _, seed := range []string{"12.50", "-5", "1e400", "NaN", "1,234.50", strings.Repeat("9", 39), "", "-.", "00.00"} {
		f.Add(seed)
	}
	plain := regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)
	digits := regexp.MustCompile(`[0-9]`)
	f.Fuzz(func(t *testing.T, text string) {
		got, err := ecm.ParseAmount(text)
		if !plain.MatchString(text) || len(digits.FindAllString(text, 39)) > 38 {
			if !errors.Is(err, ecm.ErrAmount) {
				t.Fatalf("%q: got %v, %v, want ErrAmount", text, got, err)
			}
			return
		}
		want, _ := new(big.Rat).SetString(text)
		if err != nil || got.Rat().Cmp(want) != 0 {
			t.Fatalf("%q: got %v, %v", text, got, err)
		}
	})
}

func TestMoneyAsPeopleReadIt(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ amount, plain, text string }{
		{"0", "0.00", "AED 0.00"},
		{"5", "5.00", "AED 5.00"},
		{"999.9", "999.90", "AED 999.90"},
		{"1000", "1000.00", "AED 1,000.00"},
		{"12345.67", "12345.67", "AED 12,345.67"},
		{"1234567.125", "1234567.125", "AED 1,234,567.125"},
		{"-123456.5", "-123456.50", "AED -123,456.50"},
	} {
		m := ecm.Money{Amount: decimal.RequireFromString(row.amount), Currency: "AED"}
		if m.Plain() != row.plain || m.String() != row.text {
			t.Errorf("%s: got %q and %q, want %q and %q", row.amount, m.Plain(), m.String(), row.plain, row.text)
		}
	}
}

func TestGroupThousands(t *testing.T) {
	t.Parallel()
	for number, want := range map[string]string{
		"": "", "1": "1", "12": "12", "123": "123", "1234": "1,234", "123456": "123,456", "1234567": "1,234,567",
		"-1": "-1", "-123": "-123", "-1234": "-1,234", "1234.5678": "1,234.5678", "0.123456": "0.123456",
	} {
		if got := ecm.GroupThousands(number); got != want {
			t.Errorf("%q: got %q, want %q", number, got, want)
		}
	}
}

// Commas are all that grouping adds, and every group behind one has three digits.
func TestGroupThousandsChangesNoDigit(t *testing.T) {
	t.Parallel()
	grouped := regexp.MustCompile(`^-?\d{1,3}(,\d{3})*(\.\d+)?$`)
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.StringMatching(`-?(0|[1-9][0-9]{0,37})(\.[0-9]{1,6})?`).Draw(t, "number")
		got := ecm.GroupThousands(number)
		if strings.ReplaceAll(got, ",", "") != number || !grouped.MatchString(got) {
			t.Fatalf("%s became %s", number, got)
		}
	})
}

// Totals never mix currencies, and lose no hundredth.
func TestTotals(t *testing.T) {
	t.Parallel()
	totals := ecm.Totals{}
	for _, m := range []struct{ currency, amount string }{{"GBP", "0.10"}, {"AED", "1"}, {"GBP", "0.20"}, {"EUR", "7"}, {"AED", "0.005"}} {
		totals.Add(ecm.Money{Amount: decimal.RequireFromString(m.amount), Currency: m.currency})
	}
	var got []string
	for _, sum := range totals.Sorted() {
		got = append(got, sum.String())
	}
	if diff := cmp.Diff([]string{"AED 1.005", "EUR 7.00", "GBP 0.30"}, got); diff != "" {
		t.Error(diff)
	}
}
