package sheet

import (
	"fmt"
	"strings"
	"time"

	"google.golang.org/api/sheets/v4"

	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
)

// farGap is how many blank rows within the table are worth a word: somebody
// filled a column far down, and new rows land below that (F48).
const farGap = 50

func (v *view) readAssignments() {
	t := v.table(assignmentsTab)
	last := t.header + 1
	t.each(func(number int, row []any) {
		if gap := number - last - 1; gap > farGap {
			v.doubts.doubt(fmt.Sprintf("row %d", number), "%s: more than %d blank rows stand above", t.name, farGap)
		}
		last = number
		v.readAssignment(t, number, row)
	})
}

func (v *view) readAssignment(t *table, number int, row []any) {
	if id, astray := v.astray(t, row); astray {
		v.snapshot.Unreadable = append(v.snapshot.Unreadable, ledger.Unreadable{
			Row: number, OrderID: id, Reason: "somebody moved columns while it was written: move its cells under their headers",
		})
		return
	}
	a, reason := assignmentOf(t, row)
	if reason == remark {
		return
	}
	if reason != "" {
		unreadable := ledger.Unreadable{Row: number, OrderID: strings.TrimSpace(cellText(t.cell(row, orderIDHeader))), Reason: reason}
		if a.Status.Working() && !looksBroken(t.cell(row, agentHeader)) {
			unreadable.Agent = a.Agent
		}
		v.snapshot.Unreadable = append(v.snapshot.Unreadable, unreadable)
		return
	}
	a.Row = number
	a.AssignedAt = v.readTime(t, number, row, assignedAtHeader)
	a.ResolvedAt = v.readTime(t, number, row, resolvedAtHeader)
	v.snapshot.Assignments = append(v.snapshot.Assignments, a)
}

// astray finds a row of ours that stands under wrong headers: people moved
// columns just before a commit, and its program died before it could mend that.
// Its order is still where the commit wrote it.
func (v *view) astray(t *table, row []any) (orderID string, found bool) {
	text := func(column int) string {
		if column >= len(row) {
			return ""
		}
		return cellText(row[column])
	}
	for _, e := range v.entries {
		if e.Run != "" && e.At[1] > 0 && text(e.At[1]) == e.Run && t.text(row, runIDHeader) != e.Run {
			return text(e.At[0]), true
		}
	}
	return "", false
}

// remark is the reason of a row that is no assignment and never was: a person's
// note under the table, where neither order, agent nor status stands.
const remark = "a remark"

// assignmentOf reads a row, times aside, or says why it cannot be read.
func assignmentOf(t *table, row []any) (a ecm.Assignment, reason string) {
	id, isText := t.cell(row, orderIDHeader).(string)
	agent, word := t.text(row, agentHeader), t.text(row, statusHeader)
	status, known := ecm.ParseStatus(word)
	priority, urgent := ecm.ParsePriority(t.text(row, priorityHeader))
	amount, err := cellAmount(t.cell(row, amountHeader))
	stuck, stuckKnown := cellHours(t.cell(row, hoursHeader))
	currency := strings.ToUpper(strings.TrimSpace(t.text(row, currencyHeader)))
	a = ecm.Assignment{
		OrderID: id, Agent: agent, Status: status, Priority: priority, Send: ecm.Money{Amount: amount, Currency: currency}, Stuck: stuck,
		Diagnosis: t.text(row, diagnosisHeader), Notes: t.text(row, notesHeader), RunID: t.text(row, runIDHeader),
	}
	if word != string(status) {
		a.Word = word
	}
	noID := strings.TrimSpace(cellText(t.cell(row, orderIDHeader))) == ""
	noAgent, noWord := strings.TrimSpace(agent) == "", strings.TrimSpace(word) == ""
	switch {
	case noID && noAgent && noWord:
		return a, remark
	case noID:
		reason = "no order id"
	case !isText:
		reason = fmt.Sprintf("the order id %s is not text: the sheet has turned it into a number, so it may have lost digits", cellText(t.cell(row, orderIDHeader)))
	case id != strings.TrimSpace(id):
		reason = fmt.Sprintf("the order id %.40q has blanks around it", id)
	case noAgent || looksBroken(t.cell(row, agentHeader)):
		reason = "no agent"
	case !known:
		reason = fmt.Sprintf("status %.40q is none of OPEN, IN_PROGRESS, ESCALATED, RESOLVED", word)
	case !urgent:
		reason = fmt.Sprintf("priority %.40q is none of P1, P2, P3, P4", t.text(row, priorityHeader))
	case err != nil:
		reason = fmt.Sprintf("amount %.40q is not a plain number", t.text(row, amountHeader))
	case len(currency) != len("AED"):
		reason = fmt.Sprintf("currency %.40q is not a three-letter code", t.text(row, currencyHeader))
	case !stuckKnown:
		reason = fmt.Sprintf("hours stuck %.40q is not a number of hours", t.text(row, hoursHeader))
	}
	return a, reason
}

// readTime reads a time cell. A blank one is the zero time; one that is no time is that too, and a doubt.
func (v *view) readTime(t *table, number int, row []any, header string) time.Time {
	cell := t.cell(row, header)
	if strings.TrimSpace(cellText(cell)) == "" {
		return time.Time{}
	}
	at, err := cellTime(cell)
	if err != nil {
		v.doubts.doubt(fmt.Sprintf("row %d (%.40q)", number, cellText(cell)), "%s: %s is not a time like %s", t.name, header, ecm.TimeLayout)
	}
	return at
}

// assignmentCells is a row of ours, by header.
func assignmentCells(a ecm.Assignment) map[string]*sheets.CellData {
	return map[string]*sheets.CellData{
		orderIDHeader:    textCell(a.OrderID),
		agentHeader:      textCell(a.Agent),
		assignedAtHeader: textCell(ecm.FormatTime(a.AssignedAt)),
		statusHeader:     textCell(ledger.StatusCell(a)),
		priorityHeader:   textCell(a.Priority.String()),
		currencyHeader:   textCell(a.Send.Currency),
		amountHeader:     amountCell(a.Send.Amount),
		hoursHeader:      numberCell(ecm.Hours(a.Stuck)),
		diagnosisHeader:  textCell(a.Diagnosis),
		notesHeader:      textCell(a.Notes),
		resolvedAtHeader: textCell(ecm.FormatTime(a.ResolvedAt)),
		runIDHeader:      textCell(a.RunID),
	}
}
