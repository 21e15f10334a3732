package brief

import (
	"fmt"
	"slices"
	"time"

	"pi-manager/internal/ecm"
	"pi-manager/internal/progress"
)

// listRoom is the room of one line that lists what a number is made of. Whatever
// people typed, the lines at the top leave room for the warnings below them.
const listRoom = 200

// Report is the message to the whole team about how things stand: how much there
// is, what broke and what is about to, what moved; then what looks wrong.
//
// People are named in it and not mentioned: a message to everybody wakes nobody.
func Report(r *progress.Report, page Page) Message {
	s := newSituation(r, page)
	blocks := []Block{
		{Kind: Header, Lines: []Line{{plain("ECM progress · " + page.moment(r.AsOf))}}},
		{Kind: Section, Lines: s.head()},
	}
	room := briefingRoom - sizeOf(blocks) - footerSize(page)
	blocks = append(blocks, fitBlocks([][]Line{s.notes(), s.chores()}, room)...)
	return Message{Summary: s.summary(), Blocks: append(blocks, footer(page, s.thread()))}
}

// situation is a report in front of its readers.
type situation struct {
	*progress.Report
	page   Page
	people map[string]progress.Load // by ecm.AgentKey
}

func newSituation(r *progress.Report, page Page) *situation {
	s := &situation{Report: r, page: page, people: map[string]progress.Load{}}
	for _, l := range r.Agents {
		s.people[l.Agent.Key()] = l
	}
	return s
}

// head are the lines that are always there: the first two say how much there is
// and what is broken.
func (s *situation) head() []Line {
	lines := []Line{
		dots(s.count(progress.CountOpen, "open"), s.count(progress.CountInProgress, "in progress"), s.count(progress.CountEscalated, "escalated")),
		s.breachLine(),
	}
	if !s.Since.Next.IsZero() {
		lines = append(lines, s.soonLine())
	}
	lines = append(lines, s.closedLine(), s.highValueLine(), s.changeLine(), s.mixLine())
	if value := sums(nil, s.Value); len(value) > 0 {
		lines = append(lines, value)
	}
	return lines
}

func (s *situation) count(name, word string) Line {
	return Line{number(s.Counts[name]), plain(" " + word)}
}

// breachLine gives no all-clear that nobody can be sure of (F64).
func (s *situation) breachLine() Line {
	switch {
	case len(s.Breaches) > 0:
		head := append(counted(len(s.Breaches), "SLA breach", "SLA breaches"), plain(": "))
		return diagnoses(head, progress.ByDiagnosis(s.Breaches))
	case s.believed() && s.untimed() == 0:
		return Line{bold("No SLA is broken")}
	}
	return Line{bold("No SLA is known to be broken")}
}

// diagnoses lists counts by diagnosis; what does not fit is among the others, so
// that the parts add up.
func diagnoses(head Line, counts []progress.Count) Line {
	parts := make([]Line, len(counts))
	for i, c := range counts {
		parts[i] = Line{plain(fmt.Sprintf("%d %s", c.Count, diagnosis(c.Name, 30)))}
	}
	return listed(head, ", ", parts, func(from int) string { return fmt.Sprintf("%d others", total(counts[from:])) })
}

// diagnosis is what a row says, which may be nothing.
func diagnosis(name string, room int) string { return named(shorten(name, room), "no diagnosis") }

func (s *situation) soonLine() Line {
	head := Line{number(len(s.Soon)), plain(" will breach before " + s.page.clock(s.Since.Next, s.AsOf))}
	if len(s.Soon) == 0 {
		return head
	}
	counts := progress.ByAgent(s.Soon)
	parts := make([]Line, len(counts))
	for i, c := range counts {
		parts[i] = Line{plain(fmt.Sprintf("%s %d", s.name(c.Name, 30), c.Count))}
	}
	return listed(append(head, plain(": ")), ", ", parts, func(from int) string { return fmt.Sprintf("others %d", total(counts[from:])) })
}

func total(counts []progress.Count) int {
	sum := 0
	for _, c := range counts {
		sum += c.Count
	}
	return sum
}

// closedLine counts what was closed. Which orders healed by themselves only the
// warehouse knows.
func (s *situation) closedLine() Line {
	line := s.count(progress.CountResolved, "resolved by agents")
	if !s.believed() {
		return append(line, plain(" "+s.window()+" · self-healed: nobody can tell"))
	}
	return append(line, plain(" and "), number(s.Counts[progress.CountHealed]), plain(" self-healed "+s.window()))
}

// window is the time that the report looks back on.
func (s *situation) window() string {
	at, today := s.Since.At, s.page.sameDay(s.Since.At, s.AsOf)
	switch {
	case at.IsZero():
		return "so far"
	case s.Since.Counts == nil && today:
		return "today"
	case s.Since.Counts == nil:
		return "since " + s.page.clock(at, s.AsOf)
	case today:
		return "since the last report at " + s.page.clock(at, s.AsOf)
	}
	return "since the last report on " + s.page.clock(at, s.AsOf)
}

func (s *situation) highValueLine() Line {
	head := s.count(progress.CountHighValue, "high-value still open")
	value := ecm.Totals{}
	for _, t := range s.HighValue {
		value.Add(t.Row.Send)
	}
	if line := sums(append(head, plain(": ")), value); len(line) > 0 {
		return line
	}
	return head
}

// sums lists totals by currency; a row of a person's own may have none. Without
// any total there is no line.
func sums(head Line, value ecm.Totals) Line {
	var parts []Line
	for _, sum := range value.Sorted() {
		if sum.Currency != "" {
			parts = append(parts, Line{bold(shorten(sum.String(), 60))})
		}
	}
	if len(parts) == 0 {
		return nil
	}
	return listed(head, " · ", parts, func(int) string { return "more in other currencies" })
}

// changeLine leaves out what has not changed.
func (s *situation) changeLine() Line {
	var parts []Line
	compared := false
	for _, c := range [...]struct{ name, word string }{
		{progress.CountOpen, "open"}, {progress.CountInProgress, "in progress"}, {progress.CountEscalated, "escalated"},
		{progress.CountBreaches, "SLA breaches"}, {progress.CountHighValue, "high-value"},
	} {
		by, known := s.Change(c.name)
		compared = compared || known
		if known && by != 0 {
			parts = append(parts, Line{bold(fmt.Sprintf("%+d", by)), plain(" " + c.word)})
		}
	}
	switch {
	case !compared:
		return Line{plain("First report, nothing to compare with")}
	case len(parts) == 0:
		return Line{plain("The same numbers as in the last report")}
	}
	return append(dots(parts...), plain(" against the last report"))
}

// mixLine counts the work by priority; what people wrote in that cell may be none.
func (s *situation) mixLine() Line {
	var parts []Line
	none := len(s.Work)
	for _, p := range ecm.Priorities {
		parts = append(parts, Line{number(s.Priority[p]), plain(" " + p.String())})
		none -= s.Priority[p]
	}
	if none > 0 {
		parts = append(parts, Line{number(none), plain(" without a priority")})
	}
	return dots(parts...)
}

// notes are the lines that say what looks wrong, the most important first.
func (s *situation) notes() []Line {
	lines := s.warnings()
	if len(s.Full) > 0 {
		lines = append(lines, s.fullLine())
	}
	lines = append(lines, s.oddLines()...)
	for _, v := range s.Verdicts {
		if v.Level == ecm.LevelNotice {
			lines = append(lines, Line{plain("Notice: " + shorten(v.Message, 200))})
		}
	}
	return lines
}

// oddLines count the rows that need a second look.
func (s *situation) oddLines() []Line {
	var lines []Line
	if n := s.Counts[progress.CountCompleted]; n > 0 {
		lines = append(lines, counted(n, "completed and still open here: the next cleanup closes it", "completed and still open here: the next cleanup closes them"))
	}
	if n := s.Counts[progress.CountUnreadable]; n > 0 {
		lines = append(lines, counted(n, "unreadable row: its order stays reserved until it is mended", "unreadable rows: their orders stay reserved until they are mended"))
	}
	if n := s.untimed(); n > 0 {
		lines = append(lines, Line{number(n), plain(" without a readable Assigned At: nobody watches the SLA")})
	}
	return lines
}

// warnings say why the warehouse's answer is not believed.
func (s *situation) warnings() []Line {
	var lines []Line
	for _, v := range s.Verdicts {
		if doubtful(v) {
			lines = append(lines, Line{bold("Warning: "), plain(shorten(v.Message, 200))})
		}
	}
	return lines
}

func doubtful(v ecm.Verdict) bool { return v.Level == ecm.LevelWarning || v.Level == ecm.LevelStop }

func (s *situation) believed() bool { return !slices.ContainsFunc(s.Verdicts, doubtful) }

// untimed counts the work of which nobody knows when its clock began.
func (s *situation) untimed() int {
	n := 0
	for _, t := range s.Work {
		if t.Clock < 0 && !t.Completed {
			n++
		}
	}
	return n
}

func (s *situation) fullLine() Line {
	parts := make([]Line, len(s.Full))
	for i, l := range s.Full {
		parts[i] = Line{plain(fmt.Sprintf("%s %d/%d", s.name(l.Agent.Email, 30), l.Taken(), l.Capacity))}
	}
	head := append(counted(len(s.Full), "agent", "agents"), plain(" short of free slots: "))
	return listed(head, ", ", parts, func(from int) string { return fmt.Sprintf("%d more", len(parts)-from) })
}

// chores are what a person should mend in the sheet.
func (s *situation) chores() []Line {
	var lines []Line
	for _, warning := range slices.Concat(s.page.Warnings, s.Warnings) {
		lines = append(lines, Line{bold("Mend: "), plain(shorten(warning, 200))})
	}
	return lines
}

// summary is the report in one sentence, for the notification.
func (s *situation) summary() string {
	healed := fmt.Sprint(s.Counts[progress.CountHealed], " self-healed")
	if !s.believed() {
		healed = "the warehouse's answer is not believed"
	}
	return fmt.Sprintf("ECM progress: %d open, %d in progress, %d escalated, %d SLA breaches, %d resolved by agents, %s",
		s.Counts[progress.CountOpen], s.Counts[progress.CountInProgress], s.Counts[progress.CountEscalated], len(s.Breaches), s.Counts[progress.CountResolved], healed)
}

// thread says what is in the thread; without orders to point at there is none.
func (s *situation) thread() string {
	if len(s.Breaches)+len(s.Soon)+len(s.HighValue) == 0 {
		return ""
	}
	return "The orders to look at are in the thread."
}

// name is how an agent is called: by the Agents tab, else by the e-mail of the row.
func (s *situation) name(email string, room int) string {
	label := email
	if l, known := s.people[ecm.AgentKey(email)]; known {
		label = l.Agent.Label()
	}
	return named(shorten(label, room), named(shorten(email, room), "nobody"))
}

func (page Page) sameDay(a, b time.Time) bool {
	return a.In(page.Zone).Format(time.DateOnly) == b.In(page.Zone).Format(time.DateOnly)
}

// clock is a time of today, or of another day with its date.
func (page Page) clock(t, today time.Time) string {
	if page.sameDay(t, today) {
		return t.In(page.Zone).Format("15:04")
	}
	return t.In(page.Zone).Format("Mon 2 Jan, 15:04")
}
