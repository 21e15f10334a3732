package fake_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pi-manager/internal/fake"
)

func TestSheetsTypingChangesWhatPeopleType(t *testing.T) {
	t.Parallel()
	s := fake.NewSheets(t)
	// F50, F51: what becomes of an id that somebody types instead of pasting it as text.
	for typed, want := range map[string]any{
		"AE136JLXUG00":         "AE136JLXUG00",
		"0012345":              12345.0,
		"1E5":                  100000.0,
		"12345678901234567890": 12345678901234600000.0,
		"1,234.50":             1234.5,
		"12%":                  0.12,
		"-7":                   -7.0,
		"+7":                   7.0,
		"2026-02-17":           46070.0,
		"2026-02-17 12:00:00":  46070.5,
		"12:00":                0.5,
		"true":                 true,
		"'0012345":             "0012345",
		"0x10":                 "0x10",
		"NaN":                  "NaN",
		"=1+1":                 fake.SheetsFormula{Source: "=1+1", Shows: fake.SheetsError("#NAME?")},
		"+A1":                  fake.SheetsFormula{Source: "=+A1", Shows: fake.SheetsError("#NAME?")},
		"#REF!":                fake.SheetsError("#REF!"),
		" two words ":          " two words ",
		"":                     nil,
	} {
		s.Format("Sheet1", "A", "")
		s.Type("Sheet1", "A1", typed)
		if diff := cmp.Diff(want, s.Cell("Sheet1", "A1")); diff != "" {
			t.Errorf("typing %q (-want +got):\n%s", typed, diff)
		}
	}
	s.Format("Sheet1", "B", "TEXT")
	s.Type("Sheet1", "B1", "0012345")
	if got := s.Cell("Sheet1", "B1"); got != "0012345" {
		t.Errorf("typing into a text column gives %v", got)
	}
}

func TestSheetsLocalesReadTheSameTextApart(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		locale, typed string
		want          any
		shown         string
	}{
		{"en_US", "2/3/2026", 46056.0, "2/3/2026"},
		{"en_GB", "2/3/2026", 46083.0, "02/03/2026"},
		{"de_DE", "1.234,5", 1234.5, "1234,5"},
		{"en_US", "1.234,5", 1.2345, "1.2345"},
		{"fr_FR", "12%", 0.12, "0,12"},
	} {
		s := fake.NewSheets(t)
		s.Locale(c.locale, "Asia/Dubai")
		s.Type("Sheet1", "A1", c.typed)
		if got := s.Cell("Sheet1", "A1"); got != c.want {
			t.Errorf("%s: typing %q gives %v, want %v", c.locale, c.typed, got, c.want)
		}
		_, answer := sheetCall(t, s, http.MethodGet, "/values/Sheet1", "")
		if diff := cmp.Diff([]any{[]any{c.shown}}, answer["values"]); diff != "" {
			t.Errorf("%s: formatted (-want +got):\n%s", c.locale, diff)
		}
	}
}

func TestSheetsStringValueStaysText(t *testing.T) {
	t.Parallel()
	s := fake.NewSheets(t)
	texts := []string{
		"0012345", "1E5", "12345678901234567890", "2026-02-17", "1/2", "TRUE", "#REF!", "=1+1", "+1", "-1", "@SUM(A1)",
		"'quoted", "  blanks  ", "a\tb\nc", "日本", "\u00a0", "=IMPORTXML(\"http://x\",\"//a\")",
	}
	for _, text := range texts { // F50, F52
		code, answer := sheetBatch(t, s, sheetAppend(text))
		sheetWant(t, http.StatusOK, code, answer)
	}
	_, answer := sheetCall(t, s, http.MethodGet, "/values:batchGet?ranges=Sheet1&majorDimension=COLUMNS&valueRenderOption=UNFORMATTED_VALUE", "")
	var want []any
	for _, text := range texts {
		want = append(want, text)
	}
	got := answer["valueRanges"].([]any)[0].(map[string]any)
	if diff := cmp.Diff([]any{want}, got["values"]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	sheetSound(t, s)
}

func TestSheetsFormulasAreNoticed(t *testing.T) {
	t.Parallel()
	s := fake.NewSheets(t)
	code, answer := sheetBatch(t, s, `{"appendCells":{"sheetId":0,"fields":"*","rows":[{"values":[{"userEnteredValue":{"formulaValue":"=NOW()"}}]}]}}`)
	sheetWant(t, http.StatusOK, code, answer)
	code, answer = sheetCall(t, s, http.MethodPut, "/values/Sheet1!A2?valueInputOption=USER_ENTERED", `{"values":[["=NOW()"]]}`)
	sheetWant(t, http.StatusOK, code, answer)
	if len(s.Offences()) != 2 { // F52
		t.Errorf("offences: %q, want two", s.Offences())
	}
}

func TestSheetsValuesAsTheyAreRead(t *testing.T) {
	t.Parallel()
	s := fake.NewSheets(t)
	s.Seed("Sheet1", [][]any{
		{"id", "n", "at", "ok", "f"},
		{"a", 1.5, nil, nil, nil},
		nil,
		{"b", nil, 46070.5, true, fake.SheetsFormula{Source: "=VLOOKUP(1)", Shows: fake.SheetsError("#N/A")}},
		{nil, nil, nil, nil, ""},
	})
	s.Format("Sheet1", "C", "DATE_TIME")
	for query, want := range map[string][]any{
		"valueRenderOption=UNFORMATTED_VALUE&dateTimeRenderOption=SERIAL_NUMBER": {
			[]any{"id", "n", "at", "ok", "f"}, []any{"a", 1.5}, []any{}, []any{"b", "", 46070.5, true, "#N/A"},
		},
		"valueRenderOption=FORMULA": {
			[]any{"id", "n", "at", "ok", "f"}, []any{"a", 1.5}, []any{}, []any{"b", "", 46070.5, true, "=VLOOKUP(1)"},
		},
		"": {
			[]any{"id", "n", "at", "ok", "f"}, []any{"a", "1.5"}, []any{}, []any{"b", "", "2/17/2026 12:00:00", "TRUE", "#N/A"},
		},
	} {
		_, answer := sheetCall(t, s, http.MethodGet, "/values/Sheet1!A:Z?"+query, "")
		if diff := cmp.Diff(want, answer["values"]); diff != "" { // F40
			t.Errorf("%q (-want +got):\n%s", query, diff)
		}
		if answer["range"] != "Sheet1!A1:Z1000" {
			t.Errorf("range %v, want the whole one that was asked for", answer["range"])
		}
	}
}

func TestSheetsRanges(t *testing.T) {
	t.Parallel()
	s := fake.NewSheets(t)
	s.Seed("It's a tab", [][]any{{"a", "b"}, {"c", "d"}, {"e", "f"}})
	for text, want := range map[string]any{
		"'It''s a tab'!A2:B2": []any{[]any{"c", "d"}},
		"'it''s a TAB'!B":     nil, // a column alone is no range
		"'It''s a tab'!B2:B":  []any{[]any{"d"}, []any{"f"}},
		"'It''s a tab'!2:2":   []any{[]any{"c", "d"}},
		"'It''s a tab'!A3":    []any{[]any{"e"}},
		"'It''s a tab'!A9:B9": nil,
	} {
		_, answer := sheetCall(t, s, http.MethodGet, "/values/"+url.PathEscape(text), "")
		if diff := cmp.Diff(want, answer["values"]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
	for _, text := range []string{"Nobody!A1", "Sheet1!A1001", "Sheet1!AB1:AC2", "Sheet1!A0x"} {
		code, answer := sheetCall(t, s, http.MethodGet, "/values/"+url.PathEscape(text), "")
		sheetWant(t, http.StatusBadRequest, code, answer)
	}
	sheetSound(t, s)
}

func TestSheetsPeopleEdit(t *testing.T) {
	t.Parallel()
	s := fake.NewSheets(t)
	s.Seed("T", [][]any{{"id", "who"}, {"b", "bo"}, {"a", "ana"}})
	_, answer := sheetCall(t, s, http.MethodGet, "?fields=sheets.properties(sheetId,title)", "")
	tab := answer["sheets"].([]any)[1].(map[string]any)["properties"].(map[string]any)["sheetId"].(float64)
	line := `{"createDeveloperMetadata":{"developerMetadata":{"metadataId":5,"metadataKey":"row","visibility":"DOCUMENT","location":{"dimensionRange":` +
		`{"sheetId":` + sheetNumber(tab) + `,"dimension":"ROWS","startIndex":1,"endIndex":2}}}}}`
	code, answer := sheetBatch(t, s, line)
	sheetWant(t, http.StatusOK, code, answer)
	before := s.Version()

	s.InsertRows("T", 2, 1)
	s.InsertColumns("T", "B", 1)
	if diff := cmp.Diff([][]any{{"id", nil, "who"}, {}, {"b", nil, "bo"}, {"a", nil, "ana"}}, s.Rows("T")); diff != "" {
		t.Errorf("inserted (-want +got):\n%s", diff)
	}
	_, answer = sheetCall(t, s, http.MethodGet, "/developerMetadata/5?fields=location(dimensionRange(startIndex))", "")
	if diff := cmp.Diff(2.0, answer["location"].(map[string]any)["dimensionRange"].(map[string]any)["startIndex"]); diff != "" {
		t.Errorf("metadata follows its row when one is inserted above (-want +got):\n%s", diff)
	}
	s.DeleteRows("T", 3, 1)
	if got := s.Metadata(); len(got) != 0 { // F56
		t.Errorf("metadata of a deleted row: %v, want none", got)
	}
	s.Restore(before) // F57
	s.Sort("T", "A")
	s.MoveColumn("T", "A", "B")
	s.DuplicateTab("T")
	s.RenameTab("T", "Tickets")
	if diff := cmp.Diff("who | id\nana | a\nbo | b\n", s.Render("Tickets")); diff != "" {
		t.Errorf("sorted and moved (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"Sheet1", "Tickets", "Copy of T"}, s.Titles()); diff != "" {
		t.Errorf("tabs (-want +got):\n%s", diff)
	}
	s.DeleteColumn("Copy of T", "A")
	if diff := cmp.Diff([]any{"a", "b"}, s.Column("Copy of T", "id")); diff != "" {
		t.Errorf("column (-want +got):\n%s", diff)
	}
	s.DeleteTab("Copy of T")
	if got := len(s.Titles()); got != 2 {
		t.Errorf("%d tabs, want 2", got)
	}
}

func sheetNumber(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

func TestSheetsFindReplaceTypesTheResult(t *testing.T) {
	t.Parallel()
	s := fake.NewSheets(t)
	s.Seed("Sheet1", [][]any{{"owed x1", "owed X1 and x1"}, {fake.SheetsFormula{Source: "=x1", Shows: "x1"}, "y"}})
	code, answer := sheetBatch(t, s,
		`{"findReplace":{"sheetId":0,"find":"x1","matchCase":true,"replacement":"$1"}}`,
		`{"findReplace":{"sheetId":0,"find":"owed \\$1","searchByRegex":true,"matchEntireCell":true,"replacement":"2026-02-17"}}`,
		`{"findReplace":{"allSheets":true,"find":"nowhere","replacement":"y"}}`)
	sheetWant(t, http.StatusOK, code, answer)
	want := [][]any{{46070.0, "owed X1 and $1"}, {fake.SheetsFormula{Source: "=x1", Shows: "x1"}, "y"}}
	if diff := cmp.Diff(want, s.Rows("Sheet1")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	var counts []any
	for _, reply := range answer["replies"].([]any) {
		counts = append(counts, reply.(map[string]any)["findReplace"].(map[string]any)["occurrencesChanged"])
	}
	if diff := cmp.Diff([]any{2.0, 1.0, nil}, counts); diff != "" {
		t.Errorf("occurrences (-want +got):\n%s", diff)
	}
	s.Protect("Sheet1", "B2", "")
	code, answer = sheetBatch(t, s, `{"findReplace":{"sheetId":0,"find":"y","replacement":"z"}}`)
	sheetWant(t, http.StatusBadRequest, code, answer)
	sheetSound(t, s)
}

func TestSheetsAnswerShowsTheSheetRightAfter(t *testing.T) {
	t.Parallel()
	s := fake.NewSheets(t)
	s.Seed("Sheet1", [][]any{{"id", "who"}, {"a", "ana"}})
	body := `{"requests":[` + sheetAppend("b") + `],"includeSpreadsheetInResponse":true,"responseRanges":["Sheet1!A:A"]}`
	code, answer := sheetCall(t, s, http.MethodPost, ":batchUpdate?fields=updatedSpreadsheet.sheets.data.rowData.values.formattedValue", body)
	sheetWant(t, http.StatusOK, code, answer)
	cell := func(text string) any { return map[string]any{"values": []any{map[string]any{"formattedValue": text}}} }
	want := map[string]any{"updatedSpreadsheet": map[string]any{"sheets": []any{map[string]any{"data": []any{
		map[string]any{"rowData": []any{cell("id"), cell("a"), cell("b")}},
	}}}}}
	if diff := cmp.Diff(want, answer); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	bad := strings.Replace(body, "Sheet1!A:A", "Gone!A:A", 1)
	code, answer = sheetCall(t, s, http.MethodPost, ":batchUpdate", bad)
	sheetWant(t, http.StatusBadRequest, code, answer)
	if got := len(s.Rows("Sheet1")); got != 3 {
		t.Errorf("%d rows, want 3", got)
	}
}
