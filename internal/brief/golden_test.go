package brief_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pi-manager/internal/brief"
	"pi-manager/internal/ecm"
	"pi-manager/internal/triage"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestGolden pins every kind of message with the look of each span. Read the
// files: they are what the team reads.
func TestGolden(t *testing.T) {
	t.Parallel()
	for name, m := range map[string]brief.Message{
		"briefing":          brief.Briefing(normalDay(t), page()),
		"nothing-new":       brief.Briefing(nothingNew(t), page()),
		"nothing-at-all":    brief.Briefing(planOf(t, triage.Input{}), brief.Page{Zone: time.UTC, Slot: "by hand"}),
		"overflow-warnings": brief.Briefing(badDay(t), warned(page())),
		"everybody-full":    brief.Briefing(everybodyFull(t), page()),
		"sixty-agents":      brief.Briefing(planOf(t, triage.Input{Pending: manyOrders(600), Agents: crew(60)}), page()),
		"alert":             brief.Alert(planOf(t, triage.Input{Pending: ecm.Pending{Orders: manyOrders(2001).Orders, Columns: manyOrders(0).Columns, Truncated: true}}), page()),
		"failure":           brief.Failure("triage", errors.New("read the pending list: the warehouse refused the password for pi_reader; set REDSHIFT_PASSWORD anew <!channel>"), brief.NoEffect, asOf(), page()),
		"thread":            brief.Thread(busyDesk(), page()),
		"thread-full":       brief.Thread(fullDesk(), page()),
		"thread-hostile":    brief.Thread(hostileDesk(), page()),
		"thread-off-duty":   brief.Thread(offDutyDesk(), page()),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			golden(t, name, m)
		})
	}
}

func golden(t *testing.T, name string, m brief.Message) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	got := shown(m)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("(-want +got, -update rewrites the file)\n%s", diff)
	}
}

// shown writes a message with the styles of its spans in braces. What is not
// printable is written out, so that a golden file hides nothing.
func shown(m brief.Message) string {
	var b strings.Builder
	fmt.Fprintf(&b, "summary: %s\n", m.Summary)
	for _, block := range m.Blocks {
		fmt.Fprintf(&b, "[%s]\n", block.Kind)
		for _, line := range block.Lines {
			for _, span := range line {
				text := strings.Trim(strconv.QuoteToGraphic(span.Text), `"`)
				text = strings.ReplaceAll(text, `\"`, `"`)
				switch {
				case span.To != "":
					fmt.Fprintf(&b, "{%s %s → %s}", span.Style, text, span.To)
				case span.Style != brief.Plain:
					fmt.Fprintf(&b, "{%s %s}", span.Style, text)
				default:
					b.WriteString(text)
				}
			}
			b.WriteByte('\n')
		}
	}
	fmt.Fprintf(&b, "(%d characters)\n", len([]rune(m.String())))
	return b.String()
}

// normalDay is a day on which every guardrail is content: most orders are known, some are new.
func normalDay(tb testing.TB) *triage.Plan {
	in := triage.Input{Pending: manyOrders(400), Agents: crew(6)}
	for i := range 340 {
		o := in.Pending.Orders[i]
		in.Assignments = append(in.Assignments, openRow(o.ID, []string{"asha", "ben", "cleo", "dev"}[i%4], ecm.Priorities[i%4], o.Send))
	}
	in.Assignments[3].Status, in.Assignments[4].Status = ecm.Escalated, ecm.Resolved
	in.Assignments[4].ResolvedAt = asOf().Add(-time.Hour)
	in.Assignments[5].Status, in.Assignments[5].ResolvedAt = ecm.Resolved, asOf().Add(-9*time.Hour)
	in.Assignments[6].Status, in.Assignments[6].ResolvedAt, in.Assignments[6].AssignedAt = ecm.Resolved, asOf().Add(-40*time.Hour), asOf().Add(-60*time.Hour)
	in.Pending.SetAside = []ecm.SetAside{{Row: 401, OrderID: "AE1", Reason: ecm.UnreadableAmount, Detail: `"1,200"`}, {Row: 402, Reason: ecm.NoID}, {Row: 403, Reason: ecm.NoID}}
	in.Agents[5].Active = false
	return planOf(tb, in)
}

func nothingNew(tb testing.TB) *triage.Plan {
	in := triage.Input{Pending: manyOrders(3), Agents: crew(2)}
	for _, o := range in.Pending.Orders {
		in.Assignments = append(in.Assignments, openRow(o.ID, "asha", ecm.P2, o.Send))
	}
	return planOf(tb, in)
}

// badDay has too many orders, one currency, a LIMIT, too few slots and people's mistakes.
func badDay(tb testing.TB) *triage.Plan {
	in := triage.Input{Pending: manyOrders(700), Agents: crew(3)}
	for i := range in.Pending.Orders {
		in.Pending.Orders[i].Send.Currency, in.Pending.Orders[i].Facts[2] = "AED", "AED"
	}
	in.Pending.Limit = 700
	in.Agents[1].Capacity, in.Agents[2].Email, in.Agents[0].Capacity = 20, "asha@example.com", 30
	in.Assignments = []ecm.Assignment{openRow("X1", "gone", ecm.P1, money("GBP", "10"))}
	return planOf(tb, in)
}

func warned(p brief.Page) brief.Page {
	p.Warnings = []string{"Assignments: row 17 (\"Erledigt\") has a status that is none of OPEN, IN_PROGRESS, ESCALATED, RESOLVED.", strings.Repeat("A very long warning. ", 40)}
	return p
}

func everybodyFull(tb testing.TB) *triage.Plan {
	in := triage.Input{Pending: manyOrders(40), Agents: crew(2)}
	in.Agents[0].Capacity, in.Agents[1].Capacity = 0, 1
	in.Assignments = []ecm.Assignment{openRow("X1", "ben", ecm.P1, money("GBP", "12000.5"))}
	return planOf(tb, in)
}

func busyDesk() *triage.Desk {
	back := ticket("AE6", "70", ecm.P3, "stuck_at_lulu", true)
	back.Reopened = true
	return deskOf(ecm.Agent{Email: "ben@example.com", Name: "Ben", Active: true},
		ticket("AE0", "9000", ecm.P4, "stuck_at_lulu", false), ticket("AE1", "20", ecm.P1, "stuck_at_lulu", false),
		ticket("AE2", "15000.5", ecm.P1, "refund_triggered", true), ticket("AE3", "6000", ecm.P2, "manual_review", true), ticket("AE4", "5000", ecm.P1, "refund_triggered", true),
		ticket("AE5", "300", ecm.P1, "brn_pending", true), back, ticket("AE7", "10", ecm.P4, "fulfillment_pending", true), ticket("AE8", "10", ecm.P3, "rfi_pending", true))
}

// fullDesk has far more new orders than one message takes.
func fullDesk() *triage.Desk {
	var tickets []triage.Ticket
	for i := range 300 {
		tickets = append(tickets, ticket(fmt.Sprintf("AE%09d", i), fmt.Sprint(9000-i*40), ecm.Priorities[i/100], "stuck_at_lulu", true))
	}
	return deskOf(ecm.Agent{Email: "asha@example.com", Handle: "<@U0ASHA999>", Active: true}, tickets...)
}

func offDutyDesk() *triage.Desk {
	d := deskOf(ecm.Agent{Email: "ben@example.com", Name: "Ben", Handle: "U0BEN1234"}, ticket("AE0", "9000", ecm.P4, "stuck_at_lulu", false))
	d.Off = "not active"
	return d
}

// hostileDesk has in its ids, names and diagnoses what an attacker would try there.
func hostileDesk() *triage.Desk {
	var tickets []triage.Ticket
	for i, payload := range payloads() {
		t := ticket(payload, fmt.Sprint(i*100), ecm.Priorities[i%4], payload, i%5 > 0)
		t.Next = payload
		tickets = append(tickets, t)
	}
	return deskOf(ecm.Agent{Email: "x@example.com", Name: "<!channel> *Mallory*\n", Handle: "<@U1|<!here>>", Active: true}, tickets...)
}
