package fake_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pi-manager/internal/fake"
)

// sheetCall sends one request as a client would, and gives the status and the decoded answer.
func sheetCall(t *testing.T, s *fake.Sheets, verb, path, body string) (int, map[string]any) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), verb, s.URL+"v4/spreadsheets/"+s.ID+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := s.Client().Do(r)
	if err != nil {
		t.Fatalf("%s %s: %v", verb, path, err)
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatalf("%s %s: read the answer: %v", verb, path, err)
	}
	var out map[string]any
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatalf("%s %s: answer %q: %v", verb, path, raw, err)
	}
	return answer.StatusCode, out
}

// sheetBatch sends a batchUpdate of these sub-requests.
func sheetBatch(t *testing.T, s *fake.Sheets, requests ...string) (int, map[string]any) {
	t.Helper()
	return sheetCall(t, s, http.MethodPost, ":batchUpdate", `{"requests":[`+strings.Join(requests, ",")+`]}`)
}

func sheetWant(t *testing.T, wantCode, code int, answer map[string]any) {
	t.Helper()
	if code != wantCode {
		t.Errorf("status %d, want %d: %v", code, wantCode, answer)
	}
}

func sheetMessage(answer map[string]any) string {
	failure, _ := answer["error"].(map[string]any)
	text, _ := failure["message"].(string)
	return text
}

func sheetText(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func sheetSound(t *testing.T, s *fake.Sheets) {
	t.Helper()
	if offences := s.Offences(); len(offences) > 0 {
		t.Errorf("offences: %s", strings.Join(offences, "\n"))
	}
}

// sheetAppend is the appendCells of one row of text into tab 0.
func sheetAppend(cells ...string) string {
	values := make([]string, len(cells))
	for i, c := range cells {
		text, _ := json.Marshal(c)
		values[i] = `{"userEnteredValue":{"stringValue":` + string(text) + `}}`
	}
	return `{"appendCells":{"sheetId":0,"fields":"userEnteredValue","rows":[{"values":[` + strings.Join(values, ",") + `]}]}}`
}

func sheetCreate(id int, value string) string {
	return fmt.Sprintf(`{"createDeveloperMetadata":{"developerMetadata":{"metadataId":%d,"metadataKey":"k","metadataValue":%q,`+
		`"visibility":"DOCUMENT","location":{"spreadsheet":true}}}}`, id, value)
}

func TestSheetsRefusesWhatGoogleDoesNotKnow(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ verb, path, body string }{
		"unknown method":             {http.MethodGet, "/charts", ""},
		"wrong verb":                 {http.MethodPut, ":batchUpdate", "{}"},
		"unknown query parameter":    {http.MethodGet, "?range=A1", ""},
		"query enum":                 {http.MethodGet, "/values:batchGet?ranges=A1&majorDimension=DIAGONAL", ""},
		"query boolean":              {http.MethodGet, "?includeGridData=yes", ""},
		"parameter twice":            {http.MethodGet, "?fields=sheets&fields=properties", ""},
		"mask with an unknown field": {http.MethodGet, "?fields=sheets(tabs)", ""},
		"unknown sub-request":        {http.MethodPost, ":batchUpdate", `{"requests":[{"appendRows":{}}]}`},
		"unknown field":              {http.MethodPost, ":batchUpdate", `{"requests":[{"appendCells":{"sheet":1}}]}`},
		"text for a number":          {http.MethodPost, ":batchUpdate", `{"requests":[{"appendCells":{"sheetId":"1"}}]}`},
		"fraction for an integer":    {http.MethodPost, ":batchUpdate", `{"requests":[{"appendCells":{"sheetId":1.5}}]}`},
		"beyond int32":               {http.MethodPost, ":batchUpdate", `{"requests":[{"appendCells":{"sheetId":2147483648}}]}`},
		"unknown enum value":         {http.MethodPost, ":batchUpdate", `{"requests":[{"appendDimension":{"dimension":"LINES"}}]}`},
		"two members of a union": {http.MethodPost, ":batchUpdate",
			`{"requests":[{"appendCells":{"rows":[{"values":[{"userEnteredValue":{"stringValue":"a","numberValue":1}}]}]}}]}`},
		"two requests in one": {http.MethodPost, ":batchUpdate", `{"requests":[{"appendCells":{},"addSheet":{}}]}`},
		"null in a list":      {http.MethodPost, ":batchUpdate", `{"requests":[null]}`},
		"not JSON":            {http.MethodPost, ":batchUpdate", `{"requests":[`},
		"more than one value": {http.MethodPost, ":batchUpdate", `{} {}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := fake.NewSheets(t)
			code, answer := sheetCall(t, s, c.verb, c.path, c.body)
			if code < 400 || sheetMessage(answer) == "" {
				t.Errorf("status %d: %v, want a refusal in Google's shape", code, answer)
			}
			if len(s.Offences()) != 1 {
				t.Errorf("offences: %q, want one", s.Offences())
			}
		})
	}
}

func TestSheetsBatchIsAllOrNothing(t *testing.T) {
	t.Parallel()
	// F35: one bad sub-request voids the whole batch; the broken fake proves that the test would notice.
	for _, broken := range []bool{false, true} {
		s := fake.NewSheets(t)
		if broken {
			s.Break(fake.SheetsAtomicBatch)
		}
		code, answer := sheetBatch(t, s, sheetAppend("a"), `{"appendCells":{"sheetId":99,"fields":"*"}}`)
		sheetWant(t, http.StatusBadRequest, code, answer)
		if !strings.HasPrefix(sheetMessage(answer), "Invalid requests[1].appendCells:") {
			t.Errorf("message %q does not say which sub-request", sheetMessage(answer))
		}
		if got := len(s.Rows("Sheet1")) > 0; got != broken {
			t.Errorf("broken %v: rows written %v", broken, got)
		}
	}
}

func TestSheetsMetadataIDIsWonOnce(t *testing.T) {
	t.Parallel()
	s := fake.NewSheets(t)
	var wg sync.WaitGroup
	codes := make([]int, 8)
	for i := range codes {
		wg.Go(func() { codes[i], _ = sheetBatch(t, s, sheetCreate(7, fmt.Sprint(i)), sheetAppend(fmt.Sprint(i))) })
	}
	wg.Wait()
	won := 0
	for _, code := range codes {
		if code == http.StatusOK {
			won++
		} else if code != http.StatusBadRequest {
			t.Errorf("a loser's status is %d", code)
		}
	}
	// F61: whatever the order, one id, one row.
	if won != 1 || len(s.Metadata()) != 1 || len(s.Rows("Sheet1")) != 1 {
		t.Errorf("%d won, %d entries, %d rows; want one of each", won, len(s.Metadata()), len(s.Rows("Sheet1")))
	}
	for _, id := range []int{0, -1} {
		if code, answer := sheetBatch(t, s, sheetCreate(id, "")); code != http.StatusBadRequest {
			t.Errorf("id %d: %d %v", id, code, answer)
		}
	}
	s.Break(fake.SheetsUniqueMetadataID)
	if code, answer := sheetBatch(t, s, sheetCreate(7, "again")); code != http.StatusOK {
		t.Errorf("the broken fake still refuses: %v", answer)
	}
}

func TestSheetsMetadataHasRoomFor30000Characters(t *testing.T) {
	t.Parallel()
	s := fake.NewSheets(t)
	code, answer := sheetBatch(t, s, sheetCreate(1, strings.Repeat("x", 29_998)))
	sheetWant(t, http.StatusOK, code, answer)
	code, answer = sheetBatch(t, s, sheetCreate(2, ""))
	sheetWant(t, http.StatusOK, code, answer)
	code, answer = sheetBatch(t, s, sheetCreate(3, ""))
	sheetWant(t, http.StatusBadRequest, code, answer)
	code, answer = sheetBatch(t, s,
		`{"deleteDeveloperMetadata":{"dataFilter":{"developerMetadataLookup":{"metadataId":1}}}}`, sheetCreate(3, ""))
	sheetWant(t, http.StatusOK, code, answer)
	code, answer = sheetCall(t, s, http.MethodPost, "/developerMetadata:search",
		`{"dataFilters":[{"developerMetadataLookup":{"metadataKey":"k","locationType":"SPREADSHEET"}}]}`)
	sheetWant(t, http.StatusOK, code, answer)
	if found := answer["matchedDeveloperMetadata"].([]any); len(found) != 2 {
		t.Errorf("found %v, want entries 2 and 3", found)
	}
	sheetSound(t, s)
}

func TestSheetsAppendCellsGoesBelowTheLastValueOfAnyColumn(t *testing.T) {
	t.Parallel()
	s := fake.NewSheets(t)
	s.Seed("Sheet1", [][]any{{"id", "who"}, {"a"}, nil, nil, {nil, nil, nil, nil, nil, "a note at the side"}})
	s.Filter("Sheet1", "A", "nothing matches") // F46: a filter does not disturb it
	code, answer := sheetBatch(t, s, sheetAppend("b"), sheetAppend("c"))
	sheetWant(t, http.StatusOK, code, answer)
	if b, c := s.Cell("Sheet1", "A6"), s.Cell("Sheet1", "A7"); b != "b" || c != "c" { // F47
		t.Errorf("A6 is %v and A7 is %v, want b and c below the note", b, c)
	}
	s.Put("Sheet1", "Z1000", false) // F48: a checkbox far down
	code, answer = sheetBatch(t, s, sheetAppend("d"))
	sheetWant(t, http.StatusOK, code, answer)
	if got := s.Cell("Sheet1", "A1001"); got != "d" {
		t.Errorf("A1001 is %v: the grid did not grow", got)
	}
	wide := make([]string, 27)
	code, answer = sheetBatch(t, s, sheetAppend(wide...))
	sheetWant(t, http.StatusBadRequest, code, answer)
	sheetSound(t, s)
}

func TestSheetsValuesAppendMisbehaves(t *testing.T) {
	t.Parallel()
	s := fake.NewSheets(t)
	s.Seed("Sheet1", [][]any{{"id"}, {"a"}, nil, {"c"}})
	path := "/values/Sheet1!A1:append?valueInputOption=RAW"
	code, answer := sheetCall(t, s, http.MethodPost, path, `{"values":[["x"],["y"]]}`)
	sheetWant(t, http.StatusOK, code, answer)
	if diff := cmp.Diff([][]any{{"id"}, {"a"}, {"x"}, {"y"}}, s.Rows("Sheet1")); diff != "" {
		t.Errorf("it should overwrite c (-want +got):\n%s", diff)
	}
	s.Filter("Sheet1", "A", "a")
	code, answer = sheetCall(t, s, http.MethodPost, path, `{"values":[["z"]]}`)
	sheetWant(t, http.StatusOK, code, answer)
	if got := len(s.Rows("Sheet1")); got != 4 {
		t.Errorf("%d rows, want 4: with a filter it writes nothing", got)
	}
	if len(s.Offences()) != 2 {
		t.Errorf("offences: %q, want two", s.Offences())
	}
}

func TestSheetsCellLimits(t *testing.T) {
	t.Parallel()
	s := fake.NewSheets(t)
	code, answer := sheetBatch(t, s, sheetAppend(strings.Repeat("é", 50_000)))
	sheetWant(t, http.StatusOK, code, answer)
	code, answer = sheetBatch(t, s, sheetAppend(strings.Repeat("x", 50_001))) // F58
	sheetWant(t, http.StatusBadRequest, code, answer)
	s.CellLimit(26_000)
	s.Put("Sheet1", "A1000", "full")
	code, answer = sheetBatch(t, s, sheetAppend("one more row"))
	sheetWant(t, http.StatusBadRequest, code, answer)
	code, answer = sheetBatch(t, s, `{"addSheet":{"properties":{"title":"More"}}}`)
	sheetWant(t, http.StatusBadRequest, code, answer)
}

func TestSheetsProtectionAndValidation(t *testing.T) {
	t.Parallel()
	s := fake.NewSheets(t)
	s.Protect("Sheet1", "B:B", "managers only")
	s.ProtectGently("Sheet1", "C:C", true)
	code, answer := sheetBatch(t, s, sheetAppend("a"))
	sheetWant(t, http.StatusOK, code, answer)
	for _, want := range []int{http.StatusBadRequest, http.StatusForbidden} { // F39
		s.ProtectedAnswers(want)
		code, answer = sheetBatch(t, s, sheetAppend("a", "b"))
		sheetWant(t, want, code, answer)
	}
	_, answer = sheetCall(t, s, http.MethodGet, "?fields=sheets.protectedRanges(requestingUserCanEdit,description)", "")
	want := map[string]any{"sheets": []any{map[string]any{"protectedRanges": []any{
		map[string]any{"description": "managers only"}, map[string]any{"requestingUserCanEdit": true},
	}}}}
	if diff := cmp.Diff(want, answer); diff != "" {
		t.Errorf("protected ranges (-want +got):\n%s", diff)
	}
	s.Validate("Sheet1", "A", true, "OPEN", "RESOLVED") // F63
	code, answer = sheetBatch(t, s, sheetAppend("IN_PROGRESS"))
	sheetWant(t, http.StatusBadRequest, code, answer)
	code, answer = sheetBatch(t, s, sheetAppend("RESOLVED"))
	sheetWant(t, http.StatusOK, code, answer)
	sheetSound(t, s)
}

func TestSheetsTwoThatAddOneTab(t *testing.T) {
	t.Parallel()
	s := fake.NewSheets(t)
	code, answer := sheetBatch(t, s, `{"addSheet":{"properties":{"title":"Runs"}}}`)
	sheetWant(t, http.StatusOK, code, answer)
	code, answer = sheetBatch(t, s, `{"addSheet":{"properties":{"title":"RUNS"}}}`)
	sheetWant(t, http.StatusBadRequest, code, answer)
	if !strings.Contains(sheetMessage(answer), "already exists") {
		t.Errorf("message: %q", sheetMessage(answer))
	}
}

func TestSheetsUpdateCellsClearsWhatItDoesNotCover(t *testing.T) {
	t.Parallel()
	s := fake.NewSheets(t)
	s.Seed("Sheet1", [][]any{{"a", "b", "c"}, {"d", "e", "f"}})
	code, answer := sheetBatch(t, s, `{"updateCells":{"fields":"userEnteredValue",
		"range":{"sheetId":0,"startRowIndex":0,"endRowIndex":2,"startColumnIndex":0,"endColumnIndex":2},
		"rows":[{"values":[{"userEnteredValue":{"numberValue":1}}]}]}}`,
		`{"updateCells":{"fields":"userEnteredValue","start":{"sheetId":0,"rowIndex":1,"columnIndex":2},
		"rows":[{"values":[{"userEnteredValue":{"boolValue":true}}]}]}}`)
	sheetWant(t, http.StatusOK, code, answer)
	if diff := cmp.Diff([][]any{{1.0, nil, "c"}, {nil, nil, true}}, s.Rows("Sheet1")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	code, answer = sheetBatch(t, s, `{"updateCells":{"start":{"sheetId":0},"rows":[]}}`)
	sheetWant(t, http.StatusBadRequest, code, answer) // no field mask
}

func TestSheetsTroubles(t *testing.T) {
	t.Parallel()
	s := fake.NewSheets(t)
	for _, applied := range []bool{false, true} { // F32, F33
		s.Trouble(fake.SheetsTrouble{On: fake.OnMethod("spreadsheets.batchUpdate"), Applied: applied})
		code, answer := sheetBatch(t, s, sheetAppend(fmt.Sprint(applied)))
		sheetWant(t, http.StatusServiceUnavailable, code, answer)
	}
	s.Trouble(fake.SheetsTrouble{Skip: 1, Status: http.StatusTooManyRequests, RetryAfter: "7"})
	code, answer := sheetBatch(t, s, sheetAppend("skipped"))
	sheetWant(t, http.StatusOK, code, answer)
	code, answer = sheetBatch(t, s, sheetAppend("hit"))
	sheetWant(t, http.StatusTooManyRequests, code, answer)
	if diff := cmp.Diff([][]any{{"true"}, {"skipped"}}, s.Rows("Sheet1")); diff != "" {
		t.Errorf("only what was applied may be there (-want +got):\n%s", diff)
	}
}

func TestSheetsConnectionsThatDie(t *testing.T) {
	t.Parallel()
	s := fake.NewSheets(t)
	for name, trouble := range map[string]fake.SheetsTrouble{
		"cut":  {Cut: true, Applied: true},
		"half": {Half: true, Applied: true},
		"hang": {Hang: true, Applied: true},
	} {
		s.Trouble(trouble)
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+"v4/spreadsheets/"+s.ID+":batchUpdate",
			strings.NewReader(`{"requests":[`+sheetAppend(name)+`]}`))
		if err != nil {
			t.Fatal(err)
		}
		answer, err := s.Client().Do(r)
		if err == nil {
			_, err = io.ReadAll(answer.Body)
			_ = answer.Body.Close()
		}
		if err == nil {
			t.Errorf("%s: the answer came through", name)
		}
		cancel()
	}
	if got := len(s.Rows("Sheet1")); got != 3 {
		t.Errorf("%d rows, want 3: each request took effect before its answer was lost", got)
	}
}

func TestSheetsQuotaAndDoors(t *testing.T) {
	t.Parallel()
	s := fake.NewSheets(t)
	now := time.Date(2026, 2, 17, 3, 0, 0, 0, time.UTC)
	s.Clock(func() time.Time { return now })
	s.Quota(2, 1) // F31: reads and writes apart
	var codes []int
	for range 3 {
		code, _ := sheetCall(t, s, http.MethodGet, "?fields=sheets.properties", "")
		codes = append(codes, code)
	}
	for range 2 {
		code, _ := sheetBatch(t, s, sheetAppend("x"))
		codes = append(codes, code)
	}
	now = now.Add(time.Minute)
	code, _ := sheetBatch(t, s, sheetAppend("y"))
	if diff := cmp.Diff([]int{200, 200, 429, 200, 429, 200}, append(codes, code)); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
	if s.Reads() != 3 || s.Writes() != 3 {
		t.Errorf("%d reads and %d writes counted, want 3 and 3", s.Reads(), s.Writes())
	}
	s.Quota(0, 0)
	client := s.Client()
	s.Unshare()
	for url, want := range map[string]int{
		s.URL + "v4/spreadsheets/" + s.ID:   http.StatusForbidden, // F38
		s.URL + "v4/spreadsheets/another-1": http.StatusForbidden,
	} {
		answer, err := client.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("%s: %d, want %d", url, answer.StatusCode, want)
		}
	}
	s.RevokeTokens()
	answer, err := client.Get(s.URL + "v4/spreadsheets/" + s.ID)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusUnauthorized {
		t.Errorf("a revoked token: %d, want 401", answer.StatusCode)
	}
}

func TestSheetsHooksLetPeopleIn(t *testing.T) {
	t.Parallel()
	s := fake.NewSheets(t)
	s.OnBefore(func(c fake.SheetsCall) { s.Put("Sheet1", "A1", fmt.Sprint("before ", c.N, c.Requests)) })
	s.OnAfter(func(c fake.SheetsCall) { s.Put("Sheet1", "A3", "after "+c.Method) })
	code, answer := sheetBatch(t, s, sheetAppend("ours"))
	sheetWant(t, http.StatusOK, code, answer)
	want := [][]any{{"before 1 [appendCells]"}, {"ours"}, {"after spreadsheets.batchUpdate"}}
	if diff := cmp.Diff(want, s.Rows("Sheet1")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSheetsWantsAToken(t *testing.T) {
	t.Parallel()
	s := fake.NewSheets(t)
	answer, err := http.Get(s.URL + "v4/spreadsheets/" + s.ID)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusUnauthorized {
		t.Errorf("without a token: %d, want 401", answer.StatusCode)
	}
}
