package main

import (
	"strconv"

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
