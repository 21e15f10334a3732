package fake

import (
	"fmt"
	"net/http"
	"slices"
)

// copyPaste copies a block of cells.
//
// PASTE_NORMAL brings values, formulas, formats and merges, by Google's words, and as the editor does
// it notes and validation too. PASTE_VALUES brings what the cells show, and leaves all else of the target as it is.
func (s *Sheets) copyPaste(b *sheetBook, req struct {
	Source, Destination sheetArea
	PasteType           string
	PasteOrientation    string
}) (any, error) {
	from, src, err := req.Source.box(b)
	if err != nil {
		return nil, fmt.Errorf("source: %w", err)
	}
	to, dst, err := req.Destination.box(b)
	if err != nil {
		return nil, fmt.Errorf("destination: %w", err)
	}
	if req.PasteOrientation == "TRANSPOSE" {
		return nil, sheetRefuse(http.StatusNotImplemented, "the fake does not transpose")
	}
	targets, err := to.targets(src, dst)
	if err != nil {
		return nil, err
	}
	for _, target := range targets {
		if err := s.pasteAs(req.PasteType, b, from, src, to, target); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

func (s *Sheets) pasteAs(kind string, b *sheetBook, from *sheetTab, src sheetBox, to *sheetTab, dst sheetBox) error {
	if err := s.mayEdit(to, dst.top, dst.left, dst.bottom, dst.right); err != nil {
		return err
	}
	switch kind {
	case "", "PASTE_NORMAL":
		merges := from.mergesWithin(src, dst)
		if err := to.unmerge(dst); err != nil {
			return err
		}
		err := s.paste(b, from, src, to, dst, sheetPasteAll)
		to.merges = append(to.merges, merges...)
		return err
	case "PASTE_VALUES":
		return s.paste(b, from, src, to, dst, sheetPasteShown)
	case "PASTE_FORMAT":
		return s.paste(b, from, src, to, dst, sheetPasteFormat)
	}
	return sheetRefuse(http.StatusNotImplemented, "the fake does not know %s", kind)
}

func (a sheetArea) box(b *sheetBook) (*sheetTab, sheetBox, error) {
	t, top, left, bottom, right, err := a.bounds(b)
	return t, sheetBox{top: top, left: left, bottom: bottom, right: right}, err
}

// targets are the blocks to paste to, each as large as the source: a target that is a
// multiple of it is filled with repetitions, a smaller one takes the whole source all the same.
func (t *sheetTab) targets(src, dst sheetBox) ([]sheetBox, error) {
	high, wide := src.bottom-src.top, src.right-src.left
	down, okDown := sheetTimes(high, dst.bottom-dst.top)
	right, okRight := sheetTimes(wide, dst.right-dst.left)
	if !okDown || !okRight {
		return nil, fmt.Errorf("destination: not a multiple of the source's %d rows and %d columns", high, wide)
	}
	if dst.top+down*high > t.height || dst.left+right*wide > t.width {
		return nil, fmt.Errorf("destination: the source exceeds grid limits. Max rows: %d, max columns: %d", t.height, t.width)
	}
	var targets []sheetBox
	for i := range down {
		for j := range right {
			top, left := dst.top+i*high, dst.left+j*wide
			targets = append(targets, sheetBox{top: top, left: left, bottom: top + high, right: left + wide})
		}
	}
	return targets, nil
}

// sheetTimes says how often a source goes into a target of another size. What happens to one that
// is larger and no multiple is written nowhere.
func sheetTimes(source, target int) (int, bool) {
	if target <= source {
		return 1, true
	}
	return target / source, target%source == 0
}

// sheetPasting puts a source cell on a target cell.
type sheetPasting func(to *sheetCell, from sheetCell, move sheetMove)

type sheetMove struct {
	from, to   *sheetTab
	rows, cols int
}

// sheetPasteAll puts the whole cell there. What an array formula shows arrives as a plain value.
func sheetPasteAll(to *sheetCell, from sheetCell, move sheetMove) {
	switch v := from.value.(type) {
	case SheetsFormula:
		from = sheetPastedFormula(from, move.from, move.to, move.rows, move.cols)
	case sheetSpilled:
		from.value = v.shows
	}
	from.spilled = to.spilled
	*to = from
}

func sheetPasteShown(to *sheetCell, from sheetCell, _ sheetMove) {
	to.value = sheetShown(from.value)
}

func sheetPasteFormat(to *sheetCell, from sheetCell, _ sheetMove) { to.format = from.format }

// paste copies cell by cell from a picture of the source, so that overlapping ranges do no harm.
// The validation that stands in the target counts, not the one that comes along.
func (s *Sheets) paste(b *sheetBook, from *sheetTab, src sheetBox, to *sheetTab, dst sheetBox, put sheetPasting) error {
	for i, line := range s.picture(b, from, src) {
		move := sheetMove{from: from, to: to, rows: dst.top + i - line.row, cols: dst.left - src.left}
		for j, c := range line.cells {
			if i+dst.top >= len(to.rows) && c.blank() || to.covered(dst.top+i, dst.left+j) {
				continue // nothing there, nothing comes; or nothing can
			}
			cell := to.at(dst.top+i, dst.left+j)
			rule := cell.rule
			put(cell, c, move)
			if err := (&sheetCell{value: cell.value, format: cell.format, rule: rule}).obeys(); err != nil {
				return err
			}
		}
	}
	return nil
}

// sheetLine is a copied row, and where it stood.
type sheetLine struct {
	row   int
	cells []sheetCell
}

// picture copies a rectangle out, blank cells included, and rows that a filter hides unless the fake was told otherwise.
func (s *Sheets) picture(b *sheetBook, t *sheetTab, box sheetBox) []sheetLine {
	var lines []sheetLine
	for row := box.top; row < box.bottom; row++ {
		if s.skipsFiltered && t.hiddenByFilter(row, b.locale) {
			continue
		}
		line := sheetLine{row: row}
		for col := box.left; col < box.right; col++ {
			line.cells = append(line.cells, t.view(row, col))
		}
		lines = append(lines, line)
	}
	return lines
}

// unmerge makes room for a paste. Nothing is pasted over a part of merged cells.
func (t *sheetTab) unmerge(box sheetBox) error {
	if slices.ContainsFunc(t.merges, func(m sheetBox) bool { return box.overlaps(m) && !box.covers(m) }) {
		return fmt.Errorf("You can't paste over a part of merged cells.")
	}
	t.merges = slices.DeleteFunc(t.merges, box.covers)
	return nil
}

// mergesWithin are the merged cells that lie whole in a range, as they will lie in another.
func (t *sheetTab) mergesWithin(src, dst sheetBox) []sheetBox {
	var merges []sheetBox
	down, right := dst.top-src.top, dst.left-src.left
	for _, m := range t.merges {
		if src.covers(m) {
			merges = append(merges, sheetBox{top: m.top + down, left: m.left + right, bottom: m.bottom + down, right: m.right + right})
		}
	}
	return merges
}

func (c sheetCell) blank() bool {
	return c.value == nil && c.format == nil && c.rule == nil && c.note == ""
}
