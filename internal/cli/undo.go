package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"pi-manager/internal/ecm"
	"pi-manager/internal/run"
	"pi-manager/internal/undo"
)

func (a *app) undoCommand() *cobra.Command {
	var dryRun, yes bool
	cmd := &cobra.Command{
		Use:   "undo RUN",
		Short: "Take back what a run wrote and nobody has touched since",
		Long: `Shows which rows of the run are still as it wrote them, asks, and takes those back: new
rows are taken out, rows that a cleanup closed are as before. A row that somebody has
worked on since stays. Messages that were posted stay too; those still owed are withdrawn.`,
		Example: `  pi-manager runs                              which runs there are
  pi-manager undo triage/2026-02-17T07:00      shows the plan, asks, does it`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{fmt.Errorf("%s takes one run id, and got %d arguments; pi-manager runs lists them", cmd.CommandPath(), len(args))}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.undo(cmd.Context(), args[0], dryRun, yes) },
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "show the plan, change nothing")
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	cmd.Flags().BoolVar(&a.json, "json", false, "print the result as one JSON document; asks nothing, so it needs --yes or --dry-run")
	return cmd
}

func (a *app) undo(ctx context.Context, runID string, dryRun, yes bool) error {
	if a.json && !dryRun && !yes {
		return usageError{errors.New("--json asks nothing: add --yes to do it, or --dry-run to see the plan")}
	}
	p, err := a.wire(ctx)
	if err != nil {
		return err
	}
	defer p.close()
	req, err := a.request(p.schedule, runFlags{dryRun: dryRun})
	if err != nil {
		return err
	}
	waiting := a.waiting(a.logger())
	defer waiting.stop()
	m := a.manager(p, waiting.say)
	plan, err := m.PlanUndo(ctx, req, runID)
	if err != nil {
		return err
	}
	v := undoView{a.styles(a.stdout)}
	if !a.json {
		v.plan(plan)
	}
	if !dryRun && len(plan.Plan.Changes)+plan.Withdrawn > 0 {
		if !yes && !a.agreed(ctx) {
			v.line("Nothing was changed.")
			return nil
		}
		if plan, err = m.Undo(ctx, req, plan); err != nil {
			return err
		}
	}
	if a.json {
		return a.document(undoDocument(plan))
	}
	v.done(plan)
	return nil
}

// agreed asks on the terminal. No answer is a no.
func (a *app) agreed(ctx context.Context) bool {
	_, _ = fmt.Fprint(a.stderr, "Take these rows back? [y/N] ")
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(io.LimitReader(a.stdin, 100)).ReadString('\n')
		answer <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case <-ctx.Done():
		return false
	case word := <-answer:
		return word == "y" || word == "yes"
	}
}

// undoView shows an undo on a terminal.
type undoView struct{ styles }

func (v undoView) plan(u run.Undo) {
	r := u.Plan.Run
	v.line("Taking back %s, started %s UTC", r.ID, r.Started.Format(time.DateTime))
	out, back := 0, 0
	var rows [][]string
	for _, c := range u.Plan.Changes {
		what := "taken out"
		if c.Move == ecm.Away {
			out++
		} else {
			back++
			what = "back to " + string(c.Is.Status)
		}
		if len(rows) < topRows {
			rows = append(rows, []string{fmt.Sprint(c.Was.Row), cut(c.Was.OrderID), cut(c.Was.Agent), string(c.Was.Status), what})
		}
	}
	v.title("Rows")
	v.table([]string{">rows", ""}, [][]string{
		{fmt.Sprint(out), "are taken out: as the run wrote them"}, {fmt.Sprint(back), "are as before the run"},
		{fmt.Sprint(len(u.Left)), "stay: somebody has worked on them"}, {fmt.Sprint(u.Withdrawn), "messages are still owed, and will not be posted"},
	})
	if len(rows) > 0 {
		v.line("")
		v.table([]string{">row", "order", "agent", "status", ""}, rows)
		if more := len(u.Plan.Changes) - topRows; more > 0 {
			v.line("  %s", v.faint(fmt.Sprintf("and %d more; --json --dry-run lists them all", more)))
		}
	}
	v.left(u.Left)
}

func (v undoView) left(left []undo.Left) {
	if len(left) == 0 {
		return
	}
	v.title(fmt.Sprintf("Stay as they are (%d)", len(left)))
	var rows [][]string
	for _, l := range left[:min(topRows, len(left))] {
		rows = append(rows, []string{fmt.Sprint(l.Row), cut(l.OrderID), cut(l.Reason)})
	}
	v.table([]string{">row", "order", "why"}, rows)
	if more := len(left) - topRows; more > 0 {
		v.line("  %s", v.faint(fmt.Sprintf("and %d more; --json --dry-run lists them all", more)))
	}
}

func (v undoView) done(u run.Undo) {
	v.line("")
	switch {
	case u.Done != nil:
		taken := len(u.Plan.Changes) - (len(u.Left) - len(u.Plan.Left))
		v.line("%s", v.good(fmt.Sprintf("Rows taken back: %d. Rows left alone: %d.", taken, len(u.Left))))
		v.line("Next: deal the orders anew:  pi-manager triage --dry-run")
	case len(u.Plan.Changes)+u.Withdrawn == 0:
		v.line("There is nothing to take back.")
	default:
		v.line("Nothing was changed: this was a dry run.")
	}
}

// undoJSON is an undo as one JSON document.
type undoJSON struct {
	RunID     string      `json:"run_id"` // of the run that is taken back
	UndoID    string      `json:"undo_id"`
	Status    run.Status  `json:"status"`
	Rows      []undoneRow `json:"rows"`
	Left      []undo.Left `json:"left"`
	Withdrawn int         `json:"messages_withdrawn"`
}

// undoneRow is a row that is taken back.
type undoneRow struct {
	OrderID string     `json:"order_id"`
	Agent   string     `json:"agent"`
	Row     int        `json:"row"`
	Removed bool       `json:"removed"` // taken out; else it is as before the run
	Status  ecm.Status `json:"status"`  // that it has again; empty where it was taken out
}

func undoDocument(u run.Undo) undoJSON {
	doc := undoJSON{RunID: u.Plan.Run.ID, Status: run.StatusDryRun, Rows: []undoneRow{}, Left: append([]undo.Left{}, u.Left...), Withdrawn: u.Withdrawn}
	if u.Done != nil {
		doc.UndoID, doc.Status = u.Done.ID, run.StatusOK
	} else if len(u.Plan.Changes)+u.Withdrawn == 0 {
		doc.Status = run.StatusNothingNew
	}
	for _, c := range u.Plan.Changes {
		doc.Rows = append(doc.Rows, undoneRow{c.Was.OrderID, c.Was.Agent, c.Was.Row, c.Move == ecm.Away, c.Is.Status})
	}
	return doc
}
