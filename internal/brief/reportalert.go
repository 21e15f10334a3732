package brief

import (
	"fmt"
	"time"

	"pi-manager/internal/ecm"
	"pi-manager/internal/progress"
)

// alertOrders is how many of the worst breaches an alert names.
const alertOrders = 3

// BreachAlert is the message of its own about orders that are over their SLA.
func BreachAlert(r *progress.Report, page Page) Message {
	s := newSituation(r, page)
	title := "ECM SLA alert · " + counted(len(r.Breaches), "order is over its SLA", "orders are over their SLA").String()
	lines := []Line{s.breachLine()}
	if by, known := r.Change(progress.CountBreaches); known && by != 0 {
		lines = append(lines, Line{bold(fmt.Sprintf("%+d", by)), plain(" against the last report")})
	}
	for _, t := range r.Breaches[:min(alertOrders, len(r.Breaches))] {
		lines = append(lines, s.breachOrder(t))
	}
	blocks := []Block{{Kind: Header, Lines: []Line{{plain(title)}}}, {Kind: Section, Lines: lines}}
	if doubts := s.warnings(); len(doubts) > 0 {
		blocks = append(blocks, Block{Kind: Section, Lines: append(doubts, Line{plain("Some of these orders may have completed.")})})
	}
	return Message{Summary: title, Blocks: append(blocks, footer(page, page.moment(r.AsOf)))}
}

// CleanupAlert is the message about a cleanup that was stopped, because the
// warehouse's answer or what would follow from it was not believed (F64, F65).
func CleanupAlert(c *progress.Cleanup, asOf time.Time, page Page) Message {
	lines := []Line{{bold("Nothing was closed."), plain(" The warehouse's answer was not believed in the run of " + page.moment(asOf) + ".")}}
	for _, v := range c.Verdicts {
		if v.Level == ecm.LevelStop {
			lines = append(lines, Line{bold(v.Check + ": "), plain(shorten(v.Message, 300))})
		}
	}
	if n := len(c.Timed); n > 0 {
		lines = append(lines, counted(n, "row that an agent resolved got its Resolved At all the same.", "rows that agents resolved got their Resolved At all the same."))
	}
	return Message{
		Summary: "ECM cleanup stopped: nothing was closed",
		Blocks: []Block{
			{Kind: Header, Lines: []Line{{plain("ECM cleanup stopped")}}},
			{Kind: Section, Lines: lines},
			{Kind: Section, Lines: remedy(c)},
			footer(page, ""),
		},
	}
}

// remedy says what to do next. What only looks wrong a person can accept; a late
// feed nobody can.
func remedy(c *progress.Cleanup) []Line {
	if c.Late() {
		return []Line{
			{plain("Look at the warehouse's feed. Once it has caught up, the next cleanup closes what has completed.")},
			{plain("To do it at once: "), code("pi-manager cleanup --dry-run"), plain(" to look, then "), code("pi-manager cleanup"), plain(".")},
		}
	}
	return []Line{
		{plain("Look at the warehouse's feed, then at what would be closed: "), code("pi-manager cleanup --dry-run")},
		{plain("If the numbers are right: "), code("pi-manager cleanup --accept-drop")},
	}
}
