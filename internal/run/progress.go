package run

import (
	"context"
	"errors"

	"pi-manager/internal/brief"
	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
	"pi-manager/internal/progress"
)

// Progress is what a progress run reported, or would report.
type Progress struct {
	Slot    ecm.Slot
	Book    ledger.Snapshot
	Report  *progress.Report // nil where the slot was done before
	Done    *ecm.Run         // the slot's record; nil of a dry run
	Before  bool             // the slot was done before; this run only finished what was owed
	Preview []brief.Message  // of a dry run: what would be posted
}

// Report tells the team what moved since the last report, which SLAs broke or are
// about to, and which orders healed by themselves. It changes no row.
func (m *Manager) Report(ctx context.Context, req Request) (Progress, error) {
	ctx, cancel := context.WithTimeout(ctx, Deadline)
	defer cancel()
	req.started = m.now()
	result, err := m.report(ctx, req)
	if err != nil && !req.DryRun && !errors.Is(err, ErrOwed) {
		m.alarm(ctx, req, ecm.Progress, err)
	}
	return result, err
}

func (m *Manager) report(ctx context.Context, req Request) (Progress, error) {
	result := Progress{Slot: req.Slot}
	book, statuses, err := m.inquire(ctx, req, ecm.Progress)
	if err != nil {
		return result, err
	}
	look := func(book ledger.Snapshot) *progress.Report {
		in := m.lookback(req, book)
		in.Statuses = statuses
		return progress.Make(in, m.since(req, book))
	}
	if req.DryRun {
		result.Book, result.Report = book, look(book)
		for _, part := range m.reportParts(result.Report, m.page(req, book)) {
			result.Preview = append(result.Preview, part.message)
		}
		return result, nil
	}
	var report *progress.Report
	done, err := m.carryOut(ctx, ecm.RunID(ecm.Progress, req.Slot), book, func(ctx context.Context, book ledger.Snapshot) (ledger.Commit, error) {
		report = look(book)
		return m.reportDraft(ctx, req, report, book, statuses)
	})
	result.Book, result.Done, result.Before = done.Book, done.Done, done.Before
	if !done.Before {
		result.Report = report
	}
	return result, err
}

// inquire reads the ledger and asks the warehouse about its open orders. Of a
// slot that was done before, nothing is asked.
func (m *Manager) inquire(ctx context.Context, req Request, workflow ecm.Workflow) (ledger.Snapshot, ecm.Statuses, error) {
	m.Progress("reading the ledger")
	if !req.DryRun {
		if err := m.ready(ctx); err != nil {
			return ledger.Snapshot{}, ecm.Statuses{}, wrap("reach the messenger", err)
		}
	}
	book, err := m.ledgerFor(ctx, req)
	if err != nil || find(book, ecm.RunID(workflow, req.Slot)) != nil {
		return book, ecm.Statuses{}, err
	}
	statuses, err := m.statuses(ctx, req, book)
	return book, statuses, err
}

func (m *Manager) reportDraft(ctx context.Context, req Request, report *progress.Report, book ledger.Snapshot, statuses ecm.Statuses) (ledger.Commit, error) {
	page := m.page(req, book)
	page.Members = m.members(ctx, warned(report))
	messages, err := outbox(m.reportParts(report, page))
	if err != nil {
		return ledger.Commit{}, err
	}
	r := m.record(req, ecm.Progress, messages)
	r.Counts, r.Guardrails, r.Seen, r.Healed = report.Counts, report.Verdicts, report.Seen, report.Completed
	return ledger.Commit{Run: r, Board: m.board(req, book, book.Assignments, statuses, r.ID)}, nil
}

// reportParts are the messages of a report: the report, its details in the
// thread, and an alert of its own where many SLAs are broken.
func (m *Manager) reportParts(r *progress.Report, page brief.Page) []part {
	list := []part{{"report", kindReport, brief.Report(r, page)}}
	for _, reply := range brief.ReportReplies(r, page) {
		list = append(list, part{reply.Name, kindThread, reply.Message})
	}
	if r.Alert(m.Policy) {
		list = append(list, part{"alert", kindAlert, brief.BreachAlert(r, page)})
	}
	return list
}

// warned are the agents who are mentioned because an SLA of theirs is about to
// break, and whose member ids are not known yet.
func warned(r *progress.Report) []string {
	var emails []string
	for _, l := range r.Agents {
		if _, known := brief.MemberID(l.Agent.Handle); !known && l.OnDuty && l.Soon > 0 {
			emails = append(emails, l.Agent.Key())
		}
	}
	return emails
}
