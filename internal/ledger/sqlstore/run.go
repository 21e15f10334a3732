package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
)

const (
	insertRunRow = `
INSERT INTO runs (run_id, generation, workflow, slot, started, until, finished, result, last_agent, counts, guardrails, seen, marks, changed, healed, as_of)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`

	insertMessage = `
INSERT INTO messages (run_id, position, part, kind, hash, body, channel, ts, note)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`

	// wantedRuns picks the runs of a snapshot: those that owe messages, and the newest.
	wantedRuns = `
WHERE r.run_id IN (SELECT run_id FROM messages WHERE ts = '')
   OR r.generation IN (SELECT generation FROM runs ORDER BY generation DESC LIMIT $1)`

	selectRuns = `
SELECT r.run_id, r.workflow, r.slot, r.started, r.until, r.finished, r.result, r.last_agent,
       r.counts, r.guardrails, r.seen, r.marks, r.changed, r.healed, r.as_of, COALESCE(g.hash, '')
FROM runs r LEFT JOIN generations g ON g.generation = r.generation` + wantedRuns + `
ORDER BY r.generation`

	selectMessages = `
SELECT m.run_id, m.part, m.kind, m.hash, m.body, m.channel, m.ts, m.note
FROM messages m JOIN runs r ON r.run_id = m.run_id` + wantedRuns + `
ORDER BY r.generation, m.position`
)

// insertRun writes a run's record and the messages it owes.
func insertRun(ctx context.Context, tx *sql.Tx, generation int64, run ecm.Run) error {
	values := []any{
		run.ID, generation, string(run.Workflow), string(run.Slot),
		ecm.FormatTime(run.Started), ecm.FormatTime(upToSecond(run.Until)), ecm.FormatTime(run.Finished), string(run.Result), run.LastAgent,
	}
	for _, part := range [...]any{run.Counts, run.Guardrails, run.Seen, run.Marks, run.Changed, run.Healed} {
		text, err := json.Marshal(part)
		if err != nil {
			return err
		}
		values = append(values, string(text))
	}
	values = append(values, ecm.FormatTime(run.AsOf))
	if _, err := tx.ExecContext(ctx, insertRunRow, values...); err != nil {
		return err
	}
	// A person who deletes a run's record, for its slot to run again, may leave its messages.
	if _, err := tx.ExecContext(ctx, `DELETE FROM messages WHERE run_id = $1`, run.ID); err != nil {
		return err
	}
	return forAll(ctx, tx, insertMessage, run.Messages, func(i int, m ecm.Owed) []any {
		return []any{run.ID, i, m.Part, m.Kind, m.Hash, string(m.Body), m.Channel, m.TS, m.Note}
	})
}

// upToSecond rounds up: cut off to the second, a process would lose its right to
// deliver a moment before it thinks so, and two would post the same message.
func upToSecond(t time.Time) time.Time { return t.Add(time.Second - 1).Truncate(time.Second) }

func (r *reading) runs(ctx context.Context, tx *sql.Tx) error {
	index := make(map[string]int)
	err := each(ctx, tx, func(rows *sql.Rows) error {
		run, err := r.run(rows)
		index[run.ID] = len(r.Runs)
		r.Runs = append(r.Runs, run)
		return err
	}, selectRuns, keptRuns)
	if err != nil {
		return err
	}
	return each(ctx, tx, func(rows *sql.Rows) error {
		var runID, body string
		var m ecm.Owed
		if err := rows.Scan(&runID, &m.Part, &m.Kind, &m.Hash, &body, &m.Channel, &m.TS, &m.Note); err != nil {
			return err
		}
		if body != "" {
			m.Body = json.RawMessage(body)
		}
		run := &r.Runs[index[runID]] // the same condition, the same snapshot: it is there
		run.Messages = append(run.Messages, m)
		return nil
	}, selectMessages, keptRuns)
}

// run reads a record. A cell of it that makes no sense any more is doubted and
// left empty; the record still stands, for it says that the slot is done.
func (r *reading) run(rows *sql.Rows) (run ecm.Run, err error) {
	var workflow, slot, started, until, finished, result, counts, guardrails, seen, marks, changed, healed, asOf string
	if err := rows.Scan(&run.ID, &workflow, &slot, &started, &until, &finished, &result, &run.LastAgent,
		&counts, &guardrails, &seen, &marks, &changed, &healed, &asOf, &run.Hash); err != nil {
		return run, err
	}
	run.Workflow, run.Slot, run.Result = ecm.Workflow(workflow), ecm.Slot(slot), ecm.Result(result)
	run.Started = r.runTime("started", run.ID, started)
	run.Until = r.runTime("until", run.ID, until)
	run.Finished = r.runTime("finished", run.ID, finished)
	r.doubtRun("counts", run.ID, json.Unmarshal([]byte(counts), &run.Counts))
	r.doubtRun("guardrails", run.ID, json.Unmarshal([]byte(guardrails), &run.Guardrails))
	r.doubtRun("seen", run.ID, json.Unmarshal([]byte(seen), &run.Seen))
	r.doubtRun("marks", run.ID, json.Unmarshal([]byte(marks), &run.Marks))
	r.doubtRun("changed", run.ID, json.Unmarshal([]byte(changed), &run.Changed))
	r.doubtRun("healed", run.ID, json.Unmarshal([]byte(healed), &run.Healed))
	run.AsOf = r.runTime("as_of", run.ID, asOf)
	return run, nil
}

func (d *doubts) runTime(cell, runID, text string) time.Time {
	if text == "" {
		return time.Time{}
	}
	t, err := ecm.ParseTime(text)
	d.doubtRun(cell, runID, err)
	return t
}

func (d *doubts) doubtRun(cell, runID string, err error) {
	if err != nil {
		d.doubt("runs: "+cell+" cannot be read", fmt.Sprintf("%.80q", runID))
	}
}

const (
	// The text of a delivered message is of no more use, and a delivery is never taken back.
	updateMessage = `
UPDATE messages SET channel = $1, ts = $2, note = $3, body = CASE WHEN $2 = '' THEN body ELSE '' END
WHERE run_id = $4 AND part = $5 AND (ts = '' OR $2 <> '')`

	updateRun = `UPDATE runs SET finished = CASE WHEN $1 = '' THEN finished ELSE $1 END WHERE run_id = $2`
)

// Record implements ledger.Ledger. A message that is known to be delivered stays
// so, even where another process says later that it could not deliver it.
func (s *Store) Record(ctx context.Context, runID string, delivered []ecm.Owed, finished time.Time) error {
	return s.write(ctx, "record the deliveries of "+runID, func(tx *sql.Tx) error {
		found, err := tx.ExecContext(ctx, updateRun, ecm.FormatTime(finished), runID)
		if err != nil {
			return err
		}
		switch n, err := found.RowsAffected(); {
		case err != nil:
			return err
		case n == 0:
			return ledger.ErrNoRun
		}
		return forAll(ctx, tx, updateMessage, delivered, func(_ int, m ecm.Owed) []any {
			return []any{m.Channel, m.TS, m.Note, runID, m.Part}
		})
	})
}
