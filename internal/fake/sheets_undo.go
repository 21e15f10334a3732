package fake

import "slices"

// sheetUndo takes the last edit of a person back. Others may have edited since: the
// cells come back where they are now, whatever stands in them by then.
type sheetUndo struct {
	tab   int
	box   sheetBox
	cells [][]sheetCell // what stood in the box
	gone  bool          // the rows of the box were deleted: they are inserted again
	order []int         // a sort instead: by new place, the old one, counted from the box's top
}

// shift keeps an undo on its cells; when they are deleted there is nothing left to take back.
func (u *sheetUndo) shift(tab int, kind string, at, by int) *sheetUndo {
	if u == nil || u.tab != tab {
		return u
	}
	moved := *u
	if u.gone {
		if kind == "ROW" && u.box.top > at {
			moved.box.top = max(at, u.box.top+by)
		}
		return &moved
	}
	moved.box = u.box.shift(kind, at, by)
	if moved.box.bottom-moved.box.top != u.box.bottom-u.box.top || moved.box.right-moved.box.left != u.box.right-u.box.left {
		return nil
	}
	return &moved
}

// remember notes what stands in a box before a person edits it.
func (b *sheetBook) remember(t *sheetTab, box sheetBox) {
	u := &sheetUndo{tab: t.id, box: box}
	for row := box.top; row < box.bottom; row++ {
		line := make([]sheetCell, 0, box.right-box.left)
		for col := box.left; col < box.right; col++ {
			line = append(line, t.get(row, col))
		}
		u.cells = append(u.cells, line)
	}
	b.undo = u
}

// UndoLast is a person's undo of their own last edit: typing, putting, clearing, a note, deleted
// rows, a sort. It panics when there is none that can be taken back.
func (s *Sheets) UndoLast() {
	s.edit(func(b *sheetBook) {
		u := b.undo
		b.undo = nil
		if u == nil || b.byID(u.tab) == nil {
			panic("fake sheets: nothing to undo")
		}
		u.apply(b, b.byID(u.tab))
	})
}

func (u *sheetUndo) apply(b *sheetBook, t *sheetTab) {
	if u.order != nil {
		t.unsort(u.box.top, u.order)
		return
	}
	if u.gone {
		b.insertRows(t, u.box.top, len(u.cells))
	}
	for i, line := range u.cells {
		for j, c := range line {
			if !u.gone || !c.blank() {
				*t.at(u.box.top+i, u.box.left+j) = c
			}
		}
	}
}

// unsort puts rows back in their old order.
func (t *sheetTab) unsort(top int, order []int) {
	t.at(top+len(order)-1, 0)
	now := slices.Clone(t.rows[top : top+len(order)])
	for to, from := range order {
		t.rows[top+from] = sheetMovedRow(now[to], from-to)
	}
}
