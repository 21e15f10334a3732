package sheet

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"google.golang.org/api/googleapi"

	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
)

// view is the whole sheet at one moment, and what we make of it.
type view struct {
	*layout
	snapshot ledger.Snapshot
	doubts   doubts
}

// Of a long Runs tab only the end is read, so that a year of history costs no
// more than a month. Rows are appended, so the end holds the newest.
const (
	headRows = searchedRows
	tailRows = 300
)

// span is a part of a tab to read: rows from a number on, counted from 1.
type span struct {
	table *table
	from  int
	cells string // in A1 notation
}

// spans lists what a snapshot needs.
func (v *view) spans() []span {
	var list []span
	for _, t := range tabs() {
		table := v.tables[t.title]
		switch {
		case table == nil || !isRead(t.title):
		case t.title == runsTab && table.gridTop > 2*tailRows:
			from := table.gridTop - tailRows + 1
			list = append(list,
				span{table, 1, fmt.Sprintf("%s!1:%d", quoted(table.name), headRows)},
				span{table, int(from), fmt.Sprintf("%s!%d:%d", quoted(table.name), from, table.gridTop)})
		default:
			list = append(list, span{table, 1, quoted(table.name)})
		}
	}
	return list
}

// values reads the rows of all tabs that a snapshot needs in one call.
func (l *Ledger) values(ctx context.Context, v *view) error {
	spans := v.spans()
	if err := l.fill(ctx, spans); err != nil {
		return err
	}
	for _, s := range spans {
		if s.from > 1 && len(s.table.rows) < int(s.table.gridTop) {
			// Somebody added blank rows at the bottom, so the newest rows are not the last ones.
			s.table.rows = nil
			return l.fill(ctx, []span{{s.table, 1, quoted(s.table.name)}})
		}
	}
	return nil
}

// fill reads spans. Values come unformatted, so the sheet's locale and time zone do not matter (F51).
func (l *Ledger) fill(ctx context.Context, spans []span) error {
	if len(spans) == 0 {
		return nil
	}
	ranges := make([]string, len(spans))
	for i, s := range spans {
		ranges[i] = s.cells
	}
	answer, err := l.service.Spreadsheets.Values.BatchGet(l.id).Ranges(ranges...).MajorDimension("ROWS").
		ValueRenderOption("UNFORMATTED_VALUE").DateTimeRenderOption("SERIAL_NUMBER").Fields("valueRanges.values").Context(ctx).Do()
	if refusal, ok := errors.AsType[*googleapi.Error](err); ok && refusal.Code == http.StatusBadRequest {
		// A tab was renamed or deleted since the layout was read a moment ago.
		return &ecm.Failure{Class: ecm.Retryable, Err: l.failure("read the rows", false, err)}
	}
	if err != nil {
		return l.failure("read the rows", false, err)
	}
	if len(answer.ValueRanges) != len(spans) {
		return &ecm.Failure{Class: ecm.Retryable, Err: errors.New("read the rows of the Google Sheet: the answer is not complete")}
	}
	for i, s := range spans {
		s.place(answer.ValueRanges[i].Values)
	}
	return nil
}

// place puts rows that were read where they belong.
func (s span) place(rows [][]any) {
	if len(rows) == 0 {
		return
	}
	for len(s.table.rows) < s.from-1 {
		s.table.rows = append(s.table.rows, nil)
	}
	s.table.rows = append(s.table.rows, rows...)
}

// quoted is a tab's title as a range.
func quoted(title string) string { return "'" + strings.ReplaceAll(title, "'", "''") + "'" }

// findHeaders fails where a tab cannot be understood as a whole.
func (v *view) findHeaders() error {
	for _, t := range tabs() {
		if table := v.tables[t.title]; table != nil && isRead(t.title) {
			if err := table.findHeader(); err != nil {
				return err
			}
		}
	}
	return nil
}

// inspect reads the order ids once more, with their formulas, where one looks
// like the result of a formula that failed. An id may be called #REF!, but a cell
// that shows it because a formula broke is no id, and is left blank here (F53).
func (l *Ledger) inspect(ctx context.Context, v *view) error {
	t := v.table(assignmentsTab)
	column, ok := t.at[headerKey(orderIDHeader)]
	if !ok || !slices.ContainsFunc(t.rows, func(row []any) bool { return column < len(row) && looksBroken(row[column]) }) {
		return nil
	}
	answer, err := l.service.Spreadsheets.Values.Get(l.id, quoted(t.name)+"!"+letters(column)+"1:"+letters(column)).
		ValueRenderOption("FORMULA").Fields("values").Context(ctx).Do()
	if err != nil {
		return l.failure("read the formulas", false, err)
	}
	for i, row := range t.rows[:min(len(t.rows), len(answer.Values))] {
		if column >= len(row) || !looksBroken(row[column]) || len(answer.Values[i]) == 0 {
			continue
		}
		if source, ok := answer.Values[i][0].(string); ok && strings.HasPrefix(source, "=") {
			row[column] = nil
		}
	}
	return nil
}

// looksBroken says whether a cell holds one of the words that failed formulas show.
func looksBroken(v any) bool {
	text, _ := v.(string)
	return slices.Contains([]string{"#REF!", "#N/A", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#ERROR!"}, text)
}

// interpret makes a snapshot of the rows.
func (v *view) interpret() {
	v.snapshot = ledger.Snapshot{Generation: v.generation, Link: v.link, Unsettled: v.journal() != 0}
	v.readAssignments()
	v.readAgents()
	v.readResolutions()
	v.readRuns()
	v.snapshot.Warnings = slices.Concat(v.warnings, v.doubts.sentences())
}

// table gives a tab that was found, or an empty one.
func (v *view) table(title string) *table {
	if t := v.tables[title]; t != nil {
		return t
	}
	return &table{tab: tabOf(title), header: -1}
}
