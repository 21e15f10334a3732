package run

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"pi-manager/internal/brief"
	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
	"pi-manager/internal/triage"
)

// Triage is what a triage run did, or would do.
type Triage struct {
	Slot    ecm.Slot
	Book    ledger.Snapshot // the ledger that the plan was made on
	Plan    *triage.Plan    // nil where the slot was done before
	Done    *ecm.Run        // the slot's record; nil of a dry run
	Before  bool            // the slot was done before; this run only finished what was owed
	Preview []brief.Message // of a dry run: what would be posted
}

// Triage deals the stuck orders to the agents on duty: pending list, guardrails,
// ledger, plan, one commit, messages. The result is complete even where the
// error says that messages are still owed (ErrOwed).
func (m *Manager) Triage(ctx context.Context, req Request) (Triage, error) {
	ctx, cancel := context.WithTimeout(ctx, Deadline)
	defer cancel()
	req.started = m.now()
	result, err := m.triage(ctx, req)
	if err != nil && !req.DryRun && !errors.Is(err, ErrOwed) {
		m.alarm(ctx, req, ecm.Triage, err)
	}
	return result, err
}

func (m *Manager) triage(ctx context.Context, req Request) (Triage, error) {
	result := Triage{Slot: req.Slot}
	pending, book, err := m.gather(ctx, req)
	if err != nil {
		return result, err
	}
	if req.DryRun {
		return m.preview(req, pending, book)
	}
	var plan *triage.Plan
	done, err := m.carryOut(ctx, ecm.RunID(ecm.Triage, req.Slot), book, func(ctx context.Context, book ledger.Snapshot) (ledger.Commit, error) {
		made, err := m.plan(req, pending, book)
		if err != nil {
			return ledger.Commit{}, err
		}
		plan = made
		return m.draft(ctx, req, plan, book)
	})
	result.Book, result.Done, result.Before = done.Book, done.Done, done.Before
	if !done.Before {
		result.Plan = plan
	}
	return result, err
}

func (m *Manager) plan(req Request, pending ecm.Pending, book ledger.Snapshot) (*triage.Plan, error) {
	reserved := make([]triage.Reserved, len(book.Unreadable))
	for i, row := range book.Unreadable {
		reserved[i] = triage.Reserved(row)
	}
	plan, err := triage.Make(triage.Input{
		RunID: ecm.RunID(ecm.Triage, req.Slot), AsOf: req.AsOf, Pending: pending, Policy: m.Policy,
		Assignments: book.Assignments, Reserved: reserved, Agents: book.Agents, Resolutions: book.Resolutions,
		Seen: seen(book), LastAgent: lastAgent(book),
	})
	return plan, wrap("plan", err)
}

// preview decides without changing anything.
func (m *Manager) preview(req Request, pending ecm.Pending, book ledger.Snapshot) (Triage, error) {
	plan, err := m.plan(req, pending, book)
	if err != nil {
		return Triage{}, err
	}
	result := Triage{Slot: req.Slot, Book: book, Plan: plan}
	for _, part := range parts(plan, m.briefingPage(req, book)) {
		result.Preview = append(result.Preview, part.message)
	}
	return result, nil
}

// briefingPage is the page of a triage's messages.
func (m *Manager) briefingPage(req Request, book ledger.Snapshot) brief.Page {
	page := m.page(req, book)
	page.Warnings = append(slices.Clip(page.Warnings), silence(req, book)...)
	return page
}

// draft is the commit of a plan: its rows, its record, and the messages it owes.
func (m *Manager) draft(ctx context.Context, req Request, plan *triage.Plan, book ledger.Snapshot) (ledger.Commit, error) {
	page := m.briefingPage(req, book)
	page.Members = m.members(ctx, mentioned(plan))
	messages, err := outbox(parts(plan, page))
	if err != nil {
		return ledger.Commit{}, err
	}
	r := m.record(req, ecm.Triage, messages)
	r.Result, r.Counts, r.Guardrails, r.Seen, r.LastAgent = resultOf(plan), plan.Counts(), plan.Verdicts, plan.Seen, plan.LastAgent
	rows := plan.Rows()
	for _, row := range rows {
		r.Marks = append(r.Marks, row.Mark())
	}
	return ledger.Commit{Rows: rows, Run: r, Board: m.board(req, book, slices.Concat(book.Assignments, rows), ecm.Statuses{}, r.ID)}, nil
}

func resultOf(plan *triage.Plan) ecm.Result {
	switch {
	case plan.Stopped:
		return ecm.ResultStopped
	case len(plan.Dealt) == 0:
		return ecm.ResultNothingNew
	}
	return ecm.ResultOK
}

// The kinds of message. A thread message replies to the first one of its run; an
// alert always stands in the channel itself.
const (
	kindBriefing = "briefing"
	kindReport   = "report"
	kindThread   = "thread"
	kindAlert    = "alert"
)

// part is one message before it goes into the outbox.
type part struct {
	name, kind string
	message    brief.Message
}

// parts are the messages of a plan: the briefing and a reply for each agent with
// open work, or one alert where a guardrail stopped the run.
func parts(plan *triage.Plan, page brief.Page) []part {
	if plan.Stopped {
		return []part{{"alert", kindAlert, brief.Alert(plan, page)}}
	}
	list := []part{{"briefing", kindBriefing, brief.Briefing(plan, page)}}
	for i := range plan.Desks {
		if d := &plan.Desks[i]; len(d.Tickets) > 0 {
			list = append(list, part{"agent/" + d.Agent.Key(), kindThread, brief.Thread(d, page)})
		}
	}
	return list
}

func outbox(list []part) ([]ecm.Owed, error) {
	owed := make([]ecm.Owed, len(list))
	for i, p := range list {
		body, err := p.message.Encode()
		if err != nil {
			return nil, fmt.Errorf("write the message %s: %w", p.name, err)
		}
		owed[i] = ecm.Owed{Part: p.name, Kind: p.kind, Hash: hashOf(body), Body: body}
	}
	return owed, nil
}

// mentioned are the agents whose thread cannot mention them without a look-up.
func mentioned(plan *triage.Plan) []string {
	var emails []string
	for i := range plan.Desks {
		d := &plan.Desks[i]
		if _, known := brief.MemberID(d.Agent.Handle); !known && d.Off == "" && len(d.Tickets) > 0 && !plan.Stopped {
			emails = append(emails, d.Agent.Key())
		}
	}
	return emails
}

// members looks up whom to mention. Who is not found, or cannot be looked up, is
// named plainly.
func (m *Manager) members(ctx context.Context, emails []string) map[string]string {
	if len(emails) == 0 {
		return nil
	}
	m.Progress("looking up whom to mention")
	found, err := once(ctx, m.Effects, toMessenger(), false, func(ctx context.Context) (map[string]string, error) { return m.Notifier.Members(ctx, emails) })
	if err != nil {
		m.Effects.Log.Warn("agents are named, not mentioned: they cannot be looked up", "error", err)
	}
	return found
}
