package ecm_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pi-manager/internal/ecm"
)

func TestParseTime(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{ // "" is refused
		"2026-02-17 03:04:05":             "2026-02-17T03:04:05Z",
		"2026-02-17T03:04:05":             "2026-02-17T03:04:05Z",
		"2026-02-17T03:04:05Z":            "2026-02-17T03:04:05Z",
		"2026-02-17T07:04:05+04:00":       "2026-02-17T03:04:05Z",
		"2026-02-17 03:04:05+00":          "2026-02-17T03:04:05Z",
		"2026-02-17 03:04:05Z":            "2026-02-17T03:04:05Z",
		"2026-02-17 08:34:05+05:30":       "2026-02-17T03:04:05Z",
		"2026-02-16 23:04:05-04":          "2026-02-17T03:04:05Z",
		"2026-02-17 03:04:05.123456":      "2026-02-17T03:04:05.123456Z",
		"2026-02-17T03:04:05.5Z":          "2026-02-17T03:04:05.5Z",
		"2026-02-17 03:04:05.123456+00":   "2026-02-17T03:04:05.123456Z",
		"2026-02-17":                      "2026-02-17T00:00:00Z",
		"2024-02-29":                      "2024-02-29T00:00:00Z",
		"2026-02-29":                      "",
		"2026-13-01":                      "",
		"2026-02-17 24:00:00":             "",
		"2026-02-17 03:60:00":             "",
		"17/02/2026":                      "",
		"02/17/2026 03:04:05":             "",
		"2026-02-17 03:04":                "",
		"2026-02-17 03:04:05 PM":          "",
		"2026-02-17 03:04:05 Asia/Dubai":  "",
		" 2026-02-17":                     "",
		"2026-02-17\n":                    "",
		"46070.5":                         "",
		"":                                "",
		"now":                             "",
		"2026-02-17 03:04:05; drop table": "",
	} {
		got, err := ecm.ParseTime(text)
		switch {
		case want == "" && (err == nil || !got.IsZero()):
			t.Errorf("%q: got %s, %v, want it refused", text, got, err)
		case want != "" && (err != nil || got.Format(time.RFC3339Nano) != want || got.Location() != time.UTC):
			t.Errorf("%q: got %s, %v, want %s", text, got.Format(time.RFC3339Nano), err, want)
		}
	}
}

// What is refused is quoted and cut: a cell may hold 64 KB of anything.
func TestParseTimeErrorIsShort(t *testing.T) {
	t.Parallel()
	_, err := ecm.ParseTime(strings.Repeat("\x1b[31m\n", 10_000))
	if err == nil || len(err.Error()) > 400 || strings.ContainsAny(err.Error(), "\x1b\n") {
		t.Errorf("got %q", err)
	}
}

func FuzzParseTime(f *testing.F) {
	for _, seed := range []string{"2026-02-17 03:04:05", "2026-02-17T07:04:05+04:00", "2026-02-17", "0000-01-01 00:00:00", "9999-12-31T23:59:59Z", "x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, err := ecm.ParseTime(text)
		if err != nil {
			return
		}
		written := ecm.FormatTime(at)
		if at.IsZero() {
			if written != "" {
				t.Fatalf("%q: the zero time was written as %q", text, written)
			}
			return
		}
		if at.Year() < 0 || at.Year() > 9999 { // a zone can move the ends of the calendar
			return
		}
		if back, err := ecm.ParseTime(written); err != nil || !back.Equal(at.Truncate(time.Second)) {
			t.Fatalf("%q: %s was written as %q and read as %s, %v", text, at, written, back, err)
		}
	})
}

func TestFormatTime(t *testing.T) {
	t.Parallel()
	dubai := time.FixedZone("Dubai", 4*60*60)
	if got := ecm.FormatTime(time.Date(2026, 2, 17, 1, 2, 3, 999, dubai)); got != "2026-02-16 21:02:03" {
		t.Errorf("got %q, want it in UTC", got)
	}
	if got := ecm.FormatTime(time.Time{}); got != "" {
		t.Errorf("the zero time is %q, want nothing", got)
	}
}

func TestHours(t *testing.T) {
	t.Parallel()
	for span, want := range map[time.Duration]string{
		0: "0", time.Second: "0", 179 * time.Second: "0", 180 * time.Second: "0.1", 12 * time.Hour: "12",
		37*time.Hour + 30*time.Minute: "37.5", 36*time.Hour + 57*time.Minute: "37", 36*time.Hour + 56*time.Minute + 59*time.Second: "36.9",
		-time.Hour: "-1", -180 * time.Second: "0", -181 * time.Second: "-0.1", 1000 * time.Hour: "1000",
	} {
		if got := ecm.HoursText(span); got != want {
			t.Errorf("%s: got %s, want %s", span, got, want)
		}
	}
}

// Half up holds at every tenth that a year has, where floating point could fall to either side.
func TestHoursRoundsHalfUpAtEveryTenth(t *testing.T) {
	t.Parallel()
	const tenth = 6 * time.Minute
	for n := range int64(365 * 24 * 10) {
		half := time.Duration(n)*tenth + tenth/2
		if below, up := ecm.Hours(half-time.Second), ecm.Hours(half); below != float64(n)/10 || up != float64(n+1)/10 {
			t.Fatalf("%s: got %v and a second before %v, want %v and %v", half, up, below, float64(n+1)/10, float64(n)/10)
		}
	}
}

// The ledger keeps tenths of an hour; they come back as they went.
func TestFromHours(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		span := time.Duration(rapid.Int64Range(0, 1_000_000*3600).Draw(t, "seconds")) * time.Second
		if got := ecm.FromHours(span.Hours()); got != span {
			t.Fatalf("%s became %s", span, got)
		}
		if kept := ecm.Hours(span); ecm.Hours(ecm.FromHours(kept)) != kept {
			t.Fatalf("%v h became %v h", kept, ecm.Hours(ecm.FromHours(kept)))
		}
	})
}
