package run_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
	"pi-manager/internal/progress"
	"pi-manager/internal/run"
)

// keys are the names of a JSON document, in its order, and says of which values are null.
func keys(t *testing.T, document any) (names, null []string) {
	t.Helper()
	text, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil {
		t.Fatal(err)
	}
	for name, value := range fields {
		names = append(names, name)
		if string(value) == "null" {
			null = append(null, name)
		}
	}
	slices.Sort(names)
	return names, null
}

// The names that scripts read. A new one is added here; none is ever taken out.
func TestDocumentNames(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"cleanup": "archived checked counts done_before guardrails messages resolved run_id skipped slot status timed unreadable warnings",
		"progress": "breaches breaches_by_diagnosis breaching_soon by_agent by_diagnosis by_priority capacity change completed_open counts done_before first_report " +
			"guardrails high_value_open messages queue resolved run_id self_healed since slot status unreadable warnings",
	}
	for name, document := range map[string]any{"cleanup": run.CleanupResult{}, "progress": run.ProgressResult{}} {
		if names, _ := keys(t, document); strings.Join(names, " ") != want[name] {
			t.Errorf("%s has %s", name, strings.Join(names, " "))
		}
	}
}

// Every list is there, empty or not: of an empty ledger, of a run, of a slot
// that was done before, and of one whose record is damaged.
func TestDocumentsHaveEveryList(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		empty := newWorld(t, 1)
		empty.ledger = ledger.NewMemory()
		full := newBackWorld(t, 1)
		stopped := newLateWorld(t, 1)
		for name, w := range map[string]*world{"empty": empty, "full": full, "stopped": stopped} {
			for _, when := range []string{"dry", "first", "again", "damaged"} {
				if when == "damaged" {
					w.people(func(s *ledger.Snapshot) {
						for i := range s.Runs {
							s.Runs[i].Counts, s.Runs[i].Guardrails, s.Runs[i].Messages = nil, nil, nil
						}
					})
				}
				req := request(morning)
				req.DryRun = when == "dry"
				c, p := w.cleanupAs(run.CleanupRequest{Request: req}).wait(), w.progressAs(req).wait()
				if c.err != nil || p.err != nil {
					t.Fatalf("%s, %s: errors %v, %v", name, when, c.err, p.err)
				}
				d := w.start(t.Context(), req).wait()
				if d.err != nil {
					t.Fatalf("%s, %s: error %v", name, when, d.err)
				}
				for workflow, document := range map[string]any{"cleanup": c.result.Result(), "progress": p.result.Result(), "triage": d.result.Result()} {
					if _, null := keys(t, document); len(null) != 0 {
						t.Errorf("%s, %s: the document of %s has null for %v", name, when, workflow, null)
					}
				}
			}
		}
	})
}

// What a cleanup's document says is what stands in the ledger.
func TestCleanupDocument(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newBackWorld(t, 1)
		w.people(func(s *ledger.Snapshot) { s.Warnings = []string{"Agents: something is odd."} })
		doc := w.cleanup(morning).wait().result.Result()
		want := run.CleanupResult{
			RunID: "cleanup/2000-01-01T07:00", Slot: morning, Status: run.StatusOK, Checked: doc.Checked, Timed: 2, Archived: 2,
			Resolved: []run.ClosedOrder{
				{OrderID: "C1", Agent: "asha@example.com", Status: "COMPLETED"}, {OrderID: "C2", Agent: "ben@example.com", Status: "COMPLETED"},
				{OrderID: "C3", Agent: "cara@example.com", Status: "COMPLETED"},
			},
			Skipped: []progress.Skipped{{OrderID: "E1", Row: 12}, {OrderID: "U1", Row: 99}}, Messages: []run.Message{},
			Counts:   map[string]int{"checked": doc.Checked, "resolved": 3, "timed": 2, "skipped": 2, "archived": 2},
			Warnings: []string{"Agents: something is odd."}, Unreadable: []run.Unreadable{{Row: 99, OrderID: "U1", Reason: "status \"done?\" is none of ours"}},
		}
		if diff := cmp.Diff(want, doc, cmpopts.IgnoreFields(run.CleanupResult{}, "Guardrails"), cmpopts.IgnoreFields(progress.Skipped{}, "Reason")); diff != "" {
			t.Errorf("document (-want +got):\n%s", diff)
		}
		if doc.Checked < len(waiting)+len(completing) || doc.Checked > len(waiting)+len(completing)+2 {
			t.Errorf("checked %d: want every order that is not resolved, and no other", doc.Checked)
		}
		if r := w.recordOf(ecm.Cleanup, morning); len(doc.Guardrails) == 0 || !cmp.Equal(doc.Guardrails, r.Guardrails) {
			t.Errorf("guardrails %+v, the record has %+v", doc.Guardrails, r.Guardrails)
		}
	})
}

// What a report's document says is what stands in the ledger; breaches are the worst first.
func TestProgressDocument(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newBackWorld(t, 1)
		w.people(func(s *ledger.Snapshot) {
			s.Agents[2].Capacity = 4 // Cara: C3, O3, O4
			s.Agents[0].Capacity = 3 // Asha: C1, O1, O5
		})
		doc := w.progress(morning).wait().result.Result()
		breach := func(id, agent, diagnosis string, priority ecm.Priority, hours float64) run.Breach {
			return run.Breach{OrderID: id, Agent: agent + "@example.com", Diagnosis: diagnosis, Priority: priority, Hours: hours, SLAHours: 8}
		}
		want := run.ProgressResult{
			RunID: "progress/2000-01-01T07:00", Slot: morning, Status: run.StatusOK, Since: "2000-01-01 00:00:00", FirstReport: true,
			Queue: run.Queue{Open: 6, InProgress: 3, Escalated: 1}, Resolved: 3, Completed: 3, HighValue: 1,
			Healed:    []run.HealedOrder{{OrderID: "C1", Agent: "asha@example.com"}, {OrderID: "C2", Agent: "ben@example.com"}, {OrderID: "C3", Agent: "cara@example.com"}},
			Priority:  map[string]int{"P1": 0, "P2": 1, "P3": 8, "P4": 0},
			Agents:    map[string]int{"asha@example.com": 3, "ben@example.com": 2, "cara@example.com": 3, "dina@example.com": 1},
			Diagnoses: map[string]int{"": 1, "stuck_at_lulu": 8},
			Breaches: []run.Breach{
				breach("O1", "asha", "stuck_at_lulu", ecm.P3, 30), breach("O2", "ben", "stuck_at_lulu", ecm.P3, 30), breach("O3", "cara", "stuck_at_lulu", ecm.P3, 30),
				breach("AE900", "dina", "", ecm.P2, 24),
			},
			Broken:   map[string]int{"": 1, "stuck_at_lulu": 3},
			Soon:     []run.Breach{breach("O4", "cara", "stuck_at_lulu", ecm.P3, 3)},
			Capacity: []run.Capacity{{Agent: "asha@example.com", Open: 3, Capacity: 3, Percent: 100}},
			Change:   map[string]int{}, Counts: morningCounts, Warnings: []string{},
			Unreadable: []run.Unreadable{{Row: 99, OrderID: "U1", Reason: "status \"done?\" is none of ours"}},
		}
		if diff := cmp.Diff(want, doc, cmpopts.IgnoreFields(run.ProgressResult{}, "Guardrails", "Messages")); diff != "" {
			t.Errorf("document (-want +got):\n%s", diff)
		}
		record := w.recordOf(ecm.Progress, morning)
		var messages []run.Message
		for _, owed := range record.Messages {
			messages = append(messages, run.Message{Kind: owed.Kind, Part: owed.Part, Channel: channel, TS: owed.TS})
		}
		if diff := cmp.Diff(messages, doc.Messages) + cmp.Diff(record.Guardrails, doc.Guardrails); diff != "" || len(messages) < 3 {
			t.Errorf("%d messages, guardrails and messages (-record +document):\n%s", len(messages), diff)
		}
	})
}

// An order that a report has called self-healed is called so once, before its
// row is closed or after.
func TestHealedIsSaidOnce(t *testing.T) {
	t.Parallel()
	for name, order := range map[string][]ecm.Workflow{
		"told, then closed": {ecm.Progress, ecm.Cleanup, ecm.Progress},
		"closed, then told": {ecm.Cleanup, ecm.Progress, ecm.Progress},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newBackWorld(t, 1)
				said := map[string]int{}
				closed := map[string]bool{}
				for i, workflow := range order {
					slot := []ecm.Slot{morning, afternoon, evening}[i]
					if workflow == ecm.Cleanup {
						report(t, "cleanup", w.insistOn(workflow, slot))
					} else {
						for _, h := range w.progress(slot).wait().result.Result().Healed {
							said[h.OrderID]++
							closed[h.OrderID] = h.Closed
						}
					}
					time.Sleep(time.Hour)
				}
				after := order[0] == ecm.Cleanup
				if diff := cmp.Diff(map[string]int{"C1": 1, "C2": 1, "C3": 1}, said); diff != "" || closed["C1"] != after {
					t.Errorf("closed %t, said (-want +got):\n%s", closed["C1"], diff)
				}
			})
		})
	}
}
