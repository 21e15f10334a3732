package triage

import (
	"slices"

	"pi-manager/internal/ecm"
)

// checkContract makes one outcome for each row that came in, and sets aside what
// breaks the contract of the pending list.
func checkContract(in Input) []Outcome {
	outcomes := make([]Outcome, 0, in.Pending.Rows())
	for _, aside := range in.Pending.SetAside {
		outcomes = append(outcomes, Outcome{Kind: SetAside, Aside: aside})
	}
	for i := range in.Pending.Orders {
		outcomes = append(outcomes, Outcome{Order: &in.Pending.Orders[i]})
	}
	for i := range outcomes {
		if o := &outcomes[i]; o.Kind != SetAside {
			checkOrder(o, in)
		}
	}
	setAsideDuplicates(outcomes)
	byRow := func(a, b Outcome) int { return a.row() - b.row() }
	if !slices.IsSortedFunc(outcomes, byRow) {
		slices.SortStableFunc(outcomes, byRow)
	}
	return outcomes
}

// checkOrder holds a readable row to what an order must be.
func checkOrder(o *Outcome, in Input) {
	order := o.Order
	switch {
	case order.ID == "":
		o.setAside(ecm.NoID, "")
	case !in.Policy.KnownCurrency(order.Send.Currency):
		o.setAside(ecm.UnknownCurrency, order.Send.Currency)
	case order.Send.Amount.Sign() < 0:
		o.setAside(ecm.NegativeAmount, order.Send.Plain())
	case order.Created.After(in.AsOf):
		o.setAside(ecm.CreatedInTheFuture, ecm.FormatTime(order.Created))
	}
}

// setAsideDuplicates keeps one row of each order: the newest, and of equally new
// ones the first by what they hold, so that the order of the result decides
// nothing. Redshift enforces no keys, and a join can repeat a row.
func setAsideDuplicates(outcomes []Outcome) {
	kept := make(map[string]int, len(outcomes))
	for i := range outcomes {
		o := &outcomes[i]
		if o.Kind == SetAside {
			continue
		}
		first, seen := kept[o.Order.ID]
		if !seen {
			kept[o.Order.ID] = i
			continue
		}
		loser := o
		if before(o.Order, outcomes[first].Order) {
			loser, kept[o.Order.ID] = &outcomes[first], i
		}
		loser.setAside(ecm.DuplicateID, "the query gave the order more than once")
	}
}

// before says which of two rows of one order counts.
func before(a, b *ecm.Order) bool {
	if !a.Created.Equal(b.Created) {
		return a.Created.After(b.Created)
	}
	return slices.Compare(a.Facts, b.Facts) < 0
}

func (o *Outcome) row() int {
	if o.Order != nil {
		return o.Order.Row
	}
	return o.Aside.Row
}
