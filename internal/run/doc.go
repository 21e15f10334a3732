// Package run is the shell around the pure core: it reads the warehouse and the
// ledger side by side, lets triage decide, commits the decision once, and then
// delivers the messages that the commit owes.
//
// One file is one workflow. Everything that changes the outside world goes
// through effect.go, the one place that retries.
package run
