package progress_test

import (
	"fmt"
	"strings"
	"testing"

	"pi-manager/internal/ecm"
	"pi-manager/internal/progress"
)

// More than 80 % of the slots: exactly 80 % is not.
func TestFullAgents(t *testing.T) {
	t.Parallel()
	rows := func(name string, n int) (list []ecm.Assignment) {
		for i := range n {
			list = append(list, with(row(fmt.Sprint(name, i), 1), func(r *ecm.Assignment) { r.Agent = strings.ToUpper(name) + "@example.com" }))
		}
		return list
	}
	var all []ecm.Assignment
	for name, n := range map[string]int{"at": 4, "above": 5, "none": 1, "off": 9, "over": 9, "boss": 9, "gone": 9, "default": 81, "held": 4} {
		all = append(all, rows(name, n)...)
	}
	in := input(t, all...)
	off, twice := agent("off", 5), agent("at", 1)
	off.Active = false
	in.Policy = in.Policy.Exclude([]string{"Boss@example.com"})
	in.Agents = []ecm.Agent{
		agent("at", 5), agent("above", 6), agent("none", 0), agent("idle", 0), off, agent("over", 5), agent("boss", 5), agent("default", -1), agent("held", 5), twice,
	}
	in.Unreadable = []progress.Unreadable{{Row: 9, OrderID: "X", Agent: "Held@example.com "}, {Row: 10, Agent: ""}, {Row: 11, Agent: "stranger@example.com"}}
	r := progress.Make(in, since())
	var full []string
	for _, l := range r.Full {
		full = append(full, fmt.Sprintf("%s %d/%d", strings.TrimSuffix(l.Agent.Key(), "@example.com"), l.Taken(), l.Capacity))
	}
	if diff := same([]string{"over 9/5", "none 1/0", "held 5/5", "above 5/6", "default 81/100"}, full); diff != "" {
		t.Errorf("the fullest first (-want +got):\n%s", diff)
	}
	if len(r.Agents) != 10 || r.Agents[9].Agent.Key() != "gone@example.com" || r.Agents[9].Known || r.Agents[9].OnDuty ||
		r.Agents[9].Open != 9 || r.Agents[9].Capacity != 0 {
		t.Errorf("who is in no tab stands behind the others: got %+v", r.Agents)
	}
	if r.Counts["unreadable"] != 3 {
		t.Errorf("%d rows cannot be read", r.Counts["unreadable"])
	}
	in.Policy = rules(t, "capacity_above: 0.8", "capacity_above: 1")
	if r := progress.Make(in, since()); len(r.Full) != 3 {
		t.Errorf("above 100 %%: got %d", len(r.Full))
	}
}

func TestPercentOfTheSlots(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ open, reserved, capacity, want int }{{0, 0, 0, 0}, {3, 0, 0, 0}, {0, 0, 5, 0},
		{4, 0, 5, 80}, {4, 1, 5, 100}, {2, 0, 3, 66}, {9, 0, 5, 180}} {
		if got := (progress.Load{Open: c.open, Reserved: c.reserved, Capacity: c.capacity}).Percent(); got != c.want {
			t.Errorf("%+v: got %d", c, got)
		}
	}
}

// A row of the Agents tab without an e-mail is nobody: what has no agent is not theirs.
func TestNobodysRows(t *testing.T) {
	t.Parallel()
	in := input(t)
	in.Agents, in.Unreadable = []ecm.Agent{{Name: "Nobody", Active: true, Capacity: 1}}, []progress.Unreadable{{Row: 9, OrderID: "X"}}
	if r := progress.Make(in, since()); r.Agents[0].Taken() != 0 || len(r.Full) != 0 {
		t.Errorf("got %+v", r.Agents)
	}
}

// Who has no agents has work still.
func TestNoAgents(t *testing.T) {
	t.Parallel()
	r := progress.Make(input(t, row("A1", 30), row("A2", 5)), since())
	if len(r.Agents) != 1 || r.Agents[0].Open != 2 || r.Agents[0].Breaches != 1 || r.Agents[0].Soon != 1 || r.Agents[0].OnDuty || len(r.Full) != 0 {
		t.Errorf("got %+v", r.Agents)
	}
}
