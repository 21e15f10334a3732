package brief_test

import (
	"strings"
	"testing"
	"time"

	"pi-manager/internal/brief"
	"pi-manager/internal/ecm"
	"pi-manager/internal/progress"
)

// TestGoldenReports pins the messages of a report and of a stopped cleanup.
func TestGoldenReports(t *testing.T) {
	t.Parallel()
	day, quiet, lost, doubt, bad := reportOf(workingDay(t)), reportOf(quietDay(t)), reportOf(disaster(t)), reportOf(unbelieved(t)), reportOf(hostileShift(t))
	few, crowd, everybody := reportOf(crowded(t, 3, 3)), reportOf(crowded(t, 20, 5)), reportOf(crowded(t, 60, 2))
	for name, m := range map[string]brief.Message{
		"report":                  brief.Report(day, warned(eveningPage())),
		"report-quiet":            brief.Report(quiet, eveningPage()),
		"report-empty":            brief.Report(progress.Make(looked(t, nil, nil), progress.Since{}), brief.Page{Zone: time.UTC, Slot: "by hand"}),
		"report-disaster":         brief.Report(lost, eveningPage()),
		"report-not-believed":     brief.Report(doubt, eveningPage()),
		"report-hostile":          brief.Report(bad, eveningPage()),
		"reply-breaches":          reply(t, day, "breaches"),
		"reply-soon":              reply(t, few, "soon"),
		"reply-soon-day":          reply(t, day, "soon"),
		"reply-soon-many":         reply(t, crowd, "soon"),
		"reply-soon-everybody":    reply(t, everybody, "soon"),
		"reply-high-value":        reply(t, day, "high-value"),
		"reply-breaches-hostile":  reply(t, bad, "breaches"),
		"breach-alert":            brief.BreachAlert(day, eveningPage()),
		"breach-alert-not-sure":   brief.BreachAlert(doubt, eveningPage()),
		"cleanup-alert":           brief.CleanupAlert(cleanupOf(t, false), evening(), eveningPage()),
		"cleanup-alert-late-feed": brief.CleanupAlert(cleanupOf(t, true), evening(), eveningPage()),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			golden(t, name, m)
		})
	}
}

// cleanupOf is a cleanup that would close nearly all that is open; late, on top
// of that, is the feed.
func cleanupOf(tb testing.TB, late bool) *progress.Cleanup {
	in, _ := workingDay(tb)
	for id := range in.Statuses.ByID {
		in.Statuses.ByID[id] = "COMPLETED"
	}
	in.Assignments[31].ResolvedAt = time.Time{}
	if late {
		in.Statuses.Newest = evening().Add(-31 * time.Hour)
	}
	return progress.Clean(in, false)
}

// What finds no room is counted, line by line; nothing is dropped in silence.
func TestWhatFindsNoRoomIsCounted(t *testing.T) {
	t.Parallel()
	const notes = 5 // two warnings, full agents, unreadable, untimed
	r := reportOf(unbelieved(t))
	for _, link := range []int{0, 300, 500, 600, 700} { // a long address leaves little room
		for n := range 40 {
			p := eveningPage()
			p.Link += strings.Repeat("x", link)
			for range n {
				p.Warnings = append(p.Warnings, strings.Repeat("A sentence. ", 10))
			}
			m := brief.Report(r, p)
			shown := 0
			for _, block := range m.Blocks[2:] {
				if block.Kind == brief.Section {
					shown += len(block.Lines)
				}
			}
			if left := sum(strings.Split(m.String(), "\n"), moreInOutput); shown+left != notes+n || len(markup(m)) >= 2000 {
				t.Errorf("%d are shown and %d left out of %d, in %d bytes", shown, left, notes+n, len(markup(m)))
			}
		}
	}
}

// Nobody is told that all is well while there is an order whose clock nobody
// knows; one that has completed needs no clock.
func TestNoAllClearWithoutAClock(t *testing.T) {
	t.Parallel()
	row := openRow("AE1", "asha", ecm.P1, money("AED", "10"))
	row.AssignedAt = time.Time{}
	in := looked(t, []ecm.Assignment{row, openRow("AE2", "asha", ecm.P1, money("AED", "10"))}, crew(1))
	in.Assignments[1].AssignedAt = evening()
	text := brief.Report(progress.Make(in, since(nil)), eveningPage()).String()
	if !strings.Contains(text, "\nNo SLA is known to be broken\n") || !strings.Contains(text, "\n1 without a readable Assigned At: nobody watches the SLA\n") {
		t.Errorf("got\n%s", text)
	}
	in.Statuses.ByID["AE1"] = "COMPLETED"
	text = brief.Report(progress.Make(in, since(nil)), eveningPage()).String()
	if !strings.Contains(text, "\nNo SLA is broken\n") || strings.Contains(text, "Assigned At") ||
		!strings.Contains(text, "\n1 completed and still open here: the next cleanup closes it\n") {
		t.Errorf("got\n%s", text)
	}
}

// A row of a person's own may have no currency: its amount is in no total.
func TestAReportTotalsNoAmountWithoutACurrency(t *testing.T) {
	t.Parallel()
	in := looked(t, []ecm.Assignment{openRow("AE1", "asha", ecm.P1, money("", "77")), openRow("AE2", "asha", ecm.P1, money("GBP", "5.5"))}, crew(1))
	if text := brief.Report(progress.Make(in, since(nil)), eveningPage()).String(); strings.Contains(text, "77.00") || !strings.Contains(text, "\nGBP 5.50\n") {
		t.Errorf("got\n%s", text)
	}
}

// More agents than one message takes: those without a line are counted.
func TestWarningsOfAHundredAgents(t *testing.T) {
	t.Parallel()
	m := reply(t, reportOf(crowded(t, 100, 2)), "soon")
	lines := strings.Split(m.String(), "\n")
	heads, others := sum(lines, warnedAgent), sum(lines, otherAgents)
	if heads+others != 200 || others == 0 || strings.Count(live(m), "mention ") != heads/2 || len(markup(m)) >= 4000 {
		t.Errorf("%d in lines, %d of others, %d bytes:\n%s", heads, others, len(markup(m)), m)
	}
}

// One agent has one heading, however the e-mail is written in the rows.
func TestOneHeadingAnAgent(t *testing.T) {
	t.Parallel()
	rows := []ecm.Assignment{openRow("AE1", "ben", ecm.P1, money("AED", "1")), openRow("AE2", "Ben", ecm.P1, money("AED", "1"))}
	rows[0].AssignedAt, rows[1].AssignedAt = evening(), evening()
	m := reply(t, progress.Make(looked(t, rows, crew(2)), since(nil)), "soon")
	if live(m) != "mention U0BEN1234" || !strings.Contains(m.String(), "\nBen 2 orders\n") {
		t.Errorf("got\n%s", m)
	}
}

// A high-value order says whether its SLA is broken, and whether it is done, as
// far as the warehouse is believed (F64).
func TestMarksOfHighValueOrders(t *testing.T) {
	t.Parallel()
	rows := []ecm.Assignment{openRow("AE1", "ben", ecm.P1, money("AED", "9000")), openRow("AE2", "ben", ecm.P1, money("AED", "8000"))}
	rows = append(rows, openRow("AE3", "ben", ecm.P1, money("AED", "7000")))
	rows[2].AssignedAt = evening()
	in := looked(t, rows, crew(2))
	in.Statuses.ByID["AE2"] = "COMPLETED"
	for stale, want := range map[bool]string{false: "P1 · stuck_at_lulu · Ben completed", true: "P1 · stuck_at_lulu · Ben over its SLA"} {
		if stale {
			in.Statuses.Newest = evening().Add(-100 * time.Hour)
		} else {
			in.Statuses.Newest = evening()
		}
		lines := strings.Split(reply(t, progress.Make(in, since(nil)), "high-value").String(), "\n")
		got := []string{lines[1], lines[2], lines[3]}
		if !strings.HasSuffix(got[0], "Ben over its SLA") || !strings.HasSuffix(got[1], want) || !strings.HasSuffix(got[2], "Ben") {
			t.Errorf("stale %v: got %q", stale, got)
		}
	}
}
