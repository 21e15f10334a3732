package sheet

import (
	"maps"
	"slices"
)

// present is a tab as it stands when something in it is to be put right.
type present struct {
	page
	headers []string  // keys of its header row
	rows    []content // all rows of the tab, the header's too
	key     int       // column of the order id, or of what else names a row; -1 where there is none
	fault   error     // what keeps its headers from being read, once all is given back
}

// present prepares a table that was just read. Where an edit has hit the header
// row, that is still as the edit left it, or gone: it counts as it was before.
// Headers that people have deleted are no obstacle: what stood in their columns
// is gone, and all else goes back.
func (j *journal) present(t *table, v verdict) *present {
	hit := slices.Clone(t.rows)
	for _, r := range v.restores {
		if i := r.nearest(hit); r.top && i >= 0 {
			hit[i] = mended(hit[i], r)
		}
	}
	gone := slices.IndexFunc(v.returned, func(i int) bool { return j.intents[i].Row == j.top })
	if gone >= 0 {
		hit = slices.Insert(hit, min(j.top, len(hit)), j.rows[v.returned[gone]])
	}
	whole := table{tab: t.tab, id: t.id, name: t.name, gridTop: t.gridTop, gridEnd: t.gridEnd, rows: hit}
	fault := whole.findHeader()
	found := fault == nil || whole.guessHeader()
	p := presentOf(&whole)
	p.fault = fault
	if !found {
		p.withoutHeader(j, t)
	}
	if gone >= 0 {
		p.header = -1
	}
	p.rows = p.rows[:0]
	for _, row := range t.rows {
		p.rows = append(p.rows, contentOf(row))
	}
	return p
}

// withoutHeader takes the columns to stand where the journal had them: the header row itself is gone.
func (p *present) withoutHeader(j *journal, t *table) {
	p.header, p.headers, p.at = -1, keysOf(j.headers), map[string]int{}
	for column, key := range p.headers {
		if t.knows(key) {
			p.at[key] = column
		}
	}
	p.key = slices.Index(p.headers, headerKey(t.columns[0].header))
}

// nearest is the row that shares most words with the header row as we left it,
// in whatever columns they stand by now; -1 where none has half of them.
func (r restore) nearest(rows [][]any) int {
	words := map[string]bool{}
	for _, word := range r.looks {
		words[word] = word != ""
	}
	found, most := -1, len(words)/2
	for i, row := range rows {
		shared := 0
		for _, v := range row {
			if words[sign(v)] {
				shared++
			}
		}
		if shared > most {
			found, most = i, shared
		}
	}
	return found
}

// mended is a header row with the headers in it that we have overwritten.
func mended(row []any, r restore) []any {
	row = slices.Clone(row)
	for column, s := range r.cells {
		at := slices.IndexFunc(row, func(v any) bool { return sign(v) == r.looks[column] })
		if r.looks[column] == "" {
			at = column
		}
		if at >= 0 && at < len(row) && s.Text != nil {
			row[at] = *s.Text
		}
	}
	return row
}

// presentOf prepares a table that was just read.
func presentOf(t *table) *present {
	p := &present{page: page{title: t.title, id: t.id, header: max(t.header, 0), at: t.at, gridTop: int(t.gridTop), width: int(t.gridEnd)}, key: -1}
	for _, row := range t.rows {
		p.rows = append(p.rows, contentOf(row))
	}
	if p.header < len(t.rows) {
		p.headers = keysOf(t.rows[p.header])
	}
	if column, ok := t.at[headerKey(t.columns[0].header)]; ok {
		p.key = column
	}
	return p
}

// edits turns restores into edits of the rows as they stand now. What cannot be
// found is left out: people have deleted the row since, or overwritten the cells.
// Both restores of one edit may be for the same row, where columns have moved
// under it; the second one knows what the cells held at first.
func (p *present) edits(restores []restore) []edit {
	taken := map[int]int{} // edit that a row is restored from
	rows := map[int]edit{}
	for _, r := range restores {
		now := r.moved(homes(r.headers, p.headers))
		row, found := p.find(now, taken)
		if !found {
			continue
		}
		taken[row] = r.edit
		e, begun := rows[row]
		if !begun {
			e = edit{intent: intent{Kind: amended, Row: row, Was: p.rows[row], Wrote: content{}, Restores: true, From: map[int]source{}}}
		}
		for column := range now.loose {
			e.Loose = append(e.Loose, column)
		}
		for column, s := range now.cells {
			holds := p.rows[row][column]
			if first, undone := e.Wrote[column]; undone {
				holds = first
			}
			if holds == now.looks[column] { // else a person has written it since
				e.Wrote[column], e.From[column] = s.Shows, s
			}
		}
		rows[row] = e
	}
	return sorted(slices.Collect(maps.Values(rows)))
}

// homes finds for each old column where it is now: by its header, the n-th of its
// name; without a header at its old place, if that has none either. -1 is nowhere.
func homes(before, now []string) []int {
	places := map[string][]int{}
	for column, key := range now {
		if key != "" {
			places[key] = append(places[key], column)
		}
	}
	home := make([]int, len(before))
	for column, key := range before {
		home[column] = -1
		switch {
		case key != "" && len(places[key]) > 0:
			home[column], places[key] = places[key][0], places[key][1:]
		case key == "" && (column >= len(now) || now[column] == ""):
			home[column] = column
		}
	}
	return home
}

// at is where an old column is now. Columns right of all headers stay where they are.
func at(home []int, column int) (int, bool) {
	if column >= len(home) {
		return column, true
	}
	return home[column], home[column] >= 0
}

// moved is the restore in the columns of now.
func (r restore) moved(home []int) restore {
	out := restore{looks: content{}, edit: r.edit, row: r.row, top: r.top, loose: map[int]bool{}, cells: map[int]source{}}
	for column, word := range r.looks {
		if to, ok := at(home, column); ok {
			out.looks[to] = word
		}
	}
	for column := range r.loose {
		if to, ok := at(home, column); ok {
			out.loose[to] = true
		}
	}
	for column, s := range r.cells {
		if to, ok := at(home, column); ok {
			out.cells[to] = s
		}
	}
	return out
}

// find looks for the row of a restore: the one that differs least from what we
// left there. Of rows that say the same, any will do.
func (p *present) find(r restore, taken map[int]int) (row int, found bool) {
	least := 0
	for i, now := range p.rows {
		by, done := taken[i]
		if (i == p.header) != r.top || done && by != r.edit || !r.damaged(now) {
			continue
		}
		n := r.looks.differences(now, r.loose)
		if !p.plausible(r, i, n) {
			continue
		}
		if !found || n < least || n == least && i == r.row {
			row, least, found = i, n, true
		}
	}
	return row, found
}

// damaged says whether a cell of the row still holds what we wrote.
func (r restore) damaged(now content) bool {
	for column := range r.cells {
		if now[column] == r.looks[column] {
			return true
		}
	}
	return false
}

// plausible says whether a row with so many differences can be the one.
func (p *present) plausible(r restore, row, differences int) bool {
	if differences <= forgiven {
		return true
	}
	if name := r.looks[p.key]; p.key >= 0 && name != "" {
		return p.rows[row][p.key] == name
	}
	for column := range r.cells {
		if p.rows[row][column] != r.looks[column] {
			return false
		}
	}
	return row == r.row
}
