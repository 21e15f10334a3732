package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Kind names an implementation of a part.
type Kind string

// The kinds that exist.
const (
	KindRedshift Kind = "redshift" // warehouse
	KindFile     Kind = "file"     // warehouse: a CSV or JSON lines file
	KindSheet    Kind = "sheet"    // ledger: a Google Sheet
	KindSQLite   Kind = "sqlite"   // ledger: a local file
	KindPostgres Kind = "postgres" // ledger: a database on a server
	KindSlack    Kind = "slack"    // notifier
	KindStdout   Kind = "stdout"   // notifier: the terminal
)

// Part is a chosen warehouse, ledger or notifier.
type Part struct {
	Kind Kind
	Path string // of KindFile and KindSQLite, from the working directory; else empty
}

// form is how the kind is written: "redshift", "file:PATH".
func (k Kind) form() string {
	switch k {
	case KindFile, KindSQLite:
		return string(k) + ":PATH"
	case KindPostgres:
		return postgresForm
	}
	return string(k)
}

// The variables that choose a part by hand.
const (
	chooseWarehouse = "PI_MANAGER_WAREHOUSE"
	chooseLedger    = "PI_MANAGER_LEDGER"
	chooseNotify    = "PI_MANAGER_NOTIFY"
)

// choice takes one of the forms of the kinds.
func choice(part *Part, kinds ...Kind) setter {
	forms := make([]string, len(kinds))
	for i, kind := range kinds {
		forms[i] = kind.form()
	}
	known := strings.Join(forms, " or ")
	return func(text string) (string, error) {
		name, path, hasPath := strings.Cut(text, ":")
		kind := Kind(name)
		switch {
		case name == "gateway":
			return "", fmt.Errorf("this choice is planned and not built yet; write %s", known)
		case !slices.Contains(kinds, kind):
			return "", fmt.Errorf("there is no such choice; write %s", known)
		case kind.form() == name && hasPath:
			return "", fmt.Errorf("nothing follows the word; write %s", known)
		case kind.form() != name && strings.TrimSpace(path) == "":
			return "", fmt.Errorf("the path is missing; write %s", kind.form())
		}
		*part = Part{Kind: kind, Path: strings.TrimSpace(path)}
		return text, nil
	}
}

// candidate is what a part becomes where its variables are there.
type candidate struct {
	chooser string
	part    *Part
	kind    Kind
	signs   []string // any of these set: the kind is meant
	needs   []string // all of these must be set where the kind is chosen
	missing string   // what is said where there is neither a choice nor a sign
}

func (s *Settings) candidates() []candidate {
	redshift := []string{"REDSHIFT_HOST", "REDSHIFT_DATABASE", "REDSHIFT_USER", "REDSHIFT_PASSWORD"}
	slack := []string{"SLACK_BOT_TOKEN", "SLACK_CHANNEL_ID"}
	return []candidate{
		{chooseWarehouse, &s.Warehouse, KindRedshift, redshift, redshift,
			"there is no warehouse: set REDSHIFT_HOST, REDSHIFT_DATABASE, REDSHIFT_USER and REDSHIFT_PASSWORD, or PI_MANAGER_WAREHOUSE=file:PATH"},
		{chooseLedger, &s.Ledger, KindSheet, []string{"SPREADSHEET_ID", "GOOGLE_SERVICE_ACCOUNT_JSON"}, []string{"SPREADSHEET_ID"},
			"there is no ledger: set SPREADSHEET_ID, and GOOGLE_SERVICE_ACCOUNT_JSON where no other Google credentials are at hand, or PI_MANAGER_LEDGER=sqlite:PATH or " + postgresForm},
		{chooseNotify, &s.Notify, KindSlack, slack, slack,
			"nobody would be told: set SLACK_BOT_TOKEN and SLACK_CHANNEL_ID, or PI_MANAGER_NOTIFY=stdout"},
	}
}

// chooseParts completes the parts that nobody chose by hand, and checks that
// each chosen one has what it needs. set says which variables were given,
// rightly or wrongly: a wrong value is not reported as a missing one too.
func (s *Settings) chooseParts(set map[string]bool) Faults {
	candidates := s.candidates()
	if !slices.ContainsFunc(candidates, func(c candidate) bool { return c.meant(set) != "" }) {
		return Faults{{What: nothingConfigured(candidates, set)}}
	}
	var faults Faults
	for _, c := range candidates {
		if err := s.choosePart(c, set); err != nil {
			faults.add("", "%v", err)
			continue
		}
		if c.part.Kind != c.kind {
			continue
		}
		for _, name := range c.needs {
			if !set[name] {
				faults.add(name, "not set; %s needs it", c.kind)
			}
		}
	}
	return faults
}

// choosePart takes the kind that the variables speak for, if nobody chose one.
// Stdout stands in for Slack only beside a ledger on the same machine: the
// messages of a team's sheet must not end in the log of a job.
func (s *Settings) choosePart(c candidate, set map[string]bool) error {
	sign := c.meant(set)
	switch {
	case sign == c.chooser:
	case sign != "":
		*c.part = Part{Kind: c.kind}
		s.showChoice(c, sign+" is set")
	case c.chooser == chooseNotify && s.Ledger.Kind == KindSQLite:
		*c.part = Part{Kind: KindStdout}
		s.showChoice(c, "the ledger is a local file")
	default:
		return errors.New(c.missing)
	}
	return nil
}

// meant is the variable that speaks for a part, the choice by hand first; empty where none does.
func (c candidate) meant(set map[string]bool) string {
	for _, name := range append([]string{c.chooser}, c.signs...) {
		if set[name] {
			return name
		}
	}
	return ""
}

// showChoice notes in the rows what was chosen, and why.
func (s *Settings) showChoice(c candidate, why string) {
	for i := range s.rows {
		if row := &s.rows[i]; row.Variable == c.chooser {
			row.Value, row.Source = string(c.part.Kind), "chosen: "+why
		}
	}
}

func nothingConfigured(candidates []candidate, set map[string]bool) string {
	var b strings.Builder
	b.WriteString("nothing is configured:")
	for _, c := range candidates {
		b.WriteString("\n    " + c.missing)
	}
	if set["MCP_GATEWAY_URL"] {
		b.WriteString("\n    MCP_GATEWAY_URL alone is not enough: the way through the gateway is not built yet")
	}
	b.WriteString("\n  .env.example explains each variable; `pi-manager demo` needs none of them")
	return b.String()
}
