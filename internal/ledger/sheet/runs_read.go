package sheet

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"pi-manager/internal/ecm"
)

// readRuns reads the records of runs. One that people have damaged or deleted is
// rebuilt from its generation as far as that goes: the slot is done, so nobody
// does it again (F60).
func (v *view) readRuns() {
	t := v.table(runsTab)
	found := map[string]bool{}
	var runs []ecm.Run
	t.each(func(number int, row []any) {
		id := t.text(row, runIDHeader)
		if id == "" || found[id] {
			return
		}
		found[id] = true
		runs = append(runs, v.readRun(t, number, row, id))
	})
	for _, e := range v.entries {
		if e.Run != "" && !found[e.Run] {
			v.doubts.doubt(e.Run, "%s: the record of a run is gone, and with it what it may still owe", t.title)
			workflow, slot, _ := strings.Cut(e.Run, "/")
			runs = append(runs, ecm.Run{ID: e.Run, Workflow: ecm.Workflow(workflow), Slot: ecm.Slot(slot), Hash: e.Hash})
		}
	}
	slices.SortStableFunc(runs, func(a, b ecm.Run) int { return a.Started.Compare(b.Started) })
	v.snapshot.Runs = recent(runs)
}

// recent keeps the newest runs and all that owe messages.
func recent(runs []ecm.Run) []ecm.Run {
	old := max(0, len(runs)-keptRuns)
	kept := slices.DeleteFunc(slices.Clone(runs[:old]), func(r ecm.Run) bool { return !r.Owes() })
	return append(kept, runs[old:]...)
}

func (v *view) readRun(t *table, number int, row []any, id string) ecm.Run {
	var kept record
	if err := json.Unmarshal([]byte(readRecord(t, row)), &kept); err != nil || kept.ID != id {
		v.doubts.doubt(fmt.Sprintf("row %d", number), "%s: the record of a run was changed by hand and cannot be read", t.name)
		workflow, slot, _ := strings.Cut(id, "/")
		return ecm.Run{ID: id, Workflow: ecm.Workflow(workflow), Slot: ecm.Slot(slot)}
	}
	run := kept.run()
	if finished := t.cell(row, finishedHeader); cellText(finished) != unfinished(id) {
		run.Finished = v.readTime(t, number, row, finishedHeader)
	}
	states := readStates(t.text(row, messagesHeader))
	bodies := readOutbox(t, row, id)
	for i := range run.Messages {
		m := &run.Messages[i]
		readState(m, states[m.Part])
		if body, owed := bodies[m.Part]; owed && !m.Delivered() {
			m.Body = json.RawMessage(body)
		}
	}
	return run
}

// readRecord joins the pieces of a record.
func readRecord(t *table, row []any) string {
	var text strings.Builder
	for i := 0; ; i++ {
		piece := t.text(row, more(recordHeader, i))
		if piece == "" {
			return text.String()
		}
		text.WriteString(piece)
	}
}

// readStates gives the state of each part. No state holds a colon and a blank, whatever the part does.
func readStates(text string) map[string]string {
	states := map[string]string{}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if at := strings.LastIndex(line, ": "); at >= 0 {
			states[line[:at]] = line[at+2:]
		}
	}
	return states
}

// readOutbox joins the chunks of the outbox. One that is damaged gives no bodies.
func readOutbox(t *table, row []any, id string) map[string]string {
	var text strings.Builder
	for i := 0; ; i++ {
		chunk, ours := strings.CutPrefix(t.text(row, more(outboxHeader, i)), outboxMark(id))
		if !ours {
			break
		}
		_, chunk, _ = strings.Cut(chunk, " ")
		text.WriteString(chunk)
	}
	bodies := map[string]string{}
	if json.Unmarshal([]byte(text.String()), &bodies) != nil {
		return nil
	}
	return bodies
}
