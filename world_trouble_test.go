package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pi-manager/internal/fake"
)

// quiet wants a run to have left no row and to have told the team at most what
// went wrong: no briefing goes out for what was not done.
func (w *world) quiet(t *testing.T) {
	t.Helper()
	for _, tab := range w.sheets.Titles() {
		if tab == "Assignments" {
			for _, r := range records(t, w.sheets, tab, "order id") {
				if r["run id"] != nil {
					t.Errorf("a row was written: %v", r)
				}
			}
		}
	}
	for _, m := range w.slack.Messages() {
		if strings.Contains(m.Text, "briefing") || m.ThreadTS != "" {
			t.Errorf("the team was told of a plan that was not carried out: %s", m.Text)
		}
	}
}

// alerts are the messages that say that a run did not do its work.
func (w *world) alerts() []fake.SlackMessage {
	var list []fake.SlackMessage
	for _, m := range w.briefings() {
		if strings.Contains(m.Text, "stopped") || strings.Contains(m.Text, "failed") {
			list = append(list, m)
		}
	}
	return list
}

// small is a world with two agents and a few orders.
func small(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.crew("ana@example.com", "bo@example.com")
	w.stuck(t, 9)
	return w
}

// F64: an empty warehouse is a warning; the run goes on and the team is told.
func TestWorldEmptyWarehouse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.crew("ana@example.com")
	o := w.triage(t, "07:00", morning())
	o.wants(t, 0, "nothing_new")
	if g := o.document.Guardrails; len(g) != 1 || g[0].Level != "warning" || g[0].Value != "0" {
		t.Errorf("guardrails %+v, want a warning of the order count", g)
	}
	if list := w.briefings(); len(list) != 1 || !strings.Contains(list[0].Rendered, "no orders at all") {
		t.Errorf("want one briefing that warns of it: %+v", list)
	}
	if rows := w.written(t, o.document.RunID); len(rows) > 0 {
		t.Errorf("%d rows were written", len(rows))
	}
}

// F105: more orders than can be true stop the run; the next try of the slot
// ends alike and does not repeat the alert.
func TestWorldTooManyOrders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.crew("ana@example.com", "bo@example.com")
	w.stuck(t, 2500)
	for range 2 {
		o := w.triage(t, "07:00", morning())
		o.wants(t, 3, "stopped")
		if list := w.slack.Messages(); len(list) != 1 || len(w.alerts()) != 1 || !strings.Contains(list[0].Rendered, "2001") {
			t.Fatalf("want one alert that names the number, and nothing else: %+v", list)
		}
	}
	w.quiet(t)
	if runs := records(t, w.sheets, "Runs", "run id"); len(runs) != 1 || runs[0]["result"] != "stopped" {
		t.Errorf("the run is not recorded as stopped, once: %v", runs)
	}
}

// Exactly 2,000 orders are a warning; a dry run of them changes nothing.
func TestWorldJustNotTooManyOrders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.crew("ana@example.com", "bo@example.com")
	w.stuck(t, 2000)
	o := w.triage(t, "07:00", morning(), "--dry-run")
	o.wants(t, 0, "dry_run")
	if c := o.document.Counts; c["pending"] != 2000 || c["new"] != 200 || c["overflow"] != 1800 {
		t.Errorf("counts %v", c)
	}
	if o.document.Guardrails[0].Level != "warning" || w.sheets.Writes() > 0 || len(w.slack.Messages()) > 0 {
		t.Errorf("want a warning, and a dry run that writes and posts nothing: %+v", o.document.Guardrails[0])
	}
}

// nineColumns is a query of people's own: other columns than ours, the server's clock, a limit.
const nineColumns = `-- our list
SELECT o.order_id, CAST(o.created_at AS date) AS order_date, o.status AS order_status, o.sub_state,
       o.meta_postscript_pricing_info_send_currency AS currency_from,
       o.meta_postscript_pricing_info_send_amount AS send_amount,
       o.meta_postscript_pricing_info_receive_amount AS receive_amount,
       EXTRACT(EPOCH FROM (GETDATE() - o.created_at)) / 3600 AS hours_diff,
       'stuck' AS category
FROM orders_goms o
WHERE o.created_at <= GETDATE() - INTERVAL '12 hours'
LIMIT 60;
`

// People's own file with nine columns works unchanged; a LIMIT that is reached
// is a warning.
func TestWorldNineColumns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.crew("ana@example.com", "bo@example.com")
	g := newGenerator(9, morning())
	for _, id := range hostileIDs() {
		g.stuckOrder(id)
	}
	for i := range 60 - len(hostileIDs()) {
		g.stuckOrder(orderID(i))
	}
	for _, r := range g.tables["orders_goms"] { // hours_diff is exact to the second
		r["created_at"] = r["created_at"][:len("2006-01-02 15:04:05")]
	}
	w.db.load(t, g.shuffled())
	w.db.clock(t, morning().Format(time.DateTime))
	w.write(t, "sql/ecm-pending-list.sql", nineColumns)
	in := arrive(g.tables, morning(), true)
	e := w.ledger(t, "").expect(in.orders, morning())
	o := w.triage(t, "07:00", morning(), "--queries", "sql")
	o.wants(t, 0, "ok")
	last := len(o.document.Guardrails) - 1
	if v := o.document.Guardrails[last]; v.Check != "row limit" || v.Level != "warning" {
		t.Errorf("60 rows and LIMIT 60, and the guardrails say %+v", v)
	}
	o.document.Guardrails = o.document.Guardrails[:last]
	o.checkDocument(t, e, in)
	w.checkRows(t, o.document.RunID, e, morning())
	w.checkBriefing(t, w.briefings()[0], o.document.RunID, e, in)
	w.checkThreads(t, w.slack.Thread(w.briefings()[0].TS), o.document.RunID, e)
}

// F77: a column that is not there is named, with the file.
func TestWorldQueryLacksAColumn(t *testing.T) {
	t.Parallel()
	for name, query := range map[string]string{
		"send_amount":  strings.Replace(nineColumns, "AS send_amount", "AS sent", 1),
		"meta_amounts": strings.Replace(nineColumns, "o.meta_postscript_pricing_info_send_amount", "o.meta_amounts", 1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := small(t)
			w.write(t, "sql/ecm-pending-list.sql", query)
			o := w.triage(t, "07:00", morning(), "--queries", "sql")
			if o.exit != 1 && o.exit != 2 {
				t.Errorf("exit status %d", o.exit)
			}
			o.says(t, name, "sql/ecm-pending-list.sql")
			w.quiet(t)
		})
	}
}

// F59: with nobody on duty everything waits, and the briefing says so.
func TestWorldNobodyOnDuty(t *testing.T) {
	t.Parallel()
	header := []any{"Email", "Name", "Team", "Slack Handle", "Active", "Max Tickets"}
	for name, agents := range map[string][][]any{
		"an empty tab":   {header},
		"all are off":    {header, {"ana@example.com", "Ana", "Ops", "", false, 5}, {"bo@example.com", "Bo", "Ops", "", nil, nil}},
		"no tab at all":  nil,
		"capacity of 0s": {header, {"ana@example.com", "Ana", "Ops", "", true, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.stuck(t, 9)
			if agents != nil {
				w.sheets.Seed("Agents", agents)
			}
			o := w.triage(t, "07:00", morning())
			o.wants(t, 0, "nothing_new")
			if c := o.document.Counts; c["new"] != 0 || c["overflow"] != 9 {
				t.Errorf("counts %v, want all 9 to wait", c)
			}
			briefing := w.briefings()[0]
			if got := figures(t, briefing, "wait for a free slot"); len(got) == 0 || got[0] != "9" {
				t.Errorf("the briefing does not say that 9 orders wait:\n%s", briefing.Rendered)
			}
			if strings.Contains(briefing.Rendered, "nothing to assign") {
				t.Errorf("the briefing says that there is nothing to assign, while 9 orders wait:\n%s", briefing.Rendered)
			}
			if name != "capacity of 0s" && !strings.Contains(briefing.Rendered, "nobody can be given an order") {
				t.Errorf("the briefing does not say that nobody is on duty:\n%s", briefing.Rendered)
			}
			if rows := records(t, w.sheets, "Assignments", "order id"); len(rows) > 0 {
				t.Errorf("rows were written: %v", rows)
			}
		})
	}
}

// TestWorldSheetTrouble: what is wrong with the spreadsheet is told before
// anything is done, in words that say what to do (F38, F39, F41, F42).
func TestWorldSheetTrouble(t *testing.T) {
	t.Parallel()
	header := []any{"Order ID", "Assigned Agent", "Assigned At", "Status", "Priority", "Currency", "Amount", "Hours Stuck", "Diagnosis", "Notes"}
	for name, c := range map[string]struct {
		spoil func(*world)
		says  []string
	}{
		"two header rows": {
			func(w *world) { w.sheets.Seed("Assignments", [][]any{header, {"AE1"}, header}) }, []string{"Assignments", "rows 1 and 3"},
		},
		"a column is missing": {
			func(w *world) { w.sheets.Seed("Assignments", [][]any{header[:9]}) }, []string{"Assignments", "Notes"},
		},
		"not shared": {
			func(w *world) { w.sheets.Unshare() }, []string{"share the sheet", "pi-manager@test-project.iam.gserviceaccount.com"},
		},
		"a protected tab": {
			func(w *world) {
				w.sheets.Seed("Assignments", [][]any{header})
				w.sheets.Protect("Assignments", "", "only the boss")
			}, []string{"protects", "Assignments", "only the boss", "pi-manager@test-project.iam.gserviceaccount.com"},
		},
		"a wrong id": {
			func(w *world) { w.env = set(w.env, "SPREADSHEET_ID", "1AnotherSpreadSheet-0_id") }, []string{"SPREADSHEET_ID"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := small(t)
			c.spoil(w)
			before := w.spreadsheet()
			for range 2 {
				o := w.triage(t, "07:00", morning())
				if o.exit != 1 {
					t.Errorf("exit status %d\n%s", o.exit, o.stderr)
				}
				o.says(t, c.says...)
			}
			if after := w.spreadsheet(); after != before {
				t.Errorf("the sheet changed:\n%s", after)
			}
			w.quiet(t)
			if n := len(w.alerts()); n != 1 {
				t.Errorf("%d alerts after two tries of a slot, want one", n)
			}
		})
	}
}

// TestWorldOutOfReach: a warehouse that cannot be asked; no part of the
// connection's secret is told (F67, F98).
func TestWorldOutOfReach(t *testing.T) {
	t.Parallel()
	w := small(t)
	w.env = set(w.env, "REDSHIFT_DATABASE", "no_such_database")
	o := w.triage(t, "07:00", morning(), "--verbose")
	if o.exit != 1 {
		t.Errorf("exit status %d", o.exit)
	}
	o.says(t, "no_such_database", "REDSHIFT_DATABASE")
	w.quiet(t)
}

// F10: with a wrong token nothing is written, and the error names the setting.
func TestWorldWrongToken(t *testing.T) {
	t.Parallel()
	w := small(t)
	w.env = set(w.env, "SLACK_BOT_TOKEN", wrongToken)
	o := w.triage(t, "07:00", morning())
	if o.exit != 1 {
		t.Errorf("exit status %d", o.exit)
	}
	o.says(t, "SLACK_BOT_TOKEN", "invalid_auth")
	if n := w.sheets.Writes(); n > 0 {
		t.Errorf("%d writes of the sheet", n)
	}
}

// F9: the bot is not in the channel. The orders are assigned, the messages are
// owed; once it is invited, the same command posts them.
func TestWorldBotNotInChannel(t *testing.T) {
	t.Parallel()
	w := small(t)
	channel := fake.SlackChannel{ID: fake.SlackChannelID, Name: "ecm"}
	w.slack.PutChannel(channel)
	o := w.triage(t, "07:00", morning())
	o.wants(t, 4, "ok")
	o.says(t, "not_in_channel", "nvite")
	if rows := w.written(t, o.document.RunID); len(rows) != 9 {
		t.Errorf("%d rows, want all 9", len(rows))
	}
	if n := len(w.slack.Messages()); n != 0 {
		t.Errorf("%d messages", n)
	}
	channel.Member = true
	w.slack.PutChannel(channel)
	again := w.triage(t, "07:00", morning())
	again.wants(t, 0, "nothing_new")
	if !again.document.DoneBefore {
		t.Error("the second run does not say that the slot had its run before")
	}
	again.checkMessages(t, w.slack.Messages())
	if rows := w.written(t, o.document.RunID); len(rows) != 9 {
		t.Errorf("%d rows after the second run, want the same 9", len(rows))
	}
	if briefing := w.briefings(); len(briefing) != 1 || fmt.Sprint(figures(t, briefing[0], "in the queue")) != "[9 2]" {
		t.Errorf("want one briefing about 9 orders and 2 agents: %+v", briefing)
	}
}

// shut takes the bot out of the channel, or lets it in again.
func (w *world) shut(out bool) {
	w.slack.PutChannel(fake.SlackChannel{ID: fake.SlackChannelID, Name: "ecm", Member: !out})
}
