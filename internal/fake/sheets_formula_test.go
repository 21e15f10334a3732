package fake

import "testing"

func TestSheetFormulasShiftWhenPasted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		source     string
		rows, cols int
		want       string
	}{
		{"=B2*2", 1, 1, "=C3*2"},
		{"=$B2+B$2+$B$2", 3, 1, "=$B5+C$2+$B$2"},
		{"=SUM(A:A)&\"A1\"", 5, 1, "=SUM(B:B)&\"A1\""},
		{"=SUM(2:$3)", 1, 4, "=SUM(3:$3)"},
		{"=VLOOKUP(A9,'My ''own'' tab'!A2:$B20,2,FALSE)", 1, 0, "=VLOOKUP(A10,'My ''own'' tab'!A3:$B21,2,FALSE)"},
		{"=Agents!A2", -2, 0, "=#REF!"},
		{"=Agents!A2:B9", -2, 0, "=#REF!"},
		{"=LOG10(Z1)+1.5+rate_A1", 1, 1, "=LOG10(AA2)+1.5+rate_A1"},
		{"=A1", 0, -1, "=#REF!"},
	} {
		if got := sheetShifted(c.source, c.rows, c.cols); got != c.want {
			t.Errorf("%s by %d rows and %d columns gives %s, want %s", c.source, c.rows, c.cols, got, c.want)
		}
	}
}

func TestSheetFormulasFollowTheirCells(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		source, kind string
		at, by       int
		want         string
	}{
		{"=A1+A2+A3", "ROW", 1, 1, "=A1+A3+A4"},
		{"=A1+A2+$A$3", "ROW", 1, -1, "=A1+#REF!+$A$2"},
		{"=SUM(A1:A9)", "ROW", 2, -3, "=SUM(A1:A6)"},
		{"=SUM(A3:A4)", "ROW", 2, -2, "=SUM(#REF!)"},
		{"=A2", "ROW", 1, -1, "=#REF!"},
		{"=A2", "ROW", 2, -1, "=A2"},
		{"=SUM(A:C)", "COLUMN", 0, 1, "=SUM(B:D)"},
		{"=SUM(A:C)", "ROW", 0, 1, "=SUM(A:C)"},
		{"=Other!A2+T!A2+'t'!A2", "ROW", 0, 1, "=Other!A2+T!A3+'t'!A3"},
	} {
		tab := &sheetTab{title: "T", rows: [][]sheetCell{{{value: SheetsFormula{Source: c.source}}}}}
		(&sheetBook{tabs: []*sheetTab{tab}}).followFormulas(tab, c.kind, c.at, c.by)
		if got := tab.rows[0][0].value.(SheetsFormula).Source; got != c.want {
			t.Errorf("%s: %d %ss at %d give %s, want %s", c.source, c.by, c.kind, c.at, got, c.want)
		}
	}
}
