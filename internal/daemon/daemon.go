// Package daemon is `serve`: it runs the schedule by itself, one workflow at a
// time, and tells how it is doing over HTTP.
//
// What was done stands in the ledger's run records and nowhere else, so a restart,
// a second daemon or a run by hand in between changes nothing: each slot is run
// once, or told of as missed once.
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

	// memory is how far back slots are looked at. Whoever was away for longer is
	// told of the last slots only.
	memory = 40 * 24 * time.Hour

	// tick is how often the clock is looked at: after a machine has slept, a long
	// timer fires late.
	tick = 5 * time.Minute

	// again is the pause after a slot that failed, until it is tried again.
	again = 10 * time.Minute

	// probe is how long the messenger may take to say that it is there.
	probe = 30 * time.Second
)

// Daemon runs a queue's schedule.
type Daemon struct {
	Manager  *run.Manager
	Slots    func(after, upTo time.Time) []Due // of the schedule, in order
	Previous func(ecm.Slot) ecm.Slot           // the slot before one; empty where there is none
	Next     func(time.Time) time.Time         // the first slot after a moment
	Metrics  *Metrics
	Log      *slog.Logger

	begun   time.Time
	settled time.Time // all slots up to then are done, or told of as missed: the ledger need not be asked
	pulse   pulse
}

// Run runs the schedule until ctx is done. A slot that fails is tried again while
// it may still be caught up with.
func (d *Daemon) Run(ctx context.Context) {
	d.begun = d.now()
	d.settled = d.begun.Add(-memory)
	d.Metrics.begin()
	d.Log.Info("serving the schedule", "next", d.Next(d.begun))
	for ctx.Err() == nil {
		now := d.now()
		d.pulse.beat(now)
		wait := tick
		if err := d.round(ctx, now); err != nil && ctx.Err() == nil {
			wait = again
			d.Log.Error("the schedule is not up to date; trying again", "in", wait, "error", err)
		}
		now = d.now()
		d.pulse.beat(now)
		if next := d.Next(now).Sub(now); next > 0 && next < wait {
			wait = next
		}
		sleep(ctx, wait)
	}
}

// now is the clock as the ledger keeps it.
func (d *Daemon) now() time.Time { return d.Manager.Now().UTC().Truncate(time.Second) }

// round does what is to be done about the slots that have come. Where none has, it
// asks nobody anything.
func (d *Daemon) round(ctx context.Context, now time.Time) error {
	slots := d.Slots(d.settled, now)
	if len(slots) == 0 {
		return nil
	}
	records, err := d.Manager.Runs(ctx)
	if err != nil {
		err = fmt.Errorf("look which slots are done: %w", err)
		d.pulse.looked(err)
		return errors.Join(err, d.blind(ctx, slots[len(slots)-1], now))
	}
	a := plan(slots, records, d.begun, now)
	err = d.tell(ctx, now, a.missed, slots)
	d.pulse.looked(err)
	for _, due := range a.due {
		err = errors.Join(err, d.slot(ctx, due))
	}
	err = errors.Join(err, d.deliver(ctx, a.owed))
	if err == nil && ctx.Err() == nil {
		d.settled = now
	}
	return err
}

// blind runs the newest slot although nobody can see whether it is done. It finds
// that out by itself; and where it cannot, it tells the team, which has no other
// way to learn that the ledger is down.
func (d *Daemon) blind(ctx context.Context, newest Due, now time.Time) error {
	if now.Sub(newest.At) > CatchUp {
		return nil
	}
	return d.slot(ctx, newest)
}

// tell tells the team of missed slots.
func (d *Daemon) tell(ctx context.Context, now time.Time, missed []ecm.Slot, slots []Due) error {
	if len(missed) == 0 {
		return nil
	}
	d.Log.Warn("slots were missed", "slots", missed)
	told, err := d.Manager.Missed(ctx, run.Request{AsOf: now}, func(records []ecm.Run) []ecm.Slot {
		return plan(slots, records, d.begun, now).missed
	})
	d.Metrics.missed(told)
	if err != nil {
		return fmt.Errorf("tell of missed slots: %w", err)
	}
	return nil
}

// slot runs the workflows of a slot, in order. One that fails does not keep the
// next from running.
func (d *Daemon) slot(ctx context.Context, due Due) error {
	var failures []error
	for _, workflow := range due.Workflows {
		if ctx.Err() != nil {
			break
		}
		now := d.now()
		d.pulse.beat(now)
		d.Log.Info("running", "workflow", workflow, "slot", due.Slot)
		err := d.run(ctx, workflow, run.Request{Slot: due.Slot, AsOf: now, Next: d.Next(now), Previous: d.Previous(due.Slot)})
		if err != nil {
			failures = append(failures, fmt.Errorf("%s of %s: %w", workflow, due.Slot, err))
		}
	}
	err := errors.Join(failures...)
	d.pulse.ran(lastRun{due.Slot, d.now(), err})
	return err
}

// run runs one workflow and counts what came of it.
func (d *Daemon) run(ctx context.Context, workflow ecm.Workflow, req run.Request) error {
	began := d.Manager.Now()
	took := func() time.Duration { return d.Manager.Now().Sub(began) }
	switch workflow {
	case ecm.Cleanup:
		result, err := d.Manager.Cleanup(ctx, run.CleanupRequest{Request: req})
		d.Metrics.Cleanup(result, err, took())
		return err
	case ecm.Progress:
		result, err := d.Manager.Report(ctx, req)
		d.Metrics.Report(result, err, took())
		return err
	}
	result, err := d.Manager.Triage(ctx, req)
	d.Metrics.Triage(result, err, took())
	return err
}

// deliver finishes the runs whose messages are owed: the team is not to wait for
// its briefing until the next slot. Each try leaves a claim in the ledger, so none
// is made while the messenger is down.
func (d *Daemon) deliver(ctx context.Context, owed []Due) error {
	if len(owed) == 0 || ctx.Err() != nil {
		return nil
	}
	soon, cancel := context.WithTimeout(ctx, probe)
	defer cancel()
	if err := d.Manager.Notifier.Ready(soon); err != nil {
		return fmt.Errorf("deliver what is owed: %w", err)
	}
	var failures []error
	for _, due := range owed {
		failures = append(failures, d.slot(ctx, due))
	}
	return errors.Join(failures...)
}

func sleep(ctx context.Context, wait time.Duration) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
