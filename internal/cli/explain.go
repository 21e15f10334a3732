package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"pi-manager/internal/brief"
	"pi-manager/internal/ecm"
	"pi-manager/internal/policy"
	"pi-manager/internal/run"
	"pi-manager/internal/triage"
)

func (a *app) explainCommand() *cobra.Command {
	var asOf string
	cmd := &cobra.Command{
		Use:     "explain ORDER",
		Short:   "Why this priority, why this agent; or why nobody",
		Example: `  pi-manager explain AE136JLXUG00`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{fmt.Errorf("%s takes one order id, and got %d arguments", cmd.CommandPath(), len(args))}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.explain(cmd.Context(), args[0], asOf) },
	}
	cmd.Flags().BoolVar(&a.json, "json", false, "print the explanation as one JSON document")
	cmd.Flags().StringVar(&asOf, "as-of", "", "explain as if it were then (UTC)")
	return cmd
}

func (a *app) explain(ctx context.Context, orderID, asOf string) error {
	p, err := a.wire(ctx)
	if err != nil {
		return err
	}
	defer p.close()
	req, err := a.request(p.schedule, runFlags{dryRun: true, asOf: asOf})
	if err != nil {
		return err
	}
	waiting := a.waiting(a.logger())
	defer waiting.stop()
	e, err := a.manager(p, waiting.say).Explain(ctx, req, orderID)
	if err != nil {
		return err
	}
	if a.json {
		return a.document(e)
	}
	explainView{a.styles(a.stdout)}.show(e)
	return nil
}

// explainView shows on a terminal why an order is where it is.
type explainView struct{ styles }

func (v explainView) show(e run.Explanation) {
	v.line("Order %s", brief.Printable(e.OrderID))
	for _, row := range e.Rows {
		v.row(row)
	}
	for _, row := range e.Reserved {
		v.line("\nIn the ledger, row %d, which only a person can read: %s", row.Row, brief.Printable(row.Reason))
	}
	for i := range e.Outcomes {
		v.outcome(e, &e.Outcomes[i])
	}
	if len(e.Outcomes) == 0 {
		v.missing(e)
	}
}

// missing says what it means that the pending list does not have the order.
func (v explainView) missing(e run.Explanation) {
	if e.Cut {
		v.line("\nThe pending list was longer than the guardrail allows and was not read to its end: the order may be on it.")
		return
	}
	v.line("\nIt is not in the pending list: it has completed, is too young or too old, or its state is not one an agent can act on.")
	if len(e.Rows)+len(e.Reserved) == 0 {
		v.line("The ledger does not know it either. Next: check the id; capitals and leading zeros count.")
	}
}

func (v explainView) row(row ecm.Assignment) {
	v.line("\nIn the ledger, row %d: %s with %s since %s UTC, %s, %s", row.Row, row.Status, brief.Printable(row.Agent),
		ecm.FormatTime(row.AssignedAt), row.Priority, brief.Printable(row.Diagnosis))
	if !row.ResolvedAt.IsZero() {
		v.line("resolved %s UTC", ecm.FormatTime(row.ResolvedAt))
	}
	if row.RunID != "" {
		v.line("written by run %s", brief.Printable(row.RunID))
	}
}

func (v explainView) outcome(e run.Explanation, o *triage.Outcome) {
	v.line("\nA run now would find it %s: %s", v.good(o.Kind.String()), brief.Printable(o.Reason()))
	if o.Order == nil || o.Judgement.Diagnosis == nil {
		return
	}
	if o.Kind == triage.Assigned {
		v.line("It would go to %s.", brief.Printable(o.Agent))
	}
	j := o.Judgement
	v.line("%s, stuck for %s h, diagnosis %s (%s, SLA %s h)", o.Order.Send, ecm.HoursText(o.Order.Stuck(e.AsOf)), brief.Printable(j.Name), j.Diagnosis.Team, ecm.HoursText(j.Diagnosis.SLA))
	v.line("Next action: %s", j.Diagnosis.Next)
	v.title(fmt.Sprintf("Priority %s, score %s", j.Priority, j.Score))
	v.terms(e.Policy.Explain(j.Terms))
}

func (v explainView) terms(terms []policy.Term) {
	rows := make([][]string, len(terms))
	for i, term := range terms {
		rows[i] = []string{term.Name, term.Weight.String(), term.Value.String(), term.Score.String()}
	}
	v.table([]string{"term", ">weight", ">value", ">score"}, rows)
}
