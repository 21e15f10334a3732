package daemon_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pi-manager/internal/daemon"
	"pi-manager/internal/ecm"
	"pi-manager/internal/run"
)

// The schedule as it is shipped, and one whose first slot lies where clocks change:
// in London the night of 26 October 2025 has 01:30 twice, that of 29 March 2026 not at all.
const (
	dubai = "zone: Asia/Dubai\nslots:\n- {at: \"07:00\", run: [cleanup, triage]}\n" +
		"- {at: \"14:00\", run: [cleanup, triage, progress]}\n- {at: \"20:00\", run: [cleanup, triage, progress]}\n"
	london = "zone: Europe/London\nslots:\n- {at: \"01:30\", run: [cleanup, triage]}\n- {at: \"14:00\", run: [triage, progress]}\n"
)

// TestYear covers F82, F83, F87 and F90: in a year with restarts, kills, long
// outages, a second daemon, runs by hand and services that are down for hours,
// every slot is run once, or told of as missed once.
func TestYear(t *testing.T) {
	t.Parallel()
	for name, schedule := range map[string]string{"Dubai": dubai, "London": london} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				begin := time.Date(2025, 9, 1, 0, 0, 0, 0, time.UTC)
				w := newWorld(t, schedule, begin, 1)
				end := begin.AddDate(1, 0, 0)
				var actors sync.WaitGroup
				actors.Go(func() { w.serve(t, 1, end, always) })
				actors.Go(func() { w.serve(t, 2, end, rarely) })
				actors.Go(func() { w.people(t, 3, end) })
				for i, service := range []string{theWarehouse, theLedger, theMessenger} {
					actors.Go(func() { w.outages(uint64(4+i), end, service) })
				}
				actors.Wait()
				w.quiet(t)
				w.judge(t, begin, end)
			})
		})
	}
}

// How a daemon lives: for how long it runs, and for how long it is away.
type life func(*rand.Rand) (runs, away time.Duration)

func hours(random *rand.Rand, from, to float64) time.Duration {
	return time.Duration((from + random.Float64()*(to-from)) * float64(time.Hour))
}

func always(random *rand.Rand) (runs, away time.Duration) {
	runs = hours(random, 0.01, 15*24)
	switch random.IntN(6) {
	case 0:
		return runs, hours(random, 5, 5*24)
	case 1:
		return runs, hours(random, 0.5, 5)
	}
	return runs, hours(random, 0, 0.1)
}

func rarely(random *rand.Rand) (runs, away time.Duration) {
	return hours(random, 0.1, 50), hours(random, 24, 20*24)
}

// serve keeps a daemon running, but for when it is stopped, or killed, and away.
func (w *world) serve(t *testing.T, seed uint64, end time.Time, life life) {
	random := rand.New(rand.NewPCG(seed, 1))
	first := 48 * time.Hour // a schedule has to begin before a slot of it can be missed
	for time.Now().Before(end) {
		runs, away := life(random)
		p := w.process()
		ctx, stop := context.WithCancel(t.Context())
		over := make(chan struct{})
		go func() {
			defer close(over)
			p.daemon().Run(ctx)
		}()
		time.Sleep(min(first+runs, time.Until(end)))
		first = 0
		if random.IntN(2) == 0 {
			p.kill()
		}
		told := time.Now()
		stop()
		<-over
		if took := time.Since(told); took > 10*time.Second {
			w.offend("%s: the daemon took %s to stop", told, took)
		}
		time.Sleep(away)
	}
}

// people run a triage of their own, or all of the latest slot, as `run` does.
func (w *world) people(t *testing.T, seed uint64, end time.Time) {
	random := rand.New(rand.NewPCG(seed, 1))
	for i := 0; time.Now().Before(end); i++ {
		time.Sleep(hours(random, 0.1, 60))
		m, now := w.process().manager(), time.Now().UTC()
		req := run.Request{Slot: ecm.Slot(fmt.Sprintf("by-hand-%d", i)), AsOf: now}
		workflows := []ecm.Workflow{ecm.Triage}
		if random.IntN(2) == 0 {
			req.Slot = w.schedule.SlotAt(now)
			workflows = w.schedule.Workflows(req.Slot)
		}
		for _, workflow := range workflows {
			switch workflow {
			case ecm.Cleanup:
				_, _ = m.Cleanup(t.Context(), run.CleanupRequest{Request: req}) // the ledger tells what came of it
			case ecm.Progress:
				_, _ = m.Report(t.Context(), req)
			default:
				_, _ = m.Triage(t.Context(), req)
			}
		}
	}
}

// outages takes a service down for minutes or hours, every few days.
func (w *world) outages(seed uint64, end time.Time, service string) {
	random := rand.New(rand.NewPCG(seed, 1))
	for time.Now().Before(end) {
		time.Sleep(hours(random, 1, 15*24))
		w.set(service, true)
		time.Sleep(hours(random, 0.05, 7))
		w.set(service, false)
	}
}

// quiet is a last day on which nothing goes wrong.
func (w *world) quiet(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	var over sync.WaitGroup
	over.Go(func() { w.process().daemon().Run(ctx) })
	time.Sleep(26 * time.Hour)
	stop()
	over.Wait()
}

func (w *world) judge(t *testing.T, begin, end time.Time) {
	t.Helper()
	for _, offence := range w.offences {
		t.Error(offence)
	}
	done, missed := 0, 0
	for _, due := range w.schedule.Between(begin, end) {
		if w.judgeSlot(t, daemon.Due(due)) {
			done++
		} else {
			missed++
		}
	}
	total := 0
	for _, telling := range w.missed {
		total += telling.count
	}
	w.judgeMessages(t)
	t.Logf("%d slots were run, %d were not run or not in full; %d were told of; the ledger was read %d times", done, missed, total, w.asked)
	if done < missed || missed < 20 || total < missed {
		t.Error("the year is too quiet, or too wild, to show anything")
	}
}

// judgeSlot wants a slot to be run in full, or told of once when its time was over.
func (w *world) judgeSlot(t *testing.T, due daemon.Due) (full bool) {
	t.Helper()
	times, toldAt := w.told(due.Slot)
	full = true
	var last time.Time
	for _, workflow := range due.Workflows {
		at, ran := w.commits[ecm.RunID(workflow, due.Slot)]
		full = full && ran
		if ran && at.Before(due.At.Add(-2*time.Minute)) {
			t.Errorf("%s of %s ran at %s, before its time", workflow, due.Slot, at)
		}
		if at.After(last) {
			last = at
		}
	}
	switch {
	case times > 1:
		t.Errorf("%s was told of as missed %d times", due.Slot, times)
	case times == 0 && !full:
		t.Errorf("%s was neither run in full nor told of as missed", due.Slot)
	case times == 1 && full && last.Before(toldAt):
		t.Errorf("%s was told of as missed at %s, and had been run by %s", due.Slot, toldAt, last)
	case times == 1 && toldAt.Sub(due.At) <= daemon.CatchUp:
		t.Errorf("%s was told of as missed at %s, when it could still be caught up with", due.Slot, toldAt)
	}
	return full
}

// judgeMessages wants every message of every run in the channel once, but for the failures.
func (w *world) judgeMessages(t *testing.T) {
	t.Helper()
	for tag, times := range w.posts {
		if tag.Part != "failure" && times != 1 {
			t.Errorf("%s of %s was posted %d times", tag.Part, tag.Run, times)
		}
	}
	book, err := w.ledger.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if i := slices.IndexFunc(book.Runs, ecm.Run.Owes); i >= 0 {
		t.Errorf("%s still owes messages", book.Runs[i].ID)
	}
}
