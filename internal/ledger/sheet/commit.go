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

// Commit implements ledger.Ledger. It is one batchUpdate, which also creates the
// tabs, headers and columns that are missing. Where it changes rows, a second one
// follows, which looks whether they were the ones that were meant.
func (l *Ledger) Commit(ctx context.Context, c ledger.Commit) error {
	if err := c.Contradiction(); err != nil {
		return err
	}
	v, err := l.remembered(ctx)
	if err != nil {
		return err
	}
	if v.generation != c.After || v.snapshot.Unsettled || v.hasRun(c.Run.ID) || v.hasRecord(c.Run.ID) {
		return fmt.Errorf("commit %s after generation %d: %w", c.Run.ID, c.After, ledger.ErrConflict)
	}
	typed, err := l.typed(ctx, v, c.Changes)
	if err != nil {
		return err
	}
	plan, err := v.plan(c, typed)
	if err != nil {
		return err
	}
	if err := plan.mayWrite(v, l.who()); err != nil {
		return err
	}
	answer, err := l.service.Spreadsheets.BatchUpdate(l.id, plan.send()).Fields("updatedSpreadsheet(" + journalFields + ")").Context(ctx).Do()
	if err != nil {
		return l.refused(ctx, plan, err)
	}
	l.committed(plan)
	return l.settleCommit(ctx, plan, answer)
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
func (l *Ledger) refused(ctx context.Context, p *plan, err error) error {
	c := p.commit
	failure := l.failure("commit "+c.Run.ID, true, err)
	refusal, ok := errors.AsType[*googleapi.Error](err)
	if !ok || refusal.Code != http.StatusBadRequest {
		return failure
	}
	now, lookErr := l.layout(ctx)
	if lookErr != nil {
		return &ecm.Failure{Class: ecm.Retryable, Err: errors.Join(failure, lookErr)} // a 400 wrote nothing
	}
	if now.generation > c.After || p.view.differs(now) {
		return fmt.Errorf("commit %s after generation %d: %w", c.Run.ID, c.After, ledger.ErrConflict)
	}
	return &ecm.Failure{Class: ecm.Permanent, Err: failure, Mend: "look at the protected ranges and the data validation of the tabs " +
		assignmentsTab + " and " + runsTab + ": " + l.who() + " must be able to write there, and Status must allow " + p.words()}
}

// words are the statuses that the commit writes.
func (p *plan) words() string {
	words := []string{string(ecm.Open)}
	for _, c := range p.commit.Changes {
		if word := ledger.StatusCell(c.Is); c.Move == ecm.Stay && word != ledger.StatusCell(c.Was) && !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	return strings.Join(words, ", ")
}

// differs says whether people have changed the tabs since, cut one down, or protected something.
func (o *layout) differs(now *layout) bool {
	if len(o.titles) != len(now.titles) {
		return true
	}
	for title, t := range o.tables {
		cut := now.tables[title]
		if cut != nil && (cut.gridTop < t.gridTop || cut.gridEnd < t.gridEnd || !slices.Equal(cut.locks, t.locks)) {
			return true
		}
	}
	for id, title := range o.titles {
		if now.titles[id] != title {
			return true
		}
	}
	return false
}
