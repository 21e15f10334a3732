package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"pi-manager/internal/brief"
	"pi-manager/internal/ecm"
)

// checkTimeout is how long all checks together may take.
const checkTimeout = time.Minute

func (a *app) testCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "test",
		Short: "Check every connection and permission, and say how to mend what is missing",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return a.test(cmd.Context()) },
	}
	cmd.Flags().BoolVar(&a.json, "json", false, "print the checks as one JSON document")
	return cmd
}

func (a *app) test(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	p, err := a.wire(ctx)
	if p == nil {
		return err
	}
	defer p.close()
	book := checker(p.ledger)
	if err != nil {
		book = unopened{err}
	}
	waiting := a.waiting(a.logger())
	defer waiting.stop()
	waiting.say("checking the warehouse, the ledger and the messenger")
	checks := checkAll(ctx, p.warehouse, book, p.notifier)
	failed := 0
	for _, check := range checks {
		if !check.OK {
			failed++
		}
	}
	if a.json {
		err = a.document(checks)
	} else {
		a.showChecks(checks, failed)
	}
	if err == nil && failed > 0 {
		return errChecks
	}
	return err
}

// unopened is a ledger that could not be opened; the other parts are checked all the same.
type unopened struct{ err error }

// Check says why.
func (u unopened) Check(context.Context) []ecm.Check {
	check := ecm.Check{Name: "ledger", Detail: u.err.Error()}
	if f, ok := errors.AsType[*ecm.Failure](u.err); ok {
		check.Detail, check.Mend = f.Err.Error(), f.Mend
	}
	return []ecm.Check{check}
}

// checkAll asks the parts side by side and keeps their order.
func checkAll(ctx context.Context, checkers ...checker) []ecm.Check {
	found := make([][]ecm.Check, len(checkers))
	var group errgroup.Group
	for i, c := range checkers {
		group.Go(func() error {
			found[i] = c.Check(ctx)
			return nil
		})
	}
	_ = group.Wait() // the checks themselves say what failed
	all := []ecm.Check{}
	for _, checks := range found {
		all = append(all, checks...)
	}
	return all
}

func (a *app) showChecks(checks []ecm.Check, failed int) {
	s := a.styles(a.stdout)
	var rows [][]string
	for _, check := range checks {
		mark := s.good("ok")
		if !check.OK {
			mark = s.bad("MISSING")
		}
		rows = append(rows, []string{mark, check.Name, brief.Printable(check.Detail)})
	}
	s.table([]string{"", "check", "found"}, rows)
	s.line("")
	for _, check := range checks {
		if !check.OK && check.Mend != "" {
			s.line("%s %s: %s", s.bad("Mend"), check.Name, brief.Printable(check.Mend))
		}
	}
	if failed > 0 {
		s.line("%s", fmt.Sprintf("%d of %d checks failed. Next: mend them, then  pi-manager test", failed, len(checks)))
		return
	}
	s.line("%s Next: look at a plan without writing anything:  pi-manager triage --dry-run", s.good(fmt.Sprintf("All %d checks are fine.", len(checks))))
}
