package demo

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"time"

	"pi-manager/internal/ecm"
)

// CSV is the pending list at present as a BI tool exports it: a header line, then
// a line a row, ordered by id.
func (w *World) CSV() []byte {
	var text bytes.Buffer
	out := csv.NewWriter(&text)
	_ = out.Write(columns()) // a bytes.Buffer takes everything
	cells := make([]string, columnCount)
	for i := range w.list {
		if o := &w.list[i]; o.listed(w.now) {
			w.fill(cells, o)
			_ = out.Write(cells)
		}
	}
	out.Flush()
	return text.Bytes()
}

// StatusCSV is the export beside it: what has become of every order of the last
// 30 days that was ever on the list. Those that left it are COMPLETED, whether they
// healed or an agent resolved them; the others have the status that CSV gives. One
// row an order, ordered by id, without those that have no id or are from the future.
// One order more has just come in and is not stuck: the feed is up to date.
func (w *World) StatusCSV() []byte {
	var text bytes.Buffer
	out := csv.NewWriter(&text)
	_ = out.Write([]string{"order_id", "order_status", "created_at"}) // a bytes.Buffer takes everything
	for _, row := range w.statuses() {
		_ = out.Write(row[:])
	}
	out.Flush()
	return text.Bytes()
}

// freshID is the order that has come in last, at any time.
const freshID = "AE000FRESH00"

func (w *World) statuses() [][3]string {
	rows := make([][3]string, 0, len(w.list)+len(w.completed))
	cells := make([]string, columnCount)
	for i := range w.list {
		o := &w.list[i]
		if o.flaw == repeated || o.flaw == nameless || o.flaw == fromTheFuture || !o.listed(w.now) {
			continue
		}
		w.fill(cells, o)
		rows = append(rows, [3]string{o.id, cells[orderStatus], cells[createdAt]})
	}
	for i := range w.completed {
		o := &w.completed[i]
		rows = append(rows, [3]string{o.id, "COMPLETED", stamp(o.created)})
	}
	rows = append(rows, [3]string{freshID, "CREATED", stamp(w.now.Unix())})
	slices.SortFunc(rows, func(a, b [3]string) int { return strings.Compare(a[0], b[0]) })
	return rows
}

// Pending is the pending list as a warehouse would read it: at present the rows
// of CSV. At another moment (UTC) the orders that are older or younger then than
// the list reaches are not on it; those that come in later are not known yet.
func (w *World) Pending(asOf time.Time) ecm.Pending {
	p := ecm.Pending{Source: "demo world", Columns: columns(), Orders: make([]ecm.Order, 0, len(w.list))}
	cells := make([]string, len(w.list)*columnCount)
	for i := range w.list {
		o := &w.list[i]
		if !o.listed(asOf) {
			continue
		}
		row := cells[:columnCount:columnCount]
		cells = cells[columnCount:]
		w.fill(row, o)
		add(&p, row, o.created)
	}
	return p
}

// add puts a row on the list as an order, or aside where it cannot be one.
func add(p *ecm.Pending, row []string, created int64) {
	n := p.Rows() + 1
	if row[orderID] == "" {
		p.SetAside = append(p.SetAside, ecm.SetAside{Row: n, Reason: ecm.NoID})
		return
	}
	amount, err := ecm.ParseAmount(row[sendAmount])
	if err != nil {
		detail := fmt.Sprintf("%.40q", row[sendAmount])
		p.SetAside = append(p.SetAside, ecm.SetAside{Row: n, OrderID: row[orderID], Reason: ecm.UnreadableAmount, Detail: detail})
		return
	}
	p.Orders = append(p.Orders, ecm.Order{
		ID: row[orderID], Status: row[orderStatus], SubState: row[subState], Created: time.Unix(created, 0).UTC(), Row: n, Facts: row,
		Send: ecm.Money{Amount: amount, Currency: row[currencyFrom]},
	})
}
