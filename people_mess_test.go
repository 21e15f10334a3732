package main

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"pi-manager/internal/fake"
)

// mess is a spreadsheet that people have been at.
type mess struct {
	*rand.Rand
	s    *fake.Sheets
	tab  string // the present title of what was Assignments
	name string // how it came about
}

// operator is one thing that people do, at a place that chance picks.
type operator struct {
	name string
	do   func(m *mess)
}

// row picks a row of the table, counted from 1.
func (m *mess) row() int { return 2 + m.IntN(messyRows) }

// column picks a column.
func (m *mess) column() string { return columnName(m.IntN(15)) }

// put writes into a random row, in the column where a header stood at first or stands now.
func (m *mess) put(column string, values ...any) {
	m.s.Put(m.tab, fmt.Sprint(column, m.row()), values[m.IntN(len(values))])
}

func (m *mess) header(column string, words ...string) {
	m.s.Put(m.tab, column+"1", words[m.IntN(len(words))])
}

func writes(name, column string, values ...any) operator {
	return operator{name, func(m *mess) { m.put(column, values...) }}
}

// operators lists what people do. The letters are where the columns stood at first: after
// others have moved them, it is another column that is hit, which is as good.
func operators() []operator {
	broken := fake.SheetsFormula{Source: "=#REF!", Shows: fake.SheetsError("#REF!")}
	return slices.Concat([]operator{
		writes("another status", "D", "OPEN", "RESOLVED", "ESCALATED", "IN_PROGRESS"),
		writes("a status otherwise written", "D", "in progress", " open ", "Resolved", "in-progress", "escalated"),
		writes("an unknown status", "D", "offen", "erledigt 🙂", "OPENED", "完了", "OPEN?"),
		writes("no status", "D", nil, "", " "),
		writes("a status that is no text", "D", true, 7.0, -1.0),
		writes("a status formula", "D", fake.SheetsFormula{Source: "=O2", Shows: "OPEN"}, fake.SheetsFormula{Source: "=O2", Shows: nil}),
		writes("a broken status", "D", broken, fake.SheetsError("#N/A")),
		writes("a numeric order id", "A", 778899.0, 1e5, 0.5, 123456789012345.0),
		writes("an order id with blanks", "A", " AE1", "AE2 ", "\tAE3"),
		writes("a strange order id", "A", "0012345", "1E5", "=1+1", "#REF!", "AE/7", "日本", "<!channel>"),
		writes("no order id", "A", nil, "", "  "),
		writes("an order id formula", "A", fake.SheetsFormula{Source: `="AE"&O2`, Shows: "AE77"}, fake.SheetsFormula{Source: "=O2", Shows: 12.0}, broken),
		writes("an order id that is a word", "A", true, false),
		writes("another agent", "B", "bo@example.com", "Ana@Example.com", "nobody"),
		writes("no agent", "B", nil, " ", broken, fake.SheetsError("#N/A")),
		writes("an amount", "H", 0.0, -5.0, 0.1, 99999999999.5, "12.50", " 7 "),
		writes("an amount in words", "H", "lots", "1,200", "1 000", "12,50", nil, true, "1e3"),
		writes("a priority", "F", "p1", " P2 ", "P5", "high", nil, 1.0),
		writes("a currency", "G", "gbp", " EUR ", "Dirham", nil, "£", 784.0),
		writes("hours", "I", 0.0, 1000.0, "20.5", "about 20", nil, -3.0),
		writes("a diagnosis", "J", "anything", nil, 5.0, "=x"),
		writes("notes", "K", "called", nil, 42.0, "self-healed", "line\nbreak", fake.SheetsFormula{Source: "=O2", Shows: "see"}),
		writes("a time in Resolved At", "L", "2026-02-16 12:00:00", 46069.5, "yesterday", nil, true),
		writes("Assigned At", "C", "2026-02-16", 46069.5, "soon", nil),
		writes("a Run ID", "M", "triage/x", nil, 9.0),
		writes("something in a column of theirs", "O", "seen", nil, 1.0, broken),
		writes("something beside the table", "R", "note", 5.0),
	}, lineOperators(), headerOperators(), lookOperators())
}

func lineOperators() []operator {
	return []operator{
		{"delete a row", func(m *mess) { m.s.DeleteRows(m.tab, m.row(), 1) }},
		{"insert blank rows", func(m *mess) { m.s.InsertRows(m.tab, m.row(), 1+m.IntN(3)) }},
		{"insert rows above the header", func(m *mess) { m.s.InsertRows(m.tab, 1, 1+m.IntN(2)) }},
		{"copy a row below", func(m *mess) { m.s.CopyRow(m.tab, m.row(), messyRows+2+m.IntN(6)) }},
		{"copy a row over another", func(m *mess) { m.s.CopyRow(m.tab, m.row(), m.row()) }},
		{"cut a row", func(m *mess) {
			if from, to := m.row(), m.row(); from != to {
				m.s.CutRow(m.tab, from, to)
			}
		}},
		{"drag rows", func(m *mess) { m.s.MoveRows(m.tab, m.row(), 1, m.row()) }},
		{"sort", func(m *mess) { m.s.Sort(m.tab, m.column()) }},
		{"sort downwards", func(m *mess) { m.s.SortDown(m.tab, m.column()) }},
		{"clear cells", func(m *mess) {
			row := m.row()
			m.s.Clear(m.tab, fmt.Sprintf("%s%d:%s%d", "A", row, m.column(), row))
		}},
		{"a title above everything", func(m *mess) {
			m.s.InsertRows(m.tab, 1, 1)
			m.s.Put(m.tab, "C1", "ECM: who works on what")
		}},
		{"a note below the table", func(m *mess) { m.s.Put(m.tab, fmt.Sprint(m.column(), messyRows+9), "note: Friday") }},
		{"a second table", func(m *mess) { m.s.Table(m.tab, "T3", [][]any{{"Holidays", "Who"}, {"2 May", "Ana"}}) }},
	}
}

func headerOperators() []operator {
	return []operator{
		{"insert a column", func(m *mess) { m.s.InsertColumns(m.tab, m.column(), 1) }},
		{"move a column", func(m *mess) { m.s.MoveColumn(m.tab, m.column(), m.column()) }},
		{"delete a column of theirs", func(m *mess) {
			for i, row := range m.s.Rows(m.tab) {
				if j := slices.Index(row, any("Age")); i < 3 && j >= 0 {
					m.s.DeleteColumn(m.tab, columnName(j))
				}
			}
		}},
		{"delete some column", func(m *mess) {
			if m.IntN(4) == 0 {
				m.s.DeleteColumn(m.tab, m.column())
			}
		}},
		{"write a header otherwise", func(m *mess) { m.header("D", "STATUS", " status ", "Sta tus", "Status\u00a0") }},
		{"rename a header", func(m *mess) {
			if m.IntN(4) == 0 {
				m.header(m.column(), "Something", "State", "")
			}
		}},
		{"double a header", func(m *mess) {
			if m.IntN(4) == 0 {
				m.header(m.column(), "Status", "order id", "Notes", "Run ID")
			}
		}},
		{"paste the header row again", func(m *mess) {
			if m.IntN(4) == 0 {
				m.s.CopyRow(m.tab, 1, m.row())
			}
		}},
	}
}

func lookOperators() []operator {
	return []operator{
		{"filter", func(m *mess) { m.s.Filter(m.tab, m.column(), "OPEN") }},
		{"hide rows", func(m *mess) { m.s.HideRows(m.tab, m.row(), 3) }},
		{"hide columns", func(m *mess) { m.s.HideColumns(m.tab, m.column(), 2) }},
		{"freeze rows", func(m *mess) { m.s.FreezeRows(m.tab, 1+m.IntN(3)) }},
		{"merge cells", func(m *mess) {
			row := m.row()
			m.s.Merge(m.tab, fmt.Sprintf("I%d:J%d", row, row+m.IntN(2)))
		}},
		{"German, in Tokyo", func(m *mess) { m.s.Locale("de_DE", "Asia/Tokyo") }},
		{"show a column as dates", func(m *mess) { m.s.Format(m.tab, m.column(), "DATE_TIME") }},
		{"show a column as currency", func(m *mess) { m.s.Format(m.tab, m.column(), "CURRENCY") }},
		{"pin a note", func(m *mess) { m.s.Note(m.tab, fmt.Sprint(m.column(), m.row()), "?") }},
		{"checkboxes", func(m *mess) { m.s.Put(m.tab, "Q1", "Seen"); m.s.Fill(m.tab, "Q", false) }},
		{"a column that one formula fills", func(m *mess) {
			m.s.ArrayFormula(m.tab, "S1", fake.SheetsFormula{Source: "=ARRAYFORMULA(I:I)", Shows: "Twice"}, 1.0, "x", true)
		}},
		{"rename the tab", func(m *mess) {
			m.s.RenameTab(m.tab, "Cases of the week")
			m.tab = "Cases of the week"
		}},
		{"write the tab's title otherwise", func(m *mess) {
			m.s.RenameTab(m.tab, " assignments ")
			m.tab = " assignments "
		}},
		{"copy the tab", func(m *mess) { m.s.DuplicateTab(m.tab) }},
		{"hide the tab", func(m *mess) { m.s.HideTab(m.tab) }},
	}
}
