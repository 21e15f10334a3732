// Package cli is the way in from a terminal: flags, the wiring of the parts that
// the settings name, exit statuses, and what people see.
//
// stdout is the result: text that a person likes to read, or one JSON document.
// stderr is everything else: the log, and progress where something takes long.
// Colour and progress lines are for terminals only.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/lmittmann/tint"
	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"pi-manager/config"
	"pi-manager/internal/run"
)

// The exit statuses. Whatever schedules the runs acts on them.
const (
	exitDone    = 0
	exitFailed  = 1 // nothing is half-done: try again
	exitUsage   = 2 // the command line or the configuration is wrong
	exitStopped = 3 // a guardrail stopped the run
	exitOwed    = 4 // committed; the next run delivers the messages that are owed
)

// errStopped carries the exit status of a run that a guardrail stopped, and of
// checks that failed: what there is to say was printed already.
var (
	errStopped = errors.New("stopped by a guardrail")
	errChecks  = errors.New("a check failed")
)

// usageError is a fault in the command line.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

// app is what all commands share.
type app struct {
	environ        []string
	stdin          io.Reader
	stdout, stderr io.Writer
	now            func() time.Time
	envFile        string
	queries        string
	adopt          bool
	json           bool
	verbose        bool
}

// Main runs one command line and gives the exit status of the process.
func Main(args, environ []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	a := &app{environ: environ, stdin: stdin, stdout: stdout, stderr: stderr, now: time.Now}
	root := a.root()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	status := exitStatus(err)
	if err != nil && !errors.Is(err, errStopped) && !errors.Is(err, errChecks) {
		a.complain(err)
	}
	return status
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "pi-manager",
		Short: "Deals stuck remittance orders to the agents on duty, and tells the team",
		Long: `pi-manager pulls stuck orders, throws out what nobody can act on, checks that the
numbers can be true, scores what is urgent, deals the orders to the agents on duty,
writes that into the sheet the team works from, and tells the team in Slack.

See it work on an invented world, with no account and no network:  pi-manager demo
See what is missing to do it for real:                             pi-manager test`,
		SilenceUsage: true, SilenceErrors: true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("there is no command %q; pi-manager --help lists them", args[0])}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w; see %s --help", err, cmd.CommandPath())}
	})
	root.PersistentFlags().StringVar(&a.envFile, "env-file", "", "read settings from this file too (the environment wins)")
	root.PersistentFlags().StringVar(&a.queries, "queries", "", "a folder with SQL files of your own, each in place of the built-in one")
	root.PersistentFlags().BoolVar(&a.adopt, "adopt", false, "go on with a copy of the spreadsheet as the ledger; the original is left to itself")
	root.PersistentFlags().BoolVarP(&a.verbose, "verbose", "v", false, "log what happens, not only what goes wrong")
	root.AddCommand(a.runCommand(), a.triageCommand(), a.progressCommand(), a.cleanupCommand(), a.explainCommand(), a.runsCommand(), a.undoCommand(), a.testCommand(), a.configCommand(), a.serveCommand(), a.demoCommand(), a.versionCommand())
	root.CompletionOptions.HiddenDefaultCmd = true
	return root
}

// exitStatus turns an error into what the process ends with.
func exitStatus(err error) int {
	_, isFaults := errors.AsType[config.Faults](err)
	_, isUsage := errors.AsType[usageError](err)
	isUsage = isUsage || errors.Is(err, run.ErrNotUndone)
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errStopped):
		return exitStopped
	case errors.Is(err, run.ErrOwed):
		return exitOwed
	case isFaults, isUsage:
		return exitUsage
	}
	return exitFailed
}

// complain says what went wrong, each fault of a configuration in a line of its own.
func (a *app) complain(err error) {
	s := a.styles(a.stderr)
	if faults, ok := errors.AsType[config.Faults](err); ok {
		noun := "faults"
		if len(faults) == 1 {
			noun = "fault"
		}
		s.line("%s the configuration has %d %s; nothing was done", s.bad("pi-manager:"), len(faults), noun)
		for _, fault := range faults {
			s.line("  %s", fault)
		}
		return
	}
	s.line("%s %v", s.bad("pi-manager:"), err)
}

// logger writes to stderr: for people on a terminal, JSON elsewhere.
func (a *app) logger() *slog.Logger {
	level := slog.LevelWarn
	if a.verbose || !isTerminal(a.stderr) {
		level = slog.LevelInfo
	}
	if isTerminal(a.stderr) {
		return slog.New(tint.NewTextHandler(a.stderr, &tint.Options{Level: level, TimeFormat: time.TimeOnly}))
	}
	return slog.New(slog.NewJSONHandler(a.stderr, &slog.HandlerOptions{Level: level}))
}

// isTerminal says whether a person looks at what is written there.
func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && isatty.IsTerminal(file.Fd())
}

// noArgs refuses arguments with a usage error.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usageError{fmt.Errorf("%s takes no argument, and got %q", cmd.CommandPath(), args[0])}
	}
	return nil
}
