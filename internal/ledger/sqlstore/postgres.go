package sqlstore

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"pi-manager/internal/ecm"
)

// How long the server waits for us and we for it. All of it is far below the 90
// seconds that a run gives one call: the server should give up first, for it can
// say why, and roll back.
const (
	connectTimeout = 10 * time.Second
	sessionLimits  = `SET statement_timeout TO '30s'; SET lock_timeout TO '10s'; SET idle_in_transaction_session_timeout TO '30s'`
)

// A run needs one connection at a time, and none between two slots. A connection
// is not kept for ever, so that a new primary server is found after a failover.
const (
	maxConnections = 4
	keepIdle       = time.Minute
	keepAtAll      = 30 * time.Minute
)

// The ways to speak to the server. What libpq has between the two looks safe and
// is not: prefer and allow fall back to plain text, require and verify-ca do not
// ask who answers.
const (
	sslVerify = "verify-full"
	sslOff    = "disable"
)

// Server is a PostgreSQL database, and who asks for it.
type Server struct {
	Host     string // a name, an IP address, or the absolute folder of a Unix socket, where TLS has no place
	Port     int    // usually 5432
	Database string
	User     string
	Password ecm.Secret // may be empty, where the server trusts the user without
	SSLMode  string     // verify-full, or disable where a person accepts that everything can be read on the way
	RootCert string     // file of PEM certificates to trust instead of the system's; may be empty
}

// postgresEngine is a database on a server that several machines share.
type postgresEngine struct{ encrypted bool }

// OpenPostgres opens the ledger in a database, in the first schema of the user's
// search path, and makes its tables where there are none. Tables of an older
// version are brought up to date, those of a newer version refused. No PG*
// variable of the environment has a say. It needs a session of its own: a pooler
// that shares sessions between transactions will not do.
func OpenPostgres(ctx context.Context, server Server) (*Store, error) {
	config, err := server.config()
	if err != nil {
		return nil, &ecm.Failure{Class: ecm.Permanent, Err: err, Mend: "correct PI_MANAGER_LEDGER"}
	}
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(maxConnections)
	db.SetConnMaxIdleTime(keepIdle)
	db.SetConnMaxLifetime(keepAtAll)
	return open(ctx, db, postgresEngine{encrypted: config.TLSConfig != nil}, server.name())
}

// name is how messages call the ledger.
func (s Server) name() string {
	return net.JoinHostPort(s.Host, strconv.Itoa(s.Port)) + "/" + s.Database
}

// config sets every field itself: what pgx parses mixes in the environment, and
// what it cannot parse it quotes, password and all.
func (s Server) config() (*pgx.ConnConfig, error) {
	security, err := s.security()
	if err != nil {
		return nil, err
	}
	config, err := pgx.ParseConfig(fmt.Sprintf("host=localhost port=5432 user=nobody dbname=none password=none sslmode=disable sslcertmode=disable "+
		"target_session_attrs=any min_protocol_version=3.0 max_protocol_version=3.0 channel_binding=prefer require_auth='' connect_timeout=%d",
		int(connectTimeout.Seconds())))
	if err != nil {
		return nil, fmt.Errorf("a PG* variable of the environment is in the way, unset it: %w", err)
	}
	config.Host, config.Port = s.Host, uint16(s.Port)
	config.Database, config.User, config.Password = s.Database, s.User, s.Password.Reveal()
	config.TLSConfig, config.Fallbacks, config.SSLNegotiation = security, nil, ""
	config.KerberosSrvName, config.KerberosSpn = "", ""
	config.RuntimeParams = map[string]string{"application_name": "pi-manager"}
	config.AfterConnect = func(ctx context.Context, conn *pgconn.PgConn) error {
		_, err := conn.Exec(ctx, sessionLimits).ReadAll()
		return err
	}
	return config, nil
}

// security is how the connection is made safe; nil is not at all.
func (s Server) security() (*tls.Config, error) {
	switch {
	case s.SSLMode != sslVerify && s.SSLMode != sslOff:
		return nil, fmt.Errorf("sslmode is %.40q; it is %s, or %s if you accept that passwords and orders can be read on the way", s.SSLMode, sslVerify, sslOff)
	case s.SSLMode == sslOff || filepath.IsAbs(s.Host):
		return nil, nil
	}
	config := &tls.Config{ServerName: s.Host, MinVersion: tls.VersionTLS12}
	if s.RootCert == "" {
		return config, nil
	}
	pem, err := os.ReadFile(s.RootCert)
	if err != nil {
		return nil, fmt.Errorf("sslrootcert: %w", err)
	}
	config.RootCAs = x509.NewCertPool()
	if !config.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("sslrootcert: there is no PEM certificate in %s", s.RootCert)
	}
	return config, nil
}

func (postgresEngine) steps(db *sql.DB) (*goose.Provider, error) {
	return provider(goose.DialectPostgres, db, "migrations/postgres", goose.WithSessionLocker(migrationLock{}))
}

// migrationLock lets one process of all that share the tables change them, and
// the others wait their turn: two CREATE TABLE at once would disturb each other.
type migrationLock struct{}

const migrationLockKey = `hashtextextended(current_schema() || '.pi-manager', 0)`

// SessionLock implements goose's lock.SessionLocker.
func (migrationLock) SessionLock(ctx context.Context, conn *sql.Conn) error {
	_, err := conn.ExecContext(ctx, `SELECT pg_advisory_lock(`+migrationLockKey+`)`)
	return err
}

// SessionUnlock implements goose's lock.SessionLocker.
func (migrationLock) SessionUnlock(ctx context.Context, conn *sql.Conn) error {
	_, err := conn.ExecContext(ctx, `SELECT pg_advisory_unlock(`+migrationLockKey+`)`)
	return err
}

// uniqueViolation is the SQLSTATE of a row that a unique index or a primary key refused.
const uniqueViolation = "23505"

func (postgresEngine) isTaken(err error) bool {
	answer, ok := errors.AsType[*pgconn.PgError](err)
	return ok && answer.Code == uniqueViolation
}

// judge need not doubt: without a COMMIT the server has committed nothing, and
// looking changes nothing.
func (postgresEngine) judge(err error) (ecm.Class, string) {
	if answer, ok := errors.AsType[*pgconn.PgError](err); ok {
		return judgeAnswer(answer.Code)
	}
	if mend := mendTLS(err); mend != "" {
		return ecm.Permanent, mend
	}
	if errors.Is(err, context.Canceled) {
		return ecm.Retryable, ""
	}
	return ecm.Retryable, "check the host and the port in PI_MANAGER_LEDGER, and the network, if this goes on"
}

// judgeCommit doubts all but one case: the server answered that it rolled back,
// and lived on. pgconn.SafeToRetry is no help: in v5.12.0 it says that nothing
// was sent also where the connection broke off while the answer was awaited.
func (postgresEngine) judgeCommit(err error) (ecm.Class, string) {
	if answer, ok := errors.AsType[*pgconn.PgError](err); ok && answer.SeverityUnlocalized == "ERROR" {
		return judgeAnswer(answer.Code)
	}
	return ecm.Ambiguous, ""
}

// judgeAnswer goes by SQLSTATE, https://www.postgresql.org/docs/current/errcodes-appendix.html.
// Each of them has undone the transaction.
func judgeAnswer(code string) (ecm.Class, string) {
	switch code {
	case "28P01", "28000":
		return ecm.Permanent, "check the user and the password in PI_MANAGER_LEDGER, and whether the server lets this user in from here"
	case "3D000":
		return ecm.Permanent, "check the database's name in PI_MANAGER_LEDGER, or make it: CREATE DATABASE"
	case "42501", "3F000":
		return ecm.Permanent, "the user of PI_MANAGER_LEDGER must own the ledger's tables, and a schema to make them in: CREATE SCHEMA AUTHORIZATION, with the user's name"
	case "42P01", "42703":
		return ecm.Permanent, "a table of the ledger was taken away or changed: put it back, or restore a backup"
	case "22021", "22P05":
		return ecm.Permanent, "the database cannot hold a text: there is a zero byte in it, or the database's encoding is not UTF8"
	case "25006":
		return ecm.Permanent, "this server is a read-only copy: name the primary one in PI_MANAGER_LEDGER"
	case "53100":
		return ecm.Permanent, "the server's disk is full: make room and run again"
	case "55P03", "57014":
		return ecm.Retryable, "somebody holds a lock on the ledger's rows, or the server is slow: look for an open transaction in pg_stat_activity if this goes on"
	case "40003": // the server itself does not know
		return ecm.Ambiguous, ""
	}
	for _, class := range [...]string{
		"08",        // connection
		"25P", "40", // timed out while idle, lost against another transaction
		"53", "57", // out of something, shutting down or starting
	} {
		if strings.HasPrefix(code, class) {
			return ecm.Retryable, "the database server has trouble: look into its log if this goes on"
		}
	}
	return ecm.Permanent, ""
}

// mendTLS says what to do where the connection could not be made safe, or "".
func mendTLS(err error) string {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "the host in PI_MANAGER_LEDGER must be the name in the server's certificate; name the issuer's certificate with sslrootcert="
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return "the host and the port in PI_MANAGER_LEDGER do not lead to a database that speaks TLS"
	}
	if strings.Contains(err.Error(), "server refused TLS connection") { // pgconn has no type for it
		return "the server offers no TLS: switch it on there, or write ?sslmode=disable if you accept that passwords and orders can be read on the way"
	}
	return ""
}

// unusable are the tables that are missing or that this user may not work with.
const unusable = `
SELECT COALESCE(string_agg(name, ', ' ORDER BY name), '') FROM unnest(string_to_array($1, ' ')) AS name
WHERE NOT COALESCE(has_table_privilege(to_regclass(name), 'SELECT') AND has_table_privilege(to_regclass(name), 'INSERT')
              AND has_table_privilege(to_regclass(name), 'UPDATE') AND has_table_privilege(to_regclass(name), 'DELETE'), FALSE)`

func (e postgresEngine) check(ctx context.Context, s *Store) []ecm.Check {
	return []ecm.Check{e.checkServer(ctx, s), e.checkTables(ctx, s)}
}

func (e postgresEngine) checkServer(ctx context.Context, s *Store) ecm.Check {
	const name = "ledger: database"
	var version, encoding string
	var copied bool
	err := s.db.QueryRowContext(ctx, `SELECT current_setting('server_version'), current_setting('server_encoding'), pg_is_in_recovery()`).
		Scan(&version, &encoding, &copied)
	way := "TLS"
	if !e.encrypted {
		way = "no TLS"
	}
	check := ecm.Check{Name: name, Detail: fmt.Sprintf("%s, PostgreSQL %s, %s, %s", s.name, version, encoding, way)}
	switch {
	case err != nil:
		return failed(name, s.failure("ask", err))
	case encoding != "UTF8":
		check.Mend = "make a database WITH ENCODING 'UTF8' TEMPLATE template0: this one cannot hold every character"
	case copied:
		_, check.Mend = judgeAnswer("25006")
	default:
		check.OK = true
	}
	return check
}

func (postgresEngine) checkTables(ctx context.Context, s *Store) ecm.Check {
	const name, tables = "ledger: tables", "agents archive assignments dashboard generations messages resolutions runs"
	var schema, missing string
	err := s.db.QueryRowContext(ctx, `SELECT COALESCE(current_schema(), ''), (`+unusable+`)`, tables).Scan(&schema, &missing)
	switch {
	case err != nil:
		return failed(name, s.failure("look at the tables", err))
	case missing != "":
		_, mend := judgeAnswer("42501")
		return ecm.Check{Name: name, Detail: "in the schema " + schema + ", missing or not to be written: " + missing, Mend: mend}
	}
	return ecm.Check{Name: name, OK: true, Detail: "all there in the schema " + schema + ", to be read and written"}
}
