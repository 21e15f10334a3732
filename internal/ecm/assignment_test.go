package ecm_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pi-manager/internal/ecm"
)

// F54: people write statuses in their own way; what is not one of ours is theirs.
func TestParseStatus(t *testing.T) {
	t.Parallel()
	for cell, want := range map[string]ecm.Status{
		"OPEN": ecm.Open, "open": ecm.Open, " Open\t": ecm.Open, "\u00a0open": ecm.Open,
		"IN_PROGRESS": ecm.InProgress, "in progress": ecm.InProgress, "In-Progress": ecm.InProgress,
		"RESOLVED": ecm.Resolved, "Resolved ": ecm.Resolved, "ESCALATED": ecm.Escalated, "escalated": ecm.Escalated,
		"": "", " ": "", "DONE": "", "OPEN?": "", "OPEN ✅": "", "INPROGRESS": "", "IN  PROGRESS": "", "_OPEN": "", "مفتوح": "", "ＯＰＥＮ": "", "OPENED": "", "RESOLVED 17/2": "",
	} {
		if got, known := ecm.ParseStatus(cell); got != want || known != (want != "") {
			t.Errorf("%q: got %q, %v, want %q", cell, got, known, want)
		}
	}
}

func TestWorkingTakesASlot(t *testing.T) {
	t.Parallel()
	for status, want := range map[ecm.Status]bool{ecm.Open: true, ecm.InProgress: true, ecm.Resolved: false, ecm.Escalated: false, "": false} {
		if status.Working() != want {
			t.Errorf("%q: got %v", status, !want)
		}
	}
}

func TestParsePriority(t *testing.T) {
	t.Parallel()
	for cell, want := range map[string]ecm.Priority{
		"P1": ecm.P1, "p2": ecm.P2, " P3 ": ecm.P3, "P4": ecm.P4,
		"": 0, "P0": 0, "P5": 0, "1": 0, "P 1": 0, "P11": 0, "P": 0, "urgent": 0,
	} {
		if got, known := ecm.ParsePriority(cell); got != want || known != (want != 0) {
			t.Errorf("%q: got %s, %v, want %s", cell, got, known, want)
		}
	}
	for i, p := range ecm.Priorities {
		text, err := p.MarshalText()
		if back, known := ecm.ParsePriority(string(text)); err != nil || !known || back != p || int(p) != i+1 {
			t.Errorf("%s: read back as %s", text, back)
		}
	}
}

func TestStuckAt(t *testing.T) {
	t.Parallel()
	assigned := time.Date(2026, 2, 17, 3, 0, 0, 0, time.UTC)
	row := ecm.Assignment{AssignedAt: assigned, Stuck: 12 * time.Hour}
	unknown := ecm.Assignment{Stuck: 12 * time.Hour}
	for _, c := range []struct {
		row  ecm.Assignment
		at   time.Time
		want time.Duration
	}{
		{row, assigned, 12 * time.Hour},
		{row, assigned.Add(90 * time.Minute), 13*time.Hour + 30*time.Minute},
		{row, assigned.Add(-time.Hour), 12 * time.Hour}, // a clock that runs behind takes nothing away
		{unknown, assigned, 12 * time.Hour},
	} {
		if got := c.row.StuckAt(c.at); got != c.want {
			t.Errorf("assigned %s, at %s: got %s, want %s", c.row.AssignedAt, c.at, got, c.want)
		}
	}
	created := assigned.Add(-40 * time.Hour)
	if got := (ecm.Order{Created: created}).Stuck(assigned); got != 40*time.Hour {
		t.Errorf("an order of 40 h is stuck for %s", got)
	}
}

func TestAgents(t *testing.T) {
	t.Parallel()
	a := ecm.Agent{Email: " Asha.Rao@Example.COM ", Name: "  "}
	if a.Key() != "asha.rao@example.com" || a.Label() != a.Email {
		t.Errorf("got key %q, label %q", a.Key(), a.Label())
	}
	if a.Name = " Asha "; a.Label() != "Asha" {
		t.Errorf("got label %q", a.Label())
	}
}

func TestPendingCountsEveryRow(t *testing.T) {
	t.Parallel()
	p := ecm.Pending{Orders: make([]ecm.Order, 3), SetAside: make([]ecm.SetAside, 2)}
	if got := p.Rows(); got != 5 {
		t.Errorf("got %d", got)
	}
}

func TestRunID(t *testing.T) {
	t.Parallel()
	if got := ecm.RunID(ecm.Triage, "2026-02-17T07:00"); got != "triage/2026-02-17T07:00" {
		t.Errorf("got %q", got)
	}
}

// What was delivered is noted on its own part alone, and only its body is dropped.
func TestRunDeliver(t *testing.T) {
	t.Parallel()
	run := ecm.Run{Messages: []ecm.Owed{
		{Part: "briefing", Hash: "h1", Body: []byte(`{}`)},
		{Part: "agent/a", Hash: "h2", Body: []byte(`{}`)},
		{Part: "agent/b", Hash: "h3", Body: []byte(`{}`)},
	}}
	if !run.Owes() || (ecm.Run{}).Owes() {
		t.Error("three messages are owed, and of no messages none is")
	}
	run.Deliver([]ecm.Owed{{Part: "agent/a", Channel: "C1", TS: "2.0", Note: "possible duplicate"}, {Part: "agent/b", Channel: "C1"}, {Part: "agent/x", TS: "9"}})
	want := []ecm.Owed{
		{Part: "briefing", Hash: "h1", Body: []byte(`{}`)},
		{Part: "agent/a", Hash: "h2", Channel: "C1", TS: "2.0", Note: "possible duplicate"},
		{Part: "agent/b", Hash: "h3", Body: []byte(`{}`), Channel: "C1"},
	}
	if diff := cmp.Diff(want, run.Messages); diff != "" {
		t.Error(diff)
	}
	run.Deliver([]ecm.Owed{{Part: "briefing", TS: "1.0"}})
	if !run.Owes() {
		t.Error("the reply to b is owed still")
	}
	run.Deliver([]ecm.Owed{{Part: "agent/b", TS: "3.0"}})
	if run.Owes() {
		t.Error("nothing is owed any more")
	}
}
