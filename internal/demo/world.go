package demo

import (
	"cmp"
	"math/bits"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"
)

// World is a remittance company's stuck orders at a moment. It is moved on by
// Advance; use it in one goroutine.
type World struct {
	now       time.Time // UTC
	size      int       // about how many orders are stuck at a time
	random    *rand.Rand
	corridors []corridor
	which     deck // of corridors
	amounts   deck // parts of the curve of amounts
	ages      deck // parts of the curve of ages
	serial    uint64
	firstID   uint64
	list      []order  // by id
	healed    []string // in the order they healed
	completed []order  // of the last 30 days; no longer on the list
}

// order is a stuck order, small: its row is made from it when somebody asks.
type order struct {
	id        string
	cents     int64  // send amount
	created   int64  // seconds since 1970
	pick      uint32 // which of the words a column may hold
	situation uint8  // of its corridor
	corridor  uint8
	flaw      flaw
	closed    bool // an agent resolved it; the warehouse has not noticed
}

// NewWorld makes a world with size rows in its pending list as of start. From
// about 150 rows up, every way of being stuck that we know occurs. One row of
// each kind of noise is always there, so a very small world is a little larger
// than asked for; a size of 0 or less is an empty world.
func NewWorld(seed uint64, start time.Time, size int) *World {
	w := &World{
		now: start.UTC().Truncate(time.Second), size: max(size, 0), random: rand.New(rand.NewPCG(seed, 0)), corridors: corridors(),
		amounts: newStrataDeck(), ages: newStrataDeck(),
	}
	shares := make([]int, len(w.corridors))
	for i, c := range w.corridors {
		shares[i] = c.share
	}
	w.which = newDeck(shares)
	w.firstID = w.random.Uint64N(idSpace)
	w.populate()
	return w
}

func (w *World) populate() {
	if w.size == 0 {
		return
	}
	noise := flaws(w.size)
	good := max(w.size-len(noise), 1)
	w.list = make([]order, 0, good+len(noise))
	for range good {
		w.list = append(w.list, w.draw())
	}
	for _, f := range noise {
		w.list = append(w.list, w.flawed(f, w.list[:good]))
	}
	w.sort()
}

// sort puts the list in the order of our query; a repeated row follows the first.
func (w *World) sort() {
	slices.SortFunc(w.list, func(a, b order) int {
		return cmp.Or(strings.Compare(a.id, b.id), cmp.Compare(a.flaw, b.flaw), cmp.Compare(a.pick, b.pick))
	})
}

// The pending list reaches from 12 hours to 30 days back.
const (
	youngest = 12 * time.Hour
	oldest   = 30 * 24 * time.Hour
)

// listed says whether the pending list shows the order at a moment.
func (o *order) listed(at time.Time) bool {
	age := at.Unix() - o.created
	return o.flaw == fromTheFuture || age >= int64(youngest/time.Second) && age <= int64(oldest/time.Second)
}

// sendAmounts are in cents: many small ones, 15 % from 5,000 up, 4 % from 15,000 up.
func sendAmounts() curve {
	return curve{
		{0, 20_00}, {250, 180_00}, {500, 600_00}, {700, 1_800_00}, {850, 5_000_00}, {960, 15_000_00}, {1000, 60_000_00},
	}
}

// orderAges are in seconds: 78 % are below three days.
func orderAges() curve {
	const hour = 3600
	return curve{{0, 12 * hour}, {350, 24 * hour}, {600, 40 * hour}, {780, 72 * hour}, {920, 168 * hour}, {1000, 719 * hour}}
}

// draw makes the next order, sound and stuck at present.
func (w *World) draw() order {
	which := w.which.draw(w.random)
	c := &w.corridors[which]
	o := order{
		id: w.nextID(c.prefix), pick: w.random.Uint32(), corridor: uint8(which), situation: uint8(c.deck.draw(w.random)),
		cents: sendAmounts().at(w.amounts.position(w.random)),
	}
	if o.pick%3 == 0 && o.cents >= 100_00 {
		o.cents -= o.cents % 50_00 // many people send a round sum
	}
	age := w.ages.position(w.random)
	if c.situations[o.situation].late {
		age = (age + million) / 2
	}
	o.created = w.now.Unix() - orderAges().at(age)
	return o
}

// Ids are eight digits of base 36. Counting on in large steps that share no
// factor with the space visits each id once and looks like chance.
const (
	idDigits = 8
	idSpace  = 2_821_109_907_456 // 36 to the power of idDigits
	idStep   = 1_743_541_807_637
)

// nextID gives an id that the world has not used before. Two of a hundred look
// like numbers: a spreadsheet would turn them into one.
func (w *World) nextID(prefix string) string {
	n := w.serial
	w.serial++
	switch n % 100 {
	case 12:
		return padded(strconv.FormatUint(n+12_333, 10), 7)
	case 62:
		return strconv.FormatUint(n/100+1, 10) + "E5"
	}
	high, low := bits.Mul64(w.firstID+n, idStep)
	digits := strconv.FormatUint(bits.Rem64(high, low, idSpace), 36)
	return prefix + padded(strings.ToUpper(digits), idDigits) + "00"
}

// padded puts zeros in front of a number until it has so many digits.
func padded(number string, digits int) string {
	return strings.Repeat("0", max(digits-len(number), 0)) + number
}
