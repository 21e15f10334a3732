package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"pi-manager/internal/brief"
	"pi-manager/internal/daemon"
	"pi-manager/internal/ecm"
	"pi-manager/internal/progress"
	"pi-manager/internal/run"
)

func (a *app) progressCommand() *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "progress",
		Short: "Report what moved, which SLAs broke or will, what healed by itself",
		Long: `Reads the ledger, asks the warehouse what has become of the open orders, and posts a
report: the queue, what was resolved since the last report, broken SLAs and those that
break before the next slot, agents with few free slots. It changes no row.`,
		Example: `  pi-manager progress --dry-run          look and show, post nothing
  pi-manager progress --slot 14:00       the report of today's 14:00 slot`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.report(cmd.Context(), f) },
	}
	f.bind(a, cmd)
	return cmd
}

func (a *app) report(ctx context.Context, f runFlags) error {
	return a.workflow(ctx, f, ecm.Progress, func(m *run.Manager, req run.Request) (outcome, error) { return a.doReport(ctx, m, req) })
}

func (a *app) doReport(ctx context.Context, m *run.Manager, req run.Request) (outcome, error) {
	result, err := m.Report(ctx, req)
	return outcome{
		document: result.Result(),
		show:     func() { progressView{a.styles(a.stdout), m.Zone, req}.show(result) },
		count:    func(metrics *daemon.Metrics, took time.Duration) { metrics.Report(result, err, took) },
	}, err
}

// progressView shows a progress run on a terminal.
type progressView struct {
	styles
	zone *time.Location
	req  run.Request
}

func (v progressView) show(p run.Progress) {
	v.line("Progress for slot %s, as of %s", p.Slot, moment(v.req.AsOf, v.zone))
	if p.Before {
		v.line("\nThis slot was done before: this run only finished what was owed.")
		v.delivered(p.Done)
		v.line("\nNext: a report of its own, outside the schedule:  pi-manager progress")
		return
	}
	r := p.Report
	v.queue(r)
	v.clocks("SLA broken", ">hours over", r.Breaches)
	v.clocks("SLA breaks before "+v.next(r), ">breaks in, h", r.Soon)
	v.agents(r)
	v.healed(r)
	v.verdicts(r.Verdicts)
	v.mend(slices.Concat(r.Warnings, p.Book.Warnings))
	v.preview(p.Preview)
	v.line("")
	if p.Done == nil {
		v.line("Nothing was posted: this was a dry run.")
		v.line("Next: post it with  pi-manager progress")
		return
	}
	v.delivered(p.Done)
}

func (v progressView) next(r *progress.Report) string { return r.Since.Next.In(v.zone).Format("15:04") }

// queue shows the numbers, each with how it moved since the last report.
func (v progressView) queue(r *progress.Report) {
	since := "since this morning: there is no earlier report today"
	if r.Since.Counts != nil {
		since = "since the report of " + moment(r.Since.At, v.zone)
	}
	v.title("The queue, " + since)
	var rows [][]string
	for _, line := range []struct{ key, label string }{
		{progress.CountOpen, "open"}, {progress.CountInProgress, "in progress"}, {progress.CountEscalated, "escalated"},
		{progress.CountHighValue, "high-value still open"}, {progress.CountBreaches, "SLA broken"}, {progress.CountSoon, "SLA about to break"},
	} {
		rows = append(rows, []string{fmt.Sprint(r.Counts[line.key]), line.label, change(r, line.key)})
	}
	rows = append(rows,
		[]string{fmt.Sprint(r.Counts[progress.CountResolved]), "resolved by agents", ""},
		[]string{fmt.Sprint(r.Counts[progress.CountHealed]), "healed by themselves", ""})
	v.table([]string{">orders", "", "change"}, rows)
	var mix []string
	for _, p := range ecm.Priorities {
		mix = append(mix, fmt.Sprintf("%d %s", r.Priority[p], v.priority(p)))
	}
	v.line("  Open and in progress: %s", strings.Join(mix, ", "))
}

func change(r *progress.Report, name string) string {
	by, known := r.Change(name)
	if !known || by == 0 {
		return ""
	}
	return fmt.Sprintf("%+d", by)
}

func (v progressView) clocks(title, clock string, tickets []progress.Ticket) {
	if len(tickets) == 0 {
		return
	}
	v.title(fmt.Sprintf("%s (%d)", title, len(tickets)))
	var rows [][]string
	for _, t := range tickets[:min(topRows, len(tickets))] {
		rows = append(rows, []string{v.priority(t.Row.Priority), ecm.HoursText(t.Over().Abs()), ecm.HoursText(t.SLA), cut(t.Row.OrderID), t.Row.Send.String(), cut(t.Row.Diagnosis), cut(t.Row.Agent)})
	}
	v.table([]string{"", clock, ">SLA, h", "order", ">amount", "diagnosis", "agent"}, rows)
	if left := len(tickets) - topRows; left > 0 {
		v.line("  %s", v.faint(fmt.Sprintf("and %d more; --json lists them all", left)))
	}
}

func (v progressView) agents(r *progress.Report) {
	v.title("Agents")
	full := map[string]bool{}
	for _, l := range r.Full {
		full[l.Agent.Key()] = true
	}
	var rows [][]string
	for _, l := range r.Agents {
		if !l.OnDuty && l.Taken() == 0 {
			continue
		}
		slots := fmt.Sprintf("%d of %d", l.Taken(), l.Capacity)
		if full[l.Agent.Key()] {
			slots = v.bad(slots)
		}
		rows = append(rows, []string{fmt.Sprint(l.Open), slots, fmt.Sprint(l.Breaches), fmt.Sprint(l.Soon), brief.Printable(l.Agent.Label())})
	}
	v.table([]string{">open", ">slots taken", ">broken", ">about to", "agent"}, rows)
}

func (v progressView) healed(r *progress.Report) {
	if len(r.Healed) == 0 {
		return
	}
	v.title(fmt.Sprintf("Healed by themselves (%d)", len(r.Healed)))
	var rows [][]string
	for _, h := range r.Healed[:min(topRows, len(r.Healed))] {
		state := "closed"
		if !h.Closed {
			state = "still open in the ledger; the next cleanup closes it"
		}
		rows = append(rows, []string{cut(h.Row.OrderID), h.Row.Send.String(), cut(h.Row.Agent), state})
	}
	v.table([]string{"order", ">amount", "agent", ""}, rows)
	if left := len(r.Healed) - topRows; left > 0 {
		v.line("  %s", v.faint(fmt.Sprintf("and %d more; --json lists them all", left)))
	}
}
