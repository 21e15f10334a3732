package sheet_test

import (
	"fmt"
	"net/http"
	"testing"

	"pi-manager/internal/fake"
)

// gestures are what people do to a sheet in one go, by name.
func gestures() map[string]func(*desk) {
	return map[string]func(*desk){
		"status typed":   func(d *desk) { d.types("C2", "Status", "ESCALATED") },
		"status cleared": func(d *desk) { d.types("C2", "Status", nil) },
		"status a formula": func(d *desk) {
			d.types("C2", "Status", fake.SheetsFormula{Source: `=IF(1=1,"OPEN","x")`, Shows: "OPEN"})
		},
		"note typed":        func(d *desk) { d.types("C2", "Notes", "customer called") },
		"note a number":     func(d *desk) { d.types("C2", "Notes", 42.0) },
		"resolved at typed": func(d *desk) { d.types("C2", "Resolved At", "yesterday") },
		"order id edited":   func(d *desk) { d.types("C2", "Order ID", "C2x") },
		"agent edited":      func(d *desk) { d.types("C2", "Assigned Agent", "bo@example.com") },
		"remark edited":     func(d *desk) { d.types("C2", "Remark", "seen") },
		"sorted down":       func(d *desk) { d.both(func(s *fake.Sheets) { s.SortDown(d.tab, "A") }) },
		"row inserted above": func(d *desk) {
			d.at("C2", func(s *fake.Sheets, row int) { s.InsertRows(d.tab, row, 1) })
		},
		"rows inserted on top": func(d *desk) { d.both(func(s *fake.Sheets) { s.InsertRows(d.tab, 1, 2) }) },
		"row inserted on top":  func(d *desk) { d.both(func(s *fake.Sheets) { s.InsertRows(d.tab, 1, 1) }) },
		"row deleted":          func(d *desk) { d.at("C2", func(s *fake.Sheets, row int) { s.DeleteRows(d.tab, row, 1) }) },
		"other row deleted":    func(d *desk) { d.at("C1", func(s *fake.Sheets, row int) { s.DeleteRows(d.tab, row, 1) }) },
		"column moved":         func(d *desk) { d.both(func(s *fake.Sheets) { s.MoveColumn(d.tab, "D", "A") }) },
		"notes moved":          func(d *desk) { d.both(func(s *fake.Sheets) { s.MoveColumn(d.tab, "K", "B") }) },
		"column inserted":      func(d *desk) { d.both(func(s *fake.Sheets) { s.InsertColumns(d.tab, "B", 1) }) },
		"own column deleted": func(d *desk) {
			if columnOf(d.s.Rows(d.tab), "Remark") >= 0 && columnOf(d.twin.Rows(d.tab), "Remark") >= 0 {
				d.both(func(s *fake.Sheets) { s.DeleteColumn(d.tab, letter(columnOf(s.Rows(d.tab), "Remark"))) })
			}
		},
		"tab renamed": func(d *desk) {
			d.both(func(s *fake.Sheets) { s.RenameTab(d.tab, "Cases") })
			d.tab = "Cases"
		},
		"filter set":      func(d *desk) { d.both(func(s *fake.Sheets) { s.Filter(d.tab, "A", "C1") }) },
		"row moved":       func(d *desk) { d.at("C2", func(s *fake.Sheets, row int) { s.MoveRows(d.tab, row, 1, 2) }) },
		"tab copied":      func(d *desk) { d.both(func(s *fake.Sheets) { s.DuplicateTab(d.tab) }) },
		"a far note":      func(d *desk) { d.both(func(s *fake.Sheets) { s.Put(d.tab, "P30", "call the bank") }) },
		"Runs are sorted": func(d *desk) { d.both(func(s *fake.Sheets) { s.Sort("Runs", "C") }) },
		"typed and sorted": func(d *desk) {
			d.types("C2", "Status", "ESCALATED")
			d.both(func(s *fake.Sheets) { s.SortDown(d.tab, "A") })
		},
		"sorted and typed": func(d *desk) {
			d.both(func(s *fake.Sheets) { s.SortDown(d.tab, "A") })
			d.types("C3", "Notes", "typed after sorting")
		},
		"inserted and a column moved": func(d *desk) {
			d.at("C2", func(s *fake.Sheets, row int) { s.InsertRows(d.tab, row, 1) })
			d.both(func(s *fake.Sheets) { s.MoveColumn(d.tab, "D", "A") })
		},
	}
}

// F44, F45, F55: whatever people do, at whichever moment of a commit that changes
// rows, no cell of theirs differs afterwards, and each change is done whole or not at all.
func TestPeopleEditDuringChanges(t *testing.T) {
	t.Parallel()
	for name, gesture := range gestures() {
		for call := 1; call <= 8; call++ {
			for _, after := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/call %d after %v", name, call, after), func(t *testing.T) {
					t.Parallel()
					d := newDesk(t, 6)
					d.during(call, after, gesture)
					d.carryOut("changes")
				})
			}
		}
	}
}

// during lets people do something at one call from now on.
func (d *desk) during(call int, after bool, gesture func(*desk)) {
	hook := func(c fake.SheetsCall) {
		if c.N == call {
			gesture(d)
		}
	}
	if after {
		d.s.OnAfter(hook)
	} else {
		d.s.OnBefore(hook)
	}
}

// carryOut closes C2, C3 and C5 and archives C1, C4 and C6, and checks the outcome.
func (d *desk) carryOut(slot string) {
	d.t.Helper()
	err := carry(d.t.Context(), open(d.t, d.s), slot, []string{"C2", "C3", "C5"}, []string{"C1", "C4", "C6"}, "NEW1")
	if err != nil {
		d.t.Errorf("changes: %v", err)
	}
	d.s.OnBefore(nil)
	d.s.OnAfter(nil)
	if _, err := settled(d.t.Context(), open(d.t, d.s)); err != nil {
		d.t.Errorf("settle: %v", err)
	}
	d.check(map[string]intended{"C2": closed("C2"), "C3": closed("C3"), "C5": closed("C5"), "C1": nil, "C4": nil, "C6": nil})
	for _, o := range d.s.Offences() {
		d.t.Errorf("offence: %s", o)
	}
}

// F31: with changes a commit costs one read and one write more.
func TestWhatChangesCost(t *testing.T) {
	t.Parallel()
	d := newDesk(t, 6)
	d.carryOut("changes")
	if done := d.cells(d.s, d.tab)["boss of C2"][0]["status"]; done != "RESOLVED" {
		t.Errorf("C2 is %v", done)
	}
	if len(d.cells(d.s, "Archive")["boss of C4"]) != 1 {
		t.Error("C4 is not in the archive")
	}
	if r, w := d.s.Reads()-2, d.s.Writes(); r != 3 || w != 2 { // two reads were the check's
		t.Errorf("%d reads and %d writes", r, w)
	}
}

// F32, F33 and SIGKILL: from some call on nothing gets through; another process finishes what is left.
func TestChangesAreCutOff(t *testing.T) {
	t.Parallel()
	for call := range 7 {
		for _, applied := range []bool{false, true} {
			for _, sorted := range []bool{false, true} {
				t.Run(fmt.Sprintf("call %d/applied %v/sorted %v", call+1, applied, sorted), func(t *testing.T) {
					t.Parallel()
					d := newDesk(t, 6)
					if sorted {
						d.during(4, false, gestures()["typed and sorted"])
					}
					d.s.Trouble(fake.SheetsTrouble{Skip: call, Applied: applied, Last: -1, Status: http.StatusBadGateway})
					_ = carry(t.Context(), open(t, d.s), "killed", []string{"C2", "C3"}, []string{"C4"}, "NEW1")
					d.s.Calm()
					d.carryOut("next")
				})
			}
		}
	}
}

// F41: a column that is called Status in the last moment has other cells than the one that was.
func TestAnotherStatusColumn(t *testing.T) {
	t.Parallel()
	d := newDesk(t, 6)
	d.during(4, false, func(d *desk) {
		d.both(func(s *fake.Sheets) {
			s.Put(d.tab, "D1", "Old status")
			s.Put(d.tab, "Q1", "Status")
		})
	})
	d.carryOut("changes")
}

// F55: what a person types over a cell that we hit by mistake is theirs, before we give it back and in the same moment.
func TestPeopleTypeOverAMistake(t *testing.T) {
	t.Parallel()
	for _, call := range []int{5, 6, 7} {
		d := newDesk(t, 6)
		d.s.OnBefore(func(c fake.SheetsCall) {
			switch c.N {
			case 4:
				d.both(func(s *fake.Sheets) { s.SortDown(d.tab, "A") })
			case call:
				d.types("C5", "Status", "ESCALATED")
			}
		})
		if err := carry(t.Context(), open(t, d.s), "changes", []string{"C2"}, nil); err != nil {
			t.Fatal(err)
		}
		d.check(map[string]intended{"C2": closed("C2")})
	}
}
