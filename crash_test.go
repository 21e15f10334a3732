package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"pi-manager/internal/ecm"
	"pi-manager/internal/fake"
	"pi-manager/internal/ledger/sqlstore"
)

// crashOrders is how many orders the small worlds of these tests have.
const crashOrders = 9

// crashWorld is a warehouse export, a ledger and a Slack workspace of their own.
type crashWorld struct {
	dir    string
	env    []string
	slack  *fake.Slack
	sheets *fake.Sheets // nil where the ledger is SQLite
	mu     sync.Mutex
	calls  int
	onCall func(n int)
}

func newCrashWorld(t *testing.T, ledger string) *crashWorld {
	t.Helper()
	w := &crashWorld{dir: t.TempDir(), slack: fake.NewSlack(t)}
	orders := "order_id,order_date,order_status,sub_state,currency_from,send_amount,receive_amount,hours_diff,category\n"
	for i := range crashOrders {
		orders += fmt.Sprintf("AE%03d,2026-02-15,PENDING,FULFILLMENT_PENDING,AED,%d.50,%d,%d,\n", i, 1000*(i+1), 24000*(i+1), 14+i)
	}
	w.write(t, "orders.csv", orders)
	w.slack.After(func(fake.SlackCall) { w.count() })
	w.env = []string{
		"PI_MANAGER_WAREHOUSE=file:orders.csv", "PI_MANAGER_NOTIFY=slack",
		"SLACK_BOT_TOKEN=" + fake.SlackToken, "SLACK_CHANNEL_ID=" + fake.SlackChannelID, "SLACK_API_URL=" + w.slack.URL,
	}
	if ledger == "sqlite" {
		w.env = append(w.env, "PI_MANAGER_LEDGER=sqlite:ledger.db")
		w.withStore(t, func(store *sqlstore.Store) error { return store.PutAgents(t.Context(), crashAgents()) })
		return w
	}
	w.sheets = fake.NewSheets(t)
	w.sheets.Seed("Agents", [][]any{
		{"Email", "Name", "Team", "Slack Handle", "Active", "Max Tickets"},
		{"ana@example.com", "Ana", "Ops", "", true, nil}, {"bo@example.com", "Bo", "Ops", "", true, nil},
	})
	w.write(t, "key.json", w.sheets.Key())
	w.sheets.OnAfter(func(fake.SheetsCall) { w.count() })
	w.env = append(w.env, "PI_MANAGER_LEDGER=sheet", "SPREADSHEET_ID="+w.sheets.ID, "GOOGLE_SHEETS_ENDPOINT="+w.sheets.URL, "GOOGLE_SERVICE_ACCOUNT_JSON=key.json")
	return w
}

func crashAgents() []ecm.Agent {
	return []ecm.Agent{
		{Email: "ana@example.com", Name: "Ana", Team: "Ops", Active: true, Capacity: ecm.DefaultCapacity},
		{Email: "bo@example.com", Name: "Bo", Team: "Ops", Active: true, Capacity: ecm.DefaultCapacity},
	}
}

func (w *crashWorld) write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, name), []byte(content), 0o600); err != nil {
		t.Error(err)
	}
}

func (w *crashWorld) withStore(t *testing.T, use func(*sqlstore.Store) error) {
	t.Helper()
	store, err := sqlstore.OpenSQLite(t.Context(), filepath.Join(w.dir, "ledger.db"))
	if err != nil {
		t.Error(err)
		return
	}
	defer func() { _ = store.Close() }()
	if err := use(store); err != nil {
		t.Error(err)
	}
}

func (w *crashWorld) count() {
	w.mu.Lock()
	w.calls++
	n, hook := w.calls, w.onCall
	w.mu.Unlock()
	if hook != nil {
		hook(n)
	}
}

// hook lets fn run after the effect of each external call, before its answer.
func (w *crashWorld) hook(fn func(n int)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.onCall = fn
}

func (w *crashWorld) triage(t *testing.T, slot string) *process {
	t.Helper()
	return start(t, w.dir, w.env, "triage", "--slot", slot, "--json")
}

// active counts the rows that are not resolved, by order.
func (w *crashWorld) active(t *testing.T) map[string]int {
	t.Helper()
	rows := map[string]int{}
	if w.sheets != nil {
		ids, statuses := w.sheets.Column("Assignments", "Order ID"), w.sheets.Column("Assignments", "Status")
		for i, id := range ids {
			if statuses[i] != "RESOLVED" {
				rows[fmt.Sprint(id)]++
			}
		}
		return rows
	}
	w.withStore(t, func(store *sqlstore.Store) error {
		book, err := store.Read(t.Context())
		for _, row := range book.Assignments {
			rows[row.OrderID]++
		}
		return err
	})
	return rows
}

// problems says what is not as it must be after all is done: every order in
// exactly one active row, one briefing, one reply an agent in its thread (I1, I3, I4).
func (w *crashWorld) problems(t *testing.T) []string {
	t.Helper()
	var list []string
	rows := w.active(t)
	for i := range crashOrders {
		if id := fmt.Sprintf("AE%03d", i); rows[id] != 1 {
			list = append(list, fmt.Sprintf("order %s has %d active rows", id, rows[id]))
		}
	}
	briefing, replies := "", map[string]int{}
	for _, m := range w.slack.Messages() {
		if m.ThreadTS == "" {
			if briefing != "" {
				list = append(list, "a second message at the top of the channel: "+m.Text)
			}
			briefing = m.TS
			continue
		}
		if m.ThreadTS != briefing {
			list = append(list, "a reply outside the briefing's thread: "+m.Text)
		}
		name, _, _ := strings.Cut(m.Text, ":")
		replies[name]++
	}
	if briefing == "" {
		list = append(list, "no briefing")
	}
	for _, name := range []string{"Ana", "Bo"} {
		if replies[name] != 1 {
			list = append(list, fmt.Sprintf("%d replies for %s", replies[name], name))
		}
	}
	if w.sheets != nil {
		list = append(list, w.sheets.Offences()...)
	}
	return list
}

// settle starts the slot again, as a CronJob does, until it ends well.
func (w *crashWorld) settle(t *testing.T, slot string) {
	t.Helper()
	for range 4 {
		p := w.triage(t, slot)
		if p.wait() == 0 {
			return
		}
		t.Logf("a try after the crash ended badly: %s", p.stderr.String())
	}
	t.Error("the slot did not come to an end in four tries")
}

// slotNow is a slot whose time has come, whatever the clock says.
func slotNow() string { return "07:00" }

// TestKilledAfterEveryCall covers F21, F90 and F96: killed with SIGKILL after
// each external call in turn and started again, a run leaves what a run that was
// never killed leaves.
func TestKilledAfterEveryCall(t *testing.T) {
	t.Parallel()
	for _, ledger := range []string{"sqlite", "sheet"} {
		t.Run(ledger, func(t *testing.T) {
			t.Parallel()
			clean := newCrashWorld(t, ledger)
			if p := clean.triage(t, slotNow()); p.wait() != 0 {
				t.Fatalf("a clean run failed: %s", p.stderr.String())
			}
			if problems := clean.problems(t); len(problems) > 0 {
				t.Fatalf("a clean run: %s", strings.Join(problems, "; "))
			}
			t.Logf("a clean run makes %d external calls; each is a place to die", clean.calls)
			// All at once: a run that finds a dead one's messages waits for its lease.
			var group sync.WaitGroup
			for n := 1; n <= clean.calls; n++ {
				group.Go(func() { killAt(t, ledger, n) })
			}
			group.Wait()
		})
	}
}

func killAt(t *testing.T, ledger string, n int) {
	t.Helper()
	w := newCrashWorld(t, ledger)
	w.kill(t, n, []string{"triage", "--slot", slotNow(), "--json"})
	w.settle(t, slotNow())
	if problems := w.problems(t); len(problems) > 0 {
		t.Errorf("killed after call %d: %s", n, strings.Join(problems, "; "))
	}
}

// TestSameSlotTwice covers F82: the second run of a slot changes nothing, posts
// nothing, ends well and says so.
func TestSameSlotTwice(t *testing.T) {
	t.Parallel()
	for _, ledger := range []string{"sqlite", "sheet"} {
		t.Run(ledger, func(t *testing.T) {
			t.Parallel()
			w := newCrashWorld(t, ledger)
			w.settle(t, slotNow())
			posts := w.slack.Count("chat.postMessage")
			second := w.triage(t, slotNow())
			if status := second.wait(); status != 0 {
				t.Fatalf("exit status %d: %s", status, second.stderr.String())
			}
			var result struct {
				Status     string `json:"status"`
				DoneBefore bool   `json:"done_before"`
			}
			if err := json.Unmarshal(second.stdout.Bytes(), &result); err != nil || result.Status != "nothing_new" || !result.DoneBefore {
				t.Errorf("the second run says %+v (%v)", result, err)
			}
			if again := w.slack.Count("chat.postMessage"); again != posts {
				t.Errorf("%d posts after the second run, %d before it", again, posts)
			}
			if problems := w.problems(t); len(problems) > 0 {
				t.Error(strings.Join(problems, "; "))
			}
		})
	}
}

// TestTwoAtOnce covers F22, F61 and F82: two processes on one slot leave one set
// of rows and one briefing, and both end well.
func TestTwoAtOnce(t *testing.T) {
	t.Parallel()
	for _, ledger := range []string{"sqlite", "sheet"} {
		t.Run(ledger, func(t *testing.T) {
			t.Parallel()
			var group sync.WaitGroup
			for range 4 {
				group.Go(func() {
					w := newCrashWorld(t, ledger)
					first, second := w.triage(t, slotNow()), w.triage(t, slotNow())
					for _, p := range []*process{first, second} {
						if status := p.wait(); status != 0 {
							t.Errorf("exit status %d: %s", status, p.stderr.String())
						}
					}
					if problems := w.problems(t); len(problems) > 0 {
						t.Error(strings.Join(problems, "; "))
					}
				})
			}
			group.Wait()
		})
	}
}
