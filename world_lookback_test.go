package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// What the domain's text says of progress and cleanup, once more, in loops over
// cells and rows of tables.

// look is what there is to see at a moment.
type look struct {
	now, next, day time.Time
	rows           []record // of the tab Assignments
	agents         []record
	resolutions    []record
	tables         warehouseTables
	rules          rules
	before         *reported // the report before
}

// rules are what of the policy a test can change.
type rules struct {
	terminal     []string // statuses that end an order
	fromCreation bool     // what the SLA's clock counts from
	alertFrom    int
	fullAbove    int // percent of an agent's slots
}

func usualRules() rules { return rules{terminal: []string{"COMPLETED"}, alertFrom: 3, fullAbove: 80} }

// reported is a report that has gone out.
type reported struct {
	at     time.Time
	counts map[string]int
	spoken []string // completed, with rows that were open still
}

// slaHours is the domain's table; what is not in it has eight.
func slaHours(diagnosis string) time.Duration {
	minutes := map[string]int{
		"refund_triggered": 120, "manual_review": 30, "status_sync_issue": 60, "cancellation_pending": 240, "brn_pending": 240,
		"stuck_at_lean_recon": 240, "no_rfi_created": 240, "rfi_pending": 24 * 60, "bulk_vda_pending": 16 * 60,
	}
	if m, known := minutes[diagnosis]; known {
		return time.Duration(m) * time.Minute
	}
	return 8 * time.Hour
}

// cellTime reads a time as people leave it in a cell: text, or the day number that Sheets makes of it.
func cellTime(v any) (time.Time, bool) {
	switch v := v.(type) {
	case string:
		at, err := time.Parse(time.DateTime, v)
		return at, err == nil
	case float64:
		return time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC).Add(time.Duration(v*86400+0.5) * time.Second), true
	}
	return time.Time{}, false
}

// sound rows can be read, every cell of them.
func sound(r record) bool {
	_, isHours := r["hours stuck"].(float64)
	return readable(r) && isHours && len(r.text("currency")) == 3 && slices.Contains([]string{"P1", "P2", "P3", "P4"}, r.text("priority"))
}

func assignedAt(r record) time.Time {
	at, _ := cellTime(r["assigned at"])
	return at
}

// active are the sound rows that are not resolved; of several of one order the oldest.
func (l look) active() []record {
	oldest := map[string]record{}
	for _, r := range l.rows {
		id := cellText(r["order id"])
		if sound(r) && status(r) != "RESOLVED" && (oldest[id] == nil || assignedAt(r).Before(assignedAt(oldest[id]))) {
			oldest[id] = r
		}
	}
	var list []record
	for _, r := range l.rows {
		if first := oldest[cellText(r["order id"])]; first != nil && first["#"] == r["#"] {
			list = append(list, r)
		}
	}
	return list
}

// orderStatus is what the warehouse says of an order at the moment; "" where it does not know it.
func (l look) orderStatus(id string) string {
	var newest tableRow
	for _, r := range rowsOf(l.tables["orders_goms"], "order_id", id) {
		if r.changed() <= moment(l.now) && (newest == nil || r.changed() > newest.changed()) {
			newest = r
		}
	}
	return newest["status"]
}

func (l look) ended(id string) bool { return slices.Contains(l.rules.terminal, l.orderStatus(id)) }

// asked are the orders that the warehouse is asked about.
func (l look) asked() map[string]bool {
	ids := map[string]bool{}
	for _, r := range l.rows {
		if id := cellText(r["order id"]); id != "" && (!sound(r) || status(r) != "RESOLVED") {
			ids[id] = true
		}
	}
	return ids
}

// verdicts judge the warehouse's answer.
func (l look) verdicts() (list []verdict, stopped bool) {
	asked := l.asked()
	if len(asked) == 0 {
		return nil, false
	}
	known := 0
	for id := range asked {
		if l.orderStatus(id) != "" {
			known++
		}
	}
	newest := ""
	for _, r := range l.tables["orders_goms"] {
		if r["created_at"] <= moment(l.now) {
			newest = max(newest, r["created_at"])
		}
	}
	done, open := 0, 0
	for _, r := range l.active() {
		if working(r) {
			open++
			if l.ended(cellText(r["order id"])) {
				done++
			}
		}
	}
	list = []verdict{
		{Check: "orders known", Value: ofAll(known, len(asked)), Level: stopIf(10*(len(asked)-known) > 6*len(asked))},
		{Check: "warehouse age", Value: "not told", Level: "notice"},
		{Check: "closed at once", Value: ofAll(done, open), Level: stopIf(10*done > 6*open)},
	}
	if newest != "" {
		age := l.now.Sub(readMoment(newest))
		list[1].Value, list[1].Level = hoursText(age)+" h", stopIf(age > 24*time.Hour)
	}
	return list, slices.ContainsFunc(list, func(v verdict) bool { return v.Level == "stop" })
}

func stopIf(bad bool) string {
	if bad {
		return "stop"
	}
	return "ok"
}

// tidied is what a cleanup comes to.
type tidied struct {
	document cleanupDocument
	after    []record // the rows as it leaves them
	touched  []touch  // the cells of rows that it wrote
}

type touch struct {
	row    record
	header string
}

type cleanupDocument struct {
	RunID      string         `json:"run_id"`
	Status     string         `json:"status"`
	DoneBefore bool           `json:"done_before"`
	Checked    int            `json:"checked"`
	Resolved   []closedOrder  `json:"resolved"`
	Skipped    []orderReason  `json:"skipped"`
	Timed      int            `json:"timed"`
	Archived   int            `json:"archived"`
	Counts     map[string]int `json:"counts"`
	Guardrails []verdict      `json:"guardrails"`
	Messages   []posted       `json:"messages"`
}

type closedOrder struct {
	OrderID string `json:"order_id"`
	Agent   string `json:"agent"`
	Status  string `json:"status"`
}

type orderReason struct {
	OrderID string `json:"order_id"`
	Reason  string `json:"reason"`
}

type posted struct {
	Kind string `json:"kind"`
	Part string `json:"part"`
	TS   string `json:"ts"`
}

// cleanup works out what a cleanup does. accept says that a person has accepted what only looks wrong.
func (l look) cleanup(accept bool) tidied {
	verdicts, stopped := l.verdicts()
	if accept {
		stopped = false
		for i, v := range verdicts {
			if v.Level == "stop" && v.Check != "warehouse age" {
				verdicts[i].Level = "warning"
			}
			stopped = stopped || verdicts[i].Level == "stop"
		}
	}
	c := tidied{document: cleanupDocument{Status: "nothing_new", Checked: len(l.asked()), Guardrails: verdicts}}
	d := &c.document
	for _, r := range l.rows {
		r = maps.Clone(r)
		id := cellText(r["order id"])
		switch {
		case sound(r) && status(r) == "RESOLVED" && r["resolved at"] == nil:
			r["resolved at"] = l.whenResolved(r).Format(time.DateTime)
			c.touched = append(c.touched, touch{r, "resolved at"})
			d.Timed++
		case sound(r) && status(r) == "RESOLVED" || id == "" || !l.ended(id):
		case !sound(r) || !working(r) || stopped:
			d.Skipped = append(d.Skipped, orderReason{OrderID: id})
		default:
			d.Resolved = append(d.Resolved, closedOrder{id, r.text("assigned agent"), l.orderStatus(id)})
			c.close(r, l.now)
		}
		c.after = append(c.after, r)
	}
	c.after = slices.DeleteFunc(c.after, func(r record) bool {
		old := l.old(r, c.after)
		if old {
			d.Archived++
		}
		return old
	})
	if len(d.Resolved) > 0 {
		d.Status = "ok"
	}
	if stopped {
		d.Status = "stopped"
	}
	d.Counts = map[string]int{"checked": d.Checked, "resolved": len(d.Resolved), "timed": d.Timed, "skipped": len(d.Skipped), "archived": d.Archived}
	return c
}

// close is what becomes of a row whose order has completed by itself.
func (c *tidied) close(r record, now time.Time) {
	r["status"] = "RESOLVED"
	if r["resolved at"] == nil {
		r["resolved at"] = now.Format(time.DateTime)
	}
	note := "self-healed"
	if own, _ := r["notes"].(string); own != "" {
		note = own + "; " + note
	}
	r["notes"] = note
	c.touched = append(c.touched, touch{r, "status"}, touch{r, "resolved at"}, touch{r, "notes"})
}

// whenResolved is what the Resolutions tab says of a row without a time, else now.
func (l look) whenResolved(r record) time.Time {
	var at time.Time
	for _, note := range l.resolutions {
		noted, _ := cellTime(cmp.Or(note["timestamp"], note["resolved at"]))
		if note["order id"] == r["order id"] && noted.After(at) {
			at = noted
		}
	}
	if at.IsZero() || at.Before(assignedAt(r)) {
		return l.now
	}
	return at
}

// old says whether a row goes to the archive.
func (l look) old(r record, rows []record) bool {
	at, known := cellTime(r["resolved at"])
	if !sound(r) || status(r) != "RESOLVED" || !known || l.now.Sub(at) <= 30*24*time.Hour {
		return false
	}
	return !slices.ContainsFunc(rows, func(other record) bool {
		return other["order id"] == r["order id"] && sound(other) && status(other) != "RESOLVED"
	})
}

// closedSince are the orders that were closed after one moment and up to now: how many by people, and which healed.
func (l look) closedSince(after time.Time) (byPeople int, healed []record) {
	last := map[string]record{}
	for _, r := range l.rows {
		if !sound(r) || status(r) != "RESOLVED" {
			continue
		}
		id := cellText(r["order id"])
		at, _ := cellTime(r["resolved at"])
		if before, _ := cellTime(last[id]["resolved at"]); last[id] == nil || !at.Before(before) {
			last[id] = r
		}
	}
	for _, r := range last {
		at, known := cellTime(r["resolved at"])
		switch {
		case known && (!at.After(after) || at.After(l.now)):
		case healedRow(r):
			healed = append(healed, r)
		default:
			byPeople++
		}
	}
	return byPeople, healed
}

func healedRow(r record) bool {
	return slices.ContainsFunc(strings.Split(r.text("notes"), ";"), func(note string) bool { return strings.TrimSpace(note) == "self-healed" })
}

func ofAll(part, all int) string { return fmt.Sprintf("%d of %d", part, all) }
