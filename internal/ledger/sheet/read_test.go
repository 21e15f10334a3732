package sheet_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"pi-manager/internal/ecm"
	"pi-manager/internal/fake"
	"pi-manager/internal/ledger"
)

func read(t *testing.T, s *fake.Sheets) ledger.Snapshot {
	t.Helper()
	snapshot, err := open(t, s).Read(t.Context())
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	return snapshot
}

// F50, F53, F54: what cannot be read as an assignment is reported with its row and keeps its order.
func TestUnreadableRows(t *testing.T) {
	t.Parallel()
	broken := fake.SheetsFormula{Source: "=VLOOKUP(A9)", Shows: fake.SheetsError("#REF!")}
	sum := fake.SheetsFormula{Source: "=1+1", Shows: 2.0}
	s := serve(t)
	s.Seed("Assignments", [][]any{
		peoplesHeader(),
		peoplesRow("OK1", "open"),
		{"", "ana@example.com", "", "OPEN"},
		with(peoplesRow("x", "OPEN"), 0, 12345.0),
		with(peoplesRow("x", "OPEN"), 0, 1e20),
		with(peoplesRow("x", "OPEN"), 0, true),
		with(peoplesRow("x", "OPEN"), 0, broken),
		with(peoplesRow("x", "OPEN"), 0, sum),
		with(peoplesRow("#REF!", "OPEN"), 10, "an id that is text"),
		with(peoplesRow("NOAGENT", "OPEN"), 1, ""),
		with(peoplesRow("BADAGENT", "OPEN"), 1, broken),
		with(peoplesRow("WORD", "OPEN"), 3, "erledigt ✅"),
		with(peoplesRow("ERROR", "OPEN"), 3, fake.SheetsError("#N/A")),
		with(peoplesRow("NOWORD", "OPEN"), 3, nil),
		with(peoplesRow("PRIO", "OPEN"), 5, "urgent"),
		with(peoplesRow("AMOUNT", "OPEN"), 7, "12,345.67"),
		with(peoplesRow("MONEY", "OPEN"), 6, "Dirham"),
		with(peoplesRow("HOURS", "OPEN"), 8, "two days"),
		nil,
		{nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, "a remark under the table"},
		{"Total: 12 orders"},
	})
	snapshot := read(t, s)
	want := []ledger.Unreadable{
		{Row: 3, Agent: "ana@example.com", Reason: "no order id"},
		{Row: 4, OrderID: "12345", Agent: "ana@example.com", Reason: "the order id 12345 is not text: the sheet has turned it into a number, so it may have lost digits"},
		{Row: 5, OrderID: "100000000000000000000", Agent: "ana@example.com", Reason: "the order id 100000000000000000000 is not text: the sheet has turned it into a number, so it may have lost digits"},
		{Row: 6, OrderID: "TRUE", Agent: "ana@example.com", Reason: "the order id TRUE is not text: the sheet has turned it into a number, so it may have lost digits"},
		{Row: 7, Agent: "ana@example.com", Reason: "no order id"},
		{Row: 8, OrderID: "2", Agent: "ana@example.com", Reason: "the order id 2 is not text: the sheet has turned it into a number, so it may have lost digits"},
		{Row: 10, OrderID: "NOAGENT", Reason: "no agent"},
		{Row: 11, OrderID: "BADAGENT", Reason: "no agent"},
		{Row: 12, OrderID: "WORD", Reason: `status "erledigt ✅" is none of OPEN, IN_PROGRESS, ESCALATED, RESOLVED`},
		{Row: 13, OrderID: "ERROR", Reason: `status "#N/A" is none of OPEN, IN_PROGRESS, ESCALATED, RESOLVED`},
		{Row: 14, OrderID: "NOWORD", Reason: `status "" is none of OPEN, IN_PROGRESS, ESCALATED, RESOLVED`},
		{Row: 15, OrderID: "PRIO", Agent: "ana@example.com", Reason: `priority "urgent" is none of P1, P2, P3, P4`},
		{Row: 16, OrderID: "AMOUNT", Agent: "ana@example.com", Reason: `amount "12,345.67" is not a plain decimal number`},
		{Row: 17, OrderID: "MONEY", Agent: "ana@example.com", Reason: `currency "Dirham" is not a three-letter code`},
		{Row: 18, OrderID: "HOURS", Agent: "ana@example.com", Reason: `hours stuck "two days" is not a number of hours`},
		{Row: 21, OrderID: "Total: 12 orders", Reason: "no agent"},
	}
	if diff := cmp.Diff(want, snapshot.Unreadable); diff != "" {
		t.Errorf("unreadable (-want +got):\n%s", diff)
	}
	var ids []string
	for _, a := range snapshot.Assignments {
		ids = append(ids, fmt.Sprint(a.OrderID, " in row ", a.Row))
	}
	if diff := cmp.Diff([]string{"OK1 in row 2", "#REF! in row 9"}, ids); diff != "" {
		t.Errorf("readable (-want +got):\n%s", diff)
	}
	before := s.Render("Assignments")
	if err := run(t.Context(), open(t, s), "slot", "WORD", "12345", "NEW1"); err != nil {
		t.Fatal(err)
	}
	if after := s.Render("Assignments"); !strings.HasPrefix(withoutOurs(after), withoutOurs(before)) {
		t.Errorf("people's rows changed:\n%s\n%s", before, after)
	}
	if got := s.Column("Assignments", "Order ID"); got[len(got)-1] != "NEW1" || len(got) != 21 {
		t.Errorf("order ids after the run: %v", got)
	}
}

// withoutOurs drops the headers that we add.
func withoutOurs(text string) string { return strings.Replace(text, " | Resolved At | Run ID", "", 1) }

func with(row []any, column int, v any) []any {
	row[column] = v
	return row
}

// F51: serial numbers mean the same in every locale and zone.
func TestTimesAndNumbersOfEveryLocale(t *testing.T) {
	t.Parallel()
	for _, locale := range []string{"en_US", "en_GB", "de_DE", "fr_FR", "en_IN", "ar_AE"} {
		for _, zone := range []string{"Etc/GMT", "Asia/Dubai", "America/New_York"} {
			s := serve(t)
			s.Locale(locale, zone)
			s.Seed("Assignments", [][]any{peoplesHeader(), peoplesRow("A1", "OPEN"), peoplesRow("A2", "OPEN"), peoplesRow("A3", "OPEN"), peoplesRow("A4", "OPEN")})
			s.Type("Assignments", "C2", "2026-02-17 12:30:15")
			s.Put("Assignments", "C3", "2026-02-17 12:30:15")
			s.Put("Assignments", "C4", 46070.521006944444) // reformatted by hand
			s.Put("Assignments", "C5", "last Tuesday")
			s.Put("Assignments", "H2", 0.1)
			s.Put("Assignments", "H3", "98765432109876543.21")
			snapshot := read(t, s)
			for i, a := range snapshot.Assignments[:3] {
				if want := time.Date(2026, 2, 17, 12, 30, 15, 0, time.UTC); !a.AssignedAt.Equal(want) {
					t.Errorf("%s, %s: row %d is of %v, want %v", locale, zone, i+2, a.AssignedAt, want)
				}
			}
			if !snapshot.Assignments[3].AssignedAt.IsZero() || len(snapshot.Warnings) != 1 || !strings.Contains(snapshot.Warnings[0], `row 5 ("last Tuesday")`) {
				t.Errorf("%s: %v, warnings %q", locale, snapshot.Assignments[3].AssignedAt, snapshot.Warnings)
			}
			for i, want := range []string{"0.1", "98765432109876543.21"} {
				if got := snapshot.Assignments[i].Send.Amount; !got.Equal(decimal.RequireFromString(want)) {
					t.Errorf("%s: amount %s, want %s", locale, got, want)
				}
			}
		}
	}
}

// F41, F42: a tab that cannot be understood as a whole stops the run and says why.
func TestHeadersThatStopARun(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil func(*fake.Sheets)
		says  string
	}{
		"a column deleted": {func(s *fake.Sheets) { s.DeleteColumn("Assignments", "H") }, `tab "Assignments" of the Google Sheet: column "Amount" is missing in row 1`},
		"a column renamed": {func(s *fake.Sheets) { s.Put("Assignments", "D1", "State") }, `column "Status" is missing in row 1`},
		"two of a name":    {func(s *fake.Sheets) { s.Put("Assignments", "E1", " status ") }, `columns D and E are both called " status "`},
		"header twice": {func(s *fake.Sheets) {
			s.Seed("Assignments", [][]any{peoplesHeader(), peoplesRow("A1", "OPEN"), peoplesHeader()})
		}, "rows 1 and 3 are both headers"},
		"no header":           {func(s *fake.Sheets) { s.DeleteRows("Assignments", 1, 1) }, `column "Order ID" is missing in the first 20 rows`},
		"agents without mail": {func(s *fake.Sheets) { s.Put("Agents", "A1", "Address") }, `tab "Agents" of the Google Sheet: column "Email" is missing`},
		"two tabs of a name": {func(s *fake.Sheets) {
			s.Seed("Agents ", [][]any{{"Email"}})
		}, `two tabs "Agents" and "Agents "`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := peopled(t)
			c.spoil(s)
			_, err := open(t, s).Read(t.Context())
			if ecm.ClassOf(err) != ecm.Permanent || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, want it permanent and to say %q", err, c.says)
			}
			if s.Writes() != 0 {
				t.Errorf("%d writes", s.Writes())
			}
		})
	}
}

// F43: a deleted tab is never made anew in silence; a renamed one is found, a copy is nobody.
func TestTabsThatMove(t *testing.T) {
	t.Parallel()
	s := peopled(t)
	if err := run(t.Context(), open(t, s), "first", "NEW1"); err != nil {
		t.Fatal(err)
	}
	s.DuplicateTab("Assignments")
	s.RenameTab("Assignments", "Cases")
	s.RenameTab("Agents", "Team")
	if got := read(t, s); len(got.Assignments) != 3 || len(got.Agents) != 1 || got.Assignments[2].OrderID != "NEW1" {
		t.Errorf("after renaming: %+v", got)
	}
	s.DeleteTab("Cases")
	_, err := open(t, s).Read(t.Context())
	if ecm.ClassOf(err) != ecm.Permanent || !strings.Contains(err.Error(), `the tab "Assignments" of the Google Sheet is gone`) {
		t.Errorf("after deleting: %v", err)
	}
	s.RenameTab("Copy of Assignments", "Assignments") // the person mends it
	if got := read(t, s); len(got.Assignments) != 3 {
		t.Errorf("after mending: %+v", got)
	}
}

// F43: an empty tab that takes the name would have every order dealt once more.
func TestAnotherTabTakesTheName(t *testing.T) {
	t.Parallel()
	s := peopled(t)
	if err := run(t.Context(), open(t, s), "first", "NEW1"); err != nil {
		t.Fatal(err)
	}
	s.RenameTab("Assignments", "Cases of 2025")
	s.Seed("Assignments", [][]any{peoplesHeader()})
	_, err := open(t, s).Read(t.Context())
	if ecm.ClassOf(err) != ecm.Permanent || !strings.Contains(err.Error(), `stand in the tab "Cases of 2025"`) {
		t.Errorf("with an empty tab in its place: %v", err)
	}
	s.DeleteTab("Assignments") // the person mends it
	if got := read(t, s); len(got.Assignments) != 3 {
		t.Errorf("after mending: %d rows", len(got.Assignments))
	}
}

// F48: rows that would land far below are worth a word.
func TestAGapIsWorthAWord(t *testing.T) {
	t.Parallel()
	s := peopled(t)
	s.Put("Assignments", "D90", "OPEN") // a status filled down
	got := read(t, s)
	if len(got.Warnings) != 1 || !strings.Contains(got.Warnings[0], "more than 50 blank rows stand above: row 90") {
		t.Errorf("warnings: %q", got.Warnings)
	}
	if err := run(t.Context(), open(t, s), "slot", "NEW1"); err != nil {
		t.Fatal(err)
	}
	if got := s.Cell("Assignments", "A91"); got != "NEW1" {
		t.Errorf("A91 is %v, want the new row below everything", got)
	}
}

// F59: people write agents down as people do.
func TestAgents(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.Seed("Agents", [][]any{
		{"Our team, ask Zoe"},
		{" max  tickets ", "EMAIL", "Birthday", "active"},
		{5, "ana@example.com", "1 May", true},
		{"7", "bo@example.com", nil, "true "},
		{nil, "cy@example.com", nil, 1},
		{"a few", "di@example.com", nil, "TRUE"},
		{-1, "ed@example.com", nil, true},
		{2.5, "flo@example.com", nil, true},
		{3, nil, nil, true},
		{3, "gus@example.com", nil, "on holiday"},
		{3, "hal@example.com"},
		{3, "ana@example.com", nil, true},
	})
	got := read(t, s)
	agent := func(row int, email string, active bool, capacity int) ecm.Agent {
		return ecm.Agent{Email: email, Active: active, Capacity: capacity, Row: row}
	}
	want := []ecm.Agent{
		agent(3, "ana@example.com", true, 5), agent(4, "bo@example.com", true, 7), agent(5, "cy@example.com", true, ecm.DefaultCapacity),
		agent(6, "di@example.com", true, 0), agent(7, "ed@example.com", true, 0), agent(8, "flo@example.com", true, 0),
		agent(10, "gus@example.com", false, 3), agent(11, "hal@example.com", false, 3), agent(12, "ana@example.com", true, 3),
	}
	if diff := cmp.Diff(want, got.Agents); diff != "" {
		t.Errorf("agents (-want +got):\n%s", diff)
	}
	warnings := []string{
		`Agents: Max Tickets is not a whole number, taken as 0: row 6 ("a few"), row 7 ("-1"), row 8 ("2.5").`,
		`Agents: no e-mail: row 9.`,
		`Agents: Active is neither TRUE nor FALSE, taken as FALSE: row 10 ("on holiday").`,
	}
	if diff := cmp.Diff(warnings, got.Warnings); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
}

func TestResolutions(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.Seed("Resolutions", [][]any{{"Agent", "Order id", "Timestamp"}, {"ana", "A1", "2026-02-17 09:00:00"}, {"ana", "A2", 46070.375}, {"ana", "A3", "today"}, {"ana"}})
	got := read(t, s)
	at := time.Date(2026, 2, 17, 9, 0, 0, 0, time.UTC)
	if diff := cmp.Diff([]ecm.Resolution{{OrderID: "A1", At: at}, {OrderID: "A2", At: at}}, got.Resolutions); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	s.Seed("Resolutions", [][]any{{"free text"}})
	if got := read(t, s); len(got.Resolutions) != 0 || len(got.Warnings) != 1 {
		t.Errorf("without its columns: %+v", got)
	}
}

// F40: rows come cut after their last value; a short row is not a broken one. And
// whatever order the columns have, the same rows are read.
func TestRaggedRowsInAnyColumnOrder(t *testing.T) {
	t.Parallel()
	server := serve(t)
	rapid.Check(t, func(rt *rapid.T) {
		header := rapid.Permutation(append(peoplesHeader(), "Resolved At", "Run ID", nil, nil)).Draw(rt, "header")
		n := rapid.IntRange(0, 8).Draw(rt, "rows")
		rows := [][]any{header}
		var want []ecm.Assignment
		for i := range n {
			a := ecm.Assignment{
				OrderID: fmt.Sprint("A", i), Agent: "ana@example.com", Status: ecm.Open, Priority: ecm.P1,
				Send: ecm.Money{Amount: decimal.New(int64(i), -1), Currency: "GBP"}, Stuck: time.Duration(i) * time.Hour,
				Notes: rapid.SampledFrom([]string{"", "n"}).Draw(rt, "notes"), Diagnosis: rapid.SampledFrom([]string{"", "d"}).Draw(rt, "diagnosis"),
				RunID: rapid.SampledFrom([]string{"", "r"}).Draw(rt, "run"), Row: i + 2,
			}
			want = append(want, a)
			rows = append(rows, under(header, a))
		}
		server.Seed("Assignments", rows)
		got, err := open(t, server).Read(t.Context())
		if err != nil {
			rt.Fatalf("read: %v", err)
		}
		if diff := cmp.Diff(want, got.Assignments, cmpopts.EquateEmpty()); diff != "" || len(got.Unreadable) > 0 {
			rt.Fatalf("assignments (-want +got):\n%s\nunreadable: %v", diff, got.Unreadable)
		}
	})
}

// under lays an assignment out as a person would, cut after the last value.
func under(header []any, a ecm.Assignment) []any {
	amount, _ := a.Send.Amount.Float64()
	cells := map[any]any{
		"Order ID": a.OrderID, "Assigned Agent": a.Agent, "Status": string(a.Status), "Priority": a.Priority.String(), "Currency": a.Send.Currency,
		"Amount": amount, "Hours Stuck": a.Stuck.Hours(), "Diagnosis": a.Diagnosis, "Notes": a.Notes, "Run ID": a.RunID,
	}
	row := make([]any, len(header))
	for i, h := range header {
		row[i] = cells[h]
	}
	return row
}
