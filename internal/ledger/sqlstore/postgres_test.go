package sqlstore_test

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
	"pi-manager/internal/ledger/ledgertest"
	"pi-manager/internal/ledger/sqlstore"
)

// F32, F90: the connection is cut at each message of a commit in turn, before the
// server has it or after it has done as it says. What the error says is never
// wrong: where it says that nothing happened nothing is there, and a commit that
// is there was in doubt at most. Sent again, it is there once.
func TestACommitThatIsCutOff(t *testing.T) {
	t.Parallel()
	place := newSchema(t)
	direct := open(t, place)
	lost, arrived, n := 0, 0, 0
	for cuts := true; cuts; {
		n++
		cuts = false
		for _, late := range []bool{false, true} {
			before := read(t, direct)
			line, server := newLine(t, place)
			store, err := sqlstore.OpenPostgres(t.Context(), server)
			if err != nil {
				t.Fatal(err)
			}
			c := ledgertest.Commit(before.Generation, fmt.Sprint("cut at ", n, late), ledgertest.Row(fmt.Sprint("A", n, late), "ana@example.com"))
			if rows := before.Assignments; len(rows) > 0 {
				c.Changes = healing(rows[len(rows)-1])
			}
			c.Board = &ecm.Board{Figures: []ecm.Figure{{Label: "Open", Count: n}}}
			line.cutAt(n, late)
			failed := store.Commit(t.Context(), c)
			_ = store.Close()
			cuts = cuts || failed != nil

			hash, err := direct.Committed(t.Context(), before.Generation+1)
			if err != nil {
				t.Fatal(err)
			}
			class := ecm.ClassOf(failed)
			switch there := hash == c.Run.Hash; {
			case failed == nil && !there:
				t.Fatalf("cut at message %d, late %v: no error, and nothing is there", n, late)
			case failed != nil && there && class != ecm.Ambiguous:
				t.Errorf("cut at message %d, late %v: it is there, and the error says it is not: %v", n, late, failed)
			case failed != nil && !there && class == ecm.Permanent || errors.Is(failed, ledger.ErrConflict):
				t.Errorf("cut at message %d, late %v: the same commit would go through, and the error says no: %v", n, late, failed)
			case failed != nil && there:
				arrived++
			case failed != nil && class == ecm.Ambiguous:
				lost++
			}
			if again := direct.Commit(t.Context(), c); hash == "" && again != nil || hash != "" && !errors.Is(again, ledger.ErrConflict) {
				t.Errorf("cut at message %d, late %v: sent again: %v", n, late, again)
			}
		}
	}
	t.Logf("a commit has %d messages", n-1)
	if lost == 0 || arrived != 1 {
		t.Errorf("in doubt and not there: %d, in doubt and there: %d; want some and one, or the test proves nothing", lost, arrived)
	}
	s := read(t, direct)
	rows := map[string]int{}
	for _, row := range s.Assignments {
		rows[row.OrderID]++
	}
	if len(rows) != 2*n || len(s.Assignments) != 2*n || s.Generation != int64(2*n) {
		t.Errorf("%d orders in %d rows, generation %d; want %d of each", len(rows), len(s.Assignments), s.Generation, 2*n)
	}
}

// What the server answers to a COMMIT decides: after an error it has rolled back,
// after its own end nobody knows.
func TestACommitThatTheServerRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		does  string
		class ecm.Class
	}{
		"another transaction won":  {`RAISE EXCEPTION 'could not serialize' USING ERRCODE = '40001'`, ecm.Retryable},
		"the disk is full":         {`RAISE EXCEPTION 'no space left' USING ERRCODE = '53100'`, ecm.Permanent},
		"the server does not know": {`RAISE EXCEPTION 'completion unknown' USING ERRCODE = '40003'`, ecm.Ambiguous},
		"the session is ended":     {`PERFORM pg_terminate_backend(pg_backend_pid())`, ecm.Ambiguous},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			place := newSchema(t)
			store := open(t, place)
			shell(t, place, `CREATE FUNCTION trouble() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN `+test.does+`; RETURN NULL; END $$`)
			shell(t, place, `CREATE CONSTRAINT TRIGGER trouble AFTER INSERT ON generations DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION trouble()`)
			err := store.Commit(t.Context(), ledgertest.Commit(0, "first", ledgertest.Row("A1", "ana@example.com")))
			if err == nil || ecm.ClassOf(err) != test.class || errors.Is(err, ledger.ErrConflict) {
				t.Errorf("class %d, %v; want class %d", ecm.ClassOf(err), err, test.class)
			}
			if s := read(t, store); s.Generation != 0 || len(s.Assignments)+len(s.Runs) != 0 {
				t.Errorf("something was left: %+v", s)
			}
		})
	}
}

// inBackground does something with the ledger until it waits for somebody's lock, and gives back how it will end.
func inBackground(t *testing.T, place string, do func() error) (ended <-chan error) {
	t.Helper()
	end := make(chan error, 1)
	go func() { end <- do() }()
	const waiting = `SELECT count(*) FROM pg_stat_activity WHERE usename = current_user AND application_name = 'pi-manager' AND wait_event_type = 'Lock'`
	db := byHand(t, place)
	defer db.Close()
	for sessions := 0; sessions == 0; {
		select {
		case err := <-end:
			t.Fatalf("it waited for nobody: %v", err)
		default:
		}
		if err := db.QueryRowContext(t.Context(), waiting).Scan(&sessions); err != nil {
			t.Fatal(err)
		}
	}
	return end
}

// person begins a transaction by hand, which the test ends.
func person(t *testing.T, place, statement string, args ...any) *sql.Tx {
	t.Helper()
	db := byHand(t, place)
	t.Cleanup(func() { _ = db.Close() })
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatal(err)
	}
	return tx
}

// A person is in the middle of a change when a commit comes to the same row.
// The commit waits for them, and they win.
func TestAPersonIsInTheMiddleOfIt(t *testing.T) {
	t.Parallel()
	place := newSchema(t)
	store := open(t, place)
	commit(t, store, ledgertest.Commit(0, "first", manyRows(2, "A", ecm.Open)...))
	rows := read(t, store).Assignments
	tx := person(t, place, `UPDATE assignments SET notes = 'called' WHERE order_id = 'A0'`)
	ended := inBackground(t, place, func() error { return store.Commit(t.Context(), changing(1, healing(rows...))) })
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	after := read(t, store).Assignments
	if len(after) != 2 || after[0].Status != ecm.Open || after[0].Notes != "called" || !after[1].Healed() {
		t.Errorf("%+v, want the person's row as they left it and the other one closed", after)
	}
}

// F61: two commits and a person want the same order; the one who commits last finds it taken.
func TestAPersonGivesOutTheOrderMeanwhile(t *testing.T) {
	t.Parallel()
	place := newSchema(t)
	store := open(t, place)
	tx := person(t, place, ownRow, "A1", "bo@example.com")
	c := ledgertest.Commit(0, "first", ledgertest.Row("A1", "ana@example.com"))
	ended := inBackground(t, place, func() error { return store.Commit(t.Context(), c) })
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; !errors.Is(err, ledger.ErrConflict) {
		t.Errorf("%v, want ErrConflict", err)
	}
	if s := read(t, store); len(s.Assignments) != 1 || s.Assignments[0].Agent != "bo@example.com" || s.Generation != 0 {
		t.Errorf("%+v, want Bo's row alone", s)
	}
}

// F82: while one process changes the tables, the others wait their turn. A step
// that only changes rows would else be done twice.
func TestOneMigratesAtATime(t *testing.T) {
	t.Parallel()
	place := newSchema(t)
	tx := person(t, place, `SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '.pi-manager', 0))`)
	ended := inBackground(t, place, func() error {
		store, err := openPlace(t.Context(), place)
		if err == nil {
			err = store.Close()
		}
		return err
	})
	if made := raw(t, place, `SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'runs'`); made != "0" {
		t.Error("the tables were made while another process was at it")
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	open(t, place)
}

// A commit that waits too long, or whose session the server ends, has done nothing and may be sent again.
func TestACommitThatIsInterrupted(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"pg_cancel_backend", "pg_terminate_backend"} {
		place := newSchema(t)
		store := open(t, place)
		tx := person(t, place, ownRow, "A1", "bo@example.com")
		c := ledgertest.Commit(0, "first", ledgertest.Row("A1", "ana@example.com"))
		ended := inBackground(t, place, func() error { return store.Commit(t.Context(), c) })
		shell(t, place, `SELECT `+how+`(pid) FROM pg_stat_activity WHERE usename = current_user AND wait_event_type = 'Lock'`)
		if err := <-ended; ecm.ClassOf(err) != ecm.Retryable || errors.Is(err, ledger.ErrConflict) {
			t.Errorf("%s: class %d, %v; want a failure that may be tried again", how, ecm.ClassOf(err), err)
		}
		if err := tx.Rollback(); err != nil {
			t.Fatal(err)
		}
		commit(t, store, c)
	}
}

// The server ends what takes too long, well before the 90 seconds that a run gives
// a call: it can say why, and an abandoned session locks nobody out.
func TestTheServerKeepsTime(t *testing.T) {
	t.Parallel()
	place := newSchema(t)
	store := open(t, place)
	shell(t, place, `CREATE TABLE session AS SELECT name, setting FROM pg_settings WHERE FALSE`)
	shell(t, place, `CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
INSERT INTO session SELECT name, setting FROM pg_settings; RETURN NULL; END $$`)
	shell(t, place, `CREATE TRIGGER note AFTER INSERT ON generations FOR EACH ROW EXECUTE FUNCTION note()`)
	commit(t, store, ledgertest.Commit(0, "first"))
	for name, want := range map[string]string{
		"statement_timeout": "30000", "lock_timeout": "10000", "idle_in_transaction_session_timeout": "30000",
		"application_name": "pi-manager", "transaction_isolation": "read committed",
	} {
		if got := raw(t, place, `SELECT setting FROM session WHERE name = '`+name+`'`); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}

// Who cannot get in must learn why and what to do, and nobody the password (F98).
func TestPostgresRefused(t *testing.T) {
	t.Parallel()
	good, err := serverOf(newSchema(t))
	if err != nil {
		t.Fatal(err)
	}
	newer := newSchema(t)
	open(t, newer)
	shell(t, newer, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, true)`)
	homeless := newSchema(t)
	shell(t, homeless, `DROP SCHEMA `+strings.TrimPrefix(homeless, onServer))
	copied := newSchema(t)
	administer(t, `ALTER ROLE `+strings.TrimPrefix(copied, onServer)+` SET default_transaction_read_only = on`)
	notes := filepath.Join(t.TempDir(), "notes.txt")
	if err := os.WriteFile(notes, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	as := func(place string) func(*sqlstore.Server) {
		return func(s *sqlstore.Server) { s.User = strings.TrimPrefix(place, onServer) }
	}
	for name, test := range map[string]struct {
		change     func(*sqlstore.Server)
		says, mend string
		class      ecm.Class
	}{
		"no such database":  {func(s *sqlstore.Server) { s.Database = "nowhere" }, "nowhere", "CREATE DATABASE", ecm.Permanent},
		"no such user":      {func(s *sqlstore.Server) { s.User = "nobody_here" }, "nobody_here", "the user and the password", ecm.Permanent},
		"no schema":         {as(homeless), "permission denied for schema public", "CREATE SCHEMA AUTHORIZATION", ecm.Permanent},
		"a read-only copy":  {as(copied), "read-only", "the primary one", ecm.Permanent},
		"a newer program's": {as(newer), "version is 999", "install the newer pi-manager", ecm.Permanent},
		"nobody listens":    {func(s *sqlstore.Server) { s.Host, s.Port = "127.0.0.1", 1 }, "127.0.0.1:1", "host and the port", ecm.Retryable},
		"half safe":         {func(s *sqlstore.Server) { s.SSLMode = "require" }, "verify-full", "PI_MANAGER_LEDGER", ecm.Permanent},
		"no mode":           {func(s *sqlstore.Server) { s.SSLMode = "" }, "verify-full", "PI_MANAGER_LEDGER", ecm.Permanent},
		"no certificate":    {func(s *sqlstore.Server) { s.Host, s.SSLMode, s.RootCert = "h", "verify-full", notes }, "no PEM certificate", "PI_MANAGER_LEDGER", ecm.Permanent},
		"no such file":      {func(s *sqlstore.Server) { s.Host, s.SSLMode, s.RootCert = "h", "verify-full", notes+"x" }, "notes.txtx", "PI_MANAGER_LEDGER", ecm.Permanent},
	} {
		t.Run(name, func(t *testing.T) {
			server := good
			test.change(&server)
			store, err := sqlstore.OpenPostgres(t.Context(), server)
			if err == nil {
				_ = store.Close()
				t.Fatal("it was opened")
			}
			if ecm.ClassOf(err) != test.class || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), test.mend) {
				t.Errorf("class %d, %q; want class %d with %q and %q", ecm.ClassOf(err), err, test.class, test.says, test.mend)
			}
			if strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, server), canary) {
				t.Errorf("the password is in %v", err)
			}
		})
	}
	if after := raw(t, newer, `SELECT MAX(version_id) FROM goose_db_version`); after != "999" {
		t.Errorf("the newer ledger was changed to version %s", after)
	}
}

// The variables of other programs have no say in where the ledger is.
func TestTheEnvironmentHasNoSay(t *testing.T) {
	place := newSchema(t)
	for name, value := range map[string]string{
		"PGHOST": "nowhere.invalid", "PGUSER": "somebody", "PGPASSWORD": canary, "PGDATABASE": "nothing", "PGSSLMODE": "verify-full",
		"PGAPPNAME": "other", "PGOPTIONS": "-c default_transaction_read_only=on", "PGTARGETSESSIONATTRS": "standby", "PGCONNECT_TIMEOUT": "1",
	} {
		t.Setenv(name, value)
	}
	server, err := serverOf(place)
	if err != nil {
		t.Fatal(err)
	}
	server.User = strings.TrimPrefix(place, onServer)
	store, err := sqlstore.OpenPostgres(t.Context(), server)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	commit(t, store, ledgertest.Commit(0, "first"))
}

func TestPostgresCheck(t *testing.T) {
	t.Parallel()
	place := newSchema(t)
	store := open(t, place)
	lines := map[string]ecm.Check{}
	see := func() {
		for _, c := range store.Check(t.Context()) {
			lines[c.Name] = c
		}
	}
	see()
	user := strings.TrimPrefix(place, onServer)
	for name, detail := range map[string]string{
		"ledger: database": "/postgres, PostgreSQL ", "ledger: tables": "in the schema " + user,
		"ledger: write": "was tried and undone", "ledger: read": "generation 0",
	} {
		if c := lines[name]; !c.OK || !strings.Contains(c.Detail, detail) {
			t.Errorf("%s: %+v, want it fine, with %q", name, c, detail)
		}
	}
	// Somebody else owns the tables now, and lets this user look only.
	administer(t, fmt.Sprintf(`ALTER TABLE %s.archive OWNER TO postgres; GRANT SELECT ON %[1]s.archive TO %[1]s`, user))
	administer(t, fmt.Sprintf(`DROP TABLE %s.dashboard`, user))
	see()
	if c := lines["ledger: tables"]; c.OK || !strings.Contains(c.Detail, "archive, dashboard") || !strings.Contains(c.Mend, "own the ledger's tables") {
		t.Errorf("%+v, want both tables named, and what to do", c)
	}
	// The database has become a copy of another one.
	administer(t, fmt.Sprintf(`ALTER ROLE %s SET default_transaction_read_only = on`, user))
	administer(t, fmt.Sprintf(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '%s'`, user))
	store = open(t, place)
	see()
	if c := lines["ledger: write"]; c.OK || !strings.Contains(c.Mend, "the primary one") {
		t.Errorf("%+v, want it to say that this is a copy", c)
	}
	if c := lines["ledger: read"]; !c.OK {
		t.Errorf("%+v, want it fine", c)
	}
}

// Text that the server cannot hold is refused in words.
func TestAZeroByte(t *testing.T) {
	t.Parallel()
	store := open(t, newSchema(t))
	err := store.Commit(t.Context(), ledgertest.Commit(0, "first", ledgertest.Row("A\x001", "ana@example.com")))
	if ecm.ClassOf(err) != ecm.Permanent || !strings.Contains(err.Error(), "cannot hold") {
		t.Errorf("class %d, %v; want a permanent failure that says why", ecm.ClassOf(err), err)
	}
}

// A version means the same tables, columns and indexes on both databases, so that one SQL serves both.
func TestBothHaveTheSameTables(t *testing.T) {
	t.Parallel()
	const (
		sqlite = `
SELECT m.name || '.' || c.name || ' ' || c."notnull" || ' ' || COALESCE(c.dflt_value, '') FROM sqlite_master m JOIN pragma_table_info(m.name) c
WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' AND m.name NOT LIKE 'goose%' AND c.pk = 0 AND c.name <> 'position'
UNION ALL SELECT tbl_name || ' ' || name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL
UNION ALL SELECT 'version ' || MAX(version_id) FROM goose_db_version ORDER BY 1`
		postgres = `
SELECT line FROM (SELECT c.table_name || '.' || c.column_name || ' ' || CASE c.is_nullable WHEN 'NO' THEN 1 ELSE 0 END
    || ' ' || COALESCE(replace(c.column_default, '::text', ''), '')
FROM information_schema.columns c
WHERE c.table_schema = current_schema() AND c.table_name NOT LIKE 'goose%' AND c.column_name <> 'position'
  AND NOT EXISTS (SELECT FROM information_schema.key_column_usage k JOIN information_schema.table_constraints p USING (constraint_schema, constraint_name)
                  WHERE p.constraint_type = 'PRIMARY KEY' AND k.table_schema = c.table_schema AND k.table_name = c.table_name AND k.column_name = c.column_name)
UNION ALL SELECT tablename || ' ' || indexname FROM pg_indexes WHERE schemaname = current_schema() AND indexname !~ '(_pkey|_key)$'
UNION ALL SELECT 'version ' || MAX(version_id) FROM goose_db_version) AS all_lines (line) ORDER BY line COLLATE "C"`
	)
	shape := func(place, query string) (lines []string) {
		open(t, place)
		look(t, place, query, func(rows *sql.Rows) error {
			var line string
			err := rows.Scan(&line)
			lines = append(lines, line)
			return err
		})
		return lines
	}
	file, server := shape(newFile(t), sqlite), shape(newSchema(t), postgres)
	if diff := cmp.Diff(file, server); diff != "" || len(file) < 40 {
		t.Errorf("%d lines (-sqlite +postgres):\n%s", len(file), diff)
	}
}
