package fake_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pi-manager/internal/fake"
)

func sheetFormulaOf(source string, shows any) fake.SheetsFormula {
	return fake.SheetsFormula{Source: source, Shows: shows}
}

func TestSheetsPeopleSort(t *testing.T) {
	t.Parallel()
	rows := [][]any{{"title"}, {"id", "n"}, {"b", 10}, nil, {"a", 9, sheetFormulaOf("=B5+B3", 19.0)}, {"C", "x"}}
	for name, c := range map[string]struct {
		sort func(*fake.Sheets)
		want string
	}{
		"up by text":   {func(s *fake.Sheets) { s.Sort("T", "A") }, "title\nid | n\na | 9 | =B3+B1\nb | 10\nC | x\n"},
		"down by text": {func(s *fake.Sheets) { s.SortDown("T", "A") }, "title\nid | n\nC | x\nb | 10\na | 9 | =B5+B3\n"},
		"up by number": {func(s *fake.Sheets) { s.Sort("T", "B") }, "title\nid | n\na | 9 | =B3+B1\nb | 10\nC | x\n"},
		"and undone":   {func(s *fake.Sheets) { s.Sort("T", "B"); s.UndoLast() }, "title\nid | n\nb | 10\n\na | 9 | =B5+B3\nC | x\n"},
	} {
		s := fake.NewSheets(t)
		s.Seed("T", rows)
		s.FreezeRows("T", 2)
		c.sort(s)
		if diff := cmp.Diff(c.want, s.Render("T")); diff != "" {
			t.Errorf("%s: blank rows go to the end (-want +got):\n%s", name, diff)
		}
	}
}

func TestSheetsPeopleMoveLines(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		edit func(*fake.Sheets)
		want string
	}{
		"rows down":    {func(s *fake.Sheets) { s.MoveRows("T", 2, 1, 4) }, "id | n\nb | 2\na | 1 | =B2\nc | 3\n"},
		"rows up":      {func(s *fake.Sheets) { s.MoveRows("T", 3, 2, 2) }, "id | n\nb | 2\nc | 3\na | 1 | =B2\n"},
		"column right": {func(s *fake.Sheets) { s.MoveColumn("T", "A", "C") }, "n |  | id\n1 | =A3 | a\n2 |  | b\n3 |  | c\n"},
		"column left":  {func(s *fake.Sheets) { s.MoveColumn("T", "C", "A") }, " | id | n\n=C3 | a | 1\n | b | 2\n | c | 3\n"},
		"row copied":   {func(s *fake.Sheets) { s.CopyRow("T", 2, 5) }, "id | n\na | 1 | =B3\nb | 2\nc | 3\na | 1 | =B6\n"},
		"row cut":      {func(s *fake.Sheets) { s.CutRow("T", 3, 6) }, "id | n\na | 1 | =B6\n\nc | 3\n\nb | 2\n"},
		"cells merged": {func(s *fake.Sheets) { s.Merge("T", "A2:B3") }, "id | n\na |  | =B3\n\nc | 3\n"},
		"column empty": {func(s *fake.Sheets) { s.Clear("T", "B2:B") }, "id | n\na |  | =B3\nb\nc\n"},
		"two tables":   {func(s *fake.Sheets) { s.Table("T", "E1", [][]any{{"x"}, {"y"}}) }, "id | n |  |  | x\na | 1 | =B3 |  | y\nb | 2\nc | 3\n"},
		"defaults":     {func(s *fake.Sheets) { s.DeleteRows("T", 4, 997); s.Fill("T", "D", false) }, "id | n\na | 1 | =B3 | FALSE\nb | 2 |  | FALSE\n"},
	} {
		s := fake.NewSheets(t)
		s.Seed("T", [][]any{{"id", "n"}, {"a", 1, sheetFormulaOf("=B3", 2.0)}, {"b", 2}, {"c", 3}})
		c.edit(s)
		if diff := cmp.Diff(c.want, s.Render("T")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestSheetsPeopleUndo(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]func(*fake.Sheets){
		"typing":   func(s *fake.Sheets) { s.Type("T", "B2", "7") },
		"a blank":  func(s *fake.Sheets) { s.Type("T", "C3", "7") },
		"clearing": func(s *fake.Sheets) { s.Clear("T", "A2:B3") },
		"a note":   func(s *fake.Sheets) { s.Note("T", "A2", "look") },
		"deleting": func(s *fake.Sheets) { s.DeleteRows("T", 2, 1) },
		"copying":  func(s *fake.Sheets) { s.CopyRow("T", 2, 3) },
	} {
		s := fake.NewSheets(t)
		s.Seed("T", [][]any{{"id", "n"}, {"a", 1}, {"b", 2}})
		before := s.Model()
		edit(s)
		if len(before.Changes(s.Model())) == 0 {
			t.Errorf("%s changed nothing", name)
		}
		s.UndoLast()
		if diff := cmp.Diff(before, s.Model()); diff != "" {
			t.Errorf("%s undone (-want +got):\n%s", name, diff)
		}
	}
	s := fake.NewSheets(t)
	s.Seed("Sheet1", [][]any{{"id"}, {"a"}})
	s.Type("Sheet1", "A2", "typed")
	code, answer := sheetBatch(t, s, sheetInsert(0, "ROWS", 1, 2, ""), sheetAppend("ours"))
	sheetWant(t, http.StatusOK, code, answer)
	s.UndoLast() // finds its cell again, and leaves others alone
	if diff := cmp.Diff([][]any{{"id"}, {}, {"a"}, {"ours"}}, s.Rows("Sheet1")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSheetsArrayFormulasSpill(t *testing.T) {
	t.Parallel()
	s := fake.NewSheets(t)
	s.Seed("Sheet1", [][]any{{"id", nil}, {"a"}, {"b"}})
	s.ArrayFormula("Sheet1", "B1", sheetFormulaOf(`={"age";A2:A}`, "age"), 1, 2, 3)
	_, answer := sheetCall(t, s, http.MethodGet, "/values/Sheet1!A:B?valueRenderOption=UNFORMATTED_VALUE", "")
	want := []any{[]any{"id", "age"}, []any{"a", 1.0}, []any{"b", 2.0}, []any{"", 3.0}}
	if diff := cmp.Diff(want, answer["values"]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	_, answer = sheetCall(t, s, http.MethodGet, "?ranges=Sheet1!B2&fields=sheets.data.rowData.values(userEnteredValue,formattedValue)", "")
	cell := map[string]any{"formattedValue": "1"}
	line := map[string]any{"rowData": []any{map[string]any{"values": []any{cell}}}}
	if diff := cmp.Diff(map[string]any{"sheets": []any{map[string]any{"data": []any{line}}}}, answer); diff != "" {
		t.Errorf("a spilled cell holds nothing of its own (-want +got):\n%s", diff)
	}
	code, answer := sheetBatch(t, s, sheetAppend("c")) // F48: below what the array shows
	sheetWant(t, http.StatusOK, code, answer)
	if got := s.Cell("Sheet1", "A5"); got != "c" {
		t.Errorf("A5 is %v", got)
	}
	code, answer = sheetBatch(t, s, sheetCopyPaste("PASTE_NORMAL", sheetRange(0, 1, 2, 1, 2), sheetRange(0, 2, 3, 1, 2)))
	sheetWant(t, http.StatusOK, code, answer)
	if got := s.Rows("Sheet1"); got[0][1].(fake.SheetsFormula).Shows != fake.SheetsError("#REF!") || len(got[1]) != 1 {
		t.Errorf("a value in its way should break the array: %v", got)
	}
	s.InsertColumns("Sheet1", "A", 1)
	s.InsertRows("Sheet1", 1, 1)
	s.Clear("Sheet1", "C4")
	if got := s.Cell("Sheet1", "C5"); got != 3.0 {
		t.Errorf("C5 is %v: the array did not move with its cells", got)
	}
	s.DeleteColumn("Sheet1", "A")
	s.DeleteRows("Sheet1", 1, 1)
	if got := s.Cell("Sheet1", "B4"); got != 3.0 {
		t.Errorf("B4 is %v after the way is free again", got)
	}
}

func TestSheetsMergedCellsTakeOneValue(t *testing.T) {
	t.Parallel()
	s := fake.NewSheets(t)
	s.Seed("Sheet1", [][]any{{"a", "b"}, {"c", "d"}, {"e", "f"}})
	s.Merge("Sheet1", "A1:B1")
	code, answer := sheetBatch(t, s,
		`{"updateCells":{"fields":"userEnteredValue","start":{"sheetId":0,"columnIndex":1},"rows":[{"values":[{"userEnteredValue":{"stringValue":"x"}}]}]}}`,
		sheetCopyPaste("PASTE_NORMAL", sheetRange(0, 0, 1, 0, 2), sheetRange(0, 1, 2, 0, 2)))
	sheetWant(t, http.StatusOK, code, answer)
	if diff := cmp.Diff([][]any{{"a"}, {"a"}, {"e", "f"}}, s.Rows("Sheet1")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	_, answer = sheetCall(t, s, http.MethodGet, "?fields=sheets.merges.startRowIndex", "")
	merges := []any{map[string]any{"startRowIndex": 0.0}, map[string]any{"startRowIndex": 1.0}}
	if diff := cmp.Diff(map[string]any{"sheets": []any{map[string]any{"merges": merges}}}, answer); diff != "" {
		t.Errorf("merges (-want +got):\n%s", diff)
	}
	code, answer = sheetBatch(t, s, sheetCopyPaste("PASTE_NORMAL", sheetRange(0, 2, 3, 0, 1), sheetRange(0, 1, 2, 0, 1)))
	sheetWant(t, http.StatusBadRequest, code, answer)
	code, answer = sheetBatch(t, s, sheetCopyPaste("PASTE_NORMAL", sheetRange(0, 2, 3, 0, 2), sheetRange(0, 1, 2, 0, 2)))
	sheetWant(t, http.StatusOK, code, answer)
	if diff := cmp.Diff([][]any{{"a"}, {"e", "f"}, {"e", "f"}}, s.Rows("Sheet1")); diff != "" {
		t.Errorf("a paste over whole merged cells parts them (-want +got):\n%s", diff)
	}
}

func TestSheetsDuplicateOfATab(t *testing.T) {
	t.Parallel()
	s := fake.NewSheets(t)
	s.Seed("Sheet1", [][]any{{"id", "n"}, {"a", 1}, {"b", 2}, {"c", 3}})
	code, answer := sheetBatch(t, s, sheetChartOf(`"chartId":5,`, "1", "4"),
		`{"createDeveloperMetadata":{"developerMetadata":{"metadataId":2,"metadataKey":"k","visibility":"DOCUMENT","location":{"sheetId":0}}}}`)
	sheetWant(t, http.StatusOK, code, answer)
	s.Protect("Sheet1", "B:B", "n")
	s.Name("numbers", "Sheet1", "B2:B4")
	s.DuplicateTab("Sheet1")
	s.DuplicateTab("Sheet1")
	s.InsertRows("Sheet1", 1, 1)
	if diff := cmp.Diff([]string{"Sheet1", "Copy of Sheet1 1", "Copy of Sheet1"}, s.Titles()); diff != "" {
		t.Errorf("tabs (-want +got):\n%s", diff)
	}
	names := []string{"numbers=Sheet1!B3:B5", "'Copy of Sheet1'!numbers='Copy of Sheet1'!B2:B4", "'Copy of Sheet1 1'!numbers='Copy of Sheet1 1'!B2:B4"}
	if diff := cmp.Diff(names, s.Names()); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	s.DeleteRows("Copy of Sheet1 1", 2, 3)
	if diff := cmp.Diff(names[:2], s.Names()); diff != "" {
		t.Errorf("names after the cells of one are deleted (-want +got):\n%s", diff)
	}
	if got := s.Metadata(); len(got) != 1 {
		t.Errorf("metadata %v, want one entry", got) // F43
	}
	_, answer = sheetCall(t, s, http.MethodGet, "?ranges=Copy%20of%20Sheet1&fields=sheets(properties.sheetId,charts(chartId,spec.basicChart.domains),protectedRanges(range.sheetId))", "")
	sheet := answer["sheets"].([]any)[0].(map[string]any)
	id := sheet["properties"].(map[string]any)["sheetId"]
	text := strings.ReplaceAll(sheetText(t, sheet["charts"]), sheetText(t, id), "ID")
	if !strings.Contains(text, `"endRowIndex":4,"sheetId":ID`) || strings.Contains(text, `"chartId":5`) {
		t.Errorf("the copied chart should have an id of its own and draw its own tab: %s", text)
	}
	if diff := cmp.Diff([]any{map[string]any{"range": map[string]any{"sheetId": id}}}, sheet["protectedRanges"]); diff != "" {
		t.Errorf("protection (-want +got):\n%s", diff)
	}
	s.DeleteChart("Sheet1", "open")
	if len(s.Charts("Sheet1")) != 0 || len(s.Charts("Copy of Sheet1")) != 1 {
		t.Errorf("charts: %v and %v", s.Charts("Sheet1"), s.Charts("Copy of Sheet1"))
	}
}

func TestSheetsHiddenTabsAndLinesAreServed(t *testing.T) {
	t.Parallel()
	s := fake.NewSheets(t)
	code, answer := sheetBatch(t, s, sheetHiddenTab)
	sheetWant(t, http.StatusOK, code, answer)
	s.Type("J", "A2", "found it")
	s.HideRows("J", 2, 1)
	s.HideColumns("J", "A", 1)
	s.FilterView("J", "mine", "A", "nothing")
	s.InsertRows("J", 1, 1)
	_, answer = sheetCall(t, s, http.MethodGet, "?ranges=J!A1:A3&fields=sheets(properties.hidden,filterViews.title,data(rowMetadata.hiddenByUser,rowData.values.formattedValue))", "")
	want := []any{map[string]any{
		"properties":  map[string]any{"hidden": true},
		"filterViews": []any{map[string]any{"title": "mine"}},
		"data": []any{map[string]any{
			"rowData":     []any{map[string]any{}, map[string]any{}, map[string]any{"values": []any{map[string]any{"formattedValue": "found it"}}}},
			"rowMetadata": []any{map[string]any{"hiddenByUser": false}, map[string]any{"hiddenByUser": false}, map[string]any{"hiddenByUser": true}},
		}},
	}}
	if diff := cmp.Diff(want, answer["sheets"]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !s.Hidden("J") {
		t.Error("J is not hidden")
	}
	s.ShowTab("J")
	s.RenameTab("J", "K")
	s.DeleteTab("K")
	if diff := cmp.Diff([]string{"Sheet1"}, s.Titles()); diff != "" {
		t.Errorf("tabs (-want +got):\n%s", diff)
	}
}

func TestSheetsPasteMaySkipWhatAFilterHides(t *testing.T) {
	t.Parallel()
	for _, skips := range []bool{false, true} {
		s := fake.NewSheets(t)
		if skips {
			s.PasteSkipsFiltered()
		}
		s.Seed("Sheet1", [][]any{{"id"}, {"a"}, {"b"}, {"c"}})
		s.Filter("Sheet1", "A", "a", "c")
		code, answer := sheetBatch(t, s, sheetHiddenTab, sheetCopyPaste("PASTE_VALUES", sheetRange(0, 1, 4, 0, 1), sheetRange(7, 0, 3, 0, 1)))
		sheetWant(t, http.StatusOK, code, answer)
		want := "a\nb\nc\n"
		if skips {
			want = "a\nc\n"
		}
		if got := s.Render("J"); got != want {
			t.Errorf("skips %v: %q", skips, got)
		}
	}
}

func TestSheetsModelShowsEveryChange(t *testing.T) {
	t.Parallel()
	s := fake.NewSheets(t)
	s.Seed("T", [][]any{{"id", sheetFormulaOf("=1", 1.0)}, {"a"}})
	before := s.Model()
	s.Put("T", "B1", sheetFormulaOf("=1", 2.0)) // shows something else, is the same
	if diff := cmp.Diff(before, s.Model()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	s.Put("T", "A2", "b")
	s.Put("T", "C9", true)
	s.Put("T", "B1", 1)
	s.Note("T", "A1", "note")
	s.DeleteTab("Sheet1")
	want := []string{"Sheet1", "T!A1 note", "T!A2", "T!B1", "T!C9"}
	if diff := cmp.Diff(want, before.Changes(s.Model())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A person's edit in the gap between the arrival of a request and its effect: the request
// names positions of the sheet as it was (F44, F45).
func TestSheetsPeopleEditInsideTheGap(t *testing.T) {
	t.Parallel()
	s := fake.NewSheets(t)
	s.Seed("Sheet1", [][]any{{"id"}, {"a"}, {"b"}})
	s.OnBefore(func(c fake.SheetsCall) {
		if strings.Contains(c.Body, "deleteDimension") {
			s.InsertRows("Sheet1", 2, 1)
		}
	})
	code, answer := sheetBatch(t, s, sheetDelete(0, "ROWS", 2, 3)) // meant for b
	sheetWant(t, http.StatusOK, code, answer)
	if diff := cmp.Diff([][]any{{"id"}, {}, {"b"}}, s.Rows("Sheet1")); diff != "" {
		t.Errorf("it hits a (-want +got):\n%s", diff)
	}
}
