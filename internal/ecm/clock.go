package ecm

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// TimeLayout is how the ledger writes a time: UTC, to the second.
const TimeLayout = "2006-01-02 15:04:05"

// FormatTime writes t in UTC as the ledger does; the zero time is empty.
func FormatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(TimeLayout)
}

// ParseTime reads the forms a warehouse, an export or a sheet has for a time. A
// text without a zone means UTC. A date alone is its midnight.
func ParseTime(text string) (time.Time, error) {
	for _, layout := range [...]string{TimeLayout, "2006-01-02T15:04:05", time.RFC3339, "2006-01-02 15:04:05Z07", "2006-01-02 15:04:05Z07:00", time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%.40q is not a time like %s", text, TimeLayout)
}

// Hours is a span in hours, rounded half up to one decimal: what the sheet, the
// messages and the JSON show. Rules never see it; they compare the exact span.
func Hours(d time.Duration) float64 { return math.Floor(d.Hours()*10+0.5) / 10 }

// HoursText is Hours as people read it: "37.5", or "12" where it is whole.
func HoursText(d time.Duration) string { return strconv.FormatFloat(Hours(d), 'f', -1, 64) }

// FromHours turns a number of hours, as a sheet or hours_diff holds it, into a span.
func FromHours(hours float64) time.Duration {
	return time.Duration(math.Round(hours*3600)) * time.Second
}
