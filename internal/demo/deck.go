package demo

import "math/rand/v2"

// deck deals each of its cards once before any comes a second time. Shares come
// out right in a small world too, where plain dice would stray.
type deck struct{ cards, left []int }

// newDeck makes a deck with counts[i] cards that say i.
func newDeck(counts []int) deck {
	var d deck
	for card, count := range counts {
		for range count {
			d.cards = append(d.cards, card)
		}
	}
	return d
}

// strata are how many equal parts a curve is cut into, each drawn from equally often.
const strata = 25

// newStrataDeck has one card for each part of a curve.
func newStrataDeck() deck {
	counts := make([]int, strata)
	for i := range counts {
		counts[i] = 1
	}
	return newDeck(counts)
}

func (d *deck) draw(r *rand.Rand) int {
	if len(d.left) == 0 {
		d.left = append(d.left, d.cards...)
		r.Shuffle(len(d.left), func(i, j int) { d.left[i], d.left[j] = d.left[j], d.left[i] })
	}
	last := len(d.left) - 1
	card := d.left[last]
	d.left = d.left[:last]
	return card
}

// position draws a place on a curve, in millionths.
func (d *deck) position(r *rand.Rand) int64 {
	return (int64(d.draw(r))*million + r.Int64N(million)) / strata
}

const million = 1_000_000

// point of a curve: so many thousandths of all values are below this one.
type point struct{ below, value int64 }

// curve says how values are spread; between its points they are spread evenly.
type curve []point

// at is the value at a position of 0 to 999,999 millionths.
func (c curve) at(position int64) int64 {
	i := 1
	for i < len(c)-1 && position >= c[i].below*1000 {
		i++
	}
	low, high := c[i-1], c[i]
	return low.value + (high.value-low.value)*(position-low.below*1000)/((high.below-low.below)*1000)
}
