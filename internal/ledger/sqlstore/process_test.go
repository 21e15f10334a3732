package sqlstore_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
	"pi-manager/internal/ledger/ledgertest"
	"pi-manager/internal/ledger/sqlstore"
)

// The test binary starts itself again as another process: what it shall do there
// and with which ledger comes in the environment.
const (
	roleVariable  = "SQLSTORE_TEST_ROLE"
	placeVariable = "SQLSTORE_TEST_LEDGER"
)

func TestMain(m *testing.M) {
	roles := map[string]func(context.Context, string) error{"open": openOnce, "commit": commitForEver}
	role, helper := roles[os.Getenv(roleVariable)]
	if !helper {
		os.Exit(m.Run())
	}
	if err := role(context.Background(), os.Getenv(placeVariable)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// helper is another process of this binary.
type helper struct {
	cmd   *exec.Cmd
	in    io.Closer      // closing it says "go"
	lines *bufio.Scanner // what it prints
}

func start(t *testing.T, role, place string) helper {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), roleVariable+"="+role, placeVariable+"="+place)
	cmd.Stderr = t.Output()
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return helper{cmd, in, bufio.NewScanner(out)}
}

// openOnce waits until all processes of the race are there, then opens the ledger.
func openOnce(ctx context.Context, place string) error {
	fmt.Println("ready")
	if _, err := io.ReadAll(os.Stdin); err != nil {
		return err
	}
	store, err := openPlace(ctx, place)
	if err != nil {
		return err
	}
	if _, err := store.Read(ctx); err != nil {
		return err
	}
	return store.Close()
}

// F82: several processes start at once on a file that is not there yet.
func TestProcessesOpenANewFileAtOnce(t *testing.T) {
	t.Parallel()
	for range 10 {
		folder := t.TempDir()
		path := filepath.Join(folder, "ledger.db")
		openAtOnce(t, path)
		// Two that close at the same moment each take the other for still open, and neither takes
		// away the write-ahead log; the next one alone does. Nothing else may be left behind.
		store, err := sqlstore.OpenSQLite(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
		entries, err := os.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		if len(entries) != 1 {
			t.Errorf("the folder holds %v, want the ledger alone", entries)
		}
	}
}

// versionTable is where a file notes its version, as the library that migrates it has made it so far.
const versionTable = `
CREATE TABLE goose_db_version (
    id INTEGER PRIMARY KEY AUTOINCREMENT, version_id INTEGER NOT NULL, is_applied INTEGER NOT NULL, tstamp TIMESTAMP DEFAULT (datetime('now'))
)`

// F82: several processes of a new version start at once on a file of an old one.
func TestProcessesMigrateAnOldFileAtOnce(t *testing.T) {
	t.Parallel()
	for range 5 {
		path := filepath.Join(t.TempDir(), "ledger.db")
		shell(t, path, `PRAGMA journal_mode = WAL`)
		shell(t, path, versionTable)
		shell(t, path, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, 1)`)
		openAtOnce(t, path)
		if got := raw(t, path, `SELECT group_concat(version_id) FROM (SELECT version_id FROM goose_db_version ORDER BY id)`); got != "0,1,2" {
			t.Errorf("the versions %s are recorded, want each once", got)
		}
	}
}

// F82: several processes start at once on a database without tables.
func TestProcessesMakeTheTablesAtOnce(t *testing.T) {
	t.Parallel()
	for range 3 {
		place := newSchema(t)
		openAtOnce(t, place)
		if got := raw(t, place, `SELECT string_agg(version_id::text, ',' ORDER BY id) FROM goose_db_version`); got != "0,2" {
			t.Errorf("the versions %s are recorded, want each once", got)
		}
	}
}

// openAtOnce lets five processes open a ledger, and wants all to succeed.
func openAtOnce(t *testing.T, place string) {
	t.Helper()
	var helpers [5]helper
	for i := range helpers {
		helpers[i] = start(t, "open", place)
		if !helpers[i].lines.Scan() {
			t.Fatal("a process did not come up")
		}
	}
	for _, h := range helpers {
		if err := h.in.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for i, h := range helpers {
		if err := h.cmd.Wait(); err != nil {
			t.Errorf("process %d: %v", i, err)
		}
	}
}

const rowsACommit = 300

// commitForEver commits one generation after the other, says so before and
// after each, and ends when somebody kills it.
func commitForEver(ctx context.Context, place string) error {
	store, err := openPlace(ctx, place)
	if err != nil {
		return err
	}
	for {
		snapshot, err := store.Read(ctx)
		if err != nil {
			return err
		}
		next := snapshot.Generation + 1
		fmt.Println("begin", next)
		if err := store.Commit(ctx, numbered(next)); err != nil {
			return err
		}
		fmt.Println("done", next)
	}
}

// numbered is the commit of a generation, with orders that bear its number.
func numbered(generation int64) ledger.Commit {
	rows := make([]ecm.Assignment, rowsACommit)
	for i := range rows {
		rows[i] = ledgertest.Row(fmt.Sprintf("G%d-%d", generation, i), "ana@example.com")
	}
	return ledgertest.Commit(generation-1, fmt.Sprint("slot ", generation), rows...)
}

// F90: a process is killed at any instruction. What it said was committed is
// there, what is there is whole, and the next process goes on from it.
func TestKilledInTheMiddleOfCommits(t *testing.T) {
	everywhere(t, func(t *testing.T, newPlace func() string) {
		place := newPlace()
		const kills = 12
		inside, acknowledged := 0, int64(0)
		for range kills {
			begun, done := killed(t, place)
			if begun > done {
				inside++
			}
			acknowledged = max(acknowledged, done)
			sessionsEnd(t, place)
			newest := read(t, open(t, place)).Generation
			if newest != acknowledged && newest != begun {
				t.Fatalf("generation %d is the newest; %d was acknowledged, %d begun", newest, acknowledged, begun)
			}
			acknowledged = newest
			whole(t, place, newest)
		}
		if inside == 0 {
			t.Error("no process died inside a commit: the test proves nothing")
		}
	})
}

// sessionsEnd waits until the server has noticed who died: a COMMIT may still be on its way through it.
func sessionsEnd(t *testing.T, place string) {
	t.Helper()
	if !strings.HasPrefix(place, onServer) {
		return
	}
	const alive = `SELECT count(*) FROM pg_stat_activity WHERE usename = current_user AND application_name = 'pi-manager' AND state <> 'idle'`
	db := byHand(t, place)
	defer db.Close()
	for sessions := 1; sessions > 0; {
		if err := db.QueryRowContext(t.Context(), alive).Scan(&sessions); err != nil {
			t.Fatal(err)
		}
	}
}

// killed lets a process commit a few times and kills it at some moment after it
// has begun one more.
func killed(t *testing.T, place string) (begun, done int64) {
	t.Helper()
	h := start(t, "commit", place)
	commits := 1 + rand.IntN(3)
	note := func() {
		var word string
		var generation int64
		if _, err := fmt.Sscan(h.lines.Text(), &word, &generation); err != nil {
			t.Fatalf("the process says %q: %v", h.lines.Text(), err)
		}
		if word == "begin" {
			begun = generation
		} else {
			done = generation
		}
	}
	for begins := 0; begins < commits && h.lines.Scan(); {
		note()
		if begun > done {
			begins++
		}
	}
	<-time.After(time.Duration(rand.IntN(12_000)) * time.Microsecond) // only where it dies hangs on this, never whether the test passes
	if err := h.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for h.lines.Scan() {
		note()
	}
	_ = h.cmd.Wait() // it was killed, and says so
	return begun, done
}

// whole checks that every generation has its record, its messages and all its rows.
func whole(t *testing.T, place string, generations int64) {
	t.Helper()
	counts := map[string]int64{
		`SELECT COUNT(*) FROM generations`:                 generations,
		`SELECT COALESCE(MAX(generation), 0) FROM runs`:    generations,
		`SELECT COUNT(*) FROM runs`:                        generations,
		`SELECT COUNT(*) FROM messages`:                    generations * 2,
		`SELECT COUNT(*) FROM assignments`:                 generations * rowsACommit,
		`SELECT COUNT(DISTINCT order_id) FROM assignments`: generations * rowsACommit,
	}
	if !strings.HasPrefix(place, onServer) {
		counts[`SELECT COUNT(*) FROM pragma_integrity_check`] = 1
		counts[`SELECT COUNT(*) FROM pragma_foreign_key_check`] = 0
		counts[`SELECT integrity_check = 'ok' FROM pragma_integrity_check LIMIT 1`] = 1
	}
	for query, want := range counts {
		if got := raw(t, place, query); got != fmt.Sprint(want) {
			t.Errorf("%s: %s, want %d", query, got, want)
		}
	}
}
