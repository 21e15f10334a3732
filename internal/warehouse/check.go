package warehouse

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"pi-manager/internal/ecm"
)

// Check looks at everything that a run needs of the warehouse, without running the queries. It stops at the first thing
// that is amiss, since the rest hangs on it.
func (r *Redshift) Check(ctx context.Context) []ecm.Check {
	conn, err := r.connect(ctx)
	if err != nil {
		return []ecm.Check{failed("warehouse: connection", err)}
	}
	defer hangUp(conn)
	checks := []ecm.Check{
		{Name: "warehouse: connection", OK: true, Detail: fmt.Sprintf("%s at %s as %s", r.config.Database, r.address, r.config.User)},
		encryption(conn),
	}
	if _, err := conn.Exec(ctx, "SELECT 1").ReadAll(); err != nil {
		return append(checks, failed("warehouse: SELECT 1", r.failure("ask "+r.address, err)))
	}
	query := r.checkQuery(ctx, conn)
	checks = append(checks, ecm.Check{Name: "warehouse: SELECT 1", OK: true, Detail: "answered"}, query)
	if !query.OK {
		return checks // its error has ended the transaction
	}
	return append(checks, r.checkStatusQuery(ctx, conn))
}

func encryption(conn *pgconn.PgConn) ecm.Check {
	check := ecm.Check{Name: "warehouse: TLS", OK: true}
	if secured, ok := conn.Conn().(*tls.Conn); ok {
		check.Detail = tls.VersionName(secured.ConnectionState().Version) + ", certificate verified"
		return check
	}
	check.Detail = "off, as REDSHIFT_SSLMODE=disable says: passwords and orders can be read on the way"
	check.Mend = "unset REDSHIFT_SSLMODE unless this is a test"
	return check
}

// checkQuery lets the server parse the pending list and say which columns it gives. Nothing is run.
func (r *Redshift) checkQuery(ctx context.Context, conn *pgconn.PgConn) ecm.Check {
	const name = "warehouse: query"
	description, err := conn.Prepare(ctx, "", r.statement.text, nil)
	if err != nil {
		return failed(name, r.failure(r.source, err))
	}
	head, err := readHeader(r.source, columnNames(description.Fields))
	if err != nil {
		return failed(name, err)
	}
	return columnsCheck(name, r.source, head.names)
}

// checkStatusQuery does the same for the order statuses, with one id.
func (r *Redshift) checkStatusQuery(ctx context.Context, conn *pgconn.PgConn) ecm.Check {
	const name = "warehouse: status query"
	description, err := conn.Prepare(ctx, "", r.statusStatement.textFor(1), nil)
	if err != nil {
		return failed(name, r.failure(r.statusSource, err))
	}
	found := newStatuses(r.statusSource, time.Time{}, question{})
	if err := found.begin(columnNames(description.Fields)); err != nil {
		return failed(name, err)
	}
	return statusCheck(name, found)
}

// Check reads the files, a huge pending list only in part, and says what is in them.
func (f File) Check(ctx context.Context) []ecm.Check {
	const name = "warehouse: file"
	pending, err := f.Pending(ctx, time.Now(), checkedRows)
	if err != nil {
		return []ecm.Check{failed(name, err)}
	}
	check := columnsCheck(name, f.path, pending.Columns)
	check.Detail += fmt.Sprintf("; orders: %d, unreadable rows: %d", len(pending.Orders), len(pending.SetAside))
	return []ecm.Check{check, f.checkStatuses(ctx)}
}

// checkStatuses is content without the second export: triage, which comes first, does not need it.
func (f File) checkStatuses(ctx context.Context) ecm.Check {
	const name = "warehouse: status file"
	found, err := f.readStatuses(ctx, time.Now(), question{})
	if errors.Is(err, fs.ErrNotExist) {
		return ecm.Check{Name: name, OK: true, Detail: f.statusPath() + " is not there: triage does without it, cleanup and progress do not", Mend: statusFileMend}
	}
	if err != nil {
		return failed(name, err)
	}
	check := statusCheck(name, found)
	check.Detail += fmt.Sprintf("; rows: %d", found.rows)
	return check
}

func statusCheck(name string, found *statuses) ecm.Check {
	check := columnsCheck(name, found.answer.Source, found.names)
	if found.newest < 0 {
		check.Detail += "; without newest_order_at a late feed goes unnoticed"
		check.Mend = "add newest_order_at, the creation of the newest order of all, so that a late feed closes nothing"
	}
	return check
}

// checkedRows is how many rows of a file Check looks at.
const checkedRows = 10_000

func columnsCheck(name, source string, columns []string) ecm.Check {
	return ecm.Check{Name: name, OK: true, Detail: fmt.Sprintf("%s gives %d columns: %s", source, len(columns), strings.Join(columns, ", "))}
}

// failed puts what to do about an error in the place where people look for it.
func failed(name string, err error) ecm.Check {
	mend := ""
	if failure, ok := errors.AsType[*ecm.Failure](err); ok {
		mend, err = failure.Mend, failure.Err
	}
	return ecm.Check{Name: name, Detail: err.Error(), Mend: mend}
}
