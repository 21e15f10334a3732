package cli

import (
	"context"
	"time"

	"pi-manager/internal/daemon"
	"pi-manager/internal/ecm"
	"pi-manager/internal/run"
)

// pushTimeout is how long a Pushgateway may take.
const pushTimeout = 10 * time.Second

// measured runs one workflow, and pushes its figures where the settings name a
// Pushgateway. One that does not answer changes nothing: the run has its own
// result. A run that was told to stop pushes nothing, for it has to go.
func (a *app) measured(ctx context.Context, p *parts, m *run.Manager, workflow ecm.Workflow, req run.Request, do func() (outcome, error)) (outcome, error) {
	gateway := p.settings.Pushgateway
	if gateway == "" || req.DryRun {
		return do()
	}
	metrics, began := daemon.NewMetrics(), a.now()
	m.Effects.Called = metrics.Called
	result, err := do()
	if ctx.Err() != nil {
		return result, err
	}
	result.count(metrics, a.now().Sub(began))
	soon, cancel := context.WithTimeout(ctx, pushTimeout)
	defer cancel()
	if pushErr := metrics.Push(soon, gateway, workflow); pushErr != nil {
		a.logger().Warn("the run's figures are not pushed", "error", pushErr)
	}
	return result, err
}
