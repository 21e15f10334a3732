package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger/sqlstore"
)

// ledgerPassword must never show. The test server asks for none.
const ledgerPassword = "canary-of-the-ledger-91d4"

// postgresWorld is a world whose ledger is a schema of its own on the server that scripts/with-postgres starts.
type postgresWorld struct {
	*crashWorld
	database string
	store    *sqlstore.Store
}

func newPostgresWorld(t *testing.T) postgresWorld {
	t.Helper()
	d := database{name: fmt.Sprintf("ledger_%x", rand.Uint64())}
	admin := d.connect(t, "")
	d.do(t, admin, fmt.Sprintf("CREATE ROLE %s LOGIN; CREATE SCHEMA AUTHORIZATION %[1]s", d.name))
	t.Cleanup(func() {
		d.do(t, admin, fmt.Sprintf("DROP OWNED BY %s CASCADE; DROP ROLE %[1]s", d.name))
		_ = admin.Close(anytime)
	})
	server := d.server(t)
	store, err := sqlstore.OpenPostgres(t.Context(), sqlstore.Server{
		Host: server.Host, Port: int(server.Port), Database: server.Database, User: d.name, SSLMode: "disable",
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	if err := store.PutAgents(t.Context(), crashAgents()); err != nil {
		t.Fatal(err)
	}
	w := newCrashWorld(t, "sqlite")
	w.env = set(w.env, "PI_MANAGER_LEDGER", fmt.Sprintf("postgres://%s:%s@:%d/%s?host=%s&sslmode=disable",
		d.name, ledgerPassword, server.Port, server.Database, server.Host))
	return postgresWorld{crashWorld: w, database: server.Database, store: store}
}

// TestTwoAtOnceOnPostgres covers F22, F61 and F82: two processes on one slot
// make one commit and one briefing, and both end well.
func TestTwoAtOnceOnPostgres(t *testing.T) {
	t.Parallel()
	var group sync.WaitGroup
	for range 4 {
		w := newPostgresWorld(t)
		group.Go(func() {
			for _, p := range []*process{w.triage(t, slotNow()), w.triage(t, slotNow())} {
				if status := p.wait(); status != 0 {
					t.Errorf("exit status %d: %s", status, p.stderr.String())
				}
			}
			dealtOnce(t, w.store)
			postedOnce(t, w.crashWorld)
		})
	}
	group.Wait()
}

// dealtOnce wants one commit that has given out every order.
func dealtOnce(t *testing.T, store *sqlstore.Store) {
	t.Helper()
	s, err := store.Read(t.Context())
	if err != nil {
		t.Error(err)
	}
	rows := map[string]int{}
	for _, row := range s.Assignments {
		rows[row.OrderID]++
	}
	if s.Generation != 1 || len(s.Runs) != 1 || len(rows) != crashOrders || len(s.Assignments) != crashOrders {
		t.Errorf("generation %d, %d runs, %d orders in %d rows; want one commit of %d", s.Generation, len(s.Runs), len(rows), len(s.Assignments), crashOrders)
	}
	for _, run := range s.Runs {
		if run.Finished.IsZero() || run.Result != ecm.ResultOK {
			t.Errorf("the run is %+v, want it finished", run)
		}
	}
}

// postedOnce wants one briefing with a reply for each agent.
func postedOnce(t *testing.T, w *crashWorld) {
	t.Helper()
	posted := map[string]int{}
	for _, m := range w.slack.Messages() {
		name, _, _ := strings.Cut(m.Text, ":")
		if m.ThreadTS == "" {
			name = "briefing"
		}
		posted[name]++
	}
	if len(posted) != 3 || posted["briefing"] != 1 || posted["Ana"] != 1 || posted["Bo"] != 1 {
		t.Errorf("posted: %v, want a briefing and a reply each for Ana and Bo", posted)
	}
}

// TestPostgresLedgerByHand: what a person sees of it, and never its password (F98).
func TestPostgresLedgerByHand(t *testing.T) {
	t.Parallel()
	w := newPostgresWorld(t)
	lost := slices.Clone(w.env)
	for i := range lost {
		lost[i] = strings.Replace(lost[i], "/"+w.database+"?", "/nowhere?", 1)
	}
	for _, test := range []struct {
		env    []string
		args   string
		status int
		says   []string
	}{
		{w.env, "config", 0, []string{":***@"}},
		{w.env, "config --json", 0, []string{":***@"}},
		{w.env, "test", 0, []string{"ledger: database", "ledger: tables", "ledger: write", "ledger: read", "ledger: agents"}},
		{w.env, "triage --slot 07:00", 0, []string{"9"}},
		{lost, "test", 1, []string{"nowhere", "CREATE DATABASE"}},
		{lost, "triage --slot 07:00", 1, []string{"nowhere", "CREATE DATABASE"}},
	} {
		p := start(t, w.dir, test.env, strings.Fields(test.args)...)
		status := p.wait()
		said := p.stdout.String() + p.stderr.String()
		if status != test.status {
			t.Errorf("%s: exit status %d, want %d: %s", test.args, status, test.status, said)
		}
		for _, word := range test.says {
			if !strings.Contains(said, word) {
				t.Errorf("%s does not say %q:\n%s", test.args, word, said)
			}
		}
		if strings.Contains(said, ledgerPassword) {
			t.Errorf("%s shows the password:\n%s", test.args, said)
		}
	}
}
