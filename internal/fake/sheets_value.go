package fake

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// SheetsFormula is a cell that computes. The fake cannot compute, so the one
// who plants the formula says what it shows: nil, string, float64, bool or SheetsError.
type SheetsFormula struct {
	Source string // with its "="
	Shows  any
}

// SheetsError is what a cell shows when its formula fails: #REF!, #N/A, ... (F53).
type SheetsError string

// sheetShown is what a cell comes to once formulas are worked out.
func sheetShown(v any) any {
	switch v := v.(type) {
	case SheetsFormula:
		return v.Shows
	case sheetSpilled:
		return v.shows
	}
	return v
}

// sheetTyped is what Sheets makes of text that a person types, or that an API call
// sends as USER_ENTERED: ids turn into numbers, dates and formulas (F50, F52).
func sheetTyped(text string, format map[string]any, locale string) (any, string) {
	trimmed := strings.TrimSpace(text)
	switch {
	case text == "":
		return nil, ""
	case strings.HasPrefix(text, "'"):
		return text[1:], ""
	case sheetNumberType(format) == "TEXT":
		return text, ""
	case len(text) > 1 && (text[0] == '=' || text[0] == '+' && !sheetDigit(text[1])):
		return SheetsFormula{Source: "=" + strings.TrimLeft(text, "="), Shows: SheetsError("#NAME?")}, ""
	case strings.EqualFold(trimmed, "true"), strings.EqualFold(trimmed, "false"):
		return strings.EqualFold(trimmed, "true"), ""
	case strings.HasPrefix(trimmed, "#") && (strings.HasSuffix(trimmed, "!") || trimmed == "#N/A"):
		return SheetsError(trimmed), ""
	}
	if n, ok := sheetTypedNumber(trimmed, locale); ok {
		return n, ""
	}
	if n, kind, ok := sheetTypedDate(trimmed, locale); ok {
		return n, kind
	}
	return text, ""
}

func sheetDigit(c byte) bool { return c >= '0' && c <= '9' || c == '.' }

// sheetTypedNumber reads numbers as the locale writes them, keeping 15 digits as a double does in Sheets.
func sheetTypedNumber(text, locale string) (float64, bool) {
	if sheetCommaDecimal(locale) {
		text = strings.NewReplacer(".", "", ",", ".").Replace(text)
	} else {
		text = strings.ReplaceAll(text, ",", "")
	}
	percent := strings.HasSuffix(text, "%")
	text = strings.TrimSuffix(text, "%")
	for _, sign := range []string{"$", "£", "€"} {
		text = strings.TrimPrefix(text, sign)
	}
	if text == "" || strings.ContainsAny(text, "xXpP_nN") { // Go knows hexadecimal, Inf and NaN; Sheets does not
		return 0, false
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(n, 0) {
		return 0, false
	}
	if percent {
		n /= 100
	}
	rounded, _ := strconv.ParseFloat(strconv.FormatFloat(n, 'g', 15, 64), 64)
	return rounded, true
}

// sheetEpoch is day 0 of serial dates (F51).
func sheetEpoch() time.Time { return time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC) }

// sheetSerial is the serial number of a time: days since the epoch.
func sheetSerial(t time.Time) float64 { return t.Sub(sheetEpoch()).Seconds() / 86400 }

func sheetFromSerial(n float64) time.Time {
	days := math.Floor(n)
	seconds := math.Round((n - days) * 86400)
	return sheetEpoch().AddDate(0, 0, int(days)).Add(time.Duration(seconds) * time.Second)
}

func sheetTypedDate(text, locale string) (float64, string, bool) {
	layouts := map[string][]string{
		"DATE_TIME": {"2006-01-02 15:04:05", "2006-01-02 15:04", "2006-1-2 15:04:05"},
		"DATE":      {"2006-01-02", "2006-1-2", "2 Jan 2006", "2-Jan-2006", "Jan 2, 2006", "Jan 2006"},
		"TIME":      {"15:04", "15:04:05"},
	}
	if sheetDayFirst(locale) {
		layouts["DATE"] = append(layouts["DATE"], "2/1/2006", "2.1.2006", "2-1-2006", "2/1")
	} else {
		layouts["DATE"] = append(layouts["DATE"], "1/2/2006", "1-2-2006", "1/2", "1-2")
	}
	for kind, list := range layouts {
		for _, layout := range list {
			if t, err := time.Parse(layout, text); err == nil {
				return sheetTimeSerial(t, kind), kind, true
			}
		}
	}
	return 0, "", false
}

func sheetTimeSerial(t time.Time, kind string) float64 {
	if kind == "TIME" {
		return float64(t.Hour()*3600+t.Minute()*60+t.Second()) / 86400
	}
	if t.Year() == 0 { // "1/2": this year, which for the fake is always the same
		t = t.AddDate(2026, 0, 0)
	}
	return sheetSerial(t)
}

// sheetCommaDecimal and sheetDayFirst are all the fake knows of locales.
func sheetCommaDecimal(locale string) bool {
	return strings.HasPrefix(locale, "de") || strings.HasPrefix(locale, "fr")
}

func sheetDayFirst(locale string) bool { return locale != "en_US" && locale != "" }

// sheetFormatted is the cell as people see it (FORMATTED_VALUE): it depends on
// the spreadsheet's locale, which is why nobody should read it back (F51).
func sheetFormatted(c sheetCell, locale string) string {
	switch v := sheetShown(c.value).(type) {
	case string:
		return v
	case bool:
		return strings.ToUpper(strconv.FormatBool(v))
	case SheetsError:
		return string(v)
	case float64:
		return sheetFormattedNumber(v, sheetNumberType(c.format), locale)
	}
	return ""
}

func sheetFormattedNumber(n float64, kind, locale string) string {
	day := "1/2/2006"
	if sheetDayFirst(locale) {
		day = "02/01/2006"
	}
	switch kind {
	case "DATE":
		return sheetFromSerial(n).Format(day)
	case "DATE_TIME":
		return sheetFromSerial(n).Format(day + " 15:04:05")
	case "TIME":
		return sheetFromSerial(n).Format("15:04:05")
	case "PERCENT":
		return sheetGeneral(n*100, locale) + "%"
	}
	return sheetGeneral(n, locale)
}

func sheetGeneral(n float64, locale string) string {
	text := strconv.FormatFloat(n, 'f', -1, 64)
	if math.Abs(n) >= 1e15 {
		text = strings.ToUpper(strconv.FormatFloat(n, 'e', 2, 64))
	}
	if sheetCommaDecimal(locale) {
		text = strings.ReplaceAll(text, ".", ",")
	}
	return text
}

// sheetNumberType is the type of a cell's number format, "" where there is none.
func sheetNumberType(format map[string]any) string {
	number, _ := format["numberFormat"].(map[string]any)
	kind, _ := number["type"].(string)
	return kind
}

// sheetWithNumberType is the format with another number type.
func sheetWithNumberType(format map[string]any, kind string) map[string]any {
	twin := map[string]any{"numberFormat": map[string]any{"type": kind}}
	for k, v := range format {
		if k != "numberFormat" {
			twin[k] = v
		}
	}
	return twin
}
