package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// anytime is the context of what a cleanup does: the test's own is over by then.
var anytime = context.Background()

// database is a PostgreSQL database of one test alone, with the warehouse's tables.
type database struct {
	name  string
	admin *pgconn.PgConn
}

// newDatabase makes one on the server that scripts/with-postgres starts.
func newDatabase(t *testing.T) database {
	t.Helper()
	d := database{name: fmt.Sprintf("world_%x", rand.Uint64())}
	server := d.connect(t, "")
	d.do(t, server, "CREATE DATABASE "+d.name)
	d.do(t, server, fmt.Sprintf("CREATE ROLE %s LOGIN", d.reader()))
	t.Cleanup(func() {
		d.do(t, server, fmt.Sprintf("DROP DATABASE %s WITH (FORCE)", d.name))
		d.do(t, server, "DROP ROLE "+d.reader())
		_ = server.Close(anytime)
	})
	d.admin = d.connect(t, d.name)
	scripts, err := filepath.Glob("internal/warehouse/testdata/warehouse/*.sql")
	if err != nil || len(scripts) != 2 {
		t.Fatalf("the warehouse's tables are described in %q, want two scripts: %v", scripts, err)
	}
	for _, script := range scripts {
		text, err := os.ReadFile(script)
		if err != nil {
			t.Fatal(err)
		}
		d.do(t, d.admin, string(text))
	}
	d.do(t, d.admin, fmt.Sprintf("GRANT SELECT ON ALL TABLES IN SCHEMA public TO %s", d.reader()))
	return d
}

// reader is the user of the program: it may read, and nothing else (F101).
func (d database) reader() string { return d.name + "_reader" }

func (d database) server(t *testing.T) *pgconn.Config {
	t.Helper()
	address := os.Getenv("PI_MANAGER_TEST_POSTGRES")
	if address == "" {
		t.Fatal("this test needs a PostgreSQL server: run `make test`, or scripts/with-postgres go test -run TestWorld .")
	}
	config, err := pgconn.ParseConfig(address)
	if err != nil {
		t.Fatalf("PI_MANAGER_TEST_POSTGRES: %v", err)
	}
	return config
}

func (d database) connect(t *testing.T, name string) *pgconn.PgConn {
	t.Helper()
	config := d.server(t)
	if name != "" {
		config.Database = name
	}
	conn, err := pgconn.ConnectConfig(anytime, config)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

func (d database) do(t *testing.T, conn *pgconn.PgConn, sql string) {
	t.Helper()
	if _, err := conn.Exec(anytime, sql).ReadAll(); err != nil {
		t.Errorf("%.200s: %v", sql, err)
	}
}

// load replaces what the tables hold.
func (d database) load(t *testing.T, tables warehouseTables) {
	t.Helper()
	for table, rows := range tables {
		text, err := json.Marshal(rows)
		if err != nil {
			t.Fatal(err)
		}
		d.do(t, d.admin, "TRUNCATE "+table)
		sql := fmt.Sprintf("INSERT INTO %s SELECT * FROM json_populate_recordset(NULL::%[1]s, $1)", table)
		if err := d.admin.ExecParams(t.Context(), sql, [][]byte{text}, nil, nil, nil).Read().Err; err != nil {
			t.Fatalf("load %s: %v", table, err)
		}
	}
}

// clock sets what GETDATE() says in sessions to come.
func (d database) clock(t *testing.T, now string) {
	t.Helper()
	d.do(t, d.admin, fmt.Sprintf("ALTER DATABASE %s SET world.now = '%s'", d.name, now))
}

// environment is how the program reaches the database; its password is a canary.
func (d database) environment(t *testing.T) []string {
	t.Helper()
	server := d.server(t)
	return []string{
		"REDSHIFT_HOST=" + server.Host, fmt.Sprintf("REDSHIFT_PORT=%d", server.Port), "REDSHIFT_DATABASE=" + d.name,
		"REDSHIFT_USER=" + d.reader(), "REDSHIFT_PASSWORD=" + databasePassword, "REDSHIFT_SSLMODE=disable",
	}
}

const databasePassword = "canary-of-the-database-5c1e"

// set gives an environment with one variable changed.
func set(env []string, name, value string) []string {
	var changed []string
	for _, v := range env {
		if !strings.HasPrefix(v, name+"=") {
			changed = append(changed, v)
		}
	}
	return append(changed, name+"="+value)
}
