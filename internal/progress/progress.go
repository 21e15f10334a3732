// Package progress looks back: what moved since the last report, which SLAs broke
// or are about to, which orders healed by themselves. It also says what a cleanup
// closes, and what the dashboard shows.
//
// It is pure. The rows of the ledger and what the warehouse says of their orders
// go in; a Report, a Cleanup or an ecm.Board comes out. Package brief puts a
// report into words, package run commits the changes.
package progress

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"pi-manager/internal/book"
	"pi-manager/internal/ecm"
	"pi-manager/internal/policy"
)

// Input is everything that a look back is made from.
type Input struct {
	AsOf        time.Time // UTC; what "now" means
	Day         time.Time // UTC; when the team's day began
	Assignments []ecm.Assignment
	Unreadable  []Unreadable
	Agents      []ecm.Agent
	Resolutions []ecm.Resolution
	Seen        map[string]time.Time // when a run first found an order resolved that nobody had noted a time for
	Statuses    ecm.Statuses         // of the orders that are not resolved
	Policy      *policy.Policy
}

// Unreadable is a row that only a person can read.
type Unreadable struct {
	Row     int
	OrderID string
	Agent   string // whose slot it takes; empty for nobody's
	Reason  string
}

// Since is what a report compares with.
type Since struct {
	At     time.Time      // UTC; when the report before read the ledger, or the beginning of the day where there is none
	Counts map[string]int // of that report; nil where there is none
	Healed []string       // orders that it spoke of as completed while their rows were open
	Next   time.Time      // UTC; the slot that comes next; zero where that is not known
}

// Report is how things stand. Rows that are OPEN or IN_PROGRESS are the work; an
// escalated one has left its agent's hands, and is counted on its own.
type Report struct {
	AsOf      time.Time
	Since     Since
	Counts    map[string]int // by the names of the JSON result; kept in the run's record for the next report
	Work      []Ticket       // OPEN and IN_PROGRESS, in the order of the rows
	Escalated []ecm.Assignment
	Priority  map[ecm.Priority]int // of the work
	Diagnoses []Count              // of the work, most first
	Agents    []Load               // in the order of the Agents tab, then who is not in it
	Value     ecm.Totals           // of the work, by currency
	Breaches  []Ticket             // the worst first
	Soon      []Ticket             // will breach before the next slot; the soonest first
	Full      []Load               // on duty and above the policy's share of their slots, the fullest first
	HighValue []Ticket             // of the work, largest amount first
	Healed    []Healed             // completed without an agent, and not in the report before
	Completed []string             // orders that were told of as completed while their rows are open; kept in the run's record for the next report
	Verdicts  []ecm.Verdict        // on the warehouse's answer
	Seen      map[string]time.Time // orders that this report is the first to find resolved, with no time noted anywhere
	Warnings  []string
}

// Count is how many have a name.
type Count struct {
	Name  string
	Count int
}

// Healed is an order that completed without an agent.
type Healed struct {
	Row    ecm.Assignment
	Closed bool // its row was closed by a cleanup; else the next one does
}

// The names under which a report's numbers are kept.
const (
	CountOpen       = "open"
	CountInProgress = "in_progress"
	CountEscalated  = "escalated"
	CountResolved   = "resolved"    // by people, at a time since the last report, as far as a time is known
	CountHealed     = "self_healed" // since the last report
	CountBreaches   = "breaches"
	CountSoon       = "breaching_soon"
	CountHighValue  = "high_value_open"
	CountCompleted  = "completed_open" // OPEN or IN_PROGRESS in the ledger, and completed in the warehouse
	CountUnreadable = "unreadable"
)

// Make looks at everything. Whatever is wrong with a row is a number or a warning.
func Make(in Input, since Since) *Report {
	b := book.New(book.Input{Assignments: in.Assignments, Resolutions: in.Resolutions, Seen: in.Seen})
	r := &Report{
		AsOf: in.AsOf, Since: since, Counts: map[string]int{}, Priority: map[ecm.Priority]int{}, Value: ecm.Totals{}, Seen: map[string]time.Time{},
		Verdicts: believe(in, b), Warnings: b.Warnings,
	}
	if stops(r.Verdicts) {
		in.Statuses = ecm.Statuses{} // who has completed cannot be told
	}
	r.take(in, b)
	r.Breaches, r.Soon = breaches(r.Work, since.Next, in)
	r.HighValue = highValue(r.Work)
	r.Agents = loads(in, r)
	r.Full = full(r.Agents, in.Policy.Report.CapacityAbove)
	r.lookBack(in, b)
	r.Counts[CountBreaches], r.Counts[CountSoon], r.Counts[CountHighValue] = len(r.Breaches), len(r.Soon), len(r.HighValue)
	r.Counts[CountUnreadable] = len(in.Unreadable)
	return r
}

// take sorts the rows that are not resolved.
func (r *Report) take(in Input, b *book.Book) {
	r.Counts[CountOpen], r.Counts[CountInProgress], r.Counts[CountEscalated], r.Counts[CountCompleted] = 0, 0, 0, 0
	diagnoses := map[string]int{}
	for _, row := range b.Rows {
		r.Counts[strings.ToLower(string(row.Status))]++
		if !row.Status.Working() {
			r.Escalated = append(r.Escalated, *row)
			continue
		}
		t := newTicket(*row, in)
		r.Work = append(r.Work, t)
		r.Priority[row.Priority]++
		r.Value.Add(row.Send)
		diagnoses[row.Diagnosis]++
		if t.Completed {
			r.Counts[CountCompleted]++
			r.Completed = append(r.Completed, row.OrderID)
			r.heal(row, false)
		}
	}
	r.Diagnoses = counted(diagnoses)
	r.carryOver(b)
}

// carryOver keeps what earlier reports told of while its row is open, whatever
// this answer says: no later one must tell it again.
func (r *Report) carryOver(b *book.Book) {
	for _, id := range r.Since.Healed {
		if b.Active(id) != nil && !slices.Contains(r.Completed, id) {
			r.Completed = append(r.Completed, id)
		}
	}
}

// counted lists counts, most first.
func counted(counts map[string]int) []Count {
	list := make([]Count, 0, len(counts))
	for name, n := range counts {
		list = append(list, Count{name, n})
	}
	slices.SortFunc(list, func(a, b Count) int { return cmp.Or(b.Count-a.Count, strings.Compare(a.Name, b.Name)) })
	return list
}

// lookBack counts what was resolved since the last report. An order that nobody
// noted a time for counts when it is first seen resolved.
func (r *Report) lookBack(in Input, b *book.Book) {
	r.Counts[CountResolved] = 0
	for _, closed := range b.Closed(r.Since.At, in.AsOf) {
		if closed.At.IsZero() {
			if len(r.Seen) == maxSeen {
				continue
			}
			r.Seen[closed.Row.OrderID] = in.AsOf
		}
		if closed.Row.Healed() {
			r.heal(closed.Row, true)
		} else {
			r.Counts[CountResolved]++
		}
	}
	r.Counts[CountHealed] = len(r.Healed)
}

// maxSeen keeps the record of a run small; what is over is seen, and counted, by the next run.
const maxSeen = 300

// heal counts an order that completed without an agent, unless the report before
// has spoken of it while its row was still open.
func (r *Report) heal(row *ecm.Assignment, closed bool) {
	if !slices.Contains(r.Since.Healed, row.OrderID) {
		r.Healed = append(r.Healed, Healed{Row: *row, Closed: closed})
	}
}

// Change is how a number has moved since the last report; known is false where
// there is nothing to compare with.
func (r *Report) Change(name string) (by int, known bool) {
	before, known := r.Since.Counts[name]
	return r.Counts[name] - before, known
}

// Alert says whether the breaches are worth a message of their own.
func (r *Report) Alert(p *policy.Policy) bool { return len(r.Breaches) >= p.Report.AlertFrom }

// The names of the checks of the warehouse's answer.
const (
	CheckKnown = "orders known"
	CheckAge   = "warehouse age" // the one that nobody may accept
	CheckShare = "closed at once"
)

// believe judges the warehouse's answer before anything is made of it.
func believe(in Input, b *book.Book) []ecm.Verdict {
	if in.Statuses.Asked == 0 {
		return nil
	}
	return []ecm.Verdict{known(in), fresh(in), share(in, b)}
}

func stops(verdicts []ecm.Verdict) bool {
	return slices.ContainsFunc(verdicts, func(v ecm.Verdict) bool { return v.Level == ecm.LevelStop })
}

// share says whether so many of the open orders can have completed at once.
func share(in Input, b *book.Book) ecm.Verdict {
	open, done := 0, 0
	for _, row := range b.Rows {
		if !row.Status.Working() {
			continue
		}
		open++
		if _, ok := completed(row.OrderID, in); ok {
			done++
		}
	}
	v := ecm.Verdict{
		Check: CheckShare, Value: fmt.Sprintf("%d of %d", done, open), Level: ecm.LevelOK,
		Message: fmt.Sprintf("%d of the %d open orders have completed by themselves", done, open),
	}
	if above(done, open, in.Policy.Cleanup.MaxCloseShare) {
		v.Level = ecm.LevelStop
		v.Message += fmt.Sprintf("; more than %s at once looks wrong", in.Policy.Cleanup.MaxCloseShare.Percent())
	}
	return v
}

// known says whether the warehouse knows enough of the orders asked for (F64).
func known(in Input) ecm.Verdict {
	asked, missing := in.Statuses.Asked, in.Statuses.Asked-len(in.Statuses.ByID)
	v := ecm.Verdict{
		Check: CheckKnown, Value: fmt.Sprintf("%d of %d", asked-missing, asked), Level: ecm.LevelOK,
		Message: fmt.Sprintf("the warehouse knows %d of the %d open orders", asked-missing, asked),
	}
	if above(missing, asked, in.Policy.Cleanup.MaxMissingShare) {
		v.Level = ecm.LevelStop
		v.Message += fmt.Sprintf("; with more than %s missing its answer is not believed", in.Policy.Cleanup.MaxMissingShare.Percent())
	}
	return v
}

// fresh says whether the warehouse is up to date (F65).
func fresh(in Input) ecm.Verdict {
	v := ecm.Verdict{Check: CheckAge, Value: "not told", Level: ecm.LevelNotice, Message: "the query does not tell how fresh the warehouse is"}
	if in.Statuses.Newest.IsZero() {
		return v
	}
	age := max(in.AsOf.Sub(in.Statuses.Newest), 0)
	v.Value, v.Level = ecm.HoursText(age)+" h", ecm.LevelOK
	v.Message = "the newest order in the warehouse is " + v.Value + " old"
	if limit := in.Policy.Cleanup.MaxAge; age > limit {
		v.Level = ecm.LevelStop
		v.Message += ", above " + ecm.HoursText(limit) + " h: its feed is late, so its answer is not believed"
	}
	return v
}

// above says whether a part of a whole is above a share, exactly.
func above(part, whole int, share ecm.Fraction) bool {
	return int64(part)*int64(ecm.FractionOne) > int64(whole)*int64(share)
}
