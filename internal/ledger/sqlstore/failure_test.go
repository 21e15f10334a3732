package sqlstore

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
	"pi-manager/internal/ledger/ledgertest"
)

// single is a ledger with one connection, so that a setting of that connection
// can stand for a full disk or a file that may not be written.
func single(t *testing.T, setting string) *Store {
	t.Helper()
	store, err := OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "ledger.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	store.db.SetMaxOpenConns(1)
	if _, err := store.db.ExecContext(t.Context(), setting); err != nil {
		t.Fatal(err)
	}
	return store
}

// lock holds the write lock of the store's file until the test ends.
func lock(t *testing.T, store *Store) {
	t.Helper()
	other, err := OpenSQLite(t.Context(), store.name)
	if err != nil {
		t.Fatal(err)
	}
	tx, err := other.db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = errors.Join(tx.Rollback(), other.Close()) })
}

// F90 has its own test; here the call itself fails, nothing is left, and the
// class and the words are right.
func TestAFailedCommit(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		setting string
		locked  bool
		class   ecm.Class
		mend    string
	}{
		"locked for too long": {"PRAGMA busy_timeout = 1", true, ecm.Retryable, "try again"},
		"disk full":           {"PRAGMA max_page_count = 1", false, ecm.Permanent, "make room"},
		"read-only":           {"PRAGMA query_only = ON", false, ecm.Permanent, "let this user write"},
		"a table is gone":     {"DROP TABLE messages", false, ecm.Permanent, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := single(t, test.setting)
			if test.locked {
				lock(t, store)
			}
			rows := make([]ecm.Assignment, 2000)
			for i := range rows {
				rows[i] = ledgertest.Row(strings.Repeat("A", i+1), "ana@example.com")
			}
			err := store.Commit(t.Context(), ledgertest.Commit(0, "first", rows...))
			if err == nil || ecm.ClassOf(err) != test.class || errors.Is(err, ledger.ErrConflict) {
				t.Fatalf("class %d, %v; want class %d", ecm.ClassOf(err), err, test.class)
			}
			if !strings.Contains(err.Error(), test.mend) || !strings.Contains(err.Error(), store.name) || !strings.Contains(err.Error(), "commit triage/first") {
				t.Errorf("%q says not what failed, where, and %q", err, test.mend)
			}
			if hash, err := store.Committed(t.Context(), 1); err != nil || hash != "" {
				t.Errorf("after the failure: %q, %v; want nobody", hash, err)
			}
			var left int
			if err := store.db.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM assignments`).Scan(&left); err != nil || left != 0 {
				t.Errorf("%d rows were left, %v", left, err)
			}
		})
	}
}

// F89: who is told to stop does not wait for the lock first, and writes nothing.
func TestACommitThatIsCalledOff(t *testing.T) {
	t.Parallel()
	store := single(t, "PRAGMA busy_timeout = 3600000")
	lock(t, store)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- store.Commit(ctx, ledgertest.Commit(0, "first")) }()
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) || ecm.ClassOf(err) != ecm.Ambiguous {
		t.Errorf("%v, want an ambiguous failure for the called-off context", err)
	}
	if hash, err := store.Committed(t.Context(), 1); err != nil || hash != "" {
		t.Errorf("afterwards: %q, %v; want nobody", hash, err)
	}
}

// A check names what is wrong with the file, and still gives every other line.
func TestCheckOfAFileThatMayNotBeWritten(t *testing.T) {
	t.Parallel()
	store := single(t, "PRAGMA query_only = ON")
	for _, c := range store.Check(t.Context()) {
		if c.Name == "ledger: write" && (c.OK || !strings.Contains(c.Mend, "let this user write")) {
			t.Errorf("%+v, want a failed check with its mend", c)
		}
		if (c.Name == "ledger: file" || c.Name == "ledger: read") && !c.OK {
			t.Errorf("%+v, want it fine", c)
		}
	}
}
