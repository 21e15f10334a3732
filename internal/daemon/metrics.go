package daemon

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
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
// own, so that two queues can live in one process.
type Metrics struct {
	registry    *prometheus.Registry
	runs        *prometheus.CounterVec
	seconds     *prometheus.HistogramVec
	orders      *prometheus.CounterVec
	breaches    prometheus.Gauge
	byAgent     *prometheus.GaugeVec
	byDiagnosis *prometheus.GaugeVec
	owed        prometheus.Gauge
	calls       *prometheus.CounterVec
	retries     *prometheus.CounterVec
	success     *prometheus.GaugeVec
	missedSlots prometheus.Counter
}

// NewMetrics makes the figures, all zero.
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
		orders:      counter("orders_total", "Orders by what became of them in triage and cleanup.", "outcome"),
		breaches:    prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "pi_manager", Name: "sla_breaches", Help: "Open orders over their SLA, in the last report."}),
		byAgent:     gauge("open_orders_by_agent", "Open and in-progress orders by agent, in the last report.", "agent"),
		byDiagnosis: gauge("open_orders_by_diagnosis", "Open and in-progress orders by diagnosis, in the last report.", "diagnosis"),
		owed:        prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "pi_manager", Name: "messages_owed", Help: "Messages that the last run still owes."}),
		calls:       counter("calls_total", "Calls to the warehouse, the ledger and the messenger.", "service"),
		retries:     counter("call_retries_total", "Calls that were repeated after a failure.", "service"),
		success:     gauge("last_success_timestamp_seconds", "When a workflow last ended well.", "workflow"),
		missedSlots: prometheus.NewCounter(prometheus.CounterOpts{Namespace: "pi_manager", Name: "missed_slots_total", Help: "Slots that were too old to be caught up with."}),
	}
	m.registry.MustRegister(m.runs, m.seconds, m.orders, m.breaches, m.byAgent, m.byDiagnosis, m.owed, m.calls, m.retries, m.success, m.missedSlots,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Called counts a call to a service; it is what run.Effects tells.
func (m *Metrics) Called(service string, retry bool) {
	m.calls.WithLabelValues(service).Inc()
	if retry {
		m.retries.WithLabelValues(service).Inc()
	}
}

func (m *Metrics) missed(slots int) { m.missedSlots.Add(float64(slots)) }

// Handler serves the figures in Prometheus's text form.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// Push sends the figures to a Pushgateway, for runs whose process is gone before
// anybody could ask.
func (m *Metrics) Push(ctx context.Context, gateway *url.URL) error {
	err := push.New(gateway.String(), "pi-manager").Gatherer(m.registry).PushContext(ctx)
	if err != nil {
		return fmt.Errorf("push metrics to %s: %w", gateway.Redacted(), err)
	}
	return nil
}

// Run runs one workflow and counts what came of it.
func (m *Metrics) Run(ctx context.Context, manager *run.Manager, workflow ecm.Workflow, req run.Request) error {
	switch workflow {
	case ecm.Cleanup:
		return count(m, manager, workflow, func() (*ecm.Run, run.Status, error) {
			result, err := manager.Cleanup(ctx, run.CleanupRequest{Request: req})
			m.Cleanup(result)
			return result.Done, result.Status(), err
		})
	case ecm.Progress:
		return count(m, manager, workflow, func() (*ecm.Run, run.Status, error) {
			result, err := manager.Report(ctx, req)
			m.Report(result)
			return result.Done, result.Status(), err
		})
	}
	return count(m, manager, workflow, func() (*ecm.Run, run.Status, error) {
		result, err := manager.Triage(ctx, req)
		m.Triage(result)
		return result.Done, result.Status(), err
	})
}

// count notes how a run went and how long it took.
func count(m *Metrics, manager *run.Manager, workflow ecm.Workflow, do func() (*ecm.Run, run.Status, error)) error {
	began := manager.Now()
	done, status, err := do()
	m.Ended(workflow, done, status, err, began, manager.Now())
	return err
}

// Ended notes how a run went and how long it took.
func (m *Metrics) Ended(workflow ecm.Workflow, done *ecm.Run, status run.Status, err error, began, ended time.Time) {
	m.seconds.WithLabelValues(string(workflow)).Observe(ended.Sub(began).Seconds())
	result := string(status)
	switch {
	case errors.Is(err, run.ErrOwed):
		result = "owed"
	case err != nil:
		result = "failed"
	default:
		m.success.WithLabelValues(string(workflow)).Set(float64(ended.Unix()))
	}
	m.runs.WithLabelValues(string(workflow), result).Inc()
	if done == nil {
		return
	}
	left := 0
	for _, message := range done.Messages {
		if !message.Delivered() {
			left++
		}
	}
	m.owed.Set(float64(left))
}

// Triage counts the outcomes of a triage that this process made.
func (m *Metrics) Triage(t run.Triage) {
	if t.Plan == nil || t.Done == nil {
		return
	}
	for outcome, n := range t.Plan.Counts() {
		if outcome != "pending" && outcome != "reopened" {
			m.orders.WithLabelValues(outcome).Add(float64(n))
		}
	}
}

// Cleanup counts what a cleanup of this process closed.
func (m *Metrics) Cleanup(c run.Cleanup) {
	if c.Plan != nil && c.Done != nil {
		m.orders.WithLabelValues("self_healed").Add(float64(len(c.Closed)))
	}
}

// Report takes over the figures of a report.
func (m *Metrics) Report(p run.Progress) {
	if p.Report == nil {
		return
	}
	m.breaches.Set(float64(p.Report.Counts[progress.CountBreaches]))
	m.byAgent.Reset()
	for _, l := range p.Report.Agents {
		m.byAgent.WithLabelValues(l.Agent.Key()).Set(float64(l.Open))
	}
	m.byDiagnosis.Reset()
	for _, d := range p.Report.Diagnoses {
		m.byDiagnosis.WithLabelValues(d.Name).Set(float64(d.Count))
	}
}
