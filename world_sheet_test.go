package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pi-manager/internal/fake"
)

// cells is a spreadsheet cell by cell, as JSON: what stands in it ("Agents 2:0
// value") and how it looks ("Agents 2:0 look"), and what belongs to a whole tab.
type cells map[string]string

// sheetTab is a tab as Google answers it.
type sheetTab struct {
	Properties struct {
		Title  string `json:"title"`
		Hidden bool   `json:"hidden"`
	} `json:"properties"`
	Filter    any `json:"basicFilter"`
	Protected any `json:"protectedRanges"`
	Colours   any `json:"conditionalFormats"`
	Data      []struct {
		Rows []struct {
			Cells []map[string]any `json:"values"`
		} `json:"rowData"`
	} `json:"data"`
}

func (w *world) cells(t *testing.T) cells {
	t.Helper()
	answer, err := w.sheets.Client().Get(w.sheets.URL + "v4/spreadsheets/" + w.sheets.ID + "?includeGridData=true")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	var book struct {
		Sheets []sheetTab `json:"sheets"`
	}
	if err := json.Unmarshal(body, &book); err != nil {
		t.Fatal(err)
	}
	all := cells{}
	for _, tab := range book.Sheets {
		title := tab.Properties.Title
		all[title] = asJSON(tab.Properties.Hidden, tab.Filter, tab.Protected, tab.Colours)
		for i, row := range tab.Data[0].Rows {
			for j, cell := range row.Cells {
				all.add(fmt.Sprintf("%s %d:%d", title, i, j), cell)
			}
		}
	}
	return all
}

func (c cells) add(place string, cell map[string]any) {
	if cell["userEnteredValue"] != nil || cell["note"] != nil {
		c[place+" value"] = asJSON(cell["userEnteredValue"], cell["formattedValue"], cell["note"])
	}
	if cell["userEnteredFormat"] != nil || cell["dataValidation"] != nil {
		c[place+" look"] = asJSON(cell["userEnteredFormat"], cell["dataValidation"])
	}
}

func asJSON(values ...any) string {
	text, _ := json.Marshal(values) // it came as JSON
	return string(text)
}

// checkUntouched wants every cell of before as it was, looks included; only the tabs Runs and ECM Dashboard are the program's own.
func (w *world) checkUntouched(t *testing.T, before cells) {
	t.Helper()
	now := w.cells(t)
	same := cells{}
	for place := range before {
		if strings.HasPrefix(place, "Runs") || strings.HasPrefix(place, "ECM Dashboard") {
			delete(before, place)
			continue
		}
		same[place] = now[place]
	}
	if diff := cmp.Diff(before, same); diff != "" {
		t.Errorf("cells that a person wrote are not as they were (-before +after):\n%s", diff)
	}
}

// written are the rows of the tab Assignments that a run wrote, in their order.
func (w *world) written(t *testing.T, runID string) []record {
	t.Helper()
	return slices.DeleteFunc(plain(w.binder.rows(t, "Assignments")), func(r record) bool { return r["run id"] != runID })
}

// checkRows compares the new rows of the sheet, cell by cell, with what was expected.
func (w *world) checkRows(t *testing.T, runID string, e expectation, asOf time.Time) {
	t.Helper()
	var want []record
	for _, d := range e.dealt {
		amount, _ := d.amount.Float64()
		want = append(want, record{
			"order id": d.id(), "assigned agent": d.agent, "assigned at": asOf.Format(time.DateTime), "status": "OPEN", "priority": d.priority,
			"currency": d.currency(), "amount": amount, "hours stuck": hoursStuck(d.stuck), "diagnosis": d.diagnosis.name, "run id": runID,
		})
	}
	got := w.written(t, runID)
	for i, r := range got {
		note := r.text("notes")
		delete(r, "notes")
		switch {
		case i >= len(e.dealt):
		case e.dealt[i].reopened && !(strings.Contains(note, "reopened") && strings.Contains(note, e.dealt[i].had)):
			t.Errorf("the row of the reopened order %q has the note %q; it does not say so, or not who had it", e.dealt[i].id(), note)
		case !e.dealt[i].reopened && note != "":
			t.Errorf("the row of %q has the note %q", e.dealt[i].id(), note)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the new rows differ from what was expected (-want +got):\n%s", diff)
	}
	w.checkOnce(t)
}

// checkOnce wants no order with two rows that somebody has to work on.
func (w *world) checkOnce(t *testing.T) {
	t.Helper()
	seen := map[string]bool{}
	for _, r := range w.binder.rows(t, "Assignments") {
		id := cellText(r["order id"])
		if id == "" || status(r) == "RESOLVED" || w.pasted[id] {
			continue
		}
		if seen[id] {
			t.Errorf("order %q has two active rows", id)
		}
		seen[id] = true
	}
}

// checkDocument compares what --json prints with what was expected.
func (o outcome) checkDocument(t *testing.T, e expectation, in arrival) {
	t.Helper()
	d := o.document
	reopened := 0
	var want, got [][]any
	for _, order := range e.dealt {
		want = append(want, []any{
			order.id(), order.agent, order.priority, order.score.String(), order.currency(), order.facts["send_amount"], hoursStuck(order.stuck), order.diagnosis.name,
		})
		if order.reopened {
			reopened++
		}
	}
	for _, a := range d.Assignments {
		got = append(got, []any{a.OrderID, a.Agent, a.Priority, number(a.Score.String()).String(), a.Currency, a.Amount, a.HoursStuck, a.Diagnosis})
		if a.Reason == "" {
			t.Errorf("the assignment of %q has no reason", a.OrderID)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("assignments (-want +got):\n%s", diff)
	}
	want, got = nil, nil
	for _, order := range e.overflow {
		want = append(want, []any{order.id(), order.priority, order.score.String()})
	}
	for _, order := range d.Overflow {
		got = append(got, []any{order.OrderID, order.Priority, number(order.Score.String()).String()})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("overflow (-want +got):\n%s", diff)
	}
	counts := map[string]int{
		"pending": len(in.orders) + len(in.setAside), "set_aside": len(in.setAside), "disqualified": 0, "already_assigned": e.kept,
		"recently_resolved": e.resolved, "new": len(e.dealt), "reopened": reopened, "overflow": len(e.overflow),
	}
	if diff := cmp.Diff(counts, d.Counts); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	o.checkArrival(t, in)
}

// checkArrival compares what the document says of the orders that came in.
func (o outcome) checkArrival(t *testing.T, in arrival) {
	t.Helper()
	aside := map[string]string{}
	for _, left := range o.document.SetAside {
		reason, _, _ := strings.Cut(left.Reason, ":")
		aside[left.OrderID] = reason
	}
	if diff := cmp.Diff(in.setAside, aside); diff != "" {
		t.Errorf("set aside (-want +got):\n%s", diff)
	}
	if len(o.document.Disqualified) > 0 {
		t.Errorf("disqualified: %v; the query leaves nothing to disqualify", o.document.Disqualified)
	}
	if diff := cmp.Diff(in.mix(), o.document.Mix); diff != "" {
		t.Errorf("currency mix (-want +got):\n%s", diff)
	}
	var levels []verdict
	for _, v := range o.document.Guardrails {
		levels = append(levels, verdict{Check: v.Check, Value: v.Value, Level: v.Level})
	}
	if diff := cmp.Diff(in.verdicts(), levels); diff != "" {
		t.Errorf("guardrails (-want +got):\n%s", diff)
	}
}

// checkMessages wants each message of the document to be the one that stands in Slack: briefing first, replies in its thread.
func (o outcome) checkMessages(t *testing.T, posted []fake.SlackMessage) {
	t.Helper()
	if len(posted) != len(o.document.Messages) {
		t.Fatalf("%d messages in Slack, %d in the document", len(posted), len(o.document.Messages))
	}
	for i, m := range o.document.Messages {
		kind, thread := "thread", posted[0].TS
		if i == 0 {
			kind, thread = "briefing", ""
		}
		if m.Kind != kind || m.Channel != posted[i].Channel || m.TS != posted[i].TS || posted[i].ThreadTS != thread {
			t.Errorf("message %d: the document says %+v, Slack has %s in thread %q", i+1, m, posted[i].TS, posted[i].ThreadTS)
		}
	}
}
