package sqlstore_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
	"pi-manager/internal/ledger/ledgertest"
	"pi-manager/internal/ledger/sqlstore"
)

func TestContract(t *testing.T) { ledgertest.Run(t, worlds(newFile)) }

func TestContractOnPostgres(t *testing.T) { ledgertest.Run(t, worlds(newSchema)) }

// worlds builds the worlds of the suite. A property test builds a hundred of them one
// after the other: what the one before has open is closed then, for a server takes
// only so many connections.
func worlds(newPlace func(testing.TB) string) func(*testing.T) ledgertest.World {
	var mu sync.Mutex
	before := map[*testing.T][]*sqlstore.Store{}
	return func(t *testing.T) ledgertest.World {
		place := newPlace(t)
		mu.Lock()
		for _, store := range before[t] {
			_ = store.Close()
		}
		before[t] = nil
		mu.Unlock()
		handle := func(t *testing.T) *sqlstore.Store {
			store := open(t, place)
			mu.Lock()
			before[t] = append(before[t], store)
			mu.Unlock()
			return store
		}
		return ledgertest.World{
			Open: func(t *testing.T) ledger.Ledger { return handle(t) },
			Hire: func(t *testing.T, agents ...ecm.Agent) {
				if err := handle(t).PutAgents(t.Context(), agents); err != nil {
					t.Fatal(err)
				}
			},
			Type: func(t *testing.T, orderID, header, text string) {
				column := map[string]string{
					"Order ID": "order_id", "Assigned Agent": "agent", "Status": "status", "Notes": "notes", "Resolved At": "resolved_at",
				}[header]
				shell(t, place, `UPDATE assignments SET `+column+` = $1 WHERE order_id = $2`, text, orderID)
			},
			Archived: func(t *testing.T) []ecm.Assignment { return archive(t, place) },
			Board:    func(t *testing.T) ecm.Board { return dashboard(t, place) },
		}
	}
}

func read(tb testing.TB, l ledger.Ledger) ledger.Snapshot {
	tb.Helper()
	s, err := l.Read(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func commit(tb testing.TB, l ledger.Ledger, c ledger.Commit) {
	tb.Helper()
	if err := l.Commit(tb.Context(), c); err != nil {
		tb.Fatal(err)
	}
}

// The file's name is a person's choice, and never part of the settings in the data source name.
func TestOddFileNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"my ledger.db", "50%.db", "a?mode=memory", "b#c.db", "%41.db", "é&_txlock=deferred", ":memory:"} {
		path := filepath.Join(t.TempDir(), name)
		commit(t, open(t, path), ledgertest.Commit(0, "first", ledgertest.Row("A1", "ana@example.com")))
		if _, err := os.Stat(path); err != nil {
			t.Errorf("no file under the name asked for: %v", err)
		}
		if got := len(read(t, open(t, path)).Assignments); got != 1 {
			t.Errorf("%q: %d rows after opening it again, want 1", name, got)
		}
	}
}

func TestRelativePath(t *testing.T) {
	t.Chdir(t.TempDir())
	commit(t, open(t, "ledger.db"), ledgertest.Commit(0, "first"))
	if _, err := os.Stat("ledger.db"); err != nil {
		t.Error(err)
	}
}

// Who cannot open it must learn why, and what to do.
func TestRefused(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	text := filepath.Join(folder, "notes.txt")
	if err := os.WriteFile(text, []byte(strings.Repeat("these are notes, no database\n", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	newer := filepath.Join(folder, "newer.db")
	open(t, newer)
	shell(t, newer, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, 1)`)

	for name, test := range map[string]struct{ path, says, mend string }{
		"no path":           {"", "has no path", "PI_MANAGER_LEDGER"},
		"missing folder":    {filepath.Join(folder, "missing", "ledger.db"), filepath.Join(folder, "missing") + " of the ledger file does not exist", "folder that exists"},
		"a folder":          {folder, "is a folder", "PI_MANAGER_LEDGER"},
		"below a file":      {filepath.Join(text, "ledger.db"), "not", "folder that exists"},
		"not a database":    {text, text, "check the path"},
		"a newer program's": {newer, "version is 999", "install the newer pi-manager"},
	} {
		t.Run(name, func(t *testing.T) {
			store, err := sqlstore.OpenSQLite(t.Context(), test.path)
			if err == nil {
				_ = store.Close()
				t.Fatal("it was opened")
			}
			if ecm.ClassOf(err) != ecm.Permanent || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), test.mend) {
				t.Errorf("class %d, %q; want a permanent failure with %q and %q", ecm.ClassOf(err), err, test.says, test.mend)
			}
		})
	}
	if after := raw(t, newer, `SELECT MAX(version_id) FROM goose_db_version`); after != "999" {
		t.Errorf("the newer file was changed to version %s", after)
	}
}
