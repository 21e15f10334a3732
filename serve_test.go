package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger/sqlstore"
)

// server is a `pi-manager serve` that runs.
type server struct {
	*process
	base string // of its addresses
	log  *logbook
}

// logbook keeps what a process says, while it says it.
type logbook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// String is what was said so far.
func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// listening is where the log says that HTTP is served; empty as long as it does not.
func (l *logbook) listening() string {
	for line := range strings.Lines(l.String()) {
		var entry struct {
			Address string `json:"address"`
		}
		if json.Unmarshal([]byte(line), &entry) == nil && entry.Address != "" {
			return entry.Address
		}
	}
	return ""
}

func serve(t *testing.T, dir string, env []string) *server {
	t.Helper()
	s := &server{process: prepare(t, "", dir, env, "serve", "--listen", "127.0.0.1:0"), log: &logbook{}}
	s.cmd.Stderr = s.log
	s.start(t)
	s.eventually(t, "an address in the log", func() bool { return s.log.listening() != "" })
	s.base = "http://" + s.log.listening()
	return s
}

// eventually waits for what another process does.
func (s *server) eventually(t *testing.T, what string, happens func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !happens(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			_ = s.cmd.Process.Kill()
			t.Fatalf("there is never %s:\n%s", what, s.log)
		}
	}
}

func (s *server) get(t *testing.T, path string) (status int, body string) {
	t.Helper()
	response, err := http.Get(s.base + path)
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Error(err)
	}
	return response.StatusCode, string(text)
}

// stop is SIGTERM; it wants a good end within ten seconds.
func (s *server) stop(t *testing.T) {
	t.Helper()
	told := time.Now()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if status := s.wait(); status != 0 || time.Since(told) > 10*time.Second {
		t.Errorf("exit status %d, %s after SIGTERM:\n%s", status, time.Since(told), s.log)
	}
}

// notReady are the names of the checks that failed.
func notReady(t *testing.T, body string) (names []string) {
	t.Helper()
	var answer struct {
		Checks []ecm.Check `json:"checks"`
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Errorf("%v: %s", err, body)
	}
	for _, c := range answer.Checks {
		if !c.OK {
			names = append(names, c.Name)
		}
	}
	return names
}

// TestServeIsReady asks a daemon beside the real adapters, with every dependency
// there, and with each of them down in turn.
func TestServeIsReady(t *testing.T) {
	nobody := closedPort(t)
	for _, test := range []struct{ down, variable, value string }{
		{"", "", ""},
		{"warehouse", "REDSHIFT_PORT", nobody},
		{"sheet", "GOOGLE_SHEETS_ENDPOINT", "http://127.0.0.1:" + nobody},
		{"slack", "SLACK_API_URL", "http://127.0.0.1:" + nobody + "/api/"},
	} {
		t.Run("down "+test.down, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.crew("ana@example.com")
			env := w.env
			if test.down == "warehouse" {
				env = set(env, "REDSHIFT_HOST", "127.0.0.1")
			}
			if test.down != "" {
				env = set(env, test.variable, test.value)
			}
			s := serve(t, w.dir, env)
			status, body := s.get(t, "/readyz")
			failed := notReady(t, body)
			if want := test.down == ""; (status == http.StatusOK) != want || (len(failed) == 0) != want {
				t.Errorf("/readyz says %d: %s", status, body)
			}
			for _, name := range failed {
				if !strings.HasPrefix(name, test.down) {
					t.Errorf("%s is down, and %q fails: %s", test.down, name, body)
				}
			}
			if status, _ := s.get(t, "/healthz"); status != http.StatusOK {
				t.Errorf("/healthz says %d: that a service is down is no reason for a restart", status)
			}
			if status, text := s.get(t, "/metrics"); status != http.StatusOK || !strings.Contains(text, "pi_manager_runs_total") {
				t.Errorf("/metrics says %d: %.200s", status, text)
			}
			s.stop(t)
			w.said = append(w.said, s.log.String(), body)
		})
	}
}

// closedPort is one that nobody listens on.
func closedPort(t *testing.T) string {
	t.Helper()
	door, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = door.Close() }()
	_, port, err := net.SplitHostPort(door.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// everyHour is a schedule whose latest slot is never older than can be caught up with.
func everyHour() string {
	var b strings.Builder
	b.WriteString("zone: UTC\nslots:\n")
	for hour := range 24 {
		b.WriteString("- {at: \"" + time.Date(1, 1, 1, hour, 0, 0, 0, time.UTC).Format("15:04") + "\", run: [cleanup, triage]}\n")
	}
	return b.String()
}

// TestServeIsToldToStop covers F89: SIGTERM in the middle of a run, while the warehouse
// does not answer. The daemon ends in time and well, and leaves nothing half-done; the
// next one does the slot.
func TestServeIsToldToStop(t *testing.T) {
	t.Parallel()
	w := newCrashWorld(t, "sqlite")
	if err := os.Mkdir(w.dir+"/config", 0o700); err != nil {
		t.Fatal(err)
	}
	w.write(t, "config/schedule.yaml", everyHour())
	w.env = append(w.env, "PI_MANAGER_CONFIG=config")
	begun := start(t, w.dir, w.env, "cleanup", "--slot", time.Now().UTC().Format("15")+":00") // so the slot has begun, and serve goes on with it
	if status := begun.wait(); status != 0 {
		t.Fatalf("exit status %d: %s", status, begun.stderr.String())
	}
	port, asked := silentWarehouse(t)
	env := set(w.env, "PI_MANAGER_WAREHOUSE", "redshift")
	env = append(env, "REDSHIFT_HOST=127.0.0.1", "REDSHIFT_PORT="+port, "REDSHIFT_DATABASE=dev",
		"REDSHIFT_USER=reader", "REDSHIFT_PASSWORD=canary", "REDSHIFT_SSLMODE=disable")
	s := serve(t, w.dir, env)
	s.eventually(t, "a run that asks the warehouse", func() bool { return len(asked) > 0 })
	s.stop(t)
	w.withStore(t, func(store *sqlstore.Store) error {
		book, err := store.Read(t.Context())
		if len(book.Assignments) != 0 || slices.ContainsFunc(book.Runs, func(r ecm.Run) bool { return r.Workflow == ecm.Triage }) {
			t.Errorf("%d rows, and the runs are %+v", len(book.Assignments), book.Runs)
		}
		return err
	})
	if n := len(w.slack.Messages()); n != 0 {
		t.Errorf("%d messages of a run that was stopped on purpose", n)
	}
	again := serve(t, w.dir, w.env)
	again.eventually(t, "a briefing with its replies", func() bool { return len(w.problems(t)) == 0 })
	again.stop(t)
}

// silentWarehouse takes connections and says nothing. asked has one entry a connection.
func silentWarehouse(t *testing.T) (port string, asked chan net.Conn) {
	t.Helper()
	door, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	asked = make(chan net.Conn, 100)
	t.Cleanup(func() { _ = door.Close() })
	go func() {
		for {
			conn, err := door.Accept()
			if err != nil {
				return // the test is over
			}
			asked <- conn
		}
	}()
	_, port, err = net.SplitHostPort(door.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port, asked
}

// Whoever sends too much, or nothing at all, is cut off; SIGTERM does not wait for them.
func TestServeHasLimits(t *testing.T) {
	t.Parallel()
	w := newCrashWorld(t, "sqlite")
	s := serve(t, w.dir, w.env)
	request, err := http.NewRequest(http.MethodGet, s.base+"/healthz", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Long", strings.Repeat("x", 64<<10))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("a header of 64 KiB: %d", response.StatusCode)
	}
	slow, err := net.Dial("tcp", strings.TrimPrefix(s.base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = slow.Close() }()
	began := time.Now()
	if _, err := io.WriteString(slow, "GET /healthz HTTP/1.1\r\nHost: x\r\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, slow); err != nil || time.Since(began) > 20*time.Second {
		t.Errorf("half a request is cut off after %s: %v", time.Since(began), err)
	}
	s.stop(t)
	taken := start(t, w.dir, w.env, "serve", "--listen", "nowhere:port")
	if status := taken.wait(); status != 2 || !strings.Contains(taken.stderr.String(), "--listen") {
		t.Errorf("exit status %d: %s", status, taken.stderr.String())
	}
}

// pushes is a Pushgateway that remembers what it was sent.
type pushes struct {
	mu     sync.Mutex
	paths  []string
	bodies []string
	refuse bool
}

// ServeHTTP implements http.Handler.
func (p *pushes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.paths = append(p.paths, r.Method+" "+r.URL.Path)
	p.bodies = append(p.bodies, string(body))
	if p.refuse {
		http.Error(w, "no room", http.StatusInsufficientStorage)
	}
}

func (p *pushes) full(refuse bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuse = refuse
}

func (p *pushes) take() (paths, bodies []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	paths, bodies = p.paths, p.bodies
	p.paths, p.bodies = nil, nil
	return paths, bodies
}

// Every workflow pushes its figures at its end, each into its own group. A gateway
// that refuses them, or is not there, changes no exit status; a dry run pushes nothing.
func TestRunsPushTheirFigures(t *testing.T) {
	t.Parallel()
	w := newCrashWorld(t, "sqlite")
	w.slack.SetRate(100, 100) // hours lie between these runs
	statuses := "order_id,order_status,created_at\n"
	for i := range crashOrders {
		statuses += fmt.Sprintf("AE%03d,PENDING,%s\n", i, time.Now().UTC().Add(-14*time.Hour).Format(time.DateTime))
	}
	w.write(t, "orders-status.csv", statuses)
	received := &pushes{}
	gateway := httptest.NewServer(received)
	t.Cleanup(gateway.Close)
	env := append(slices.Clone(w.env), "PI_MANAGER_PUSHGATEWAY_URL="+gateway.URL)
	const group = "POST /metrics/job/pi-manager/run/"
	for _, test := range []struct {
		args []string
		want []string
		says []string // somewhere in the bodies, which are protocol buffers
	}{
		{[]string{"triage", "--dry-run"}, nil, nil},
		{[]string{"run", "--slot", "14:00"}, []string{group + "cleanup", group + "triage", group + "progress"},
			[]string{"pi_manager_runs_total", "pi_manager_orders_total", "pi_manager_open_orders_by_agent", "ana@example.com", "pi_manager_calls_total"}},
		{[]string{"triage"}, []string{group + "triage"}, []string{"nothing_new"}},
		{[]string{"cleanup"}, []string{group + "cleanup"}, []string{"pi_manager_last_success_timestamp_seconds"}},
		{[]string{"progress"}, []string{group + "progress"}, []string{"pi_manager_sla_breaches"}},
	} {
		p := start(t, w.dir, env, test.args...)
		if status := p.wait(); status != 0 {
			t.Errorf("%v: exit status %d: %s", test.args, status, p.stderr.String())
		}
		paths, bodies := received.take()
		if !slices.Equal(paths, test.want) {
			t.Errorf("%v: pushed %q, want %q", test.args, paths, test.want)
		}
		for _, word := range test.says {
			if !strings.Contains(strings.Join(bodies, ""), word) {
				t.Errorf("%v: %s is not pushed", test.args, word)
			}
		}
	}
	received.full(true)
	for _, address := range []string{gateway.URL, "http://127.0.0.1:" + closedPort(t)} {
		p := start(t, w.dir, set(env, "PI_MANAGER_PUSHGATEWAY_URL", address), "cleanup")
		if status := p.wait(); status != 0 || !strings.Contains(p.stderr.String(), "not pushed") {
			t.Errorf("%s: exit status %d: %s", address, status, p.stderr.String())
		}
	}
	received.take()
	received.full(false)
	failed := start(t, w.dir, set(env, "PI_MANAGER_WAREHOUSE", "file:none.csv"), "triage")
	if status := failed.wait(); status != 1 {
		t.Errorf("exit status %d without a warehouse: %s", status, failed.stderr.String())
	}
	if paths, bodies := received.take(); len(paths) == 0 || !strings.Contains(strings.Join(bodies, ""), "failed") {
		t.Errorf("a run that failed pushed %q", paths)
	}
}
