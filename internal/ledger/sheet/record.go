package sheet

import (
	"context"
	"fmt"
	"slices"
	"time"

	"google.golang.org/api/sheets/v4"

	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
)

// Record implements ledger.Ledger. It is one write: each changing piece of a
// run's row is found by its own text, so it does not matter where the row
// stands by now, and a piece that somebody else has changed is left alone. Only
// where a piece was not found the sheet is read, to say why.
func (l *Ledger) Record(ctx context.Context, runID string, delivered []ecm.Owed, finished time.Time) error {
	tab, err := l.runsTab(ctx)
	if err != nil {
		return err
	}
	requests, expected := replacements(tab, runID, delivered, finished)
	if len(requests) > 0 {
		answer, err := l.service.Spreadsheets.BatchUpdate(l.id, &sheets.BatchUpdateSpreadsheetRequest{Requests: requests}).
			Fields("replies(findReplace(occurrencesChanged))").Context(ctx).Do()
		if err != nil {
			return l.failure("record the deliveries of "+runID, true, err)
		}
		if allFound(answer.Replies, expected) {
			l.forget()
			return nil
		}
	}
	return l.recorded(ctx, runID, delivered, finished)
}

// forget drops what was seen: the record of a run has changed since.
func (l *Ledger) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen = nil
}

// runsTab is the sheet id of the Runs tab.
func (l *Ledger) runsTab(ctx context.Context) (int64, error) {
	l.mu.Lock()
	id, met := l.runs, l.met
	l.mu.Unlock()
	if met {
		return id, nil
	}
	v, err := l.look(ctx)
	if err != nil {
		return 0, err
	}
	if v.tables[runsTab] == nil {
		return 0, fmt.Errorf("the Google Sheet has no tab %s: %w", runsTab, ledger.ErrNoRun)
	}
	return v.tables[runsTab].id, nil
}

// replacements are the changes of a run's row. The first so many of them, those
// of delivered messages and of the finish, must each find their text.
func replacements(tab int64, runID string, delivered []ecm.Owed, finished time.Time) (requests []*sheets.Request, expected int) {
	replace := func(find, by string, entire bool) {
		requests = append(requests, &sheets.Request{FindReplace: &sheets.FindReplaceRequest{
			SheetId: tab, Find: find, Replacement: by, MatchCase: true, MatchEntireCell: entire, SearchByRegex: true, ForceSendFields: []string{"SheetId"},
		}})
	}
	for _, m := range delivered {
		replace(owedPrefix+partMark(runID, m.Part)+`( \S+)?`, stateText(runID, m), false)
	}
	if finished.IsZero() {
		return requests, len(requests)
	}
	replace(`owes messages \(`+runMark(runID)+`\)`, ecm.FormatTime(finished), true)
	expected = len(requests)
	replace(outboxMark(runID)+`[\s\S]*`, "", true) // the texts of delivered messages are of no more use
	return requests, expected
}

func allFound(replies []*sheets.Response, expected int) bool {
	if len(replies) < expected {
		return false
	}
	return !slices.ContainsFunc(replies[:expected], func(r *sheets.Response) bool {
		return r.FindReplace == nil || r.FindReplace.OccurrencesChanged == 0
	})
}

// recorded reads whether the record says what it should: another try may have
// written it. A delivery is never taken back.
func (l *Ledger) recorded(ctx context.Context, runID string, delivered []ecm.Owed, finished time.Time) error {
	v, err := l.look(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(v.snapshot.Runs, func(r ecm.Run) bool { return r.ID == runID })
	if i < 0 || !v.hasRecord(runID) {
		return fmt.Errorf("record the deliveries of %s: %w", runID, ledger.ErrNoRun)
	}
	run := v.snapshot.Runs[i]
	lacks := !finished.IsZero() && run.Finished.IsZero()
	for _, d := range delivered {
		lacks = lacks || slices.ContainsFunc(run.Messages, func(m ecm.Owed) bool { return m.Part == d.Part && d.Delivered() && !m.Delivered() })
	}
	if lacks {
		return permanent("bring the row back (File, Version history), or accept that its messages count as owed",
			"tab %q of the Google Sheet: the record of %s was changed by hand", v.tables[runsTab].name, runID)
	}
	return nil
}

// hasRecord says whether the Runs tab itself holds the run; its generation alone is no record.
func (v *view) hasRecord(runID string) bool {
	found := false
	t := v.table(runsTab)
	t.each(func(_ int, row []any) { found = found || t.text(row, runIDHeader) == runID })
	return found
}
