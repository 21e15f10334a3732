// Package warehouse reads the stuck orders, and what has become of others: out of Amazon Redshift with two queries
// (redshift.go), or out of two CSV or JSON lines exports (file.go). Both hand columns of text to rows.go and statuses.go,
// the places where a row is understood.
//
// It is the first step of a run: what it returns goes to the planner as it is. It judges only what it must to read a
// row; whether an order makes sense is the planner's business. It never writes, it never retries: its errors are
// ecm.Failure values that say whether another try can help.
package warehouse
