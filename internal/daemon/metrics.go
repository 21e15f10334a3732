package daemon

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/client_golang/prometheus/push"

	"pi-manager/internal/ecm"
	"pi-manager/internal/progress"
	"pi-manager/internal/run"
)

// Metrics are the figures of a queue for Prometheus. Each has a registry of its
// own, so that two queues can live in one process. A figure that nobody has
// measured yet is not there, rather than zero.
type Metrics struct {
	registry    *prometheus.Registry
	runs        *prometheus.CounterVec
	seconds     *prometheus.HistogramVec
	orders      *prometheus.CounterVec
	breaches    *prometheus.GaugeVec
	byAgent     *prometheus.GaugeVec
	byDiagnosis *prometheus.GaugeVec
	owed        *prometheus.GaugeVec
	calls       *prometheus.CounterVec
	retries     *prometheus.CounterVec
	success     *prometheus.GaugeVec
	missedSlots *prometheus.CounterVec
}

// NewMetrics makes the figures, none of them measured.
func NewMetrics() *Metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "pi_manager", Name: name, Help: help}, labels)
	}
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: "pi_manager", Name: name, Help: help}, labels)
	}
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		runs:     counter("runs_total", "Runs by workflow and result: ok, nothing_new, stopped, owed or failed.", "workflow", "result"),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: "pi_manager", Name: "run_seconds", Help: "How long runs took.", Buckets: []float64{1, 2, 5, 10, 30, 60, 120, 300, 600},
		}, []string{"workflow"}),
		orders:      counter("orders_total", "Orders by what became of them in triage, and those that cleanup closed as self-healed.", "outcome"),
		breaches:    gauge("sla_breaches", "Open orders over their SLA, in the last report."),
		byAgent:     gauge("open_orders_by_agent", "Open and in-progress orders by agent, in the last report.", "agent"),
		byDiagnosis: gauge("open_orders_by_diagnosis", "Open and in-progress orders by diagnosis, in the last report.", "diagnosis"),
		owed:        gauge("messages_owed", "Messages of all runs that were still owed when the last run ended."),
		calls:       counter("calls_total", "Calls to the warehouse, the ledger and the messenger.", "service"),
		retries:     counter("call_retries_total", "Calls that were repeated after a failure.", "service"),
		success:     gauge("last_success_timestamp_seconds", "When a workflow last ended well: not failed, stopped by a guardrail, or with messages owed.", "workflow"),
		missedSlots: counter("missed_slots_total", "Slots that were too old to be caught up with, and told of as missed."),
	}
	m.registry.MustRegister(m.runs, m.seconds, m.orders, m.breaches, m.byAgent, m.byDiagnosis, m.owed, m.calls, m.retries, m.success, m.missedSlots)
	return m
}

// The results of runs, besides the statuses of one that ended well or was stopped.
const (
	resultOwed   = "owed"
	resultFailed = "failed"
)

// begin sets the counters that alerts watch to zero: the first failure of a
// process must be an increase, not a series that comes out of nowhere.
func (m *Metrics) begin() {
	m.missed(0)
	for _, workflow := range []ecm.Workflow{ecm.Cleanup, ecm.Triage, ecm.Progress} {
		for _, result := range []string{string(run.StatusOK), string(run.StatusNothingNew), string(run.StatusStopped), resultOwed, resultFailed} {
			m.runs.WithLabelValues(string(workflow), result)
		}
	}
}

// Called counts a call to a service; it is what run.Effects tells.
func (m *Metrics) Called(service string, retry bool) {
	m.calls.WithLabelValues(service).Inc()
	if retry {
		m.retries.WithLabelValues(service).Inc()
	}
}

func (m *Metrics) missed(slots int) { m.missedSlots.WithLabelValues().Add(float64(slots)) }

// Handler serves the figures in Prometheus's text form, with those of the process.
func (m *Metrics) Handler() http.Handler {
	process := prometheus.NewRegistry()
	process.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return promhttp.HandlerFor(prometheus.Gatherers{m.registry, process}, promhttp.HandlerOpts{})
}

// Push sends the figures of one run to a Pushgateway: its process is gone before
// anybody could ask. Each workflow has a group of its own there, in which a figure
// that this run did not measure stays as it is.
func (m *Metrics) Push(ctx context.Context, gateway string, workflow ecm.Workflow) error {
	err := push.New(gateway, "pi-manager").Grouping("run", string(workflow)).Gatherer(m.registry).AddContext(ctx)
	if err != nil {
		return fmt.Errorf("push metrics to %s: %w", gateway, err)
	}
	return nil
}

// Triage counts a triage: how it went, and what became of the orders where this
// process dealt them.
func (m *Metrics) Triage(t run.Triage, err error, took time.Duration) {
	m.ended(ecm.Triage, t.Status(), err, took)
	m.debts(t.Book.Runs, t.Done)
	if t.Plan == nil || t.Done == nil {
		return
	}
	for outcome, n := range t.Plan.Counts() {
		if outcome != "pending" && outcome != "reopened" { // the sum of the others, and a part of the new ones
			m.orders.WithLabelValues(outcome).Add(float64(n))
		}
	}
}

// Cleanup counts a cleanup, and what this process closed.
func (m *Metrics) Cleanup(c run.Cleanup, err error, took time.Duration) {
	m.ended(ecm.Cleanup, c.Status(), err, took)
	m.debts(c.Book.Runs, c.Done)
	if c.Plan != nil && c.Done != nil {
		m.orders.WithLabelValues("self_healed").Add(float64(len(c.Closed)))
	}
}

// Report counts a report and takes over its figures.
func (m *Metrics) Report(p run.Progress, err error, took time.Duration) {
	m.ended(ecm.Progress, p.Status(), err, took)
	m.debts(p.Book.Runs, p.Done)
	if p.Report == nil || p.Done == nil {
		return
	}
	m.breaches.WithLabelValues().Set(float64(p.Report.Counts[progress.CountBreaches]))
	agents, diagnoses := map[string]int{}, map[string]int{}
	for _, l := range p.Report.Agents {
		agents[label(l.Agent.Key())] += l.Open
	}
	for _, d := range p.Report.Diagnoses {
		diagnoses[label(d.Name)] += d.Count
	}
	fill(m.byAgent, agents)
	fill(m.byDiagnosis, diagnoses)
}

// ended notes how a run went and how long it took.
func (m *Metrics) ended(workflow ecm.Workflow, status run.Status, err error, took time.Duration) {
	m.seconds.WithLabelValues(string(workflow)).Observe(took.Seconds())
	result := string(status)
	switch {
	case errors.Is(err, run.ErrOwed):
		result = resultOwed
	case err != nil:
		result = resultFailed
	case status != run.StatusStopped:
		m.success.WithLabelValues(string(workflow)).SetToCurrentTime()
	}
	m.runs.WithLabelValues(string(workflow), result).Inc()
}

// debts counts what is owed: by the run that has ended, and by those before it.
func (m *Metrics) debts(before []ecm.Run, done *ecm.Run) {
	if done == nil {
		return
	}
	left := stillOwed(*done)
	for _, r := range before {
		if r.ID != done.ID {
			left += stillOwed(r)
		}
	}
	m.owed.WithLabelValues().Set(float64(left))
}

func stillOwed(r ecm.Run) (messages int) {
	for _, message := range r.Messages {
		if !message.Delivered() {
			messages++
		}
	}
	return messages
}

// What people typed becomes labels: so many of them at most, and so long.
const (
	mostLabels   = 100
	longestLabel = 100
	otherLabel   = "other"
)

// label makes a label's value of what people typed.
func label(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if runes := []rune(text); len(runes) > longestLabel {
		return string(runes[:longestLabel])
	}
	return text
}

// fill puts figures in place of those of the report before. Where there are too
// many, the smallest are added up.
func fill(vec *prometheus.GaugeVec, figures map[string]int) {
	type figure struct {
		name  string
		count int
	}
	var list []figure
	for name, count := range figures {
		list = append(list, figure{name, count})
	}
	slices.SortFunc(list, func(a, b figure) int { return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.name, b.name)) })
	vec.Reset()
	for i, f := range list {
		if i >= mostLabels {
			f.name = otherLabel
		}
		vec.WithLabelValues(f.name).Add(float64(f.count))
	}
}
