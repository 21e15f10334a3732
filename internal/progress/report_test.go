package progress_test

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"pi-manager/internal/ecm"
	"pi-manager/internal/progress"
)

func TestNothingToReport(t *testing.T) {
	t.Parallel()
	r := progress.Make(input(t), since())
	want := map[string]int{
		"open": 0, "in_progress": 0, "escalated": 0, "resolved": 0, "self_healed": 0, "breaches": 0, "breaching_soon": 0,
		"high_value_open": 0, "completed_open": 0, "unreadable": 0,
	}
	if diff := same(want, r.Counts); diff != "" {
		t.Errorf("every number has its name, also where it is 0 (-want +got):\n%s", diff)
	}
	if len(r.Work)+len(r.Agents)+len(r.Full)+len(r.Healed)+
		len(r.Verdicts)+len(r.Warnings)+len(r.Seen)+len(r.Value) > 0 || r.Alert(rules(t)) {
		t.Errorf("got %+v", r)
	}
}

// An escalated order has left its agent's hands: it is counted, and it is nobody's work.
func TestEscalatedIsNobodysWork(t *testing.T) {
	t.Parallel()
	big := with(status(row("E1", 90), ecm.Escalated), func(r *ecm.Assignment) { r.Send, r.Priority = money("9000"), ecm.P1 })
	in := input(t, big, row("A1", 1))
	in.Statuses = answer(in, "E1")
	in.Agents = []ecm.Agent{agent("ben", 5)}
	r := progress.Make(in, since())
	if len(r.Escalated) != 1 || r.Counts["escalated"] != 1 || r.Agents[0].Open != 1 || r.Priority[ecm.P1] != 0 ||
		len(r.HighValue)+len(r.Breaches)+len(r.Healed) != 0 {
		t.Errorf("got %+v", r)
	}
}

// domain.md section 7: in hours from Assigned At, by diagnosis. An SLA that is
// exactly met is not a breach, a second more is one.
func TestBreachIsMoreThanTheSLA(t *testing.T) {
	t.Parallel()
	for diagnosis, hours := range map[string]float64{
		"refund_triggered": 2, "manual_review": 0.5, "status_sync_issue": 1, "cancellation_pending": 4, "brn_pending": 4, "stuck_at_lean_recon": 4,
		"no_rfi_created": 4, "rfi_pending": 24, "stuck_due_trm": 8, "bulk_vda_pending": 16, "stuck_at_vda_partner": 8, "stuck_at_rda_partner": 8,
		"stuck_at_lulu": 8, "await_external_action": 8, "fulfillment_trigger": 8, "": 8, " RFI_Pending ": 24,
	} {
		met := with(row("MET", hours), func(r *ecm.Assignment) { r.Diagnosis = diagnosis })
		broken := with(met, func(r *ecm.Assignment) { r.OrderID, r.AssignedAt = "BROKEN", r.AssignedAt.Add(-time.Second) })
		r := progress.Make(input(t, met, broken), since())
		if diff := same([]string{"BROKEN"}, ids(r.Breaches)); diff != "" {
			t.Errorf("%q: breaches (-want +got):\n%s", diagnosis, diff)
			continue
		}
		if b := r.Breaches[0]; b.SLA != ecm.FromHours(hours) || b.Over() != time.Second || b.Clock != b.SLA+time.Second {
			t.Errorf("%q: clock %s, SLA %s, over %s", diagnosis, b.Clock, b.SLA, b.Over())
		}
	}
}

func TestWhoBreachesBeforeTheNextSlot(t *testing.T) {
	t.Parallel()
	rows := []ecm.Assignment{
		row("OVER", 9), row("MET", 8), row("SOON", 2.5), row("EDGE", 2), row("LATER", 1.9), // at the next slot: 15, 14, 8.5, 8 and 7.9 h of 8
		status(row("ESCALATED", 5), ecm.Escalated), closed(row("CLOSED", 5), 1), row("COMPLETED", 5),
	}
	for name, c := range map[string]struct {
		next time.Time
		want []string
	}{
		"in six hours":         {ago(-6), []string{"MET", "SOON"}},
		"and a second":         {ago(-6).Add(time.Second), []string{"MET", "SOON", "EDGE"}},
		"not known":            {time.Time{}, nil},
		"now":                  {noon(), nil},
		"past":                 {ago(1), nil},
		"in a second from MET": {noon().Add(time.Second), []string{"MET"}},
	} {
		in := input(t, rows...)
		in.Statuses = answer(in, "COMPLETED")
		r := progress.Make(in, progress.Since{At: ago(6), Next: c.next})
		if diff := same(c.want, ids(r.Soon)); diff != "" || r.Counts["breaching_soon"] != len(c.want) {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if diff := same([]string{"OVER"}, ids(r.Breaches)); diff != "" {
			t.Errorf("%s: breaches (-want +got):\n%s", name, diff)
		}
	}
}

// A clock that runs ahead where the row was written takes nothing from the SLA:
// the order may not be announced for a time at which it has hours left.
func TestAssignedInTheFuture(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ahead, next float64
		want        int
	}{
		"three hours before the end": {2, 9, 0}, // 7 h of 8 will have run
		"to the second":              {2, 10, 0},
		"over by then":               {2, 10.5, 1},
		"after the next slot":        {12, 9, 0},
	} {
		r := progress.Make(input(t, row("A1", -c.ahead)), progress.Since{At: ago(6), Next: ago(-c.next)})
		if len(r.Soon) != c.want || len(r.Breaches) != 0 || r.Work[0].Clock != 0 {
			t.Errorf("%s: soon %q, breaches %q, clock %s", name, ids(r.Soon), ids(r.Breaches), r.Work[0].Clock)
		}
	}
}

// A row that does not say when it was assigned has no clock: it is work, and no breach.
func TestNoAssignedAtNoClock(t *testing.T) {
	t.Parallel()
	r := progress.Make(input(t, with(row("A1", 1), func(r *ecm.Assignment) { r.AssignedAt = time.Time{} })), since())
	if len(r.Work) != 1 || len(r.Breaches)+len(r.Soon) != 0 || r.Work[0].Clock >= 0 {
		t.Errorf("got %+v", r)
	}
}

// sla.clock: created counts the hours before the order was assigned, too.
func TestClockFromCreation(t *testing.T) {
	t.Parallel()
	in := input(t,
		with(row("OLD", 1), func(r *ecm.Assignment) { r.Stuck = 7*time.Hour + time.Second }),
		with(row("MET", 1), func(r *ecm.Assignment) { r.Stuck = 7 * time.Hour }),
		with(row("AHEAD", -1), func(r *ecm.Assignment) { r.Stuck = 9 * time.Hour }),
		with(row("UNDATED", 0), func(r *ecm.Assignment) { r.AssignedAt = time.Time{} }),
	)
	in.Policy = rules(t, "clock: assigned", "clock: created")
	r := progress.Make(in, since())
	if diff := same([]string{"AHEAD", "OLD"}, ids(r.Breaches)); diff != "" {
		t.Errorf("breaches (-want +got):\n%s", diff)
	}
	if diff := same([]string{"MET"}, ids(r.Soon)); diff != "" {
		t.Errorf("soon (-want +got):\n%s", diff)
	}
	in.Policy = rules(t)
	if r := progress.Make(in, since()); len(r.Breaches) != 0 {
		t.Errorf("the clock starts at Assigned At, unless it is switched: got %q", ids(r.Breaches))
	}
}

// The worst first; of two alike the smaller id, whatever the tab's order.
func TestWorstFirst(t *testing.T) {
	t.Parallel()
	in := input(t, row("B", 10), row("A", 10), row("C", 9), with(row("D", 10), func(r *ecm.Assignment) { r.Diagnosis = "manual_review" }))
	r := progress.Make(in, since())
	if diff := same([]string{"D", "A", "B", "C"}, ids(r.Breaches)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := same([]progress.Count{{Name: "stuck_at_lulu", Count: 3}, {Name: "manual_review", Count: 1}}, progress.ByDiagnosis(r.Breaches)); diff != "" {
		t.Errorf("by diagnosis (-want +got):\n%s", diff)
	}
}

func TestHighValueLargestFirst(t *testing.T) {
	t.Parallel()
	worth := func(id, amount, currency string) ecm.Assignment {
		return with(row(id, 1), func(r *ecm.Assignment) { r.Send = money(amount); r.Send.Currency = currency })
	}
	in := input(t,
		worth("A", "5000", "AED"), worth("B", "4999.99", "AED"), worth("C", "70000", "GBP"), worth("D", "5000.00", "EUR"), worth("E", "90000", "USD"),
		closed(worth("F", "80000", "AED"), 1), status(worth("G", "80000", "AED"), ecm.Escalated),
	)
	r := progress.Make(in, since())
	if diff := same([]string{"C", "A", "D"}, ids(r.HighValue)); diff != "" || r.Counts["high_value_open"] != 3 {
		t.Errorf("(-want +got):\n%s", diff)
	}
	var totals []string
	for _, m := range r.Value.Sorted() {
		totals = append(totals, m.String())
	}
	if diff := same([]string{"AED 9,999.99", "EUR 5,000.00", "GBP 70,000.00", "USD 90,000.00"}, totals); diff != "" {
		t.Errorf("amounts are never added across currencies (-want +got):\n%s", diff)
	}
}

// What was closed after the last report and up to this one, by people and by itself.
func TestClosedSinceTheLastReport(t *testing.T) {
	t.Parallel()
	gap := 1.0 / 3600
	for name, c := range map[string]struct {
		row      ecm.Assignment
		resolved int
		healed   []string
	}{
		"at the last report":            {closed(row("A1", 90), 6), 0, nil},
		"a second later":                {closed(row("A1", 90), 6-gap), 1, nil},
		"at this report":                {closed(row("A1", 90), 0), 1, nil},
		"after it":                      {closed(row("A1", 90), -gap), 0, nil},
		"nobody noted when":             {status(row("A1", 90), ecm.Resolved), 1, nil},
		"healed at the last report":     {healed(row("A1", 90), 6), 0, nil},
		"healed a second later":         {healed(row("A1", 90), 6-gap), 0, []string{"A1"}},
		"healed now":                    {healed(row("A1", 90), 0), 0, []string{"A1"}},
		"healed behind a person's word": {healed(with(row("A1", 90), func(r *ecm.Assignment) { r.Notes = "called" }), 1), 0, []string{"A1"}},
		"healed, its time taken out":    {status(row("A1", 90), ecm.Resolved).WithNote(ecm.SelfHealed), 0, []string{"A1"}},
		"open with our note":            {row("A1", 1).WithNote(ecm.SelfHealed), 0, nil},
		"healed, and somebody wrote on": {healed(row("A1", 90), 1).WithNote("thanks"), 0, []string{"A1"}},
		"a note that is like ours":      {closed(with(row("A1", 90), func(r *ecm.Assignment) { r.Notes = "not self-healed" }), 1), 1, nil},
	} {
		r := progress.Make(input(t, c.row), since())
		if diff := same(c.healed, healedIDs(r)); diff != "" || r.Counts["resolved"] != c.resolved || r.Counts["self_healed"] != len(c.healed) {
			t.Errorf("%s: resolved %d, want %d; healed (-want +got):\n%s", name, r.Counts["resolved"], c.resolved, diff)
		}
	}
}

// next is what the report after r compares with.
func next(r *progress.Report) progress.Since {
	return progress.Since{At: r.AsOf, Counts: r.Counts, Healed: r.Completed}
}

// An order that completed counts once, whether its row is closed already or not.
func TestHealedOnce(t *testing.T) {
	t.Parallel()
	in := twenty(t, 1)
	first := progress.Make(in, since())
	if diff := same([]string{"A00+"}, healedIDs(first)); diff != "" ||
		first.Counts["completed_open"] != 1 || len(first.Breaches) != 19 || len(first.Seen) != 0 {
		t.Errorf("(-want +got):\n%s seen %v, breaches %q", diff, first.Seen, ids(first.Breaches))
	}
	in.AsOf = noon().Add(6 * time.Hour)
	again := progress.Make(in, next(first))
	if len(again.Healed) != 0 || again.Counts["completed_open"] != 1 {
		t.Errorf("its row is open still: got %q", healedIDs(again))
	}
	in.Assignments = progress.Apply(in.Assignments, progress.Clean(in, false).Changes())
	closed := progress.Make(in, next(again))
	if len(closed.Healed) != 0 || closed.Counts["resolved"] != 0 || len(closed.Completed) != 0 {
		t.Errorf("its row was closed since: got %q", healedIDs(closed))
	}
	in.Assignments, in.AsOf = append(in.Assignments, with(row("A00", -31), func(r *ecm.Assignment) { r.Row = 22 })), noon().Add(32*time.Hour)
	in.Statuses = answer(in, "A00")
	if diff := same([]string{"A00+"}, healedIDs(progress.Make(in, next(closed)))); diff != "" {
		t.Errorf("it came back and healed again (-want +got):\n%s", diff)
	}
}

// F64: between two reports that tell who has completed one cannot, or the warehouse
// has lost the order for a while. What was told is not told again.
func TestHealedOnceThroughABadAnswer(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string]func(*ecm.Statuses){
		"late":           func(s *ecm.Statuses) { s.Newest = ago(72) },
		"empty":          func(s *ecm.Statuses) { s.ByID = nil },
		"never asked":    func(s *ecm.Statuses) { *s = ecm.Statuses{} },
		"without A00":    func(s *ecm.Statuses) { delete(s.ByID, "A00") },
		"A00 taken back": func(s *ecm.Statuses) { s.ByID["A00"] = "PENDING" },
	} {
		in := twenty(t, 1)
		r := progress.Make(in, since())
		for range 2 {
			in.AsOf = in.AsOf.Add(time.Hour)
			in.Statuses = answer(in, "A00")
			bad(&in.Statuses)
			if r = progress.Make(in, next(r)); len(r.Healed) != 0 {
				t.Errorf("%s: got %q", name, healedIDs(r))
			}
		}
		in.AsOf = in.AsOf.Add(time.Hour)
		in.Statuses = answer(in, "A00")
		if got := progress.Make(in, next(r)); len(got.Healed) != 0 {
			t.Errorf("%s, and fine again: told twice, %q", name, healedIDs(got))
		}
		in.Assignments = progress.Apply(in.Assignments, progress.Clean(in, false).Changes())
		if got := progress.Make(in, next(r)); len(got.Healed) != 0 {
			t.Errorf("%s, and closed: told twice, %q", name, healedIDs(got))
		}
	}
}

// A closed row without a time, ours or a person's, counts when it is first seen, and never again.
func TestNoTimeCountsOnce(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]ecm.Assignment{"a person's": status(row("A1", 90), ecm.Resolved), "ours": status(row("A1", 90), ecm.Resolved).WithNote(ecm.SelfHealed)} {
		for _, cleaned := range []bool{false, true} {
			in := input(t, r)
			first := progress.Make(in, since())
			if first.Counts["resolved"]+first.Counts["self_healed"] != 1 {
				t.Errorf("%s: it is seen for the first time: got %v", name, first.Counts)
			}
			in.Seen, in.AsOf = first.Seen, noon().Add(time.Hour)
			if cleaned {
				in.Assignments = progress.Apply(in.Assignments, progress.Clean(in, false).Changes())
			}
			if got := progress.Make(in, next(first)); got.Counts["resolved"]+got.Counts["self_healed"] != 0 {
				t.Errorf("%s, cleaned %v: counted again: %v", name, cleaned, got.Counts)
			}
		}
	}
}

// More orders are closed at once, or complete, than a record can hold: each of them counts in one report.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	var rows []ecm.Assignment
	var named []string
	for i := range 700 {
		named = append(named, fmt.Sprintf("A%04d", i))
		rows = append(rows, row(named[i], 20))
	}
	for i := range 700 {
		rows = append(rows, status(row(fmt.Sprintf("R%04d", i), 20), ecm.Resolved))
	}
	in := input(t, rows...)
	in.Policy = rules(t, "max_close_share: 0.6", "max_close_share: 1")
	in.Statuses, in.Seen = answer(in, named...), map[string]time.Time{}
	told, resolved, before := map[string]int{}, 0, since()
	for range 6 {
		r := progress.Make(in, before)
		for _, h := range r.Healed {
			told[h.Row.OrderID]++
		}
		if resolved += r.Counts["resolved"]; len(r.Seen) > 300 {
			t.Errorf("%d orders do not fit into the record of a run", len(r.Seen))
		}
		maps.Copy(in.Seen, r.Seen)
		before, in.AsOf = next(r), in.AsOf.Add(6*time.Hour)
		in.Statuses.Newest = in.AsOf
	}
	twice := 0
	for _, count := range told {
		if count > 1 {
			twice++
		}
	}
	if len(told) != 700 || twice > 0 || resolved != 700 {
		t.Errorf("%d of 700 were told, %d of them twice; %d of 700 resolved", len(told), twice, resolved)
	}
}

func TestChangeSinceTheLastReport(t *testing.T) {
	t.Parallel()
	in := input(t, row("A1", 1), row("A2", 1), status(row("A3", 1), ecm.InProgress))
	r := progress.Make(in, progress.Since{At: ago(6), Counts: map[string]int{"open": 5, "in_progress": 0, "escalated": 0}})
	for _, c := range []struct {
		name  string
		by    int
		known bool
	}{{"open", -3, true}, {"in_progress", 1, true}, {"escalated", 0, true}, {"breaches", 0, false}} {
		if by, known := r.Change(c.name); known != c.known || known && by != c.by {
			t.Errorf("%s: got %d, %v", c.name, by, known)
		}
	}
	if _, known := progress.Make(in, since()).Change("open"); known {
		t.Error("there was no report before, so nothing has changed")
	}
}

// Three or more breaches are an alert; the policy may say another number.
func TestAlertFromThree(t *testing.T) {
	t.Parallel()
	var rows []ecm.Assignment
	for breaches := range 6 {
		r := progress.Make(input(t, rows...), since())
		if got := r.Alert(rules(t)); got != (breaches >= 3) {
			t.Errorf("%d breaches: alert %v", breaches, got)
		}
		if got := r.Alert(rules(t, "alert_from: 3", "alert_from: 5")); got != (breaches >= 5) {
			t.Errorf("%d breaches, from 5: alert %v", breaches, got)
		}
		rows = append(rows, row(fmt.Sprint("A", breaches), 30))
	}
}

// F49: an order that was pasted again is one order, in every number, and somebody is told.
func TestCopiedRowsCountOnce(t *testing.T) {
	t.Parallel()
	older := with(row("A1", 30), func(r *ecm.Assignment) { r.Agent, r.Send = "asha@example.com", money("6000") })
	in := input(t, with(older, func(r *ecm.Assignment) { r.Agent, r.AssignedAt = "ben@example.com", ago(29) }), older)
	in.Agents = []ecm.Agent{agent("asha", 1), agent("ben", 1)}
	r := progress.Make(in, since())
	if r.Counts["open"] != 1 || len(r.HighValue) != 1 ||
		len(r.Breaches) != 1 || r.Agents[0].Open != 1 || r.Agents[1].Open != 0 || len(r.Warnings) != 1 {
		t.Errorf("got %+v", r)
	}
	if got := r.Value.Sorted(); len(got) != 1 || got[0].String() != "AED 6,000.00" {
		t.Errorf("value %v", got)
	}
}

// F64, F65: a report says what it thinks of the warehouse's answer.
func TestReportJudgesTheAnswer(t *testing.T) {
	t.Parallel()
	in := input(t, row("A1", 1), row("A2", 1))
	for name, c := range map[string]struct {
		change func(*ecm.Statuses)
		want   map[string]ecm.Level
	}{
		"fine":      {func(*ecm.Statuses) {}, map[string]ecm.Level{"orders known": ecm.LevelOK, "warehouse age": ecm.LevelOK}},
		"empty":     {func(s *ecm.Statuses) { s.ByID = nil }, map[string]ecm.Level{"orders known": ecm.LevelStop, "warehouse age": ecm.LevelOK}},
		"late":      {func(s *ecm.Statuses) { s.Newest = ago(24).Add(-time.Second) }, map[string]ecm.Level{"orders known": ecm.LevelOK, "warehouse age": ecm.LevelStop}},
		"no age":    {func(s *ecm.Statuses) { s.Newest = time.Time{} }, map[string]ecm.Level{"orders known": ecm.LevelOK, "warehouse age": ecm.LevelNotice}},
		"not asked": {func(s *ecm.Statuses) { *s = ecm.Statuses{} }, map[string]ecm.Level{}},
	} {
		in := in
		in.Statuses = answer(in)
		c.change(&in.Statuses)
		got := levels(progress.Make(in, since()).Verdicts)
		for check, want := range c.want {
			if got[check] != want {
				t.Errorf("%s: %s is %s, want %s", name, check, got[check], want)
			}
		}
		if len(c.want) == 0 && len(got) > 0 {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

// F64: an answer that is not believed is no "all clear": what it says heals
// nothing, hides no breach, and is not remembered.
func TestReportBelievesNoMoreThanACleanup(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*ecm.Statuses){
		"late":             func(s *ecm.Statuses) { s.Newest = ago(48); s.ByID["A1"] = "COMPLETED" },
		"most are missing": func(s *ecm.Statuses) { s.ByID = map[string]string{"A1": "COMPLETED"} },
		"all have completed": func(s *ecm.Statuses) {
			for id := range s.ByID {
				s.ByID[id] = "COMPLETED"
			}
		},
		"most have completed": func(s *ecm.Statuses) {
			for id := range s.ByID {
				s.ByID[id] = "COMPLETED"
			}
			s.ByID["A1"] = "PENDING"
		},
	} {
		var rows []ecm.Assignment
		for i := range 20 {
			rows = append(rows, row(fmt.Sprint("A", i), 30))
		}
		in := input(t, rows...)
		change(&in.Statuses)
		if c := progress.Clean(in, false); !c.Stopped {
			t.Fatalf("%s: a cleanup believes it", name)
		}
		r := progress.Make(in, since())
		if len(r.Healed) != 0 || len(r.Seen) != 0 || len(r.Breaches) != 20 || !r.Alert(in.Policy) {
			t.Errorf("%s: %d healed, %d seen, %d breaches", name, len(r.Healed), len(r.Seen), len(r.Breaches))
		}
		stops := 0
		for _, v := range r.Verdicts {
			if v.Level == ecm.LevelStop {
				stops++
			}
		}
		if stops == 0 {
			t.Errorf("%s: the report does not say that it looks wrong: %v", name, levels(r.Verdicts))
		}
	}
}
