package main

import (
	"fmt"
	"slices"
	"strings"

	"pi-manager/internal/fake"
)

// hand is something that people do in the spreadsheet.
type hand struct {
	group, name string
	do          func(*office)
	often       bool          // tried at every boundary, the others before each commit
	first       func(*office) // done before the run begins
	names       []string      // what an error must name, where a run stops for it
	back        bool          // where a run stops for it, people go back to the version before it
	mend        func(*office) // else they do this
	leaves      bool          // the run may leave rows as they were
}

// hands lists what people do, in the groups of docs/people.md.
func hands() []hand {
	return slices.Concat(rowHands(), cellHands(), columnHands(), tableHands(), tabHands(), guardHands(), timeHands())
}

func rowHands() []hand {
	const g = "Rows"
	sort := func(header string, down bool) func(*office) {
		return func(o *office) {
			o.onColumn(header, func(s *fake.Sheets, column string) {
				if down {
					s.SortDown(o.tab, column)
				} else {
					s.Sort(o.tab, column)
				}
			})
		}
	}
	target := func(do func(o *office, s *fake.Sheets, row int)) func(*office) {
		return func(o *office) {
			o.at(o.work.target, func(s *fake.Sheets, row int) { do(o, s, row) })
		}
	}
	return []hand{
		{group: g, name: "sort by order id", often: true, do: sort("Order ID", false)},
		{group: g, name: "sort by order id, downwards", do: sort("Order ID", true)},
		{group: g, name: "sort by status", do: sort("Status", false)},
		{group: g, name: "sort by status, downwards", often: true, do: sort("Status", true)},
		{group: g, name: "sort by a column of their own, downwards", do: sort("Remark", true)},
		{group: g, name: "sort by Resolved At", do: sort("Resolved At", false)},
		{group: g, name: "sort by notes, downwards", do: sort("Notes", true)},
		{group: g, name: "insert a row in the table", often: true, do: target(func(o *office, s *fake.Sheets, row int) { s.InsertRows(o.tab, row, 1) })},
		{group: g, name: "insert rows above the header", do: func(o *office) { o.onTab(o.tab, func(s *fake.Sheets) { s.InsertRows(o.tab, 1, 2) }) }},
		{group: g, name: "leave sixty blank rows in the middle", do: target(func(o *office, s *fake.Sheets, row int) { s.InsertRows(o.tab, row, 60) })},
		{group: g, name: "delete a row that the run is about", often: true, do: target(func(o *office, s *fake.Sheets, row int) { s.DeleteRows(o.tab, row, 1) })},
		{group: g, name: "delete another row", do: func(o *office) {
			o.at("ODD1", func(s *fake.Sheets, row int) { s.DeleteRows(o.tab, row, 1) })
		}},
		{group: g, name: "drag a row to the top", do: target(func(o *office, s *fake.Sheets, row int) { s.MoveRows(o.tab, row, 1, 2) })},
		{group: g, name: "drag a row to the end", do: target(func(o *office, s *fake.Sheets, row int) { s.MoveRows(o.tab, row, 1, len(s.Rows(o.tab))+1) })},
		{group: g, name: "paste a copy of a row below the table", often: true, leaves: true, do: target(func(o *office, s *fake.Sheets, row int) { s.CopyRow(o.tab, row, len(s.Rows(o.tab))+1) })},
		{group: g, name: "paste a row over another", leaves: true, do: func(o *office) {
			o.at("ODD1", func(s *fake.Sheets, to int) { s.CopyRow(o.tab, o.rowOf(s, "STAY1"), to) })
		}},
		{group: g, name: "cut a row and paste it below", do: target(func(o *office, s *fake.Sheets, row int) { s.CutRow(o.tab, row, len(s.Rows(o.tab))+1) })},
		{group: g, name: "clear a row", do: target(func(o *office, s *fake.Sheets, row int) { s.Clear(o.tab, fmt.Sprintf("A%d:O%d", row, row)) })},
		{group: g, name: "hide rows", do: target(func(o *office, s *fake.Sheets, row int) { s.HideRows(o.tab, row, 2) })},
		{group: g, name: "write a note below the table", often: true, do: func(o *office) {
			o.onTab(o.tab, func(s *fake.Sheets) {
				s.Put(o.tab, fmt.Sprint("E", len(o.twin.Rows(o.tab))+30), "note: the bank is closed on Friday")
			})
		}},
		{group: g, name: "sort, and type a status", often: true, do: func(o *office) {
			sort("Order ID", true)(o)
			o.types(o.work.target, "Status", "ESCALATED")
		}},
		{group: g, name: "delete a row, and sort", do: func(o *office) {
			o.at("STAY1", func(s *fake.Sheets, row int) { s.DeleteRows(o.tab, row, 1) })
			sort("Status", true)(o)
		}},
	}
}

func cellHands() []hand {
	const g = "Cells"
	types := func(header string, v any) func(*office) {
		return func(o *office) { o.types(o.work.target, header, v) }
	}
	return []hand{
		{group: g, name: "escalate", do: types("Status", "ESCALATED")},
		{group: g, name: "take up an order", do: types("Status", "IN_PROGRESS")},
		{group: g, name: "resolve an order", do: types("Status", "RESOLVED")},
		{group: g, name: "resolve it with a time", often: true, do: func(o *office) {
			types("Status", "RESOLVED")(o)
			types("Resolved At", "1999-12-31 23:00:00")(o)
		}},
		{group: g, name: "write a status of their own", often: true, do: types("Status", "with the bank, ask Zoe")},
		{group: g, name: "empty the status", do: types("Status", "")},
		{group: g, name: "type a note", often: true, do: types("Notes", "customer called again")},
		{group: g, name: "put a number into the notes", do: types("Notes", 42.0), leaves: true},
		{group: g, name: "put a formula into the notes", do: types("Notes", fake.SheetsFormula{Source: `=CONCAT("see ",O2)`, Shows: "see mine"}), leaves: true},
		{group: g, name: "type a time into Resolved At", do: types("Resolved At", "1999-12-31 22:00:00")},
		{group: g, name: "type something else into Resolved At", do: types("Resolved At", "yesterday")},
		{group: g, name: "give the order to another agent", do: types("Assigned Agent", "bo@example.com")},
		{group: g, name: "take the agent out", do: types("Assigned Agent", nil)},
		{group: g, name: "change an order id", often: true, do: func(o *office) { o.types(o.work.target, "Order ID", o.work.target+retyped) }},
		{group: g, name: "empty an order id", do: func(o *office) { o.types("STAY1", "Order ID", nil) }},
		{group: g, name: "write words for an amount", do: types("Amount", "lots")},
		{group: g, name: "write another priority", do: types("Priority", "P9")},
		{group: g, name: "change the diagnosis", do: types("Diagnosis", "rfi_pending")},
		{group: g, name: "retype when it was assigned", do: types("Assigned At", "1999-12-30 08:00:00")},
		{group: g, name: "type into a column of their own", do: types("Age", "old")},
		{group: g, name: "put a formula into a status", often: true, do: types("Status", fake.SheetsFormula{Source: "=UPPER(O2)", Shows: "OPEN"}), leaves: true},
		{group: g, name: "break a status formula (#REF!)", do: types("Status", fake.SheetsError("#REF!"))},
		{group: g, name: "break an order id formula (#REF!)", do: func(o *office) {
			o.types("STAY1", "Order ID", fake.SheetsFormula{Source: "=#REF!", Shows: fake.SheetsError("#REF!")})
		}},
		{group: g, name: "break an agent formula (#N/A)", do: types("Assigned Agent", fake.SheetsFormula{Source: "=UNKNOWN(A2)", Shows: fake.SheetsError("#N/A")})},
		{group: g, name: "pin a note on a cell", do: func(o *office) {
			o.at(o.work.target, func(s *fake.Sheets, row int) { s.Note(o.tab, fmt.Sprint("D", row), "who did this?") })
		}},
		{group: g, name: "type into the Run ID", do: types("Run ID", "by Zoe")},
	}
}

func columnHands() []hand {
	const g = "Columns and headers"
	rename := func(header, to string) func(*office) {
		return func(o *office) {
			o.onColumn(header, func(s *fake.Sheets, column string) { s.Put(o.tab, fmt.Sprint(column, headerRow(s, o.tab)), to) })
			if o.renamed[header] == to {
				delete(o.renamed, header) // it is put back
			} else {
				o.renamed[to] = header
			}
		}
	}
	move := func(header, to string) func(*office) {
		return func(o *office) {
			o.onColumn(header, func(s *fake.Sheets, column string) { s.MoveColumn(o.tab, column, to) })
		}
	}
	drop := func(header string) func(*office) {
		return func(o *office) {
			o.onColumn(header, func(s *fake.Sheets, column string) { s.DeleteColumn(o.tab, column) })
		}
	}
	retime := func(do func(*office)) func(*office) {
		return func(o *office) { do(o); o.retimed = true }
	}
	return []hand{
		{group: g, name: "insert a column at the left", do: func(o *office) { o.onTab(o.tab, func(s *fake.Sheets) { s.InsertColumns(o.tab, "A", 1) }) }},
		{group: g, name: "insert columns in the middle", do: func(o *office) { o.onTab(o.tab, func(s *fake.Sheets) { s.InsertColumns(o.tab, "D", 2) }) }},
		{group: g, name: "move the status to the front", often: true, do: move("Status", "A")},
		{group: g, name: "move the order ids to the right", do: move("Order ID", "H")},
		{group: g, name: "move the notes to the left", do: move("Notes", "B")},
		{group: g, name: "move Resolved At to the front", do: move("Resolved At", "A")},
		{group: g, name: "hide columns", do: func(o *office) { o.onTab(o.tab, func(s *fake.Sheets) { s.HideColumns(o.tab, "C", 3) }) }},
		{group: g, name: "delete a column of their own", do: drop("Remark")},
		{group: g, name: "delete the column Status", do: drop("Status"), names: []string{startTab, "Status"}, back: true},
		{group: g, name: "delete the column Resolved At", do: retime(drop("Resolved At")), leaves: true},
		{group: g, name: "delete the column Run ID", do: drop("Run ID"), leaves: true},
		{group: g, name: "write a header in other letters and blanks", do: rename("Status", "  status\u00a0")},
		{group: g, name: "rename the header Status", often: true, do: rename("Status", "State"), names: []string{startTab, "Status"}, mend: rename("State", "Status")},
		{group: g, name: "rename the header Resolved At", do: retime(rename("Resolved At", "Closed")), leaves: true},
		{group: g, name: "empty the header Order ID", do: func(o *office) {
			o.onColumn("Order ID", func(s *fake.Sheets, column string) { s.Clear(o.tab, fmt.Sprint(column, headerRow(s, o.tab))) })
			o.renamed["<nil>"] = "Order ID"
		}, names: []string{startTab, "Order ID"}, back: true},
		{group: g, name: "call a second column Status", do: rename("Remark", "STATUS "), names: []string{startTab, "STATUS"}, back: true},
		{group: g, name: "paste the header row once more", do: func(o *office) {
			o.onTab(o.tab, func(s *fake.Sheets) { s.CopyRow(o.tab, headerRow(s, o.tab), len(o.twin.Rows(o.tab))+40) })
		}, names: []string{startTab, "header"}, back: true},
		{group: g, name: "delete the header row", do: func(o *office) {
			o.onTab(o.tab, func(s *fake.Sheets) { s.DeleteRows(o.tab, headerRow(s, o.tab), 1) })
		}, names: []string{startTab, "Order ID"}, back: true},
		{group: g, name: "merge two headers", do: func(o *office) { o.onTab(o.tab, func(s *fake.Sheets) { s.Merge(o.tab, "J1:K1") }) }, names: []string{startTab, "Notes"}, back: true},
		{group: g, name: "add a column of their own", do: func(o *office) {
			o.onTab(o.tab, func(s *fake.Sheets) { s.Put(o.tab, "P1", "Reviewed") })
			o.at(o.work.target, func(s *fake.Sheets, row int) { s.Put(o.tab, fmt.Sprint("P", row), "by Zoe") })
		}, leaves: true},
		{group: g, name: "add a column that one formula fills", do: func(o *office) {
			o.onTab(o.tab, func(s *fake.Sheets) {
				s.ArrayFormula(o.tab, "P1", fake.SheetsFormula{Source: `={"Days";ARRAYFORMULA(I2:I>99)}`, Shows: "Days"}, false, false, false, false, false, false)
			})
		}, leaves: true},
		{group: g, name: "add checkboxes down to the last row", often: true, do: func(o *office) {
			o.onTab(o.tab, func(s *fake.Sheets) { s.Put(o.tab, "P1", "Seen"); s.Fill(o.tab, "P", false) })
		}, leaves: true},
	}
}

func headerRow(s *fake.Sheets, tab string) int {
	return slices.IndexFunc(s.Rows(tab), func(row []any) bool { return len(row) > 8 && slices.Contains(row, any("Diagnosis")) }) + 1
}

func tableHands() []hand {
	const g = "The look of the table"
	on := func(do func(o *office, s *fake.Sheets)) func(*office) {
		return func(o *office) { o.onTab(o.tab, func(s *fake.Sheets) { do(o, s) }) }
	}
	return []hand{
		{group: g, name: "filter by a status", do: on(func(o *office, s *fake.Sheets) { s.Filter(o.tab, "D", "ESCALATED") })},
		{group: g, name: "filter everything out", often: true, do: on(func(o *office, s *fake.Sheets) { s.Filter(o.tab, "A", "nobody") })},
		{group: g, name: "take a filter off", first: on(func(o *office, s *fake.Sheets) { s.Filter(o.tab, "A", "nobody") }), do: on(func(o *office, s *fake.Sheets) { s.Unfilter(o.tab) })},
		{group: g, name: "keep a filter view", do: on(func(o *office, s *fake.Sheets) { s.FilterView(o.tab, "mine", "D", "OPEN") })},
		{group: g, name: "freeze rows", do: on(func(o *office, s *fake.Sheets) { s.FreezeRows(o.tab, 3) })},
		{group: g, name: "show amounts as currency", do: on(func(o *office, s *fake.Sheets) { s.Format(o.tab, "H", "CURRENCY") })},
		{group: g, name: "show order ids as numbers", do: on(func(o *office, s *fake.Sheets) { s.Format(o.tab, "A", "NUMBER") })},
		{group: g, name: "work in German, in Tokyo", do: func(o *office) { o.both(func(s *fake.Sheets) { s.Locale("de_DE", "Asia/Tokyo") }) }},
		{group: g, name: "merge two cells of a row", do: func(o *office) {
			o.at("ODD1", func(s *fake.Sheets, row int) { s.Merge(o.tab, fmt.Sprintf("I%d:J%d", row, row)) })
		}},
		{group: g, name: "put a second table at the right", often: true, do: func(o *office) {
			o.onTab(o.tab, func(s *fake.Sheets) { s.Table(o.tab, "S1", [][]any{{"Holidays", "Who"}}) })
			for _, name := range []string{o.work.target, "STAY1", "ODD1"} {
				o.at(name, func(s *fake.Sheets, row int) { s.Table(o.tab, fmt.Sprint("S", row), [][]any{{"2 May", "Ana"}}) })
			}
		}, leaves: true},
		{group: g, name: "write beside the table, without a header", do: func(o *office) {
			o.at(o.work.target, func(s *fake.Sheets, row int) { s.Put(o.tab, fmt.Sprint("Q", row), "note: ask Zoe") })
		}, leaves: true},
		{group: g, name: "name a range", do: on(func(o *office, s *fake.Sheets) { s.Name("statuses", o.tab, "D2:D9") })},
	}
}

func tabHands() []hand {
	const g = "Tabs"
	on := func(tab string, do func(s *fake.Sheets)) func(*office) {
		return func(o *office) { o.onTab(tab, do) }
	}
	journal := func(do func(s *fake.Sheets, title string)) func(*office) {
		return func(o *office) {
			for _, title := range o.journals() {
				do(o.s, title) // the twin has none
				o.acted = true
			}
		}
	}
	return []hand{
		{group: g, name: "rename Assignments", often: true, do: func(o *office) {
			if len(o.s.Metadata()) == 0 {
				return // nobody knows yet which tab it is
			}
			o.onTab(o.tab, func(s *fake.Sheets) { s.RenameTab(startTab, "Cases of the week") })
			o.tab = "Cases of the week"
		}, names: []string{startTab}, mend: func(o *office) {
			o.onTab(o.tab, func(s *fake.Sheets) { s.RenameTab(o.tab, startTab) })
			o.tab = startTab
		}},
		{group: g, name: "copy Assignments", often: true, do: func(o *office) {
			o.onTab(startTab, func(s *fake.Sheets) { s.DuplicateTab(startTab) })
			o.copied = o.s.Model()["Copy of "+startTab]
		}},
		{group: g, name: "hide Assignments", do: on(startTab, func(s *fake.Sheets) { s.HideTab(startTab) })},
		{group: g, name: "move Assignments behind the others", do: on(startTab, func(s *fake.Sheets) { s.MoveTab(startTab, len(s.Titles())) })},
		{group: g, name: "delete Assignments", often: true, do: on(startTab, func(s *fake.Sheets) { s.DeleteTab(startTab) }), names: []string{startTab}, back: true},
		{group: g, name: "start an empty Assignments, and rename the old one", do: func(o *office) {
			o.onTab(startTab, func(s *fake.Sheets) {
				s.RenameTab(startTab, "Old cases")
				s.Seed(startTab, [][]any{assignmentColumns()})
			})
			o.tab = "Old cases"
		}, names: []string{startTab, "Old cases"}, back: true},
		{group: g, name: "hide Runs", do: on("Runs", func(s *fake.Sheets) { s.HideTab("Runs") })},
		{group: g, name: "rename Runs", do: on("Runs", func(s *fake.Sheets) { s.RenameTab("Runs", "Log of the robot") })},
		{group: g, name: "sort Runs", do: on("Runs", func(s *fake.Sheets) { s.SortDown("Runs", "A") })},
		{group: g, name: "write into Runs", do: on("Runs", func(s *fake.Sheets) { s.Put("Runs", "P2", "ours? what is this") })},
		{group: g, name: "empty Runs", do: on("Runs", func(s *fake.Sheets) { s.Clear("Runs", "A1:Z50") }), leaves: true, names: []string{"record"}, back: true},
		{group: g, name: "delete Runs", do: on("Runs", func(s *fake.Sheets) { s.DeleteTab("Runs") }), leaves: true, names: []string{"record"}, back: true},
		{group: g, name: "write beside the dashboard's tables", do: on("ECM Dashboard", func(s *fake.Sheets) { s.Put("ECM Dashboard", "K1", "our target: 20") })},
		{group: g, name: "delete a chart", do: on("ECM Dashboard", func(s *fake.Sheets) {
			for _, title := range s.Charts("ECM Dashboard") {
				s.DeleteChart("ECM Dashboard", title)
			}
		})},
		{group: g, name: "delete the dashboard", do: on("ECM Dashboard", func(s *fake.Sheets) { s.DeleteTab("ECM Dashboard") })},
		{group: g, name: "add a tab of their own", do: func(o *office) { o.both(func(s *fake.Sheets) { s.Seed("Holidays", [][]any{{"2 May", "Ana"}}) }) }},
		{group: g, name: "type into Agents", do: on("Agents", func(s *fake.Sheets) { s.Put("Agents", "G2", "mine 99"); s.Put("Agents", "F3", 1) })},
		{group: g, name: "send everybody off duty", do: on("Agents", func(s *fake.Sheets) { s.Put("Agents", "E2", false); s.Put("Agents", "E3", false) })},
		{group: g, name: "delete Agents", do: on("Agents", func(s *fake.Sheets) { s.DeleteTab("Agents") })},
		{group: g, name: "type into Resolutions", do: on("Resolutions", func(s *fake.Sheets) { s.Put("Resolutions", "B3", "STAY1"); s.Put("Resolutions", "A3", "soon") })},
		{group: g, name: "sort the archive", often: true, do: func(o *office) {
			if slices.Contains(o.s.Titles(), "Archive") {
				o.s.Sort("Archive", "A")
				o.acted = true
			}
		}},
		{group: g, name: "rename the archive", often: true, do: func(o *office) {
			if slices.Contains(o.s.Titles(), "Archive") {
				o.s.RenameTab("Archive", "Attic")
				o.archive, o.acted = "Attic", true
			}
		}},
		{group: g, name: "show the hidden journal", often: true, do: journal(func(s *fake.Sheets, title string) { s.ShowTab(title) })},
		{group: g, name: "rename the hidden journal", often: true, do: journal(func(s *fake.Sheets, title string) { s.RenameTab(title, title+" (?)") })},
		{group: g, name: "sort the hidden journal", often: true, do: journal(func(s *fake.Sheets, title string) {
			if !strings.HasSuffix(title, " rows") {
				s.SortDown(title, "A")
			}
		}), names: []string{"journal"}, mend: dropJournals, leaves: true},
		{group: g, name: "write into the hidden journal", often: true, do: journal(func(s *fake.Sheets, title string) {
			if !strings.HasSuffix(title, " rows") {
				s.Put(title, "A1", "?")
			}
		}), names: []string{"journal"}, mend: dropJournals, leaves: true},
		{group: g, name: "delete the hidden journal", often: true, do: func(o *office) {
			o.gone = len(o.journals()) > 0 // and with it the rows that were on their way to the archive
			o.acted = o.gone
			dropJournals(o)
		}, leaves: true},
	}
}

func dropJournals(o *office) {
	for _, title := range o.journals() {
		o.s.DeleteTab(title)
	}
}

func guardHands() []hand {
	const g = "Protection and validation"
	on := func(do func(o *office, s *fake.Sheets)) func(*office) {
		return func(o *office) { o.onTab(o.tab, func(s *fake.Sheets) { do(o, s) }) }
	}
	return []hand{
		{group: g, name: "protect the column Status against us", often: true, do: on(func(o *office, s *fake.Sheets) { s.Protect(o.tab, "D:D", "only the boss") }), names: []string{startTab}, back: true, leaves: true},
		{group: g, name: "protect Assignments against us", do: on(func(o *office, s *fake.Sheets) { s.Protect(o.tab, "", "only the boss") }), names: []string{startTab}, back: true, leaves: true},
		{group: g, name: "protect Runs against us", do: func(o *office) {
			o.onTab("Runs", func(s *fake.Sheets) { s.Protect("Runs", "", "hands off") })
		}, names: []string{"Runs"}, back: true},
		{group: g, name: "protect the dashboard against us", do: func(o *office) {
			o.onTab("ECM Dashboard", func(s *fake.Sheets) { s.Protect("ECM Dashboard", "", "hands off") })
		}, names: []string{"ECM Dashboard"}, back: true},
		{group: g, name: "protect Agents against us", do: func(o *office) {
			o.onTab("Agents", func(s *fake.Sheets) { s.Protect("Agents", "", "hands off") })
		}},
		{group: g, name: "protect a column, with a mere warning", do: on(func(o *office, s *fake.Sheets) { s.ProtectGently(o.tab, "D:D", true) })},
		{group: g, name: "allow only our words as status", do: on(func(o *office, s *fake.Sheets) {
			s.Validate(o.tab, "D", true, "OPEN", "IN_PROGRESS", "in progress", "waiting", "ESCALATED", "RESOLVED")
		})},
		{group: g, name: "allow only OPEN and IN_PROGRESS as status", often: true, do: on(func(o *office, s *fake.Sheets) { s.Validate(o.tab, "D", true, "OPEN", "IN_PROGRESS", "in progress") }), names: []string{"Status"}, back: true},
		{group: g, name: "suggest words for a status", do: on(func(o *office, s *fake.Sheets) { s.Validate(o.tab, "D", false, "offen", "erledigt") })},
	}
}

func timeHands() []hand {
	const g = "Undo and versions"
	return []hand{
		{group: g, name: "type a note and take it back (ctrl-z)", first: func(o *office) { o.types("STAY1", "Notes", "wrong row") }, do: ctrlZ},
		{group: g, name: "take a deletion of rows back (ctrl-z)", first: func(o *office) {
			o.at(o.work.target, func(s *fake.Sheets, row int) { s.DeleteRows(o.tab, row, 1) })
			o.away = o.work.target
		}, do: ctrlZ, leaves: true},
		{group: g, name: "take a sort back (ctrl-z)", often: true, first: func(o *office) {
			o.onColumn("Order ID", func(s *fake.Sheets, column string) { s.SortDown(o.tab, column) })
		}, do: ctrlZ},
		{group: g, name: "restore the version from before the run", often: true, do: func(o *office) {
			o.both(func(s *fake.Sheets) { s.Restore(o.version) })
			o.restored = true
		}},
	}
}

// ctrlZ takes a person's last edit back in both, where nothing of ours has made that impossible.
func ctrlZ(o *office) {
	defer func() { _ = recover() }() // the fake has nothing to undo any more: the keys do nothing, in the twin neither
	o.both(func(s *fake.Sheets) { s.UndoLast() })
}
