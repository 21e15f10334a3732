package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// arrival is what the pending list gives: orders, and rows that are none.
type arrival struct {
	orders   []judged
	setAside map[string]string // by order id: the reason
	leftOut  map[string]int    // orders that do not belong into the list, by reason
}

// arrive reads the tables as of a moment.
func arrive(tables warehouseTables, now time.Time, nine bool) arrival {
	in := arrival{setAside: map[string]string{}}
	list, leftOut := pendingList(tables, now)
	in.leftOut = leftOut
	for id, f := range list {
		if reason := breach(f); reason != "" {
			in.setAside[id] = reason
			continue
		}
		in.orders = append(in.orders, judge(f, now, nine))
	}
	return in
}

// breach says how a row breaks the contract of the pending list, as far as the
// warehouse's own query can let it through.
func breach(f facts) string {
	switch {
	case f["order_id"] == "":
		return "no order id"
	case f["send_amount"] == "":
		return "unreadable amount"
	case strings.HasPrefix(f["send_amount"], "-"):
		return "negative amount"
	}
	return ""
}

// mix is the currencies of the readable orders, the most frequent first.
func (in arrival) mix() []share {
	var list []share
	for _, currency := range []string{"AED", "EUR", "GBP"} {
		if n := in.count(currency); n > 0 {
			list = append(list, share{currency, n, in.percent(n)})
		}
	}
	slices.SortStableFunc(list, func(a, b share) int { return b.Orders - a.Orders })
	return list
}

func (in arrival) count(currency string) int {
	n := 0
	for _, order := range in.orders {
		if order.currency() == currency {
			n++
		}
	}
	return n
}

func (in arrival) percent(n int) string {
	tenths := number(fmt.Sprint(100 * n)).Div(number(fmt.Sprint(len(in.orders)))).Round(1)
	return tenths.StringFixed(1) + " %"
}

// verdicts are the guardrails of the domain's second chapter.
func (in arrival) verdicts() []verdict {
	rows := len(in.orders) + len(in.setAside)
	count := verdict{Check: "order count", Value: fmt.Sprint(rows), Level: "ok"}
	switch {
	case rows > 2000:
		count.Level = "stop"
	case rows > 600 || rows == 0:
		count.Level = "warning"
	case rows < 200:
		count.Level = "notice"
	}
	if len(in.orders) < 50 {
		return []verdict{count}
	}
	aed, gbp := 100*in.count("AED"), 100*in.count("GBP")
	all := len(in.orders)
	aedShare := verdict{Check: "AED share", Value: in.percent(aed / 100), Level: "ok"}
	switch {
	case aed == 100*all:
		aedShare.Level = "warning"
	case aed < 50*all || aed > 70*all:
		aedShare.Level = "notice"
	}
	gbpShare := verdict{Check: "GBP share", Value: in.percent(gbp / 100), Level: "ok"}
	switch {
	case gbp > 80*all:
		gbpShare.Level = "warning"
	case gbp < 25*all || gbp > 40*all:
		gbpShare.Level = "notice"
	}
	return []verdict{count, aedShare, gbpShare}
}
