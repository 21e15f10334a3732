package ecm_test

import (
	"encoding/json"
	"fmt"
	"math/big"
	"regexp"
	"testing"

	"pgregory.net/rapid"

	"pi-manager/internal/ecm"
)

func TestFractionReadsPlainDecimals(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]ecm.Fraction{
		"0": 0, "1": 10_000, "0.7": 7_000, "0.25": 2_500, "0.0001": 1, "0.9999": 9_999, "72": 720_000, "2000": 20_000_000,
		"-1": -10_000, "-0.5": -5_000, "-0.0001": -1, "99999": 999_990_000, "-99999": -999_990_000,
	} {
		var got ecm.Fraction
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%q: got %d, %v, want %d", text, got, err, want)
		}
	}
}

func TestFractionRefusesTheRest(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "-", ".", ".5", "-.5", "+1", "+0.5", "0.00001", "0.70000", "1.2.3", "1,5", "1e-1", "NaN", "0x1", "1_000", " 1", "1 ", "0.-5", "0.+5", "1.-",
		"1000001", "99999999999", "70 %",
	} {
		got := ecm.Fraction(42)
		if err := got.UnmarshalText([]byte(text)); err == nil || got != 42 {
			t.Errorf("%q: got %s, %v, want it refused and nothing changed", text, got, err)
		}
	}
}

// FuzzFraction: what is accepted is exactly the number that was written.
func FuzzFraction(f *testing.F) {
	for _, seed := range []string{"0.7", "-0.5", "1.", ".5", "1e3", "99999", "0.00001"} {
		f.Add(seed)
	}
	plain := regexp.MustCompile(`^-?[0-9]+(\.[0-9]{0,4})?$`)
	f.Fuzz(func(t *testing.T, text string) {
		var got ecm.Fraction
		if got.UnmarshalText([]byte(text)) != nil {
			return
		}
		want, ok := new(big.Rat).SetString(text)
		if !ok || !plain.MatchString(text) || big.NewRat(int64(got), 10_000).Cmp(want) != 0 {
			t.Fatalf("%q was read as %s", text, got)
		}
	})
}

func TestFractionAndScoreAsText(t *testing.T) {
	t.Parallel()
	for f, want := range map[ecm.Fraction]string{0: "0", 1: "0.0001", 7_000: "0.7", 10_000: "1", 20_000_000: "2000", -5_000: "-0.5", -1: "-0.0001", 12_345: "1.2345"} {
		if got := f.String(); got != want {
			t.Errorf("fraction %d: got %s, want %s", f, got, want)
		}
	}
	for s, want := range map[ecm.Score]string{0: "0", 1: "0.00000001", 70_000_000: "0.7", 100_000_000: "1", 71_250_000: "0.7125", -1: "-0.00000001", -150_000_000: "-1.5"} {
		if got := s.String(); got != want {
			t.Errorf("score %d: got %s, want %s", s, got, want)
		}
	}
}

// A text of a fraction reads back as itself, and a score is a JSON number of the same text.
func TestFractionRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := ecm.Fraction(rapid.Int32().Draw(t, "fraction"))
		text, err := f.MarshalText()
		var back ecm.Fraction
		if err != nil || back.UnmarshalText(text) != nil || back != f {
			t.Fatalf("%d: %q reads back as %d, %v", f, text, back, err)
		}
		body, err := json.Marshal(f.AsScore())
		if err != nil || string(body) != string(text) || !json.Valid(body) {
			t.Fatalf("%s as a score is %s, %v", text, body, err)
		}
	})
}

// Ten weights of 0.1 are one, and 0.1 x 0.7 x 10 is 0.7: sums that floating point gets wrong.
func TestScoreIsExact(t *testing.T) {
	t.Parallel()
	tenth, line := fraction(t, "0.1"), fraction(t, "0.7")
	var sum ecm.Score
	for range 10 {
		sum += tenth.Times(line)
	}
	if sum != line.AsScore() || fmt.Sprint(sum) != "0.7" {
		t.Errorf("got %s, want exactly 0.7", sum)
	}
	if one := ecm.FractionOne.Times(ecm.FractionOne); one != ecm.FractionOne.AsScore() || one.String() != "1" {
		t.Errorf("1 x 1 is %s", one)
	}
}

func fraction(t *testing.T, text string) ecm.Fraction {
	t.Helper()
	var f ecm.Fraction
	if err := f.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return f
}
