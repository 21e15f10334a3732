package main

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pi-manager/internal/fake"
	"pi-manager/internal/ledger/sqlstore"
)

// binder is a ledger as people have it before them: rows to look at, cells to type into.
type binder interface {
	// rows are those of a tab, in their order, with the place of each under "#".
	rows(t *testing.T, tab string) []record
	// fill is a person typing a text into a cell of the tab Assignments.
	fill(t *testing.T, r record, header, text string)
	// noteResolution adds a row to the tab Resolutions.
	noteResolution(t *testing.T, id, agent string, at time.Time)
	// board is the dashboard by label.
	board(t *testing.T) map[string]string
	// counts are what the record of a run says.
	counts(t *testing.T, runID string) map[string]int
}

// sheetBinder is the spreadsheet.
type sheetBinder struct{ *fake.Sheets }

func (s sheetBinder) rows(t *testing.T, tab string) []record {
	t.Helper()
	if !slices.Contains(s.Titles(), tab) {
		return nil
	}
	word := map[string]string{"Assignments": "order id", "Archive": "order id", "Agents": "email", "Resolutions": "timestamp", "Runs": "run id"}[tab]
	top := slices.IndexFunc(s.Rows(tab), func(row []any) bool { return slices.Contains(headerWords(row), word) })
	list := records(t, s.Sheets, tab, word)
	for i, r := range list {
		if len(r) > 0 {
			r["#"] = top + 2 + i
		}
	}
	return slices.DeleteFunc(list, func(r record) bool { return len(r) == 0 })
}

// cell is the name of a cell of a row.
func (s sheetBinder) cell(t *testing.T, tab string, r record, header string) string {
	t.Helper()
	for _, row := range s.Rows(tab) {
		if i := slices.Index(headerWords(row), header); i >= 0 {
			return fmt.Sprintf("%c%d", 'A'+i, r["#"])
		}
	}
	t.Fatalf("tab %s has no header %q", tab, header)
	return ""
}

func (s sheetBinder) fill(t *testing.T, r record, header, text string) {
	t.Helper()
	s.Type("Assignments", s.cell(t, "Assignments", r, header), text)
}

func (s sheetBinder) noteResolution(t *testing.T, id, agent string, at time.Time) {
	t.Helper()
	if !slices.Contains(s.Titles(), "Resolutions") {
		s.Seed("Resolutions", [][]any{{"Timestamp", "Order ID", "Agent", "Resolution Notes"}})
	}
	r := record{"#": len(s.Rows("Resolutions")) + 1}
	for header, text := range map[string]string{"timestamp": at.Format(time.DateTime), "order id": id, "agent": agent, "resolution notes": "done"} {
		s.Put("Resolutions", s.cell(t, "Resolutions", r, header), text)
	}
}

func (s sheetBinder) board(t *testing.T) map[string]string {
	t.Helper()
	board := map[string]string{}
	for _, row := range s.Rows("ECM Dashboard") {
		for i := range len(row) - 1 {
			if label, ok := row[i].(string); ok && row[i+1] != nil {
				board[label] = fmt.Sprint(row[i+1])
			}
		}
	}
	return board
}

func (s sheetBinder) run(t *testing.T, runID string) record {
	t.Helper()
	for _, r := range s.rows(t, "Runs") {
		if r["run id"] == runID {
			return r
		}
	}
	t.Fatalf("the tab Runs does not have %s", runID)
	return nil
}

func (s sheetBinder) counts(t *testing.T, runID string) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for part := range strings.SplitSeq(s.run(t, runID).text("counts"), ", ") {
		at := strings.LastIndex(part, " ")
		n, err := strconv.Atoi(part[at+1:])
		if err != nil {
			t.Fatalf("the counts of %s: %q", runID, part)
		}
		counts[part[:at]] = n
	}
	return counts
}

// tableBinder is the SQLite ledger, which people work in with SQL.
type tableBinder struct{ db *sql.DB }

// newTables makes the world's ledger a SQLite file.
func (w *world) newTables(t *testing.T) {
	t.Helper()
	path := filepath.Join(w.dir, "ledger.db")
	store, err := sqlstore.OpenSQLite(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	w.env = append(w.env, "PI_MANAGER_LEDGER=sqlite:ledger.db")
	w.binder = tableBinder{db}
}

func (b tableBinder) do(t *testing.T, statement string, arguments ...any) {
	t.Helper()
	if _, err := b.db.ExecContext(anytime, statement, arguments...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// headings are what the columns are called in a sheet.
func headings() map[string]string {
	return map[string]string{
		"row_number": "#", "order_id": "order id", "agent": "assigned agent", "assigned_at": "assigned at", "hours_stuck": "hours stuck",
		"resolved_at": "resolved at", "run_id": "run id", "max_tickets": "max tickets", "slack_handle": "slack handle",
	}
}

func (b tableBinder) rows(t *testing.T, tab string) []record {
	t.Helper()
	found, err := b.db.QueryContext(anytime, "SELECT * FROM "+strings.ToLower(tab)+" ORDER BY 1")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = found.Close() }()
	names, _ := found.Columns()
	var list []record
	for found.Next() {
		cells, into := make([]sql.NullString, len(names)), make([]any, len(names))
		for i := range cells {
			into[i] = &cells[i]
		}
		if err := found.Scan(into...); err != nil {
			t.Fatal(err)
		}
		r := record{}
		for i, cell := range cells {
			r.take(names[i], cell.String)
		}
		list = append(list, r)
	}
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

// take reads a cell of a table as a sheet would show it.
func (r record) take(column, text string) {
	header := column
	if heading := headings()[column]; heading != "" {
		header = heading
	}
	n, err := strconv.ParseFloat(text, 64)
	switch {
	case text == "":
	case header == "#":
		r["#"] = int(n)
	case err == nil && slices.Contains([]string{"amount", "hours stuck", "max tickets"}, header):
		r[header] = n
	case header == "active":
		r[header] = text == "TRUE"
	default:
		r[header] = text
	}
}

func (b tableBinder) fill(t *testing.T, r record, header, text string) {
	t.Helper()
	column := header
	for name, heading := range headings() {
		if heading == header {
			column = name
		}
	}
	b.do(t, "UPDATE assignments SET "+column+" = ? WHERE row_number = ?", text, r["#"])
}

func (b tableBinder) noteResolution(t *testing.T, id, agent string, at time.Time) {
	t.Helper()
	b.do(t, "INSERT INTO resolutions (order_id, resolved_at, agent, notes) VALUES (?, ?, ?, 'done')", id, at.Format(time.DateTime), agent)
}

func (b tableBinder) board(t *testing.T) map[string]string {
	t.Helper()
	board := map[string]string{}
	for _, r := range b.rows(t, "Dashboard") {
		board[r.text("label")] = cellText(r["value"])
	}
	return board
}

func (b tableBinder) counts(t *testing.T, runID string) map[string]int {
	t.Helper()
	var text string
	counts := map[string]int{}
	if err := b.db.QueryRowContext(anytime, "SELECT counts FROM runs WHERE run_id = ?", runID).Scan(&text); err != nil {
		t.Fatalf("the record of %s: %v", runID, err)
	}
	if err := json.Unmarshal([]byte(text), &counts); err != nil {
		t.Fatal(err)
	}
	return counts
}

// plain are rows without their places.
func plain(rows []record) []record {
	list := make([]record, len(rows))
	for i, r := range rows {
		list[i] = maps.Clone(r)
		delete(list[i], "#")
	}
	return list
}
