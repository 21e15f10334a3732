package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"pi-manager/internal/ledger"
)

// keptRows is how many rows, newest first, a snapshot holds besides all that are
// not resolved. A resolved row matters while its order can still be pending: the
// pending list goes back 30 days, and 600 new rows on each of them make 18,000.
// A count, not a time: it needs no clock and trusts no cell.
const keptRows = 20_000

// keptRuns is how many runs, newest first, a snapshot holds besides all that owe messages.
const keptRuns = 50

// Read implements ledger.Ledger. It reads in one transaction, so everything in
// the snapshot is of one moment. Of the assignments it gives all that are not
// RESOLVED and whatever else is among the newest 20,000 rows; of the resolutions
// the newest 20,000; of the runs all that owe messages and the newest 50.
func (s *Store) Read(ctx context.Context) (ledger.Snapshot, error) {
	const doing = "read"
	tx, err := s.db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return ledger.Snapshot{}, s.failure(doing, err)
	}
	defer func() { _ = tx.Rollback() }() // it has read only

	var r reading
	if r.Generation, err = newestGeneration(ctx, tx); err != nil {
		return ledger.Snapshot{}, s.failure(doing, err)
	}
	for _, read := range []func(context.Context, *sql.Tx) error{r.assignments, r.agents, r.resolutions, r.runs} {
		if err := read(ctx, tx); err != nil {
			return ledger.Snapshot{}, s.failure(doing, err)
		}
	}
	r.Warnings = r.sentences()
	return r.Snapshot, nil
}

// reading is a snapshot in the making.
type reading struct {
	ledger.Snapshot
	doubts
}

// each calls scan for every row of a query.
func each(ctx context.Context, tx *sql.Tx, scan func(*sql.Rows) error, query string, args ...any) error {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // rows.Err says what matters
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// doubts collects what a person should mend: one sentence a kind, however many
// rows have it, so that one bad paste does not fill the briefing.
type doubts struct {
	kinds []string
	rows  map[string][]string
}

// doubt notes that something is wrong with a row, named as people can find it.
func (d *doubts) doubt(kind, row string) {
	if d.rows == nil {
		d.rows = make(map[string][]string)
	}
	if d.rows[kind] == nil {
		d.kinds = append(d.kinds, kind)
	}
	d.rows[kind] = append(d.rows[kind], row)
}

func (d *doubts) sentences() []string {
	const shown = 3
	var all []string
	for _, kind := range d.kinds {
		rows := d.rows[kind]
		sentence := kind + ": " + strings.Join(rows[:min(shown, len(rows))], ", ")
		if more := len(rows) - shown; more > 0 {
			sentence += fmt.Sprintf(" and %d more", more)
		}
		all = append(all, sentence)
	}
	return all
}
