package sheet

import "slices"

// giveBack puts rows that went by mistake into fresh rows, where they stood if
// the table is still long enough: nobody's cell is in a row that was just
// inserted. A row with a formula comes back under its old number even so, since a
// copy to another one would shift what the formula refers to. Columns that a formula fills by itself are left to it. It says what
// came back, since columns may move at that very moment.
func (p *present) giveBack(b *batch, j *journal, list []int) []intent {
	home := homes(keysOf(j.headers), p.headers)
	end := max(len(p.rows), p.header+1) // below the last row
	var back []intent
	for _, i := range list {
		row := j.intents[i].Row
		top := max(row, p.header+1) // the header row itself may have gone: then nothing stands above
		if !slices.ContainsFunc(j.cells[i], computes) {
			top = min(top, end)
		}
		b.extend(p.id, rowsOf, p.gridTop, top+1)
		p.gridTop = max(p.gridTop, top+1) + 1
		end = max(end, top) + 1
		b.insert(p.id, rowsOf, top, 1)
		places, width := j.places(i, home, p.width)
		b.extend(p.id, columnsOf, p.width, width)
		p.width = width
		for _, r := range runs(places) {
			b.paste(pasteAll, area{tab: j.Picture, top: row, bottom: row + 1, left: r.from, right: r.from + r.n}, p.id, top, r.to)
		}
		back = append(back, j.comeback(i, top, places))
	}
	return back
}

// places says where the cells of a row that goes back belong, and how wide the
// grid must be for it: what has lost its column goes right of everything.
func (j *journal) places(i int, home []int, width int) (list []int, needs int) {
	for column, cell := range j.cells[i] {
		to, ok := at(home, column)
		switch {
		case spilled(cell), !entered(cell) && (!ok || to >= width):
			to = -1
		case !ok, to >= width:
			to = width
			width++
		}
		list = append(list, to)
	}
	return list, width
}

// comeback is the intent of a row that goes back into row top, its cells into these places.
func (j *journal) comeback(i, top int, places []int) intent {
	in := intent{Kind: returned, Row: top, Was: content{}, From: map[int]source{}}
	for column, to := range places {
		if to < 0 || !entered(j.cells[i][column]) {
			continue
		}
		in.From[to] = j.source(i, column)
		in.Was[to] = in.From[to].Shows
		if j.computed(i, column) {
			in.Loose = append(in.Loose, to)
		}
	}
	return in
}

// straighten moves the cells of rows that came back under wrong headers to their columns.
func (p *present) straighten(j *journal, list []int) []edit {
	stood, wanted := homes(keysOf(j.headers), p.headers), homes(j.Keys, p.headers)
	var edits []edit
	for _, i := range list {
		in := j.intents[i]
		now := restore{looks: in.Was, edit: i, row: in.Row, loose: in.loose(), cells: in.From}.moved(stood)
		row, found := p.find(now, nil)
		if !found || slices.ContainsFunc(edits, func(e edit) bool { return e.Row == row }) {
			continue
		}
		e := edit{intent: intent{Kind: amended, Row: row, Was: p.rows[row], Wrote: content{}, Restores: true, From: map[int]source{}}}
		for column := range now.loose {
			e.Loose = append(e.Loose, column)
		}
		for column := range now.cells {
			e.Wrote[column], e.From[column] = "", source{}
		}
		for column, s := range in.From {
			if to, ok := at(wanted, column); ok {
				e.Wrote[to], e.From[to] = s.Shows, s
			}
		}
		edits = append(edits, e)
	}
	return edits
}
