package demo

import "slices"

// corridor is a currency that money is sent in, on its way to India.
type corridor struct {
	currency   string
	prefix     string // of order ids
	share      int    // cards in the deck of corridors
	rate       int64  // paise for one unit of the currency, about what it was when this was written
	base       facts  // of every order, where its situation says nothing else
	situations []situation
	deck       deck // of situations
}

// facts are the words that a column may hold, each as likely as the others; a
// word that stands there twice is twice as likely. No word at all is null.
type facts [columnCount][]string

// situation is one way of being stuck.
type situation struct {
	cards int  // how common it is: cards in its corridor's deck
	late  bool // mostly found among the older orders
	facts facts
}

// own stands for an id of the order's own, which its row is given.
const own = "own"

func corridors() []corridor {
	uae := corridor{currency: "AED", prefix: "AE", share: 15, rate: 23_15, base: paidInUAE()}
	uk := corridor{currency: "GBP", prefix: "GB", share: 8, rate: 107_40, base: paidInEurope()}
	eu := corridor{currency: "EUR", prefix: "EU", share: 2, rate: 91_60, base: paidInEurope()}
	return []corridor{
		uae.with(slices.Concat(onTheWayIn(), atLulu(), afterFalcon())),
		uk.with(slices.Concat(onTheWayIn(), beforeFalcon(), afterFalcon())),
		eu.with(slices.Concat(onTheWayIn(), beforeFalcon(), afterFalcon())),
	}
}

// with completes the corridor by the situations that occur in it.
func (c corridor) with(situations []situation) corridor {
	counts := make([]int, len(situations))
	for i := range situations {
		counts[i] = situations[i].cards
		for column, words := range c.base {
			if situations[i].facts[column] == nil {
				situations[i].facts[column] = words
			}
		}
	}
	c.situations, c.deck = situations, newDeck(counts)
	return c
}

func paidInUAE() facts {
	return facts{
		orderStatus:     {"PROCESSING_DEAL_IN", "PENDING", "IN_PROGRESS"},
		subState:        {"FULFILLMENT_PENDING", "FULFILLMENT_PENDING", "FULFILLMENT_TRIGGER"},
		paymentAcquirer: {"CHECKOUT", "LEANTECH", "UAE_MANUAL"},
		paymentStatus:   {"COMPLETED"},
		paymentAttempts: {"1", "1", "1", "1", "1", "2", "1", "3"},
		luluRecord:      {"true"},
		luluClient:      {"LULU", "LULU", "LULU", "GCC_EXCHANGE"},
		trmHold:         {"false"},
	}
}

func paidInEurope() facts {
	return facts{
		orderStatus:     {"PENDING", "IN_PROGRESS"},
		subState:        {"FULFILLMENT_PENDING", "FULFILLMENT_TRIGGER"},
		paymentAcquirer: {"TRUELAYER", "TRUELAYER", "CHECKOUT"},
		paymentStatus:   {"COMPLETED"},
		paymentAttempts: {"1", "1", "1", "1", "1", "2", "1", "3"},
		luluRecord:      {"false"},
		trmHold:         {"false"},
	}
}

// onTheWayIn: a person has to decide something before the money goes on.
func onTheWayIn() []situation {
	return []situation{
		{cards: 4, late: true, facts: facts{subState: {"REFUND_TRIGGERED", "TRIGGER_REFUND"}}},
		{cards: 3, facts: facts{subState: {"MANUAL_REVIEW"}}},
		{cards: 2, facts: facts{subState: {"AWAIT_EXTERNAL_ACTION"}}},
	}
}

// atLulu: the order is with the payout partner in the UAE, or on its way there.
func atLulu() []situation {
	return []situation{
		{cards: 3, facts: facts{
			orderStatus: {"PROCESSING_DEAL_IN"}, luluClient: {"LULU"}, luluStatus: {"CREDITED"},
			falconID: {own}, falconStatus: {"PROCESSING"},
		}},
		{cards: 1, facts: facts{luluStatus: {"CANCELLATION_REQUEST_CREATED"}}},
		{cards: 1, facts: facts{luluStatus: {"TXN_TRANSMITTED"}, falconID: {own}, falconStatus: {"FAILED"}}},
		{cards: 1, late: true, facts: facts{luluStatus: {"CANCELLATION_COMPLETED"}}},
		{cards: 2, late: true, facts: facts{orderStatus: {"FAILED"}, luluStatus: {"CREATED", "TXN_TRANSMITTED"}}},
		{cards: 4, facts: facts{paymentAcquirer: {"CHECKOUT"}, luluStatus: {"PAYMENT_PENDING"}}},
		{cards: 2, facts: facts{
			paymentAcquirer: {"UAE_MANUAL", "LEANTECH"}, uaeManualStatus: {"RECONCILED"}, luluStatus: {"PAYMENT_PENDING", "CREATED", ""},
		}},
		{cards: 4, facts: facts{paymentAcquirer: {"LEANTECH"}, luluStatus: {"PAYMENT_PENDING"}}},
		{cards: 5, facts: facts{luluStatus: {"CREATED", "TXN_TRANSMITTED", "TXN_TRANSMITTED"}}},
	}
}

// beforeFalcon: paid in Europe, and nothing at the payout orchestrator yet.
func beforeFalcon() []situation {
	return []situation{
		{cards: 2, late: true, facts: facts{orderStatus: {"FAILED"}}},
		{cards: 6, facts: facts{trmHold: {"true"}}},
	}
}

// afterFalcon: a payout was started, or its recipient must be asked for something first.
func afterFalcon() []situation {
	atFalcon := func(cards int, f facts) situation {
		f[falconID], f[falconStatus] = []string{own}, []string{"PROCESSING"}
		return situation{cards: cards, facts: f}
	}
	return []situation{
		atFalcon(2, facts{payoutPartner: {"NORTHGATE_API", "VELTOPAYZ_V5"}, payoutStatus: {"COMPLETED"}}),
		atFalcon(1, facts{payoutPartner: {"VANCE_RDA"}, payoutStatus: {"PROCESSING"}, rdaStatus: {"ONHOLD"}}),
		atFalcon(1, facts{payoutPartner: {"VANCE_RDA"}, payoutStatus: {"ADDITIONAL_DOCUMENTS_REQUIRED"}, rdaStatus: {"PROCESSING"}}),
		atFalcon(5, facts{
			payoutPartner: {"VANCE_RDA"}, payoutStatus: {"PROCESSING"}, rdaStatus: {"ONHOLD"},
			rfiStatus: {"REQUESTED", "REQUESTED", "SUBMITTED", "SENT_TO_PROVIDER", "REJECTED", "EXPIRED", "RE_OPEN"},
		}),
		atFalcon(3, facts{
			payoutPartner: {"VELTOPAYZ_HVT_BULK", "VELTOPAYZ_KPR_BULK", "ARMSTRONG_PARTNER_DASHBOARD", "TANGOPE_V3"},
			payoutStatus:  {"PROCESSING", "FAILED", ""},
		}),
		atFalcon(4, facts{ // these partners pay small amounts at once, and large ones in bulk
			payoutPartner: {"SINGHAI_2025_V2", "VELTOPAYZ_V4", "VELTOPAYZ_V5", "VELTOPAYZ_V6"}, payoutStatus: {"PROCESSING", "FAILED"},
		}),
		atFalcon(4, facts{payoutPartner: {"NORTHGATE_API", "KAVERI_PAY"}, payoutStatus: {"PROCESSING", "PROCESSING", "FAILED", ""}}),
		atFalcon(4, facts{payoutPartner: {"VANCE_RDA"}, payoutStatus: {"PROCESSING", ""}, rdaStatus: {"PROCESSING"}}),
	}
}
