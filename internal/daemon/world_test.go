package daemon_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"pi-manager/config"
	"pi-manager/internal/brief"
	"pi-manager/internal/daemon"
	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
	"pi-manager/internal/policy"
	"pi-manager/internal/run"
)

// world is a warehouse, a ledger and a channel that processes come and go in. A
// service can be down; a call takes up to three seconds.
type world struct {
	schedule config.Schedule
	policy   *policy.Policy
	ledger   *ledger.Memory

	mu       sync.Mutex
	random   *rand.Rand
	down     map[string]bool      // by service
	commits  map[string]time.Time // by run id, of everything that ever was committed
	missed   []telling
	posts    map[brief.Tag]int
	places   []brief.Sent
	asked    int // reads of the ledger
	offences []string
}

// telling is a record of missed slots.
type telling struct {
	at    time.Time
	count int
	text  string
}

const (
	theWarehouse = "warehouse"
	theLedger    = "ledger"
	theMessenger = "messenger"
)

// newWorld begins at a moment, by the clock of the test's bubble.
func newWorld(t *testing.T, schedule string, begin time.Time, seed uint64) *world {
	t.Helper()
	parsed, err := config.ParseSchedule(config.File{Path: "schedule.yaml", Text: schedule})
	if err != nil {
		t.Fatal(err)
	}
	rules, err := config.LoadPolicy("")
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Until(begin))
	return &world{
		schedule: parsed, policy: rules, random: rand.New(rand.NewPCG(seed, 0)),
		ledger: ledger.NewMemory(ecm.Agent{Email: "asha@example.com", Name: "Asha", Handle: "U0ASHA1234", Active: true, Capacity: ecm.DefaultCapacity, Row: 2}),
		down:   map[string]bool{}, commits: map[string]time.Time{}, posts: map[brief.Tag]int{},
	}
}

func (w *world) offend(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.offences = append(w.offences, fmt.Sprintf(format, args...))
}

func (w *world) set(service string, down bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down[service] = down
}

// process is one start of the program. Once it is dead, nothing that it does has an effect.
type process struct {
	world   *world
	dead    bool // guarded by the world's mutex
	working int  // calls to the warehouse that are under way
}

func (w *world) process() *process { return &process{world: w} }

// kill is SIGKILL: a call that is under way may or may not arrive.
func (p *process) kill() {
	p.world.mu.Lock()
	defer p.world.mu.Unlock()
	p.dead = true
}

func (p *process) manager() *run.Manager {
	return &run.Manager{
		Warehouse: p, Ledger: book{p}, Notifier: p, Policy: p.world.policy, Zone: p.world.schedule.Zone,
		Effects: run.Effects{Log: slog.New(slog.DiscardHandler)}, Now: time.Now, Progress: func(string) {},
	}
}

func (p *process) daemon() *daemon.Daemon {
	s := p.world.schedule
	return &daemon.Daemon{
		Manager: p.manager(), Metrics: daemon.NewMetrics(), Log: slog.New(slog.DiscardHandler), Next: s.Next, Previous: s.Before,
		Slots: func(after, upTo time.Time) []daemon.Due {
			var list []daemon.Due
			for _, d := range s.Between(after, upTo) {
				list = append(list, daemon.Due(d))
			}
			return list
		},
	}
}

// call goes out to a service, has its effect there, and comes back.
func call[T any](ctx context.Context, p *process, service string, effect func() (T, error)) (T, error) {
	var none T
	w := p.world
	w.mu.Lock()
	there, back := time.Duration(w.random.Int64N(int64(2*time.Second))), time.Duration(w.random.Int64N(int64(time.Second)))
	late := w.random.IntN(2) == 0
	w.mu.Unlock()
	if !wait(ctx, there) {
		return none, &ecm.Failure{Class: ecm.Retryable, Err: context.Cause(ctx)}
	}
	w.mu.Lock()
	dead, down := p.dead, w.down[service]
	w.mu.Unlock()
	switch {
	case dead && !late:
		return none, &ecm.Failure{Class: ecm.Permanent, Err: errors.New("the process is dead")}
	case down:
		return none, &ecm.Failure{Class: ecm.Retryable, Err: errors.New(service + " is down")}
	}
	result, err := effect()
	if dead || !wait(ctx, back) {
		return none, &ecm.Failure{Class: ecm.Ambiguous, Err: errors.New("nobody hears the answer")}
	}
	return result, err
}

func wait(ctx context.Context, d time.Duration) bool {
	if ctx.Err() != nil {
		return false
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// alone notes an offence where a process has two runs at work.
func (p *process) alone(by int) {
	p.world.mu.Lock()
	defer p.world.mu.Unlock()
	if p.working += by; p.working > 1 {
		p.world.offences = append(p.world.offences, "two runs at once in one process")
	}
}

// Pending implements run.Warehouse.
func (p *process) Pending(ctx context.Context, asOf time.Time, _ int) (ecm.Pending, error) {
	p.alone(1)
	defer p.alone(-1)
	return call(ctx, p, theWarehouse, func() (ecm.Pending, error) {
		list := ecm.Pending{Source: "a model", Columns: []string{"order_id", "sub_state", "currency_from", "send_amount", "lulu_record"}}
		for _, id := range []string{"AE001", "AE002"} {
			list.Orders = append(list.Orders, ecm.Order{
				ID: id, SubState: "MANUAL_REVIEW", Send: ecm.Money{Amount: decimal.NewFromInt(900), Currency: "AED"},
				Created: asOf.Add(-50 * time.Hour), Row: len(list.Orders) + 1, Facts: []string{id, "MANUAL_REVIEW", "AED", "900", "true"},
			})
		}
		return list, nil
	})
}

// Statuses implements run.Warehouse.
func (p *process) Statuses(ctx context.Context, asOf time.Time, ids []string) (ecm.Statuses, error) {
	p.alone(1)
	defer p.alone(-1)
	return call(ctx, p, theWarehouse, func() (ecm.Statuses, error) {
		answer := ecm.Statuses{Source: "a model", Asked: len(ids), ByID: map[string]string{}, Newest: asOf}
		for _, id := range ids {
			answer.ByID[id] = "PROCESSING_DEAL_IN"
		}
		return answer, nil
	})
}

// Ready implements run.Notifier.
func (p *process) Ready(ctx context.Context) error {
	_, err := call(ctx, p, theMessenger, func() (struct{}, error) { return struct{}{}, nil })
	return err
}

// Members implements run.Notifier: everybody can be mentioned without.
func (p *process) Members(context.Context, []string) (map[string]string, error) { return nil, nil }

// Post implements run.Notifier.
func (p *process) Post(ctx context.Context, post brief.Post) (brief.Receipt, error) {
	return call(ctx, p, theMessenger, func() (brief.Receipt, error) {
		w := p.world
		w.mu.Lock()
		defer w.mu.Unlock()
		receipt := brief.Receipt{Channel: "C0PAYOUTS", TS: fmt.Sprintf("%d.%06d", time.Now().Unix(), len(w.places))}
		w.places = append(w.places, brief.Sent{Tag: post.Tag, Receipt: receipt})
		w.posts[brief.Tag{Run: post.Tag.Run, Part: post.Tag.Part}]++
		return receipt, nil
	})
}

// Sent implements run.Notifier; it gives the newest ones, whatever their thread.
func (p *process) Sent(ctx context.Context, _ time.Time, _ string) ([]brief.Sent, error) {
	return call(ctx, p, theMessenger, func() ([]brief.Sent, error) {
		p.world.mu.Lock()
		defer p.world.mu.Unlock()
		return slices.Clone(p.world.places[max(0, len(p.world.places)-200):]), nil
	})
}

// book is the ledger as a process reaches it. Like the real ones it gives the newest
// fifty records and those that owe messages, and never takes the same run twice.
type book struct{ *process }

const kept = 50

// Read implements ledger.Ledger.
func (b book) Read(ctx context.Context) (ledger.Snapshot, error) {
	return call(ctx, b.process, theLedger, func() (ledger.Snapshot, error) {
		b.world.mu.Lock()
		b.world.asked++
		b.world.mu.Unlock()
		return b.world.ledger.Read(ctx)
	})
}

// Commit implements ledger.Ledger.
func (b book) Commit(ctx context.Context, c ledger.Commit) error {
	_, err := call(ctx, b.process, theLedger, func() (struct{}, error) { return struct{}{}, b.world.commit(c) })
	return err
}

func (w *world) commit(c ledger.Commit) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, taken := w.commits[c.Run.ID]; taken {
		return ledger.ErrConflict
	}
	if err := w.ledger.Commit(context.Background(), c); err != nil {
		return err
	}
	w.commits[c.Run.ID] = time.Now()
	if c.Run.Workflow == ecm.Missed {
		message, err := brief.Decode(c.Run.Messages[0].Body)
		if err != nil {
			return err
		}
		w.missed = append(w.missed, telling{time.Now(), c.Run.Counts["missed"], message.String()})
	}
	w.ledger.Edit(func(s *ledger.Snapshot) {
		old := max(0, len(s.Runs)-kept)
		s.Runs = append(slices.DeleteFunc(slices.Clone(s.Runs[:old]), func(r ecm.Run) bool { return !r.Owes() }), s.Runs[old:]...)
	})
	return nil
}

// Committed implements ledger.Ledger.
func (b book) Committed(ctx context.Context, generation int64) (string, error) {
	return call(ctx, b.process, theLedger, func() (string, error) { return b.world.ledger.Committed(ctx, generation) })
}

// Record implements ledger.Ledger.
func (b book) Record(ctx context.Context, runID string, delivered []ecm.Owed, finished time.Time) error {
	_, err := call(ctx, b.process, theLedger, func() (struct{}, error) {
		return struct{}{}, b.world.ledger.Record(ctx, runID, delivered, finished)
	})
	return err
}

// Settle implements ledger.Ledger.
func (b book) Settle(context.Context) error { return nil }

// Check implements ledger.Ledger.
func (b book) Check(context.Context) []ecm.Check { return nil }

// told says how often, and when last, the team was told that a slot was missed.
func (w *world) told(slot ecm.Slot) (times int, at time.Time) {
	name := strings.Replace(string(slot), "T", " ", 1)
	for _, telling := range w.missed {
		if strings.Contains(telling.text, name) {
			times, at = times+1, telling.at
		}
	}
	return times, at
}
