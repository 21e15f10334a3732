package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"pi-manager/config"
	"pi-manager/internal/demo"
	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
	"pi-manager/internal/ledger/sqlstore"
	"pi-manager/internal/policy"
	"pi-manager/internal/run"
	"pi-manager/internal/warehouse"
)

// The files of a demo world.
const (
	demoOrders   = "orders.csv"        // the pending list, as an export from a BI tool looks
	demoStatuses = "orders-status.csv" // what has become of the orders; found beside the other by its name
	demoLedger   = "ledger.db"
	demoRuns     = "demo-runs.txt" // the runs that the demo made itself
)

// demoSize is about how many stuck orders the demo's world has.
const demoSize = 400

func (a *app) demoCommand() *cobra.Command {
	var dir string
	var seed uint64
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "See it all work on an invented world: no account, no network",
		Long: `Makes a small world in a folder (stuck orders as CSV exports, a SQLite ledger, agents),
and runs cleanup, triage and progress as scheduled for two slots of yesterday, with a
morning's work in between. The folder works afterwards with the other commands; the last
lines say how.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.demo(cmd.Context(), dir, seed) },
	}
	cmd.Flags().StringVar(&dir, "dir", "demo-world", "the folder to make the world in")
	cmd.Flags().Uint64Var(&seed, "seed", 7, "another number makes another world")
	return cmd
}

// demoRun is one showing of the demo.
type demoRun struct {
	app      *app
	styles   styles
	dir      string
	world    *demo.World
	store    *sqlstore.Store
	schedule config.Schedule
	policy   *policy.Policy
}

func (a *app) demo(ctx context.Context, dir string, seed uint64) error {
	d := &demoRun{app: a, styles: a.styles(a.stdout), dir: dir}
	var err error
	if d.schedule, err = config.LoadSchedule(""); err != nil {
		return err
	}
	if d.policy, err = config.LoadPolicy(""); err != nil {
		return err
	}
	slots := d.yesterday()
	if err := d.clear(ctx); err != nil {
		return err
	}
	if d.store, err = sqlstore.OpenSQLite(ctx, filepath.Join(dir, demoLedger)); err != nil {
		return fmt.Errorf("make the demo's ledger: %w", err)
	}
	defer func() { _ = d.store.Close() }()
	d.world = demo.NewWorld(seed, slots[0], demoSize)
	if err := d.store.PutAgents(ctx, d.world.Agents()); err != nil {
		return fmt.Errorf("hire the demo's agents: %w", err)
	}
	d.styles.line("An invented remittance company in %s: about %d stuck orders, six agents on duty.", dir, demoSize)
	for i, at := range slots {
		if i > 0 {
			if err := d.pass(ctx, slots[i-1], at); err != nil {
				return err
			}
		}
		if err := d.slot(ctx, at); err != nil {
			return err
		}
	}
	d.goodbye()
	return nil
}

// yesterday is the first two slots of the day before today: everything in the
// world has happened, so the other commands can go on from it.
func (d *demoRun) yesterday() []time.Time {
	now := d.app.now().In(d.schedule.Zone)
	var slots []time.Time
	for _, entry := range d.schedule.Entries[:2] {
		slots = append(slots, time.Date(now.Year(), now.Month(), now.Day()-1, entry.Hour, entry.Minute, 0, 0, d.schedule.Zone).UTC())
	}
	return slots
}

// clear takes an old demo out of the folder, unless somebody works in it.
func (d *demoRun) clear(ctx context.Context) error {
	if err := os.MkdirAll(d.dir, 0o750); err != nil {
		return fmt.Errorf("make the demo's folder: %w", err)
	}
	if _, err := os.Stat(filepath.Join(d.dir, demoRuns)); errors.Is(err, fs.ErrNotExist) {
		return d.nothingThere()
	}
	path := filepath.Join(d.dir, demoLedger)
	used, err := d.used(ctx, path)
	if err != nil {
		return err
	}
	if used != "" {
		return fmt.Errorf("%s holds a run of your own (%s), so the demo leaves it alone; make another world with --dir", path, used)
	}
	for _, name := range []string{demoLedger, demoLedger + "-wal", demoLedger + "-shm", demoRuns, demoOrders, demoStatuses} {
		if err := os.Remove(filepath.Join(d.dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("clear the old demo: %w", err)
		}
	}
	return nil
}

// nothingThere refuses a folder whose files the demo did not make.
func (d *demoRun) nothingThere() error {
	for _, name := range []string{demoLedger, demoOrders} {
		if _, err := os.Stat(filepath.Join(d.dir, name)); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s is there already, and no demo made it; make the world in another folder with --dir", filepath.Join(d.dir, name))
		}
	}
	return nil
}

// used names a run in the ledger that the demo did not make.
func (d *demoRun) used(ctx context.Context, path string) (string, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	store, err := sqlstore.OpenSQLite(ctx, path)
	if err != nil {
		return "", fmt.Errorf("look into the old demo: %w", err)
	}
	defer func() { _ = store.Close() }()
	book, err := store.Read(ctx)
	if err != nil {
		return "", fmt.Errorf("look into the old demo: %w", err)
	}
	own, err := os.ReadFile(filepath.Join(d.dir, demoRuns))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("look into the old demo: %w", err)
	}
	for _, r := range book.Runs {
		if !slices.Contains(strings.Split(string(own), "\n"), r.ID) {
			return r.ID, nil
		}
	}
	return "", nil
}

// slot runs what the schedule has for one slot, and shows it.
func (d *demoRun) slot(ctx context.Context, at time.Time) error {
	for name, content := range map[string][]byte{demoOrders: d.world.CSV(), demoStatuses: d.world.StatusCSV()} {
		if err := os.WriteFile(filepath.Join(d.dir, name), content, 0o600); err != nil {
			return fmt.Errorf("write the demo's orders: %w", err)
		}
	}
	req := run.Request{Slot: d.schedule.SlotAt(at), AsOf: at, Next: d.schedule.Next(at)}
	d.styles.rule("═")
	for i, workflow := range d.schedule.Workflows(req.Slot) {
		if i > 0 {
			d.styles.rule("─")
		}
		if err := d.workflow(ctx, workflow, req); err != nil {
			return err
		}
	}
	return nil
}

// workflow runs one workflow of a slot, and shows what it did and what it posted.
func (d *demoRun) workflow(ctx context.Context, workflow ecm.Workflow, req run.Request) error {
	if err := d.note(ecm.RunID(workflow, req.Slot)); err != nil {
		return err
	}
	var slack strings.Builder
	m := &run.Manager{
		Warehouse: warehouse.NewFile(filepath.Join(d.dir, demoOrders)), Ledger: d.store, Notifier: &console{w: &slack, quiet: onlyFirstThread},
		Policy: d.policy, Zone: d.schedule.Zone, Effects: run.Effects{Log: d.app.logger()}, Now: func() time.Time { return req.AsOf }, Progress: func(string) {},
	}
	show, err := d.run(ctx, m, workflow, req)
	if err != nil {
		return err
	}
	show()
	if slack.Len() > 0 {
		d.styles.title("In Slack: the first message, and the first reply in its thread")
		d.styles.line("%s", strings.TrimRight(slack.String(), "\n"))
	}
	return nil
}

func (d *demoRun) run(ctx context.Context, m *run.Manager, workflow ecm.Workflow, req run.Request) (show func(), err error) {
	switch workflow {
	case ecm.Cleanup:
		result, err := m.Cleanup(ctx, run.CleanupRequest{Request: req})
		return func() { cleanupView{d.styles, m.Zone, req}.show(result) }, err
	case ecm.Progress:
		result, err := m.Report(ctx, req)
		return func() { progressView{d.styles, m.Zone, req}.show(result) }, err
	}
	result, err := m.Triage(ctx, req)
	return func() { triageView{d.styles, m.Zone, req}.show(result) }, err
}

// onlyFirstThread keeps the demo short: the first message and one reply are shown.
func onlyFirstThread(post int) bool { return post > 2 }

// note remembers a run as the demo's own, before it is made.
func (d *demoRun) note(id string) error {
	file, err := os.OpenFile(filepath.Join(d.dir, demoRuns), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("note the demo's run: %w", err)
	}
	_, err = fmt.Fprintln(file, id)
	return errors.Join(err, file.Close())
}

// pass lets a morning go by: agents work, orders heal, new ones get stuck.
func (d *demoRun) pass(ctx context.Context, from, to time.Time) error {
	book, err := d.store.Read(ctx)
	if err != nil {
		return fmt.Errorf("read the demo's ledger: %w", err)
	}
	events := d.world.Advance(to, working(book))
	did := map[ecm.Status]int{}
	for _, event := range events {
		did[event.Status]++
		if err := d.store.SetStatus(ctx, event.OrderID, string(event.Status), event.At); err != nil {
			return fmt.Errorf("let an agent work on %s: %w", event.OrderID, err)
		}
	}
	d.styles.title(fmt.Sprintf("From %s to %s", from.In(d.schedule.Zone).Format("15:04"), to.In(d.schedule.Zone).Format("15:04")))
	d.styles.table([]string{">orders", "what happened"}, [][]string{
		{fmt.Sprint(did[ecm.Resolved]), "resolved by agents"},
		{fmt.Sprint(did[ecm.InProgress]), "taken up by agents"},
		{fmt.Sprint(did[ecm.Escalated]), "escalated by agents"},
		{fmt.Sprint(len(d.world.Healed())), "completed by themselves"},
	})
	return nil
}

func working(book ledger.Snapshot) []ecm.Assignment {
	var rows []ecm.Assignment
	for _, row := range book.Assignments {
		if row.Status.Working() {
			rows = append(rows, row)
		}
	}
	return rows
}

func (d *demoRun) goodbye() {
	s := d.styles
	s.title("What to do next")
	s.line("  pi-manager is the program that  make build  makes; until then type  go run .  in its place.")
	s.line("  Go on in this world; its files are yours to look at and to change:")
	s.line("    export PI_MANAGER_WAREHOUSE=file:%s PI_MANAGER_LEDGER=sqlite:%s PI_MANAGER_NOTIFY=stdout",
		shellWord(filepath.Join(d.dir, demoOrders)), shellWord(filepath.Join(d.dir, demoLedger)))
	s.line("    pi-manager test                 is everything there?")
	s.line("    pi-manager triage --dry-run     what a run now would do")
	s.line("    pi-manager explain ORDER        why this priority, why this agent")
	s.line("    pi-manager progress --dry-run   what moved, which SLAs broke, which will")
	s.line("    pi-manager runs                 what was done; pi-manager undo RUN takes one back")
	s.line("  Do it for real: the README's section \"Set it up\", then  pi-manager test")
}
