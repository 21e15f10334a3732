package sheet

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/sheets/v4"
)

// cellsOf writes a row down as "A1|OPEN|mine": a cell that begins with = holds a
// formula that shows the rest, one with ~ is filled by a formula elsewhere.
func cellsOf(text string) []*sheets.CellData {
	var row []*sheets.CellData
	for word := range strings.SplitSeq(text, "|") {
		cell := &sheets.CellData{}
		shows := strings.TrimLeft(word, "=~")
		if shows != "" {
			cell.EffectiveValue = &sheets.ExtendedValue{StringValue: &shows}
		}
		switch {
		case strings.HasPrefix(word, "="):
			cell.UserEnteredValue = &sheets.ExtendedValue{FormulaValue: &word}
		case strings.HasPrefix(word, "~"):
		case shows != "":
			cell.UserEnteredValue = cell.EffectiveValue
		}
		row = append(row, cell)
	}
	return row
}

func rowOf(text string) []any { return grid{0: cellsOf(text)}.values(0) }

func words(text string) content { return contentOf(rowOf(text)) }

// hitting is the journal of one edit of row 3 of a tab with the columns Order ID,
// Status and one of people's own, and of what stood in the row that it really hit.
func hitting(in intent, row string) *journal {
	in.Row = 3
	return &journal{
		head:    head{Table: assignmentsTab, Picture: 77, Headers: map[int]string{0: "orderid", 1: "status"}, Keys: []string{"orderid", "status", "own"}},
		intents: []intent{in}, headers: rowOf("Order ID|Status|Own"), cells: [][]*sheets.CellData{cellsOf(row)}, rows: [][]any{rowOf(row)},
	}
}

// under puts other headers over the row that was hit; none takes the header row away.
func under(headers string) func(*journal) {
	return func(j *journal) {
		if j.headers = rowOf(headers); headers == "" {
			j.headers, j.top = rowOf("Order ID|Status"), -1
		}
	}
}

func TestHit(t *testing.T) {
	t.Parallel()
	stood := words("A1|OPEN|mine")
	closes := intent{Kind: amended, Was: stood, Wrote: content{1: "'RESOLVED"}}
	stores := intent{Kind: archived, Was: stood}
	drops := intent{Kind: removed, Was: stood}
	loose := func(in intent, columns ...int) intent {
		in.Loose = columns
		return in
	}
	as := func(*journal) {}
	for name, test := range map[string]struct {
		in   intent
		row  string
		sees func(*journal)
		want bool
	}{
		"the row that was meant":              {closes, "A1|OPEN|mine", as, true},
		"a person's own cell is another":      {closes, "A1|OPEN|yours", as, true},
		"the cell that we write was typed":    {closes, "A1|ESCALATED|mine", as, false},
		"the cell that we write was cleared":  {closes, "A1||mine", as, false},
		"a formula came to show the same":     {closes, "A1|=OPEN|mine", as, false},
		"another order's row":                 {closes, "A2|OPEN|mine", as, false},
		"an order id that a formula changed":  {loose(closes, 0), "A2|OPEN|mine", as, true},
		"nothing stood there":                 {closes, "", as, false},
		"columns changed places":              {closes, "A1|OPEN|mine", under("Status|Order ID|Own"), false},
		"the status column was deleted":       {closes, "A1|OPEN|mine", under("Order ID|Own"), false},
		"the last column of ours was deleted": {closes, "A1|OPEN", under("Order ID"), false},
		"a header was written otherwise":      {closes, "A1|OPEN|mine", under(" order ID|STATUS|Own"), true},
		"people's own column was deleted":     {closes, "A1|OPEN", under("Order ID|Status"), true},
		"the header row was deleted":          {closes, "A1|OPEN|mine", under(""), false},

		"archived: as meant":                          {stores, "A1|OPEN|mine", as, true},
		"archived: a person's own cell goes along":    {stores, "A1|OPEN|yours", as, true},
		"archived: our cell was typed":                {stores, "A1|RESOLVED|mine", as, false},
		"archived: a word without a header":           {stores, "A1|OPEN|mine|here", as, false},
		"archived: a word under a blank header":       {stores, "A1|OPEN|mine", under("Order ID|Status| "), false},
		"archived: a formula's word without a header": {loose(stores, 3), "A1|OPEN|mine|~9", as, true},

		"removed: as meant":                          {drops, "A1|OPEN|mine", as, true},
		"removed: a person's own cell was typed":     {drops, "A1|OPEN|yours", as, false},
		"removed: a word right of all":               {drops, "A1|OPEN|mine|here", as, false},
		"removed: a formula that shows the same":     {drops, "A1|OPEN|=mine", as, false},
		"removed: what a formula elsewhere fills":    {loose(drops, 2), "A1|OPEN|~yours", as, true},
		"removed: columns moved, cells as they were": {drops, "A1|OPEN|mine", under("Order ID|Own|Status"), false},
	} {
		j := hitting(test.in, test.row)
		test.sees(j)
		if got := j.hit(0); got != test.want {
			t.Errorf("%s: hit is %v", name, got)
		}
	}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	was := words("A1|OPEN|mine")
	gives := intent{Kind: amended, Was: was, Wrote: content{1: "'x"}, Restores: true, From: map[int]source{1: {Tab: 5}}}
	comes := intent{Kind: returned, Was: was}
	for name, test := range map[string]struct {
		in                                    intent
		row, headers                          string
		restores, archived, returned, shifted int
	}{
		"amended, hit":                       {in: intent{Kind: amended, Was: was, Wrote: content{1: "'x"}}, row: "A1|OPEN|mine"},
		"amended, missed":                    {in: intent{Kind: amended, Was: was, Wrote: content{1: "'x"}}, row: "A2|OPEN|mine", restores: 1},
		"archived, hit":                      {in: intent{Kind: archived, Was: was}, row: "A1|OPEN|mine", archived: 1},
		"archived, missed":                   {in: intent{Kind: archived, Was: was}, row: "A2|OPEN|mine", returned: 1},
		"removed, hit":                       {in: intent{Kind: removed, Was: was}, row: "A1|OPEN|mine"},
		"removed, missed":                    {in: intent{Kind: removed, Was: was}, row: "A2|OPEN|mine", returned: 1},
		"given back, hit":                    {in: gives, row: "A1|OPEN|mine"},
		"given back, missed":                 {in: gives, row: "A2|DONE|yours", restores: 2},
		"came back":                          {in: comes},
		"came back under other headers":      {in: comes, headers: "Status|Order ID|Own", shifted: 1},
		"came back beside a new own column":  {in: comes, headers: "Order ID|Status|Own|New", shifted: 1},
		"came back where no header row is":   {in: comes, headers: "none"},
		"came back, blanks right of headers": {in: comes, headers: "Order ID|Status|Own| | "},
	} {
		j := hitting(test.in, test.row)
		switch test.headers {
		case "":
		case "none":
			under("")(j)
		default:
			under(test.headers)(j)
		}
		v := j.judge()
		got := [4]int{len(v.restores), len(v.archived), len(v.returned), len(v.shifted)}
		if want := [4]int{test.restores, test.archived, test.returned, test.shifted}; got != want {
			t.Errorf("%s: restores, archived, returned, shifted are %v, want %v", name, got, want)
		}
	}
}

// What an edit has overwritten is given back as it was typed; what cannot be written again is copied.
func TestUndo(t *testing.T) {
	t.Parallel()
	text, n, yes, long, formula := "OPEN", 1.5, true, strings.Repeat("x", 2_001), "=1+1"
	typed := func(v *sheets.ExtendedValue) *sheets.CellData {
		return &sheets.CellData{UserEnteredValue: v, EffectiveValue: v}
	}
	at := source{Tab: 77, Row: 3, Column: 1}
	with := func(change func(*source)) source {
		s := at
		change(&s)
		return s
	}
	for name, test := range map[string]struct {
		cell *sheets.CellData
		want source
	}{
		"text":      {typed(&sheets.ExtendedValue{StringValue: &text}), with(func(s *source) { s.Shows, s.Text = "'OPEN", &text })},
		"a number":  {typed(&sheets.ExtendedValue{NumberValue: &n}), with(func(s *source) { s.Shows, s.Number = "1.5", &n })},
		"a tick":    {typed(&sheets.ExtendedValue{BoolValue: &yes}), with(func(s *source) { s.Shows, s.Bool = "TRUE", &yes })},
		"blank":     {&sheets.CellData{}, at},
		"long text": {typed(&sheets.ExtendedValue{StringValue: &long}), with(func(s *source) { s.Shows, s.Copied = sign(long), true })},
		"a formula": {
			&sheets.CellData{UserEnteredValue: &sheets.ExtendedValue{FormulaValue: &formula}, EffectiveValue: &sheets.ExtendedValue{NumberValue: &n}},
			with(func(s *source) { s.Shows, s.Copied = "1.5", true }),
		},
	} {
		j := hitting(intent{Kind: amended, Was: words("A1|OPEN"), Wrote: content{1: "'RESOLVED"}, Loose: []int{4}}, "A2|")
		j.cells[0][1] = test.cell
		j.rows[0][1] = shownBy(test.cell)
		want := restore{
			looks: words("A2|RESOLVED"), headers: []string{"orderid", "status", "own"}, row: 3, loose: map[int]bool{4: true}, cells: map[int]source{1: test.want},
		}
		if diff := cmp.Diff(want, j.undo(0, []int{1}), cmp.AllowUnexported(restore{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	j := hitting(intent{Kind: amended, Wrote: content{1: "'x"}}, "Order ID|Status")
	j.top = 3
	if !j.undo(0, []int{1}).top {
		t.Error("the header row was hit, and is not looked for as such")
	}
	if s := j.source(0, 9); s.Shows != "" || s.Copied || s.Text != nil {
		t.Errorf("a cell right of the row is %+v, want it blank", s)
	}
}

func TestJudgeRestore(t *testing.T) {
	t.Parallel()
	gives := intent{
		Kind: amended, Was: words("A1|RESOLVED|mine|a|b"), Wrote: content{1: "'OPEN"}, Restores: true, From: map[int]source{1: {Tab: 5, Shows: "'OPEN"}},
	}
	loose := gives
	loose.Loose = []int{1}
	both := []source{{Tab: 77, Row: 3, Column: 1, Shows: "'RESOLVED"}, {Tab: 5, Shows: "'OPEN"}} // of the row that was hit, and the right one's
	for name, test := range map[string]struct {
		in      intent
		row     string
		headers string   // where they changed; "none" where there are none
		want    []source // of column 1: what is given back
	}{
		"its row, as it was":                     {in: gives, row: "A1|RESOLVED|mine|a|b"},
		"two cells beside it edited":             {in: gives, row: "A1|RESOLVED|yours||b"},
		"typed over in the last moment":          {in: gives, row: "A1|ESCALATED|mine|a|b", want: []source{{Tab: 77, Row: 3, Column: 1, Shows: "'ESCALATED"}}},
		"a formula in the last moment":           {in: gives, row: "A1|=RESOLVED|mine|a|b", want: []source{{Tab: 77, Row: 3, Column: 1, Shows: "'RESOLVED"}}},
		"a formula's own cell":                   {in: loose, row: "A1|=ESCALATED|mine|a|b"},
		"another row":                            {in: gives, row: "A2|RESOLVED|yours|c|b", want: both},
		"columns moved":                          {in: gives, row: "A1|RESOLVED|mine|a|b", headers: "Status|Order ID", want: both},
		"no header row, its row by content":      {in: gives, row: "A1|RESOLVED|mine|a|b", headers: "none"},
		"no header row, another row by content":  {in: gives, row: "A2|RESOLVED|yours|c|b", headers: "none", want: both},
		"a column of people's deleted beside it": {in: gives, row: "A1|RESOLVED|a|b", headers: "Order ID|Status", want: both},
		"the same row, people's columns renamed": {in: gives, row: "A1|RESOLVED|mine|a|b", headers: "Order ID|Status|Ours"},
	} {
		j := hitting(test.in, test.row)
		switch test.headers {
		case "":
		case "none":
			under("")(j)
		default:
			under(test.headers)(j)
		}
		var got []source
		for _, r := range j.judgeRestore(0) {
			s := r.cells[1]
			s.Text, s.Copied = nil, false
			got = append(got, s)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
