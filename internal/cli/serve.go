package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"pi-manager/config"
	"pi-manager/internal/daemon"
	"pi-manager/internal/ecm"
)

func (a *app) serveCommand() *cobra.Command {
	var listen string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the schedule by itself, with /healthz, /readyz and /metrics",
		Long: `Runs what schedule.yaml lists, each slot once, until it is told to stop. Which slots are
done stands in the ledger: after a restart a slot that came meanwhile is caught up with for
two hours, and told of as missed after that.

/healthz says whether the loop lives, /readyz whether the warehouse, the ledger and the
messenger are there and the last slot went well, /metrics has figures for Prometheus. They
answer everybody who can reach the address, and name agents and what failed.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.serve(cmd.Context(), listen) },
	}
	cmd.Flags().StringVar(&listen, "listen", "localhost:8080", "where to serve HTTP; :8080 for every address of the machine")
	return cmd
}

// goodbye is how long the last requests may take at the end.
const goodbye = 2 * time.Second

func (a *app) serve(ctx context.Context, listen string) error {
	p, err := a.wire(ctx)
	if err != nil {
		return err
	}
	defer p.close()
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", listen)
	if err != nil {
		return usageError{fmt.Errorf("--listen: %w", err)}
	}
	log := a.logger()
	log.Info("serving HTTP", "address", listener.Addr().String())
	d := a.daemon(p)
	server := newServer((&daemon.Health{Daemon: d, Now: a.now, Check: func(ctx context.Context) []ecm.Check {
		return checkAll(ctx, p.warehouse, p.ledger, p.notifier)
	}}).Handler())
	group, ctx := errgroup.WithContext(ctx)
	server.BaseContext = func(net.Listener) context.Context { return ctx } // nobody waits for an answer once we are told to stop
	group.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve HTTP: %w", err)
		}
		return nil
	})
	group.Go(func() error {
		d.Run(ctx)
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), goodbye)
		defer cancel()
		if err := server.Shutdown(late); err != nil {
			log.Warn("a request was cut off", "error", errors.Join(err, server.Close()))
		}
		return nil
	})
	return group.Wait()
}

// newServer has limits for everybody: whoever sends slowly, or much, is cut off.
// An answer may take as long as the checks behind /readyz.
func newServer(handler http.Handler) *http.Server {
	return &http.Server{
		Handler: handler, MaxHeaderBytes: 16 << 10,
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 90 * time.Second, WriteTimeout: 90 * time.Second, IdleTimeout: 2 * time.Minute,
	}
}

// daemon runs the schedule of the queue that the parts make up.
func (a *app) daemon(p *parts) *daemon.Daemon {
	log, metrics := a.logger(), daemon.NewMetrics()
	m := a.manager(p, func(what string) { log.Debug(what) })
	m.Effects.Called = metrics.Called
	return &daemon.Daemon{
		Manager: m, Metrics: metrics, Log: log, Next: p.schedule.Next, Previous: p.schedule.Before,
		Slots: func(after, upTo time.Time) []daemon.Due { return dues(p.schedule.Between(after, upTo)) },
	}
}

// dues are the schedule's slots as the daemon knows them.
func dues(list []config.Due) []daemon.Due {
	due := make([]daemon.Due, len(list))
	for i, d := range list {
		due[i] = daemon.Due(d)
	}
	return due
}
