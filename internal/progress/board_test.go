package progress_test

import (
	"testing"

	"pgregory.net/rapid"

	"pi-manager/internal/ecm"
	"pi-manager/internal/progress"
)

func TestBoardOfNothing(t *testing.T) {
	t.Parallel()
	board := progress.NewBoard(input(t), "")
	for _, f := range board.Figures {
		if f.Count != 0 || f.Text != "" || f.Label == "" {
			t.Errorf("got %+v", f)
		}
	}
	if len(board.Figures) != 13 || len(board.Diagnoses)+len(board.Agents) != 0 {
		t.Errorf("got %+v", board)
	}
}

func TestBoard(t *testing.T) {
	t.Parallel()
	with := func(id, agent, diagnosis string, p ecm.Priority, amount string) ecm.Assignment {
		return with(row(id, 3), func(r *ecm.Assignment) {
			r.Agent, r.Diagnosis, r.Priority, r.Send = agent+"@example.com", diagnosis, p, money(amount)
		})
	}
	in := input(t,
		with("A1", "asha", "refund_triggered", ecm.P1, "6000"), with("A2", "BEN", "rfi_pending", ecm.P2, "10"),
		status(with("A3", "ben", "rfi_pending", ecm.P2, "10"), ecm.InProgress),
		with("A4", "zoe", "manual_review", ecm.P4, "10"), status(with("A5", "asha", "rfi_pending", ecm.P1, "9000"), ecm.Escalated),
		closed(row("R1", 90), 8), closed(row("R2", 90), 7.9), healed(row("R3", 90), 0), healed(row("R4", 90), 30),
		status(row("R5", 90), ecm.Resolved), closed(row("R6", 90), -1),
	)
	in.Agents = []ecm.Agent{agent("asha", 5), agent("ben", 5), agent("cleo", 5)}
	in.Unreadable = []progress.Unreadable{{Row: 40, Agent: "cleo@example.com"}}
	want := ecm.Board{
		Figures: []ecm.Figure{
			{Label: "Open", Count: 3}, {Label: "In progress", Count: 1}, {Label: "Escalated", Count: 1},
			{Label: "Resolved today", Count: 2}, {Label: "Self-healed today", Count: 1},
			{Label: "SLA breaches", Count: 2}, {Label: "High-value open", Count: 1}, {Label: "P1 open", Count: 1}, {Label: "P2 open", Count: 2},
			{Label: "P3 open"}, {Label: "P4 open", Count: 1},
			{Label: "Rows that cannot be read", Count: 1}, {Label: "Last run", Text: "cleanup, 16:00"},
		},
		Diagnoses: []ecm.Figure{{Label: "rfi_pending", Count: 2}, {Label: "manual_review", Count: 1}, {Label: "refund_triggered", Count: 1}},
		Agents:    []ecm.Figure{{Label: "Ben", Count: 2}, {Label: "Asha", Count: 1}, {Label: "zoe@example.com", Count: 1}},
	}
	if diff := same(want, progress.NewBoard(in, "cleanup, 16:00")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The board shows what the report says, and its parts add up.
func TestBoardAgreesWithTheReport(t *testing.T) {
	t.Parallel()
	p := rules(t, "max_close_share: 0.6", "max_close_share: 1", "max_missing_share: 0.6", "max_missing_share: 1")
	rapid.Check(t, func(t *rapid.T) {
		in := anyDay(p).Draw(t, "day")
		board, r := progress.NewBoard(in, "x"), progress.Make(in, since())
		by := map[string]int{}
		for _, f := range board.Figures {
			by[f.Label] = f.Count
		}
		sum := func(figures []ecm.Figure) (n int) {
			for _, f := range figures {
				n += f.Count
			}
			return n
		}
		work := r.Counts["open"] + r.Counts["in_progress"]
		if by["Open"]+by["In progress"] != work || by["P1 open"]+by["P2 open"]+by["P3 open"]+by["P4 open"] != work ||
			sum(board.Diagnoses) != work || sum(board.Agents) != work {
			t.Fatalf("%d orders are worked on: %+v", work, board)
		}
		if by["Escalated"] != r.Counts["escalated"] || by["SLA breaches"] != len(r.Breaches) || by["High-value open"] != len(r.HighValue) ||
			by["Rows that cannot be read"] != len(in.Unreadable) {
			t.Fatalf("got %+v, report %v", board, r.Counts)
		}
		o, resolved, self := oracle{in: in}, 0, 0
		done := map[string]bool{}
		for _, row := range in.Assignments {
			last, at, found := o.lastClosed(row.OrderID)
			if !found || done[row.OrderID] || at.Unix() <= in.Day.Unix() || at.Unix() > in.AsOf.Unix() {
				continue
			}
			done[row.OrderID] = true
			resolved++
			if last.Healed() {
				self++
			}
		}
		if by["Resolved today"] != resolved || by["Self-healed today"] != self {
			t.Fatalf("resolved %d, self-healed %d; want %d and %d", by["Resolved today"], by["Self-healed today"], resolved, self)
		}
	})
}
