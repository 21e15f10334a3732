package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"pi-manager/config"
	"pi-manager/internal/daemon"
	"pi-manager/internal/ecm"
	"pi-manager/internal/run"
)

// runFlags are what all workflows can be told.
type runFlags struct {
	dryRun     bool
	slot, asOf string
}

// bind gives a command the flags of a workflow.
func (f *runFlags) bind(a *app, cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.dryRun, "dry-run", false, "decide and show, write and post nothing")
	cmd.Flags().BoolVar(&a.json, "json", false, "print the result as one JSON document")
	cmd.Flags().StringVar(&f.slot, "slot", "", "the scheduled slot this run is for, such as 07:00; without it the run is a slot of its own")
	cmd.Flags().StringVar(&f.asOf, "as-of", "", "decide as if it were then (UTC, such as 2026-02-17T03:00:00Z)")
}

func (a *app) triageCommand() *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "triage",
		Short: "Pull the stuck orders, deal them to the agents, tell the team",
		Long: `Pulls the stuck orders, checks the guardrails, deals what is new to the agents on
duty, writes that into the ledger in one step, and posts the briefing with a thread
for each agent. A slot is done once: a second run finishes what the first one owes.`,
		Example: `  pi-manager triage --dry-run           decide and show, change nothing
  pi-manager triage --slot 07:00        the run of today's 07:00 slot
  pi-manager triage --json > run.json   the result as one JSON document`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.triage(cmd.Context(), f) },
	}
	f.bind(a, cmd)
	return cmd
}

func (a *app) triage(ctx context.Context, f runFlags) error {
	return a.workflow(ctx, f, ecm.Triage, func(m *run.Manager, req run.Request) (outcome, error) { return a.doTriage(ctx, m, req) })
}

func (a *app) doTriage(ctx context.Context, m *run.Manager, req run.Request) (outcome, error) {
	result, err := m.Triage(ctx, req)
	return outcome{
		document: result.Result(), stopped: result.Stopped(),
		show:  func() { triageView{a.styles(a.stdout), m.Zone, req}.show(result) },
		count: func(metrics *daemon.Metrics, took time.Duration) { metrics.Triage(result, err, took) },
	}, err
}

// outcome is what a run has to show.
type outcome struct {
	document any                                  // for --json
	show     func()                               // for a person
	stopped  bool                                 // by a guardrail
	count    func(*daemon.Metrics, time.Duration) // for a Pushgateway, with how long it took
}

// workflow runs one workflow and shows what came of it.
func (a *app) workflow(ctx context.Context, f runFlags, name ecm.Workflow, do func(*run.Manager, run.Request) (outcome, error)) error {
	p, err := a.wire(ctx)
	if err != nil {
		return err
	}
	defer p.close()
	req, err := a.request(p.schedule, f)
	if err != nil {
		return err
	}
	waiting := a.waiting(a.logger())
	defer waiting.stop()
	m := a.manager(p, waiting.say)
	result, err := a.measured(ctx, p, m, name, req, func() (outcome, error) { return do(m, req) })
	if err != nil && !errors.Is(err, run.ErrOwed) {
		return err
	}
	if showErr := a.present(result); showErr != nil {
		return showErr
	}
	if err == nil && result.stopped {
		return errStopped
	}
	return err
}

func (a *app) present(o outcome) error {
	if a.json {
		return a.document(o.document)
	}
	o.show()
	return nil
}

func (a *app) request(schedule config.Schedule, f runFlags) (run.Request, error) {
	asOf, err := a.moment(f.asOf)
	if err != nil {
		return run.Request{}, err
	}
	slot := ownSlot(a.now().In(schedule.Zone))
	if f.slot != "" {
		if slot, err = schedule.ParseSlot(f.slot, a.now()); err != nil {
			return run.Request{}, usageError{fmt.Errorf("--slot: %w", err)}
		}
	}
	return run.Request{Slot: slot, AsOf: asOf, Next: schedule.Next(asOf), DryRun: f.dryRun, Previous: schedule.Before(slot)}, nil
}

// ownSlot names a run that no schedule asked for. Two people may start one in
// the same second, so the clock alone is not enough.
func ownSlot(local time.Time) ecm.Slot {
	return ecm.Slot(local.Format("2006-01-02T15:04:05") + "-by-hand-" + strings.ToLower(rand.Text()[:4]))
}
