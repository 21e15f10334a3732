package sheet

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/shopspring/decimal"
	"google.golang.org/api/sheets/v4"

	"pi-manager/internal/ecm"
)

// maxCellText is the most that one cell takes, in characters (F58).
const maxCellText = 50_000

// cellText is a cell as text. Text is kept byte for byte; numbers are written out
// in full, without an exponent.
func cellText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strings.ToUpper(strconv.FormatBool(v))
	}
	return ""
}

// maxSerial is the serial number of the year 9999, the last one that Sheets knows.
const maxSerial = 2_958_466

// cellTime reads a time that we wrote as text, or that a person's reformatting
// turned into a serial number: days since 1899-12-30 (F51).
func cellTime(v any) (time.Time, error) {
	days, isNumber := v.(float64)
	if !isNumber || days < 1 || days >= maxSerial {
		return ecm.ParseTime(strings.TrimSpace(cellText(v)))
	}
	epoch := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	seconds := math.Round((days - math.Floor(days)) * 24 * 60 * 60)
	return epoch.AddDate(0, 0, int(days)).Add(time.Duration(seconds) * time.Second), nil
}

// textCell is text that stays text (F50, F52); nothing to say is no value at all.
func textCell(text string) *sheets.CellData {
	if text == "" {
		return &sheets.CellData{}
	}
	text = clip(text, maxCellText)
	return &sheets.CellData{UserEnteredValue: &sheets.ExtendedValue{StringValue: &text}}
}

func numberCell(n float64) *sheets.CellData {
	return &sheets.CellData{UserEnteredValue: &sheets.ExtendedValue{NumberValue: &n}}
}

// amountCell is a number, so that people can add it up, where a double holds all
// of its digits; else it is text.
func amountCell(amount decimal.Decimal) *sheets.CellData {
	const digits = 15 // Sheets shows no more of a number
	n, _ := amount.Float64()
	if amount.NumDigits() <= digits && decimal.NewFromFloat(n).Equal(amount) {
		return numberCell(n)
	}
	return textCell(amount.String())
}

// clip cuts text to so many characters and marks the cut.
func clip(text string, limit int) string {
	if utf8.RuneCountInString(text) <= limit {
		return text
	}
	return string([]rune(text)[:limit-1]) + "…"
}
