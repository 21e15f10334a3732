package config

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// Row is one line of the effective configuration: one variable.
type Row struct {
	Group    string `json:"group"`
	Variable string `json:"variable"`
	Value    string `json:"value"`  // as people may see it; a secret is ***; empty where there is none
	Source   string `json:"source"` // "environment", "path:line", "default", "chosen: ..." or "not set"
}

// given says whether a person set the variable, rightly or wrongly.
func (r Row) given() bool { return r.Source != sourceDefault && r.Source != sourceNone }

// Rows is the effective configuration, one row a variable, secrets as ***.
func (s Settings) Rows() []Row { return slices.Clone(s.rows) }

// Print writes the effective configuration for people: a paragraph a group, a
// line a variable, with its value (secrets as ***) and where it came from.
func (s Settings) Print(w io.Writer) error {
	names, values := 0, 0
	for _, row := range s.rows {
		names = max(names, utf8.RuneCountInString(row.Variable))
		values = max(values, utf8.RuneCountInString(row.Value))
	}
	var b strings.Builder
	for i, row := range s.rows {
		if i == 0 || row.Group != s.rows[i-1].Group {
			b.WriteString("\n" + row.Group + "\n")
		}
		fmt.Fprintf(&b, "  %-*s  %-*s  %s\n", names, row.Variable, values, cmp.Or(row.Value, "-"), row.Source)
	}
	_, err := io.WriteString(w, strings.TrimPrefix(b.String(), "\n"))
	return err
}
