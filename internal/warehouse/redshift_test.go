package warehouse_test

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pi-manager/internal/ecm"
	"pi-manager/internal/fake"
	"pi-manager/internal/warehouse"
)

var wireColumns = []string{"order_id", "sub_state", "currency_from", "send_amount", "created_at", "note"}

// wireRows are n good rows.
func wireRows(n int) [][]string {
	rows := make([][]string, n)
	for i := range rows {
		rows[i] = []string{fmt.Sprintf("AE%04d", i), "MANUAL_REVIEW", "AED", fmt.Sprintf("%d.50", i), "2026-02-16 03:00:00", "fine"}
	}
	return rows
}

func settingsFor(server *fake.Redshift) warehouse.Settings {
	settings := warehouse.Settings{
		Host: server.Host, Port: server.Port, Database: fake.RedshiftDatabase, User: fake.RedshiftUser,
		Password: ecm.NewSecret(fake.RedshiftPassword), RootCert: server.RootCert,
		Query: "SELECT * FROM pending WHERE created_at < CAST($1 AS timestamp)", Source: "test query",
		StatusQuery: "SELECT * FROM orders WHERE created_at < CAST($1 AS timestamp) AND id IN (:ids)", StatusSource: "test status query",
	}
	if server.RootCert == "" {
		settings.SSLMode = "disable"
	}
	return settings
}

func dial(t *testing.T, settings warehouse.Settings) *warehouse.Redshift {
	t.Helper()
	redshift, err := warehouse.NewRedshift(settings)
	if err != nil {
		t.Fatal(err)
	}
	return redshift
}

// F73: a whole answer over Redshift's dialect of the protocol; the fake fails the test where the client strays from it.
func TestPendingSpeaksRedshiftsProtocol(t *testing.T) {
	t.Parallel()
	server := fake.NewRedshiftTLS(t, fake.RedshiftTLS{})
	rows := wireRows(3)
	rows[1][5] = fake.RedshiftNull
	server.Answer(wireColumns, rows)
	pending, err := dial(t, settingsFor(server)).Pending(t.Context(), asOf.In(time.FixedZone("Dubai", 4*3600)), enough)
	if err != nil {
		t.Fatal(err)
	}
	rows[1][5] = ""
	for i, order := range pending.Orders {
		if diff := cmp.Diff(rows[i], order.Facts); diff != "" || order.Row != i+1 {
			t.Errorf("row %d (%d): %s", i+1, order.Row, diff)
		}
	}
	seen := server.Settled()
	if diff := cmp.Diff([][]string{{"2026-02-17 03:00:00"}}, seen.Arguments); diff != "" {
		t.Errorf("the as-of time goes out wrong: %s", diff)
	}
	if seen.Connections != 1 || seen.Executions != 1 || seen.Goodbyes != 1 || len(pending.Orders) != 3 {
		t.Errorf("%d connections, %d executions, %d goodbyes, %d orders; want 1, 1, 1, 3", seen.Connections, seen.Executions, seen.Goodbyes, len(pending.Orders))
	}
	session := seen.Statements[0]
	for _, want := range []string{"SET statement_timeout TO 300000;", "SET query_group TO 'pi-manager'", "BEGIN READ ONLY"} {
		if !strings.Contains(session, want) {
			t.Errorf("the session begins with %q, which lacks %q", session, want)
		}
	}
}

// The environment of whoever starts us must not leak into the connection: Redshift hangs up on what it does not know.
func TestPostgresVariablesOfTheEnvironmentDoNotMatter(t *testing.T) {
	for name, value := range map[string]string{
		"PGOPTIONS": "-c geqo=off", "PGAPPNAME": "shell", "PGTZ": "Asia/Dubai", "PGHOST": "nowhere.invalid", "PGSSLMODE": "prefer",
		"PGTARGETSESSIONATTRS": "read-write", "PGREQUIREAUTH": "scram-sha-256", "PGMAXPROTOCOLVERSION": "3.2", "PGCONNECT_TIMEOUT": "1",
	} {
		t.Setenv(name, value)
	}
	server := fake.NewRedshift(t)
	server.Answer(wireColumns, wireRows(1))
	if _, err := dial(t, settingsFor(server)).Pending(t.Context(), asOf, enough); err != nil {
		t.Error(err)
	}
}

func TestQueryWithoutAsOfGetsNoArgument(t *testing.T) {
	t.Parallel()
	server := fake.NewRedshift(t)
	server.Answer(wireColumns, wireRows(1))
	settings := settingsFor(server)
	settings.Query = "SELECT * FROM pending -- not even $1 in a comment\nWHERE note <> '$1' AND created_at < GETDATE()"
	server.Upset(fake.RedshiftTrouble{})
	if _, err := dial(t, settings).Pending(t.Context(), asOf, enough); err == nil || !strings.Contains(err.Error(), "supplies 0 parameters") {
		t.Errorf("got %v; the fake reads $1 anywhere, and must have been given nothing", err)
	}
}

// More rows than anybody asked for are not even read, and the server is told to stop.
func TestReadingStopsAtTheLimit(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		rows, limit, want int
		truncated         bool
	}{{rows: 5, limit: 5, want: 5}, {rows: 6, limit: 5, want: 5, truncated: true}, {rows: 20_000, limit: 2001, want: 2001, truncated: true}, {rows: 0, limit: 5}} {
		t.Run(fmt.Sprintf("%d of %d", tt.limit, tt.rows), func(t *testing.T) {
			t.Parallel()
			server := fake.NewRedshift(t)
			server.Answer(wireColumns, wireRows(tt.rows))
			pending, err := dial(t, settingsFor(server)).Pending(t.Context(), asOf, tt.limit)
			if err != nil {
				t.Fatal(err)
			}
			if pending.Rows() != tt.want || pending.Truncated != tt.truncated {
				t.Errorf("%d rows, truncated %v; want %d, %v", pending.Rows(), pending.Truncated, tt.want, tt.truncated)
			}
			if seen := server.Settled(); seen.Goodbyes != 1 || (seen.Cancels == 1) != tt.truncated {
				t.Errorf("%d goodbyes, %d cancel requests", seen.Goodbyes, seen.Cancels)
			}
		})
	}
}

// F69: wherever the warehouse goes away, nothing of the answer is used, and another try may help.
func TestConnectionLostAfterEachRow(t *testing.T) {
	t.Parallel()
	const rows = 50
	server := fake.NewRedshift(t)
	server.Answer(wireColumns, wireRows(rows))
	redshift := dial(t, settingsFor(server))
	for at := range rows {
		server.Upset(fake.RedshiftTrouble{AtRow: at, Cut: true})
		pending, err := redshift.Pending(t.Context(), asOf, enough)
		wantRetryable(t, fmt.Sprintf("cut after row %d", at), pending, err)
	}
	server.Upset(fake.RedshiftTrouble{})
	if pending, err := redshift.Pending(t.Context(), asOf, enough); err != nil || len(pending.Orders) != rows {
		t.Errorf("after the outage: %d orders, %v", len(pending.Orders), err)
	}
}

// F70: a connection lost in the middle of a message must not look like the end of the list.
func TestConnectionLostAfterEachKilobyte(t *testing.T) {
	t.Parallel()
	server := fake.NewRedshift(t)
	server.Answer(wireColumns, wireRows(300)) // 24 kB
	redshift := dial(t, settingsFor(server))
	for cut := 1; cut <= 20_000; cut += 1000 {
		server.Upset(fake.RedshiftTrouble{CutBytes: cut})
		pending, err := redshift.Pending(t.Context(), asOf, enough)
		wantRetryable(t, fmt.Sprintf("cut after byte %d", cut), pending, err)
	}
}

func wantRetryable(t *testing.T, when string, pending ecm.Pending, err error) {
	t.Helper()
	if err == nil || ecm.ClassOf(err) != ecm.Retryable {
		t.Errorf("%s: got %v (class %d), want a retryable failure", when, err, ecm.ClassOf(err))
	}
	if diff := cmp.Diff(ecm.Pending{}, pending); diff != "" {
		t.Errorf("%s: something of the answer came back: %s", when, diff)
	}
}

// F71, F67: what another try can mend, and what only a person can.
func TestErrorsOfTheServerAreClassified(t *testing.T) {
	t.Parallel()
	tests := []struct {
		code, message string
		want          ecm.Class
		mend          string
	}{
		{"57P01", "terminating connection due to administrator command", ecm.Retryable, "restarting"},
		{"57P03", "the database system is starting up", ecm.Retryable, "restarting"},
		{"40001", "could not serialize access", ecm.Retryable, ""},
		{"XX000", "1023 DETAIL: Serializable isolation violation on table - 100151", ecm.Retryable, ""},
		{"57014", "Query (1024) cancelled on user's request", ecm.Retryable, "took too long"},
		{"53300", "connection limit exceeded for non-bootstrap users", ecm.Retryable, "busy"},
		{"08006", "connection failure", ecm.Retryable, ""},
		{"42P01", `relation "pending" does not exist`, ecm.Permanent, "table's name"},
		{"42703", `column "x" does not exist`, ecm.Permanent, "column's name"},
		{"42501", "permission denied for relation orders_goms", ecm.Permanent, "ask for the right"},
		{"42601", "syntax error", ecm.Permanent, "correct the query"},
		{"22P02", "invalid input syntax for integer", ecm.Permanent, "correct the query"},
		{"0A000", "Specified types or functions not supported on Redshift tables.", ecm.Permanent, "correct the query"},
		{"?", "a code of its own", ecm.Permanent, "correct the query"},
	}
	server := fake.NewRedshift(t)
	server.Answer(wireColumns, wireRows(2))
	redshift := dial(t, settingsFor(server))
	for _, tt := range tests {
		server.Upset(fake.RedshiftTrouble{AtRow: 1, Code: tt.code, Message: tt.message})
		_, err := redshift.Pending(t.Context(), asOf, enough)
		if err == nil || ecm.ClassOf(err) != tt.want || !strings.Contains(err.Error(), tt.message) || !strings.Contains(err.Error(), tt.mend) {
			t.Errorf("%s: got %v (class %d), want class %d, the message and %q", tt.code, err, ecm.ClassOf(err), tt.want, tt.mend)
		}
	}
}

func TestLogInFailuresAreClassified(t *testing.T) {
	t.Parallel()
	server := fake.NewRedshift(t)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	tests := map[string]struct {
		change func(*warehouse.Settings)
		want   ecm.Class
		text   string
	}{
		"wrong password": {func(s *warehouse.Settings) { s.Password = ecm.NewSecret("wrong") }, ecm.Permanent, "REDSHIFT_PASSWORD"},
		"wrong user":     {func(s *warehouse.Settings) { s.User = "somebody" }, ecm.Permanent, "REDSHIFT_USER"},
		"wrong database": {func(s *warehouse.Settings) { s.Database = "dev" }, ecm.Permanent, "REDSHIFT_DATABASE"},
		"nobody listens": {func(s *warehouse.Settings) { s.Port = closed.Addr().(*net.TCPAddr).Port }, ecm.Retryable, "REDSHIFT_PORT"}, // F67
		"no such host":   {func(s *warehouse.Settings) { s.Host = "warehouse.invalid" }, ecm.Retryable, "REDSHIFT_HOST"},               // F67
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings := settingsFor(server)
			tt.change(&settings)
			_, err := dial(t, settings).Pending(t.Context(), asOf, enough)
			if err == nil || ecm.ClassOf(err) != tt.want || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("got %v (class %d), want class %d and %q", err, ecm.ClassOf(err), tt.want, tt.text)
			}
		})
	}
}

// F67: a warehouse with no free connection lets nobody in for a while.
func TestTooManyConnectionsIsRetryable(t *testing.T) {
	t.Parallel()
	server := fake.NewRedshift(t)
	server.Upset(fake.RedshiftTrouble{RefuseCode: "53300"})
	pending, err := dial(t, settingsFor(server)).Pending(t.Context(), asOf, enough)
	wantRetryable(t, "no free connection", pending, err)
}

// F100: a connection that cannot be made safe is refused, not made unsafe.
func TestOnlyVerifiedServersAreSpokenTo(t *testing.T) {
	t.Parallel()
	plain := settingsFor(fake.NewRedshift(t))
	plain.SSLMode = "verify-full"
	otherRoot := settingsFor(fake.NewRedshiftTLS(t, fake.RedshiftTLS{}))
	otherRoot.RootCert = ""
	tests := map[string]warehouse.Settings{
		"plain text":   plain,
		"wrong host":   settingsFor(fake.NewRedshiftTLS(t, fake.RedshiftTLS{OtherHost: true})),
		"expired":      settingsFor(fake.NewRedshiftTLS(t, fake.RedshiftTLS{Expired: true})),
		"self-signed":  settingsFor(fake.NewRedshiftTLS(t, fake.RedshiftTLS{SelfSigned: true})),
		"unknown root": otherRoot,
	}
	for name, settings := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := dial(t, settings).Pending(t.Context(), asOf, enough)
			if err == nil || ecm.ClassOf(err) != ecm.Permanent || !strings.Contains(err.Error(), "REDSHIFT_HOST") {
				t.Errorf("got %v (class %d), want a permanent failure that says what to do", err, ecm.ClassOf(err))
			}
		})
	}
}

// F68, F89: when the caller has to go, the server is told, and the call comes back at once.
func TestCancelledCallStopsTheQuery(t *testing.T) {
	t.Parallel()
	for name, deaf := range map[string]bool{"the server obeys": false, "the server is deaf": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := fake.NewRedshift(t)
			server.Answer(wireColumns, wireRows(3))
			server.Upset(fake.RedshiftTrouble{AtRow: 1, Hang: true, Deaf: deaf})
			ctx := untilExecuted(t, server, 1)
			began := time.Now()
			pending, err := dial(t, settingsFor(server)).Pending(ctx, asOf, enough)
			wantRetryable(t, "cancelled", pending, err)
			if took := time.Since(began); took > 8*time.Second {
				t.Errorf("came back after %v; the process has ten seconds to end", took)
			}
			if server.Seen().Cancels == 0 {
				t.Error("the server was not told to stop")
			}
		})
	}
}

// untilExecuted is a context that is cancelled once the server has begun so many queries.
func untilExecuted(t *testing.T, server *fake.Redshift, queries int) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	go func() {
		defer cancel()
		for server.Seen().Executions < queries {
			select {
			case <-ctx.Done():
				return
			case <-time.After(time.Millisecond):
			}
		}
	}()
	return ctx
}

// F98: a password is in no error, whatever the other side answers.
func TestPasswordIsInNoError(t *testing.T) {
	t.Parallel()
	server := fake.NewRedshift(t)
	server.Answer(wireColumns, wireRows(1))
	server.Upset(fake.RedshiftTrouble{Code: "42601", Message: "near " + fake.RedshiftPassword})
	_, echoed := dial(t, settingsFor(server)).Pending(t.Context(), asOf, enough)

	settings := settingsFor(server)
	settings.User = "somebody"
	redshift := dial(t, settings)
	_, refused := redshift.Pending(t.Context(), asOf, enough)
	for _, text := range []string{fmt.Sprint(echoed), fmt.Sprint(refused), fmt.Sprintf("%+v", settings), fmt.Sprint(redshift.Check(t.Context()))} {
		if strings.Contains(text, fake.RedshiftPassword) {
			t.Errorf("the password stands in %q", text)
		}
	}
	if echoed == nil || !strings.Contains(echoed.Error(), "near ***") || ecm.ClassOf(echoed) != ecm.Permanent {
		t.Errorf("got %v (class %d); want the rest of the message, and its class", echoed, ecm.ClassOf(echoed))
	}
}

func TestSettingsAreCheckedBeforeAnythingElse(t *testing.T) {
	t.Parallel()
	_, err := warehouse.NewRedshift(warehouse.Settings{Port: 70_000, SSLMode: "prefer", Query: "SELECT 1; SELECT 2", Source: "my.sql", StatusQuery: "SELECT 1", StatusSource: "mine.sql"})
	for _, want := range []string{"REDSHIFT_HOST", "REDSHIFT_DATABASE", "REDSHIFT_USER", "REDSHIFT_PORT is 70000", `REDSHIFT_SSLMODE is "prefer"`, "my.sql: it holds more than one statement", "mine.sql: it says :ids 0 times"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v lacks %q", err, want)
		}
	}
	good := warehouse.Settings{Host: "h", Port: 1, Database: "d", User: "u", Query: "SELECT 1", StatusQuery: "SELECT :ids"}
	for _, mode := range []string{"prefer", "allow", "require", "verify-ca", "off", "VERIFY-FULL"} { // F100
		settings := good
		settings.SSLMode = mode
		if _, err := warehouse.NewRedshift(settings); err == nil {
			t.Errorf("REDSHIFT_SSLMODE=%s is accepted", mode)
		}
	}
	for _, file := range []string{"testdata/nowhere.pem", "doc.go"} {
		settings := good
		settings.RootCert = file
		if _, err := warehouse.NewRedshift(settings); err == nil || !strings.Contains(err.Error(), "REDSHIFT_SSLROOTCERT") {
			t.Errorf("root certificates from %s: got %v", file, err)
		}
	}
}

func TestCheckSaysWhatItSaw(t *testing.T) {
	t.Parallel()
	server := fake.NewRedshiftTLS(t, fake.RedshiftTLS{})
	server.Answer(append(slices.Clone(wireColumns), "order_status", "newest_order_at"), nil)
	var lines []string
	for _, check := range dial(t, settingsFor(server)).Check(t.Context()) {
		lines = append(lines, fmt.Sprintf("%v %s: %s", check.OK, check.Name, check.Detail))
	}
	want := []string{
		fmt.Sprintf("true warehouse: connection: prod at localhost:%d as pi_manager", server.Port),
		"true warehouse: TLS: TLS 1.3, certificate verified",
		"true warehouse: SELECT 1: answered",
		"true warehouse: query: test query gives 8 columns: order_id, sub_state, currency_from, send_amount, created_at, note, order_status, newest_order_at",
		"true warehouse: status query: test status query gives 8 columns: order_id, sub_state, currency_from, send_amount, created_at, note, order_status, newest_order_at",
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Error(diff)
	}
	if server.Seen().Executions != 0 {
		t.Error("a check ran the query; it should only have it described")
	}
}
