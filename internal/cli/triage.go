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
	"pi-manager/internal/ecm"
	"pi-manager/internal/run"
)

// triageFlags are the flags of a triage run.
type triageFlags struct {
	dryRun     bool
	slot, asOf string
}

func (a *app) triageCommand() *cobra.Command {
	var f triageFlags
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
	cmd.Flags().BoolVar(&f.dryRun, "dry-run", false, "decide and show, write and post nothing")
	cmd.Flags().BoolVar(&a.json, "json", false, "print the result as one JSON document")
	cmd.Flags().StringVar(&f.slot, "slot", "", "the scheduled slot this run is for, such as 07:00; without it the run is a slot of its own")
	cmd.Flags().StringVar(&f.asOf, "as-of", "", "decide as if it were then (UTC, such as 2026-02-17T03:00:00Z)")
	return cmd
}

func (a *app) triage(ctx context.Context, f triageFlags) error {
	p, err := a.wire(ctx)
	if err != nil {
		return err
	}
	defer p.close()
	req, err := a.request(p.schedule, f)
	if err != nil {
		return err
	}
	progress := a.progress(a.logger())
	defer progress.stop()
	result, err := a.manager(p, progress.say).Triage(ctx, req)
	if err != nil && !errors.Is(err, run.ErrOwed) {
		return err
	}
	if showErr := a.showTriage(result, p.schedule.Zone, req); showErr != nil {
		return showErr
	}
	if err == nil && result.Stopped() {
		return errStopped
	}
	return err
}

func (a *app) request(schedule config.Schedule, f triageFlags) (run.Request, error) {
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
	return run.Request{Slot: slot, AsOf: asOf, DryRun: f.dryRun}, nil
}

// ownSlot names a run that no schedule asked for. Two people may start one in
// the same second, so the clock alone is not enough.
func ownSlot(local time.Time) ecm.Slot {
	return ecm.Slot(local.Format("2006-01-02T15:04:05") + "-by-hand-" + strings.ToLower(rand.Text()[:4]))
}

func (a *app) showTriage(t run.Triage, zone *time.Location, req run.Request) error {
	if a.json {
		return a.document(t.Result())
	}
	view := triageView{styles: a.styles(a.stdout), zone: zone, req: req}
	view.show(t)
	return nil
}
