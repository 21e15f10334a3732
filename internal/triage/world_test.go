package triage_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"pi-manager/config"
	"pi-manager/internal/ecm"
	"pi-manager/internal/policy"
	"pi-manager/internal/triage"
)

// rulesWith is the built-in policy, with parts of its text replaced.
func rulesWith(tb testing.TB, replacements ...string) *policy.Policy {
	tb.Helper()
	file, err := config.Read("", config.PolicyFile)
	if err != nil {
		tb.Fatal(err)
	}
	for i := 0; i < len(replacements); i += 2 {
		if !strings.Contains(file.Text, replacements[i]) {
			tb.Fatalf("the policy has no %q to replace", replacements[i])
		}
	}
	file.Text = strings.NewReplacer(replacements...).Replace(file.Text)
	p, err := config.ParsePolicy(file)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// order is an AED order with little to say for itself, stuck for so many hours.
func order(id, amount string, hours int) ecm.Order {
	return ecm.Order{
		ID: id, Status: "PENDING", SubState: "FULFILLMENT_PENDING", Created: asOf().Add(-time.Duration(hours) * time.Hour),
		Send: ecm.Money{Amount: decimal.RequireFromString(amount), Currency: "AED"},
	}
}

// pending is a result of these orders, row by row, with five columns.
func pending(orders ...ecm.Order) ecm.Pending {
	p := ecm.Pending{Source: "a test", Columns: []string{"order_id", "sub_state", "currency_from", "send_amount", "created_at"}}
	for i, o := range orders {
		o.Row = i + 1
		o.Facts = []string{o.ID, o.SubState, o.Send.Currency, o.Send.Amount.String(), ecm.FormatTime(o.Created)}
		p.Orders = append(p.Orders, o)
	}
	return p
}

// agents are active people with so many tickets each: "asha 2", "ben" (the default).
func agents(people ...string) []ecm.Agent {
	list := make([]ecm.Agent, len(people))
	for i, text := range people {
		name, capacity := text, ecm.DefaultCapacity
		_, _ = fmt.Sscanf(text, "%s %d", &name, &capacity)
		list[i] = ecm.Agent{Email: name + "@example.com", Active: true, Capacity: capacity, Row: i + 2}
	}
	return list
}

// row is an assignment that was made so many hours ago.
func row(id, agent string, status ecm.Status, hoursAgo int) ecm.Assignment {
	return ecm.Assignment{
		OrderID: id, Agent: agent + "@example.com", Status: status, AssignedAt: asOf().Add(-time.Duration(hoursAgo) * time.Hour), Priority: ecm.P3,
		Send: ecm.Money{Amount: decimal.NewFromInt(10), Currency: "AED"}, Stuck: 12 * time.Hour, Row: 7,
	}
}

func input(tb testing.TB, p ecm.Pending, team []ecm.Agent) triage.Input {
	tb.Helper()
	return triage.Input{RunID: "triage/test", AsOf: asOf(), Pending: p, Agents: team, Policy: rules(tb)}
}

func planOf(t rapid.TB, in triage.Input) *triage.Plan {
	t.Helper()
	p, err := triage.Make(in)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// outcomeOf is what became of the order; of several rows of one id, the one that was not set aside.
func outcomeOf(t rapid.TB, p *triage.Plan, id string) *triage.Outcome {
	t.Helper()
	var found *triage.Outcome
	for i := range p.Outcomes {
		if o := &p.Outcomes[i]; o.OrderID() == id && (found == nil || found.Kind == triage.SetAside) {
			found = o
		}
	}
	if found == nil {
		t.Fatalf("no outcome of %s", id)
	}
	return found
}

// dealt is who got what, in the order of the deal: "A1 asha".
func dealt(p *triage.Plan) []string {
	var list []string
	for _, r := range p.Rows() {
		list = append(list, r.OrderID+" "+strings.TrimSuffix(r.Agent, "@example.com"))
	}
	return list
}

// waiting are the ids of what found no slot, in the plan's order.
func waiting(p *triage.Plan) []string {
	var list []string
	for _, i := range p.Overflow {
		list = append(list, p.Outcomes[i].OrderID())
	}
	return list
}
