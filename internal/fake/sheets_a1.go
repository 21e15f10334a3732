package fake

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// sheetBox is a rectangle in a grid, half open and zero based.
type sheetBox struct{ top, left, bottom, right int }

// a1 reads 'My tab'!A2:C, Tab!B5 or Tab. A range that starts outside the grid is
// refused; one that only ends outside is cut to it.
func (b *sheetBook) a1(text string) (*sheetTab, sheetBox, error) {
	title, cells := sheetSplitA1(text)
	t := b.byTitle(title)
	if t == nil {
		return nil, sheetBox{}, sheetRefuse(http.StatusBadRequest, "Unable to parse range: %s", text)
	}
	box := sheetBox{bottom: t.height, right: t.width}
	if cells == "" {
		return t, box, nil
	}
	box, ok := t.box(cells)
	if !ok {
		return nil, sheetBox{}, sheetRefuse(http.StatusBadRequest, "Unable to parse range: %s", text)
	}
	if box.top >= t.height || box.left >= t.width {
		return nil, sheetBox{}, sheetRefuse(http.StatusBadRequest,
			"Range (%s) exceeds grid limits. Max rows: %d, max columns: %d", text, t.height, t.width)
	}
	box.bottom, box.right = min(box.bottom, t.height), min(box.right, t.width)
	return t, box, nil
}

// sheetSplitA1 takes the tab's title off, quoted or not.
func sheetSplitA1(text string) (title, cells string) {
	if rest, quoted := strings.CutPrefix(text, "'"); quoted {
		end := strings.LastIndex(rest, "'")
		if end < 0 {
			return text, ""
		}
		return strings.ReplaceAll(rest[:end], "''", "'"), strings.TrimPrefix(rest[end+1:], "!")
	}
	title, cells, _ = strings.Cut(text, "!")
	return title, cells
}

// box reads A1, A1:B2, A:C, 2:3 or A2:C.
func (t *sheetTab) box(cells string) (sheetBox, bool) {
	from, to, isRange := strings.Cut(cells, ":")
	left, top, ok := sheetCorner(from)
	if !ok {
		return sheetBox{}, false
	}
	if !isRange && (left == 0 || top == 0) {
		return sheetBox{}, false // B alone names no cell
	}
	right, bottom := left, top
	if isRange {
		if right, bottom, ok = sheetCorner(to); !ok {
			return sheetBox{}, false
		}
	}
	box := sheetBox{top: max(top-1, 0), left: max(left-1, 0), bottom: bottom, right: right}
	if bottom == 0 {
		box.bottom = max(t.height, box.top+1)
	}
	if right == 0 {
		box.right = max(t.width, box.left+1)
	}
	return box, box.top < box.bottom && box.left < box.right
}

var sheetCornerForm = regexp.MustCompile(`^([A-Za-z]{0,3})([0-9]*)$`)

// sheetCorner reads a column and a row, both from 1; 0 where one is not given.
func sheetCorner(text string) (col, row int, ok bool) {
	m := sheetCornerForm.FindStringSubmatch(text)
	if m == nil || text == "" {
		return 0, 0, false
	}
	for _, c := range strings.ToUpper(m[1]) {
		col = col*26 + int(c-'A') + 1
	}
	row, _ = strconv.Atoi(m[2]) // digits, or nothing
	return col, row, true
}

// sheetColumn names a column: 0 is A, 26 is AA.
func sheetColumn(col int) string {
	name := ""
	for col++; col > 0; col = (col - 1) / 26 {
		name = string(rune('A'+(col-1)%26)) + name
	}
	return name
}

// a1 writes a rectangle as Google answers it; titles with anything but letters and digits are quoted.
func (t *sheetTab) a1(box sheetBox) string {
	title := t.title
	if strings.ContainsFunc(title, func(r rune) bool { return !('0' <= r && r <= '9' || 'a' <= r|0x20 && r|0x20 <= 'z') }) {
		title = "'" + strings.ReplaceAll(title, "'", "''") + "'"
	}
	return fmt.Sprintf("%s!%s%d:%s%d", title, sheetColumn(box.left), box.top+1, sheetColumn(box.right-1), box.bottom)
}
