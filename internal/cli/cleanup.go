package cli

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"pi-manager/internal/brief"
	"pi-manager/internal/daemon"
	"pi-manager/internal/ecm"
	"pi-manager/internal/run"
)

func (a *app) cleanupCommand() *cobra.Command {
	var f runFlags
	var acceptDrop bool
	cmd := &cobra.Command{
		Use:   "cleanup",
		Short: "Close the rows of orders that completed by themselves",
		Long: `Asks the warehouse what has become of the open orders, and sets the rows of those that
are completed to RESOLVED, with the time and a note; a status that a person has changed
meanwhile stays. An answer of the warehouse that looks wrong (few orders known, most rows
closed at once, a late feed) closes nothing. Rows that were resolved long ago move to the
Archive tab.`,
		Example: `  pi-manager cleanup --dry-run           look and show, change nothing
  pi-manager cleanup --accept-drop       the numbers look wrong, and I know that they are right`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.cleanup(cmd.Context(), f, acceptDrop) },
	}
	f.bind(a, cmd)
	cmd.Flags().BoolVar(&acceptDrop, "accept-drop", false, "close rows although few orders are known or most rows would be closed")
	return cmd
}

func (a *app) cleanup(ctx context.Context, f runFlags, acceptDrop bool) error {
	return a.workflow(ctx, f, ecm.Cleanup, func(m *run.Manager, req run.Request) (outcome, error) {
		return a.doCleanup(ctx, m, run.CleanupRequest{Request: req, AcceptDrop: acceptDrop})
	})
}

func (a *app) doCleanup(ctx context.Context, m *run.Manager, req run.CleanupRequest) (outcome, error) {
	result, err := m.Cleanup(ctx, req)
	return outcome{
		document: result.Result(), stopped: result.Stopped(),
		show:  func() { cleanupView{a.styles(a.stdout), m.Zone, req.Request}.show(result) },
		count: func(metrics *daemon.Metrics, took time.Duration) { metrics.Cleanup(result, err, took) },
	}, err
}

// cleanupView shows a cleanup on a terminal.
type cleanupView struct {
	styles
	zone *time.Location
	req  run.Request
}

func (v cleanupView) show(c run.Cleanup) {
	v.line("Cleanup for slot %s, as of %s", c.Slot, moment(v.req.AsOf, v.zone))
	if c.Before {
		v.line("\nThis slot was done before: this run closed nothing, and only finished what was owed.")
		v.verdicts(c.Done.Guardrails)
		v.delivered(c.Done)
		v.line("\nNext: a cleanup of its own, outside the schedule:  pi-manager cleanup")
		return
	}
	v.verdicts(c.Plan.Verdicts)
	v.title("Rows")
	v.table([]string{">rows", ""}, [][]string{
		{fmt.Sprint(c.Plan.Checked), "orders were asked about"},
		{fmt.Sprint(len(c.Closed)), "closed: their orders completed by themselves"},
		{fmt.Sprint(len(c.Left)), "left alone although their orders completed"},
		{fmt.Sprint(c.Timed), "resolved by people: Resolved At filled in"},
		{fmt.Sprint(c.Archived), "moved to the archive"},
	})
	v.closed(c)
	v.left(c)
	v.mend(slices.Concat(c.Plan.Warnings, c.Book.Warnings))
	v.preview(c.Preview)
	v.after(c)
}

func (v cleanupView) closed(c run.Cleanup) {
	if len(c.Closed) == 0 {
		return
	}
	v.title(fmt.Sprintf("Closed (%d)", len(c.Closed)))
	var rows [][]string
	for _, closing := range c.Closed[:min(topRows, len(c.Closed))] {
		was := closing.Change.Was
		rows = append(rows, []string{cut(was.OrderID), was.Send.String(), cut(was.Agent), string(was.Status), brief.Printable(closing.Status)})
	}
	v.table([]string{"order", ">amount", "agent", "was", "in the warehouse"}, rows)
	if more := len(c.Closed) - topRows; more > 0 {
		v.line("  %s", v.faint(fmt.Sprintf("and %d more; --json lists them all", more)))
	}
}

func (v cleanupView) left(c run.Cleanup) {
	if len(c.Left) == 0 {
		return
	}
	v.title(fmt.Sprintf("Left alone (%d)", len(c.Left)))
	var rows [][]string
	for _, skipped := range c.Left[:min(topRows, len(c.Left))] {
		rows = append(rows, []string{fmt.Sprint(skipped.Row), cut(skipped.OrderID), brief.Printable(skipped.Reason)})
	}
	v.table([]string{">row", "order", "why"}, rows)
	if more := len(c.Left) - topRows; more > 0 {
		v.line("  %s", v.faint(fmt.Sprintf("and %d more; --json lists them all", more)))
	}
}

func (v cleanupView) after(c run.Cleanup) {
	v.line("")
	switch {
	case c.Plan.Stopped && c.Plan.Late():
		v.line("No row was closed: %s", v.bad("the warehouse is out of date."))
		v.line("Next: look at the warehouse's feed; once it has caught up,  pi-manager cleanup")
	case c.Stopped():
		v.line("No row was closed: %s", v.bad("the warehouse's answer is not believed."))
		v.line("Next: look at the warehouse's feed; where the numbers are right,  pi-manager cleanup --accept-drop")
	case c.Done == nil:
		v.line("Nothing was changed: this was a dry run.")
		v.line("Next: do it for real with  pi-manager cleanup")
	case len(c.Closed)+c.Timed > 0:
		v.line("%s", v.good(fmt.Sprintf("Rows closed: %d.", len(c.Closed))))
		v.line("Next: take it back, as far as nobody has touched it since:  pi-manager undo %s", shellWord(c.Done.ID))
	default:
		v.line("There was nothing to close.")
	}
}
