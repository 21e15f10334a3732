package ledger

import (
	"fmt"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"pi-manager/internal/ecm"
)

// RowText is a row of assignments as it stands in a ledger, cell by cell, its
// times aside. People may have typed anything into it.
type RowText struct {
	OrderID, Agent, Status, Priority, Currency, Amount, Hours, Diagnosis, Notes, RunID string
}

// Assignment makes an assignment of the cells, or says why it cannot. What could
// be read stands in it even then: a row that is OPEN takes a slot of its agent,
// whatever else is wrong with it.
func (r RowText) Assignment() (a ecm.Assignment, reason string) {
	status, known := ecm.ParseStatus(r.Status)
	priority, urgent := ecm.ParsePriority(r.Priority)
	amount, amountErr := ecm.ParseAmount(strings.TrimSpace(r.Amount))
	stuck, stuckKnown := readHours(r.Hours)
	currency := strings.ToUpper(strings.TrimSpace(r.Currency))
	switch {
	case strings.TrimSpace(r.OrderID) == "":
		reason = "no order id"
	case r.OrderID != strings.TrimSpace(r.OrderID):
		reason = fmt.Sprintf("the order id %.40q has blanks around it", r.OrderID)
	case strings.TrimSpace(r.Agent) == "":
		reason = "no agent"
	case !known:
		reason = UnknownStatus(r.Status)
	case !urgent:
		reason = fmt.Sprintf("priority %.40q is none of P1, P2, P3, P4", r.Priority)
	case amountErr != nil:
		reason = fmt.Sprintf("amount %.40q is not a plain decimal number", r.Amount)
	case len(currency) != len("AED"):
		reason = fmt.Sprintf("currency %.40q is not a three-letter code", r.Currency)
	case !stuckKnown:
		reason = fmt.Sprintf("hours stuck %.40q is not a number of hours", r.Hours)
	}
	return ecm.Assignment{
		OrderID: r.OrderID, Agent: r.Agent, Status: status, Word: ownWord(r.Status, status), Priority: priority,
		Send: ecm.Money{Amount: amount, Currency: currency}, Stuck: stuck, Diagnosis: r.Diagnosis, Notes: r.Notes, RunID: r.RunID,
	}, reason
}

// UnknownStatus is the reason of a row whose status cell is none of ours.
func UnknownStatus(cell string) string {
	return fmt.Sprintf("status %.40q is none of OPEN, IN_PROGRESS, ESCALATED, RESOLVED", cell)
}

// maxHours is a century, far within what a time.Duration holds.
const maxHours = 100 * 365 * 24

func readHours(cell string) (time.Duration, bool) {
	exact, err := ecm.ParseAmount(strings.TrimSpace(cell))
	if err != nil || exact.IsNegative() || exact.GreaterThan(decimal.NewFromInt(maxHours)) {
		return 0, false
	}
	return ecm.FromHours(exact.InexactFloat64()), true
}

// ownWord is the text of a status cell where it is not the status letter for letter.
func ownWord(cell string, status ecm.Status) string {
	if cell == string(status) {
		return ""
	}
	return cell
}

// StatusCell is what the status cell of a row says, or shall say.
func StatusCell(a ecm.Assignment) string {
	if a.Word != "" {
		return a.Word
	}
	return string(a.Status)
}

// SameRow says whether two rows are the same in every cell, wherever they stand.
// Like a Mark it counts what a ledger keeps, times to the second and hours to
// one decimal; unlike a Mark it leaves nothing to chance.
func SameRow(a, b ecm.Assignment) bool {
	return a.OrderID == b.OrderID && a.Send.Amount.Equal(b.Send.Amount) && kept(a) == kept(b)
}

// kept is a row as a ledger keeps it, the amount aside, for a comparison.
func kept(a ecm.Assignment) ecm.Assignment {
	a.AssignedAt, a.ResolvedAt = a.AssignedAt.UTC().Truncate(time.Second), a.ResolvedAt.UTC().Truncate(time.Second)
	a.Stuck = ecm.FromHours(ecm.Hours(a.Stuck))
	a.Send.Amount = decimal.Decimal{}
	a.Row = 0
	return a
}
