package sheet

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"google.golang.org/api/googleapi"
	"google.golang.org/api/sheets/v4"

	"pi-manager/internal/ecm"
)

// settleTries is how often changes are looked through before it is left to the
// next process: each try has found that people moved rows in the moment between two calls.
const settleTries = 6

// Settle implements ledger.Ledger. Where nothing is to be settled it is one read.
func (l *Ledger) Settle(ctx context.Context) error {
	for range settleTries {
		o, err := l.layout(ctx)
		if err != nil || o.journal() == 0 {
			return err
		}
		j, err := l.readJournal(ctx, o)
		if err != nil {
			return err
		}
		if j == nil {
			continue
		}
		done, err := l.settle(ctx, o, j)
		if done || err != nil {
			return err
		}
	}
	return l.unsettled()
}

func (l *Ledger) unsettled() error {
	return &ecm.Failure{Class: ecm.Retryable, Err: errors.New("rows of the Google Sheet keep moving while the last changes are looked through"),
		Mend: "let nobody sort or move rows in the tab " + assignmentsTab + " for a minute, and run again"}
}

// readJournal reads the journal that waits: what was meant, then what stood in the
// rows that were hit. It is nil where a tab was renamed or deleted a moment ago.
func (l *Ledger) readJournal(ctx context.Context, o *layout) (*journal, error) {
	j := &journal{id: o.journal(), generation: o.generation, title: o.titles[o.journal()]}
	book, err := l.cells(ctx, quoted(j.title))
	if err != nil || book == nil {
		return nil, err
	}
	if err := j.readIntents(gridOf(book, j.id)); err != nil {
		return nil, err
	}
	name, there := o.titles[j.Picture]
	if !there {
		j.intents = nil // people have deleted the picture: nothing can be given back
		return j, nil
	}
	last := searchedRows // the header row may have moved
	for _, in := range j.intents {
		last = max(last, in.Row+1)
	}
	if book, err = l.cells(ctx, append(o.archiveRanges(), fmt.Sprintf("%s!1:%d", quoted(name), last))...); err != nil || book == nil {
		return nil, err
	}
	j.readRows(book, o.archiveID())
	return j, nil
}

// cells reads some ranges with all that tells how their cells came about; nil where Google does not know one of them.
func (l *Ledger) cells(ctx context.Context, ranges ...string) (*sheets.Spreadsheet, error) {
	book, err := l.service.Spreadsheets.Get(l.id).Ranges(ranges...).Fields(journalFields).Context(ctx).Do()
	if refusal, ok := errors.AsType[*googleapi.Error](err); ok && refusal.Code == http.StatusBadRequest {
		return nil, nil
	}
	if err != nil {
		return nil, l.failure("read the journal of the last changes", false, err)
	}
	return book, nil
}

// archiveRanges is where the archive has its header row.
func (o *layout) archiveRanges() []string {
	if o.archive == nil {
		return nil
	}
	return []string{fmt.Sprintf("%s!1:%d", quoted(o.archive.name), min(searchedRows, int(o.archive.gridTop)))}
}

// gone classifies a failed read: a 400 says that a tab was renamed or deleted a moment ago.
func (l *Ledger) gone(doing string, err error) error {
	failure := l.failure(doing, false, err)
	if refusal, ok := errors.AsType[*googleapi.Error](err); ok && refusal.Code == http.StatusBadRequest {
		return &ecm.Failure{Class: ecm.Retryable, Err: failure}
	}
	return failure
}

// settle works a journal off, and those that this makes. It gives up, without an
// error, where somebody else was first or the sheet has changed under its feet.
// Where people have deleted a header that every run needs, it is done and says so.
func (l *Ledger) settle(ctx context.Context, o *layout, j *journal) (done bool, err error) {
	var fault error // of the headers
	keep := false   // the tabs of the journal: where protection came along with the copy, it may be impossible to delete
	for range settleTries {
		v := j.judge()
		var now *present
		if len(v.restores)+len(v.returned)+len(v.shifted) > 0 {
			if o, now, err = l.present(ctx, j, v); err != nil || now == nil {
				return false, err
			}
			fault = now.fault
		}
		s, err := o.settlement(j, v, now, keep)
		if err != nil {
			return false, err
		}
		answer, err := l.service.Spreadsheets.BatchUpdate(l.id, s.request()).Fields("updatedSpreadsheet(" + journalFields + ")").Context(ctx).Do()
		if err != nil {
			failure := l.notSettled(ctx, o, err)
			if !keep && ecm.ClassOf(failure) == ecm.Permanent && o.isLocked(j.Table) {
				keep = true
				continue
			}
			return false, failure
		}
		l.forget()
		if s.next == nil {
			return true, fault
		}
		o, j = o.after(s.entry, s.next), s.next
		j.readRows(answer.UpdatedSpreadsheet, 0)
	}
	return false, l.unsettled()
}

// isLocked says whether something on a tab is protected from us.
func (o *layout) isLocked(title string) bool {
	return o.tables[title] != nil && len(o.tables[title].locks) > 0
}

// present reads the tab of a journal as it stands; nil where somebody else has worked the journal off.
func (l *Ledger) present(ctx context.Context, j *journal, v verdict) (*layout, *present, error) {
	o, err := l.layout(ctx)
	if err != nil || o.generation != j.generation || o.journal() != j.id {
		return nil, nil, err
	}
	t := o.tables[j.Table]
	if t == nil {
		return nil, nil, permanent("bring it back (File, Version history)", "the tab %q of the Google Sheet is gone, with changes in it that are to be looked through", j.Table)
	}
	if err := l.fill(ctx, []span{{t, 1, quoted(t.name)}}); err != nil {
		return nil, nil, err
	}
	return o, j.present(t, v), nil
}

// notSettled makes sense of a refused settlement: nil where the sheet is another one by now, so that it is worth a look.
func (l *Ledger) notSettled(ctx context.Context, o *layout, err error) error {
	failure := l.failure("look through the last changes", true, err)
	refusal, ok := errors.AsType[*googleapi.Error](err)
	if !ok || refusal.Code != http.StatusBadRequest {
		return failure
	}
	now, lookErr := l.layout(ctx)
	switch {
	case lookErr != nil:
		return &ecm.Failure{Class: ecm.Retryable, Err: errors.Join(failure, lookErr)}
	case now.generation != o.generation || o.differs(now):
		return nil
	}
	return failure
}

// settlement is the batch that puts right what a journal has shown, and drops it.
type settlement struct {
	batch
	entry entry
	next  *journal // cells are given back into rows that may have moved again, so that is journalled too; nil: none are
}

func (o *layout) settlement(j *journal, v verdict, now *present, keep bool) (*settlement, error) {
	s := &settlement{entry: o.next()}
	var work batch
	if now != nil {
		var later batch
		edits := sorted(append(now.edits(slices.DeleteFunc(v.restores, o.lost)), now.straighten(j, v.shifted)...))
		page, keys := now.page, now.headers
		back := now.giveBack(&later, j, v.returned)
		if len(edits)+len(back) > 0 {
			s.next = o.planned(s.entry.generation, page, edits, back...)
			s.next.Keys, s.entry.Journal = keys, s.next.id
			if err := work.carryOut(s.next, page, edits); err != nil {
				return nil, err
			}
			work.add(later.requests...)
		}
	}
	if len(v.archived) > 0 {
		work.store(j, v.archived, o.shelve(&work, s.entry, j, len(v.archived)))
	}
	for _, tab := range j.tabs() {
		_, there := o.titles[tab]
		if there && !keep && (s.next == nil || !slices.Contains(s.next.Older, tab)) {
			work.drop(tab)
		}
	}
	o.raise(&s.batch, s.entry) // it comes first, since it decides
	s.add(work.requests...)
	s.shown = work.shown
	return s, nil
}

// lost says whether people have deleted what the restore would copy from.
func (o *layout) lost(r restore) bool {
	for _, s := range r.cells {
		if _, there := o.titles[s.Tab]; s.Copied && !there {
			return true
		}
	}
	return false
}

// settleCommit looks through what a commit has just changed. The commit has
// happened, so every failure here is Ambiguous: Committed tells.
func (l *Ledger) settleCommit(ctx context.Context, p *plan, answer *sheets.BatchUpdateSpreadsheetResponse) error {
	if p.journal != nil {
		o := p.view.after(p.entry, p.journal)
		p.journal.readRows(answer.UpdatedSpreadsheet, o.archiveID())
		done, err := l.settle(ctx, o, p.journal)
		if err == nil && !done {
			err = l.Settle(ctx)
		}
		if err != nil {
			return doubtful(err)
		}
	}
	return l.settleColumns(ctx, p, answer)
}

func doubtful(err error) error {
	return &ecm.Failure{Class: ecm.Ambiguous, Err: err}
}
