package sheet

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"google.golang.org/api/googleapi"

	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
)

// Commit implements ledger.Ledger. It is one batchUpdate, which also creates the
// tabs, headers and columns that are missing.
func (l *Ledger) Commit(ctx context.Context, c ledger.Commit) error {
	v, err := l.remembered(ctx)
	if err != nil {
		return err
	}
	if v.generation != c.After || v.hasRun(c.Run.ID) || v.hasRecord(c.Run.ID) {
		return fmt.Errorf("commit %s after generation %d: %w", c.Run.ID, c.After, ledger.ErrConflict)
	}
	plan, err := v.plan(c)
	if err != nil {
		return err
	}
	if err := plan.mayWrite(v, l.who()); err != nil {
		return err
	}
	answer, err := l.service.Spreadsheets.BatchUpdate(l.id, plan.batch()).
		Fields("updatedSpreadsheet(sheets(properties(sheetId),data(rowData(values(formattedValue)))))").Context(ctx).Do()
	if err != nil {
		return l.refused(ctx, v, c, err)
	}
	l.committed(plan)
	return l.settleColumns(ctx, plan, answer)
}

// committed forgets what was seen: it is older than the commit.
func (l *Ledger) committed(p *plan) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen = nil
	l.runs, l.met = p.targets[runsTab].id, true
}

func (v *view) hasRun(id string) bool {
	return slices.ContainsFunc(v.snapshot.Runs, func(r ecm.Run) bool { return r.ID == id }) ||
		slices.ContainsFunc(v.entries, func(e entry) bool { return e.Run == id })
}

// refused makes sense of a failed commit. A 400 voided the whole batch; whether
// that was for the used generation is looked up, not guessed from Google's words.
func (l *Ledger) refused(ctx context.Context, v *view, c ledger.Commit, err error) error {
	failure := l.failure("commit "+c.Run.ID, true, err)
	refusal, ok := errors.AsType[*googleapi.Error](err)
	if !ok || refusal.Code != http.StatusBadRequest {
		return failure
	}
	now, lookErr := l.layout(ctx)
	if lookErr != nil {
		return &ecm.Failure{Class: ecm.Retryable, Err: errors.Join(failure, lookErr)} // a 400 wrote nothing
	}
	if now.generation > c.After || v.differs(now) {
		return fmt.Errorf("commit %s after generation %d: %w", c.Run.ID, c.After, ledger.ErrConflict)
	}
	return &ecm.Failure{Class: ecm.Permanent, Err: failure, Mend: "look at the protected ranges and the data validation of the tabs " +
		assignmentsTab + " and " + runsTab + ": " + l.who() + " must be able to write there, and Status must allow OPEN"}
}

// differs says whether people have changed the tabs since.
func (o *layout) differs(now *layout) bool {
	if len(o.titles) != len(now.titles) {
		return true
	}
	for id, title := range o.titles {
		if now.titles[id] != title {
			return true
		}
	}
	return false
}
