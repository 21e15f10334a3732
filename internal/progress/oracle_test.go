package progress_test

import (
	"fmt"
	"maps"
	"math/big"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pi-manager/internal/ecm"
	"pi-manager/internal/policy"
	"pi-manager/internal/progress"
)

// numbers is all that a report says, in a form that is easy to compare.
type numbers struct {
	Counts                                             map[string]int
	Work, Escalated, Breaches, Soon, HighValue, Healed []string // order ids; a healed one whose row is open has a "+"
	Priority, Diagnoses, ByDiagnosis, SoonByAgent      map[string]int
	Value                                              map[string]string
	Seats                                              []string // of every agent, in words
	Full                                               []string // e-mails, sorted
	Seen                                               []string // sorted
	Completed                                          []string // sorted; what the next report knows was told
}

// slaHours is the table of domain.md section 3; what is not in it has 8.
func slaHours(diagnosis string) float64 {
	switch strings.ToLower(strings.TrimSpace(diagnosis)) {
	case "refund_triggered":
		return 2
	case "manual_review":
		return 0.5
	case "status_sync_issue":
		return 1
	case "cancellation_pending", "brn_pending", "stuck_at_lean_recon", "no_rfi_created":
		return 4
	case "rfi_pending":
		return 24
	case "bulk_vda_pending":
		return 16
	}
	return 8
}

// oracle counts as domain.md sections 5 to 8 read, with no care for speed. It
// shares no code with the report; amounts are in AED, GBP and EUR, and high from 5000.
type oracle struct {
	in      progress.Input
	since   progress.Since
	created bool // the SLA clock counts from the order's creation
	work    []ecm.Assignment
}

func (o *oracle) numbers() numbers {
	n := numbers{
		Counts: map[string]int{"open": 0, "in_progress": 0, "escalated": 0, "completed_open": 0}, Priority: map[string]int{}, Diagnoses: map[string]int{},
		ByDiagnosis: map[string]int{}, SoonByAgent: map[string]int{}, Value: map[string]string{},
	}
	o.queue(&n)
	o.clocks(&n)
	o.back(&n)
	n.Seats, n.Full = o.seats(n)
	n.Counts["breaches"], n.Counts["breaching_soon"], n.Counts["high_value_open"] = len(n.Breaches), len(n.Soon), len(n.HighValue)
	n.Counts["self_healed"], n.Counts["unreadable"] = len(n.Healed), len(o.in.Unreadable)
	for _, id := range o.since.Healed { // told before, and its row is not closed yet
		if !slices.Contains(n.Completed, id) && slices.ContainsFunc(o.in.Assignments, func(r ecm.Assignment) bool { return r.OrderID == id && r.Status != "RESOLVED" }) {
			n.Completed = append(n.Completed, id)
		}
	}
	sort.Strings(n.Seen)
	sort.Strings(n.Completed)
	return n
}

// counting says whether no other row of the order that is not resolved goes before this one.
func (o *oracle) counting(i int) bool {
	a := o.in.Assignments[i]
	for k, b := range o.in.Assignments {
		if k == i || b.OrderID != a.OrderID || b.Status == "RESOLVED" {
			continue
		}
		switch {
		case a.AssignedAt.IsZero() && !b.AssignedAt.IsZero():
			return false
		case b.AssignedAt.IsZero() && !a.AssignedAt.IsZero():
		case b.AssignedAt.Unix() < a.AssignedAt.Unix() || b.AssignedAt.Equal(a.AssignedAt) && (b.Mark() < a.Mark() || b.Mark() == a.Mark() && k < i):
			return false
		}
	}
	return a.Status != "RESOLVED"
}

func (o *oracle) completed(id string) bool { return o.in.Statuses.ByID[id] == "COMPLETED" }

// noticed says whether a run has found the order resolved since it was assigned.
func (o *oracle) noticed(r ecm.Assignment) bool {
	at, there := o.in.Seen[r.OrderID]
	return there && at.Unix() >= r.AssignedAt.Unix()
}

func (o *oracle) queue(n *numbers) {
	sums := map[string]*big.Rat{}
	for i, r := range o.in.Assignments {
		if !o.counting(i) {
			continue
		}
		switch r.Status {
		case "OPEN":
			n.Counts["open"]++
		case "IN_PROGRESS":
			n.Counts["in_progress"]++
		default:
			n.Counts["escalated"]++
			n.Escalated = append(n.Escalated, r.OrderID)
			continue
		}
		o.work = append(o.work, r)
		n.Work = append(n.Work, r.OrderID)
		n.Priority[fmt.Sprint("P", int(r.Priority))]++
		n.Diagnoses[r.Diagnosis]++
		if sums[r.Send.Currency] == nil {
			sums[r.Send.Currency] = new(big.Rat)
		}
		sums[r.Send.Currency].Add(sums[r.Send.Currency], r.Send.Amount.Rat())
		if o.completed(r.OrderID) {
			n.Counts["completed_open"]++
			n.Completed = append(n.Completed, r.OrderID)
			if !slices.Contains(o.since.Healed, r.OrderID) {
				n.Healed = append(n.Healed, r.OrderID+"+")
			}
		}
	}
	for currency, sum := range sums {
		n.Value[currency] = sum.FloatString(2)
	}
}

// secondsOver is by how much an order is over its SLA at a moment.
func (o *oracle) secondsOver(r ecm.Assignment, at time.Time) (over int64, known bool) {
	if r.AssignedAt.IsZero() {
		return 0, false
	}
	ran := max(at.Unix()-r.AssignedAt.Unix(), 0)
	if o.created {
		ran += int64(r.Stuck.Seconds())
	}
	return ran - int64(slaHours(r.Diagnosis)*3600), true
}

func (o *oracle) clocks(n *numbers) {
	over := map[string]int64{}
	amount := map[string]*big.Rat{}
	for _, r := range o.work {
		amount[r.OrderID] = r.Send.Amount.Rat()
		if amount[r.OrderID].Cmp(big.NewRat(5000, 1)) >= 0 {
			n.HighValue = append(n.HighValue, r.OrderID)
		}
		now, known := o.secondsOver(r, o.in.AsOf)
		if !known || o.completed(r.OrderID) {
			continue
		}
		over[r.OrderID] = now
		if now > 0 {
			n.Breaches = append(n.Breaches, r.OrderID)
			n.ByDiagnosis[r.Diagnosis]++
			continue
		}
		if then, _ := o.secondsOver(r, o.since.Next); !o.since.Next.IsZero() && o.since.Next.Unix() > o.in.AsOf.Unix() && then > 0 {
			n.Soon = append(n.Soon, r.OrderID)
			n.SoonByAgent[strings.ToLower(r.Agent)]++
		}
	}
	for _, list := range [][]string{n.Breaches, n.Soon} {
		sort.Slice(list, func(i, k int) bool {
			return over[list[i]] > over[list[k]] || over[list[i]] == over[list[k]] && list[i] < list[k]
		})
	}
	sort.Slice(n.HighValue, func(i, k int) bool {
		a, b := n.HighValue[i], n.HighValue[k]
		return amount[a].Cmp(amount[b]) > 0 || amount[a].Cmp(amount[b]) == 0 && a < b
	})
}

// resolvedAt is when a row was resolved; the zero time where nobody noted it.
func (o *oracle) resolvedAt(r ecm.Assignment) time.Time {
	if !r.ResolvedAt.IsZero() {
		return r.ResolvedAt
	}
	var newest time.Time
	for _, note := range o.in.Resolutions {
		if note.OrderID == r.OrderID && note.At.Unix() >= r.AssignedAt.Unix() && (newest.IsZero() || note.At.Unix() > newest.Unix()) {
			newest = note.At
		}
	}
	if newest.IsZero() && o.noticed(r) {
		newest = o.in.Seen[r.OrderID]
	}
	return newest
}

// lastClosed is the row that closed an order last: the one that was assigned last
// where nobody knows when that one was closed, else the one with the latest time.
func (o *oracle) lastClosed(id string) (last ecm.Assignment, at time.Time, found bool) {
	var rows []ecm.Assignment
	for _, r := range o.in.Assignments {
		if r.OrderID == id && r.Status == "RESOLVED" {
			rows = append(rows, r)
		}
	}
	if len(rows) == 0 {
		return last, at, false
	}
	age := func(r ecm.Assignment) int64 { // an undated row may be the youngest
		if r.AssignedAt.IsZero() {
			return 1 << 60
		}
		return r.AssignedAt.Unix()
	}
	younger := func(a, b ecm.Assignment) bool { return age(a) > age(b) || age(a) == age(b) && a.Mark() > b.Mark() }
	sort.SliceStable(rows, func(i, k int) bool { return younger(rows[k], rows[i]) })
	youngest := rows[len(rows)-1]
	if o.resolvedAt(youngest).IsZero() {
		return youngest, time.Time{}, true
	}
	for _, r := range rows {
		if when := o.resolvedAt(r); !when.IsZero() && (!found || when.Unix() > at.Unix() || when.Equal(at) && younger(r, last)) {
			last, at, found = r, when, true
		}
	}
	return last, at, true
}

func (o *oracle) back(n *numbers) {
	n.Counts["resolved"] = 0
	done := map[string]bool{}
	for _, r := range o.in.Assignments {
		if r.Status != "RESOLVED" || done[r.OrderID] {
			continue
		}
		done[r.OrderID] = true
		last, at, _ := o.lastClosed(r.OrderID)
		if !at.IsZero() && (at.Unix() <= o.since.At.Unix() || at.Unix() > o.in.AsOf.Unix()) {
			continue
		}
		if at.IsZero() {
			n.Seen = append(n.Seen, r.OrderID)
		}
		if last.Notes != "self-healed" && !strings.HasSuffix(last.Notes, "; self-healed") && !strings.HasPrefix(last.Notes, "self-healed; ") {
			n.Counts["resolved"]++
		} else if !slices.Contains(o.since.Healed, r.OrderID) {
			n.Healed = append(n.Healed, r.OrderID)
		}
	}
}

func (o *oracle) seats(n numbers) (seats, full []string) {
	done := map[string]bool{}
	sit := func(a ecm.Agent, inTab bool) {
		key := strings.ToLower(strings.TrimSpace(a.Email))
		if done[key] {
			return
		}
		done[key] = true
		var open, reserved, breached, soon int
		for _, r := range o.work {
			if strings.EqualFold(r.Agent, key) {
				open++
				if slices.Contains(n.Breaches, r.OrderID) {
					breached++
				}
				if slices.Contains(n.Soon, r.OrderID) {
					soon++
				}
			}
		}
		for _, u := range o.in.Unreadable {
			if strings.EqualFold(u.Agent, key) {
				reserved++
			}
		}
		slots := a.Capacity
		if slots == -1 {
			slots = 100
		}
		duty := inTab && a.Active && key != "boss@example.com"
		seats = append(seats, fmt.Sprintf("%s duty=%v tab=%v open=%d reserved=%d slots=%d breaches=%d soon=%d",
			key, duty, inTab, open, reserved, slots, breached, soon))
		if duty && float64(open+reserved) > 0.8*float64(slots)+1e-9 {
			full = append(full, key)
		}
	}
	for _, a := range o.in.Agents {
		sit(a, true)
	}
	for _, r := range o.work {
		sit(ecm.Agent{Email: r.Agent}, false)
	}
	sort.Strings(full)
	return seats, full
}

// said is what a report says.
func said(r *progress.Report) numbers {
	n := numbers{
		Counts: r.Counts, Work: ids(r.Work), Breaches: ids(r.Breaches), Soon: ids(r.Soon), HighValue: ids(r.HighValue), Healed: healedIDs(r),
		Priority: map[string]int{}, Diagnoses: byName(r.Diagnoses), ByDiagnosis: byName(progress.ByDiagnosis(r.Breaches)),
		SoonByAgent: byName(progress.ByAgent(r.Soon)), Value: map[string]string{},
	}
	for _, row := range r.Escalated {
		n.Escalated = append(n.Escalated, row.OrderID)
	}
	for p, count := range r.Priority {
		n.Priority[p.String()] = count
	}
	for _, m := range r.Value.Sorted() {
		n.Value[m.Currency] = m.Plain()
	}
	for _, l := range r.Agents {
		n.Seats = append(n.Seats, fmt.Sprintf("%s duty=%v tab=%v open=%d reserved=%d slots=%d breaches=%d soon=%d",
			l.Agent.Key(), l.OnDuty, l.Known, l.Open, l.Reserved, l.Capacity, l.Breaches, l.Soon))
	}
	for _, l := range r.Full {
		n.Full = append(n.Full, l.Agent.Key())
	}
	sort.Strings(n.Full)
	n.Seen, n.Completed = slices.Sorted(maps.Keys(r.Seen)), slices.Sorted(slices.Values(r.Completed))
	return n
}

func byName(counts []progress.Count) map[string]int {
	by := map[string]int{}
	for _, c := range counts {
		by[c.Name] = c.Count
	}
	return by
}

// F49: every number of every report is the one that the oracle finds, the lists
// are in their order, and a report changes nothing that it reads.
func TestReportAgainstTheOracle(t *testing.T) {
	t.Parallel()
	for name, clock := range map[string]string{"assigned": "clock: assigned", "created": "clock: created"} {
		// What the breakers say is tested on its own.
		p := rules(t, "clock: assigned", clock, "max_close_share: 0.6", "max_close_share: 1",
			"max_missing_share: 0.6", "max_missing_share: 1").Exclude([]string{"boss@example.com"})
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				in, before := anyDay(p).Draw(t, "day"), anySince().Draw(t, "since")
				kept, seen := slices.Clone(in.Assignments), len(in.Seen)
				r := progress.Make(in, before)
				o := oracle{in: in, since: before, created: name == "created"}
				if diff := same(o.numbers(), said(r)); diff != "" {
					t.Fatalf("(-oracle +report):\n%s", diff)
				}
				if diff := same(progress.Make(in, before), r); diff != "" {
					t.Fatalf("the same input gives another report:\n%s", diff)
				}
				if diff := same(kept, in.Assignments); diff != "" || len(in.Seen) != seen {
					t.Fatalf("the report changed what it read: %s", diff)
				}
				falling(t, r.Diagnoses)
				for i := 1; i < len(r.Full); i++ {
					if a, b := r.Full[i-1], r.Full[i]; a.Capacity > 0 && b.Capacity > 0 && a.Taken()*b.Capacity < b.Taken()*a.Capacity {
						t.Fatalf("%d of %d stands before %d of %d", a.Taken(), a.Capacity, b.Taken(), b.Capacity)
					}
				}
			})
		})
	}
}

func falling(t *rapid.T, counts []progress.Count) {
	for i := 1; i < len(counts); i++ {
		if a, b := counts[i-1], counts[i]; a.Count < b.Count || a.Count == b.Count && a.Name >= b.Name {
			t.Fatalf("%v stands before %v", a, b)
		}
	}
}

func anySince() *rapid.Generator[progress.Since] {
	return rapid.Custom(func(t *rapid.T) progress.Since {
		return progress.Since{
			At:     ago(rapid.SampledFrom([]float64{0, 2, 6, 24, 400}).Draw(t, "last")),
			Next:   rapid.SampledFrom([]time.Time{{}, noon(), ago(1), ago(-6), ago(-13)}).Draw(t, "next"),
			Healed: rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"A1", "A2", "A3", "A9", "A99"}), 0, 3, rapid.ID).Draw(t, "told"),
		}
	})
}

// anyDay draws a ledger in which everything happens: copies, orders that come
// back, rows without a time or from a clock that runs ahead, agents twice or in no tab.
func anyDay(p *policy.Policy) *rapid.Generator[progress.Input] {
	return rapid.Custom(func(t *rapid.T) progress.Input {
		in := progress.Input{AsOf: noon(), Day: ago(8), Policy: p, Seen: map[string]time.Time{}}
		order := rapid.SampledFrom([]string{"A1", "A2", "A3", "A4", "A5", "A6", "A7", "A8", "A9", "0012345", "12345"})
		email := rapid.SampledFrom([]string{"asha@example.com", "ben@example.com", "BEN@Example.com", "cleo@example.com", "boss@example.com", "gone@example.com"})
		for i := range rapid.IntRange(0, 14).Draw(t, "rows") {
			in.Assignments = append(in.Assignments, anyRow(t, order.Draw(t, "order"), email.Draw(t, "agent"), i))
		}
		for range rapid.IntRange(0, 6).Draw(t, "agents") {
			in.Agents = append(in.Agents, ecm.Agent{
				Email: email.Draw(t, "email"), Active: rapid.IntRange(0, 4).Draw(t, "active") > 0,
				Capacity: rapid.SampledFrom([]int{ecm.DefaultCapacity, 0, 1, 2, 3, 5}).Draw(t, "capacity"),
			})
		}
		for range rapid.IntRange(0, 3).Draw(t, "unreadable") {
			u := progress.Unreadable{Row: 90, OrderID: order.Draw(t, "unreadable order"), Reason: `status "?"`}
			if rapid.Bool().Draw(t, "takes a slot") {
				u.Agent = email.Draw(t, "whose")
			}
			in.Unreadable = append(in.Unreadable, u)
		}
		for range rapid.IntRange(0, 4).Draw(t, "notes") {
			in.Resolutions = append(in.Resolutions, ecm.Resolution{OrderID: order.Draw(t, "note"), At: anyTime(t, "noted")})
		}
		for range rapid.IntRange(0, 4).Draw(t, "seen") {
			in.Seen[order.Draw(t, "seen")] = anyTime(t, "seen at")
		}
		in.Statuses = anyAnswer(t, in)
		return in
	})
}

// anyTime is a time around the windows and the SLAs, or a little ahead of the clock.
func anyTime(t *rapid.T, label string) time.Time {
	hours := rapid.SampledFrom([]float64{-3, 0, 0.5, 1, 2, 4, 6, 8, 16, 24, 30, 80}).Draw(t, label)
	return ago(hours).Add(time.Duration(rapid.IntRange(-2, 2).Draw(t, label+" to the second")) * time.Second)
}

func anyRow(t *rapid.T, id, email string, i int) ecm.Assignment {
	r := ecm.Assignment{
		OrderID: id, Agent: email, Row: i + 2, RunID: "triage/x",
		Status:   rapid.SampledFrom([]ecm.Status{ecm.Open, ecm.Open, ecm.InProgress, ecm.Escalated, ecm.Resolved, ecm.Resolved}).Draw(t, "status"),
		Priority: rapid.SampledFrom(ecm.Priorities[:]).Draw(t, "priority"),
		Send:     money(rapid.SampledFrom([]string{"0", "0.1", "4999.99", "5000", "5000.01", "70000"}).Draw(t, "amount")),
		Stuck:    ecm.FromHours(rapid.SampledFrom([]float64{0, 0.3, 12, 40}).Draw(t, "stuck")),
		Diagnosis: rapid.SampledFrom([]string{"refund_triggered", "manual_review", "brn_pending", "rfi_pending", "bulk_vda_pending",
			"stuck_at_lulu", "await_external_action", "", " RFI_pending "}).Draw(t, "diagnosis"),
		Notes:      rapid.SampledFrom([]string{"", "called", "self-healed", "called; self-healed", "self-healed; thanks", "Self-Healed"}).Draw(t, "notes"),
		AssignedAt: anyTime(t, "assigned"),
	}
	r.Send.Currency = rapid.SampledFrom([]string{"AED", "GBP", "EUR"}).Draw(t, "currency")
	if rapid.IntRange(0, 8).Draw(t, "undated") == 0 {
		r.AssignedAt = time.Time{}
	}
	if r.Status == ecm.Resolved && rapid.IntRange(0, 2).Draw(t, "timed") > 0 {
		r.ResolvedAt = anyTime(t, "resolved")
	}
	return r
}

// anyAnswer is an answer of a warehouse that is up to date; it may not know some orders.
func anyAnswer(t *rapid.T, in progress.Input) ecm.Statuses {
	s := answer(in)
	for _, id := range progress.Asked(in) {
		if word := rapid.SampledFrom([]string{"", "PENDING", "FAILED", "CANCELLED", "COMPLETED", "COMPLETED"}).Draw(t, "status of "+id); word != "" {
			s.ByID[id] = word
		} else {
			delete(s.ByID, id)
		}
	}
	return s
}
