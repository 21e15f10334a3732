// Package fake holds the outside world for tests: HTTP servers that speak as
// Google Sheets and Slack do, over real connections, in their nastiest
// documented form. It stands at the very end of the flow, where the adapters
// knock, and only tests import it.
//
// The rule of the house is that a fake may be ruder than the service, never
// kinder. What the documents leave open is answered here in the way that hurts
// a careless client most. Each quirk names the failure (F1 to F112) it stands for.
//
// Sheets checks every request against Google's own machine-readable description
// of the service, so a test that passes here has sent nothing that the service
// does not know. Its files: sheets.go (the server), sheets_schema.go and
// sheets_mask.go (the description, field masks), sheets_book.go, sheets_value.go
// and sheets_a1.go (what a spreadsheet is), sheets_read.go, sheets_batch.go,
// sheets_cells.go, sheets_meta.go, sheets_replace.go and sheets_values.go (the
// calls), sheets_trouble.go (faults to order), sheets_auth.go (tokens),
// sheets_human.go (what people do meanwhile), sheets_show.go (what a test sees).
package fake
