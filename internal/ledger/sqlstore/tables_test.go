package sqlstore_test

import (
	"database/sql"
	"strconv"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"pi-manager/internal/ecm"
)

// look gives every row of a query to scan, as a person sees them.
func look(tb testing.TB, place, query string, scan func(*sql.Rows) error) {
	tb.Helper()
	db := byHand(tb, place)
	defer db.Close()
	rows, err := db.QueryContext(tb.Context(), query)
	if err != nil {
		tb.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			tb.Fatalf("%s: %v", query, err)
		}
	}
	if err := rows.Err(); err != nil {
		tb.Fatalf("%s: %v", query, err)
	}
}

// archive reads the archive on its own, so that it cannot share a fault with what fills it.
func archive(tb testing.TB, place string) (archived []ecm.Assignment) {
	tb.Helper()
	look(tb, place, `
SELECT order_id, agent, assigned_at, status, priority, currency, amount, hours_stuck, diagnosis, notes, resolved_at, run_id
FROM archive ORDER BY row_number`,
		func(rows *sql.Rows) (err error) {
			var a ecm.Assignment
			var assigned, status, priority, amount, hours, resolved string
			if err := rows.Scan(&a.OrderID, &a.Agent, &assigned, &status, &priority, &a.Send.Currency, &amount, &hours,
				&a.Diagnosis, &a.Notes, &resolved, &a.RunID); err != nil {
				return err
			}
			a.Status, _ = ecm.ParseStatus(status)
			if status != string(a.Status) {
				a.Word = status
			}
			a.Priority, _ = ecm.ParsePriority(priority)
			a.Send.Amount = decimal.RequireFromString(amount)
			stuck, err := time.ParseDuration(hours + "h")
			if err != nil {
				return err
			}
			a.Stuck = stuck
			if resolved != "" {
				if a.ResolvedAt, err = ecm.ParseTime(resolved); err != nil {
					return err
				}
			}
			a.AssignedAt, err = ecm.ParseTime(assigned)
			archived = append(archived, a)
			return err
		})
	return archived
}

func dashboard(tb testing.TB, place string) (board ecm.Board) {
	tb.Helper()
	sections := map[string]*[]ecm.Figure{"figures": &board.Figures, "diagnoses": &board.Diagnoses, "agents": &board.Agents}
	look(tb, place, `SELECT section, label, value FROM dashboard ORDER BY section, position`, func(rows *sql.Rows) error {
		var section, value string
		var f ecm.Figure
		if err := rows.Scan(&section, &f.Label, &value); err != nil {
			return err
		}
		count, err := strconv.Atoi(value)
		if f.Count = count; err != nil {
			f.Text = value
		}
		*sections[section] = append(*sections[section], f)
		return nil
	})
	return board
}
