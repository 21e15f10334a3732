package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"pi-manager/internal/fake"
)

// day is a world in which time goes on: what a run leaves is what the next one finds.
type day struct {
	*world
	g         *generator
	rules     rules
	before    *reported
	lastAgent string
	orders    int             // made so far
	used      map[string]bool // orders that something has happened to
}

// onSheets and onTables are the two ledgers that a team can have.
const (
	onSheets = "sheets"
	onTables = "sqlite"
)

func newDay(t *testing.T, ledger string, orders int) *day {
	t.Helper()
	w := newWorld(t)
	w.members = []string{"U0ANA00001"}
	d := &day{world: w, g: newGenerator(uint64(orders), morning()), rules: usualRules(), used: map[string]bool{}}
	agents := [][]any{
		{"Email", "Name", "Team", "Slack Handle", "Active", "Max Tickets"},
		{"ana@example.com", "Ana", "Ops", "U0ANA00001", true, nil}, {"bo@example.com", "Bo", "Ops", "", true, 13},
		{"cy@example.com", "Cy", "Ops", "", false, nil}, {"dee@example.com", "Dee", "KYC_ops", "", true, 40}, {"eva@example.com", "Eva", "VDA_ops", "", true, nil},
	}
	if ledger == onTables {
		d.newTables(t)
		for _, a := range agents[1:] {
			active := strings.ToUpper(fmt.Sprint(a[4]))
			d.binder.(tableBinder).do(t, "INSERT INTO agents (email, name, team, slack_handle, active, max_tickets) VALUES (?, ?, ?, ?, ?, ?)", a[0], a[1], a[2], a[3], active, a[5])
		}
	} else {
		d.sheets.Seed("Agents", agents)
	}
	d.arriveMore(orders, morning())
	return d
}

// arriveMore lets orders get stuck, and one come in that is on its way.
func (d *day) arriveMore(n int, now time.Time) {
	d.g.now = now
	d.orders++
	d.g.add("orders_goms", tableRow{"order_id": orderID(d.orders), "status": "PENDING", "sub_state": "CREATED", "meta_postscript_pricing_info_send_currency": "AED"}, 0)
	for range n {
		d.orders++
		d.g.stuckOrder(orderID(d.orders))
	}
}

// become gives orders another status in the warehouse.
func (d *day) become(status string, at time.Time, rows ...record) {
	for _, r := range rows {
		for _, row := range d.g.tables["orders_goms"] {
			if row["order_id"] == r["order id"] {
				row["status"], row["updated_at"] = status, moment(at)
			}
		}
	}
}

// pick gives rows that somebody works on, and that nothing has happened to so far.
func (d *day) pick(t *testing.T, n int) []record {
	t.Helper()
	rows := d.untouched(t)
	if len(rows) < n {
		t.Fatalf("there are %d rows to work on, not %d", len(rows), n)
	}
	for _, r := range rows[:n] {
		d.used[r.text("order id")] = true
	}
	return rows[:n]
}

// pickOf gives one such row of an agent.
func (d *day) pickOf(t *testing.T, email string) []record {
	t.Helper()
	for _, r := range d.untouched(t) {
		if r.email("assigned agent") == email {
			d.used[r.text("order id")] = true
			return []record{r}
		}
	}
	t.Fatalf("%s has no row that nothing has happened to", email)
	return nil
}

// untouched are the rows that somebody works on and that nothing has happened to, by order id.
func (d *day) untouched(t *testing.T) []record {
	t.Helper()
	rows := slices.DeleteFunc(d.binder.rows(t, "Assignments"), func(r record) bool {
		return !sound(r) || !working(r) || d.used[cellText(r["order id"])]
	})
	slices.SortFunc(rows, func(a, b record) int { return strings.Compare(a.text("order id"), b.text("order id")) })
	return rows
}

// fillAll writes a text into a cell of the rows of some orders, wherever they stand by now.
func (d *day) fillAll(t *testing.T, rows []record, header, text string) {
	t.Helper()
	for _, r := range rows {
		for _, now := range d.binder.rows(t, "Assignments") {
			if now["order id"] == r["order id"] {
				d.binder.fill(t, now, header, text)
				break
			}
		}
	}
}

// look is what there is to see at a moment.
func (d *day) look(t *testing.T, now time.Time) look {
	t.Helper()
	local := now.In(dubai())
	at := func(days, hour int) time.Time {
		return time.Date(local.Year(), local.Month(), local.Day()+days, hour, 0, 0, 0, dubai()).UTC()
	}
	l := look{
		now: now, day: at(0, 0), rows: d.binder.rows(t, "Assignments"), agents: d.binder.rows(t, "Agents"), resolutions: d.binder.rows(t, "Resolutions"),
		tables: d.g.tables, rules: d.rules, before: d.before,
	}
	for _, slot := range []time.Time{at(1, 7), at(0, 20), at(0, 14), at(0, 7)} {
		if slot.After(now) {
			l.next = slot
		}
	}
	return l
}

// in runs the program for a slot and reads what it prints.
func (d *day) in(t *testing.T, workflow, slot string, asOf time.Time, into any, more ...string) outcome {
	t.Helper()
	d.hoursLater()
	args := append([]string{workflow, "--json", "--as-of", asOf.Format(time.RFC3339)}, more...)
	if slot != "" {
		args = append(args, "--slot", slot)
	}
	o := d.run(t, args...)
	if err := json.Unmarshal([]byte(o.stdout), into); err != nil {
		t.Fatalf("exit status %d: %v\n%s", o.exit, err, o.stderr)
	}
	return o
}

// cleanup runs one and compares all that it leaves with what was worked out.
func (d *day) cleanup(t *testing.T, slot string, asOf time.Time, more ...string) tidied {
	t.Helper()
	d.db.load(t, d.g.tables)
	want, before := d.look(t, asOf).cleanup(slices.Contains(more, "--accept-drop")), d.people(t)
	exit := 0
	if want.document.Status == "stopped" {
		exit = 3
	}
	var got cleanupDocument
	if o := d.in(t, "cleanup", slot, asOf, &got, more...); o.exit != exit {
		t.Fatalf("exit status %d, want %d\n%s", o.exit, exit, o.stderr)
	}
	d.checkCleanup(t, want, got)
	d.checkPeople(t, before, want)
	d.settle(t, got.RunID, asOf, got.Counts)
	return want
}

// checkCleanup compares a cleanup's document and rows.
func (d *day) checkCleanup(t *testing.T, want tidied, got cleanupDocument) {
	t.Helper()
	for i, s := range got.Skipped {
		if s.Reason == "" {
			t.Errorf("%s was left alone without a reason", s.OrderID)
		}
		got.Skipped[i].Reason = ""
	}
	slices.SortFunc(got.Skipped, func(a, b orderReason) int { return strings.Compare(a.OrderID, b.OrderID) })
	slices.SortFunc(want.document.Skipped, func(a, b orderReason) int { return strings.Compare(a.OrderID, b.OrderID) })
	wanted := want.document
	wanted.RunID, wanted.Messages = got.RunID, got.Messages
	if diff := gocmp.Diff(wanted, got, sameEmpty(), levelsAlone()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", got.RunID, diff)
	}
	if diff := gocmp.Diff(plain(want.after), plain(d.binder.rows(t, "Assignments")), sameTimes()); diff != "" {
		t.Errorf("%s: the rows afterwards (-want +got):\n%s", got.RunID, diff)
	}
}

// sameEmpty takes an empty list for none.
func sameEmpty() gocmp.Option {
	return gocmp.FilterValues(func(a, b any) bool { return fmt.Sprint(a) == fmt.Sprint(b) }, gocmp.Ignore())
}

// levelsAlone leaves the sentences of verdicts to the tests of package progress.
func levelsAlone() gocmp.Option {
	return gocmp.Transformer("said", func(v verdict) [3]string { return [3]string{v.Check, v.Value, v.Level} })
}

// sameTimes takes a time for the same whether it is text or a day number.
func sameTimes() gocmp.Option {
	return gocmp.FilterPath(func(p gocmp.Path) bool {
		key, isKey := p.Last().(gocmp.MapIndex)
		return isKey && key.Key().String() == "resolved at"
	}, gocmp.Comparer(func(a, b any) bool {
		first, _ := cellTime(a)
		second, _ := cellTime(b)
		return first.Equal(second)
	}))
}

// people are the cells that people have typed, looks and all. In tables it is the tables that are compared.
func (d *day) people(t *testing.T) cells {
	t.Helper()
	if _, isSheet := d.binder.(sheetBinder); !isSheet {
		return nil
	}
	return d.cells(t)
}

// checkPeople wants all that people typed as it was, but for the cells that the run is there to write.
func (d *day) checkPeople(t *testing.T, before cells, by tidied) {
	t.Helper()
	s, isSheet := d.binder.(sheetBinder)
	if !isSheet || by.document.Archived > 0 { // then rows have moved up: checkCleanup has compared them
		return
	}
	for _, one := range by.touched {
		name := s.cell(t, "Assignments", one.row, one.header)
		delete(before, fmt.Sprintf("Assignments %d:%d value", one.row["#"].(int)-1, name[0]-'A'))
	}
	d.checkUntouched(t, before)
}

// settle ends a run: its record says what it counted, and the dashboard shows what it left.
func (d *day) settle(t *testing.T, runID string, asOf time.Time, counts map[string]int) {
	t.Helper()
	recorded := d.binder.counts(t, runID)
	delete(counts, "archived") // a run of its own
	if diff := gocmp.Diff(counts, recorded); diff != "" {
		t.Errorf("%s: the record's counts (-document +record):\n%s", runID, diff)
	}
	last := runID
	if strings.HasPrefix(runID, "cleanup/") && slices.ContainsFunc(d.binder.rows(t, "Runs"), func(r record) bool {
		return cellText(r["run id"]) == strings.Replace(runID, "cleanup", "archive", 1)
	}) {
		last = strings.Replace(runID, "cleanup", "archive", 1)
	}
	if diff := gocmp.Diff(d.look(t, asOf).boardOf(last), d.binder.board(t), ignoreHeadings()); diff != "" {
		t.Errorf("%s: the dashboard (-want +got):\n%s", runID, diff)
	}
}

// ignoreHeadings leaves out what stands above the dashboard's small tables.
func ignoreHeadings() gocmp.Option {
	return gocmp.FilterPath(func(p gocmp.Path) bool {
		key, isKey := p.Last().(gocmp.MapIndex)
		return isKey && slices.Contains([]string{"Figure", "Diagnosis", "Agent", "ECM Dashboard", "Open by diagnosis", "Open by agent"}, key.Key().String())
	}, gocmp.Ignore())
}

// deal runs a triage with all the checks of a morning.
func (d *day) deal(t *testing.T, slot string, asOf time.Time) {
	t.Helper()
	d.db.load(t, d.g.tables)
	in := arrive(d.g.tables, asOf, false)
	e, before := d.ledger(t, d.lastAgent).expect(in.orders, asOf), d.people(t)
	d.runAndCheck(t, slot, asOf, in, e)
	d.checkPeople(t, before, tidied{})
	d.lastAgent = e.lastAgent
	runID := "triage/" + slot
	d.settle(t, runID, asOf, d.binder.counts(t, runID))
}

// tell runs a report and compares every number of it.
func (d *day) tell(t *testing.T, slot string, asOf time.Time) *situation {
	t.Helper()
	d.db.load(t, d.g.tables)
	want, before := d.look(t, asOf).report(), d.people(t)
	posts := len(d.slack.Messages())
	var got reportDocument
	if o := d.in(t, "progress", slot, asOf, &got); o.exit != 0 {
		t.Fatalf("exit status %d\n%s", o.exit, o.stderr)
	}
	d.checkDocument(t, want, got)
	said := d.slack.Messages()[posts:]
	want.checkReport(t, said)
	checkPosted(t, got.Messages, said)
	d.checkPeople(t, before, tidied{})
	d.settle(t, got.RunID, asOf, got.Counts)
	d.before = &reported{at: asOf, counts: got.Counts, spoken: want.spoken}
	return want
}

func (d *day) checkDocument(t *testing.T, want *situation, got reportDocument) {
	t.Helper()
	wanted := want.document
	wanted.RunID, wanted.Messages = got.RunID, got.Messages
	slices.SortFunc(got.Healed, byOrder)
	for i := range got.Unreadable {
		got.Unreadable[i].Reason = ""
	}
	if diff := gocmp.Diff(wanted, got, sameEmpty(), levelsAlone()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", got.RunID, diff)
	}
}

// checkPosted wants each message of a document to be the one in Slack: replies in the thread of the first, alerts beside it.
func checkPosted(t *testing.T, listed []posted, said []fake.SlackMessage) {
	t.Helper()
	if len(listed) != len(said) {
		t.Fatalf("%d messages in Slack, %d in the document", len(said), len(listed))
	}
	for i, m := range listed {
		thread := ""
		if m.Kind == "thread" {
			thread = said[0].TS
		}
		if m.TS != said[i].TS || said[i].ThreadTS != thread {
			t.Errorf("message %d: the document says %+v, Slack has %s in thread %q", i+1, m, said[i].TS, said[i].ThreadTS)
		}
	}
}
