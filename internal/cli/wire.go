package cli

import (
	"context"
	"fmt"
	"io"
	"time"

	"pi-manager/config"
	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
	"pi-manager/internal/ledger/sheet"
	"pi-manager/internal/ledger/sqlstore"
	"pi-manager/internal/policy"
	"pi-manager/internal/run"
	"pi-manager/internal/slack"
	"pi-manager/internal/warehouse"
	"pi-manager/queries"
)

// checker is a part that can say whether it has what it needs.
type checker interface {
	Check(ctx context.Context) []ecm.Check
}

// parts are what the settings name, put together.
type parts struct {
	settings  config.Settings
	schedule  config.Schedule
	policy    *policy.Policy
	warehouse interface {
		run.Warehouse
		checker
	}
	ledger   ledger.Ledger
	notifier interface {
		run.Notifier
		checker
	}
	close func()
}

// wire loads the configuration and puts the parts together. All faults of the
// settings, the schedule, the policy and the query are reported at once; then
// there are no parts. A ledger that cannot be opened is an error with the other parts.
func (a *app) wire(ctx context.Context) (*parts, error) {
	settings, err := config.Load(a.environ, config.EnvFiles(a.envFile)...)
	faults := config.AsFaults(err)
	if a.queries != "" {
		settings.QueriesDir = a.queries
	}
	p := &parts{settings: settings, close: func() {}}
	p.schedule, err = config.LoadSchedule(settings.ConfigDir)
	faults = append(faults, config.AsFaults(err)...)
	p.policy, err = a.policy(settings)
	faults = append(faults, config.AsFaults(err)...)
	pending, err := queries.Read(settings.QueriesDir, queries.PendingList)
	faults = append(faults, config.AsFaults(err)...)
	status, err := queries.Read(settings.QueriesDir, queries.OrderStatus)
	faults = append(faults, config.AsFaults(err)...)
	if len(faults) > 0 {
		return nil, faults
	}
	if err := p.openWarehouse(pending, status); err != nil {
		return nil, config.AsFaults(err)
	}
	p.openNotifier(a.messages())
	return p, p.openLedger(ctx, a.adopt)
}

func (a *app) policy(settings config.Settings) (*policy.Policy, error) {
	rules, err := config.LoadPolicy(settings.ConfigDir)
	if err != nil {
		return nil, err
	}
	return rules.Exclude(settings.ExcludedAgents), nil
}

// messages is where the stdout notifier writes: beside a JSON document they
// would spoil it.
func (a *app) messages() io.Writer {
	if a.json {
		return a.stderr
	}
	return a.stdout
}

func (p *parts) openWarehouse(pending, status queries.Query) error {
	if p.settings.Warehouse.Kind == config.KindFile {
		p.warehouse = warehouse.NewFile(p.settings.Warehouse.Path)
		return nil
	}
	r := p.settings.Redshift
	redshift, err := warehouse.NewRedshift(warehouse.Settings{
		Host: r.Host, Port: r.Port, Database: r.Database, User: r.User, Password: r.Password, SSLMode: r.SSLMode, RootCert: r.RootCert,
		Query: pending.Text, Source: pending.Path, StatusQuery: status.Text, StatusSource: status.Path,
	})
	p.warehouse = redshift
	return err
}

func (p *parts) openNotifier(terminal io.Writer) {
	if p.settings.Notify.Kind == config.KindStdout {
		p.notifier = &console{w: terminal}
		return
	}
	s := p.settings.Slack
	p.notifier = slack.New(slack.Settings{Token: s.Token, Channel: s.ChannelID, APIURL: s.APIURL})
}

func (p *parts) openLedger(ctx context.Context, adopt bool) error {
	var err error
	switch p.settings.Ledger.Kind {
	case config.KindSQLite:
		err = p.keep(sqlstore.OpenSQLite(ctx, p.settings.Ledger.Path))
	case config.KindPostgres:
		err = p.keep(sqlstore.OpenPostgres(ctx, sqlstore.Server(p.settings.Postgres)))
	default:
		s := p.settings.Sheet
		p.ledger, err = sheet.Open(ctx, sheet.Settings{SpreadsheetID: s.SpreadsheetID, Account: s.Account, Endpoint: s.Endpoint, Adopt: adopt})
	}
	if err != nil {
		return fmt.Errorf("open the ledger: %w", err)
	}
	return nil
}

// keep makes a database the ledger, to be closed with the parts.
func (p *parts) keep(store *sqlstore.Store, err error) error {
	if err == nil {
		p.ledger, p.close = store, func() { _ = store.Close() }
	}
	return err
}

// manager is the queue that the parts make up.
func (a *app) manager(p *parts, say func(string)) *run.Manager {
	return &run.Manager{
		Warehouse: p.warehouse, Ledger: p.ledger, Notifier: p.notifier, Policy: p.policy, Zone: p.schedule.Zone,
		Effects: run.Effects{Log: a.logger()}, Now: a.now, Progress: say,
	}
}

// moment reads --as-of: UTC unless it names a zone; empty is now.
func (a *app) moment(asOf string) (time.Time, error) {
	if asOf == "" {
		return a.now().UTC().Truncate(time.Second), nil
	}
	t, err := ecm.ParseTime(asOf)
	if err != nil {
		return t, usageError{fmt.Errorf("--as-of: %w", err)}
	}
	if t.After(a.now()) {
		return t, usageError{fmt.Errorf("--as-of %s is in the future: every age would be wrong", ecm.FormatTime(t))}
	}
	return t, nil
}
