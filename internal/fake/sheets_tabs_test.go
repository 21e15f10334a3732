package fake_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pi-manager/internal/fake"
)

func TestSheetsKeepsOneVisibleTab(t *testing.T) {
	t.Parallel()
	s := fake.NewSheets(t)
	for _, c := range []struct {
		name, request string
		want          int
	}{
		{"add a hidden tab", sheetHiddenTab, 200},
		{"delete the last visible tab", `{"deleteSheet":{"sheetId":0}}`, 400},
		{"hide the last visible tab", `{"updateSheetProperties":{"properties":{"sheetId":0,"hidden":true},"fields":"hidden"}}`, 400},
		{"delete the hidden tab", `{"deleteSheet":{"sheetId":7}}`, 200},
		{"delete it again", `{"deleteSheet":{"sheetId":7}}`, 400},
		{"add it again with the same id", sheetHiddenTab, 200},
		{"show it", `{"updateSheetProperties":{"properties":{"sheetId":7,"hidden":false},"fields":"hidden"}}`, 200},
		{"delete the first tab now", `{"deleteSheet":{"sheetId":0}}`, 200},
	} {
		code, answer := sheetBatch(t, s, c.request)
		if code != c.want {
			t.Errorf("%s: status %d, want %d: %s", c.name, code, c.want, sheetMessage(answer))
		}
	}
	if diff := cmp.Diff([]string{"J"}, s.Titles()); diff != "" {
		t.Errorf("tabs (-want +got):\n%s", diff)
	}
	sheetSound(t, s)
}

func TestSheetsDeletedTabTakesMetadataAndReferences(t *testing.T) {
	t.Parallel()
	s := fake.NewSheets(t)
	s.Put("Sheet1", "A1", fake.SheetsFormula{Source: "=J!A1+A2", Shows: 1.0})
	code, answer := sheetBatch(t, s, sheetHiddenTab, sheetCreate(1, "of the book"),
		`{"createDeveloperMetadata":{"developerMetadata":{"metadataId":2,"metadataKey":"k","visibility":"DOCUMENT","location":{"sheetId":7}}}}`,
		`{"deleteSheet":{"sheetId":7}}`)
	sheetWant(t, http.StatusOK, code, answer)
	if got := s.Metadata(); len(got) != 1 || got[0].ID != 1 {
		t.Errorf("metadata %v, want entry 1 alone", got)
	}
	if got := s.Cell("Sheet1", "A1").(fake.SheetsFormula).Source; got != "=#REF!+A2" {
		t.Errorf("A1 is %s", got)
	}
	code, answer = sheetBatch(t, s, sheetHiddenTab)
	sheetWant(t, http.StatusOK, code, answer)
	s.Protect("J", "A1", "mine")
	code, answer = sheetBatch(t, s, `{"deleteSheet":{"sheetId":7}}`) // F39
	sheetWant(t, http.StatusBadRequest, code, answer)
}

func TestSheetsTabsMoveAndAreRenamed(t *testing.T) {
	t.Parallel()
	s := fake.NewSheets(t)
	s.Put("Sheet1", "A1", fake.SheetsFormula{Source: "=S2!A1"})
	code, answer := sheetBatch(t, s, `{"addSheet":{"properties":{"sheetId":2,"title":"S2"}}}`, `{"addSheet":{"properties":{"sheetId":3,"title":"S0","index":0}}}`,
		`{"updateSheetProperties":{"properties":{"sheetId":2,"title":"my tab","index":1},"fields":"title,index"}}`)
	sheetWant(t, http.StatusOK, code, answer)
	if diff := cmp.Diff([]string{"S0", "my tab", "Sheet1"}, s.Titles()); diff != "" {
		t.Errorf("tabs (-want +got):\n%s", diff)
	}
	code, answer = sheetBatch(t, s, `{"updateSheetProperties":{"properties":{"sheetId":3,"index":2},"fields":"index"}}`)
	sheetWant(t, http.StatusOK, code, answer)
	if diff := cmp.Diff([]string{"my tab", "S0", "Sheet1"}, s.Titles()); diff != "" {
		t.Errorf("an index is meant before the move (-want +got):\n%s", diff)
	}
	if got := s.Cell("Sheet1", "A1").(fake.SheetsFormula).Source; got != "='my tab'!A1" {
		t.Errorf("A1 is %s", got)
	}
	for _, bad := range []string{`"title":""},"fields":"title"`, `"title":"SHEET1"},"fields":"title"`, `"index":9},"fields":"index"`,
		`"title":"` + strings.Repeat("x", 101) + `"},"fields":"title"`} {
		code, answer := sheetBatch(t, s, `{"updateSheetProperties":{"properties":{"sheetId":2,`+bad+`}}`)
		sheetWant(t, http.StatusBadRequest, code, answer)
	}
}

// sheetChartOf is a bar chart of A2:A4 over B2:B4, with its corner at D1.
func sheetChartOf(id string, from, to string) string {
	source := func(left, right string) string {
		return `{"sourceRange":{"sources":[{"sheetId":0,"startRowIndex":` + from + `,"endRowIndex":` + to +
			`,"startColumnIndex":` + left + `,"endColumnIndex":` + right + `}]}}`
	}
	return `{"addChart":{"chart":{` + id + `"spec":{"title":"open","basicChart":{"chartType":"BAR","domains":[{"domain":` + source("0", "1") +
		`}],"series":[{"series":` + source("1", "2") + `}]}},"position":{"overlayPosition":{"anchorCell":{"sheetId":0,"columnIndex":3}}}}}}`
}

func TestSheetsCharts(t *testing.T) {
	t.Parallel()
	s := fake.NewSheets(t)
	code, answer := sheetBatch(t, s, sheetChartOf(`"chartId":5,`, "1", "4"), sheetChartOf("", "0", "9"), sheetInsert(0, "COLUMNS", 0, 1, ""), sheetDelete(0, "ROWS", 0, 2))
	sheetWant(t, http.StatusOK, code, answer)
	_, answer = sheetCall(t, s, http.MethodGet, "?fields=sheets(charts(chartId,position,spec(basicChart(series(series(sourceRange))))))", "")
	charts := answer["sheets"].([]any)[0].(map[string]any)["charts"].([]any)
	if len(charts) != 2 || charts[1].(map[string]any)["chartId"] == 0.0 {
		t.Fatalf("charts %v, want two with ids", charts)
	}
	source := map[string]any{"sheetId": 0.0, "startRowIndex": 0.0, "endRowIndex": 2.0, "startColumnIndex": 2.0, "endColumnIndex": 3.0}
	want := map[string]any{
		"chartId":  5.0,
		"position": map[string]any{"overlayPosition": map[string]any{"anchorCell": map[string]any{"sheetId": 0.0, "columnIndex": 4.0}}},
		"spec": map[string]any{"basicChart": map[string]any{"series": []any{map[string]any{
			"series": map[string]any{"sourceRange": map[string]any{"sources": []any{source}}}}}}},
	}
	if diff := cmp.Diff(want, charts[0]); diff != "" {
		t.Errorf("the sources follow their cells (-want +got):\n%s", diff)
	}
	sheetSound(t, s)
	for name, request := range map[string]string{
		"an id in use":        sheetChartOf(`"chartId":5,`, "1", "4"),
		"beyond the grid":     sheetChartOf("", "1", "4000"),
		"no rows":             sheetChartOf("", "4", "4"),
		"a block":             strings.Replace(sheetChartOf("", "1", "4"), `"endColumnIndex":2`, `"endColumnIndex":9`, 1),
		"no place":            strings.Replace(sheetChartOf("", "1", "4"), `"anchorCell":{"sheetId":0,"columnIndex":3}`, "", 1),
		"a field not known":   strings.Replace(sheetChartOf("", "1", "4"), `"title"`, `"header"`, 1),
		"a tab not there":     strings.ReplaceAll(sheetChartOf("", "1", "4"), `"sheetId":0`, `"sheetId":1`),
		"a type not known":    strings.Replace(sheetChartOf("", "1", "4"), `"BAR"`, `"BARS"`, 1),
		"nothing to be drawn": `{"addChart":{"chart":{"position":{"overlayPosition":{"anchorCell":{"sheetId":0}}}}}}`,
	} {
		code, answer := sheetBatch(t, s, request)
		if code != http.StatusBadRequest {
			t.Errorf("%s: status %d: %v", name, code, answer)
		}
	}
}

func TestSheetsAnswerShowsTabsOfTheSameBatch(t *testing.T) {
	t.Parallel()
	s := fake.NewSheets(t)
	s.Seed("Sheet1", [][]any{{"id", "n"}, {"a", fake.SheetsFormula{Source: "=1+1", Shows: 2.0}}})
	const mask = "?fields=updatedSpreadsheet(sheets(properties(sheetId,title),data(startRow,startColumn," +
		"rowData(values(userEnteredValue,effectiveValue,formattedValue)))))"
	paste := sheetCopyPaste("PASTE_VALUES", sheetRange(0, 1, 2, 0, 2), sheetRange(7, 3, 4, 1, 3))
	body := func(title, more string) string {
		return `{"requests":[` + sheetHiddenTab + `,` + paste + more + `],"includeSpreadsheetInResponse":true,"responseRanges":["` + title + `"]}`
	}
	code, answer := sheetCall(t, s, http.MethodPost, ":batchUpdate"+mask, body("J!B4:C9", ""))
	sheetWant(t, http.StatusOK, code, answer)
	a := map[string]any{"stringValue": "a"}
	n := map[string]any{"numberValue": 2.0}
	want := map[string]any{"updatedSpreadsheet": map[string]any{"sheets": []any{map[string]any{
		"properties": map[string]any{"sheetId": 7.0, "title": "J"},
		"data": []any{map[string]any{"startRow": 3.0, "startColumn": 1.0, "rowData": []any{map[string]any{"values": []any{
			map[string]any{"userEnteredValue": a, "effectiveValue": a, "formattedValue": "a"},
			map[string]any{"userEnteredValue": n, "effectiveValue": n, "formattedValue": "2"},
		}}}}},
	}}}}
	if diff := cmp.Diff(want, answer); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	s.DeleteTab("J")
	for _, bad := range []string{body("K!A1", ""), body("J!A1", `,{"deleteSheet":{"sheetId":7}}`), body("J!A10", "")} {
		code, answer := sheetCall(t, s, http.MethodPost, ":batchUpdate"+mask, bad)
		sheetWant(t, http.StatusBadRequest, code, answer)
		if got := len(s.Titles()); got != 1 {
			t.Fatalf("%d tabs: the answer's bad range should void the batch", got)
		}
	}
	sheetSound(t, s)
}

const sheetTwinOfFirst = `{"duplicateSheet":{"sourceSheetId":0,"insertSheetIndex":1,"newSheetId":7,"newSheetName":"pi-manager journal 5"}}`

func TestSheetsDuplicateSheetKeepsEveryCell(t *testing.T) {
	t.Parallel()
	s := fake.NewSheets(t)
	mine := fake.SheetsFormula{Source: "=A3*2+Sheet1!A1", Shows: 14.0}
	s.Seed("Sheet1", [][]any{{"n", "double"}, {5, 10}, {7, mine}})
	s.ArrayFormula("Sheet1", "C1", sheetFormulaOf("={A1:A3}", "n"), 5, 7)
	s.Filter("Sheet1", "A", "nothing")
	s.Note("Sheet1", "B3", "look")
	s.Protect("Sheet1", "A:A", "mine")
	ask := func(more string) (int, map[string]any) {
		return sheetCall(t, s, http.MethodPost, ":batchUpdate?fields=replies.duplicateSheet.properties(sheetId,title,index),"+
			"updatedSpreadsheet.sheets(basicFilter.range.sheetId,data(startRow,rowData.values(userEnteredValue.formulaValue,formattedValue)))",
			`{"requests":[`+sheetTwinOfFirst+`,{"clearBasicFilter":{"sheetId":7}},`+
				`{"updateSheetProperties":{"properties":{"sheetId":7,"hidden":true},"fields":"hidden"}}`+more+`],"includeSpreadsheetInResponse":true,`+
				`"responseRanges":["'pi-manager journal 5'!3:3","'pi-manager journal 5'!1:2"]}`)
	}
	code, answer := ask("")
	sheetWant(t, http.StatusOK, code, answer)
	text := func(shown string) any { return map[string]any{"formattedValue": shown} }
	formula := func(source, shown string) any {
		return map[string]any{"formattedValue": shown, "userEnteredValue": map[string]any{"formulaValue": source}}
	}
	line := func(cells ...any) any { return map[string]any{"values": cells} }
	entered := func(v any) any { // a plain value has no formula, but it has a user-entered value
		m := v.(map[string]any)
		m["userEnteredValue"] = map[string]any{}
		return m
	}
	want := map[string]any{
		"replies": []any{
			map[string]any{"duplicateSheet": map[string]any{"properties": map[string]any{"sheetId": 7.0, "title": "pi-manager journal 5", "index": 1.0}}},
			map[string]any{}, map[string]any{},
		},
		"updatedSpreadsheet": map[string]any{"sheets": []any{map[string]any{"data": []any{
			map[string]any{"startRow": 2.0, "rowData": []any{line(entered(text("7")), formula("=A3*2+Sheet1!A1", "14"), text("7"))}},
			map[string]any{"rowData": []any{
				line(entered(text("n")), entered(text("double")), formula("={A1:A3}", "n")), line(entered(text("5")), entered(text("10")), text("5")),
			}},
		}}}},
	}
	if diff := cmp.Diff(want, answer); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if m := s.Model(); !cmp.Equal(m["Sheet1"], m["pi-manager journal 5"]) || !s.Hidden("pi-manager journal 5") {
		t.Errorf("the copy is another: %v", m)
	}
	code, answer = ask("")
	sheetWant(t, http.StatusBadRequest, code, answer) // id and title are taken
	s.Put("Sheet1", "B3", nil)
	code, answer = sheetBatch(t, s, sheetCopyPaste("PASTE_NORMAL", sheetRange(7, 2, 3, 1, 2), sheetRange(0, 2, 3, 1, 2)), `{"deleteSheet":{"sheetId":7}}`)
	sheetWant(t, http.StatusOK, code, answer)
	if got := s.Cell("Sheet1", "B3"); got != mine {
		t.Errorf("back again: %v, want %v", got, mine)
	}
	s.DuplicateKeepsProtection()
	code, answer = ask(`,{"deleteSheet":{"sheetId":7}}`) // F39
	sheetWant(t, http.StatusBadRequest, code, answer)
	sheetSound(t, s)
}

func TestSheetsDuplicateSheetRefuses(t *testing.T) {
	t.Parallel()
	s := fake.NewSheets(t)
	s.CellLimit(30_000)
	for name, request := range map[string]string{
		"no such tab":      strings.Replace(sheetTwinOfFirst, `"sourceSheetId":0`, `"sourceSheetId":1`, 1),
		"a taken id":       strings.Replace(sheetTwinOfFirst, `"newSheetId":7`, `"newSheetId":0`, 1),
		"a taken title":    strings.Replace(sheetTwinOfFirst, "pi-manager journal 5", "sheet1", 1),
		"a far index":      strings.Replace(sheetTwinOfFirst, `"insertSheetIndex":1`, `"insertSheetIndex":2`, 1),
		"beyond the limit": sheetTwinOfFirst, // F58
	} {
		code, answer := sheetBatch(t, s, request)
		if code != http.StatusBadRequest || len(s.Titles()) != 1 {
			t.Errorf("%s: status %d: %v, tabs %v", name, code, answer, s.Titles())
		}
	}
}
