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
two hours, and told of as missed after that.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.serve(cmd.Context(), listen) },
	}
	cmd.Flags().StringVar(&listen, "listen", "localhost:8080", "where to serve HTTP; :8080 for every address of the machine")
	return cmd
}

// The limits of HTTP requests, and how long the last ones may take at the end.
const (
	requestTimeout = 90 * time.Second // /readyz asks three services
	goodbye        = 5 * time.Second
)

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
	metrics := daemon.NewMetrics()
	m := a.manager(p, func(what string) { log.Debug(what) })
	m.Effects.Called = metrics.Called
	d := &daemon.Daemon{
		Manager: m, Metrics: metrics, Log: log, Next: p.schedule.Next, Previous: p.schedule.Before,
		Slots: func(after, upTo time.Time) []daemon.Due { return dues(p.schedule.Between(after, upTo)) },
	}
	health := &daemon.Health{Daemon: d, Now: a.now, Check: func(ctx context.Context) []ecm.Check {
		return checkAll(ctx, p.warehouse, p.ledger, p.notifier)
	}}
	server := &http.Server{Handler: health.Handler(), ReadHeaderTimeout: requestTimeout, ReadTimeout: requestTimeout, WriteTimeout: requestTimeout}
	log.Info("serving HTTP", "address", listener.Addr().String())
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve HTTP: %w", err)
		}
		return nil
	})
	group.Go(func() error {
		err := d.Run(ctx)
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), goodbye)
		defer cancel()
		return errors.Join(err, server.Shutdown(late))
	})
	return group.Wait()
}

// dues are the schedule's slots as the daemon knows them.
func dues(list []config.Due) []daemon.Due {
	due := make([]daemon.Due, len(list))
	for i, d := range list {
		due[i] = daemon.Due(d)
	}
	return due
}
