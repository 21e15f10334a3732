package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"

	"pi-manager/internal/ecm"
)

const selectAgents = `
SELECT position, email, name, team, slack_handle, active, COALESCE(CAST(max_tickets AS TEXT), '')
FROM agents ORDER BY position, email`

func (r *reading) agents(ctx context.Context, tx *sql.Tx) error {
	return each(ctx, tx, func(rows *sql.Rows) error {
		var a ecm.Agent
		var active, tickets string
		if err := rows.Scan(&a.Row, &a.Email, &a.Name, &a.Team, &a.Handle, &active, &tickets); err != nil {
			return err
		}
		if strings.TrimSpace(a.Email) == "" {
			r.doubt("agents: no email", fmt.Sprintf("position %d", a.Row))
			return nil
		}
		a.Active = r.active(a.Email, active)
		a.Capacity = r.capacity(a.Email, tickets)
		r.Agents = append(r.Agents, a)
		return nil
	}, selectAgents)
}

// active reads TRUE and FALSE, and the 1 and 0 that the sqlite3 shell makes of
// them. Whoever has another word there gets no order until it is mended.
func (d *doubts) active(email, cell string) bool {
	switch strings.ToUpper(strings.TrimSpace(cell)) {
	case "TRUE", "1":
		return true
	case "FALSE", "0":
		return false
	}
	d.doubt("agents: active is neither TRUE nor FALSE, taken as FALSE", fmt.Sprintf("%s (%.40q)", email, cell))
	return false
}

func (d *doubts) capacity(email, cell string) int {
	if strings.TrimSpace(cell) == "" {
		return ecm.DefaultCapacity
	}
	tickets, err := strconv.Atoi(strings.TrimSpace(cell))
	if err != nil || tickets < 0 {
		d.doubt("agents: max_tickets is not a whole number, taken as 0", fmt.Sprintf("%s (%.40q)", email, cell))
		return 0
	}
	return tickets
}

const insertAgent = `
INSERT INTO agents (email, name, team, slack_handle, active, max_tickets)
VALUES ($1, $2, $3, $4, $5, $6)`

// PutAgents makes these the whole roster, in this order; their Row does not
// matter. Assignments of who is not in it any more stay as they are. Two agents
// with one e-mail, case aside, are refused.
func (s *Store) PutAgents(ctx context.Context, agents []ecm.Agent) error {
	return s.write(ctx, "write the agents", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM agents`); err != nil {
			return err
		}
		err := forAll(ctx, tx, insertAgent, agents, agentValues)
		if s.engine.isTaken(err) {
			return &ecm.Failure{Class: ecm.Permanent, Err: err, Mend: "give each agent an e-mail of their own"}
		}
		return err
	})
}

func agentValues(_ int, a ecm.Agent) []any {
	tickets := sql.NullInt64{Int64: int64(a.Capacity), Valid: a.Capacity != ecm.DefaultCapacity}
	return []any{a.Email, a.Name, a.Team, a.Handle, strings.ToUpper(strconv.FormatBool(a.Active)), tickets}
}
