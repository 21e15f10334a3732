package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"pi-manager/internal/ecm"
	"pi-manager/internal/run"
)

func (a *app) runCommand() *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Run all that the schedule has for a slot, in order: what a scheduler calls",
		Long: `Runs the workflows that schedule.yaml lists for the slot, one after the other. Without
--slot it is the latest slot whose time has come, or in a Kubernetes Job the slot that the
Job was scheduled for. One that fails or is stopped does not keep the next from running.

The exit status is that of the worst: 1 failed, 4 messages owed, 3 stopped by a guardrail.`,
		Example: `  pi-manager run --slot 14:00      cleanup, triage and progress of today's 14:00 slot`,
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.runSlot(cmd.Context(), f) },
	}
	f.bind(a, cmd)
	return cmd
}

// stepResult is one workflow of a slot in the JSON document.
type stepResult struct {
	Workflow ecm.Workflow `json:"workflow"`
	Error    string       `json:"error,omitempty"`
	Result   any          `json:"result,omitempty"`
}

func (a *app) runSlot(ctx context.Context, f runFlags) error {
	p, err := a.wire(ctx)
	if err != nil {
		return err
	}
	defer p.close()
	req, err := a.request(p.schedule, f)
	if err != nil {
		return err
	}
	workflows := slotOf(p, f, &req)
	waiting := a.waiting(a.logger())
	defer waiting.stop()
	m := a.manager(p, waiting.say)
	var steps []stepResult
	var failures []error
	for i, workflow := range workflows {
		if i > 0 && !a.json {
			a.styles(a.stdout).rule("─")
		}
		result, err := a.measured(ctx, p, m, workflow, req, func() (outcome, error) { return a.step(ctx, m, workflow, req) })
		step := stepResult{Workflow: workflow, Result: result.document}
		if err != nil {
			step.Error = err.Error()
			failures = append(failures, fmt.Errorf("%s: %w", workflow, err))
		} else if result.stopped {
			failures = append(failures, errStopped)
		}
		if done := err == nil || errors.Is(err, run.ErrOwed); done && !a.json {
			result.show()
		} else if !done {
			step.Result = nil
		}
		steps = append(steps, step)
	}
	if a.json {
		if err := a.document(struct {
			Slot ecm.Slot     `json:"slot"`
			Runs []stepResult `json:"runs"`
		}{req.Slot, steps}); err != nil {
			return err
		}
	}
	return worst(failures)
}

// slotOf finds out which slot is meant, and what runs in it. A Job that a person
// made is a slot of its own, named after the Job: its second pod is the same slot.
func slotOf(p *parts, f runFlags, req *run.Request) []ecm.Workflow {
	latest := p.schedule.SlotAt(req.AsOf)
	defer func() { req.Previous = p.schedule.Before(req.Slot) }()
	switch slot, scheduled := p.schedule.JobSlot(p.settings.JobName); {
	case f.slot != "":
		return p.schedule.Workflows(req.Slot)
	case scheduled:
		req.Slot = slot
		return p.schedule.Workflows(slot)
	case p.settings.JobName != "":
		req.Slot = ecm.Slot(p.settings.JobName)
	default:
		req.Slot = latest
	}
	return p.schedule.Workflows(latest)
}

// step runs one workflow.
func (a *app) step(ctx context.Context, m *run.Manager, workflow ecm.Workflow, req run.Request) (outcome, error) {
	switch workflow {
	case ecm.Cleanup:
		return a.doCleanup(ctx, m, run.CleanupRequest{Request: req})
	case ecm.Progress:
		return a.doReport(ctx, m, req)
	}
	return a.doTriage(ctx, m, req)
}

// worst is the error that decides on the exit status, with what the others said.
func worst(failures []error) error {
	var owed, stopped error
	var failed []error
	for _, err := range failures {
		switch exitStatus(err) {
		case exitOwed:
			owed = errors.Join(owed, err)
		case exitStopped:
			stopped = err
		default:
			failed = append(failed, err)
		}
	}
	if len(failed) > 0 {
		return failedSteps{errors.Join(failed...)}
	}
	if owed != nil {
		return owed
	}
	return stopped
}

// failedSteps hides what other steps' errors mean for the exit status.
type failedSteps struct{ err error }

func (f failedSteps) Error() string { return f.err.Error() }
