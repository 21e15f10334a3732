// Package warehouse reads the stuck orders: out of Amazon Redshift with a query (redshift.go), or out of a CSV or JSON
// lines export (file.go). Both hand columns of text to rows.go, the one place where a row is understood.
//
// It is the first step of a run: what it returns goes to the planner as it is. It judges only what it must to read a
// row; whether an order makes sense is the planner's business. It never writes, it never retries: its errors are
// ecm.Failure values that say whether another try can help.
package warehouse
