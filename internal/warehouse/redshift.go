package warehouse

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"

	"pi-manager/internal/ecm"
)

const (
	connectTimeout    = 60 * time.Second // a serverless warehouse takes its time to wake up
	statementTimeout  = 5 * time.Minute  // where the caller sets no deadline
	cancelGrace       = 3 * time.Second  // for the server to confirm that it stopped, before the line is cut
	maxMessageSize    = 16 << 20         // bytes of one row; Redshift's widest row has 4 MB
	idsAtOnce         = 500              // orders in one statement; Redshift takes 32,767 parameters at most
	redshiftVersion   = "8.0.2"          // what every Redshift says it is
	sslVerify, sslOff = "verify-full", "disable"
)

// Settings are what it takes to reach a warehouse and what to ask it.
type Settings struct {
	Host     string // a name, or the folder of a Unix socket
	Port     int    // Redshift's usual one is 5439
	Database string
	User     string
	Password ecm.Secret
	SSLMode  string // verify-full, or disable where a person accepts that everything can be read on the way
	RootCert string // file of PEM certificates to trust instead of the system's; may be empty
	Query    string // the pending list: one statement of SQL; $1, where it stands, is the as-of time
	Source   string // where the query comes from, for messages

	StatusQuery  string // the order statuses: one statement; $1 as above, and :ids once, where the ids come
	StatusSource string // where that query comes from, for messages
}

// Redshift is a warehouse behind the PostgreSQL protocol. It holds no connection between calls.
type Redshift struct {
	config    *pgconn.Config
	password  ecm.Secret
	address   string
	source    string
	statement statement

	statusSource    string
	statusStatement idStatement
}

// NewRedshift checks the settings, all of them, and connects to nothing.
func NewRedshift(s Settings) (*Redshift, error) {
	query, queryErr := readStatement(s.Query)
	status, statusErr := readIDStatement(s.StatusQuery)
	security, tlsErr := s.tlsConfig()
	if err := errors.Join(s.incomplete(), tlsErr, in(s.Source, queryErr), in(s.StatusSource, statusErr)); err != nil {
		return nil, err
	}
	config, err := s.config(security)
	if err != nil {
		return nil, err
	}
	return &Redshift{
		config: config, password: s.Password, address: net.JoinHostPort(s.Host, strconv.Itoa(s.Port)),
		source: s.Source, statement: query, statusSource: s.StatusSource, statusStatement: status,
	}, nil
}

// in says where a fault was found, if there is one.
func in(source string, fault error) error {
	if fault == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", source, fault)
}

func (s Settings) incomplete() error {
	var faults []error
	for _, setting := range [...]struct{ name, value string }{
		{"REDSHIFT_HOST", s.Host}, {"REDSHIFT_DATABASE", s.Database}, {"REDSHIFT_USER", s.User},
	} {
		if setting.value == "" {
			faults = append(faults, fmt.Errorf("%s is not set", setting.name))
		}
	}
	if s.Port < 1 || s.Port > 65535 {
		faults = append(faults, fmt.Errorf("REDSHIFT_PORT is %d; a port is between 1 and 65535", s.Port))
	}
	return errors.Join(faults...)
}

// tlsConfig refuses every mode between safe and off: they look safe and are not.
func (s Settings) tlsConfig() (*tls.Config, error) {
	switch s.SSLMode {
	case sslOff:
		return nil, nil
	case sslVerify, "":
	default:
		return nil, fmt.Errorf("REDSHIFT_SSLMODE is %.40q; it is %s, or %s if you accept that passwords and orders can be read on the way", s.SSLMode, sslVerify, sslOff)
	}
	config := &tls.Config{ServerName: s.Host, MinVersion: tls.VersionTLS12}
	if s.RootCert == "" {
		return config, nil
	}
	pem, err := os.ReadFile(s.RootCert)
	if err != nil {
		return nil, fmt.Errorf("REDSHIFT_SSLROOTCERT: %w", err)
	}
	config.RootCAs = x509.NewCertPool()
	if !config.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("REDSHIFT_SSLROOTCERT: there is no PEM certificate in %s", s.RootCert)
	}
	return config, nil
}

// config sets every field itself. pgconn insists on parsing something first and then mixes in the PG* variables of the
// environment; Redshift hangs up on start-up parameters that it does not know, so none may come from there.
func (s Settings) config(security *tls.Config) (*pgconn.Config, error) {
	config, err := pgconn.ParseConfig(fmt.Sprintf("host=localhost port=5439 user=nobody sslmode=disable sslcertmode=disable "+
		"target_session_attrs=any min_protocol_version=3.0 max_protocol_version=3.0 channel_binding=prefer require_auth='' "+
		"connect_timeout=%d", int(connectTimeout.Seconds())))
	if err != nil {
		return nil, fmt.Errorf("a PG* variable of the environment is in the way, unset it: %w", err)
	}
	config.Host, config.Port = s.Host, uint16(s.Port)
	config.Database, config.User, config.Password = s.Database, s.User, s.Password.Reveal()
	config.TLSConfig, config.Fallbacks, config.SSLNegotiation = security, nil, ""
	config.RuntimeParams = map[string]string{}
	config.KerberosSrvName, config.KerberosSpn = "", ""
	config.MaxProtocolMessageBodyLen = maxMessageSize
	config.BuildContextWatcherHandler = func(conn *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: conn, DeadlineDelay: cancelGrace}
	}
	return config, nil
}

// Pending asks for the stuck orders as of a time. At most limit rows are read; Truncated says whether there were more.
// Rows come back only once the last one has arrived: a connection lost on the way is an error, never a short list.
func (r *Redshift) Pending(ctx context.Context, asOf time.Time, limit int) (ecm.Pending, error) {
	conn, err := r.connect(ctx)
	if err != nil {
		return ecm.Pending{}, err
	}
	defer hangUp(conn)
	return r.read(ctx, conn, asOf, limit)
}

// connect opens a session that can only read. Where it fails, nothing stays open.
func (r *Redshift) connect(ctx context.Context) (*pgconn.PgConn, error) {
	conn, err := pgconn.ConnectConfig(ctx, r.config)
	if err != nil {
		return nil, r.failure("connect to the warehouse "+r.address, err)
	}
	if _, err := conn.Exec(ctx, sessionSettings(ctx, conn)).ReadAll(); err != nil {
		hangUp(conn)
		return nil, r.failure("prepare the session at "+r.address, err)
	}
	return conn, nil
}

// sessionSettings are sent as SQL, not as start-up parameters, which Redshift is picky about.
func sessionSettings(ctx context.Context, conn *pgconn.PgConn) string {
	timeout := statementTimeout
	if deadline, ok := ctx.Deadline(); ok {
		// The server should give up first: it says why, and the connection lives.
		timeout = max(time.Until(deadline)*9/10, time.Millisecond)
	}
	// Results come as text, so their form must not depend on the user's settings.
	// In UTC, GETDATE() in a people's own query agrees with the warehouse's timestamps.
	settings := fmt.Sprintf("SET statement_timeout TO %d; SET timezone TO 'UTC'; SET datestyle TO 'ISO'; ", timeout.Milliseconds())
	if strings.HasPrefix(conn.ParameterStatus("server_version"), redshiftVersion) {
		settings += "SET query_group TO 'pi-manager'; " // PostgreSQL does not know it
	}
	return settings + "BEGIN READ ONLY"
}

// read runs the query in one round trip, parameters and results as text, without a named statement: the one way that
// works on Redshift and leaves nothing behind in its session.
func (r *Redshift) read(ctx context.Context, conn *pgconn.PgConn, asOf time.Time, limit int) (ecm.Pending, error) {
	result := conn.ExecParams(ctx, r.statement.text, r.statement.arguments(asOf), nil, nil, nil)
	rows, err := newRows(r.source, columnNames(result.FieldDescriptions()), asOf)
	if err != nil {
		return ecm.Pending{}, r.noAnswer(result, r.source, err)
	}
	rows.pending.Limit = r.statement.limit
	var buffer rowText
	for result.NextRow() {
		if rows.pending.Rows() >= limit {
			rows.pending.Truncated = true
			stop(ctx, conn, result)
			return rows.pending, nil
		}
		rows.add(buffer.split(result.Values()))
	}
	if _, err := result.Close(); err != nil {
		return ecm.Pending{}, r.failure(fmt.Sprintf("%s: the answer broke off after row %d", r.source, rows.pending.Rows()), err)
	}
	return rows.pending, nil
}

// Statuses asks what has become of orders, some hundred at a time, over one connection and in one transaction. An order
// that the warehouse does not know is not in the answer. Nothing comes back unless everything did. Where nobody is asked
// about, nothing is connected to.
func (r *Redshift) Statuses(ctx context.Context, asOf time.Time, ids []string) (ecm.Statuses, error) {
	asked := newQuestion(ids)
	found := newStatuses(r.statusSource, asOf, asked)
	if len(asked.askable) == 0 {
		return found.result(), nil
	}
	conn, err := r.connect(ctx)
	if err != nil {
		return ecm.Statuses{}, err
	}
	defer hangUp(conn)
	for chunk := range slices.Chunk(asked.askable, idsAtOnce) {
		if err := r.ask(ctx, conn, asOf, chunk, found); err != nil {
			return ecm.Statuses{}, err
		}
	}
	return found.result(), nil
}

// ask runs the status query for some ids, in the same way as read.
func (r *Redshift) ask(ctx context.Context, conn *pgconn.PgConn, asOf time.Time, ids []string, found *statuses) error {
	query := r.statusStatement
	result := conn.ExecParams(ctx, query.textFor(len(ids)), query.arguments(asOf, ids...), nil, nil, nil)
	if err := found.begin(columnNames(result.FieldDescriptions())); err != nil {
		return r.noAnswer(result, r.statusSource, err)
	}
	var buffer rowText
	for result.NextRow() {
		found.add(buffer.split(result.Values()))
		if found.fault != nil {
			stop(ctx, conn, result)
			return found.fault
		}
	}
	if _, err := result.Close(); err != nil {
		return r.failure(fmt.Sprintf("%s: the answer broke off after row %d", r.statusSource, found.rows), err)
	}
	return nil
}

// noAnswer says why there are no columns to read: what the server said, if it did, came first.
func (r *Redshift) noAnswer(result *pgconn.ResultReader, source string, columnsErr error) error {
	if _, err := result.Close(); err != nil {
		return r.failure("run "+source, err)
	}
	return columnsErr
}

func columnNames(fields []pgconn.FieldDescription) []string {
	names := make([]string, len(fields))
	for i, field := range fields {
		names[i] = field.Name
	}
	return names
}

// rowText turns the values of a row, which live in the connection's buffer, into text. A row's values share one piece of
// memory: one allocation a row instead of one a value, with less overhead than sharing equal words between rows.
type rowText struct {
	bytes  []byte
	values []string
}

// split is valid until the next call.
func (t *rowText) split(values [][]byte) []string {
	t.bytes, t.values = t.bytes[:0], t.values[:0]
	for _, value := range values {
		t.bytes = append(t.bytes, value...)
	}
	rest := string(t.bytes)
	for _, value := range values {
		t.values = append(t.values, rest[:len(value)])
		rest = rest[len(value):]
	}
	return t.values
}

// stop ends an answer that nobody wants to read on. The server is told to stop, so that what is still on its way is
// little; what it says to that does not matter.
func stop(ctx context.Context, conn *pgconn.PgConn, result *pgconn.ResultReader) {
	_ = conn.CancelRequest(ctx)
	_, _ = result.Close()
}

// hangUp says goodbye even when the caller's time is over, but not for long.
func hangUp(conn *pgconn.PgConn) {
	ctx, cancel := context.WithTimeout(context.Background(), cancelGrace)
	defer cancel()
	_ = conn.Close(ctx) // nothing was written: there is nothing to lose
}

// failure classifies, and keeps the password out of the text even if the other side sends it back.
func (r *Redshift) failure(doing string, err error) error {
	secret := r.password.Reveal()
	failure := classify(doing, err)
	if secret == "" || !strings.Contains(failure.Error(), secret) {
		return failure
	}
	class, mend := diagnose(err)
	return &ecm.Failure{Class: class, Mend: mend, Err: errors.New(strings.ReplaceAll(doing+": "+err.Error(), secret, "***"))}
}
