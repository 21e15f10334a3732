package sheet

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// standingRows is a tab whose rows are given one below the other, a header row
// first, with the order id in the first column.
func standingRows(rows ...string) *present {
	p := &present{page: page{header: 0}}
	for _, row := range rows {
		p.rows = append(p.rows, words(row))
	}
	return p
}

func TestFind(t *testing.T) {
	t.Parallel()
	const header = "Order ID|Status|Notes|Own"
	left := restore{edit: 1, row: 1, looks: words("A1|RESOLVED|done|mine"), cells: map[int]source{1: {}, 2: {}}}
	for name, test := range map[string]struct {
		rows  []string
		taken map[int]int
		top   bool
		want  int // index; -1: nowhere
	}{
		"where it stood":                       {rows: []string{header, "A1|RESOLVED|done|mine"}, want: 1},
		"moved down":                           {rows: []string{header, "A2|OPEN|x|y", "A1|RESOLVED|done|mine"}, want: 2},
		"twice the same: where it stood":       {rows: []string{header, "A1|RESOLVED|done|mine", "A1|RESOLVED|done|mine"}, want: 1},
		"twice the same, neither there: first": {rows: []string{header, "", "A1|RESOLVED|done|mine", "A1|RESOLVED|done|mine"}, want: 2},
		"the one that differs least":           {rows: []string{header, "A1|RESOLVED|x|y", "A1|RESOLVED|done|y"}, want: 2},
		"one cell is a person's by now":        {rows: []string{header, "A1|ESCALATED|done|mine"}, want: 1},
		"all our cells are a person's by now":  {rows: []string{header, "A1|ESCALATED|called|mine"}, want: -1},
		"deleted":                              {rows: []string{header, "A2|OPEN|x|y"}, want: -1},
		"deleted, and another closed one":      {rows: []string{header, "A2|RESOLVED|x|y"}, want: -1},
		"taken for another edit":               {rows: []string{header, "A1|RESOLVED|done|mine"}, taken: map[int]int{1: 2}, want: -1},
		"taken for this edit":                  {rows: []string{header, "A1|RESOLVED|done|mine"}, taken: map[int]int{1: 1}, want: 1},
		"the header row is no row":             {rows: []string{"A1|RESOLVED|done|mine"}, want: -1},
		"the header row where it was hit":      {rows: []string{"A1|RESOLVED|done|mine", "A1|RESOLVED|done|mine"}, top: true, want: 0},
	} {
		r := left
		r.top = test.top
		row, found := standingRows(test.rows...).find(r, test.taken)
		if !found {
			row = -1
		}
		if row != test.want {
			t.Errorf("%s: found in row %d, want %d", name, row, test.want)
		}
	}
}

func TestPlausible(t *testing.T) {
	t.Parallel()
	left := restore{row: 0, looks: words("A1|RESOLVED|a|b|c"), cells: map[int]source{1: {}, 2: {}}}
	nameless := left
	nameless.looks = words("|RESOLVED|a|b|c")
	for name, test := range map[string]struct {
		r    restore
		row  string
		key  int
		at   int
		want bool
	}{
		"as many edits as are forgiven":           {left, "A1|RESOLVED|a|x|y", 0, 0, true},
		"more of them, by its order id":           {left, "A1|RESOLVED|x|y|z", 0, 5, true},
		"more of them, another order id":          {left, "A2|RESOLVED|a|y|z", 0, 0, false},
		"no column names rows: place and cells":   {left, "A2|RESOLVED|a|y|z", -1, 0, true},
		"no column names rows: elsewhere":         {left, "A2|RESOLVED|a|y|z", -1, 5, false},
		"no column names rows: a cell is another": {left, "A2|RESOLVED|x|y|z", -1, 0, false},
		"a row without a name: place and cells":   {nameless, "A2|RESOLVED|a|y|z", 0, 0, true},
		"a row without a name: elsewhere":         {nameless, "A2|RESOLVED|a|y|z", 0, 5, false},
	} {
		p := standingRows("", "", "", "", "", "")
		p.key = test.key
		p.rows[test.at] = words(test.row)
		if got := p.plausible(test.r, test.at, test.r.looks.differences(p.rows[test.at], nil)); got != test.want {
			t.Errorf("%s: plausible is %v", name, got)
		}
	}
}

func TestHomes(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		before, now string
		want        []int
	}{
		"as it was":                 {"a|b|c", "a|b|c", []int{0, 1, 2}},
		"one moved":                 {"a|b|c", "c|a|b", []int{1, 2, 0}},
		"one inserted":              {"a|b", "a|x|b", []int{0, 2}},
		"one deleted":               {"a|b|c", "a|c", []int{0, -1, 1}},
		"two of one name":           {"a|a|b", "b|a|a", []int{1, 2, 0}},
		"one of two is left":        {"a|a", "a", []int{0, -1}},
		"no header, and still none": {"a||c", "a||c", []int{0, 1, 2}},
		"no header, and one by now": {"a||c", "a|b|c", []int{0, -1, 2}},
		"no header, right of all":   {"a||", "a", []int{0, 1, 2}},
		"all headers gone":          {"a|b", "", []int{-1, -1}},
	} {
		if diff := cmp.Diff(test.want, homes(strings.Split(test.before, "|"), strings.Split(test.now, "|"))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// The header row that we have overwritten is known by the words that are left in it.
func TestNearest(t *testing.T) {
	t.Parallel()
	hit := restore{looks: words("Order ID|RESOLVED|Notes|Own")}
	for name, test := range map[string]struct {
		rows string // one a line
		want int
	}{
		"as we left it":      {"Order ID|RESOLVED|Notes|Own\nA1|OPEN|x|y", 0},
		"its columns moved":  {"A1|OPEN|x|y\nOwn|Notes|Order ID|RESOLVED", 1},
		"three of four":      {"Order ID|Status|Notes|Own", 0},
		"half is not enough": {"Order ID|Status|Notes|x", -1},
		"gone":               {"A1|RESOLVED|x|y", -1},
	} {
		var rows [][]any
		for row := range strings.SplitSeq(test.rows, "\n") {
			rows = append(rows, rowOf(row))
		}
		if got := hit.nearest(rows); got != test.want {
			t.Errorf("%s: row %d, want %d", name, got, test.want)
		}
	}
}

func TestDifferences(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		a, b  string
		loose map[int]bool
		want  int
	}{
		"alike":               {"a|b", "a|b", nil, 0},
		"two words":           {"a|b|c", "a|x|y", nil, 2},
		"one blank":           {"a|b", "a|", nil, 1},
		"one longer":          {"a", "a|b", nil, 1},
		"one loose":           {"a|b", "x|y", map[int]bool{0: true}, 1},
		"a loose one longer":  {"a", "a|b", map[int]bool{1: true}, 0},
		"columns moved":       {"a|b", "b|a", nil, 2},
		"nothing and nothing": {"", "", nil, 0},
	} {
		a, b := words(test.a), words(test.b)
		if one, other := a.differences(b, test.loose), b.differences(a, test.loose); one != test.want || other != test.want {
			t.Errorf("%s: %d differences, and %d the other way; want %d", name, one, other, test.want)
		}
	}
	if n := words("a|b").with(content{1: ""}).differences(words("a"), nil); n != 0 {
		t.Errorf("an emptied cell differs from a blank one %d times", n)
	}
}

func TestSign(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 80)
	for name, test := range map[string]struct {
		v    any
		want string
	}{
		"text":                            {"OPEN", "'OPEN"},
		"text that looks like a number":   {"1", "'1"},
		"a number":                        {1.0, "1"},
		"a number of more than 15 digits": {0.1 + 0.2, "0.3"},
		"a tick":                          {true, "TRUE"},
		"blank":                           {nil, ""},
		"text of no length":               {"", ""},
		"the longest text":                {long, "'" + long},
		"longer text":                     {long + "x", "#" + mark(long+"x")},
	} {
		if got := sign(test.v); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
