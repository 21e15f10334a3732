package sheet

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"google.golang.org/api/sheets/v4"

	"pi-manager/internal/ecm"
)

// Check implements ledger.Ledger.
func (l *Ledger) Check(ctx context.Context) []ecm.Check {
	layout, err := l.layout(ctx)
	if err != nil {
		return []ecm.Check{failed("sheet: open", err)}
	}
	checks := []ecm.Check{
		{Name: "sheet: open", OK: true, Detail: fmt.Sprintf("%q can be read as %s", layout.title, l.who())},
		l.checkWrite(ctx),
		layout.checkLocks(l.who()),
	}
	v, err := l.look(ctx)
	if err != nil {
		return append(checks, failed("sheet: tabs", err))
	}
	return append(checks, v.checkTabs(), v.checkAgents())
}

func failed(name string, err error) ecm.Check {
	check := ecm.Check{Name: name, Detail: err.Error()}
	if f, ok := errors.AsType[*ecm.Failure](err); ok {
		check.Detail, check.Mend = f.Err.Error(), f.Mend
	}
	return check
}

// checkWrite replaces a word that stands nowhere: that needs the right to edit, and changes nothing.
func (l *Ledger) checkWrite(ctx context.Context) ecm.Check {
	const name = "sheet: write"
	word := "pi-manager looks for " + rand.Text()
	_, err := l.service.Spreadsheets.BatchUpdate(l.id, &sheets.BatchUpdateSpreadsheetRequest{Requests: []*sheets.Request{
		{FindReplace: &sheets.FindReplaceRequest{AllSheets: true, Find: word, Replacement: word, MatchCase: true}},
	}}).Fields("spreadsheetId").Context(ctx).Do()
	if err != nil {
		return failed(name, l.failure("try to write", true, err))
	}
	return ecm.Check{Name: name, OK: true, Detail: "a commit would be taken (a change that changes nothing was)"}
}

// checkLocks names what is protected from us in tabs that a run writes to (F39).
func (o *layout) checkLocks(who string) ecm.Check {
	check := ecm.Check{Name: "sheet: protection", OK: true, Detail: "nothing that a run writes to is protected"}
	var found []string
	for _, title := range []string{assignmentsTab, runsTab} {
		if t := o.tables[title]; t != nil {
			for _, k := range t.locks {
				found = append(found, fmt.Sprintf("%s of %s", k, t.name))
			}
		}
	}
	if len(found) > 0 {
		check.OK, check.Detail = false, "protected: "+strings.Join(found, ", ")
		check.Mend = "add " + who + " to those who may edit it (Data, Protected sheets and ranges)"
	}
	return check
}

func (v *view) checkTabs() ecm.Check {
	var have, lack []string
	for _, t := range tabs() {
		found := v.tables[t.title]
		switch {
		case found == nil || isRead(t.title) && found.header < 0:
			lack = append(lack, t.title)
		default:
			have = append(have, found.name)
		}
	}
	check := ecm.Check{Name: "sheet: tabs", OK: true, Detail: "found with all columns: " + strings.Join(have, ", ")}
	switch {
	case len(have) == 0:
		check.Detail = "none yet; the first commit creates all of them"
	case len(lack) > 0:
		check.Detail += "; the next commit creates " + strings.Join(lack, ", ")
	}
	return check
}

func (v *view) checkAgents() ecm.Check {
	active := 0
	for _, a := range v.snapshot.Agents {
		if a.Active {
			active++
		}
	}
	check := ecm.Check{Name: "sheet: agents", OK: active > 0, Detail: fmt.Sprintf("%d in the tab %s, %d of them active", len(v.snapshot.Agents), agentsTab, active)}
	if active == 0 {
		check.Mend = "write agents into the tab " + agentsTab + ", with Active TRUE"
	}
	return check
}
