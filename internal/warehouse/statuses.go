package warehouse

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"pi-manager/internal/ecm"
)

const (
	maxStatusLength = 256     // bytes; the warehouse's own are 64 at most
	maxStatusRows   = 200_000 // of an answer; ours has one an order
)

// question is whom to ask about.
type question struct {
	ids     map[string]bool // every order asked for
	askable []string        // those whose ids can stand in a warehouse at all, in the order they came
}

// newQuestion takes each id once and leaves blank ones out. The ids come from a sheet that people write in: what no
// warehouse can hold is not sent, since it would only spoil the question for the others.
func newQuestion(ids []string) question {
	asked := question{ids: make(map[string]bool, len(ids))}
	for _, id := range ids {
		if strings.TrimSpace(id) == "" || asked.ids[id] {
			continue
		}
		asked.ids[id] = true
		if utf8.ValidString(id) && !strings.ContainsRune(id, 0) && utf8.RuneCountInString(id) <= maxIDLength {
			asked.askable = append(asked.askable, id)
		}
	}
	return asked
}

// statuses collects an answer about orders, row by row, over as many statements as it takes.
type statuses struct {
	answer ecm.Statuses
	asOf   time.Time // UTC
	asked  map[string]bool
	names  []string // of the columns
	id     int      // positions of the columns; -1 where there is none
	status int
	newest int
	export bool   // the rows are more orders than those asked for, so their times tell how new the data is
	ofRow  bool   // newest is the time of the row's own order
	latest string // the text that told the newest time so far: the same one often comes again and again
	rows   int
	fault  error // why the answer cannot be used
}

func newStatuses(source string, asOf time.Time, asked question) *statuses {
	return &statuses{
		asOf: asOf.UTC(), asked: asked.ids,
		answer: ecm.Statuses{Source: source, Asked: len(asked.ids), ByID: make(map[string]string, len(asked.ids))},
	}
}

// begin finds the columns by name, as readHeader does.
func (s *statuses) begin(names []string) error {
	s.names = cleanNames(names)
	if err := checkNames(s.names, missingNames(s.names, []string{"order_id", "order_status"})); err != nil {
		return permanent("correct the names of its columns", "%s: %w", s.answer.Source, err)
	}
	s.id, s.status = slices.Index(s.names, "order_id"), slices.Index(s.names, "order_status")
	s.newest = slices.Index(s.names, "newest_order_at")
	for _, name := range [...]string{"created_at", "updated_at"} {
		if s.export && s.newest < 0 {
			s.newest, s.ofRow = slices.Index(s.names, name), true
		}
	}
	return nil
}

// add takes the next row. A row without an id tells of no order; it may still tell how new the data is.
func (s *statuses) add(values []string) {
	s.rows++
	switch {
	case s.fault != nil:
	case len(values) != len(s.names):
		s.setAside(fmt.Sprintf("row %d: %d values for %d columns", s.rows, len(values), len(s.names)))
	case s.rows > maxStatusRows:
		s.fail("write order_id IN (:ids) into the query", "more than %d rows; orders asked for: %d", maxStatusRows, len(s.asked))
	default:
		s.learn(values[s.id], values[s.status])
		if s.newest >= 0 {
			s.date(values[s.newest])
		}
	}
}

// setAside ends the answer: the order that a broken row tells of may be one that was asked for.
func (s *statuses) setAside(detail string) { s.fail("correct the row", "%s", detail) }

// fail keeps the first fault.
func (s *statuses) fail(mend, format string, arguments ...any) {
	if s.fault == nil {
		s.fault = permanent(mend, "%s: %s", s.answer.Source, fmt.Sprintf(format, arguments...))
	}
}

// learn takes the status of an order that was asked for.
func (s *statuses) learn(id, status string) {
	if !s.asked[id] {
		return
	}
	if len(status) > maxStatusLength || !utf8.ValidString(status) {
		s.fail("correct the column order_status", "order %s has the status %s, which is none", shown(id), shown(status))
		return
	}
	if before, known := s.answer.ByID[id]; known && before != status {
		s.fail("one row an order: the latest", "order %s is both %s and %s", shown(id), shown(before), shown(status))
		return
	}
	s.answer.ByID[strings.Clone(id)] = strings.Clone(status)
}

// result is the whole answer. An order without a status is as good as unknown.
func (s *statuses) result() ecm.Statuses {
	maps.DeleteFunc(s.answer.ByID, func(_, status string) bool { return strings.TrimSpace(status) == "" })
	return s.answer
}

// date takes a time that says how new the data is. An order that is made only after the as-of time says nothing.
func (s *statuses) date(text string) {
	if text = strings.TrimSpace(text); text == "" || text == s.latest {
		return
	}
	at, err := ecm.ParseTime(text)
	if err != nil {
		s.fail("correct the column "+s.names[s.newest], "row %d: %v", s.rows, err)
		return
	}
	if at.After(s.answer.Newest) && (!s.ofRow || !at.After(s.asOf)) {
		s.answer.Newest, s.latest = at, strings.Clone(text)
	}
}
