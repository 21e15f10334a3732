package sheet

import (
	"maps"
	"slices"
)

// verdict is what a journal shows: what became of the edits, and what has to be put right.
type verdict struct {
	restores []restore
	archived []int // edits whose rows are to go to the archive
	returned []int // edits whose rows must go back: they were not the ones that were meant
	shifted  []int // rows that came back while columns moved
}

// restore gives cells of a row back what they held.
type restore struct {
	looks   content        // the row as we left it, in the columns that it had then
	headers []string       // keys of the headers of these columns; "" where there was none
	edit    int            // whose doing it was
	row     int            // index at which it stood then
	top     bool           // it is the header row
	loose   map[int]bool   // columns that do not count when it is looked for
	cells   map[int]source // by column
}

// forgiven is in how many cells a row may have been edited by people, within the
// moment between two calls, and still be taken for the same.
const forgiven = 2

// judge compares the rows that were hit with those that were meant.
func (j *journal) judge() verdict {
	var v verdict
	for i, in := range j.intents {
		switch {
		case in.Kind == returned && j.top >= 0 && !slices.Equal(keysOf(j.headers), j.Keys):
			v.shifted = append(v.shifted, i)
		case in.Kind == returned:
		case in.Restores:
			v.restores = append(v.restores, j.judgeRestore(i)...)
		case j.hit(i) && in.Kind == archived:
			v.archived = append(v.archived, i)
		case j.hit(i):
		case in.leaves():
			v.returned = append(v.returned, i)
		default:
			v.restores = append(v.restores, j.undo(i, in.columns()))
		}
	}
	return v
}

// hit says whether an edit hit the row that was meant, and nobody had touched its cells.
func (j *journal) hit(i int) bool {
	in, now := j.intents[i], contentOf(j.rows[i])
	loose := in.loose()
	switch {
	case !j.sameHeaders():
		return false
	case in.Kind == removed:
		return in.Was.differences(now, loose) == 0 && !slices.ContainsFunc(j.cells[i], computes)
	case in.Kind == archived && j.strays(now, loose):
		return false
	}
	for _, column := range in.columns() {
		if j.computed(i, column) || in.Was[column] != now[column] {
			return false
		}
	}
	for column := range j.Headers {
		if !loose[column] && in.Was[column] != now[column] {
			return false
		}
	}
	return true
}

// sameHeaders says whether our columns stood where they were taken to stand.
func (j *journal) sameHeaders() bool {
	if j.top < 0 {
		return false
	}
	for column, key := range j.Headers {
		if column >= len(j.headers) || headerKey(cellText(j.headers[column])) != key {
			return false
		}
	}
	return true
}

// strays says whether something stands in a column without a header: the archive has no place for it.
func (j *journal) strays(row content, loose map[int]bool) bool {
	for column := range row {
		if !loose[column] && (column >= len(j.headers) || headerKey(cellText(j.headers[column])) == "") {
			return true
		}
	}
	return false
}

// undo gives back what an edit has overwritten in these columns.
func (j *journal) undo(i int, columns []int) restore {
	in := j.intents[i]
	r := restore{
		looks: contentOf(j.rows[i]).with(in.Wrote), headers: keysOf(j.headers), edit: i, row: in.Row, top: in.Row == j.top,
		loose: in.loose(), cells: map[int]source{},
	}
	for _, column := range columns {
		r.cells[column] = j.source(i, column)
	}
	return r
}

// judgeRestore looks at an edit that gave cells back. Where it hit its row, a cell
// that a person overwrote in the last moment is theirs; where it did not, the row
// that it hit gets its own cells back, and the right one is looked for again.
func (j *journal) judgeRestore(i int) []restore {
	in, stood := j.intents[i], contentOf(j.rows[i])
	loose := in.loose()
	moved := j.top >= 0 && !j.sameHeaders() // without a header row, the content alone must tell
	if moved || in.Was.differences(stood, loose) > forgiven {
		again := restore{looks: in.Was, headers: j.assumed(), edit: i, row: in.Row, top: in.Row == j.Header, loose: loose, cells: in.From}
		return []restore{j.undo(i, in.columns()), again}
	}
	var theirs []int
	for _, column := range in.columns() {
		if !loose[column] && (stood[column] != in.Was[column] || j.computed(i, column)) {
			theirs = append(theirs, column)
		}
	}
	if len(theirs) == 0 {
		return nil
	}
	return []restore{j.undo(i, theirs)}
}

// assumed are the keys of our headers as the edits took them to stand.
func (j *journal) assumed() []string {
	var keys []string
	for _, column := range slices.Sorted(maps.Keys(j.Headers)) {
		keys = append(keys, make([]string, column-len(keys))...)
		keys = append(keys, j.Headers[column])
	}
	return keys
}

// keysOf are the keys of a header row, without trailing blanks.
func keysOf(headers []any) []string {
	keys := make([]string, len(headers))
	for i, h := range headers {
		keys[i] = headerKey(cellText(h))
	}
	for len(keys) > 0 && keys[len(keys)-1] == "" {
		keys = keys[:len(keys)-1]
	}
	return keys
}
