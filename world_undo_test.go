package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// undoDocument is what --json prints of an undo.
type undoDocument struct {
	RunID  string `json:"run_id"`
	UndoID string `json:"undo_id"`
	Status string `json:"status"`
	Rows   []struct {
		OrderID string `json:"order_id"`
		Removed bool   `json:"removed"`
		Status  string `json:"status"`
	} `json:"rows"`
	Left      []orderReason `json:"left"`
	Withdrawn int           `json:"messages_withdrawn"`
}

// answers runs a command whose questions are answered.
func (d *day) answers(t *testing.T, stdin string, args ...string) outcome {
	t.Helper()
	p := startWith(t, stdin, d.dir, d.env, args...)
	o := outcome{exit: p.wait()}
	o.stdout, o.stderr = p.stdout.String(), p.stderr.String()
	d.said = append(d.said, o.stdout, o.stderr)
	return o
}

// undo runs one that prints JSON.
func (d *day) undo(t *testing.T, args ...string) undoDocument {
	t.Helper()
	o := d.answers(t, "", append([]string{"undo", "--json"}, args...)...)
	var document undoDocument
	if err := json.Unmarshal([]byte(o.stdout), &document); err != nil || o.exit != 0 {
		t.Fatalf("exit status %d, %v\n%s%s", o.exit, err, o.stdout, o.stderr)
	}
	return document
}

// book is all that stands in the rows, byte for byte, and in a sheet in every cell of the tabs that are people's.
func (d *day) book(t *testing.T) any {
	t.Helper()
	if s, isSheet := d.binder.(sheetBinder); isSheet {
		model := s.Model()
		return []any{model["Assignments"], model["Agents"], model["Team notes"], s.Rows("Assignments")}
	}
	return d.binder.rows(t, "Assignments")
}

func (d *day) wantBook(t *testing.T, want any, when string) {
	t.Helper()
	if diff := gocmp.Diff(want, d.book(t)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", when, diff)
	}
}

// TestWorldUndoTriage takes back what a triage dealt: what nobody has touched is
// gone as if it had never been there; what somebody works on stays; the next triage
// deals as the first one did.
func TestWorldUndoTriage(t *testing.T) {
	t.Parallel()
	for _, ledger := range []string{onSheets, onTables} {
		t.Run(ledger, func(t *testing.T) {
			t.Parallel()
			d := newDay(t, ledger, 21) // one more than a whole round, so that it shows with whom a deal begins
			d.env = set(d.env, "PI_MANAGER_NOTIFY", "stdout")
			d.inherit(t)
			d.db.load(t, d.g.tables)
			before := d.book(t)
			const slot = "2026-02-17T07:00"
			dealt := d.triage(t, slot, at(7, 0))
			dealt.wants(t, 0, "ok")
			after := d.book(t)

			for _, answer := range []string{"n\n", "", "yess\n", "\n"} {
				if o := d.answers(t, answer, "undo", "triage/"+slot); o.exit != 0 || !strings.Contains(o.stdout, "Nothing was changed.") || !strings.Contains(o.stderr, "Take these rows back? [y/N]") {
					t.Errorf("answer %q: exit status %d\n%s%s", answer, o.exit, o.stdout, o.stderr)
				}
			}
			if plan := d.undo(t, "--dry-run", "triage/"+slot); plan.Status != "dry_run" || plan.UndoID != "" || len(plan.Rows) != len(dealt.document.Assignments) {
				t.Errorf("the dry run says %+v", plan)
			}
			d.wantBook(t, after, "somebody looked, and said no")
			if o := d.answers(t, "y\n", "undo", "triage/"+slot); o.exit != 0 || !strings.Contains(o.stdout, "Rows taken back: 21. Rows left alone: 0.") {
				t.Errorf("exit status %d\n%s%s", o.exit, o.stdout, o.stderr)
			}
			d.wantBook(t, before, "the triage was taken back")

			again := d.triage(t, "2026-02-17T14:00", at(7, 0))
			again.wants(t, 0, "ok")
			if diff := gocmp.Diff(dealt.document.Assignments, again.document.Assignments); diff != "" {
				t.Errorf("the next triage deals otherwise than the one that was taken back (-first +next):\n%s", diff)
			}
			d.undoWhatIsLeft(t, "triage/2026-02-17T14:00")
			d.wantRuns(t, "undo/", "triage/2026-02-17T14:00", "undo/", "triage/2026-02-17T07:00")
		})
	}
}

// undoWhatIsLeft takes back a triage in whose rows people have worked.
func (d *day) undoWhatIsLeft(t *testing.T, runID string) {
	t.Helper()
	touched := d.pick(t, 4)
	d.fillAll(t, touched[:1], "status", "IN_PROGRESS")
	d.fillAll(t, touched[1:2], "notes", "called")
	d.fillAll(t, touched[2:3], "assigned agent", "bo@example.com")
	d.fillAll(t, touched[3:], "status", "RESOLVED")
	want := slices.DeleteFunc(d.binder.rows(t, "Assignments"), func(r record) bool {
		return r["run id"] == runID && !slices.ContainsFunc(touched, func(one record) bool { return one["order id"] == r["order id"] })
	})
	got := d.undo(t, "--yes", runID)
	if got.Status != "ok" || !strings.HasPrefix(got.UndoID, "undo/") || len(got.Rows) != 17 || len(got.Left) < 3 {
		t.Errorf("the undo says %+v", got)
	}
	if diff := gocmp.Diff(plain(want), plain(d.binder.rows(t, "Assignments"))); diff != "" {
		t.Errorf("people have worked on four rows (-want +got):\n%s", diff)
	}
	once := d.book(t)
	if more := d.undo(t, "--yes", runID); more.Status != "nothing_new" || len(more.Rows) != 0 {
		t.Errorf("the second undo says %+v", more)
	}
	d.wantBook(t, once, "the second undo changes nothing")
}

// wantRuns wants these runs to be listed, newest first.
func (d *day) wantRuns(t *testing.T, ids ...string) {
	t.Helper()
	var runs []struct {
		RunID    string         `json:"run_id"`
		Workflow string         `json:"workflow"`
		Counts   map[string]int `json:"counts"`
		Owed     int            `json:"messages_owed"`
	}
	o := d.answers(t, "", "runs", "--json")
	if err := json.Unmarshal([]byte(o.stdout), &runs); err != nil || len(runs) != len(ids) {
		t.Fatalf("%v: want %d runs\n%s%s", err, len(ids), o.stdout, o.stderr)
	}
	for i, r := range runs {
		if !strings.HasPrefix(r.RunID, ids[i]) || !strings.HasPrefix(r.RunID, r.Workflow+"/") || len(r.Counts) == 0 || r.Owed != 0 {
			t.Errorf("run %d is %+v, want %s", i+1, r, ids[i])
		}
	}
}

// TestWorldUndoCleanup takes back what a cleanup closed: status, time and note are
// as before, byte for byte; a row that somebody has written in since stays closed.
func TestWorldUndoCleanup(t *testing.T) {
	t.Parallel()
	for _, ledger := range []string{onSheets, onTables} {
		t.Run(ledger, func(t *testing.T) {
			t.Parallel()
			d := hundred(t, ledger, 30, 0)
			d.env = set(d.env, "PI_MANAGER_NOTIFY", "stdout")
			list := d.binder.rows(t, "Assignments")
			d.fillAll(t, list[:3], "notes", "called; no answer")
			d.fillAll(t, list[3:6], "status", "in progress")
			d.fillAll(t, list[90:92], "status", "RESOLVED")
			before := d.book(t)
			d.cleanup(t, "2026-02-17T07:00", at(7, 0))
			if plan := d.undo(t, "--dry-run", "cleanup/2026-02-17T07:00"); len(plan.Rows) != 32 || len(plan.Left) != 0 {
				t.Errorf("the plan has %d rows and leaves %d", len(plan.Rows), len(plan.Left))
			}
			if got := d.undo(t, "--yes", "cleanup/2026-02-17T07:00"); got.Status != "ok" || len(got.Rows) != 32 {
				t.Errorf("the undo says %+v", got)
			}
			d.wantBook(t, before, "the cleanup was taken back")

			d.cleanup(t, "2026-02-17T14:00", at(7, 0))
			d.fillAll(t, list[:1], "notes", "the customer says thank you")
			d.fillAll(t, list[7:8], "status", "OPEN")
			want := d.binder.rows(t, "Assignments")
			for i := range want[:30] {
				if i == 0 || i == 7 {
					continue
				}
				delete(want[i], "resolved at")
				want[i]["status"] = list[i]["status"]
				delete(want[i], "notes")
				if i < 3 {
					want[i]["notes"] = "called; no answer"
				} else if i < 6 {
					want[i]["status"] = "in progress"
				}
			}
			delete(want[90], "resolved at")
			delete(want[91], "resolved at")
			if got := d.undo(t, "--yes", "cleanup/2026-02-17T14:00"); got.Status != "ok" || len(got.Rows) != 30 || len(got.Left) != 2 {
				t.Errorf("the undo says %+v", got)
			}
			if diff := gocmp.Diff(plain(want), plain(d.binder.rows(t, "Assignments"))); diff != "" {
				t.Errorf("people have worked on two rows (-want +got):\n%s", diff)
			}
		})
	}
}

// TestWorldUndoRefused: what cannot be taken back is a usage error that says why,
// and nothing is changed. Messages that are still owed are not posted any more.
func TestWorldUndoRefused(t *testing.T) {
	t.Parallel()
	d := newDay(t, onTables, 9)
	for words, args := range map[string][]string{
		"there is no run":  {"undo", "triage/2026-02-17T07:00"},
		"takes one run id": {"undo"},
		"--json asks":      {"undo", "--json", "triage/2026-02-17T07:00"},
	} {
		if o := d.answers(t, "y\n", args...); o.exit != 2 || !strings.Contains(o.stderr, words) {
			t.Errorf("%v: exit status %d\n%s", args, o.exit, o.stderr)
		}
	}
	d.tell(t, "2026-02-17T14:00", at(14, 0))
	if o := d.answers(t, "y\n", "undo", "progress/2026-02-17T14:00"); o.exit != 2 || !strings.Contains(o.stderr, "it wrote no row") {
		t.Errorf("exit status %d\n%s", o.exit, o.stderr)
	}

	said := len(d.slack.Messages())
	d.shut(true)
	if o := d.triage(t, "2026-02-17T14:00", at(14, 0)); o.exit != 4 {
		t.Fatalf("exit status %d\n%s", o.exit, o.stderr)
	}
	if o := d.answers(t, "y\n", "undo", "triage/2026-02-17T14:00"); o.exit == 0 || !strings.Contains(o.stderr, "its messages are being posted") {
		t.Errorf("exit status %d\n%s", o.exit, o.stderr)
	}
	d.binder.(tableBinder).do(t, "UPDATE runs SET until = '2026-02-17 00:00:00'") // as if a minute had gone by
	if got := d.undo(t, "--yes", "triage/2026-02-17T14:00"); got.Withdrawn != 5 || len(got.Rows) != 9 {
		t.Errorf("the undo says %+v", got)
	}
	d.shut(false)
	if got := d.undo(t, "--yes", "triage/2026-02-17T14:00"); got.Status != "nothing_new" {
		t.Errorf("the second undo says %+v", got)
	}
	var document cleanupDocument
	d.in(t, "cleanup", "2026-02-17T20:00", at(20, 0), &document)
	if now := len(d.slack.Messages()); now != said {
		t.Errorf("%d messages were posted of a triage that was taken back", now-said)
	}
}
