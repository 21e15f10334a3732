package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"charm.land/lipgloss/v2"
	"charm.land/lipgloss/v2/table"
	"github.com/charmbracelet/colorprofile"

	"pi-manager/internal/ecm"
)

// styles writes to one stream, in colour where a person looks at it.
type styles struct{ w io.Writer }

// styles for a stream. Colours are taken out again where the stream is no
// terminal, and where NO_COLOR says so.
func (a *app) styles(w io.Writer) styles { return styles{colorprofile.NewWriter(w, a.environ)} }

func (s styles) line(format string, args ...any) { _, _ = fmt.Fprintf(s.w, format+"\n", args...) }

func (s styles) title(text string) { s.line("\n%s", lipgloss.NewStyle().Bold(true).Render(text)) }

// rule draws a line between two parts of an output.
func (s styles) rule(stroke string) { s.line("\n%s", strings.Repeat(stroke, 100)) }

func (styles) bad(text string) string {
	return lipgloss.NewStyle().Bold(true).Foreground(lipgloss.Red).Render(text)
}

func (styles) good(text string) string {
	return lipgloss.NewStyle().Foreground(lipgloss.Green).Render(text)
}
func (styles) faint(text string) string { return lipgloss.NewStyle().Faint(true).Render(text) }

// level colours a guardrail's level or a priority by how much it wants to be seen.
func (s styles) level(level ecm.Level) string {
	switch level {
	case ecm.LevelStop:
		return s.bad(string(level))
	case ecm.LevelWarning:
		return lipgloss.NewStyle().Foreground(lipgloss.Yellow).Render(string(level))
	case ecm.LevelNotice:
		return lipgloss.NewStyle().Foreground(lipgloss.Cyan).Render(string(level))
	}
	return s.good(string(level))
}

func (s styles) priority(p ecm.Priority) string {
	switch p {
	case ecm.P1:
		return s.bad(p.String())
	case ecm.P2:
		return lipgloss.NewStyle().Foreground(lipgloss.Yellow).Render(p.String())
	}
	return p.String()
}

// table writes aligned columns; a heading that starts with ">" is of numbers,
// which stand at the right.
func (s styles) table(headings []string, rows [][]string) {
	clean := make([]string, len(headings))
	for i, h := range headings {
		clean[i] = strings.TrimPrefix(h, ">")
	}
	t := table.New().Border(lipgloss.HiddenBorder()).BorderTop(false).BorderBottom(false).BorderLeft(false).BorderRight(false).
		BorderHeader(false).BorderColumn(false).Headers(clean...).Rows(rows...).
		StyleFunc(func(row, column int) lipgloss.Style {
			style := lipgloss.NewStyle().PaddingLeft(2)
			if strings.HasPrefix(headings[column], ">") {
				style = style.Align(lipgloss.Right)
			}
			if row == table.HeaderRow {
				style = style.Faint(true)
			}
			return style
		})
	for line := range strings.Lines(t.String()) {
		s.line("%s", strings.TrimRight(line, " \n"))
	}
}

// document writes one JSON document.
func (a *app) document(value any) error {
	encoder := json.NewEncoder(a.stdout)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return nil
}
