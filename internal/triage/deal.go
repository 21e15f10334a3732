package triage

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"pi-manager/internal/ecm"
	"pi-manager/internal/policy"
)

// circle is the agents around the table, and whose turn it is.
type circle struct {
	seats  []seat
	at     int // the seat whose turn it is
	inTurn int // orders it has got in this turn
	free   int // slots left around the table
	byKey  map[string]int
}

// newCircle starts the deal at the agent after the one who got the last order of
// the previous run, so that nobody is always first.
func newCircle(seats []seat, in Input) *circle {
	c := &circle{seats: seats, byKey: make(map[string]int, len(seats))}
	for i := range seats {
		c.byKey[seats[i].agent.Key()] = i
		c.free += seats[i].free
	}
	if last, known := c.byKey[ecm.AgentKey(in.LastAgent)]; known {
		c.at = (last + 1) % len(seats)
	}
	return c
}

// next gives the next agent with a free slot, of the team if it is not empty; nil
// where there is none. Who is full is passed over.
func (c *circle) next(team string) *seat {
	if c.free == 0 {
		return nil
	}
	for step := range c.seats {
		i := (c.at + step) % len(c.seats)
		s := &c.seats[i]
		if s.free == 0 || team != "" && s.agent.Team != team {
			continue
		}
		c.take(i)
		return s
	}
	return nil
}

// take uses a slot of a seat in its turn.
func (c *circle) take(i int) {
	if i != c.at {
		c.at, c.inTurn = i, 0
	}
	c.seats[i].free--
	c.free--
	if c.inTurn++; c.inTurn >= c.seats[i].weight {
		c.at, c.inTurn = (i+1)%len(c.seats), 0
	}
}

// back gives the seat of the agent who had an order, if it has a free slot. The
// turn around the table is not touched.
func (c *circle) back(email string) *seat {
	i, known := c.byKey[ecm.AgentKey(email)]
	if !known || c.seats[i].free == 0 {
		return nil
	}
	c.seats[i].free--
	c.free--
	return &c.seats[i]
}

// deal gives the waiting orders to agents: reopened ones back to who had them,
// then high-value ones by amount, then the rest by score.
func (p *Plan) deal(waiting []int, c *circle, rules *policy.Policy) {
	highValue, rest := p.returnReopened(waiting, c)
	slices.SortFunc(highValue, func(a, b int) int { return byAmount(&p.Outcomes[a], &p.Outcomes[b]) })
	left := p.dealPass(HighValuePass, highValue, c, rules)
	byUrgency(rest, p.Outcomes)
	left = append(left, p.dealPass(UrgencyPass, rest, c, rules)...)
	byUrgency(left, p.Outcomes)
	for _, i := range left {
		p.Outcomes[i].Kind = Overflow
	}
	p.Overflow = left
}

// returnReopened gives reopened orders back, the most urgent first, and splits
// what remains.
func (p *Plan) returnReopened(waiting []int, c *circle) (highValue, rest []int) {
	var reopened []int
	for _, i := range waiting {
		if p.Outcomes[i].Reopened {
			reopened = append(reopened, i)
		}
	}
	byUrgency(reopened, p.Outcomes)
	turn := 0
	for _, i := range reopened {
		if s := c.back(p.Outcomes[i].Had); s != nil {
			turn++
			p.assign(i, s, ReturnPass, turn)
		}
	}
	for _, i := range waiting {
		switch o := &p.Outcomes[i]; {
		case o.Kind == Assigned:
		case o.Judgement.HighValue:
			highValue = append(highValue, i)
		default:
			rest = append(rest, i)
		}
	}
	return highValue, rest
}

// dealPass deals orders around the table and gives back those that found no slot.
func (p *Plan) dealPass(pass Pass, orders []int, c *circle, rules *policy.Policy) (left []int) {
	for n, i := range orders {
		s := p.nextFor(&p.Outcomes[i], c, rules)
		if s == nil {
			left = append(left, i)
			continue
		}
		p.assign(i, s, pass, n+1)
		p.LastAgent = s.agent.Email
	}
	return left
}

func (p *Plan) nextFor(o *Outcome, c *circle, rules *policy.Policy) *seat {
	if rules.RouteByTeam {
		if s := c.next(o.Judgement.Diagnosis.Team); s != nil {
			return s
		}
	}
	return c.next("")
}

func (p *Plan) assign(i int, s *seat, pass Pass, turn int) {
	o := &p.Outcomes[i]
	o.Kind, o.Agent, o.Pass, o.Turn = Assigned, s.agent.Email, pass, turn
	p.Dealt = append(p.Dealt, i)
}

// byAmount puts the larger amount first, whatever the currency; ties by urgency.
func byAmount(a, b *Outcome) int {
	return cmp.Or(
		b.Order.Send.Amount.Cmp(a.Order.Send.Amount),
		cmp.Compare(b.Judgement.Score, a.Judgement.Score),
		a.Order.Created.Compare(b.Order.Created),
		strings.Compare(a.Order.ID, b.Order.ID))
}

// urgency is what orders are sorted by, side by side in memory: with a million
// orders most of the time of a comparison is waiting for their fields.
type urgency struct {
	score ecm.Score
	minor int64 // the amount in hundredths, rounded down
	index int
}

// byUrgency sorts by score, highest first; ties: larger amount, older, then id.
func byUrgency(indexes []int, outcomes []Outcome) {
	keys := make([]urgency, len(indexes))
	for n, i := range indexes {
		o := &outcomes[i]
		keys[n] = urgency{o.Judgement.Score, minor(o.Order.Send.Amount), i}
	}
	slices.SortFunc(keys, func(a, b urgency) int {
		switch {
		case a.score != b.score:
			return cmp.Compare(b.score, a.score)
		case a.minor != b.minor:
			return cmp.Compare(b.minor, a.minor)
		}
		return byAmount(&outcomes[a.index], &outcomes[b.index])
	})
	for n, key := range keys {
		indexes[n] = key.index
	}
}

// minor is an amount in hundredths, rounded towards zero, and the largest integer
// for more than that holds. It never orders two amounts wrongly.
func minor(amount decimal.Decimal) int64 {
	if amount.Exponent() == -2 && amount.NumDigits() < 18 {
		return amount.CoefficientInt64()
	}
	shifted := amount.Shift(2)
	if shifted.Cmp(decimal.NewFromInt(math.MaxInt64)) >= 0 {
		return math.MaxInt64
	}
	return shifted.IntPart()
}
