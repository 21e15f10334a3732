// Package daemon is `serve`: it runs the schedule by itself, one workflow at a
// time, and tells how it is doing over HTTP.
//
// It keeps nothing of its own. Which slots are done stands in the ledger's run
// records, so a restart, a second daemon or a run by hand in between changes
// nothing: each slot is run once, or told of as missed once.
package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"pi-manager/internal/ecm"
	"pi-manager/internal/run"
)

const (
	// CatchUp is how late a slot may begin. A later one would tell the team about a
	// morning that is over.
	CatchUp = 2 * time.Hour

	// memory is how far back slots are looked at. The ledger gives some 50 records,
	// which is about four days.
	memory = 4 * 24 * time.Hour

	// tick is how often the clock is looked at: after a machine has slept, a long
	// timer fires late.
	tick = time.Minute

	// again is the pause after a slot that failed, until it is tried again.
	again = 5 * time.Minute
)

// Daemon runs a queue's schedule.
type Daemon struct {
	Manager  *run.Manager
	Slots    func(after, upTo time.Time) []Due // of the schedule, in order
	Previous func(ecm.Slot) ecm.Slot           // the slot before one; empty where there is none
	Next     func(time.Time) time.Time         // the first slot after a moment
	Metrics  *Metrics
	Log      *slog.Logger

	begun time.Time
	pulse pulse
}

// Run runs the schedule until ctx is done. A slot that fails is tried again while
// it may still be caught up with.
func (d *Daemon) Run(ctx context.Context) error {
	d.begun = d.Manager.Now().UTC()
	d.Log.Info("serving the schedule", "next", d.Next(d.begun))
	for ctx.Err() == nil {
		now := d.Manager.Now().UTC()
		d.pulse.beat(now)
		wait := tick
		if err := d.round(ctx, now); err != nil && ctx.Err() == nil {
			d.Log.Error("a slot is not done; trying again", "in", again, "error", err)
			wait = again
		}
		if next := d.Next(d.Manager.Now()).Sub(d.Manager.Now()); next > 0 && next < wait {
			wait = next
		}
		sleep(ctx, wait)
	}
	return nil
}

// round does what is due.
func (d *Daemon) round(ctx context.Context, now time.Time) error {
	records, err := d.Manager.Runs(ctx)
	if err != nil {
		d.pulse.failed(err)
		return fmt.Errorf("look which slots are done: %w", err)
	}
	a := plan(d.Slots(now.Add(-memory), now), records, d.begun, now, CatchUp)
	if len(a.missed) > 0 {
		d.Log.Warn("slots were missed", "slots", a.missed)
		if err := d.Manager.Missed(ctx, run.Request{AsOf: now}, a.missed); err != nil {
			return fmt.Errorf("tell of missed slots: %w", err)
		}
		d.Metrics.missed(len(a.missed))
	}
	var failures []error
	for _, due := range a.due {
		failures = append(failures, d.slot(ctx, due)...)
	}
	d.pulse.ended(errors.Join(failures...))
	return errors.Join(failures...)
}

// slot runs the workflows of a slot that are not done yet. One that fails does not
// keep the next from running.
func (d *Daemon) slot(ctx context.Context, due Due) (failures []error) {
	for _, workflow := range due.Workflows {
		if ctx.Err() != nil {
			return failures
		}
		now := d.Manager.Now().UTC().Truncate(time.Second)
		d.pulse.beat(now)
		req := run.Request{Slot: due.Slot, AsOf: now, Next: d.Next(now), Previous: d.Previous(due.Slot)}
		d.Log.Info("running", "workflow", workflow, "slot", due.Slot)
		err := d.Metrics.Run(ctx, d.Manager, workflow, req)
		if err != nil && !errors.Is(err, run.ErrOwed) {
			failures = append(failures, fmt.Errorf("%s of %s: %w", workflow, due.Slot, err))
		}
	}
	return failures
}

func sleep(ctx context.Context, wait time.Duration) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
