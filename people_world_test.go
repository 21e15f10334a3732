package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"pi-manager/config"
	"pi-manager/internal/brief"
	"pi-manager/internal/ecm"
	"pi-manager/internal/fake"
	"pi-manager/internal/ledger/sheet"
	"pi-manager/internal/policy"
	"pi-manager/internal/run"
)

// shippedPolicy is the policy as it is shipped. It is read only.
var shippedPolicy = sync.OnceValues(func() (*policy.Policy, error) { return config.LoadPolicy("") })

// office is a spreadsheet that people work in while pi-manager does, beside a twin
// in which the same people do the same and nothing else happens.
type office struct {
	s, twin  *fake.Sheets
	client   *http.Client
	policy   *policy.Policy
	work     *work
	tab      string             // title of Assignments by now
	orders   []string           // stuck in the warehouse
	done     map[string]bool    // orders that completed in the warehouse
	archive  string             // title of the archive by now
	renamed  map[string]string  // headers that people have written otherwise: what they were
	began    map[string][][]any // the tabs as they were before the run, by title
	before   map[string][]line  // the rows of Assignments as they were before the run, by name
	typed    map[string]bool    // cells that people have typed into, as row/column of the twin
	calls    []fake.SheetsCall  // of the run that is looked at, without tokens
	handAt   int                // how many calls came before the hand; -1: it has not come
	known    map[string]bool    // runs that were there before
	posted   int
	slots    int
	version  fake.Version    // before the run
	seen     sight           // what compare has seen last
	kept     [2]fake.Version // of both, right before the hand
	copied   map[string]any  // the copy of Assignments as people made it
	acted    bool            // the hand had something to do
	away     string          // whose row was not there when the run read the sheet
	gone     bool            // people have deleted a journal
	left     []string        // orders that the runs of this case have said they left alone
	restored bool            // people went back to it
	retimed  bool            // people took the column Resolved At away, so a run adds one
	breaks   bool            // people have done something that they must mend
	stuck    bool            // the last run has stopped
}

// newOffice starts the two servers and brings the spreadsheet to where the work begins.
func newOffice(t *testing.T, w *work) *office {
	t.Helper()
	shipped, err := shippedPolicy()
	if err != nil {
		t.Fatal(err)
	}
	o := &office{s: fake.NewSheets(t), twin: fake.NewSheets(t), policy: shipped, work: w}
	o.client = &http.Client{Transport: newFerry(t, o.s.Client())}
	o.reset()
	o.s.Seed("Assignments", assignmentsOf(w.rows))
	o.s.Seed("Agents", [][]any{
		{"Email", "Name", "Team", "Slack Handle", "Active", "Max Tickets", "Phone"},
		{"ana@example.com", "Ana", "Ops", "U0ANA00001", true, nil, "mine 11"},
		{"bo@example.com", "Bo", "Ops", "U0BO000001", true, 20, "mine 12"},
		{"cy@example.com", "Cy", "KYC_ops", nil, false, nil, "mine 13"},
	})
	o.s.Seed("Resolutions", [][]any{{"Timestamp", "Order ID", "Agent", "Resolution Notes"}, {"1999-12-30 10:00:00", "DONE1", "ana@example.com", "mine: paid"}})
	o.s.DeleteRows(startTab, 100, 901) // a smaller grid: some hands fill all of it
	return o
}

const startTab = "Assignments"

// reset forgets what people did and what was called.
func (o *office) reset() {
	o.tab, o.archive, o.typed, o.renamed, o.calls, o.handAt = startTab, "Archive", map[string]bool{}, map[string]string{}, nil, -1
	o.left, o.copied, o.gone, o.away, o.acted = nil, nil, false, "", false
	o.restored, o.retimed, o.stuck, o.breaks = false, false, false, false
	o.orders, o.done = slices.Clone(o.work.pending), map[string]bool{}
	for _, id := range o.work.completed {
		o.done[id] = true
	}
}

// remember keeps the state from which every case starts.
func (o *office) remember() {
	o.version = o.s.Version()
	o.began, o.known = map[string][][]any{}, map[string]bool{}
	for _, title := range o.s.Titles() {
		o.began[title] = o.s.Rows(title)
	}
	for _, row := range o.began["Runs"] {
		o.known[fmt.Sprint(row[0])] = true
	}
	o.twin.Restore(o.version)
	o.before, _ = o.linesOf(o.s, startTab)
}

// again brings both spreadsheets back to where the work begins.
func (o *office) again() {
	o.reset()
	o.s.OnBefore(nil)
	o.s.Restore(o.version)
	o.twin.Restore(o.version)
}

// ferry takes calls out of a bubble of synctest, in which a connection that is
// kept open would stop the clock.
type ferry struct {
	mu    sync.Mutex
	calls chan *http.Request
	back  chan ferried
}

type ferried struct {
	answer *http.Response
	err    error
}

func newFerry(t *testing.T, client *http.Client) *ferry {
	f := &ferry{calls: make(chan *http.Request), back: make(chan ferried)}
	t.Cleanup(func() { close(f.calls) })
	go func() {
		for r := range f.calls {
			answer, err := client.Transport.RoundTrip(r)
			if err == nil {
				var body []byte
				body, err = io.ReadAll(answer.Body)
				_ = answer.Body.Close() // all of it was read
				answer.Body = io.NopCloser(bytes.NewReader(body))
			}
			f.back <- ferried{answer, err}
		}
	}()
	return f
}

// RoundTrip implements http.RoundTripper.
func (f *ferry) RoundTrip(r *http.Request) (*http.Response, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls <- r.Clone(context.Background())
	back := <-f.back
	return back.answer, back.err
}

// manager is one process: it has read nothing yet.
func (o *office) manager() (*run.Manager, error) {
	l, err := sheet.Open(context.Background(), sheet.Settings{SpreadsheetID: o.s.ID, Endpoint: o.s.URL, Client: o.client})
	return &run.Manager{
		Warehouse: o, Ledger: l, Notifier: o, Policy: o.policy, Zone: time.UTC,
		Effects: run.Effects{Log: slog.New(slog.DiscardHandler)}, Now: time.Now, Progress: func(string) {},
	}, err
}

// request is for a slot that had no run yet.
func (o *office) request() run.Request {
	o.slots++
	return run.Request{Slot: ecm.Slot(fmt.Sprintf("by hand %d", o.slots)), AsOf: time.Now().UTC()}
}

// Pending implements run.Warehouse.
func (o *office) Pending(_ context.Context, asOf time.Time, _ int) (ecm.Pending, error) {
	p := ecm.Pending{Source: "a model", Columns: []string{"order_id", "sub_state", "currency_from", "send_amount", "lulu_record"}}
	for i, id := range o.orders {
		amount := decimal.NewFromInt(int64(1000 + 1500*i))
		p.Orders = append(p.Orders, ecm.Order{
			ID: id, SubState: "MANUAL_REVIEW", Send: ecm.Money{Amount: amount, Currency: "AED"}, Created: asOf.Add(-50 * time.Hour), Row: i + 1,
			Facts: []string{id, "MANUAL_REVIEW", "AED", amount.String(), "true"},
		})
	}
	return p, nil
}

// Statuses implements run.Warehouse.
func (o *office) Statuses(_ context.Context, asOf time.Time, ids []string) (ecm.Statuses, error) {
	answer := ecm.Statuses{Source: "a model", Asked: len(ids), ByID: map[string]string{}, Newest: asOf.Add(-time.Minute)}
	for _, id := range ids {
		answer.ByID[id] = "PROCESSING_DEAL_IN"
		if o.done[id] {
			answer.ByID[id] = "COMPLETED"
		}
	}
	return answer, nil
}

// Ready implements run.Notifier.
func (o *office) Ready(context.Context) error { return nil }

// Members implements run.Notifier.
func (o *office) Members(context.Context, []string) (map[string]string, error) {
	return map[string]string{}, nil
}

// Post implements run.Notifier.
func (o *office) Post(context.Context, brief.Post) (brief.Receipt, error) {
	o.posted++
	return brief.Receipt{Channel: "C1", TS: fmt.Sprintf("946684800.%06d", o.posted)}, nil
}

// Sent implements run.Notifier.
func (o *office) Sent(context.Context, time.Time, string) ([]brief.Sent, error) { return nil, nil }

// The columns of the Assignments tab as these people keep it: theirs are Manager,
// Age and Remark. Manager and Remark name the row they stand in, wherever it goes.
func assignmentColumns() []any {
	return []any{"Order ID", "Assigned Agent", "Assigned At", "Status", "Manager", "Priority", "Currency", "Amount", "Hours Stuck", "Diagnosis", "Notes",
		"Resolved At", "Run ID", "Age", "Remark"}
}

// standing is a row that stands there before the run.
type standing struct{ id, status, notes, resolved string }

func assignmentsOf(rows []standing) [][]any {
	list := [][]any{assignmentColumns()}
	for i, r := range rows {
		list = append(list, []any{
			r.id, "ana@example.com", fmt.Sprintf("1999-12-%02d 12:00:00", 20+i%10), r.status, "boss of " + r.id, "P2", "AED", float64(1000 + 10*i), 20.5, "manual_review", blank(r.notes),
			blank(r.resolved), nil, fake.SheetsFormula{Source: fmt.Sprintf("=I%d*2", i+2), Shows: 41.0}, "mine " + r.id,
		})
	}
	return list
}

func blank(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// both lets people do the same in both spreadsheets.
func (o *office) both(hand func(s *fake.Sheets)) {
	o.acted = true
	hand(o.s)
	hand(o.twin)
}

// rowOf finds the first row that a name stands in, counted from 1; 0 where there is none.
func (o *office) rowOf(s *fake.Sheets, name string) int {
	if !slices.Contains(s.Titles(), o.tab) {
		return 0
	}
	for i, row := range s.Rows(o.tab) {
		if nameOf(row) == name {
			return i + 1
		}
	}
	return 0
}

// nameOf is what a row is known by, whatever was done to its columns. People's
// rows have their name in two columns of theirs; ours have their order.
func nameOf(row []any) string {
	for _, prefix := range []string{"boss of ", "mine ", "NEW"} {
		for _, v := range row {
			text, _ := v.(string)
			if name, ok := strings.CutPrefix(text, prefix); ok && prefix != "NEW" {
				return name
			} else if ok {
				return strings.TrimSuffix(text, retyped)
			}
		}
	}
	return ""
}

// retyped is what people put behind an order id that they change.
const retyped = " (typed)"

// column finds the letter of a header; "" where nobody has it.
func (o *office) column(s *fake.Sheets, header string) string {
	for _, row := range s.Rows(o.tab)[:min(5, len(s.Rows(o.tab)))] {
		if i := slices.Index(row, any(header)); i >= 0 {
			return columnName(i)
		}
	}
	return ""
}

func columnName(i int) string { return string(rune('A' + i)) }

// at lets people do something to the row of a name, if it stands there in both.
func (o *office) at(name string, hand func(s *fake.Sheets, row int)) {
	if o.rowOf(o.s, name) > 0 && o.rowOf(o.twin, name) > 0 {
		o.both(func(s *fake.Sheets) { hand(s, o.rowOf(s, name)) })
	}
}

// types lets a person write into a cell of the row of a name.
func (o *office) types(name, header string, v any) {
	o.at(name, func(s *fake.Sheets, row int) {
		if column := o.column(s, header); column != "" {
			cell := fmt.Sprint(column, row)
			if f, computes := v.(fake.SheetsFormula); computes {
				f.Source = strings.ReplaceAll(f.Source, "2)", fmt.Sprint(row, ")"))
				v = f
			}
			o.typed[name+"/"+header] = o.typed[name+"/"+header] || s.Cell(o.tab, cell) != v
			s.Put(o.tab, cell, v)
		}
	})
}

// onColumn lets people do something to a column, if both have it.
func (o *office) onColumn(header string, hand func(s *fake.Sheets, column string)) {
	if slices.Contains(o.s.Titles(), o.tab) && o.column(o.s, header) != "" && o.column(o.twin, header) != "" {
		o.both(func(s *fake.Sheets) { hand(s, o.column(s, header)) })
	}
}

// onTab lets people do something to a tab, if both have it.
func (o *office) onTab(title string, hand func(s *fake.Sheets)) {
	if slices.Contains(o.s.Titles(), title) && slices.Contains(o.twin.Titles(), title) {
		o.both(hand)
	}
}
