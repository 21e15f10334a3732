package fake

import (
	"regexp"
	"strconv"
	"strings"
)

// The fake cannot compute, but it keeps the references of a formula right, as
// Sheets does: relative ones shift when a formula is pasted, all of them follow
// lines that are inserted or deleted, and what points nowhere turns into #REF!
// in the text of the formula, for good.

const sheetNoRef = "#REF!"

// sheetSpan is one reference of a formula, a cell or a range. Columns and rows
// count from 1; 0 where the reference names none, as in A:B.
type sheetSpan struct {
	from, to sheetRef
	isRange  bool
}

type sheetRef struct {
	col, row           int
	fixedCol, fixedRow bool // $
}

var (
	sheetTokens  = regexp.MustCompile(`"(?:[^"]|"")*"|'(?:[^']|'')*'!|[$\w.]+(?::[$\w.]+)?[!(]?`)
	sheetRefForm = regexp.MustCompile(`^(\$?)([A-Za-z]{0,3})(\$?)([0-9]{0,8})$`)
)

// sheetMapRefs rewrites each reference of a formula. The tab is the title in front of it, "" for the formula's own.
func sheetMapRefs(source string, rewrite func(tab string, span sheetSpan) (sheetSpan, bool)) string {
	tab, prefix := "", ""
	var out strings.Builder
	end := 0
	for _, at := range sheetTokens.FindAllStringIndex(source, -1) {
		token := source[at[0]:at[1]]
		between := source[end:at[0]]
		end = at[1]
		if prefix != "" && between != "" {
			out.WriteString(prefix)
			tab, prefix = "", ""
		}
		out.WriteString(between)
		if title, isTab := strings.CutSuffix(token, "!"); isTab {
			tab, prefix = strings.ReplaceAll(strings.Trim(title, "'"), "''", "'"), token
			continue
		}
		span, isRef := sheetParseSpan(token)
		switch {
		case !isRef:
			out.WriteString(prefix + token)
		default:
			if moved, alive := rewrite(tab, span); alive {
				out.WriteString(prefix + moved.String())
			} else {
				out.WriteString(sheetNoRef)
			}
		}
		tab, prefix = "", ""
	}
	out.WriteString(prefix + source[end:])
	return out.String()
}

func sheetParseSpan(token string) (sheetSpan, bool) {
	first, second, isRange := strings.Cut(token, ":")
	from, ok := sheetParseRef(first)
	if !isRange {
		return sheetSpan{from: from, to: from}, ok && from.col > 0 && from.row > 0
	}
	to, okTo := sheetParseRef(second)
	return sheetSpan{from: from, to: to, isRange: true}, ok && okTo && (from.col > 0) == (to.col > 0)
}

func sheetParseRef(text string) (sheetRef, bool) {
	m := sheetRefForm.FindStringSubmatch(text)
	if m == nil || m[2] == "" && m[4] == "" {
		return sheetRef{}, false
	}
	if m[2] == "" { // $5 of $5:$7: the dollar stands before the row
		m[3] = m[1]
	}
	col, _, _ := sheetCorner(m[2])
	row, _ := strconv.Atoi(m[4]) // digits, or nothing
	return sheetRef{col: col, row: row, fixedCol: m[1] != "", fixedRow: m[3] != ""}, true
}

func (s sheetSpan) String() string {
	if !s.isRange {
		return s.from.String()
	}
	return s.from.String() + ":" + s.to.String()
}

func (r sheetRef) String() string {
	text := ""
	if r.col > 0 {
		text = sheetDollar(r.fixedCol) + sheetColumn(r.col-1)
	}
	if r.row > 0 {
		text += sheetDollar(r.fixedRow) + strconv.Itoa(r.row)
	}
	return text
}

func sheetDollar(fixed bool) string {
	if fixed {
		return "$"
	}
	return ""
}

// sheetShifted is a formula pasted so many rows down and columns to the right.
// A relative reference that would leave the grid at the top or the left is lost.
func sheetShifted(source string, rows, cols int) string {
	return sheetMapRefs(source, func(_ string, s sheetSpan) (sheetSpan, bool) {
		okFrom, okTo := s.from.shift(rows, cols), s.to.shift(rows, cols)
		return s, okFrom && okTo
	})
}

func (r *sheetRef) shift(rows, cols int) bool {
	if r.col > 0 && !r.fixedCol {
		r.col += cols
		if r.col < 1 {
			return false
		}
	}
	if r.row > 0 && !r.fixedRow {
		r.row += rows
		if r.row < 1 {
			return false
		}
	}
	return true
}

// sheetReadsOwnTab says whether a formula has a reference without a tab's title.
func sheetReadsOwnTab(source string) bool {
	own := false
	sheetMapRefs(source, func(tab string, s sheetSpan) (sheetSpan, bool) {
		own = own || tab == ""
		return s, true
	})
	return own
}

// follow moves the references to a tab's lines, where by lines are inserted at at or -by are deleted there.
func (s sheetSpan) follow(kind string, at, by int) (sheetSpan, bool) {
	from, to := &s.from.row, &s.to.row
	if kind == "COLUMN" {
		from, to = &s.from.col, &s.to.col
	}
	if *from == 0 || *to == 0 {
		return s, true // A:B has no rows to move
	}
	first, last := sheetStretch(*from-1, *to, at, by)
	*from, *to = first+1, last
	return s, first < last
}

// sheetStretch moves a half open range as lines come and go; it is empty when all of its lines are gone.
func sheetStretch(from, to, at, by int) (newFrom, newTo int) {
	if from >= at {
		from = max(at, from+by)
	}
	if to > at {
		to = max(at, to+by)
	}
	return from, to
}

// followFormulas keeps every formula of the book pointing at the cells that it pointed at.
func (b *sheetBook) followFormulas(t *sheetTab, kind string, at, by int) {
	b.mapFormulas(func(holder *sheetTab, source string) string {
		if kind == "ROW" && !sheetNamesRowAfter(source, at) {
			return source
		}
		return sheetMapRefs(source, func(tab string, s sheetSpan) (sheetSpan, bool) {
			if tab == "" && holder != t || tab != "" && !strings.EqualFold(tab, t.title) {
				return s, true
			}
			return s.follow(kind, at, by)
		})
	})
}

// sheetNamesRowAfter says whether a number in a formula is larger than n: a quick look before the slow one.
func sheetNamesRowAfter(source string, n int) bool {
	number := 0
	for _, c := range []byte(source) {
		if c < '0' || c > '9' {
			number = 0
			continue
		}
		if number = number*10 + int(c-'0'); number > n {
			return true
		}
	}
	return false
}

// mapFormulas rewrites all formulas.
func (b *sheetBook) mapFormulas(rewrite func(holder *sheetTab, source string) string) {
	for _, t := range b.tabs {
		if t.plain {
			continue
		}
		t.plain = true
		for _, row := range t.rows {
			for j := range row {
				if f, computes := row[j].value.(SheetsFormula); computes {
					t.plain = false
					row[j] = row[j].restated(f, rewrite(t, f.Source))
				}
			}
		}
	}
}

// restated is the cell with its formula written anew. One that has just lost a reference shows that error from then on.
func (c sheetCell) restated(f SheetsFormula, source string) sheetCell {
	if home := c.homeOf(f); home != nil {
		c.home = &sheetHome{tab: home.tab, shows: home.shows, source: source}
	}
	if strings.Count(source, sheetNoRef) > strings.Count(f.Source, sheetNoRef) {
		f.Shows = SheetsError(sheetNoRef)
	}
	f.Source = source
	c.value = f
	return c
}

// sheetHome is where a formula was copied from, across tabs: back there it shows again what it showed.
type sheetHome struct {
	tab    int
	shows  any
	source string // the formula that this is about: another one that stands here now has no home
}

func (c *sheetCell) homeOf(f SheetsFormula) *sheetHome {
	if c.home == nil || c.home.source != f.Source {
		return nil
	}
	return c.home
}

// sheetPastedFormula is a formula as it arrives in another cell. On another tab it reads
// other cells, which are taken to be blank, so that it shows something else there.
func sheetPastedFormula(c sheetCell, from, to *sheetTab, rows, cols int) sheetCell {
	f := c.value.(SheetsFormula)
	home := c.homeOf(f)
	if home == nil {
		home = &sheetHome{tab: from.id, shows: f.Shows}
	}
	source := sheetShifted(f.Source, rows, cols)
	shows := home.shows
	switch {
	case strings.Contains(source, sheetNoRef):
		shows = SheetsError(sheetNoRef)
	case to.id != home.tab && sheetReadsOwnTab(source):
		shows = 0.0
	}
	c.value = SheetsFormula{Source: source, Shows: shows}
	c.home = &sheetHome{tab: home.tab, shows: home.shows, source: source}
	return c
}

// renameInFormulas keeps references to a tab that gets another title.
func (b *sheetBook) renameInFormulas(old, title string) {
	quoted := "'" + strings.ReplaceAll(title, "'", "''") + "'!"
	b.mapFormulas(func(_ *sheetTab, source string) string {
		return sheetRenameRefs(source, old, quoted)
	})
}

func sheetRenameRefs(source, old, quoted string) string {
	return sheetTokens.ReplaceAllStringFunc(source, func(token string) string {
		title, isTab := strings.CutSuffix(token, "!")
		if isTab && strings.EqualFold(strings.ReplaceAll(strings.Trim(title, "'"), "''", "'"), old) {
			return quoted
		}
		return token
	})
}

// dropInFormulas turns the references to a deleted tab into errors.
func (b *sheetBook) dropInFormulas(title string) {
	b.mapFormulas(func(_ *sheetTab, source string) string {
		return sheetMapRefs(source, func(tab string, s sheetSpan) (sheetSpan, bool) {
			return s, tab == "" || !strings.EqualFold(tab, title)
		})
	})
}
