package demo

import (
	"time"

	"pi-manager/internal/ecm"
)

// flaw is something wrong with a row itself, or an order that nobody can act on.
type flaw uint8

const (
	sound         flaw = iota
	repeated           // a join gave the order a second time
	nameless           // no order id
	grouped            // an amount as a person writes it
	notANumber         // an amount that was divided by zero somewhere
	negative           // a refund booked as an order
	foreign            // a currency that is not ECM's
	fromTheFuture      // made next year
	dead               // an AED order that Lulu never heard of
	abandoned          // not paid, and nothing at Falcon
	neverPaid          // paid for twice, in vain
	oddFact            // a date as a spreadsheet writes it
)

// flawRates are how many rows of a thousand have each flaw; of each there is one at least.
func flawRates() map[flaw]int {
	return map[flaw]int{
		repeated: 7, nameless: 2, grouped: 2, notANumber: 1, negative: 1, foreign: 4, fromTheFuture: 1,
		dead: 5, abandoned: 5, neverPaid: 2, oddFact: 2,
	}
}

// flaws lists the flaws that a world of so many rows has, one entry a row.
func flaws(size int) []flaw {
	rates := flawRates()
	var all []flaw
	for f := repeated; f <= oddFact; f++ {
		for range (size*rates[f] + 999) / 1000 {
			all = append(all, f)
		}
	}
	return all
}

// flawed makes an order with a flaw; a repeated row is one of the good orders again.
func (w *World) flawed(f flaw, good []order) order {
	if f == repeated {
		twin := good[w.random.IntN(len(good))]
		twin.flaw, twin.pick = f, w.random.Uint32()
		return twin
	}
	o := w.draw()
	for f == dead && w.corridors[o.corridor].currency != "AED" {
		o = w.draw()
	}
	o.flaw = f
	if f == fromTheFuture {
		o.created = time.Unix(o.created, 0).UTC().AddDate(1, 0, 0).Unix()
	}
	return o
}

// spoil does to a row what the flaw does.
func (f flaw) spoil(cells []string, o *order) {
	switch f {
	case nameless:
		cells[orderID] = ""
	case grouped:
		cells[sendAmount] = ecm.GroupThousands(plain(o.cents + 1_000_00)) // a small one would have nothing to group
	case notANumber:
		cells[sendAmount] = "NaN"
	case negative:
		cells[sendAmount] = "-" + cells[sendAmount]
	case foreign:
		cells[currencyFrom] = "USD"
	case dead:
		cells[luluRecord], cells[luluStatus], cells[luluClient] = "false", "", ""
	case abandoned:
		cells[paymentStatus], cells[falconID], cells[falconStatus] = "INITIATED", "", ""
		cells[payoutPartner], cells[payoutStatus], cells[rdaStatus] = "", "", ""
	case neverPaid:
		cells[paymentStatus], cells[paymentAttempts], cells[falconID] = "FAILED", "2", falconIDOf(o)
	case oddFact:
		cells[rfiStatus], cells[rfiModifiedAt] = "REQUESTED", time.Unix(o.rfiModified(), 0).UTC().Format("02/01/2006 15:04")
	}
}
