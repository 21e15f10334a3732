package policy_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"pi-manager/internal/ecm"
	"pi-manager/internal/policy"
)

// terms are the values of a judgement's terms, by name.
func terms(p *policy.Policy, j policy.Judgement) map[string]string {
	values := map[string]string{}
	for _, term := range p.Explain(j.Terms) {
		values[term.Name] = term.Value.String()
	}
	return values
}

// Each edge of the age bands of domain.md section 4, to the nanosecond.
func TestAge(t *testing.T) {
	t.Parallel()
	p := rules(t)
	judge := newJudge(t, p, allColumns())
	for _, row := range []struct {
		hours     int
		at, above string
	}{{72, "0.9", "1"}, {36, "0.7", "0.9"}, {24, "0.5", "0.7"}, {12, "0.3", "0.5"}, {4, "0.1", "0.3"}, {0, "0.1", "0.1"}, {10_000, "1", "1"}} {
		order := usual("").order(t, allColumns())
		for extra, want := range map[time.Duration]string{0: row.at, time.Nanosecond: row.above} {
			order.Created = asOf().Add(-time.Duration(row.hours)*time.Hour - extra)
			got, err := judge.Order(order)
			if err != nil || terms(p, got)["age"] != want {
				t.Errorf("%d h and %s: got %s, %v, want %s", row.hours, extra, terms(p, got)["age"], err, want)
			}
		}
	}
}

// Each edge of the amount bands, to a hundred-thousandth.
func TestAmount(t *testing.T) {
	t.Parallel()
	p := rules(t)
	judge := newJudge(t, p, allColumns())
	for amount, want := range map[string]string{
		"15000.00001": "1", "15000": "0.8", "15000.00": "0.8", "5000.01": "0.8", "5000.00": "0.7", "2000.01": "0.7", "2000": "0.5",
		"500.01": "0.5", "500.00": "0.3", "100.01": "0.3", "100": "0.1", "0": "0.1", "99999999999999999999999999999999999999": "1",
	} {
		order := usual("").order(t, allColumns())
		order.Send.Amount = decimal.RequireFromString(amount)
		got, err := judge.Order(order)
		if err != nil || terms(p, got)["amount"] != want {
			t.Errorf("%s: got %s, %v, want %s", amount, terms(p, got)["amount"], err, want)
		}
	}
}

func TestRFIPaymentRiskAndAttempts(t *testing.T) {
	t.Parallel()
	p := rules(t)
	const day, dayAndSecond = "rfi_modified_at=2026-02-16T03:00:00Z ", "rfi_modified_at=2026-02-16T02:59:59Z "
	const fourHours, fourHoursAndSecond = "rfi_modified_at=2026-02-16T23:00:00Z ", "rfi_modified_at=2026-02-16T22:59:59Z "
	for _, row := range []struct{ facts, missing, term, want string }{
		{"rfi_status=", "", "rfi", "0"},
		{"rfi_status=EXPIRED", "", "rfi", "0.9"},
		{dayAndSecond + "rfi_status=REJECTED", "", "rfi", "0.8"},
		{day + "rfi_status=REJECTED", "", "rfi", "0.5"},
		{"rfi_status=REJECTED", "", "rfi", "0.5"}, // nobody noted when
		{dayAndSecond + "rfi_status=REQUESTED", "", "rfi", "0.7"},
		{day + "rfi_status=REQUESTED", "", "rfi", "0.1"},
		{dayAndSecond + "rfi_status=RE_OPEN", "", "rfi", "0.7"},
		{day + "rfi_status=RE_OPEN", "", "rfi", "0.1"},
		{fourHoursAndSecond + "rfi_status=SUBMITTED", "", "rfi", "0.4"},
		{fourHours + "rfi_status=SUBMITTED", "", "rfi", "0.1"},
		{dayAndSecond + "rfi_status=SENT_TO_PROVIDER", "", "rfi", "0.4"},
		{fourHours + "rfi_status=SENT_TO_PROVIDER", "", "rfi", "0.1"},
		{"rfi_status=SENT_TO_PROVIDER", "", "rfi", "0.1"},
		{"rfi_status=EXPIRED", "rfi_status", "rfi", "0.5"},
		{dayAndSecond + "rfi_status=REJECTED", "rfi_modified_at", "rfi", "0.5"},
		{dayAndSecond + "rfi_status=REQUESTED", "rfi_modified_at", "rfi", "0.1"},

		{"", "", "payment_risk", "0"},
		{"payment_status=PENDING falcon_transaction_id=F1", "", "payment_risk", "0.3"},
		{"", "payment_status", "payment_risk", "0.3"},
		{"sub_state=REFUND_TRIGGERED", "", "payment_risk", "0.9"}, // though COMPLETED
		{"lulu_status=CANCELLATION_COMPLETED", "", "payment_risk", "0.9"},
		{"sub_state=TRIGGER_REFUND", "payment_status", "payment_risk", "0.9"},

		{"payment_attempts=1", "", "attempts", "0.1"},
		{"payment_attempts=2", "", "attempts", "0.5"},
		{"payment_attempts=3", "", "attempts", "0.9"},
		{"payment_attempts=12", "", "attempts", "0.9"},
		{"payment_attempts=0", "", "attempts", "0.1"},
		{"payment_attempts=", "", "attempts", "0.1"},
		{"payment_attempts=3", "payment_attempts", "attempts", "0.1"},

		{"sub_state=REFUND_TRIGGERED", "", "severity", "1"},
		{"lulu_status=CANCELLATION_REQUEST_CREATED", "", "severity", "0.95"},
		{"", "", "severity", "0.4"},
	} {
		columns := without(allColumns(), row.missing)
		got := judged(t, p, columns, usual(row.facts).order(t, columns))
		if value := terms(p, got)[row.term]; value != row.want {
			t.Errorf("%s without %s: %s is %s, want %s", row.facts, row.missing, row.term, value, row.want)
		}
	}
}

// Sums that meet a line exactly, worked out by hand: at the line an order is not
// above it. In floating point the first one is 0.7000000000000001.
func TestPriorityLinesAreExact(t *testing.T) {
	t.Parallel()
	p := rules(t)
	const dayAndSecond, fiveHours = "rfi_modified_at=2026-02-16T02:59:59Z ", "rfi_modified_at=2026-02-16T22:00:00Z "
	for _, row := range []struct {
		facts string
		hours int
		score string
		want  ecm.Priority
	}{
		// age 1.0, amount 1.0, severity 0.4, rfi 0.7, payment 0, attempts 0.9: 0.25+0.20+0.10+0.105+0+0.045
		{dayAndSecond + "rfi_status=REQUESTED send_amount=20000 payment_attempts=3", 100, "0.7", ecm.P2},
		// the same, payment 0.3: +0.03
		{dayAndSecond + "rfi_status=REQUESTED send_amount=20000 payment_attempts=3 payment_status=PENDING falcon_transaction_id=F1 payment_attempts=", 100, "0.69", ecm.P2},
		// rfi 0.9 in place of 0.7: +0.03
		{"rfi_status=EXPIRED send_amount=20000 payment_attempts=3", 100, "0.73", ecm.P1},
		// age 0.7, amount 0.8, severity 0.4, rfi 0.4, attempts 0.1: 0.175+0.16+0.10+0.06+0.005
		{fiveHours + "rfi_status=SUBMITTED send_amount=6000", 30, "0.5", ecm.P3},
		// attempts 0.5: +0.02
		{fiveHours + "rfi_status=SUBMITTED send_amount=6000 payment_attempts=2", 30, "0.52", ecm.P2},
		// age 0.3, amount 0.3, severity 0.4, rfi 0.4, attempts 0.1: 0.075+0.06+0.10+0.06+0.005
		{fiveHours + "rfi_status=SUBMITTED send_amount=200", 6, "0.3", ecm.P4},
		{fiveHours + "rfi_status=SUBMITTED send_amount=200 payment_attempts=2", 6, "0.32", ecm.P3},
		// age 0.1, amount 0.1, severity 0.4, attempts 0.1: 0.025+0.02+0.10+0.005
		{"", 1, "0.15", ecm.P4},
		// age 1, amount 1, severity 1, payment 0.9, attempts 0.9: 0.25+0.20+0.25+0.09+0.045
		{"sub_state=REFUND_TRIGGERED send_amount=20000 payment_attempts=3", 100, "0.835", ecm.P1},
	} {
		order := usual(row.facts).order(t, allColumns())
		order.Created = asOf().Add(-time.Duration(row.hours) * time.Hour)
		if got := judged(t, p, allColumns(), order); got.Score.String() != row.score || got.Priority != row.want {
			t.Errorf("%s after %d h: got %s, %s, want %s, %s", row.facts, row.hours, got.Score, got.Priority, row.score, row.want)
		}
	}
}

// explain's terms add up to the score, and are JSON numbers as people write them.
func TestExplain(t *testing.T) {
	t.Parallel()
	p := rules(t)
	got := judged(t, p, allColumns(), usual("sub_state=MANUAL_REVIEW send_amount=600 payment_attempts=2").order(t, allColumns()))
	body, err := json.Marshal(p.Explain(got.Terms))
	const want = `[{"name":"age","weight":"0.25","value":"0.1","score":0.025},{"name":"amount","weight":"0.2","value":"0.5","score":0.1},` +
		`{"name":"severity","weight":"0.25","value":"0.8","score":0.2},{"name":"rfi","weight":"0.15","value":"0","score":0},` +
		`{"name":"payment_risk","weight":"0.1","value":"0","score":0},{"name":"attempts","weight":"0.05","value":"0.5","score":0.025}]`
	if err != nil || string(body) != want {
		t.Errorf("got %s, %v", body, err)
	}
	if got.Score.String() != "0.35" {
		t.Errorf("0.025 + 0.1 + 0.2 + 0.025 is %s", got.Score)
	}
}

func TestHighValue(t *testing.T) {
	t.Parallel()
	p := rules(t, "high_value: { AED: 5000, GBP: 5000, EUR: 5000 }", "high_value: { AED: 5000, GBP: 1000.5, EUR: 7000 }")
	for _, row := range []struct {
		amount, currency string
		want             bool
	}{
		{"5000", "AED", true}, {"5000.00", "AED", true}, {"4999.99", "AED", false}, {"4999.999999", "AED", false}, {"-5000", "AED", false},
		{"1000.5", "GBP", true}, {"1000.49", "GBP", false}, {"5000", "EUR", false}, {"7000", "EUR", true},
		{"9999999", "USD", false}, {"9999999", "", false}, {"9999999", "aed", false},
	} {
		m := ecm.Money{Amount: decimal.RequireFromString(row.amount), Currency: row.currency}
		if got := p.HighValue(m); got != row.want {
			t.Errorf("%s: got %v", m, got)
		}
	}
}
