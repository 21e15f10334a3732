package run_test

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"pi-manager/internal/brief"
	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
)

// reach says how far a call gets on its way out.
type reach uint8

const (
	arrives reach = iota
	isLost        // it never has an effect
	isLate        // it lands, but only a while after its sender has given up on it
)

// ending says what the process sees of a call.
type ending uint8

const (
	answered  ending = iota
	dies             // SIGKILL before there is an answer
	diesAfter        // SIGKILL once the answer is read and before anything is done about it
	refused          // nothing happened, it may go out again
	forbidden        // nothing happened, and nothing will
	putOff           // nothing happened, come back in twenty seconds
	doubtful         // the connection broke
	silent           // no answer at all, until the caller's patience ends
)

// trouble is what befalls one call.
type trouble struct {
	reach  reach
	ending ending
}

// lateness is how long a late call is on its way: longer than a first look for it.
const lateness = 2 * time.Second

// wire carries every call of every process to the outside, one after the other
// by number, and breaks it as a test says.
type wire struct {
	mu      sync.Mutex
	seed    uint64
	counts  map[string]int
	calls   []string                         // "post#2": the second post of whichever process
	trouble func(kind string, n int) trouble // asked once for each call
	before  func(name string, p *process)    // may be nil
	arrived func(name string, p *process)    // the effect is there, the answer is not; may be nil
	after   func(name string, p *process)    // the answer is read; may be nil
	late    sync.WaitGroup                   // what is on its way still
}

func newWire(seed uint64) *wire {
	return &wire{seed: seed, counts: map[string]int{}, trouble: noTrouble}
}

func noTrouble(string, int) trouble { return trouble{} }

// once breaks one call: the n-th of its kind.
func once(name string, what trouble) func(string, int) trouble {
	return func(kind string, n int) trouble {
		if fmt.Sprintf("%s#%d", kind, n) == name {
			return what
		}
		return trouble{}
	}
}

// always breaks the n-th call of a kind and all that follow it.
func always(kind string, n int, what trouble) func(string, int) trouble {
	return func(k string, i int) trouble {
		if k == kind && i >= n {
			return what
		}
		return trouble{}
	}
}

// number gives a call its name, its trouble, and how long it takes there and back.
func (w *wire) number(kind string) (name string, what trouble, there, back time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counts[kind]++
	name = fmt.Sprintf("%s#%d", kind, w.counts[kind])
	w.calls = append(w.calls, name)
	random := rand.New(rand.NewPCG(w.seed, nameHash(name))) // by name: calls that leave together race for their place
	spread := func() time.Duration { return time.Duration(random.Int64N(int64(200 * time.Millisecond))) }
	return name, w.trouble(kind, w.counts[kind]), spread(), spread()
}

func nameHash(name string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name)) // a hash takes everything
	return h.Sum64()
}

func (w *wire) made() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.calls...)
}

func (w *wire) count(kind string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.counts[kind]
}

// process is one start of the program. Once it is dead, none of its calls gets
// out, whichever goroutine makes it: that is all that the world sees of SIGKILL.
type process struct {
	world    *world
	dead     atomic.Bool
	lastPost time.Time // the messenger's client paces itself
	done     chan struct{}
	outcome  outcome
}

func (p *process) die() {
	p.dead.Store(true)
	runtime.Goexit()
}

// carry makes one call: out, the effect, and back.
func carry[T any](ctx context.Context, p *process, kind string, effect func() (T, error)) (T, error) {
	var none T
	if p.dead.Load() {
		p.die()
	}
	wire := p.world.wire
	name, what, there, back := wire.number(kind)
	notice(wire.before, name, p)
	if what.reach == isLate {
		wire.late.Go(func() {
			time.Sleep(lateness)
			_, _ = effect() // nobody is there to hear it
		})
	}
	if !spend(ctx, there) {
		return none, context.Cause(ctx)
	}
	var result T
	var err error
	if what.reach == arrives {
		result, err = effect()
	}
	notice(wire.arrived, name, p)
	return end(ctx, p, name, what.ending, back, result, err)
}

// end is the way back: what the process gets to see.
func end[T any](ctx context.Context, p *process, name string, how ending, back time.Duration, result T, err error) (T, error) {
	var none T
	switch how {
	case dies:
		p.die()
	case silent:
		<-ctx.Done()
		return none, ctx.Err()
	case refused:
		return none, &ecm.Failure{Class: ecm.Retryable, Err: errors.New("connection refused")}
	case forbidden:
		return none, &ecm.Failure{Class: ecm.Permanent, Err: errors.New("forbidden")}
	case putOff:
		return none, &ecm.Failure{Class: ecm.Retryable, Wait: 20 * time.Second, Err: errors.New("ratelimited")}
	case doubtful:
		return none, &ecm.Failure{Class: ecm.Ambiguous, Err: errors.New("connection reset")}
	}
	if !spend(ctx, back) {
		return none, context.Cause(ctx)
	}
	if how == diesAfter {
		p.dead.Store(true)
	}
	notice(p.world.wire.after, name, p)
	return result, err
}

func notice(hook func(string, *process), name string, p *process) {
	if hook != nil {
		hook(name, p)
	}
}

// spend lets time pass, and says whether the caller waited that long.
func spend(ctx context.Context, d time.Duration) bool {
	if ctx.Err() != nil {
		return false
	}
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// nothing is the answer of a call that has none.
type nothing = struct{}

// Pending implements run.Warehouse.
func (p *process) Pending(ctx context.Context, _ time.Time, _ int) (ecm.Pending, error) {
	return carry(ctx, p, "pending", func() (ecm.Pending, error) { return p.world.pending(), nil })
}

// Statuses implements run.Warehouse.
func (p *process) Statuses(ctx context.Context, asOf time.Time, ids []string) (ecm.Statuses, error) {
	return carry(ctx, p, "statuses", func() (ecm.Statuses, error) { return p.world.statuses(asOf, ids), nil })
}

// Ready implements run.Notifier.
func (p *process) Ready(ctx context.Context) error {
	_, err := carry(ctx, p, "ready", func() (nothing, error) { return nothing{}, nil })
	return err
}

// Members implements run.Notifier.
func (p *process) Members(ctx context.Context, emails []string) (map[string]string, error) {
	return carry(ctx, p, "members", func() (map[string]string, error) {
		p.world.mu.Lock()
		p.world.asked = emails
		p.world.mu.Unlock()
		found := map[string]string{}
		for _, email := range emails {
			if id := p.world.members[email]; id != "" {
				found[email] = id
			}
		}
		return found, nil
	})
}

// Post implements run.Notifier. It waits for its turn, as the real client does.
func (p *process) Post(ctx context.Context, post brief.Post) (brief.Receipt, error) {
	if !spend(ctx, time.Until(p.lastPost.Add(time.Second))) {
		return brief.Receipt{}, &ecm.Failure{Class: ecm.Retryable, Err: fmt.Errorf("waiting for a turn to post: %w", context.Cause(ctx))}
	}
	p.lastPost = time.Now()
	return carry(ctx, p, "post", func() (brief.Receipt, error) { return p.world.wall.post(post) })
}

// Sent implements run.Notifier.
func (p *process) Sent(ctx context.Context, since time.Time, thread string) ([]brief.Sent, error) {
	return carry(ctx, p, "sent", func() ([]brief.Sent, error) { return p.world.wall.sent(since, thread), nil })
}

// book is the ledger as a process reaches it.
type book struct{ *process }

// Read implements ledger.Ledger.
func (b book) Read(ctx context.Context) (ledger.Snapshot, error) {
	return carry(ctx, b.process, "read", func() (ledger.Snapshot, error) { return b.world.ledger.Read(context.Background()) })
}

// Commit implements ledger.Ledger. Like the real one it looks through its changes
// before it answers; who dies before that leaves the ledger unsettled.
func (b book) Commit(ctx context.Context, c ledger.Commit) error {
	_, err := carry(ctx, b.process, "commit", func() (nothing, error) { return nothing{}, b.world.commit(c) })
	if err == nil {
		b.world.settle()
	}
	return err
}

// Committed implements ledger.Ledger.
func (b book) Committed(ctx context.Context, generation int64) (string, error) {
	return carry(ctx, b.process, "committed", func() (string, error) { return b.world.ledger.Committed(context.Background(), generation) })
}

// Record implements ledger.Ledger.
func (b book) Record(ctx context.Context, runID string, delivered []ecm.Owed, finished time.Time) error {
	_, err := carry(ctx, b.process, "record", func() (nothing, error) {
		return nothing{}, b.world.ledger.Record(context.Background(), runID, delivered, finished)
	})
	return err
}

// Settle implements ledger.Ledger.
func (b book) Settle(ctx context.Context) error {
	_, err := carry(ctx, b.process, "settle", func() (nothing, error) { b.world.settle(); return nothing{}, nil })
	return err
}

// Check implements ledger.Ledger.
func (b book) Check(context.Context) []ecm.Check { return nil }
