package sheet_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"pi-manager/internal/ecm"
	"pi-manager/internal/fake"
	"pi-manager/internal/ledger"
	"pi-manager/internal/ledger/ledgertest"
	"pi-manager/internal/ledger/sheet"
)

// golden compares text with a file; UPDATE_GOLDEN=1 writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// The first commit into an empty spreadsheet makes all tabs, in the same write.
func TestFirstUse(t *testing.T) {
	t.Parallel()
	s := serve(t)
	c := ledgertest.Commit(0, "2026-02-17T12:00", ledgertest.Row("AE136JLXUG00", "ana@example.com"), ledgertest.Row("0012345", "bo@example.com"))
	c.Rows[1].Send.Amount = decimal.RequireFromString("98765432109876543.21") // more digits than a double has
	c.Rows[1].Notes = "=HYPERLINK(\"http://example.com\")"
	l := open(t, s)
	if err := l.Commit(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if s.Reads() != 1 || s.Writes() != 1 {
		t.Errorf("%d reads and %d writes, want one of each", s.Reads(), s.Writes())
	}
	var text strings.Builder
	for _, tab := range s.Titles() {
		fmt.Fprintf(&text, "== %s\n%s\n", tab, s.Looks(tab))
	}
	text.WriteString(s.Render("Assignments"))
	golden(t, "first_use.txt", text.String())
	for _, c := range open(t, s).Check(t.Context()) {
		if !c.OK && c.Name != "sheet: agents" {
			t.Errorf("check after the first use: %+v", c)
		}
	}
}

// People's tabs keep their looks; only our two headers are added, right of everything.
func TestColumnsOfOursAreAddedAtTheRight(t *testing.T) {
	t.Parallel()
	s := peopled(t)
	s.Put("Assignments", "S3", "a second table at the right")
	looks := s.Looks("Agents")
	if err := run(t.Context(), open(t, s), "first", "NEW1"); err != nil {
		t.Fatal(err)
	}
	if at, id := s.Cell("Assignments", "T1"), s.Cell("Assignments", "U1"); at != "Resolved At" || id != "Run ID" {
		t.Errorf("T1 is %v and U1 is %v", at, id)
	}
	if got := s.Cell("Assignments", "U5"); got != "triage/first" {
		t.Errorf("U5 is %v, want the run of the new row", got)
	}
	if s.Looks("Agents") != looks {
		t.Errorf("the looks of Agents changed:\n%s", s.Looks("Agents"))
	}
	if got := s.Cell("Assignments", "S3"); got != "a second table at the right" {
		t.Errorf("S3 is %v", got)
	}
}

func TestColumnsAreAddedToANarrowGrid(t *testing.T) {
	t.Parallel()
	s := peopled(t)
	for range 15 {
		s.DeleteColumn("Assignments", "L") // the grid ends with the people's last column
	}
	if err := run(t.Context(), open(t, s), "first", "NEW1"); err != nil {
		t.Fatal(err)
	}
	checkCell(t, s, "M5", "triage/first")
	s.Seed("Agents", nil)
	if err := run(t.Context(), open(t, s), "second", "NEW2"); err != nil {
		t.Fatal(err)
	}
	if got := s.Render("Agents"); got != "Email | Name | Team | Slack Handle | Active | Max Tickets\n" {
		t.Errorf("a blank tab gets its headers: %q", got)
	}
}

func checkCell(t *testing.T, s *fake.Sheets, cell string, want any) {
	t.Helper()
	if got := s.Cell("Assignments", cell); got != want {
		t.Errorf("%s is %v, want %v", cell, got, want)
	}
}

// F31, F36: what a clean run costs does not depend on how many orders there are.
func TestACleanRunCostsTwoReadsAndTwoWrites(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2_000} {
		s := peopled(t)
		if err := run(t.Context(), open(t, s), "first"); err != nil {
			t.Fatal(err)
		}
		s.Forget()
		ids := make([]string, n)
		for i := range ids {
			ids[i] = fmt.Sprintf("AE%06d", i)
		}
		if err := run(t.Context(), open(t, s), "second", ids...); err != nil {
			t.Fatal(err)
		}
		var methods []string
		for _, c := range s.Calls() {
			methods = append(methods, c.Method)
		}
		want := []string{"spreadsheets.get", "spreadsheets.values.batchGet", "spreadsheets.batchUpdate", "spreadsheets.batchUpdate"}
		if diff := cmp.Diff(want, methods); diff != "" {
			t.Errorf("%d orders: calls (-want +got):\n%s", n, diff)
		}
		if got := len(s.Rows("Assignments")); got != n+4 {
			t.Errorf("%d rows, want %d", got, n+4)
		}
	}
}

// F52, F62: nothing that we send is a formula, and no cell that is not ours is sent with a value.
func TestWhatIsSent(t *testing.T) {
	t.Parallel()
	s := peopled(t)
	l := open(t, s)
	if _, err := l.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	payloads := []string{"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", `=IMPORTXML("http://evil.example/","//a")`, "'=1", "=HYPERLINK(1)", "a\nb", "TRUE", "1E5"}
	var rows []ecm.Assignment
	for i, p := range payloads {
		a := ledgertest.Row(fmt.Sprint(p, i), p)
		a.Diagnosis, a.Notes = p, p
		rows = append(rows, a)
	}
	if err := l.Commit(t.Context(), ledgertest.Commit(0, "slot", rows...)); err != nil {
		t.Fatal(err)
	}
	got := records(s, "Assignments", "Order ID")[3:]
	for i, p := range payloads {
		if r := got[i]; r["order id"] != fmt.Sprint(p, i) || r["assigned agent"] != p || r["diagnosis"] != p || r["notes"] != p || r["manager"] != nil {
			t.Errorf("%q came in as %v", p, r)
		}
	}
	for _, c := range s.Calls() {
		if strings.Contains(c.Body, `"stringValue":""`) || strings.Contains(c.Body, "formulaValue") {
			t.Errorf("an empty text or a formula was sent: %.200s", c.Body)
		}
	}
}

// F58: text that no cell holds is cut, and the cut is marked.
func TestLongTextIsCut(t *testing.T) {
	t.Parallel()
	s := peopled(t)
	l := open(t, s)
	a := ledgertest.Row("A1", "ana@example.com")
	a.Notes = strings.Repeat("é", 60_000)
	if err := l.Commit(t.Context(), ledgertest.Commit(0, "slot", a)); err != nil {
		t.Fatal(err)
	}
	notes := read(t, s).Assignments[2].Notes
	if want := strings.Repeat("é", 49_999) + "…"; notes != want {
		t.Errorf("notes of %d characters, want 50,000 with a mark", len([]rune(notes)))
	}
}

// The metadata of old generations makes room, and the newest is always there: Google
// allows 30,000 characters a spreadsheet.
func TestOldGenerationsMakeRoom(t *testing.T) {
	t.Parallel()
	s := serve(t)
	l := open(t, s)
	const commits = 40
	for i := range commits {
		slot := fmt.Sprintf("%s by hand, number %04d", strings.Repeat("x", 300), i)
		if err := l.Commit(t.Context(), ledgertest.Commit(int64(i), slot)); err != nil {
			t.Fatalf("commit %d: %v", i, err)
		}
	}
	entries := s.Metadata()
	characters := 0
	for i, e := range entries {
		characters += len(e.Key) + len(e.Value)
		if want := commits - len(entries) + i + 1; e.ID != want {
			t.Fatalf("entry %d has id %d, want %d", i, e.ID, want)
		}
	}
	if characters > 20_000 || len(entries) < 20 {
		t.Errorf("%d entries with %d characters", len(entries), characters)
	}
	hash, err := l.Committed(t.Context(), commits)
	if err != nil || !strings.Contains(hash, "number 0039") {
		t.Errorf("the newest: %q, %v", hash, err)
	}
	if hash, err := l.Committed(t.Context(), 1); err != nil || hash != "" {
		t.Errorf("the oldest: %q, %v", hash, err)
	}
}

// F97: an old program keeps its hands off a sheet that a newer one wrote to.
func TestANewerProgramWroteHere(t *testing.T) {
	t.Parallel()
	s := serve(t)
	createMetadata(t, s, 5, "pi-manager.generation", `{"v":3,"run":"triage/x","hash":"h"}`)
	_, err := open(t, s).Read(t.Context())
	if ecm.ClassOf(err) != ecm.Permanent || !strings.Contains(err.Error(), "newer pi-manager") {
		t.Errorf("%v", err)
	}
}

// Metadata of other programs is nobody's generation, and damaged metadata of ours still counts.
func TestForeignMetadata(t *testing.T) {
	t.Parallel()
	s := peopled(t)
	createMetadata(t, s, 77, "someone.else", `{"v":9}`)
	createMetadata(t, s, 3, "pi-manager.generation", `not JSON`)
	if got := read(t, s).Generation; got != 3 {
		t.Errorf("generation %d, want 3", got)
	}
	if err := run(t.Context(), open(t, s), "slot", "A1"); err != nil {
		t.Errorf("a run: %v", err)
	}
	if got := read(t, s).Generation; got != 4 {
		t.Errorf("generation %d after the run, want 4", got)
	}
}

func createMetadata(t *testing.T, s *fake.Sheets, id int, key, value string) {
	t.Helper()
	body := fmt.Sprintf(`{"requests":[{"createDeveloperMetadata":{"developerMetadata":{"metadataId":%d,"metadataKey":%q,"metadataValue":%q,`+
		`"visibility":"DOCUMENT","location":{"spreadsheet":true}}}}]}`, id, key, value)
	answer, err := s.Client().Post(s.URL+"v4/spreadsheets/"+s.ID+":batchUpdate", "application/json", strings.NewReader(body))
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("create metadata: %v %v", answer, err)
	}
	_ = answer.Body.Close()
}

// Two processes that set up an empty spreadsheet at once: one does, the other reads again.
func TestTwoFirstUsesAtOnce(t *testing.T) {
	t.Parallel()
	s := serve(t)
	first, second := open(t, s), open(t, s)
	for _, l := range []*sheet.Ledger{first, second} {
		if _, err := l.Read(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := run(t.Context(), first, "one", "A1"); err != nil {
		t.Fatal(err)
	}
	if err := second.Commit(t.Context(), ledgertest.Commit(0, "two", ledgertest.Row("A1", "x@example.com"))); !errors.Is(err, ledger.ErrConflict) {
		t.Errorf("the second: %v, want a conflict", err)
	}
	if err := run(t.Context(), second, "two", "A1", "A2"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]any{"A1", "A2"}, s.Column("Assignments", "Order ID")); diff != "" {
		t.Errorf("orders (-want +got):\n%s", diff)
	}
}

func TestCheckNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil        func(*fake.Sheets)
		line, detail string
		mend         string
	}{
		"not shared":  {func(s *fake.Sheets) { s.Unshare() }, "sheet: open", "403", "share the sheet with pi-manager@test-project.iam.gserviceaccount.com"},
		"read only":   {readOnly, "sheet: write", "403", "as an editor"},
		"protected":   {func(s *fake.Sheets) { s.Protect("Assignments", "D:D", "leads") }, "sheet: protection", "columns D to D", "Data, Protected sheets"},
		"column gone": {func(s *fake.Sheets) { s.Put("Assignments", "A1", "Nr") }, "sheet: tabs", `column "Order ID" is missing`, ""},
		"no agents":   {func(s *fake.Sheets) { s.Seed("Agents", nil) }, "sheet: agents", "0 in the tab Agents", "write agents"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := peopled(t)
			c.spoil(s)
			var bad []ecm.Check
			for _, check := range signedIn(t, s).Check(t.Context()) {
				if !check.OK {
					bad = append(bad, check)
				}
			}
			if len(bad) != 1 || bad[0].Name != c.line || !strings.Contains(bad[0].Detail, c.detail) || !strings.Contains(bad[0].Mend, c.mend) {
				t.Errorf("failed checks: %+v", bad)
			}
		})
	}
}

// readOnly is a sheet that is shared for reading alone.
func readOnly(s *fake.Sheets) {
	s.Trouble(fake.SheetsTrouble{On: func(c fake.SheetsCall) bool { return c.Write }, Status: 403, Last: -1})
}

// F98: no error and no print of the settings repeats the key.
func TestTheKeyIsASecret(t *testing.T) {
	t.Parallel()
	const canary = "CANARY-f00dfeed"
	for _, key := range []string{
		canary, `{"type":"` + canary + `"}`, `{"type":"service_account","private_key":"` + canary + `"}`,
		`{"type":"service_account","client_email":"a@b.c","private_key":"` + canary + `"}`,
	} {
		settings := sheet.Settings{SpreadsheetID: "x", Endpoint: "http://127.0.0.1:1/", Account: ecm.NewSecret(key)}
		l, err := sheet.Open(context.WithoutCancel(t.Context()), settings)
		said := fmt.Sprintf("%v %+v %#v %v", settings, settings, settings, err)
		if err == nil {
			_, err = l.Read(t.Context())
			said += fmt.Sprint(err)
		}
		if err == nil || ecm.ClassOf(err) != ecm.Permanent {
			t.Errorf("a wrong key: %v, want a permanent failure", err)
		}
		if strings.Contains(said, canary) {
			t.Errorf("the key is told: %s", said)
		}
	}
	for _, id := range []string{"", "https://docs.google.com/spreadsheets/d/1AbC/edit"} {
		if _, err := sheet.Open(t.Context(), sheet.Settings{SpreadsheetID: id}); err == nil || !strings.Contains(err.Error(), "between /d/ and /edit") {
			t.Errorf("spreadsheet id %q: %v", id, err)
		}
	}
}
