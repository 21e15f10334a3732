package warehouse_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"pi-manager/internal/warehouse"
	"pi-manager/queries"
)

// asOf is the moment that every test asks about: a morning slot.
var asOf = time.Date(2026, 2, 17, 3, 0, 0, 0, time.UTC)

// enough is a limit that no test's answer reaches.
const enough = 5_000

// database is a real PostgreSQL database of this test alone, with the warehouse's empty tables.
type database struct {
	admin *pgconn.PgConn // may do everything; Settings name a user who may only read (F101)
	name  string
}

// newDatabase needs the server that scripts/with-postgres starts.
func newDatabase(t *testing.T) database {
	t.Helper()
	dsn := os.Getenv("PI_MANAGER_TEST_POSTGRES")
	if dsn == "" {
		t.Fatal("this test needs a PostgreSQL server: run `make test`, or scripts/with-postgres go test ./internal/warehouse/")
	}
	name := fmt.Sprintf("warehouse_%x", rand.Uint64())
	server := connect(t, dsn, "")
	execute(t, server, "CREATE DATABASE "+name)
	t.Cleanup(func() {
		dropper := connect(t, dsn, "")
		execute(t, dropper, "DROP DATABASE "+name+" WITH (FORCE)")
	})
	db := database{admin: connect(t, dsn, name), name: name}
	scripts, err := filepath.Glob("testdata/warehouse/*.sql")
	if err != nil || len(scripts) != 2 {
		t.Fatalf("testdata/warehouse holds %d scripts, want the shim and the schema: %v", len(scripts), err)
	}
	for _, script := range scripts {
		sql, err := os.ReadFile(script)
		if err != nil {
			t.Fatal(err)
		}
		execute(t, db.admin, string(sql))
	}
	execute(t, db.admin, fmt.Sprintf("CREATE ROLE %s LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO %[1]s", db.reader()))
	t.Cleanup(func() { execute(t, db.admin, fmt.Sprintf("DROP OWNED BY %s; DROP ROLE %[1]s", db.reader())) })
	return db
}

func (db database) reader() string { return db.name + "_reader" }

// anyTime is the context of what a cleanup does, too: a test's own is over by then.
var anyTime = context.Background()

func connect(t *testing.T, dsn, name string) *pgconn.PgConn {
	t.Helper()
	config, err := pgconn.ParseConfig(dsn)
	if err != nil {
		t.Fatalf("PI_MANAGER_TEST_POSTGRES: %v", err)
	}
	if name != "" {
		config.Database = name
	}
	conn, err := pgconn.ConnectConfig(anyTime, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(anyTime) })
	return conn
}

func execute(t *testing.T, conn *pgconn.PgConn, sql string) {
	t.Helper()
	if _, err := conn.Exec(anyTime, sql).ReadAll(); err != nil {
		t.Fatalf("%.200s: %v", sql, err)
	}
}

// load puts rows into a table; null is a value that is null.
func (db database) load(t *testing.T, table string, rows [][]string) {
	t.Helper()
	var text bytes.Buffer
	writer := csv.NewWriter(&text)
	if err := writer.WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	sql := fmt.Sprintf("COPY %s FROM STDIN WITH (FORMAT csv, NULL '%s')", table, null)
	if _, err := db.admin.CopyFrom(t.Context(), &text, sql); err != nil {
		t.Fatalf("load %s: %v", table, err)
	}
}

const null = "<null>"

// settings reach the database as somebody who may only read.
func (db database) settings(t *testing.T) warehouse.Settings {
	t.Helper()
	config, err := pgconn.ParseConfig(os.Getenv("PI_MANAGER_TEST_POSTGRES"))
	if err != nil {
		t.Fatal(err)
	}
	pending, status := embedded(t, queries.PendingList), embedded(t, queries.OrderStatus)
	return warehouse.Settings{
		Host: config.Host, Port: int(config.Port), Database: db.name, User: db.reader(), SSLMode: "disable",
		Query: pending.Text, Source: pending.Path, StatusQuery: status.Text, StatusSource: status.Path,
	}
}

func embedded(t *testing.T, name string) queries.Query {
	t.Helper()
	query, err := queries.Read("", name)
	if err != nil {
		t.Fatal(err)
	}
	return query
}

// openStatus is the adapter on this database with another query for the order statuses.
func (db database) openStatus(t *testing.T, query string) *warehouse.Redshift {
	t.Helper()
	settings := db.settings(t)
	settings.StatusQuery, settings.StatusSource = query, "own query"
	return dial(t, settings)
}

// open is the adapter on this database, with another query where one is given.
func (db database) open(t *testing.T, query string) *warehouse.Redshift {
	t.Helper()
	settings := db.settings(t)
	if strings.TrimSpace(query) != "" {
		settings.Query, settings.Source = query, "own query"
	}
	return dial(t, settings)
}
