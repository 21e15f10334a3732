package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
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
