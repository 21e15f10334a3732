package config_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pi-manager/config"
	"pi-manager/internal/policy"
)

func policyText(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "policy", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// policyFaults are the faults of a policy, a line each; nothing where it is good.
func policyFaults(t testing.TB, text string) []string {
	t.Helper()
	p, err := config.ParsePolicy(config.File{Path: "policy.yaml", Text: text})
	if (p == nil) != (err != nil) {
		t.Fatalf("got %v and %v", p, err)
	}
	var got []string
	for _, fault := range config.AsFaults(err) {
		got = append(got, fault.String())
	}
	return got
}

func TestSmallPolicy(t *testing.T) {
	t.Parallel()
	p, err := config.ParsePolicy(config.File{Path: "policy.yaml", Text: policyText(t, "small.yaml")})
	if err != nil {
		t.Fatal(err)
	}
	if p.DefaultMaxTickets != 7 || p.ReopenAfter != 36*time.Hour || !p.RouteByTeam || !p.SLAFromCreation || p.Weights["asha@example.com"] != 2 || !p.Excluded("QA@example.com") {
		t.Errorf("got %+v", p)
	}
	var slas []time.Duration
	for _, d := range p.Diagnoses {
		slas = append(slas, d.SLA)
	}
	if diff := cmp.Diff([]time.Duration{8 * time.Hour, 300 * time.Hour, 8 * time.Hour}, slas); diff != "" {
		t.Errorf("SLAs: left out is 8 h, and 300 h are 300 h (-want +got):\n%s", diff)
	}
}

// The built-in policy is what domain.md gives as the defaults.
func TestEmbeddedPolicy(t *testing.T) {
	t.Parallel()
	p, err := config.LoadPolicy("")
	if err != nil {
		t.Fatal(err)
	}
	if p.DefaultMaxTickets != 100 || p.ReopenAfter != 24*time.Hour || p.RouteByTeam || p.SLAFromCreation || len(p.Weights) > 0 || len(p.Diagnoses) != 15 || p.Guardrails.ReadLimit() != 2001 {
		t.Errorf("got %+v", p)
	}
}

// Lines that begin with #! are the faults that must be reported, all of them, in this order.
func TestPolicyWithEverythingWrong(t *testing.T) {
	t.Parallel()
	text := policyText(t, "everything-wrong.yaml")
	var want []string
	for line := range strings.Lines(text) {
		if fault, ok := strings.CutPrefix(line, "#! "); ok {
			want = append(want, strings.TrimSpace(fault))
		}
	}
	for range 20 { // the order is the file's, not a map's
		if diff := cmp.Diff(want, policyFaults(t, text)); diff != "" {
			t.Fatalf("faults (-want +got):\n%s", diff)
		}
	}
}

// Each row breaks the small policy in one place, and is told so with that line; a
// second fault is one that follows from the first.
func TestBadPolicies(t *testing.T) {
	t.Parallel()
	small := policyText(t, "small.yaml")
	for _, row := range []struct{ old, broken, want string }{
		{"sla: { clock: created }", "slo: { clock: created }", "policy.yaml:41: key slo not found"},
		{"severity: 0.8", "severty: 0.8", "policy.yaml:23: key severty not found"},
		{"warning_above: 60", "warning_over: 60", "policy.yaml:6: key warning_over not found"},
		{"reopen_after: 36h", "reopen_after: 36h\nreopen_after: 1h", `policy.yaml:49: mapping key "reopen_after" already defined at line 48`},
		{"reopen_after: 36h", "reopen_after: 36h\n---\nversion: 1", "policy.yaml: one document is expected; something follows it after ---"},
		{"version: 1", "version: one", "policy.yaml:2: \"one\" is not a whole number"},
		{"severity: 0.8", "severity: high", `policy.yaml:23: "high" is not a number with at most four decimals`},
		{"severity: 0.8", "severity: 0.80001", `policy.yaml:23: "0.80001" is not a number with at most four decimals`},
		{"severity: 0.8", "severity: 8e-1", `policy.yaml:23: "8e-1" is not a number with at most four decimals`},
		{"severity: 0.8", "severity: .nan", `policy.yaml:23: ".nan" is not a number with at most four decimals`},
		{"severity: 0.8", "severity: -0.1", "policy.yaml:23: diagnoses.0.severity: a severity is between 0 and 1"},
		{"default_max_tickets: 7", "default_max_tickets: 7.5", "policy.yaml:44: \"7.5\" is not a whole number"},

		{"version: 1", "version: 7", "policy.yaml:2: version: this program reads version 1 of the policy, not 7"},
		{"version: 1\n", "\n", "policy.yaml:3: version: this program reads version 1 of the policy, not 0"},
		{"[AED, GBP]", "[AED, GBP, £]", `policy.yaml:3: currencies.2: "£" is not a currency code like AED` + "\npolicy.yaml:42: high_value: no threshold for £"},

		{"expected: [1, 50]", "expected: [1]", "policy.yaml:6: guardrails.order_count.expected: expected is a pair: the lowest and the highest value that are fine"},
		{"expected: [1, 50]", "expected: [-1, 50]", "policy.yaml:6: guardrails.order_count.expected: expected is a pair: the lowest and the highest value that are fine"},
		{"stop_above: 100", "stop_above: 40", "policy.yaml:6: guardrails.order_count.stop_above: is below the highest expected value"},
		{"warning_above: 60", "warning_above: 49.9", "policy.yaml:6: guardrails.order_count.warning_above: is below the highest expected value"},
		{"warning_from: 1", "warning_from: 0.89", "policy.yaml:8: guardrails.shares.AED.warning_from: is below the highest expected value"},
		{"warning_from: 1", "on_violation: Stop", `policy.yaml:8: guardrails.shares.AED.on_violation: "Stop" is neither warn nor stop`},

		{"[payment_attempts]", "[payment_attempts, hours_stuck]", "policy.yaml:11: facts.number.1: hours_stuck is named twice"},
		{"[payment_attempts]", "[payment_attempts, diagnosis]", "policy.yaml:11: facts.number.1: diagnosis is named twice"},
		{"[payment_attempts]", "[payment_attempts, hours_since_contact]", "policy.yaml:11: facts.number.1: hours_since_contact: a name that begins with hours_since_ is that of a time"},
		{"partner: 'payout", "sub_state: 'payout", "policy.yaml:15: derived.sub_state: sub_state is named twice\n" +
			"policy.yaml:31: diagnoses.1.when.0: unknown name partner (1:1)"},
		{`"none" : "some"`, "1 : 2", "policy.yaml:15: derived.partner: expected string, but got int"},
		{"payment_attempts == 0", "payment_attempt == 0", "policy.yaml:19: disqualify.0.when.0: unknown name payment_attempt (1:1)"},
		{"when: [payment_attempts == 0]", "when: []", "policy.yaml:17: disqualify.0: needs at least one line under when"},

		{`partner == "some"`, `partner == some`, "policy.yaml:31: diagnoses.1.when.0: unknown name some (1:12)"},
		{`partner == "some"`, `partner = "some"`, "policy.yaml:31: diagnoses.1.when.0: unexpected token Operator(\"=\") (1:9)"},
		{`partner == "some"`, `partner == nil`, `policy.yaml:31: diagnoses.1.when.0: nil is not used in rules: compare with "" instead`},
		{`partner == "some"`, `payment_attempts == "3"`, "policy.yaml:31: diagnoses.1.when.0: invalid operation: == (mismatched types float64 and string) (1:18)"},
		{`partner == "some"`, `rfi_modified_at == ""`, "policy.yaml:31: diagnoses.1.when.0: unknown name rfi_modified_at (1:1)"},
		{`partner == "some"`, `diagnosis == "x"`, "policy.yaml:31: diagnoses.1.when.0: unknown name diagnosis (1:1)"},
		{`partner == "some"`, `len(partner) > 3`, "policy.yaml:31: diagnoses.1.when.0: unknown name len (1:1)"},
		{`when: [partner == "some"]`, `when: ['let x = 1; x == 1']`, "policy.yaml:31: diagnoses.1.when.0: x: a rule reads facts and nothing else"},
		{`when: [partner == "some"]`, `when: ['$env["partner"] == "some"']`, "policy.yaml:31: diagnoses.1.when.0: $env: a rule reads facts and nothing else"},
		{`when: [partner == "some"]`, `when: ['any([1, 2], # > 1)']`, "policy.yaml:31: diagnoses.1.when.0: a rule compares facts; variables and loops belong into the query"},
		{`when: [partner == "some"]`, `when: ['trm_hold; true']`, "policy.yaml:31: diagnoses.1.when.0: a rule compares facts; variables and loops belong into the query"},
		{"sla_hours: 300", "sla_hours: -1", "policy.yaml:28: diagnoses.1.sla_hours: is above 0"},
		{"sla_hours: 300", "sla_hours: 0", "policy.yaml:28: diagnoses.1.sla_hours: is above 0"},
		{"team: VDA_ops", "team:", "policy.yaml:26: diagnoses.1: needs a team and what to do next"},
		{"name: partner_pending", "name: ''", "policy.yaml:26: diagnoses.1: needs a name"},
		{"otherwise: { team: Ops", "otherwise: { team: ''", "policy.yaml:32: otherwise: needs a team and what to do next"},

		{"age: 0.25", "age: 0.2501", "policy.yaml:34: score.weights: the weights add up to 1.0001, not to 1"},
		{"attempts: 0.05 }", "retries: 0.05 }", "policy.yaml:34: score.weights.retries: there is no term retries; the terms are [age amount severity rfi payment_risk attempts]\n" +
			"policy.yaml:34: score.weights: the weights add up to 0.95, not to 1"},
		{"age: 0.25, amount: 0.20", "age: -0.25, amount: 0.70", "policy.yaml:34: score.weights.age: may not be negative"},
		{"{ above: 4.5, value: 0.5 }", "{ above: 25, value: 0.5 }", "policy.yaml:35: score.age.bands.1: bands stand from the highest bound to the lowest; this one is never reached"},
		{"bands: [{ above: 1000, value: 1 }]", "bands: []", "policy.yaml:36: score.amount: needs its bands"},
		{"above: 1000, value: 1 ", "above: 1000, value: 1.1 ", "policy.yaml:36: score.amount.bands.0: a value is between 0 and 1"},
		{"value: 1 }, { above: 4.5", "value: null }, { above: 4.5", "policy.yaml:35: score.age.bands.0: a value is missing"},
		{"P3: 0.3 }", "P3: 0.5 }", "policy.yaml:40: priority_above: needs P1, P2 and P3, falling, between 0 and 1"},
		{"P1: 0.7,", "P1: 1.1,", "policy.yaml:40: priority_above: needs P1, P2 and P3, falling, between 0 and 1"},
		{"P3: 0.3 }", "P3: -0.3 }", "policy.yaml:40: priority_above: needs P1, P2 and P3, falling, between 0 and 1"},
		{"P3: 0.3 }", "P4: 0.3 }", "policy.yaml:40: priority_above: needs P1, P2 and P3, falling, between 0 and 1"},
		{"P3: 0.3 }", "P3: 0.3, P4: 0.1 }", "policy.yaml:40: priority_above: has P1, P2 and P3 only; what is left is P4"},

		{", GBP: 800.50", "", "policy.yaml:42: high_value: no threshold for GBP"},
		{"GBP: 800.50", "GBP: 800.50, USD: 1", "policy.yaml:42: high_value.USD: USD is not under currencies"},
		{"GBP: 800.50", "GBP: -1", "policy.yaml:42: high_value.GBP: a threshold is above 0"},
		{"GBP: 800.50", "GBP: null", "policy.yaml:42: high_value.GBP: a threshold is above 0"},
		{"weights: { Asha@example.com: 2 }", "weights: { Asha@example.com: 0 }", "policy.yaml:47: agents.weights.Asha@example.com: a weight is between 1 and 10"},
		{"weights: { Asha@example.com: 2 }", "weights: { Asha: 2 }", `policy.yaml:47: agents.weights.Asha: "Asha" is not an e-mail`},
		{"reopen_after: 36h", "", "policy.yaml:2: reopen_after: needs a time such as 24h: without one an order comes back the moment an agent closes it"},
		{"reopen_after: 36h", "reopen_after: 36", "policy.yaml:48: cannot unmarshal !!int `36`"},
	} {
		t.Run(row.broken, func(t *testing.T) {
			t.Parallel()
			if strings.Count(small, row.old) != 1 {
				t.Fatalf("the small policy has %q %d times", row.old, strings.Count(small, row.old))
			}
			if diff := cmp.Diff(strings.Split(row.want, "\n"), policyFaults(t, strings.Replace(small, row.old, row.broken, 1))); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
		})
	}
}

// Two bounds of one check: their faults come in the order of the file, every time.
func TestFaultsOfOneCheckKeepTheirOrder(t *testing.T) {
	t.Parallel()
	text := strings.Replace(policyText(t, "small.yaml"), "warning_above: 60, stop_above: 100", "warning_above: 40, stop_above: 30", 1)
	want := []string{
		"policy.yaml:6: guardrails.order_count.warning_above: is below the highest expected value",
		"policy.yaml:6: guardrails.order_count.stop_above: is below the highest expected value",
	}
	for range 50 {
		if diff := cmp.Diff(want, policyFaults(t, text)); diff != "" {
			t.Fatal(diff)
		}
	}
}

func TestEmptyPolicies(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"# nothing\n", "null\n", "[]\n", "5\n", "version: 1\n", "\tversion: 1\n", "a: b: c\n"} {
		if got := policyFaults(t, text); len(got) == 0 || !strings.HasPrefix(got[0], "policy.yaml") {
			t.Errorf("%q: got %q, want it refused", text, got)
		}
	}
}

// FuzzPolicy: no text of a person makes the loader panic or gives a policy that cannot be used.
func FuzzPolicy(f *testing.F) {
	small := policyText(f, "small.yaml")
	for _, cut := range []int{0, len(small) / 3, len(small) / 2} {
		f.Add(cut, "null")
	}
	f.Add(strings.Index(small, "0.8"), "1e9")
	f.Fuzz(func(t *testing.T, at int, insert string) {
		if at < 0 || at > len(small) || len(insert) > 200 {
			return
		}
		p, err := config.ParsePolicy(config.File{Path: "policy.yaml", Text: small[:at] + insert + small[at:]})
		if err != nil {
			if _, ok := errors.AsType[config.Faults](err); !ok {
				t.Fatalf("got %T %v", err, err)
			}
			return
		}
		if _, err := p.Judge([]string{"order_id"}, time.Time{}); err != nil {
			t.Fatalf("a policy without a fault cannot be used: %v", err)
		}
	})
}

// Every fault of a compiled policy leads to a line of the file, never to line 0.
func TestEveryFaultHasALine(t *testing.T) {
	t.Parallel()
	_, broken := policy.Compile(policy.Spec{})
	if len(broken) < 8 {
		t.Errorf("an empty policy has only %d faults: %v", len(broken), broken)
	}
	for _, line := range policyFaults(t, "version: 1\n") {
		if !strings.HasPrefix(line, fmt.Sprintf("policy.yaml:%d: ", 1)) {
			t.Errorf("got %q", line)
		}
	}
}
