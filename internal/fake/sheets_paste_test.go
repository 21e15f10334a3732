package fake_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pi-manager/internal/fake"
)

// sheetRange is a GridRange as JSON: rows and columns from 0, the ends exclusive.
func sheetRange(tab, top, bottom, left, right int) string {
	return fmt.Sprintf(`{"sheetId":%d,"startRowIndex":%d,"endRowIndex":%d,"startColumnIndex":%d,"endColumnIndex":%d}`, tab, top, bottom, left, right)
}

func sheetCopyPaste(kind, source, destination string) string {
	return fmt.Sprintf(`{"copyPaste":{"pasteType":%q,"source":%s,"destination":%s}}`, kind, source, destination)
}

func sheetDelete(tab int, dimension string, from, to int) string {
	return fmt.Sprintf(`{"deleteDimension":{"range":{"sheetId":%d,"dimension":%q,"startIndex":%d,"endIndex":%d}}}`, tab, dimension, from, to)
}

func sheetInsert(tab int, dimension string, from, to int, rest string) string {
	return fmt.Sprintf(`{"insertDimension":{"range":{"sheetId":%d,"dimension":%q,"startIndex":%d,"endIndex":%d}%s}}`, tab, dimension, from, to, rest)
}

const sheetHiddenTab = `{"addSheet":{"properties":{"sheetId":7,"title":"J","hidden":true,"gridProperties":{"rowCount":9,"columnCount":5}}}}`

func TestSheetsCopyPasteAcrossTabsAndBack(t *testing.T) {
	t.Parallel()
	s := fake.NewSheets(t)
	double := fake.SheetsFormula{Source: "=A3*2", Shows: 14.0}
	s.Seed("Sheet1", [][]any{{"n", "double"}, {5, 10}, {7, double}})
	code, answer := sheetBatch(t, s, sheetHiddenTab,
		sheetCopyPaste("PASTE_NORMAL", sheetRange(0, 2, 3, 0, 2), sheetRange(7, 3, 4, 1, 3)),
		sheetCopyPaste("PASTE_VALUES", sheetRange(0, 2, 3, 0, 2), sheetRange(7, 4, 5, 1, 3)))
	sheetWant(t, http.StatusOK, code, answer)
	there := [][]any{{}, {}, {}, {nil, 7.0, fake.SheetsFormula{Source: "=B4*2", Shows: 0.0}}, {nil, 7.0, 14.0}}
	if diff := cmp.Diff(there, s.Rows("J")); diff != "" {
		t.Errorf("there (-want +got):\n%s", diff)
	}
	s.Put("Sheet1", "B3", "overwritten")
	code, answer = sheetBatch(t, s, sheetCopyPaste("PASTE_NORMAL", sheetRange(7, 3, 4, 2, 3), sheetRange(0, 2, 3, 1, 2)))
	sheetWant(t, http.StatusOK, code, answer)
	if got := s.Cell("Sheet1", "B3"); got != double {
		t.Errorf("back again: %v, want %v", got, double)
	}
	sheetSound(t, s)
}

// A relative reference that leaves the grid on the way is lost for good, also on the way back.
func TestSheetsCopyPasteLosesReferencesOverTheEdge(t *testing.T) {
	t.Parallel()
	s := fake.NewSheets(t)
	s.Seed("Sheet1", [][]any{{"rate"}, {3}, nil, nil, {fake.SheetsFormula{Source: "=A2", Shows: 3.0}}})
	code, answer := sheetBatch(t, s, sheetHiddenTab,
		sheetCopyPaste("PASTE_NORMAL", sheetRange(0, 4, 5, 0, 1), sheetRange(7, 1, 2, 0, 1)),
		sheetCopyPaste("PASTE_NORMAL", sheetRange(7, 1, 2, 0, 1), sheetRange(0, 4, 5, 0, 1)))
	sheetWant(t, http.StatusOK, code, answer)
	want := fake.SheetsFormula{Source: "=#REF!", Shows: fake.SheetsError("#REF!")}
	if got := s.Cell("Sheet1", "A5"); got != want {
		t.Errorf("A5 is %v, want %v", got, want)
	}
}

func TestSheetsCopyPasteIsHeldToRules(t *testing.T) {
	t.Parallel()
	s := fake.NewSheets(t)
	s.Seed("Sheet1", [][]any{{"status", "x"}, {"OPEN", "locked"}, {"waiting", "y"}})
	s.Protect("Sheet1", "B2", "locked")
	s.Validate("Sheet1", "A", true, "OPEN", "RESOLVED")
	before := s.Render("Sheet1")
	for name, request := range map[string]string{
		"a protected target (F39)":      sheetCopyPaste("PASTE_NORMAL", sheetRange(0, 2, 3, 0, 2), sheetRange(0, 1, 2, 0, 2)),
		"a word not in the list (F63)":  sheetCopyPaste("PASTE_NORMAL", sheetRange(0, 2, 3, 0, 1), sheetRange(0, 1, 2, 0, 1)),
		"the same as a value":           sheetCopyPaste("PASTE_VALUES", sheetRange(0, 2, 3, 0, 1), sheetRange(0, 1, 2, 0, 1)),
		"no multiple of the source":     sheetCopyPaste("PASTE_NORMAL", sheetRange(0, 0, 2, 1, 2), sheetRange(0, 4, 7, 1, 2)),
		"more rows than there are":      sheetCopyPaste("PASTE_NORMAL", sheetRange(0, 0, 3, 0, 1), sheetRange(0, 998, 999, 0, 1)),
		"more columns than there are":   sheetCopyPaste("PASTE_NORMAL", `{"sheetId":0,"endRowIndex":1}`, sheetRange(0, 4, 5, 1, 2)),
		"a tab that is not there":       sheetCopyPaste("PASTE_NORMAL", sheetRange(0, 2, 3, 0, 1), sheetRange(8, 4, 5, 0, 1)),
		"a target outside the grid":     sheetCopyPaste("PASTE_NORMAL", sheetRange(0, 2, 3, 0, 1), sheetRange(0, 1000, 1001, 0, 1)),
		"an unknown type":               sheetCopyPaste("PASTE_ALL", sheetRange(0, 2, 3, 0, 1), sheetRange(0, 4, 5, 0, 1)),
		"protection torn by a deletion": sheetDelete(0, "ROWS", 1, 3),
		"protection torn by a column":   sheetDelete(0, "COLUMNS", 1, 2),
	} {
		code, answer := sheetBatch(t, s, request)
		if code < 400 || sheetMessage(answer) == "" {
			t.Errorf("%s: status %d", name, code)
		}
	}
	if diff := cmp.Diff(before, s.Render("Sheet1")); diff != "" {
		t.Errorf("a refused paste left something (-want +got):\n%s", diff)
	}
}

func TestSheetsCopyPasteFillsItsTarget(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ source, destination, want string }{
		"smaller":     {sheetRange(0, 0, 2, 0, 2), sheetRange(0, 2, 3, 0, 1), "a | b\nc | d\na | b\nc | d\n"},
		"repeated":    {sheetRange(0, 0, 1, 0, 1), sheetRange(0, 2, 4, 0, 2), "a | b\nc | d\na | a\na | a\n"},
		"whole rows":  {`{"sheetId":0,"startRowIndex":1,"endRowIndex":2}`, sheetRange(0, 3, 4, 0, 1), "a | b\nc | d\n\nc | d\n"},
		"over itself": {sheetRange(0, 0, 2, 0, 2), sheetRange(0, 1, 3, 0, 2), "a | b\na | b\nc | d\n"},
	} {
		s := fake.NewSheets(t)
		s.Seed("Sheet1", [][]any{{"a", "b"}, {"c", "d"}})
		code, answer := sheetBatch(t, s, sheetCopyPaste("PASTE_NORMAL", c.source, c.destination))
		sheetWant(t, http.StatusOK, code, answer)
		if diff := cmp.Diff(c.want, s.Render("Sheet1")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestSheetsPasteOfValuesKeepsTypes(t *testing.T) {
	t.Parallel()
	s := fake.NewSheets(t)
	s.Seed("Sheet1", [][]any{{"0012345", 7, true, fake.SheetsError("#N/A"), fake.SheetsFormula{Source: "=1/0", Shows: fake.SheetsError("#DIV/0!")}}})
	code, answer := sheetBatch(t, s, sheetCopyPaste("PASTE_VALUES", `{"sheetId":0,"endRowIndex":1}`, sheetRange(0, 1, 2, 0, 1)))
	sheetWant(t, http.StatusOK, code, answer)
	want := []any{"0012345", 7.0, true, fake.SheetsError("#N/A"), fake.SheetsError("#DIV/0!")}
	if diff := cmp.Diff(want, s.Rows("Sheet1")[1]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	_, answer = sheetCall(t, s, http.MethodGet, "?ranges=Sheet1!E1&fields=sheets.data.rowData.values.effectiveValue", "")
	if got := sheetText(t, answer); !strings.Contains(got, `"type":"DIVIDE_BY_ZERO"`) {
		t.Errorf("the error has no type: %s", got)
	}
}

func TestSheetsPasteOfValuesLeavesLooksAndNotes(t *testing.T) {
	t.Parallel()
	s := fake.NewSheets(t)
	s.Seed("Sheet1", [][]any{{46070.5, 1}})
	s.Format("Sheet1", "A", "DATE_TIME")
	for _, kind := range []string{"PASTE_VALUES", "PASTE_NORMAL"} {
		code, answer := sheetBatch(t, s, sheetCopyPaste(kind, sheetRange(0, 0, 1, 0, 1), sheetRange(0, 0, 1, 1, 2)))
		sheetWant(t, http.StatusOK, code, answer)
		_, answer = sheetCall(t, s, http.MethodGet, "/values/Sheet1!B1", "")
		shown := fmt.Sprint(answer["values"])
		if isDate := strings.Contains(shown, "2/17/2026"); isDate != (kind == "PASTE_NORMAL") {
			t.Errorf("%s: B1 shows %s", kind, shown)
		}
	}
}

func TestSheetsDeleteDimensionTakesWhatHangsOnTheLine(t *testing.T) {
	t.Parallel()
	s := fake.NewSheets(t)
	s.Seed("Sheet1", [][]any{{"id", "x"}, {"a", 1}, {"b", fake.SheetsFormula{Source: "=B2+B4", Shows: 4.0}}, {"c", 3}})
	s.Protect("Sheet1", "B4", "below")
	row := func(id, index int) string {
		return fmt.Sprintf(`{"createDeveloperMetadata":{"developerMetadata":{"metadataId":%d,"metadataKey":"row","visibility":"DOCUMENT",`+
			`"location":{"dimensionRange":{"sheetId":0,"dimension":"ROWS","startIndex":%d,"endIndex":%d}}}}}`, id, index, index+1)
	}
	code, answer := sheetBatch(t, s, row(1, 1), row(2, 3), sheetDelete(0, "ROWS", 1, 2))
	sheetWant(t, http.StatusOK, code, answer)
	want := [][]any{{"id", "x"}, {"b", fake.SheetsFormula{Source: "=#REF!+B3", Shows: fake.SheetsError("#REF!")}}, {"c", 3.0}}
	if diff := cmp.Diff(want, s.Rows("Sheet1")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]fake.SheetsMetadata{{ID: 2, Key: "row", Place: "ROW"}}, s.Metadata()); diff != "" { // F56
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
	code, answer = sheetBatch(t, s, sheetDelete(0, "ROWS", 2, 3)) // F39: protection has moved up with its row
	sheetWant(t, http.StatusBadRequest, code, answer)
	code, answer = sheetBatch(t, s, sheetDelete(0, "ROWS", 1, 2))
	sheetWant(t, http.StatusOK, code, answer)
	code, answer = sheetBatch(t, s, sheetDelete(0, "COLUMNS", 0, 26))
	sheetWant(t, http.StatusBadRequest, code, answer)
	sheetSound(t, s)
}

// A formula that arrives in the middle of a batch follows its cells in the rest of it.
func TestSheetsFormulasFollowWithinABatch(t *testing.T) {
	t.Parallel()
	s := fake.NewSheets(t)
	s.Seed("Sheet1", [][]any{nil, nil, {3, fake.SheetsFormula{Source: "=Sheet1!$A$3", Shows: 3.0}}})
	code, answer := sheetBatch(t, s, sheetHiddenTab, sheetDelete(0, "ROWS", 0, 1),
		sheetCopyPaste("PASTE_NORMAL", sheetRange(0, 1, 2, 1, 2), sheetRange(7, 8, 9, 0, 1)), sheetDelete(0, "ROWS", 0, 1))
	sheetWant(t, http.StatusOK, code, answer)
	want := fake.SheetsFormula{Source: "=Sheet1!$A$1", Shows: 3.0}
	if got := s.Cell("J", "A9"); got != want {
		t.Errorf("A9 is %v, want %v", got, want)
	}
}

func TestSheetsKeepsARowBelowTheFrozenOnes(t *testing.T) {
	t.Parallel()
	s := fake.NewSheets(t)
	code, answer := sheetBatch(t, s,
		`{"addSheet":{"properties":{"sheetId":3,"title":"A","gridProperties":{"rowCount":3,"columnCount":2,"frozenRowCount":1}}}}`)
	sheetWant(t, http.StatusOK, code, answer)
	code, answer = sheetBatch(t, s, sheetDelete(3, "ROWS", 1, 3))
	sheetWant(t, http.StatusBadRequest, code, answer)
	code, answer = sheetBatch(t, s, sheetDelete(3, "ROWS", 0, 2))
	sheetWant(t, http.StatusOK, code, answer)
	if got := s.Looks("A"); !strings.HasPrefix(got, "1 rows x 2 columns, 0 frozen") {
		t.Errorf("the frozen row went: %s", got)
	}
}

func TestSheetsProtectionOfColumnsStaysOpen(t *testing.T) {
	t.Parallel()
	s := fake.NewSheets(t)
	s.Protect("Sheet1", "C:C", "")
	s.DeleteRows("Sheet1", 1, 3)
	s.DeleteColumn("Sheet1", "A")
	_, answer := sheetCall(t, s, http.MethodGet, "?fields=sheets.protectedRanges.range(startRowIndex,endRowIndex,startColumnIndex,endColumnIndex)", "")
	if got, want := sheetText(t, answer), `{"sheets":[{"protectedRanges":[{"range":{"endColumnIndex":2,"startColumnIndex":1}}]}]}`; got != want {
		t.Errorf("protected: %s, want %s", got, want)
	}
	s.DeleteColumn("Sheet1", "B") // and protection of nothing is none
	_, answer = sheetCall(t, s, http.MethodGet, "?fields=sheets.protectedRanges.range", "")
	if got := sheetText(t, answer); strings.Contains(got, "range") {
		t.Errorf("protected: %s, want nothing", got)
	}
}

func TestSheetsInsertDimensionInheritsLooks(t *testing.T) {
	t.Parallel()
	s := fake.NewSheets(t)
	s.Seed("Sheet1", [][]any{{"status"}, {"OPEN"}})
	s.Validate("Sheet1", "A", true, "OPEN")
	code, answer := sheetBatch(t, s, sheetInsert(0, "ROWS", 1, 2, ""))
	sheetWant(t, http.StatusOK, code, answer)
	paste := sheetCopyPaste("PASTE_VALUES", sheetRange(0, 0, 1, 0, 1), sheetRange(0, 1, 2, 0, 1))
	code, answer = sheetBatch(t, s, paste) // F63: the new row has the rule of the row below it
	sheetWant(t, http.StatusBadRequest, code, answer)
	code, answer = sheetBatch(t, s, sheetInsert(0, "ROWS", 1, 2, `,"inheritFromBefore":true`), paste)
	sheetWant(t, http.StatusOK, code, answer)
	for _, bad := range []string{
		sheetInsert(0, "ROWS", 0, 1, `,"inheritFromBefore":true`),
		`{"insertDimension":{"range":{"sheetId":0,"dimension":"ROWS","startIndex":1}}}`,
	} {
		code, answer = sheetBatch(t, s, bad)
		sheetWant(t, http.StatusBadRequest, code, answer)
	}
	s.Protect("Sheet1", "A:A", "") // F39: a line through a protected column
	code, answer = sheetBatch(t, s, sheetInsert(0, "ROWS", 2, 3, ""))
	sheetWant(t, http.StatusBadRequest, code, answer)
}

func TestSheetsInsertedColumnsInheritLooks(t *testing.T) {
	t.Parallel()
	s := fake.NewSheets(t)
	s.Seed("Sheet1", [][]any{{"status", "n"}, {"OPEN", 1}})
	s.Validate("Sheet1", "A", true, "OPEN")
	code, answer := sheetBatch(t, s, sheetInsert(0, "COLUMNS", 1, 2, ""), sheetInsert(0, "COLUMNS", 1, 2, `,"inheritFromBefore":true`))
	sheetWant(t, http.StatusOK, code, answer)
	if got := strings.Count(s.Looks("Sheet1"), "ONE_OF_LIST"); got != 2 {
		t.Errorf("%d columns with the rule, want the first and the one that took after it:\n%s", got, s.Looks("Sheet1"))
	}
}

func TestSheetsFindReplaceInARange(t *testing.T) {
	t.Parallel()
	s := fake.NewSheets(t)
	s.Seed("Sheet1", [][]any{{"x", "x"}, {"x", "x"}})
	code, answer := sheetBatch(t, s, `{"findReplace":{"find":"x","replacement":"y","range":`+sheetRange(0, 1, 2, 0, 1)+`}}`)
	sheetWant(t, http.StatusOK, code, answer)
	if diff := cmp.Diff([][]any{{"x", "x"}, {"y", "x"}}, s.Rows("Sheet1")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	code, answer = sheetBatch(t, s, `{"findReplace":{"find":"x","sheetId":0,"range":`+sheetRange(0, 1, 2, 0, 1)+`}}`)
	sheetWant(t, http.StatusBadRequest, code, answer)
	s.Validate("Sheet1", "B", true, "x") // F63
	code, answer = sheetBatch(t, s, `{"findReplace":{"find":"x","replacement":"z","sheetId":0}}`)
	sheetWant(t, http.StatusBadRequest, code, answer)
}
