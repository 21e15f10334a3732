package main

import (
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// The domain's third and fourth chapter, a line a rule.

// diagnosis is a line of the domain's table.
type diagnosis struct {
	name     string
	severity string
	next     string // the start of what the agent does next
}

// diagnose reads the table from its top: the first line that matches.
func diagnose(f facts) diagnosis {
	aed := f["currency_from"] == "AED"
	gbpOrEUR := f["currency_from"] == "GBP" || f["currency_from"] == "EUR"
	status, subState, acquirer := f["order_status"], f["sub_state"], f["payment_acquirer"]
	lulu, payout := f["lulu_status"], f["payout_status"]
	noFalcon := f["falcon_transaction_id"] == ""
	refund := diagnosis{"refund_triggered", "1.0", "Customer's money is held"}
	switch {
	case subState == "REFUND_TRIGGERED" || subState == "TRIGGER_REFUND": // 1
		return refund
	case subState == "MANUAL_REVIEW": // 2
		return diagnosis{"manual_review", "0.8", "Take the pending action in the back office"}
	case aed && f["lulu_client"] == "LULU" && lulu == "CREDITED" && status == "PROCESSING_DEAL_IN", // 3
		payout == "COMPLETED" && status != "FAILED":
		return diagnosis{"status_sync_issue", "0.6", "Paid out already"}
	case aed && lulu == "CANCELLATION_REQUEST_CREATED", // 4
		aed && lulu == "TXN_TRANSMITTED" && f["falcon_status"] == "FAILED":
		return diagnosis{"cancellation_pending", "0.95", "Check the partner's status"}
	case lulu == "CANCELLATION_COMPLETED", // 5
		status == "FAILED" && aed && lulu != "",
		status == "FAILED" && gbpOrEUR && noFalcon:
		return refund
	case aed && acquirer == "CHECKOUT" && lulu == "PAYMENT_PENDING", // 6
		aed && (acquirer == "UAE_MANUAL" || acquirer == "LEANTECH") && f["uae_manual_status"] == "RECONCILED" &&
			(lulu == "PAYMENT_PENDING" || lulu == "CREATED" || lulu == ""):
		return diagnosis{"brn_pending", "0.65", "Get the bank reference from the acquirer"}
	case aed && acquirer == "LEANTECH" && lulu == "PAYMENT_PENDING": // 7
		return diagnosis{"stuck_at_lean_recon", "0.7", "Check the reconciliation queue"}
	case f["rfi_status"] == "" && f["rda_status"] == "ONHOLD", // 8
		f["rfi_status"] == "" && payout == "ADDITIONAL_DOCUMENTS_REQUIRED" && partner(f) == "rda":
		return diagnosis{"no_rfi_created", "0.85", "The request for information is missing"}
	case slices.Contains([]string{"REQUESTED", "SUBMITTED", "SENT_TO_PROVIDER", "REJECTED", "EXPIRED", "RE_OPEN"}, f["rfi_status"]): // 9
		return diagnosis{"rfi_pending", "0.4", "Below 24 h: monitor only"}
	case gbpOrEUR && noFalcon && f["trm_hold"] == "true": // 10
		return diagnosis{"stuck_due_trm", "0.6", "Release the compliance review"}
	case partner(f) == "bulk_vda" && payout != "COMPLETED": // 11
		return diagnosis{"bulk_vda_pending", "0.4", "Within 16 h normal"}
	case partner(f) == "vda_api" && payout != "COMPLETED": // 12
		return diagnosis{"stuck_at_vda_partner", "0.5", "Check the partner's dashboard, sync if paid"}
	case partner(f) == "rda": // 13
		return diagnosis{"stuck_at_rda_partner", "0.55", "Check the partner's dashboard, escalate after 24 h"}
	case aed && lulu != "" && noFalcon: // 14
		return diagnosis{"stuck_at_lulu", "0.6", "Check Lulu's dashboard"}
	}
	return otherwise(f) // 15
}

func otherwise(f facts) diagnosis {
	return diagnosis{strings.ToLower(f["sub_state"]), "0.4", "Investigate: full system review"}
}

// diagnoseNine is the table for the nine columns of people's own query: only
// the first two lines and the last one get by without a fact that it lacks.
func diagnoseNine(f facts) diagnosis {
	if s := f["sub_state"]; s == "REFUND_TRIGGERED" || s == "TRIGGER_REFUND" || s == "MANUAL_REVIEW" {
		return diagnose(facts{"sub_state": s})
	}
	return otherwise(f)
}

func partner(f facts) string {
	switch p := f["payout_partner"]; p {
	case "":
		return ""
	case "VELTOPAYZ_HVT_BULK", "VELTOPAYZ_KPR_BULK", "ARMSTRONG_PARTNER_DASHBOARD", "TANGOPE_V3":
		return "bulk_vda"
	case "SINGHAI_2025_V2", "VELTOPAYZ_V4", "VELTOPAYZ_V5", "VELTOPAYZ_V6":
		if f["receive_amount"] != "" && number(f["receive_amount"]).GreaterThan(number("50000")) {
			return "bulk_vda"
		}
		return "vda_api"
	case "VANCE_RDA":
		return "rda"
	}
	return "vda_api"
}

// judged is an order with what the domain says of it.
type judged struct {
	facts
	amount    decimal.Decimal
	created   time.Time
	stuck     time.Duration
	diagnosis diagnosis
	score     decimal.Decimal
	priority  string
}

func (j judged) id() string       { return j.facts["order_id"] }
func (j judged) currency() string { return j.facts["currency_from"] }
func (j judged) highValue() bool  { return j.amount.GreaterThanOrEqual(number("5000")) }

// judge works out diagnosis, score and priority at a moment. nine says that the
// order came with people's own nine columns alone.
func judge(f facts, now time.Time, nine bool) judged {
	j := judged{facts: f, amount: number(f["send_amount"]), created: readMoment(f["created_at"])}
	j.stuck = now.Sub(j.created)
	j.diagnosis = diagnose(f)
	rfi, risk, attempts := rfiTerm(f, now), "0.0", attemptsTerm(f["payment_attempts"])
	if nine {
		j.diagnosis = diagnoseNine(f)
		rfi, risk, attempts = "0.5", "0.3", "0.1"
	}
	if j.diagnosis.name == "refund_triggered" {
		risk = "0.9"
	}
	for _, term := range [][2]string{
		{"0.25", ageTerm(j.stuck)}, {"0.20", amountTerm(j.amount)}, {"0.25", j.diagnosis.severity}, {"0.15", rfi}, {"0.10", risk}, {"0.05", attempts},
	} {
		j.score = j.score.Add(number(term[0]).Mul(number(term[1])))
	}
	switch {
	case j.score.GreaterThan(number("0.7")):
		j.priority = "P1"
	case j.score.GreaterThan(number("0.5")):
		j.priority = "P2"
	case j.score.GreaterThan(number("0.3")):
		j.priority = "P3"
	default:
		j.priority = "P4"
	}
	return j
}

func ageTerm(stuck time.Duration) string {
	switch {
	case stuck > 72*time.Hour:
		return "1.0"
	case stuck > 36*time.Hour:
		return "0.9"
	case stuck > 24*time.Hour:
		return "0.7"
	case stuck > 12*time.Hour:
		return "0.5"
	case stuck > 4*time.Hour:
		return "0.3"
	}
	return "0.1"
}

func amountTerm(amount decimal.Decimal) string {
	switch {
	case amount.GreaterThan(number("15000")):
		return "1.0"
	case amount.GreaterThan(number("5000")):
		return "0.8"
	case amount.GreaterThan(number("2000")):
		return "0.7"
	case amount.GreaterThan(number("500")):
		return "0.5"
	case amount.GreaterThan(number("100")):
		return "0.3"
	}
	return "0.1"
}

func rfiTerm(f facts, now time.Time) string {
	longer := func(hours time.Duration) bool { return now.Sub(readMoment(f["rfi_modified_at"])) > hours*time.Hour }
	switch f["rfi_status"] {
	case "EXPIRED":
		return "0.9"
	case "REJECTED":
		if longer(24) {
			return "0.8"
		}
		return "0.5"
	case "REQUESTED", "RE_OPEN":
		if longer(24) {
			return "0.7"
		}
		return "0.1"
	case "SUBMITTED", "SENT_TO_PROVIDER":
		if longer(4) {
			return "0.4"
		}
		return "0.1"
	}
	return "0.0"
}

func attemptsTerm(attempts string) string {
	switch attempts {
	case "1":
		return "0.1"
	case "2":
		return "0.5"
	}
	return "0.9"
}

// hoursStuck is the time in hours, rounded half up to one decimal, in integers.
func hoursStuck(stuck time.Duration) float64 {
	const tenth = int64(6 * time.Minute)
	tenths := (2*int64(stuck) + tenth) / (2 * tenth)
	hours, _ := big.NewRat(tenths, 10).Float64()
	return hours
}

func number(text string) decimal.Decimal { return decimal.RequireFromString(text) }

func readMoment(text string) time.Time {
	t, err := time.Parse("2006-01-02 15:04:05", text)
	if err != nil {
		panic(err)
	}
	return t
}
