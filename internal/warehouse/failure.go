package warehouse

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"pi-manager/internal/ecm"
)

// permanent is a failure that a person has to mend.
func permanent(mend, format string, arguments ...any) error {
	return &ecm.Failure{Class: ecm.Permanent, Mend: mend, Err: fmt.Errorf(format, arguments...)}
}

// classify says whether another try can help after an error of the database or of the way to it. Reading has no effect,
// so nothing is ever ambiguous.
func classify(doing string, err error) error {
	class, mend := diagnose(err)
	return &ecm.Failure{Class: class, Mend: mend, Err: fmt.Errorf("%s: %w", doing, err)}
}

func diagnose(err error) (ecm.Class, string) {
	if answer, ok := errors.AsType[*pgconn.PgError](err); ok {
		return diagnoseAnswer(answer)
	}
	if mend := mendTLS(err); mend != "" {
		return ecm.Permanent, mend
	}
	if _, ok := errors.AsType[*pgproto3.ExceededMaxBodyLenErr](err); ok {
		return ecm.Permanent, "a row of the query is far too large: leave out the column with long texts"
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return ecm.Retryable, "check REDSHIFT_HOST if this goes on"
	}
	if errors.Is(err, context.Canceled) {
		return ecm.Retryable, ""
	}
	if pgconn.Timeout(err) || errors.Is(err, context.DeadlineExceeded) {
		return ecm.Retryable, "the warehouse is slow, waking up or out of reach: check the network and the query's cost if this goes on"
	}
	return ecm.Retryable, "check REDSHIFT_HOST, REDSHIFT_PORT and the network if this goes on"
}

// mendTLS says what to do where the connection could not be made safe, or "".
func mendTLS(err error) string {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "REDSHIFT_HOST must be the name in the server's certificate; name the issuer's certificate in REDSHIFT_SSLROOTCERT"
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return "REDSHIFT_HOST and REDSHIFT_PORT do not lead to a database that speaks TLS"
	}
	if strings.Contains(err.Error(), "server refused TLS connection") { // pgconn has no type for it
		return "the server offers no TLS: correct REDSHIFT_HOST and REDSHIFT_PORT, or switch TLS on at the server"
	}
	return ""
}

// diagnoseAnswer goes by SQLSTATE, https://www.postgresql.org/docs/current/errcodes-appendix.html, which Redshift
// shares with PostgreSQL. Redshift gives errors of its own (1023: serializable isolation) the code XX000.
func diagnoseAnswer(answer *pgconn.PgError) (ecm.Class, string) {
	switch answer.Code {
	case "28P01", "28000":
		return ecm.Permanent, "check REDSHIFT_USER and REDSHIFT_PASSWORD"
	case "3D000":
		return ecm.Permanent, "check REDSHIFT_DATABASE"
	case "42501":
		return ecm.Permanent, "ask for the right to read this for REDSHIFT_USER"
	case "42P01", "3F000":
		return ecm.Permanent, "correct the table's name in the query, or check that REDSHIFT_DATABASE is the right one"
	case "42703":
		return ecm.Permanent, "correct the column's name in the query: a table of the warehouse may have changed"
	case "57014":
		return ecm.Retryable, "the query was cancelled: it took too long, waited too long in its queue, or somebody stopped it"
	}
	switch class := answer.Code[:min(2, len(answer.Code))]; class {
	case "08", "40", "53", "55", "57", "58", "XX":
		return ecm.Retryable, "the warehouse is busy, restarting or in maintenance: look at its console if this goes on"
	default:
		return ecm.Permanent, "correct the query: `pi-manager test` checks it without running it"
	}
}
