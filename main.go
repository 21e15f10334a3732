// Pi-manager deals stuck remittance orders to the people who unstick them.
//
// A tour, in the direction in which data flows:
//
//	config             what people edit: settings, schedule, policy; checked before anything else
//	queries            the SQL that reads the warehouse
//	internal/ecm       the nouns: orders, agents, assignments, runs
//	internal/policy    the rules, compiled: guardrails, disqualification, diagnosis, score
//	internal/warehouse rows of a query or an export become orders
//	internal/ledger    where assignments live: the contract; sheet and sqlstore keep it
//	internal/book      what the rows of the ledger say of orders: pure
//	internal/triage    orders and assignments become a plan: pure
//	internal/progress  what moved, what broke, what healed; what a cleanup closes: pure
//	internal/undo      what taking back a run comes to: pure
//	internal/brief     a plan or a report becomes messages: pure
//	internal/slack     messages become Slack messages
//	internal/run       the shell: read, decide, commit once, deliver
//	internal/cli       flags, wiring, exit statuses, the terminal
//	internal/demo      an invented world to try it all on
//	internal/fake      servers that behave like the real ones at their worst; for tests
package main

import (
	"os"
	_ "time/tzdata" // a scratch image has no zone files

	"pi-manager/internal/cli"
)

func main() {
	os.Exit(cli.Main(os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr))
}
