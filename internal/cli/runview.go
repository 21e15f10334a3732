package cli

import (
	"strings"
	"time"

	"pi-manager/internal/brief"
	"pi-manager/internal/ecm"
)

// moment is a time as the team reads it, with the zone's name.
func moment(t time.Time, zone *time.Location) string {
	return t.In(zone).Format("Mon 2 Jan 2006, 15:04") + " (" + zone.String() + ")"
}

// verdicts shows what the guardrails say.
func (s styles) verdicts(verdicts []ecm.Verdict) {
	if len(verdicts) == 0 {
		return
	}
	s.title("Guardrails")
	rows := make([][]string, len(verdicts))
	for i, verdict := range verdicts {
		rows[i] = []string{s.level(verdict.Level), verdict.Check, verdict.Value, verdict.Message}
	}
	s.table([]string{"verdict", "check", ">value", "meaning"}, rows)
}

// mend says what a person should look at.
func (s styles) mend(warnings []string) {
	for _, warning := range warnings {
		s.line("%s %s", s.bad("Mend:"), brief.Printable(warning))
	}
}

// preview shows the messages of a dry run.
func (s styles) preview(messages []brief.Message) {
	for _, message := range messages {
		s.title("Would be posted: " + brief.Printable(message.Summary))
		s.line("%s", strings.TrimRight(message.String(), "\n"))
	}
}

// delivered says what became of a run's messages.
func (s styles) delivered(r *ecm.Run) {
	s.line("Messages posted: %d, owed: %d, given up: %d.", posted(r), len(r.Messages)-settled(r), settled(r)-posted(r))
	for _, m := range r.Messages {
		if m.Note != "" {
			s.line("  %s: %s", brief.Printable(m.Part), brief.Printable(m.Note))
		}
	}
}
