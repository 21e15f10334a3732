package fake_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"
	"google.golang.org/api/sheets/v4"

	"pi-manager/internal/fake"
)

// sheetService is Google's own client, signed in with a key file.
func sheetService(t *testing.T, s *fake.Sheets) *sheets.Service {
	t.Helper()
	service, err := sheets.NewService(context.WithoutCancel(t.Context()), option.WithEndpoint(s.URL),
		option.WithAuthCredentialsJSON(option.ServiceAccount, []byte(s.Key())), option.WithScopes(sheets.SpreadsheetsScope))
	if err != nil {
		t.Fatalf("sign in: %v", err)
	}
	return service
}

func TestSheetsSpeaksToGooglesOwnClient(t *testing.T) {
	t.Parallel()
	s := fake.NewSheets(t)
	service := sheetService(t, s)
	answer, err := service.Spreadsheets.BatchUpdate(s.ID, &sheets.BatchUpdateSpreadsheetRequest{Requests: []*sheets.Request{
		{AddSheet: &sheets.AddSheetRequest{Properties: &sheets.SheetProperties{SheetId: 12, Title: "Runs"}}},
		{CreateDeveloperMetadata: &sheets.CreateDeveloperMetadataRequest{DeveloperMetadata: &sheets.DeveloperMetadata{
			MetadataId: 1, MetadataKey: "generation", MetadataValue: "v", Visibility: "DOCUMENT",
			Location: &sheets.DeveloperMetadataLocation{Spreadsheet: true},
		}}},
		{AppendCells: &sheets.AppendCellsRequest{SheetId: 12, Fields: "userEnteredValue", Rows: []*sheets.RowData{{Values: []*sheets.CellData{
			{UserEnteredValue: &sheets.ExtendedValue{StringValue: new("0012345")}},
			{},
			{UserEnteredValue: &sheets.ExtendedValue{NumberValue: new(0.0)}},
		}}}}},
	}}).Do()
	if err != nil {
		t.Fatalf("batch: %v", err)
	}
	if got := answer.Replies[0].AddSheet.Properties.Title; got != "Runs" {
		t.Errorf("reply names the tab %q", got)
	}
	book, err := service.Spreadsheets.Get(s.ID).Fields("sheets.properties(sheetId,title)", "developerMetadata").Do()
	if err != nil {
		t.Fatalf("get: %v", err)
	}
	if len(book.Sheets) != 2 || book.Sheets[1].Properties.SheetId != 12 || book.DeveloperMetadata[0].MetadataId != 1 {
		t.Errorf("get answers %+v", book)
	}
	values, err := service.Spreadsheets.Values.BatchGet(s.ID).Ranges("Runs").ValueRenderOption("UNFORMATTED_VALUE").Do()
	if err != nil {
		t.Fatalf("batchGet: %v", err)
	}
	if diff := cmp.Diff([][]any{{"0012345", "", 0.0}}, values.ValueRanges[0].Values); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
	sheetSound(t, s)
	tokens := slices.DeleteFunc(s.Calls(), func(c fake.SheetsCall) bool { return c.Method != "token" })
	if len(tokens) != 1 {
		t.Errorf("%d token calls, want one", len(tokens))
	}
}

// F36: Google's client sends each request once, whatever comes back.
func TestSheetsClientDoesNotRetry(t *testing.T) {
	t.Parallel()
	s := fake.NewSheets(t)
	service := sheetService(t, s)
	for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
		s.Trouble(fake.SheetsTrouble{On: fake.OnMethod("spreadsheets.get"), Status: status, RetryAfter: "1", Last: 5})
		s.Forget()
		_, err := service.Spreadsheets.Get(s.ID).Do()
		refusal, ok := errors.AsType[*googleapi.Error](err)
		if !ok || refusal.Code != status || refusal.Header.Get("Retry-After") != "1" {
			t.Errorf("error %v, want status %d with its Retry-After", err, status)
		}
		if s.Reads() != 1 {
			t.Errorf("%d requests for status %d, want one", s.Reads(), status)
		}
		s.Calm()
	}
}

// F37, F101: without a token server nothing opens, and more than the one scope is not asked for.
func TestSheetsSigningIn(t *testing.T) {
	t.Parallel()
	mine, other := fake.NewSheets(t), fake.NewSheets(t)
	mine.Trouble(fake.SheetsTrouble{On: fake.OnMethod("token"), Status: http.StatusInternalServerError, Last: -1})
	if _, err := sheetService(t, mine).Spreadsheets.Get(mine.ID).Do(); err == nil {
		t.Error("a dead token server gave a token")
	}
	service, err := sheets.NewService(t.Context(), option.WithEndpoint(other.URL),
		option.WithAuthCredentialsJSON(option.ServiceAccount, []byte(other.Key())))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := service.Spreadsheets.Get(other.ID).Do(); err != nil {
		t.Errorf("get: %v", err)
	}
	if len(other.Offences()) == 0 {
		t.Error("asking for more than one scope went unnoticed")
	}
}
