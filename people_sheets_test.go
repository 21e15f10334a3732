package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pi-manager/internal/ecm"
	"pi-manager/internal/fake"
	contract "pi-manager/internal/ledger"
	"pi-manager/internal/ledger/sheet"
)

const (
	messes     = 5_000
	messyRows  = 40
	committing = 10 // of so many sheets, one is also written to
	crews      = 4  // that share the work, each with a server of its own
)

// F40 to F42, F47 to F54: 5,000 sheets that people have been at in one to eight ways. What is read is what a
// reader that knows nothing of ours reads, rows that cannot be read are named by
// their numbers, and neither a read nor a commit changes a cell of people's.
func TestPeopleSheets(t *testing.T) {
	t.Parallel()
	for crew := range crews {
		t.Run(fmt.Sprint(crew), func(t *testing.T) {
			t.Parallel()
			s := fake.NewSheets(t)
			l, err := sheet.Open(t.Context(), sheet.Settings{SpreadsheetID: s.ID, Endpoint: s.URL, Client: s.Client()})
			if err != nil {
				t.Fatal(err)
			}
			start := messy(t, s, l)
			readable := 0
			for seed := crew; seed < messes && !t.Failed(); seed += crews {
				s.Restore(start)
				s.Forget()
				m := &mess{Rand: rand.New(rand.NewPCG(uint64(seed), 40)), s: s, tab: startTab}
				m.name = fmt.Sprintf("seed %d (%s)", seed, strings.Join(m.up(), ", "))
				if m.check(t, l, seed/crews%committing == 0) {
					readable++
				}
			}
			if share := readable * crews * 100 / messes; !t.Failed() && (share < 50 || share > 95) {
				t.Errorf("%d%% of the sheets could be read: too few or too many to prove something", share)
			}
		})
	}
}

// messy is a spreadsheet of forty rows, as a month of work leaves them.
func messy(t *testing.T, s *fake.Sheets, l *sheet.Ledger) fake.Version {
	t.Helper()
	rows := [][]any{assignmentColumns()}
	for i := range messyRows {
		status := []string{"OPEN", "RESOLVED", "IN_PROGRESS", "RESOLVED", "ESCALATED", "in progress", "waiting"}[i%7]
		row := []any{fmt.Sprintf("AE%04d", i), "ana@example.com", "2026-02-16 12:00:00", status, fmt.Sprint("boss of ", i), "P2", "AED", float64(100 + i), 20.5, "manual_review", nil, nil, nil, nil, nil}
		if i%6 == 0 {
			row[13] = fake.SheetsFormula{Source: fmt.Sprintf("=I%d*2", i+2), Shows: 41.0}
		}
		if status == "RESOLVED" && i%2 == 0 {
			row[11] = "2026-02-16 15:00:00"
		}
		if i%3 == 0 {
			row[10] = fmt.Sprint("note ", i)
		}
		rows = append(rows, row)
	}
	s.Seed(startTab, rows)
	s.DeleteRows(startTab, 90, 900)
	s.Seed("Agents", [][]any{{"Email", "Active"}, {"ana@example.com", true}})
	if _, err := l.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	first := contract.Commit{Run: ecm.Run{ID: "progress/before", Workflow: ecm.Progress, Slot: "before", Result: ecm.ResultOK, Hash: "h"}}
	if err := l.Commit(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	return s.Version()
}

// up makes a mess, and says of what.
func (m *mess) up() (names []string) {
	all := operators()
	for range 1 + m.IntN(8) {
		op := all[m.IntN(len(all))]
		op.do(m)
		names = append(names, op.name)
	}
	return names
}

// check reads the sheet, and says whether it could be read.
func (m *mess) check(t *testing.T, l *sheet.Ledger, write bool) bool {
	t.Helper()
	want := readNaively(m.s, m.tab)
	book, err := l.Read(t.Context())
	if m.s.Writes() > 0 {
		t.Errorf("%s: reading wrote", m.name)
	}
	if want.fault != "" || err != nil {
		if err == nil || !strings.Contains(err.Error(), want.fault) || want.fault == "" {
			t.Errorf("%s: read: %v, want a fault with %q", m.name, err, want.fault)
		}
		return false
	}
	got := readingOf(book)
	if diff := cmp.Diff(want.rows, got.rows); diff != "" {
		t.Errorf("%s: rows (-a naive reader +ours):\n%s", m.name, diff)
	}
	if diff := cmp.Diff(want.unreadable, got.unreadable); diff != "" {
		t.Errorf("%s: rows that cannot be read (-a naive reader +ours):\n%s", m.name, diff)
	}
	if write && !t.Failed() {
		m.write(t, l, book)
	}
	return true
}

func readingOf(book contract.Snapshot) (r reading) {
	for _, a := range book.Assignments {
		r.rows = append(r.rows, fmt.Sprintf("%d %s|%s|%s|%s|%s|%s %s|%.1f|%s|%s|%s", a.Row, a.OrderID, a.Agent, a.Status, a.Word, a.Priority, a.Send.Currency, a.Send.Amount,
			a.Stuck.Hours(), a.Diagnosis, a.Notes, a.RunID))
	}
	for _, u := range book.Unreadable {
		r.unreadable = append(r.unreadable, fmt.Sprintf("%d %s", u.Row, u.OrderID))
	}
	return r
}

// write closes some rows and adds one. Nothing but that has changed afterwards.
func (m *mess) write(t *testing.T, l *sheet.Ledger, book contract.Snapshot) {
	t.Helper()
	before := m.s.Model()
	at := time.Date(2026, 2, 17, 3, 0, 0, 0, time.UTC)
	c := contract.Commit{After: book.Generation, Run: ecm.Run{ID: "cleanup/now", Workflow: ecm.Cleanup, Slot: "now", Result: ecm.ResultOK, Hash: "h2"}}
	closed := map[string]ecm.Assignment{}
	for i, a := range book.Assignments {
		if i%7 == 0 && a.Status.Working() {
			is := a.WithNote(ecm.SelfHealed)
			is.Status, is.Word = ecm.Resolved, ""
			if is.ResolvedAt.IsZero() {
				is.ResolvedAt = at
			}
			c.Changes = append(c.Changes, ecm.Change{Was: a, Is: is})
			closed[fmt.Sprint(a.Row)] = is
		}
	}
	c.Rows = []ecm.Assignment{{OrderID: "NEW1", Agent: "ana@example.com", AssignedAt: at, Status: ecm.Open, Priority: ecm.P1, Send: ecm.Money{Currency: "AED"}, Diagnosis: "manual_review", RunID: c.Run.ID}}
	err := l.Commit(t.Context(), c)
	if err != nil && ecm.ClassOf(err) != ecm.Permanent && !errors.Is(err, contract.ErrConflict) {
		t.Errorf("%s: commit: %v", m.name, err)
	}
	after := m.s.Model()
	used := len(m.s.Rows(m.tab)) - 1 // the last row is ours
	if err != nil {
		used++
	}
	for _, change := range before.Changes(after) {
		cell, in := strings.CutPrefix(change, m.tab+"!")
		if !in {
			if title, _, _ := strings.Cut(change, "!"); !slices.Contains([]string{"Runs", "ECM Dashboard"}, title) {
				t.Errorf("%s: %s has changed", m.name, change)
			}
			continue
		}
		row := strings.TrimLeft(cell, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
		v := after[m.tab][cell]
		is, mine := closed[row]
		switch {
		case err == nil && row == fmt.Sprint(used+1), v == "Resolved At" || v == "Run ID":
		case err == nil && mine && (v == "RESOLVED" || v == is.Notes || v == ecm.FormatTime(is.ResolvedAt)):
		default:
			t.Errorf("%s: %s was %v and is %v", m.name, change, before[m.tab][cell], v)
		}
	}
}
