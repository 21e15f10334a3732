package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"pi-manager/internal/brief"
	"pi-manager/internal/ecm"
)

func (a *app) runsCommand() *cobra.Command {
	var last int
	cmd := &cobra.Command{
		Use:   "runs",
		Short: "List the last runs: what each did, and what it still owes",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if last < 1 {
				return usageError{fmt.Errorf("--last %d: at least one", last)}
			}
			return a.runs(cmd.Context(), last)
		},
	}
	cmd.Flags().IntVar(&last, "last", 15, "how many runs, newest first")
	cmd.Flags().BoolVar(&a.json, "json", false, "print the runs as one JSON document")
	return cmd
}

func (a *app) runs(ctx context.Context, last int) error {
	p, err := a.wire(ctx)
	if err != nil {
		return err
	}
	defer p.close()
	waiting := a.waiting(a.logger())
	defer waiting.stop()
	list, err := a.manager(p, waiting.say).Runs(ctx)
	if err != nil {
		return err
	}
	slices.Reverse(list)
	list = list[:min(last, len(list))]
	if a.json {
		return a.document(runDocuments(list))
	}
	runsView{a.styles(a.stdout), p.schedule.Zone}.show(list)
	return nil
}

// runDocument is a run in the JSON list.
type runDocument struct {
	RunID    string         `json:"run_id"`
	Workflow ecm.Workflow   `json:"workflow"`
	Slot     ecm.Slot       `json:"slot"`
	Started  string         `json:"started"`  // UTC
	Finished string         `json:"finished"` // UTC; empty while messages are owed
	Result   ecm.Result     `json:"result"`
	Counts   map[string]int `json:"counts"`
	Posted   int            `json:"messages_posted"`
	Owed     int            `json:"messages_owed"`
}

func runDocuments(list []ecm.Run) []runDocument {
	documents := make([]runDocument, len(list))
	for i := range list {
		r := &list[i]
		documents[i] = runDocument{
			r.ID, r.Workflow, r.Slot, ecm.FormatTime(r.Started), ecm.FormatTime(r.Finished), r.Result, r.Counts, posted(r), len(r.Messages) - settled(r),
		}
	}
	return documents
}

// runsView lists runs on a terminal.
type runsView struct {
	styles
	zone *time.Location
}

func (v runsView) show(list []ecm.Run) {
	if len(list) == 0 {
		v.line("The ledger knows no run yet.")
		v.line("\nNext: see what one would do:  pi-manager triage --dry-run")
		return
	}
	var rows [][]string
	for i := range list {
		r := &list[i]
		rows = append(rows, []string{r.Started.In(v.zone).Format("Mon 2 Jan 15:04"), cut(r.ID), v.result(r), numbers(r), v.messages(r)})
	}
	v.table([]string{"started", "run", "result", "what it did", "messages"}, rows)
	v.line("\nNext: take one back, as far as nobody has touched its rows since:  pi-manager undo RUN")
}

func (v runsView) result(r *ecm.Run) string {
	word := strings.ReplaceAll(string(r.Result), "_", " ")
	switch r.Result {
	case ecm.ResultStopped:
		return v.bad(word)
	case "":
		return v.bad("record damaged")
	}
	return word
}

func (v runsView) messages(r *ecm.Run) string {
	if left := len(r.Messages) - settled(r); left > 0 {
		return v.bad(fmt.Sprintf("%d owed", left))
	}
	if len(r.Messages) == 0 {
		return ""
	}
	return fmt.Sprintf("%d posted", posted(r))
}

// numbers are the counts of a run that say most about it; zeros are left out.
func numbers(r *ecm.Run) string {
	names := map[ecm.Workflow][]string{
		ecm.Triage:   {"pending", "new", "reopened", "overflow", "disqualified", "set_aside"},
		ecm.Progress: {"open", "in_progress", "escalated", "breaches", "resolved", "self_healed"},
		ecm.Cleanup:  {"checked", "resolved", "skipped", "timed"},
		ecm.Archive:  {"archived"},
		ecm.Undo:     {"removed", "restored", "left"},
	}
	var parts []string
	for _, name := range names[r.Workflow] {
		if n := r.Counts[name]; n != 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, brief.Printable(strings.ReplaceAll(name, "_", " "))))
		}
	}
	return strings.Join(parts, ", ")
}
