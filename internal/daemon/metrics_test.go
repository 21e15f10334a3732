package daemon_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"pi-manager/internal/daemon"
	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
	"pi-manager/internal/progress"
	"pi-manager/internal/run"
)

func scrape(t *testing.T, m *daemon.Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("/metrics says %d: %s", w.Code, w.Body)
	}
	return w.Body.String()
}

// ours are the lines of the figures that are not the process's own, without timings.
func ours(text string) (lines []string) {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "pi_manager_") && !strings.Contains(line, "_seconds") {
			lines = append(lines, strings.TrimSuffix(line, "\n"))
		}
	}
	return lines
}

// aDay is the figures after a day of a world in which all that is counted happens.
func aDay(t *testing.T) *daemon.Metrics {
	t.Helper()
	w := newWorld(t, dubai, beginning(), 1)
	d := w.process().daemon()
	d.Manager.Effects.Called = d.Metrics.Called
	ctx, stop := context.WithCancel(t.Context())
	go d.Run(ctx)
	time.Sleep(time.Hour) // 07:00 goes well
	w.set(theWarehouse, true)
	time.Sleep(9 * time.Hour) // 14:00 does not
	w.set(theWarehouse, false)
	time.Sleep(8 * time.Hour) // 20:00 does
	stop()
	synctest.Wait()
	return d.Metrics
}

func TestMetricsOfADay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		got := ours(scrape(t, aDay(t)))
		want := []string{
			`pi_manager_messages_owed 0`,
			`pi_manager_missed_slots_total 1`,
			`pi_manager_open_orders_by_agent{agent="asha@example.com"} 2`,
			`pi_manager_open_orders_by_diagnosis{diagnosis="manual_review"} 2`,
			`pi_manager_orders_total{outcome="already_assigned"} 2`,
			`pi_manager_orders_total{outcome="disqualified"} 0`,
			`pi_manager_orders_total{outcome="new"} 2`,
			`pi_manager_orders_total{outcome="overflow"} 0`,
			`pi_manager_orders_total{outcome="recently_resolved"} 0`,
			`pi_manager_orders_total{outcome="self_healed"} 0`,
			`pi_manager_orders_total{outcome="set_aside"} 0`,
			`pi_manager_runs_total{result="nothing_new",workflow="cleanup"} 2`,
			`pi_manager_runs_total{result="nothing_new",workflow="triage"} 1`,
			`pi_manager_runs_total{result="ok",workflow="progress"} 1`,
			`pi_manager_runs_total{result="ok",workflow="triage"} 1`,
			`pi_manager_runs_total{result="owed",workflow="triage"} 0`,
			`pi_manager_runs_total{result="stopped",workflow="cleanup"} 0`,
			`pi_manager_sla_breaches 2`,
		}
		for _, line := range want {
			if !slices.Contains(got, line) {
				t.Errorf("there is no line %s", line)
			}
		}
		for _, pattern := range []string{
			`pi_manager_runs_total{result="failed",workflow="triage"} [1-9]`, `pi_manager_calls_total{service="warehouse"} [1-9]`,
			`pi_manager_calls_total{service="ledger"} [1-9]`, `pi_manager_calls_total{service="messenger"} [1-9]`,
			`pi_manager_call_retries_total{service="warehouse"} [1-9]`,
		} {
			if !regexp.MustCompile(pattern).MatchString(strings.Join(got, "\n")) {
				t.Errorf("there is no line like %s", pattern)
			}
		}
		if t.Failed() {
			t.Log(strings.Join(got, "\n"))
		}
	})
}

// What has not been measured is not there: a zero would be a statement.
func TestNothingIsMadeUp(t *testing.T) {
	t.Parallel()
	if lines := ours(scrape(t, daemon.NewMetrics())); len(lines) > 0 {
		t.Errorf("before the first run there are %q", lines)
	}
}

// A run that was stopped, failed or owes messages is no success.
func TestWhatCountsAsSuccess(t *testing.T) {
	t.Parallel()
	done := func(result ecm.Result) *ecm.Run { return &ecm.Run{ID: "triage/x", Result: result} }
	tests := []struct {
		triage  run.Triage
		err     error
		result  string
		success bool
	}{
		{run.Triage{Done: done(ecm.ResultOK)}, nil, "ok", true},
		{run.Triage{Done: done(ecm.ResultNothingNew)}, nil, "nothing_new", true},
		{run.Triage{Done: done(ecm.ResultOK), Before: true}, nil, "nothing_new", true},
		{run.Triage{Done: done(ecm.ResultStopped)}, nil, "stopped", false},
		{run.Triage{Done: done(ecm.ResultOK)}, fmt.Errorf("x: %w", run.ErrOwed), "owed", false},
		{run.Triage{}, errors.New("no"), "failed", false},
	}
	for _, test := range tests {
		m := daemon.NewMetrics()
		m.Triage(test.triage, test.err, time.Second)
		text := scrape(t, m)
		if !strings.Contains(text, fmt.Sprintf("pi_manager_runs_total{result=%q,workflow=\"triage\"} 1\n", test.result)) {
			t.Errorf("%s is not counted", test.result)
		}
		if got := strings.Contains(text, "\npi_manager_last_success_timestamp_seconds{"); got != test.success {
			t.Errorf("%s is a success: %t", test.result, got)
		}
	}
}

// Owed is what all runs owe, not only the last one.
func TestOwedIsASumOverRuns(t *testing.T) {
	t.Parallel()
	m := daemon.NewMetrics()
	two := []ecm.Owed{{Part: "a"}, {Part: "b", TS: "1"}, {Part: "c"}}
	earlier := []ecm.Run{{ID: "triage/1", Messages: two}, {ID: "triage/2", Messages: []ecm.Owed{{Part: "a", TS: "-"}}}, {ID: "cleanup/3", Messages: two}}
	m.Cleanup(run.Cleanup{Book: ledger.Snapshot{Runs: earlier}, Done: &ecm.Run{ID: "cleanup/3"}, Before: true}, nil, time.Second)
	if !slices.Contains(ours(scrape(t, m)), "pi_manager_messages_owed 2") {
		t.Errorf("two are owed by the triage, and the figures are %q", ours(scrape(t, m)))
	}
}

// E-mails and diagnoses are what people typed into a sheet: the labels stay few and
// short, nothing panics, the sum stays true, and who has gone is gone.
func TestLabelsAreBounded(t *testing.T) {
	t.Parallel()
	m := daemon.NewMetrics()
	report := func(loads []progress.Load, diagnoses []progress.Count) {
		m.Report(run.Progress{Report: &progress.Report{Agents: loads, Diagnoses: diagnoses}, Done: &ecm.Run{ID: "progress/x"}}, nil, time.Second)
	}
	var loads []progress.Load
	var diagnoses []progress.Count
	total := 0
	for i := range 400 {
		loads = append(loads, progress.Load{Agent: ecm.Agent{Email: fmt.Sprintf("agent%d@example.com", i)}, Open: i})
		diagnoses = append(diagnoses, progress.Count{Name: fmt.Sprintf("invented_%d", i), Count: i})
		total += i
	}
	for i, email := range []string{"\xff\xfe", "\xff\xfd", "a\"b\\c\nd\x00", strings.Repeat("é", 5000), strings.Repeat("é", 6000)} {
		loads = append(loads, progress.Load{Agent: ecm.Agent{Email: email}, Open: 1000 + i})
		total += 1000 + i
	}
	diagnoses = append(diagnoses, progress.Count{Name: "\xff\xfe", Count: 1000}, progress.Count{Name: strings.Repeat("é", 5000), Count: 1001})
	report(loads, diagnoses)
	text := scrape(t, m)
	lines := slices.DeleteFunc(ours(text), func(l string) bool { return !strings.Contains(l, "by_agent") })
	if len(lines) > 101 || strings.Count(text, "by_diagnosis{") > 101 {
		t.Errorf("%d series by agent, %d by diagnosis", len(lines), strings.Count(text, "by_diagnosis{"))
	}
	sum := 0
	for _, line := range lines {
		var n int
		if _, err := fmt.Sscan(line[strings.LastIndex(line, " ")+1:], &n); err != nil || len(line) > 300 {
			t.Errorf("a line of %d bytes: %.80q (%v)", len(line), line, err)
		}
		sum += n
	}
	if sum != total || !strings.Contains(text, `by_agent{agent="other"}`) {
		t.Errorf("the series add up to %d, want %d", sum, total)
	}
	lint(t, text)
	report(loads[:1], nil)
	if lines := ours(scrape(t, m)); strings.Count(strings.Join(lines, "\n"), "open_orders") != 1 {
		t.Errorf("after a report with one agent: %q", lines)
	}
}

func lint(t *testing.T, text string) {
	t.Helper()
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	if err != nil {
		t.Errorf("the figures cannot be read: %v", err)
	}
	for _, problem := range problems {
		if strings.HasPrefix(problem.Metric, "pi_manager_") {
			t.Errorf("%s: %s", problem.Metric, problem.Text)
		}
	}
}

// Prometheus's own tool accepts the figures of a full day. `.ci/run` sees to it that
// the tool is there; where it is not, its rules are asked without it.
func TestPromtoolAcceptsTheMetrics(t *testing.T) {
	t.Parallel()
	var text string
	synctest.Test(t, func(t *testing.T) { text = scrape(t, aDay(t)) })
	lint(t, text)
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		if os.Getenv("PI_MANAGER_TEST_PROMTOOL") != "" {
			t.Error("promtool was promised, and is not on PATH")
		}
		return
	}
	var said bytes.Buffer
	cmd := exec.CommandContext(t.Context(), promtool, "check", "metrics")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(text), &said, &said
	if err := cmd.Run(); err != nil {
		t.Errorf("promtool check metrics: %v\n%s", err, said.String())
	}
}

// Every figure of ours is explained in the manual.
func TestEveryMetricIsInTheManual(t *testing.T) {
	t.Parallel()
	manuals, err := filepath.Glob("../../docs/operations*.md")
	if err != nil || len(manuals) == 0 {
		t.Fatalf("there is no manual: %v", err)
	}
	var manual strings.Builder
	for _, path := range manuals {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		manual.Write(text)
	}
	var text string
	synctest.Test(t, func(t *testing.T) { text = scrape(t, aDay(t)) })
	names := regexp.MustCompile(`(?m)^# TYPE (pi_manager_\w+)`).FindAllStringSubmatch(text, -1)
	if len(names) != 11 {
		t.Errorf("%d figures: %q", len(names), names)
	}
	for _, name := range names {
		if !strings.Contains(manual.String(), "| `"+name[1]+"` |") {
			t.Errorf("%s is not in the table of docs/operations*.md", name[1])
		}
	}
	for _, name := range regexp.MustCompile(`pi_manager_[a-z_]+`).FindAllString(manual.String(), -1) {
		base := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(name, "_bucket"), "_sum"), "_count")
		if !strings.Contains(text, "# TYPE "+base+" ") {
			t.Errorf("the manual speaks of %s, which there is not", name)
		}
	}
}

// A push goes to the group of its workflow and leaves alone what it did not measure:
// POST, not PUT. It does not carry figures of a process that is about to end.
func TestPush(t *testing.T) {
	t.Parallel()
	var method, path string
	var body []byte
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		method, path = r.Method, r.URL.Path
		body, _ = io.ReadAll(r.Body)
		w.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(gateway.Close)
	m := daemon.NewMetrics()
	m.Called("ledger", false)
	m.Triage(run.Triage{Done: &ecm.Run{ID: "triage/x", Result: ecm.ResultOK}}, nil, time.Second)
	if err := m.Push(t.Context(), gateway.URL, ecm.Triage); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{http.MethodPost, "/metrics/job/pi-manager/run/triage"}, []string{method, path}); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
	for _, name := range []string{"pi_manager_runs_total", "pi_manager_calls_total", "pi_manager_last_success_timestamp_seconds", "pi_manager_messages_owed"} {
		if !bytes.Contains(body, []byte(name)) {
			t.Errorf("%s is not pushed", name)
		}
	}
	for _, name := range []string{"go_", "process_", "pi_manager_sla_breaches", "pi_manager_open_orders", "pi_manager_missed"} {
		if bytes.Contains(body, []byte(name)) {
			t.Errorf("%s is pushed, and was not measured", name)
		}
	}
}

func TestPushSaysWhatWentWrong(t *testing.T) {
	t.Parallel()
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "no room", http.StatusInsufficientStorage)
	}))
	t.Cleanup(gateway.Close)
	err := daemon.NewMetrics().Push(t.Context(), gateway.URL, ecm.Triage)
	if err == nil || !strings.Contains(err.Error(), gateway.URL) || !strings.Contains(err.Error(), "no room") {
		t.Errorf("a full gateway: %v", err)
	}
}
