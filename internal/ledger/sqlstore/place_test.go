package sqlstore_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger/sqlstore"
)

// A place is where the ledger of a test stands: the path of a SQLite file, or
// "postgres:NAME", a user of the test server with a schema of that name.
const onServer = "postgres:"

// everywhere runs a test on each kind of database. place gives it a new ledger each time.
func everywhere(t *testing.T, test func(t *testing.T, place func() string)) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, func() string { return newFile(t) })
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, func() string { return newSchema(t) })
	})
}

func newFile(tb testing.TB) string { return filepath.Join(tb.TempDir(), "ledger.db") }

// newSchema makes a user who owns nothing but a schema.
func newSchema(tb testing.TB) string {
	tb.Helper()
	name := fmt.Sprintf("ledger_%x", rand.Uint64())
	administer(tb, fmt.Sprintf("CREATE ROLE %s LOGIN; CREATE SCHEMA AUTHORIZATION %[1]s", name))
	tb.Cleanup(func() { administer(tb, fmt.Sprintf("DROP OWNED BY %s CASCADE; DROP ROLE %[1]s", name)) })
	return onServer + name
}

// testServer is the server that scripts/with-postgres starts.
func testServer() (*pgconn.Config, error) {
	address := os.Getenv("PI_MANAGER_TEST_POSTGRES")
	if address == "" {
		return nil, errors.New("this test needs a PostgreSQL server: run `make test`, or scripts/with-postgres go test ./internal/ledger/sqlstore/")
	}
	config, err := pgconn.ParseConfig(address)
	if err != nil {
		return nil, fmt.Errorf("PI_MANAGER_TEST_POSTGRES: %w", err)
	}
	return config, nil
}

// administer does something as the server's owner, also when the test is over.
func administer(tb testing.TB, statements string) {
	tb.Helper()
	ctx := context.Background()
	config, err := testServer()
	if err != nil {
		tb.Fatal(err)
	}
	conn, err := pgconn.ConnectConfig(ctx, config)
	if err != nil {
		tb.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, statements).ReadAll(); err != nil {
		tb.Errorf("%s: %v", statements, err)
	}
}

// serverOf is how the program reaches a place on the server. The server asks for no password.
func serverOf(place string) (sqlstore.Server, error) {
	config, err := testServer()
	if err != nil {
		return sqlstore.Server{}, err
	}
	return sqlstore.Server{
		Host: config.Host, Port: int(config.Port), Database: config.Database, User: strings.TrimPrefix(place, onServer),
		Password: ecm.NewSecret(canary), SSLMode: "disable",
	}, nil
}

// canary is a password that must never show.
const canary = "canary-7f3a"

func openPlace(ctx context.Context, place string) (*sqlstore.Store, error) {
	if !strings.HasPrefix(place, onServer) {
		return sqlstore.OpenSQLite(ctx, place)
	}
	server, err := serverOf(place)
	if err != nil {
		return nil, err
	}
	return sqlstore.OpenPostgres(ctx, server)
}

// open is a handle of its own on the ledger, as another process would have it.
func open(tb testing.TB, place string) *sqlstore.Store {
	tb.Helper()
	store, err := openPlace(tb.Context(), place)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := store.Close(); err != nil {
			tb.Error(err)
		}
	})
	return store
}

// byHand is how a person comes to the tables: no setting of ours, no care.
func byHand(tb testing.TB, place string) *sql.DB {
	tb.Helper()
	driver, name := "sqlite", place
	if user, is := strings.CutPrefix(place, onServer); is {
		server, err := serverOf(place)
		if err != nil {
			tb.Fatal(err)
		}
		driver, name = "pgx", fmt.Sprintf("host='%s' port=%d dbname=%s user=%s sslmode=disable", server.Host, server.Port, server.Database, user)
	}
	db, err := sql.Open(driver, name)
	if err != nil {
		tb.Fatal(err)
	}
	return db
}

// shell is a person with the sqlite3 or the psql shell.
func shell(tb testing.TB, place, statement string, args ...any) {
	tb.Helper()
	db := byHand(tb, place)
	defer db.Close()
	if _, err := db.ExecContext(tb.Context(), statement, args...); err != nil {
		tb.Fatalf("%s: %v", statement, err)
	}
}

// raw is one cell as it stands in the database.
func raw(tb testing.TB, place, query string) (cell string) {
	tb.Helper()
	db := byHand(tb, place)
	defer db.Close()
	if err := db.QueryRowContext(tb.Context(), query).Scan(&cell); err != nil {
		tb.Fatalf("%s: %v", query, err)
	}
	return cell
}
