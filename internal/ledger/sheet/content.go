package sheet

import (
	"maps"
	"strconv"
	"strings"
)

// content is what a row holds, by column: a short word for each cell. A blank
// cell has no word, or an empty one.
type content map[int]string

// signedText is how much text a cell's word holds as it is; of more it holds a hash.
const signedText = 80

// sign is the word for a cell's value. It is the same however the cell is read:
// numbers come through two interfaces of Google's, so they count to the 15
// digits that Sheets itself keeps.
func sign(v any) string {
	switch v := v.(type) {
	case string:
		if len(v) > signedText {
			return "#" + mark(v)
		}
		if v != "" {
			return "'" + v
		}
	case float64:
		return strconv.FormatFloat(v, 'g', 15, 64)
	case bool:
		return strings.ToUpper(strconv.FormatBool(v))
	}
	return ""
}

// contentOf gives the words of a row's cells.
func contentOf(row []any) content {
	c := content{}
	for column, v := range row {
		if word := sign(v); word != "" {
			c[column] = word
		}
	}
	return c
}

// with is the content after some of its cells were written.
func (c content) with(written content) content {
	out := make(content, len(c)+len(written))
	maps.Copy(out, c)
	maps.Copy(out, written)
	return out
}

// differences counts the cells that two rows do not have alike. Columns in loose do not count.
func (c content) differences(other content, loose map[int]bool) int {
	n := 0
	for column, word := range c {
		if !loose[column] && other[column] != word {
			n++
		}
	}
	for column, word := range other {
		if _, compared := c[column]; !compared && word != "" && !loose[column] {
			n++
		}
	}
	return n
}
