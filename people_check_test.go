package main

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"pi-manager/internal/ecm"
	"pi-manager/internal/fake"
)

// headerWord is a header without what does not matter in it.
func headerWord(text string) string { return strings.ToLower(strings.Join(strings.Fields(text), "")) }

// shownIn is what a cell shows.
func shownIn(v any) any {
	switch v := v.(type) {
	case fake.SheetsFormula:
		return shownIn(v.Shows)
	case fake.SheetsError:
		return string(v)
	}
	return v
}

var cellName = regexp.MustCompile(`\b([A-Z]{1,2})(\d+)\b`)

// settledCell is a cell's content wherever its row stands: a formula says # of its own row.
func settledCell(v any, row int) any {
	f, computes := v.(fake.SheetsFormula)
	switch {
	case v == false:
		return nil // a checkbox that nobody has ticked: a column of them is filled in rows that nobody has written
	case !computes:
		return v
	}
	return "formula " + cellName.ReplaceAllStringFunc(f.Source, func(name string) string {
		if m := cellName.FindStringSubmatch(name); m[2] == strconv.Itoa(row) {
			return m[1] + "#"
		}
		return name
	})
}

// line is a row that stands somewhere.
type line struct {
	number int
	cells  []any
}

func (l line) at(column int) any {
	if column < len(l.cells) {
		return l.cells[column]
	}
	return nil
}

// words are the contents of a row, sorted, whatever the columns.
func (l line) words() string {
	var list []string
	for _, v := range l.cells {
		if v != nil {
			list = append(list, fmt.Sprint(v))
		}
	}
	slices.Sort(list)
	return strings.Join(list, "|")
}

// linesOf sorts the rows of a tab by name; rows that the runs of this case wrote come apart.
func (o *office) linesOf(s *fake.Sheets, tab string) (named map[string][]line, ours []line) {
	named = map[string][]line{}
	if !slices.Contains(s.Titles(), tab) {
		return named, nil
	}
	for i, row := range s.Rows(tab) {
		l := line{number: i + 1}
		for _, v := range row {
			l.cells = append(l.cells, settledCell(v, i+1))
		}
		switch {
		case l.words() == "":
		case slices.ContainsFunc(row, o.isOurs), strings.HasPrefix(nameOf(row), "NEW") && o.before != nil && o.before[nameOf(row)] == nil:
			ours = append(ours, l)
		default:
			named[nameOf(row)] = append(named[nameOf(row)], l)
		}
	}
	return named, ours
}

func (o *office) isOurs(v any) bool {
	text, _ := v.(string)
	return strings.HasPrefix(text, "triage/by hand ") && !o.known[text]
}

// sight is both spreadsheets at one moment.
type sight struct {
	want, got             fake.SheetsModel
	wantRows, gotRows     map[string][]line // of Assignments, by name
	ours                  []line
	wantThere, isArchived bool
}

func (o *office) look() {
	v := sight{want: o.twin.Model(), got: o.s.Model()}
	v.wantThere, v.isArchived = v.want[o.tab] != nil, v.got[o.archive] != nil
	v.wantRows, _ = o.linesOf(o.twin, o.tab)
	v.gotRows, v.ours = o.linesOf(o.s, o.tab)
	o.seen = v
}

// untouched says whether people left a row as it was before the run, but for where it stands.
func (o *office) untouched(name string) bool {
	now := o.seen.wantRows[name]
	return len(now) == 1 && len(o.before[name]) == 1 && now[0].words() == o.before[name][0].words()
}

// holds says whether a cell of a name's row has the words in it.
func (o *office) holds(name, words string) bool {
	for _, l := range o.seen.gotRows[name] {
		for _, v := range l.cells {
			if text, ok := v.(string); ok && strings.Contains(text, words) {
				return true
			}
		}
	}
	return false
}

// compare holds the spreadsheet against its twin: nothing of people's is lost or
// changed, nothing of ours stands in a wrong row, nobody got an order twice.
func (o *office) compare() []string {
	o.look()
	problems := o.compareTabs()
	if !o.seen.wantThere {
		return problems
	}
	want, got := o.seen.wantRows, o.seen.gotRows
	headers, stored := o.headers(), o.stored()
	for name, rows := range want {
		problems = append(problems, o.compareRows(name, headers, rows, got[name], stored[name])...)
	}
	for name, rows := range got {
		if want[name] == nil {
			problems = append(problems, fmt.Sprintf("%d rows of %q are there again: %v", len(rows), name, rows[0].cells))
		}
	}
	for name := range stored {
		if want[name] == nil {
			problems = append(problems, fmt.Sprintf("%q is in the archive", name))
		}
	}
	problems = append(problems, o.compareNotes()...)
	return append(problems, o.checkOurs(headers, want, o.seen.ours)...)
}

// headers are the words over the twin's columns, and where there is no header row any more, those of before.
func (o *office) headers() []string {
	header := o.began[startTab][0]
	for _, row := range o.twin.Rows(o.tab) {
		if slices.ContainsFunc(row, func(v any) bool { return v == "Diagnosis" }) && len(row) > 8 {
			header = row
			break
		}
	}
	words := make([]string, len(header))
	for i, v := range header {
		words[i] = fmt.Sprint(v)
		if was := o.renamed[words[i]]; was != "" {
			words[i] = was
		}
	}
	return words
}

// compareRows: each row of a name is there once, as it was or as the run may have left it.
func (o *office) compareRows(name string, headers []string, want, got []line, stored []map[string]any) (problems []string) {
	effect := o.work.effects[name]
	if len(stored) > 0 && effect != archives {
		return []string{name + " is in the archive"}
	}
	if n := len(got) + len(stored); n > len(want) || n < len(want) && effect != goesAway && !(o.gone && effect == archives) {
		problems = append(problems, fmt.Sprintf("%q: %d rows and %d in the archive, people left %d", name, len(got), len(stored), len(want)))
	}
	left := slices.Clone(want)
	take := func(fits func(line) string, what any) {
		best := ""
		for i, l := range left {
			reason := fits(l)
			if reason == "" {
				left = slices.Delete(left, i, i+1)
				return
			}
			if best == "" || len(reason) < len(best) {
				best = reason
			}
		}
		if len(left) > 0 {
			problems = append(problems, fmt.Sprintf("%q: %s (%v)", name, best, what))
		}
	}
	for _, g := range got {
		take(func(w line) string { return o.fits(name, headers, w, g) }, g.cells)
	}
	for _, s := range stored {
		take(func(w line) string { return o.fitsStored(headers, w, s) }, s)
	}
	return problems
}

// fits says what does not: a cell that is neither as people left it nor as the run may write it.
func (o *office) fits(name string, headers []string, want, got line) string {
	var wrong []string
	for column := range max(len(want.cells), len(got.cells)) {
		w, g := want.at(column), got.at(column)
		header := ""
		if column < len(headers) {
			header = headers[column]
		}
		added := column >= len(headers) && w == nil && (o.retimed && isTime(text(g)) || name == "" && (g == "Resolved At" || g == "Run ID"))
		if w == g || added || o.mayWrite(name, header, w, g) {
			continue
		}
		wrong = append(wrong, fmt.Sprintf("%s%d %s is %v, want %v", columnName(column), got.number, header, g, w))
	}
	return strings.Join(wrong, "; ")
}

// mayWrite says whether a run may have written a cell over what stood there. What a person
// has typed since the run read the sheet is theirs.
func (o *office) mayWrite(name, header string, was, is any) bool {
	if o.typed[name+"/"+header] && !o.readSince() {
		return false
	}
	before, after := text(was), text(is)
	status, known := ecm.ParseStatus(before)
	switch o.work.effects[name] {
	case closes:
		return header == "Status" && known && status.Working() && after == "RESOLVED" ||
			header == "Resolved At" && before == "" && isTime(after) ||
			header == "Notes" && (was == nil || before != "") &&
				(after == strings.TrimPrefix(before+"; self-healed", "; ") || after == strings.TrimPrefix(before+"; self-healed; self-healed", "; ")) // it was taken up again
	case isTimed:
		return header == "Resolved At" && was == nil && isTime(after)
	case reopens:
		return header == "Status" && before == "RESOLVED" && slices.Contains([]string{"OPEN", "in progress"}, after) ||
			header == "Resolved At" && isTime(before) && is == nil ||
			header == "Notes" && before == strings.TrimPrefix(after+"; self-healed", "; ")
	}
	return false
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

func isTime(s string) bool {
	_, err := ecm.ParseTime(s)
	return err == nil
}

// readSince says whether a run has read the sheet after the hand and before it wrote.
func (o *office) readSince() bool {
	read := false
	for _, c := range o.calls[min(max(o.handAt, 0), len(o.calls)):] {
		read = read || strings.HasPrefix(c.Method, "spreadsheets.values.")
		if read && slices.Contains(c.Requests, "appendCells") {
			return true
		}
	}
	return false
}

// stored are the rows of the archive by name, each by header.
func (o *office) stored() map[string][]map[string]any {
	list := map[string][]map[string]any{}
	if !o.seen.isArchived {
		return list
	}
	rows := o.s.Rows(o.archive)
	for _, row := range rows[min(1, len(rows)):] {
		record := map[string]any{}
		for i, v := range row {
			if v != nil && i < len(rows[0]) {
				header := fmt.Sprint(rows[0][i])
				if was := o.renamed[header]; was != "" {
					header = was
				}
				record[header] = shownIn(v)
			}
		}
		if len(record) > 0 {
			list[nameOf(row)] = append(list[nameOf(row)], record)
		}
	}
	return list
}

// fitsStored: an archived row has all that stood in it, and what its formulas showed.
func (o *office) fitsStored(headers []string, want line, got map[string]any) string {
	var wrong []string
	for column, w := range want.cells {
		if column >= len(headers) || w == nil || headers[column] == "<nil>" {
			if w != nil {
				wrong = append(wrong, fmt.Sprintf("%v has no column in the archive", w))
			}
			continue
		}
		g := got[headers[column]]
		if f, computes := w.(string); computes && strings.HasPrefix(f, "formula ") {
			if g == nil {
				wrong = append(wrong, headers[column]+" is blank in the archive")
			}
		} else if g != w {
			wrong = append(wrong, fmt.Sprintf("%s is %v in the archive, want %v", headers[column], g, w))
		}
	}
	return strings.Join(wrong, "; ")
}

// compareTabs: every tab of people's is there, and but for Assignments as they left it.
func (o *office) compareTabs() (problems []string) {
	want, got := o.seen.want, o.seen.got
	for title, cells := range want {
		switch {
		case got[title] == nil:
			problems = append(problems, fmt.Sprintf("the tab %q is gone", title))
		case title == o.tab, isJournal(title):
		case title == "Runs" || title == "Log of the robot" || title == o.archive:
			problems = append(problems, o.lostWords(title, cells, got[title])...)
		case title == "ECM Dashboard":
			problems = append(problems, changedOutside(cells, got[title])...)
		default:
			if title == "Copy of "+startTab {
				cells = o.copied
			}
			for _, change := range (fake.SheetsModel{title: cells}).Changes(fake.SheetsModel{title: got[title]}) {
				if len(cells) > 0 {
					problems = append(problems, change+" was changed")
				}
			}
		}
	}
	for title := range got {
		if want[title] == nil && !isJournal(title) && title != o.archive && !slices.Contains([]string{"Assignments", "Agents", "Runs", "Resolutions", "Escalations", "ECM Dashboard", "Archive", "Archive 2"}, title) {
			problems = append(problems, fmt.Sprintf("a tab %q has come", title))
		}
	}
	return problems
}

func isJournal(title string) bool { return strings.HasPrefix(title, "pi-manager journal") }

// lostWords: what people wrote into a tab of ours is still in it.
func (o *office) lostWords(title string, want, got map[string]any) (problems []string) {
	left := map[any]int{}
	for _, v := range got {
		left[v]++
	}
	for cell, v := range want {
		if text, ok := v.(string); ok && strings.HasPrefix(text, "ours? ") {
			if left[v]--; left[v] < 0 {
				problems = append(problems, fmt.Sprintf("%s!%s %q is gone", title, cell, text))
			}
		}
	}
	return problems
}

var boardCell = regexp.MustCompile(`^[ABDEGH]\d+$`)

func changedOutside(want, got map[string]any) (problems []string) {
	for _, change := range (fake.SheetsModel{"": want}).Changes(fake.SheetsModel{"": got}) {
		if !boardCell.MatchString(strings.TrimPrefix(change, "!")) {
			problems = append(problems, "ECM Dashboard"+change+" was changed")
		}
	}
	return problems
}

// compareNotes: a note that is pinned on a cell stays with its row.
func (o *office) compareNotes() (problems []string) {
	want := notesOf(o.seen.want[o.tab], o.seen.wantRows)
	got := notesOf(o.seen.got[o.tab], o.seen.gotRows)
	if o.seen.isArchived && len(got) < len(want) {
		stored, _ := o.linesOf(o.s, o.archive)
		got = append(got, notesOf(o.seen.got[o.archive], stored)...)
	}
	slices.Sort(want)
	slices.Sort(got)
	if o.work.effects[o.work.target] != goesAway && !slices.Equal(want, got) {
		problems = append(problems, fmt.Sprintf("notes on cells: %q, want %q", got, want))
	}
	return problems
}

// notesOf are the notes of a tab, each with the name of its row.
func notesOf(cells map[string]any, rows map[string][]line) (list []string) {
	for cell, v := range cells {
		place, isNote := strings.CutSuffix(cell, " note")
		if !isNote {
			continue
		}
		n, _ := strconv.Atoi(strings.TrimLeft(place, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
		for name, lines := range rows {
			if slices.ContainsFunc(lines, func(l line) bool { return l.number == n }) {
				list = append(list, fmt.Sprint(name, ": ", v))
			}
		}
	}
	return list
}

// checkOurs: a new row is whole, for an order that is stuck, that has no other row
// of ours and none of people's that is not resolved.
func (o *office) checkOurs(headers []string, want map[string][]line, ours []line) (problems []string) {
	seen := map[string]int{}
	for _, l := range ours {
		id := o.under(headers, l, "Order ID")
		seen[id]++
		switch {
		case !slices.Contains(o.orders, id):
			problems = append(problems, fmt.Sprintf("a row of ours is for %q: %v", id, l.cells))
		case o.stuck || o.breaks: // they wait for what people have to mend
		case o.under(headers, l, "Status") != "OPEN" || !slices.Contains([]string{"ana@example.com", "bo@example.com"}, o.under(headers, l, "Assigned Agent")) ||
			o.under(headers, l, "Currency") != "AED" || o.under(headers, l, "Diagnosis") != "manual_review":
			problems = append(problems, fmt.Sprintf("a row of ours is not whole: %v under %v", l.cells, headers))
		}
		for _, row := range want[id] {
			if o.under(headers, row, "Order ID") == id && o.under(headers, row, "Status") != "RESOLVED" && id != o.away {
				problems = append(problems, id+" has a row that is not resolved, and got another one")
			}
		}
	}
	for id, n := range seen {
		if n > 1 {
			problems = append(problems, fmt.Sprintf("%s was assigned %d times", id, n))
		}
	}
	return problems
}

// under is what stands in a row under a header.
func (o *office) under(headers []string, l line, header string) string {
	for i, h := range headers {
		if headerWord(h) == headerWord(header) {
			return text(l.at(i))
		}
	}
	return ""
}

// journals are the hidden tabs that a run has left.
func (o *office) journals() []string {
	return slices.DeleteFunc(o.s.Titles(), func(title string) bool { return !isJournal(title) })
}
