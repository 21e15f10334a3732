package triage_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"pi-manager/internal/ecm"
	"pi-manager/internal/policy"
	"pi-manager/internal/triage"
)

// smallRules are the built-in ones with three tickets an agent, so that small days overflow, and a boss who gets nothing.
func smallRules(t testing.TB) *policy.Policy {
	t.Helper()
	return rulesWith(t, "default_max_tickets: 100", "default_max_tickets: 3").Exclude([]string{"boss@example.com"})
}

// people are who may stand in the Agents tab; the last one is the first, in other letters.
func people() []string {
	return []string{"asha@example.com", "ben@example.com", "cleo@example.com", "dev@example.com", "boss@example.com", "ASHA@Example.com"}
}

// anyDay draws a day. A messy one also has rows that break the contract, several
// rows of an order, and several rows of the ledger for an order.
func anyDay(rules *policy.Policy, messy bool) *rapid.Generator[triage.Input] {
	return rapid.Custom(func(t *rapid.T) triage.Input {
		in := triage.Input{RunID: "triage/any", AsOf: asOf(), Policy: rules}
		in.Pending = pending(anyOrders(t, messy)...)
		if messy {
			mess(t, &in.Pending)
		}
		for i, email := range people() {
			if rapid.IntRange(0, 3).Draw(t, email) > 0 {
				in.Agents = append(in.Agents, ecm.Agent{
					Email: email, Active: rapid.IntRange(0, 5).Draw(t, "active") > 0, Row: i + 2,
					Capacity: rapid.SampledFrom([]int{ecm.DefaultCapacity, 0, 1, 2, 5, 50}).Draw(t, "capacity"),
				})
			}
		}
		in.Agents = rapid.Permutation(in.Agents).Draw(t, "agents")
		in.LastAgent = rapid.SampledFrom(append(people(), "", "gone@example.com")).Draw(t, "last agent")
		anyLedger(t, &in, messy)
		return in
	})
}

func anyOrders(t *rapid.T, messy bool) []ecm.Order {
	var orders []ecm.Order
	for i := range rapid.IntRange(0, 30).Draw(t, "orders") {
		id := fmt.Sprintf("A%02d", i)
		if messy && i > 0 && rapid.IntRange(0, 5).Draw(t, "again") == 0 {
			id = orders[rapid.IntRange(0, i-1).Draw(t, "which")].ID
		}
		amount := rapid.SampledFrom([]string{"0", "100.01", "4999.99", "5000", "5000.00", "7000", "7000.5"}).Draw(t, "amount")
		o := order(id, amount, rapid.SampledFrom([]int{0, 1, 13, 25, 37, 100}).Draw(t, "hours"))
		o.SubState = rapid.SampledFrom([]string{"FULFILLMENT_PENDING", "MANUAL_REVIEW", "REFUND_TRIGGERED"}).Draw(t, "sub-state")
		o.Send.Currency = rapid.SampledFrom([]string{"AED", "GBP", "EUR"}).Draw(t, "currency")
		orders = append(orders, o)
	}
	return orders
}

// mess breaks the contract of some rows, and puts unreadable ones among them.
func mess(t *rapid.T, p *ecm.Pending) {
	p.Columns = append(p.Columns, "payment_attempts", "lulu_record")
	for i := range p.Orders {
		o := &p.Orders[i]
		attempts := rapid.SampledFrom([]string{"1", "1", "", "many"}).Draw(t, "attempts")
		o.Facts = append(o.Facts, attempts, rapid.SampledFrom([]string{"true", "true", "false"}).Draw(t, "lulu"))
		switch rapid.IntRange(0, 12).Draw(t, "fault") {
		case 0:
			o.ID = ""
		case 1:
			o.Send.Amount = decimal.NewFromInt(-1)
		case 2:
			o.Send.Currency = "USD"
		case 3:
			o.Created = asOf().Add(time.Hour)
		}
	}
	for range rapid.IntRange(0, 3).Draw(t, "unreadable") {
		p.SetAside = append(p.SetAside, ecm.SetAside{Row: p.Rows() + 1, OrderID: rapid.SampledFrom([]string{"", "A00"}).Draw(t, "id"), Reason: ecm.UnreadableAmount})
	}
}

// anyLedger draws rows for some orders and some strangers. No two are assigned at the same second.
func anyLedger(t *rapid.T, in *triage.Input, messy bool) {
	resolved := map[string]bool{}
	for i := range rapid.IntRange(0, 15).Draw(t, "rows") {
		id := fmt.Sprintf("A%02d", rapid.IntRange(0, 35).Draw(t, "id"))
		status := rapid.SampledFrom([]ecm.Status{ecm.Open, ecm.InProgress, ecm.Escalated, ecm.Resolved, ecm.Resolved, ecm.Resolved}).Draw(t, "status")
		if !messy && (status == ecm.Resolved && resolved[id] || slices.ContainsFunc(in.Assignments, func(a ecm.Assignment) bool { return a.OrderID == id })) {
			continue
		}
		resolved[id] = resolved[id] || status == ecm.Resolved
		r := row(id, "x", status, 100)
		r.Agent = rapid.SampledFrom(append(people(), "gone@example.com")).Draw(t, "agent")
		r.AssignedAt, r.Row = r.AssignedAt.Add(time.Duration(i)*time.Second), i+2
		if status == ecm.Resolved && rapid.Bool().Draw(t, "noted") {
			r.ResolvedAt = asOf().Add(-time.Duration(rapid.IntRange(20*3600, 30*3600).Draw(t, "closed")) * time.Second)
		}
		in.Assignments = append(in.Assignments, r)
	}
	for range rapid.IntRange(0, 6).Draw(t, "notes") {
		id := fmt.Sprintf("A%02d", rapid.IntRange(0, 35).Draw(t, "note of"))
		in.Resolutions = append(in.Resolutions, ecm.Resolution{OrderID: id, At: asOf().Add(-time.Duration(rapid.IntRange(0, 110).Draw(t, "note")) * time.Hour)})
	}
	for range rapid.IntRange(0, 2).Draw(t, "reserved") {
		id := rapid.SampledFrom([]string{"", "A00", "A01", "A02"}).Draw(t, "reserved id")
		in.Reserved = append(in.Reserved, triage.Reserved{Row: 99, OrderID: id, Reason: "status \"?\""})
	}
}

// What comes in comes out, each row with one outcome and its reason, and every count is the count of those.
func TestEveryRowHasOneOutcome(t *testing.T) {
	t.Parallel()
	rules := smallRules(t)
	rapid.Check(t, func(t *rapid.T) {
		in := anyDay(rules, true).Draw(t, "input")
		p := planOf(t, in)
		if len(p.Outcomes) != in.Pending.Rows() {
			t.Fatalf("%d outcomes of %d rows", len(p.Outcomes), in.Pending.Rows())
		}
		kinds, sum := map[triage.Kind]int{}, 0
		for i := range p.Outcomes {
			o := &p.Outcomes[i]
			at := o.Aside.Row
			if o.Order != nil {
				at = o.Order.Row
			}
			if at != i+1 || o.Reason() == "" || o.Kind < triage.Assigned || o.Kind > triage.Overflow {
				t.Fatalf("outcome %d is of row %d: %s, %q", i+1, at, o.Kind, o.Reason())
			}
			kinds[o.Kind]++
		}
		want := map[string]int{
			"set_aside": kinds[triage.SetAside], "disqualified": kinds[triage.Disqualified], "already_assigned": kinds[triage.Kept],
			"recently_resolved": kinds[triage.RecentlyResolved], "new": kinds[triage.Assigned], "overflow": kinds[triage.Overflow],
		}
		for _, n := range want {
			sum += n
		}
		want["pending"], want["reopened"] = sum, p.Counts()["reopened"]
		if diff := cmp.Diff(want, p.Counts()); diff != "" || len(p.Rows()) != kinds[triage.Assigned] || len(p.Overflow) != kinds[triage.Overflow] {
			t.Fatalf("%d rows, %d wait, %s", len(p.Rows()), len(p.Overflow), diff)
		}
	})
}

// An order gets a row once, and never one that the ledger reserves.
func TestNoOrderIsAssignedTwice(t *testing.T) {
	t.Parallel()
	rules := smallRules(t)
	rapid.Check(t, func(t *rapid.T) {
		in := anyDay(rules, true).Draw(t, "input")
		taken := map[string]string{}
		for _, r := range in.Assignments {
			if r.Status != ecm.Resolved {
				taken[r.OrderID] = "an active row"
			}
		}
		for _, r := range in.Reserved {
			taken[r.OrderID] = "an unreadable row"
		}
		taken[""] = "no id"
		for _, r := range planOf(t, in).Rows() {
			if why := taken[r.OrderID]; why != "" {
				t.Fatalf("%q was assigned and has %s", r.OrderID, why)
			}
			taken[r.OrderID] = "a new row"
		}
	})
}

// Nobody is above Max Tickets by what was dealt, nobody inactive or excluded gets
// anything, the first order goes to the next agent with a slot, and shares differ
// by at most one. The last holds among agents who kept a free slot, without
// weights and teams, for each pass around the table; what was reopened and went
// back to its agent is outside of it.
func TestTheDealIsFair(t *testing.T) {
	t.Parallel()
	rules := smallRules(t)
	rapid.Check(t, func(t *rapid.T) {
		in := anyDay(rules, true).Draw(t, "input")
		p := planOf(t, in)
		allowed := map[string]int{}
		for _, a := range in.Agents {
			if _, second := allowed[a.Key()]; second {
				continue
			}
			allowed[a.Key()] = 0
			if a.Active && a.Key() != "boss@example.com" {
				allowed[a.Key()] = map[int]int{ecm.DefaultCapacity: 3}[a.Capacity] + max(a.Capacity, 0)
			}
		}
		passes := map[triage.Pass]map[string]int{triage.HighValuePass: {}, triage.UrgencyPass: {}}
		for _, i := range p.Dealt {
			o := p.Outcomes[i]
			if around := passes[o.Pass]; around != nil {
				around[ecm.AgentKey(o.Agent)]++
			}
		}
		for _, d := range p.Desks {
			if d.New > 0 && len(d.Tickets) > allowed[d.Agent.Key()] {
				t.Fatalf("%s has %d tickets, %d of them new, and may have %d", d.Agent.Email, len(d.Tickets), d.New, allowed[d.Agent.Key()])
			}
			if d.Free < 0 || d.Free > 0 && len(d.Tickets)+d.Free != allowed[d.Agent.Key()] {
				t.Fatalf("%s has %d tickets, %d slots free of %d", d.Agent.Email, len(d.Tickets), d.Free, allowed[d.Agent.Key()])
			}
		}
		for pass, shares := range passes {
			if low, high := spread(p, shares); high-low > 1 {
				t.Fatalf("in pass %d agents with a free slot got between %d and %d orders", pass, low, high)
			}
		}
		checkTheFirstTurn(t, in, p)
	})
}

// spread is the smallest and the largest share among agents who kept a free slot.
func spread(p *triage.Plan, shares map[string]int) (low, high int) {
	first := true
	for _, d := range p.Desks {
		if d.Free == 0 {
			continue
		}
		n := shares[d.Agent.Key()]
		if first {
			low, high, first = n, n, false
		}
		low, high = min(low, n), max(high, n)
	}
	return low, high
}

// checkTheFirstTurn wants everybody between the last agent of the run before and the first of this one to be without a slot.
func checkTheFirstTurn(t *rapid.T, in triage.Input, p *triage.Plan) {
	first, taken := "", map[string]int{}
	for _, i := range p.Dealt {
		o := p.Outcomes[i]
		if o.Pass != triage.ReturnPass {
			first = ecm.AgentKey(o.Agent)
			break
		}
		taken[ecm.AgentKey(o.Agent)]++
	}
	if first == "" {
		return
	}
	start := slices.IndexFunc(p.Desks, func(d triage.Desk) bool { return d.Agent.Key() == ecm.AgentKey(in.LastAgent) }) + 1
	for i := range p.Desks {
		d := p.Desks[(start+i)%len(p.Desks)]
		if d.Agent.Key() == first {
			return
		}
		if around := d.New - taken[d.Agent.Key()]; d.Free+around > 0 {
			t.Fatalf("%s had a slot and was passed over for %s", d.Agent.Email, first)
		}
	}
	t.Fatalf("%s is not in the circle", first)
}

// written is everything that a plan decides, as bytes.
func written(t *rapid.T, p *triage.Plan) []byte {
	body, err := json.Marshal(struct {
		Rows     []ecm.Assignment
		Outcomes []triage.Outcome
		Desks    []triage.Desk
		Mix      []triage.Share
		Verdicts []ecm.Verdict
		Warnings []string
		Overflow []int
		Last     string
	}{p.Rows(), p.Outcomes, p.Desks, p.Mix, p.Verdicts, p.Warnings, p.Overflow, p.LastAgent})
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// The same input gives the same plan, byte for byte, and is not touched.
func TestTheSameInputGivesTheSamePlan(t *testing.T) {
	t.Parallel()
	rules := smallRules(t)
	rapid.Check(t, func(t *rapid.T) {
		in := anyDay(rules, true).Draw(t, "input")
		before := unchanged(t, in)
		first := written(t, planOf(t, in))
		for range 3 {
			if again := written(t, planOf(t, in)); !bytes.Equal(first, again) {
				t.Fatalf("two plans of one input:\n%s\n%s", first, again)
			}
		}
		if after := unchanged(t, in); !bytes.Equal(before, after) {
			t.Fatalf("the plan changed its input:\n%s\n%s", before, after)
		}
	})
}

// unchanged is all of the input but the policy, as bytes.
func unchanged(t *rapid.T, in triage.Input) []byte {
	in.Policy = nil
	body, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// fates are what became of each order: agent, priority, kind. Set-aside rows of
// an order are counted, since which of two equal rows is the copy is nobody's matter.
func fates(p *triage.Plan) map[string]int {
	list := map[string]int{}
	for i := range p.Outcomes {
		o := &p.Outcomes[i]
		list[fmt.Sprintf("%s: %s %s, pass %d turn %d, %s, reopened %v from %s, %s", o.OrderID(), o.Kind, o.Agent, o.Pass, o.Turn, o.Judgement.Priority, o.Reopened, o.Had, o.Aside.Reason)]++
	}
	return list
}

// The order of the result's rows and of the ledger's decides nothing about who
// gets what. (Of two equally old active rows of an order the first still counts;
// no two rows here are equally old. Agents are dealt to in the order of their tab.)
func TestTheOrderOfRowsDecidesNothing(t *testing.T) {
	t.Parallel()
	rules := smallRules(t)
	rapid.Check(t, func(t *rapid.T) {
		in := anyDay(rules, true).Draw(t, "input")
		p := planOf(t, in)
		in.Pending.Orders = rapid.Permutation(in.Pending.Orders).Draw(t, "orders, shuffled")
		in.Pending.SetAside = rapid.Permutation(in.Pending.SetAside).Draw(t, "set aside, shuffled")
		for i := range in.Pending.Orders {
			in.Pending.Orders[i].Row = i + 1
		}
		for i := range in.Pending.SetAside {
			in.Pending.SetAside[i].Row = len(in.Pending.Orders) + i + 1
		}
		in.Assignments = rapid.Permutation(in.Assignments).Draw(t, "rows, shuffled")
		in.Reserved = rapid.Permutation(in.Reserved).Draw(t, "reserved, shuffled")
		in.Resolutions = rapid.Permutation(in.Resolutions).Draw(t, "notes, shuffled")
		q := planOf(t, in)
		if diff := cmp.Diff(fates(p), fates(q)); diff != "" || p.LastAgent != q.LastAgent {
			t.Fatalf("after a shuffle (-before +after):\n%s", diff)
		}
		if diff := cmp.Diff(waiting(p), waiting(q)); diff != "" {
			t.Fatalf("overflow after a shuffle:\n%s", diff)
		}
	})
}

// Writing a plan's rows and planning again on the same answer assigns nothing
// but what found no slot and has one now: nothing has one.
func TestPlanningAgainAssignsNothing(t *testing.T) {
	t.Parallel()
	rules := smallRules(t)
	rapid.Check(t, func(t *rapid.T) {
		in := anyDay(rules, true).Draw(t, "input")
		p := planOf(t, in)
		in.Assignments, in.LastAgent = append(slices.Clone(in.Assignments), p.Rows()...), p.LastAgent
		q := planOf(t, in)
		if len(q.Rows()) != 0 || q.LastAgent != p.LastAgent {
			t.Fatalf("the second plan deals %v", dealt(q))
		}
		if diff := cmp.Diff(waiting(p), waiting(q)); diff != "" {
			t.Fatalf("overflow (-first +second):\n%s", diff)
		}
	})
}
