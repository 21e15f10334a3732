package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"pi-manager/internal/ecm"
)

// early is how much too early a job may start and still mean the slot that is
// about to come: the clock of the node that runs it may lag behind the clock
// of the one that started it.
const early = 2 * time.Minute

// SlotAt is the slot that a run started at t is for: the latest one whose time
// has come. A late run takes the slot that it missed; t may be up to two
// minutes early.
func (s Schedule) SlotAt(t time.Time) ecm.Slot {
	slot, _ := s.latest(t, func(Entry) bool { return true })
	return slot
}

// Workflows is what runs in a slot, in order; nil for a slot that is not in the schedule.
func (s Schedule) Workflows(slot ecm.Slot) []ecm.Workflow {
	_, at, _ := strings.Cut(string(slot), "T")
	if _, err := time.Parse(ecm.SlotLayout, string(slot)); err != nil {
		return nil
	}
	for _, entry := range s.Entries {
		if entry.At() == at {
			return entry.Workflows
		}
	}
	return nil
}

// ParseSlot reads the slot that a person or a job names:
//
//	14:00                 the latest such slot that has come; never one of the future
//	2026-02-17T14:00      on the clock of the schedule's zone; a blank for the T will do
//	2026-02-17T10:00:00Z  a moment (RFC 3339), as Kubernetes writes a job's scheduled time
//
// It is an error if the schedule has no slot then, or if its time has not come
// at now (but for two minutes): a run would take the name of the true one,
// which would then find its work done and do nothing.
func (s Schedule) ParseSlot(text string, now time.Time) (ecm.Slot, error) {
	text = strings.TrimSpace(text)
	if at, err := time.Parse("15:04", text); err == nil {
		slot, ok := s.latest(now, func(e Entry) bool { return e.Hour == at.Hour() && e.Minute == at.Minute() })
		if !ok {
			return "", s.noSlot(text)
		}
		return slot, nil
	}
	local, ok := s.parseMoment(text)
	if !ok {
		return "", fmt.Errorf("%.40q is no slot; write it as 14:00 or 2026-02-17T14:00, on the clock of %s", text, s.Zone)
	}
	slot := ecm.Slot(local.Format(ecm.SlotLayout))
	if s.Workflows(slot) == nil || local.Second() != 0 || local.Nanosecond() != 0 {
		return "", s.noSlot(text)
	}
	if s.moment(local, local.Hour(), local.Minute()).After(now.Add(early)) {
		return "", fmt.Errorf("the slot %s has not come yet (%s); leave --slot out to run for the latest one", slot, s.Zone)
	}
	return slot, nil
}

// parseMoment reads a full slot or a moment. The time that it gives reads, date
// and clock, as in the schedule's zone.
func (s Schedule) parseMoment(text string) (time.Time, bool) {
	if moment, err := time.Parse(time.RFC3339, text); err == nil {
		return moment.In(s.Zone), true
	}
	for _, layout := range []string{ecm.SlotLayout, "2006-01-02 15:04"} {
		if local, err := time.Parse(layout, text); err == nil {
			return local, true
		}
	}
	return time.Time{}, false
}

// Due is a slot and when its time comes.
type Due struct {
	Slot      ecm.Slot
	At        time.Time // UTC
	Workflows []ecm.Workflow
}

// Between lists the slots whose time comes after one moment and up to another,
// in the order in which they come. On the day when clocks go forward, a time that
// the clock leaves out comes as much later as they go forward, so it may come
// after a slot that stands behind it; on the day when they go back, a time that
// comes twice counts once.
func (s Schedule) Between(after, upTo time.Time) []Due {
	var list []Due
	day := time.Date(after.In(s.Zone).Year(), after.In(s.Zone).Month(), after.In(s.Zone).Day()-1, 0, 0, 0, 0, time.UTC)
	for ; !s.moment(day, 0, 0).After(upTo); day = day.AddDate(0, 0, 1) {
		for _, entry := range s.Entries {
			if at := s.moment(day, entry.Hour, entry.Minute); at.After(after) && !at.After(upTo) {
				list = append(list, Due{ecm.Slot(day.Format(time.DateOnly) + "T" + entry.At()), at.UTC(), entry.Workflows})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b Due) int { return a.At.Compare(b.At) })
	return list
}

// Next is the moment (UTC) of the first slot after t.
func (s Schedule) Next(t time.Time) time.Time {
	const farthest = 3 * 24 * time.Hour // there is a slot on each day
	for _, due := range s.Between(t, t.Add(farthest)) {
		return due.At
	}
	return time.Time{} // not with a schedule that has an entry
}

// Before is the slot before one of the schedule; empty for any other.
func (s Schedule) Before(slot ecm.Slot) ecm.Slot {
	named, err := time.Parse(ecm.SlotLayout, string(slot))
	if err != nil || s.Workflows(slot) == nil {
		return ""
	}
	at := s.moment(named, named.Hour(), named.Minute())
	list := s.Between(at.AddDate(0, 0, -2), at)
	i := slices.IndexFunc(list, func(d Due) bool { return d.Slot == slot })
	if i < 1 {
		return ""
	}
	return list[i-1].Slot
}

// JobSlot is the slot of a Kubernetes Job that a CronJob made: the controller ends
// its name with the minutes since 1970 of the scheduled time. A Job that a
// person made, or one for a time that is not in the schedule, has none. A number
// that a person chose, such as the one of rerun-180, is no time that a CronJob has seen.
func (s Schedule) JobSlot(job string) (ecm.Slot, bool) {
	minutes, err := strconv.ParseInt(job[strings.LastIndex(job, "-")+1:], 10, 64)
	if err != nil || minutes < minJobMinutes || minutes > maxJobMinutes {
		return "", false
	}
	slot := ecm.Slot(time.Unix(minutes*60, 0).In(s.Zone).Format(ecm.SlotLayout))
	return slot, s.Workflows(slot) != nil
}

// The years 2020 and 2100, in minutes since 1970: no CronJob named a Job like this
// before, and a clock takes what lies between.
const (
	minJobMinutes = 26_297_280
	maxJobMinutes = 68_374_080
)

// latest is the latest slot of the wanted entries whose time has come at t.
//
// The slot is named by the date and the time that the schedule says, even on
// the days when that time does not exist or comes twice: the name is the key
// that makes a run happen once.
func (s Schedule) latest(t time.Time, wanted func(Entry) bool) (ecm.Slot, bool) {
	limit := t.Add(early)
	for daysAgo := range 3 {
		day := limit.In(s.Zone)
		day = time.Date(day.Year(), day.Month(), day.Day()-daysAgo, 0, 0, 0, 0, time.UTC)
		for _, entry := range slices.Backward(s.Entries) {
			if wanted(entry) && !s.moment(day, entry.Hour, entry.Minute).After(limit) {
				return ecm.Slot(day.Format(time.DateOnly) + "T" + entry.At()), true
			}
		}
	}
	return "", false
}

// moment is when the schedule's clock shows this time on the date of day.
func (s Schedule) moment(day time.Time, hour, minute int) time.Time {
	return time.Date(day.Year(), day.Month(), day.Day(), hour, minute, 0, 0, s.Zone)
}

func (s Schedule) noSlot(text string) error {
	times := make([]string, len(s.Entries))
	for i, entry := range s.Entries {
		times[i] = entry.At()
	}
	return fmt.Errorf("there is no slot at %.40q; the schedule has %s (%s)", text, strings.Join(times, ", "), s.Zone)
}
