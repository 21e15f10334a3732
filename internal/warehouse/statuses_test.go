package warehouse_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pi-manager/internal/ecm"
	"pi-manager/internal/fake"
)

var statusColumns = []string{"order_id", "order_status", "newest_order_at"}

const newestOrder = "2026-02-17 02:59:30"

// numbered are n ids.
func numbered(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("AE%05d", i)
	}
	return ids
}

// completed has a row for each id, and how new the data is.
func completed(ids []string) [][]string {
	rows := make([][]string, len(ids))
	for i, id := range ids {
		rows[i] = []string{id, "COMPLETED", newestOrder}
	}
	return rows
}

func wantNoStatuses(t *testing.T, when string, got ecm.Statuses, err error, class ecm.Class, words string) {
	t.Helper()
	if err == nil || ecm.ClassOf(err) != class || !strings.Contains(err.Error(), words) {
		t.Errorf("%s: got %v (class %d), want class %d and %q", when, err, ecm.ClassOf(err), class, words)
	}
	if diff := cmp.Diff(ecm.Statuses{}, got); diff != "" {
		t.Errorf("%s: something of the answer came back: %s", when, diff)
	}
}

// F73, F78: 1,201 ids in three statements, over one connection and in one read-only transaction.
func TestStatusesComeInChunksOverOneConnection(t *testing.T) {
	t.Parallel()
	server, ids := fake.NewRedshiftTLS(t, fake.RedshiftTLS{}), numbered(1201)
	server.AnswerAsked(statusColumns, completed(ids[1:]))
	got, err := dial(t, settingsFor(server)).Statuses(t.Context(), asOf, append(ids, ids...))
	if err != nil {
		t.Fatal(err)
	}
	want := ecm.Statuses{
		Source: "test status query", Asked: 1201, ByID: map[string]string{}, Newest: time.Date(2026, 2, 17, 2, 59, 30, 0, time.UTC),
	}
	for _, id := range ids[1:] {
		want.ByID[id] = "COMPLETED"
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	seen := server.Settled()
	var sizes []int
	for _, arguments := range seen.Arguments {
		if arguments[0] != "2026-02-17 03:00:00" {
			t.Errorf("the as-of time went out as %q", arguments[0])
		}
		sizes = append(sizes, len(arguments)-1)
	}
	if diff := cmp.Diff([]int{500, 500, 201}, sizes); diff != "" || seen.Connections != 1 || seen.Executions != 3 || seen.Goodbyes != 1 {
		t.Errorf("%d connections, %d executions, %d goodbyes; ids in each: %s", seen.Connections, seen.Executions, seen.Goodbyes, diff)
	}
	checkStatements(t, seen.Statements)
}

// checkStatements wants one session with one transaction, then three statements whose text holds parameters only.
func checkStatements(t *testing.T, statements []string) {
	t.Helper()
	if len(statements) != 4 {
		t.Fatalf("%d statements, want the session's and one for each chunk: %.300q", len(statements), statements)
	}
	if strings.Count(strings.Join(statements, "\n"), "BEGIN") != 1 || !strings.HasSuffix(statements[0], "; BEGIN READ ONLY") {
		t.Errorf("the session begins with %q, want one read-only transaction", statements[0])
	}
	for i, last := range []string{"$500, $501)", "$500, $501)", "$201, $202)"} {
		text := statements[1+i]
		if !strings.Contains(text, "AND id IN ($2, $3, ") || !strings.HasSuffix(text, last) || strings.Contains(text, "AE0") {
			t.Errorf("chunk %d is %.100q ... %q", i+1, text, text[len(text)-20:])
		}
	}
}

func TestStatusQueryWithoutAsOf(t *testing.T) {
	t.Parallel()
	server := fake.NewRedshift(t)
	server.AnswerAsked(statusColumns[:2], [][]string{{"A1", "PENDING"}})
	settings := settingsFor(server)
	settings.StatusQuery = "SELECT * FROM orders WHERE id IN (:ids) AND created_at < GETDATE();"
	got, err := dial(t, settings).Statuses(t.Context(), asOf, []string{"A1", "A2"})
	if err != nil || got.ByID["A1"] != "PENDING" || len(got.ByID) != 1 || !got.Newest.IsZero() {
		t.Errorf("got %+v, %v", got, err)
	}
	if diff := cmp.Diff([][]string{{"A1", "A2"}}, server.Settled().Arguments); diff != "" {
		t.Error(diff)
	}
}

// What no warehouse can hold spoils the question for nobody, and a question about nobody is not even asked.
func TestIDsThatCannotBeInAWarehouseAreNotSent(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 64)
	odd := []string{"", " ", "\t\n", "\u00a0", "A\x001", "A\xff", long + "x", strings.Repeat("x", 100_000)}
	server := fake.NewRedshift(t)
	server.AnswerAsked(statusColumns, [][]string{{long, "COMPLETED", newestOrder}})
	redshift := dial(t, settingsFor(server))
	for _, ids := range [][]string{nil, {}, {"", " "}, odd} {
		got, err := redshift.Statuses(t.Context(), asOf, ids)
		want := ecm.Statuses{Source: "test status query", ByID: map[string]string{}}
		if len(ids) > 2 {
			want.Asked = 4 // the blank ones are no orders
		}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%d ids: %v %s", len(ids), err, diff)
		}
	}
	if seen := server.Settled(); seen.Connections != 0 {
		t.Errorf("%d connections to ask about nobody", seen.Connections)
	}
	got, err := redshift.Statuses(t.Context(), asOf, append(odd, long))
	if err != nil || got.Asked != 5 || got.ByID[long] != "COMPLETED" || len(got.ByID) != 1 {
		t.Errorf("got %+v, %v", got, err)
	}
	if diff := cmp.Diff([][]string{{"2026-02-17 03:00:00", long}}, server.Settled().Arguments); diff != "" {
		t.Error(diff)
	}
}

// F69: wherever the warehouse goes away, in whichever statement, nothing of the answer is used.
func TestConnectionLostInEachChunk(t *testing.T) {
	t.Parallel()
	server, ids := fake.NewRedshift(t), numbered(1201)
	server.AnswerAsked(statusColumns, completed(ids))
	redshift := dial(t, settingsFor(server))
	for chunk, rows := range []int{500, 500, 201} {
		for at := 0; at <= rows; at += rows / 20 {
			server.Upset(fake.RedshiftTrouble{AtQuery: chunk + 1, AtRow: at, Cut: true})
			got, err := redshift.Statuses(t.Context(), asOf, ids)
			wantNoStatuses(t, fmt.Sprintf("chunk %d cut after row %d", chunk+1, at), got, err, ecm.Retryable, "")
		}
		server.Upset(fake.RedshiftTrouble{AtQuery: chunk + 1, AtRow: rows, Cut: true}) // the word that it was the last row is missing
		got, err := redshift.Statuses(t.Context(), asOf, ids)
		wantNoStatuses(t, fmt.Sprintf("chunk %d cut after its last row", chunk+1), got, err, ecm.Retryable,
			fmt.Sprintf("broke off after row %d", 500*chunk+rows))
	}
	server.Upset(fake.RedshiftTrouble{})
	if got, err := redshift.Statuses(t.Context(), asOf, ids); err != nil || len(got.ByID) != 1201 {
		t.Errorf("after the outage: %d orders, %v", len(got.ByID), err)
	}
}

// F70: a connection lost in the middle of a message is no end either.
func TestConnectionLostAfterEachKilobyteOfStatuses(t *testing.T) {
	t.Parallel()
	server, ids := fake.NewRedshift(t), numbered(500) // 25 kB
	server.AnswerAsked(statusColumns, completed(ids))
	redshift := dial(t, settingsFor(server))
	for cut := 1; cut <= 20_000; cut += 1000 {
		server.Upset(fake.RedshiftTrouble{CutBytes: cut})
		got, err := redshift.Statuses(t.Context(), asOf, ids)
		wantNoStatuses(t, fmt.Sprintf("cut after byte %d", cut), got, err, ecm.Retryable, "")
	}
}

// F71: errors in the second statement, and at the log-in.
func TestErrorsOfTheStatusQueryAreClassified(t *testing.T) {
	t.Parallel()
	server, ids := fake.NewRedshift(t), numbered(600)
	server.AnswerAsked(statusColumns, completed(ids))
	redshift := dial(t, settingsFor(server))
	for name, tt := range map[string]struct {
		trouble fake.RedshiftTrouble
		class   ecm.Class
		words   string
	}{
		"cancelled":      {fake.RedshiftTrouble{AtQuery: 2, AtRow: 50, Code: "57014", Message: "Query (1) cancelled"}, ecm.Retryable, "broke off after row 550"},
		"at once":        {fake.RedshiftTrouble{AtQuery: 2, Code: "42703", Message: `no column "x"`}, ecm.Permanent, "column's name"},
		"no right":       {fake.RedshiftTrouble{Code: "42501", Message: "denied"}, ecm.Permanent, "ask for the right"},
		"says a secret":  {fake.RedshiftTrouble{Code: "42601", Message: "near " + fake.RedshiftPassword}, ecm.Permanent, "near ***"}, // F98
		"no connection":  {fake.RedshiftTrouble{RefuseCode: "53300"}, ecm.Retryable, "busy"},                                         // F67
		"shutting down":  {fake.RedshiftTrouble{AtQuery: 1, AtRow: 499, Code: "57P01", Message: "shutdown"}, ecm.Retryable, "restarting"},
		"serializable 1": {fake.RedshiftTrouble{AtQuery: 2, Code: "XX000", Message: "1023"}, ecm.Retryable, "1023"},
	} {
		server.Upset(tt.trouble)
		got, err := redshift.Statuses(t.Context(), asOf, ids)
		wantNoStatuses(t, name, got, err, tt.class, tt.words)
		if err != nil && !strings.Contains(name, "connection") && !strings.Contains(err.Error(), "test status query") {
			t.Errorf("%s: %v does not name the query", name, err)
		}
	}
}

// F68, F89: when the caller has to go, the server is told.
func TestCancelledCallStopsTheStatusQuery(t *testing.T) {
	t.Parallel()
	server, ids := fake.NewRedshift(t), numbered(501)
	server.AnswerAsked(statusColumns, completed(ids))
	server.Upset(fake.RedshiftTrouble{AtQuery: 2, Hang: true})
	got, err := dial(t, settingsFor(server)).Statuses(untilExecuted(t, server, 2), asOf, ids)
	wantNoStatuses(t, "cancelled", got, err, ecm.Retryable, "")
	if seen := server.Settled(); seen.Cancels == 0 {
		t.Error("the server was not told to stop")
	}
}

// An answer of the people's own query, or of the second export, that says two things says nothing. The rest is taken as
// it is: rows of others, rows without an order or a status, times that come again.
func TestWhatAnAnswerMayHold(t *testing.T) {
	t.Parallel()
	null := fake.RedshiftNull
	tests := map[string]struct {
		rows  [][]string
		want  map[string]string
		fault string
	}{
		"nothing":               {nil, map[string]string{}, ""},
		"nobody, and the time":  {[][]string{{null, null, newestOrder}}, map[string]string{}, ""},
		"one twice, agreeing":   {[][]string{{"A1", "X", newestOrder}, {"A1", "X", newestOrder}}, map[string]string{"A1": "X"}, ""},
		"others":                {[][]string{{"B1", "X", null}, {"a1", "X", null}, {"A1 ", "Y", null}, {"B1", "Z", null}}, map[string]string{}, ""},
		"no status":             {[][]string{{"A1", null, null}, {"A2", " ", null}}, map[string]string{}, ""},
		"status as it is":       {[][]string{{"A1", " completed ", null}}, map[string]string{"A1": " completed "}, ""},
		"two statuses":          {[][]string{{"A1", "COMPLETED", null}, {"A2", "X", null}, {"A1", "PENDING", null}}, nil, `order "A1" is both "COMPLETED" and "PENDING"`},
		"a status and none":     {[][]string{{"A1", "COMPLETED", null}, {"A1", null, null}}, nil, `order "A1" is both "COMPLETED" and ""`},
		"a novel":               {[][]string{{"A1", strings.Repeat("x", 257), null}}, nil, `order "A1" has the status "xxx`},
		"no text":               {[][]string{{"A1", "\xff", null}}, nil, `order "A1" has the status "\xff"`},
		"a time that is none":   {[][]string{{"A1", "X", newestOrder}, {"A1", "X", "yesterday"}}, nil, `row 2: "yesterday" is not a time`},
		"another's time as bad": {[][]string{{"B1", "X", "17/02/2026"}}, nil, `row 1: "17/02/2026" is not a time`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := fake.NewRedshift(t)
			server.Answer(statusColumns, tt.rows)
			got, err := dial(t, settingsFor(server)).Statuses(t.Context(), asOf, []string{"A1", "A2", "A3"})
			if tt.fault != "" {
				wantNoStatuses(t, name, got, err, ecm.Permanent, tt.fault)
				return
			}
			if diff := cmp.Diff(tt.want, got.ByID); diff != "" || err != nil || got.Asked != 3 {
				t.Errorf("%v, asked %d: %s", err, got.Asked, diff)
			}
		})
	}
}

func TestNewestIsTheLatestTimeTold(t *testing.T) {
	t.Parallel()
	server := fake.NewRedshift(t)
	server.Answer(statusColumns, [][]string{
		{fake.RedshiftNull, fake.RedshiftNull, "2026-02-16"}, {"B1", "X", "2026-02-16 23:00:00.5"}, {"A1", "X", "2026-02-16 22:00:00"}, {"A2", "X", ""},
	})
	got, err := dial(t, settingsFor(server)).Statuses(t.Context(), asOf, []string{"A1"})
	if want := time.Date(2026, 2, 16, 23, 0, 0, 500_000_000, time.UTC); err != nil || !got.Newest.Equal(want) || got.Newest.Location() != time.UTC {
		t.Errorf("got %v, %v; want %v", got.Newest, err, want)
	}
}

// A people's own query that forgets what :ids is for must not read the whole warehouse.
func TestReadingStatusesStopsAtFarTooManyRows(t *testing.T) {
	t.Parallel()
	server := fake.NewRedshift(t)
	rows := make([][]string, 250_000)
	for i := range rows {
		rows[i] = []string{"B1", "X", newestOrder}
	}
	server.Answer(statusColumns, rows)
	got, err := dial(t, settingsFor(server)).Statuses(t.Context(), asOf, []string{"A1"})
	wantNoStatuses(t, "far too many rows", got, err, ecm.Permanent, "more than 200000 rows; orders asked for: 1; write order_id IN (:ids)")
	if seen := server.Settled(); seen.Cancels != 1 || seen.Goodbyes != 1 {
		t.Errorf("%d cancel requests, %d goodbyes; want the server to be told", seen.Cancels, seen.Goodbyes)
	}
}

func TestStatusColumns(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		columns []string
		fault   string
	}{
		"spelled otherwise": {[]string{"Order ID", "ORDER_STATUS", " Newest Order At "}, ""},
		"more than needed":  {[]string{"note", "order_status", "order_id"}, ""},
		"no status":         {[]string{"order_id", "status"}, "no column order_status"},
		"nothing":           {nil, "no column order_id, order_status"},
		"twice":             {[]string{"order_id", "order_status", "Order Status"}, `column "order_status" is there twice`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := fake.NewRedshift(t)
			server.Answer(tt.columns, nil)
			got, err := dial(t, settingsFor(server)).Statuses(t.Context(), asOf, []string{"A1"})
			if tt.fault != "" {
				wantNoStatuses(t, name, got, err, ecm.Permanent, "test status query: "+tt.fault)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestCheckOfAStatusQueryThatCannotTellTheAge(t *testing.T) {
	t.Parallel()
	server := fake.NewRedshift(t)
	server.Answer(append(slices.Clone(wireColumns), "order_status"), nil)
	checks := dial(t, settingsFor(server)).Check(t.Context())
	last := checks[len(checks)-1]
	if !last.OK || last.Name != "warehouse: status query" || !strings.Contains(last.Mend, "newest_order_at") {
		t.Errorf("got %+v; want it to pass with a hint", last) // created_at of a query's row is no age of the data
	}
	server.Answer(wireColumns, nil)
	checks = dial(t, settingsFor(server)).Check(t.Context())
	if last := checks[len(checks)-1]; last.OK || !strings.Contains(last.Detail, "no column order_status") {
		t.Errorf("got %+v", last)
	}
}
