package main

import (
	"context"
	"database/sql"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"pi-manager/internal/ledger/sqlstore"
)

// exits is the script command "exits STATUS COMMAND ARG...": the exit statuses
// are a promise to CronJobs, and "! exec" cannot tell one from another.
func exits(ts *testscript.TestScript, negated bool, args []string) {
	if negated || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS COMMAND ARG...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	if got := exitCode(err); got != want {
		ts.Fatalf("exit status %d, want %d (%v)", got, want, err)
	}
}

// manyOrders is the script command "many-orders FILE N": an export of N sound orders.
func manyOrders(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	var b strings.Builder
	b.WriteString("order_id,sub_state,currency_from,send_amount,hours_diff\n")
	for i := range n {
		fmt.Fprintf(&b, "AE%06d,FULFILLMENT_PENDING,%s,100.00,14\n", i, [...]string{"AED", "AED", "GBP"}[i%3])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(b.String()), 0o600))
}

// newLedger is the script command "new-ledger FILE ROWS": a SQLite ledger with two
// agents, Ana and Bo, and the rows of a CSV file.
func newLedger(ts *testscript.TestScript, _ bool, args []string) {
	rows, err := csv.NewReader(strings.NewReader(ts.ReadFile(args[1]))).ReadAll()
	ts.Check(err)
	path := ts.MkAbs(args[0])
	store, err := sqlstore.OpenSQLite(context.Background(), path)
	ts.Check(err)
	ts.Check(errors.Join(store.PutAgents(context.Background(), crashAgents()), store.Close()))
	ts.Check(fillLedger(path, rows))
}

// fillLedger puts rows into a SQLite ledger: the columns of the table in their order.
func fillLedger(path string, rows [][]string) error {
	db, err := sql.Open("sqlite", path)
	if err != nil {
		return fmt.Errorf("open the ledger: %w", err)
	}
	for _, row := range rows {
		values := make([]any, len(row))
		for i, cell := range row {
			values[i] = cell
		}
		_, failed := db.ExecContext(context.Background(), `INSERT INTO assignments
			(order_id, agent, assigned_at, status, priority, currency, amount, hours_stuck, diagnosis, notes, resolved_at, run_id)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, values...)
		err = errors.Join(err, failed)
	}
	return errors.Join(err, db.Close())
}
