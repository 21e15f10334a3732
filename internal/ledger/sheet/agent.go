package sheet

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"pi-manager/internal/ecm"
)

func (v *view) readAgents() {
	t := v.table(agentsTab)
	t.each(func(number int, row []any) {
		email := t.text(row, emailHeader)
		if strings.TrimSpace(email) == "" {
			v.doubts.doubt(fmt.Sprintf("row %d", number), "%s: no e-mail", t.name)
			return
		}
		v.snapshot.Agents = append(v.snapshot.Agents, ecm.Agent{
			Email: email, Name: t.text(row, nameHeader), Team: t.text(row, teamHeader), Handle: t.text(row, handleHeader),
			Active: v.readActive(t, number, row), Capacity: v.readCapacity(t, number, row), Row: number,
		})
	})
}

// readActive reads TRUE and FALSE, as a checkbox or typed. Whoever has another
// word there gets no order until it is mended.
func (v *view) readActive(t *table, number int, row []any) bool {
	word := strings.TrimSpace(t.text(row, activeHeader))
	switch strings.ToUpper(word) {
	case "TRUE", "1":
		return true
	case "FALSE", "0", "":
		return false
	}
	v.doubts.doubt(fmt.Sprintf("row %d (%.40q)", number, word), "%s: Active is neither TRUE nor FALSE, taken as FALSE", t.name)
	return false
}

// readCapacity reads Max Tickets; what is not a whole number is 0 for that agent (F59).
func (v *view) readCapacity(t *table, number int, row []any) int {
	word := strings.TrimSpace(t.text(row, ticketsHeader))
	if word == "" {
		return ecm.DefaultCapacity
	}
	tickets, err := strconv.Atoi(word)
	if err != nil || tickets < 0 || tickets > math.MaxInt32 {
		v.doubts.doubt(fmt.Sprintf("row %d (%.40q)", number, word), "%s: Max Tickets is not a whole number, taken as 0", t.name)
		return 0
	}
	return tickets
}

// readResolutions reads what agents have closed. The tab is theirs: without its
// two columns it says nothing, and that is only worth a word.
func (v *view) readResolutions() {
	t := v.table(resolutionsTab)
	_, hasTime := t.at[headerKey(timestampHeader)]
	_, hasOrder := t.at[headerKey(orderIDHeader)]
	if len(t.rows) > 0 && !(hasTime && hasOrder) {
		v.doubts.doubt(t.name, "A tab lacks the column %s or %s, so it does not say when orders were resolved", timestampHeader, orderIDHeader)
		return
	}
	t.each(func(number int, row []any) {
		id := cellText(t.cell(row, orderIDHeader))
		at := v.readTime(t, number, row, timestampHeader)
		if id != "" && !at.IsZero() {
			v.snapshot.Resolutions = append(v.snapshot.Resolutions, ecm.Resolution{OrderID: id, At: at})
		}
	})
}
