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
		if a.Status.Working() {
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
	text := rowText(t, row)
	a, reason = text.Assignment()
	id := t.cell(row, orderIDHeader)
	_, isText := id.(string)
	switch {
	case strings.TrimSpace(text.OrderID+text.Agent+text.Status) == "":
		return a, remark
	case id != nil && !isText:
		reason = fmt.Sprintf("the order id %s is not text: the sheet has turned it into a number, so it may have lost digits", cellText(id))
	}
	return a, reason
}

// rowText is a row as text. An agent that a broken formula shows is none.
func rowText(t *table, row []any) ledger.RowText {
	r := ledger.RowText{
		OrderID: t.text(row, orderIDHeader), Agent: t.text(row, agentHeader), Status: t.text(row, statusHeader), Priority: t.text(row, priorityHeader),
		Currency: t.text(row, currencyHeader), Amount: t.text(row, amountHeader), Hours: t.text(row, hoursHeader),
		Diagnosis: t.text(row, diagnosisHeader), Notes: t.text(row, notesHeader), RunID: t.text(row, runIDHeader),
	}
	if looksBroken(t.cell(row, agentHeader)) {
		r.Agent = ""
	}
	return r
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
