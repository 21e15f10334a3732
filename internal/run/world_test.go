package run_test

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"pi-manager/config"
	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
	"pi-manager/internal/policy"
	"pi-manager/internal/run"
)

// rules is the policy as it is shipped. It is read only.
var rules = sync.OnceValues(func() (*policy.Policy, error) { return config.LoadPolicy("") })

// world is a warehouse, a ledger, a channel, and the wire between them and the processes.
type world struct {
	wire    *wire
	ledger  *ledger.Memory
	wall    *wall
	members map[string]string
	policy  *policy.Policy
	began   time.Time
	asked   []string // whom the run looked up
	alarms  int      // how often the failure of one slot may be told: two that fail at the same moment know nothing of each other
	deaf    bool     // the history was denied at times, so a message may be there twice

	late     time.Duration          // how far the warehouse's feed is behind
	knows    []string               // the only orders that the warehouse knows the status of; nil: all
	base     func() context.Context // of what launch starts; nil: the background
	settling sync.Mutex             // of the ledger
	landed   map[string]time.Time   // when each run was committed
	mu       sync.Mutex
	orders   ecm.Pending
	status   map[string]string // of orders, where it is not the one they are stuck in
}

const (
	morning   = ecm.Slot("2000-01-01T07:00")
	afternoon = ecm.Slot("2000-01-01T14:00")
	evening   = ecm.Slot("2000-01-01T20:00")
)

// The agents who have work after a clean run of the morning slot.
var replies = []string{"agent/asha@example.com", "agent/ben@example.com", "agent/cara@example.com", "agent/dina@example.com"}

// newWorld has four agents, one of them off duty with an old order on her desk,
// and a pending list with eleven rows of which seven are to be dealt.
func newWorld(t *testing.T, seed uint64) *world {
	t.Helper()
	shipped, err := rules()
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now().UTC()
	w := &world{
		wire: newWire(seed), wall: &wall{}, policy: shipped, began: began, alarms: 1,
		members: map[string]string{"ben@example.com": "U0BEN", "dina@example.com": "U0DINA"},
		ledger: ledger.NewMemory(
			ecm.Agent{Email: "asha@example.com", Name: "Asha", Handle: "U0ASHA1234", Active: true, Capacity: ecm.DefaultCapacity, Row: 2},
			ecm.Agent{Email: "ben@example.com", Name: "Ben", Active: true, Capacity: ecm.DefaultCapacity, Row: 3},
			ecm.Agent{Email: "cara@example.com", Name: "Cara", Handle: "@cara", Active: true, Capacity: ecm.DefaultCapacity, Row: 4},
			ecm.Agent{Email: "dina@example.com", Name: "Dina", Capacity: ecm.DefaultCapacity, Row: 5},
		),
	}
	w.ledger.Edit(func(s *ledger.Snapshot) {
		s.Assignments = []ecm.Assignment{
			{OrderID: "AE900", Agent: "dina@example.com", AssignedAt: began.Add(-24 * time.Hour), Status: ecm.InProgress, Priority: ecm.P2, Send: aed(900), Row: 2},
			{OrderID: "AE901", Agent: "ben@example.com", AssignedAt: began.Add(-20 * time.Hour), Status: ecm.Resolved, ResolvedAt: began.Add(-2 * time.Hour), Priority: ecm.P2, Send: aed(901), Row: 3},
		}
		s.Link = "https://example.com/sheet"
	})
	w.orders = ecm.Pending{Source: "a model", Columns: []string{"order_id", "sub_state", "currency_from", "send_amount", "lulu_record"}}
	for i, amount := range []int64{9000, 7000, 6000, 5500, 100, 200, 300} {
		w.add(fmt.Sprintf("AE%03d", i+1), amount, "true")
	}
	w.add("AE900", 900, "true")
	w.add("AE901", 901, "true")
	w.add("AE902", 902, "false") // dead: disqualified
	w.orders.SetAside = []ecm.SetAside{{Row: 11, Reason: ecm.NoID}}
	return w
}

// dealt are the orders that a run must deal, each to one agent.
func dealt() []string {
	return []string{"AE001", "AE002", "AE003", "AE004", "AE005", "AE006", "AE007"}
}

func aed(amount int64) ecm.Money {
	return ecm.Money{Amount: decimal.NewFromInt(amount), Currency: "AED"}
}

func (w *world) add(id string, amount int64, lulu string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	money := aed(amount)
	w.orders.Orders = append(w.orders.Orders, ecm.Order{
		ID: id, SubState: "MANUAL_REVIEW", Send: money, Created: w.began.Add(-50 * time.Hour), Row: len(w.orders.Orders) + 1,
		Facts: []string{id, "MANUAL_REVIEW", "AED", money.Amount.String(), lulu},
	})
}

func (w *world) pending() ecm.Pending {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.orders
	p.Orders = slices.Clone(p.Orders)
	return p
}

// statuses knows every order that it is asked about, unless a test says otherwise.
func (w *world) statuses(asOf time.Time, ids []string) ecm.Statuses {
	w.mu.Lock()
	defer w.mu.Unlock()
	answer := ecm.Statuses{Source: "a model", Asked: len(ids), ByID: map[string]string{}, Newest: asOf.Add(-time.Minute - w.late)}
	for _, id := range ids {
		if w.knows != nil && !slices.Contains(w.knows, id) {
			continue
		}
		answer.ByID[id] = cmp.Or(w.status[id], "PROCESSING_DEAL_IN")
	}
	return answer
}

// read is the ledger as it stands.
func (w *world) read() ledger.Snapshot {
	s, err := w.ledger.Read(context.Background())
	if err != nil {
		panic(err) // memory does not fail
	}
	return s
}

// record is what the ledger keeps of a slot of triage; nil where it has none.
func (w *world) record(slot ecm.Slot) *ecm.Run { return w.recordOf(ecm.Triage, slot) }

func (w *world) recordOf(workflow ecm.Workflow, slot ecm.Slot) *ecm.Run {
	book := w.read()
	i := slices.IndexFunc(book.Runs, func(r ecm.Run) bool { return r.ID == ecm.RunID(workflow, slot) })
	if i < 0 {
		return nil
	}
	return &book.Runs[i]
}

// outcome is how a process ended.
type outcome struct {
	result run.Triage
	err    error
	killed bool
	took   time.Duration
}

func (o outcome) well() bool { return !o.killed && o.err == nil }

func (o outcome) String() string {
	if o.killed {
		return "killed"
	}
	return fmt.Sprint(o.err)
}

// manager is the queue as a process sees it.
func (w *world) manager(p *process) *run.Manager {
	return &run.Manager{
		Warehouse: p, Ledger: book{p}, Notifier: p, Policy: w.policy, Zone: time.UTC,
		Effects: run.Effects{Log: slog.New(slog.DiscardHandler)}, Now: time.Now, Progress: func(string) {},
	}
}

// start starts a process; wait for its end.
func (w *world) start(ctx context.Context, req run.Request) *process {
	p := &process{world: w, done: make(chan struct{}), outcome: outcome{killed: true}}
	if req.AsOf.IsZero() {
		req.AsOf = time.Now().UTC()
	}
	manager := w.manager(p)
	began := time.Now()
	go func() {
		defer close(p.done)
		defer func() { p.outcome.took = time.Since(began) }()
		result, err := manager.Triage(ctx, req)
		p.outcome = outcome{result: result, err: err, killed: p.dead.Load()}
	}()
	return p
}

func (p *process) wait() outcome {
	<-p.done
	return p.outcome
}

// triage runs a slot once.
func (w *world) triage(slot ecm.Slot) outcome {
	return w.start(context.Background(), run.Request{Slot: slot}).wait()
}

// backOff is how long a cluster waits before it starts a failed run again.
const backOff = 10 * time.Second

// insist starts a slot of triage again and again until it ends well, as a cluster does.
func (w *world) insist(slot ecm.Slot) []string { return w.insistOn(ecm.Triage, slot) }

// judge looks at what a triage says of itself: "done" must be true.
func (w *world) judge(slot ecm.Slot, o outcome) []string { return w.judgeOf(ecm.Triage, slot, o) }

func (w *world) insistOn(workflow ecm.Workflow, slot ecm.Slot) []string {
	var ends []string
	for range 4 {
		o := w.begin(workflow, slot)()
		if problems := w.judgeOf(workflow, slot, o); len(problems) > 0 {
			return problems
		}
		if o.well() {
			return nil
		}
		ends = append(ends, o.String())
		time.Sleep(backOff)
	}
	return []string{fmt.Sprintf("%s of %s never ended well: %s", workflow, slot, strings.Join(ends, " | "))}
}

func (w *world) judgeOf(workflow ecm.Workflow, slot ecm.Slot, o outcome) (problems []string) {
	if o.took > run.Deadline+time.Minute {
		problems = append(problems, fmt.Sprintf("%s of %s took %s", workflow, slot, o.took))
	}
	if !o.well() {
		return problems
	}
	switch record := w.recordOf(workflow, slot); {
	case record == nil:
		problems = append(problems, fmt.Sprintf("%s of %s ended well, and the ledger has no record of it", workflow, slot))
	case record.Owes() || record.Finished.IsZero():
		problems = append(problems, fmt.Sprintf("%s of %s ended well, finished %s, and its messages are %s", workflow, slot, record.Finished, states(*record)))
	}
	return problems
}

// check holds the world to what must be true once everything has ended well.
func (w *world) check(slots ...ecm.Slot) []string {
	w.wire.late.Wait()
	book := w.read()
	problems := w.checkRows(book)
	for _, slot := range slots {
		if w.record(slot) == nil {
			problems = append(problems, fmt.Sprintf("slot %s has no record", slot))
		}
	}
	for _, r := range book.Runs {
		problems = append(problems, w.checkRun(book, r)...)
	}
	return append(problems, w.checkStrays(book)...)
}

// checkRows: every order that is to be dealt has one active row, no other row came, nobody's row changed.
func (w *world) checkRows(book ledger.Snapshot) (problems []string) {
	got := map[string]int{}
	for _, row := range book.Assignments {
		got[row.OrderID]++
	}
	want := map[string]int{"AE900": 1, "AE901": 1}
	for _, id := range dealt() {
		want[id] = 1
	}
	if !maps.Equal(got, want) {
		problems = append(problems, fmt.Sprintf("rows by order: %v, want %v", got, want))
	}
	return problems
}

// checkRun: finished, nothing owed, each message once and in its place, and the
// numbers in the record, in the rows and in the messages are the same.
func (w *world) checkRun(book ledger.Snapshot, r ecm.Run) (problems []string) {
	bad := func(format string, args ...any) {
		problems = append(problems, r.ID+": "+fmt.Sprintf(format, args...))
	}
	if r.Finished.IsZero() || r.Owes() {
		bad("finished %s, and its messages are %s", r.Finished, states(r))
	}
	if r.Workflow != ecm.Triage {
		return problems
	}
	rows := map[string][]string{}
	for _, row := range book.Assignments {
		if row.RunID == r.ID {
			rows["agent/"+row.Agent] = append(rows["agent/"+row.Agent], row.OrderID)
		}
	}
	c := r.Counts
	if n := len(slices.Concat(slices.Collect(maps.Values(rows))...)); n != c["new"] {
		bad("%d rows, and the record says %d", n, c["new"])
	}
	if sum := c["set_aside"] + c["disqualified"] + c["already_assigned"] + c["recently_resolved"] + c["new"] + c["overflow"]; sum != c["pending"] {
		bad("the counts do not add up: %v", c)
	}
	parent := ""
	for i, owed := range r.Messages {
		seen := w.wall.visible(r.ID, owed.Part)
		if w.deaf && len(seen) > 1 {
			continue
		}
		if len(seen) != 1 {
			bad("%s is to be seen %d times", owed.Part, len(seen))
			continue
		}
		if i == 0 {
			parent = seen[0].ts
			if want := fmt.Sprintf("%d new this run", c["new"]); owed.Part == "briefing" && !strings.Contains(seen[0].text, want) {
				bad("the briefing does not say %q:\n%s", want, seen[0].text)
			}
		} else if seen[0].thread != parent && !w.deaf {
			bad("%s stands in thread %q, the briefing is %q", owed.Part, seen[0].thread, parent)
		}
		if owed.TS != seen[0].ts || owed.Channel != channel {
			bad("%s is %q, and the record says %q in %q", owed.Part, seen[0].ts, owed.TS, owed.Channel)
		}
		for _, id := range rows[owed.Part] {
			if !strings.Contains(seen[0].text, id) {
				bad("%s does not name %s:\n%s", owed.Part, id, seen[0].text)
			}
		}
	}
	return problems
}

// states says of each message of a run where it is.
func states(r ecm.Run) string {
	var list []string
	for _, owed := range r.Messages {
		list = append(list, fmt.Sprintf("%s=%q", owed.Part, owed.TS))
	}
	return strings.Join(list, " ")
}

// checkStrays: nothing was posted that no run owes; a failure is told once for a slot.
func (w *world) checkStrays(book ledger.Snapshot) (problems []string) {
	told := map[string]int{}
	for _, m := range w.wall.all() {
		if m.tag.Part == "failure" {
			told[m.tag.Run]++
			continue
		}
		known := slices.ContainsFunc(book.Runs, func(r ecm.Run) bool {
			return r.ID == m.tag.Run && slices.ContainsFunc(r.Messages, func(o ecm.Owed) bool { return o.Part == m.tag.Part && o.Hash == m.tag.Hash })
		})
		if !known {
			problems = append(problems, fmt.Sprintf("a message that nobody owes: %+v", m))
		}
	}
	for id, n := range told {
		if n > w.alarms {
			problems = append(problems, fmt.Sprintf("the failure of %s was told %d times", id, n))
		}
	}
	return problems
}

// report fails a test with all that is wrong.
func report(t *testing.T, what string, problems []string) {
	t.Helper()
	for _, problem := range problems {
		t.Errorf("%s: %s", what, problem)
	}
}

// agents says who has which order.
func (w *world) agents() map[string]string {
	list := map[string]string{}
	for _, row := range w.read().Assignments {
		list[row.OrderID] = row.Agent
	}
	return list
}
