package config

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"pi-manager/internal/ecm"
)

// Schedule is schedule.yaml, checked: at which times of the day which workflows run.
type Schedule struct {
	Zone    *time.Location // the clock that slots are named by
	Entries []Entry        // by time of day, at least one, no time twice
}

// Entry is one time of the day and what runs then.
type Entry struct {
	Hour, Minute int            // on the clock of the schedule's zone
	Workflows    []ecm.Workflow // in the order in which they run, at least one
}

// At is the time of day as people write it: "07:00".
func (e Entry) At() string { return fmt.Sprintf("%02d:%02d", e.Hour, e.Minute) }

// LoadSchedule reads schedule.yaml from dir, or the embedded one; see Read. A
// file with faults gives a Faults.
func LoadSchedule(dir string) (Schedule, error) {
	file, err := Read(dir, ScheduleFile)
	if err != nil {
		return Schedule{}, err
	}
	return ParseSchedule(file)
}

// ParseSchedule reads the text of a schedule. The error is a Faults with
// everything that is wrong, each with its line.
func ParseSchedule(file File) (Schedule, error) {
	var written scheduleSpec
	if faults := decodeFile(file, &written); len(faults) > 0 {
		return Schedule{}, faults
	}
	p := scheduleParser{path: file.Path}
	schedule := Schedule{Zone: p.zone(written.Zone)}
	if len(written.Slots) == 0 {
		p.fault(scalar{}, "slots: at least one is needed")
	}
	lines := map[string]int{} // by time of day
	for i, slot := range written.Slots {
		entry, ok := p.entry(slot, i+1)
		if first := lines[entry.At()]; ok && first != 0 {
			p.fault(slot.At, "the slot %s stands in line %d already", entry.At(), first)
		}
		if ok {
			lines[entry.At()] = slot.At.line
		}
		schedule.Entries = append(schedule.Entries, entry)
	}
	if err := p.faults.err(); err != nil {
		return Schedule{}, err
	}
	slices.SortFunc(schedule.Entries, func(a, b Entry) int { return strings.Compare(a.At(), b.At()) })
	return schedule, nil
}

// scheduleSpec is schedule.yaml as people write it.
type scheduleSpec struct {
	Zone  scalar     `yaml:"zone"`
	Slots []slotSpec `yaml:"slots"`
}

type slotSpec struct {
	At  scalar   `yaml:"at"`
	Run []scalar `yaml:"run"`
}

// scheduleParser collects what is wrong with a schedule.
type scheduleParser struct {
	path   string
	faults Faults
}

func (p *scheduleParser) fault(at scalar, format string, args ...any) {
	where := p.path
	if at.line > 0 {
		where = fmt.Sprintf("%s:%d", p.path, at.line)
	}
	p.faults.add(where, format, args...)
}

func (p *scheduleParser) zone(written scalar) *time.Location {
	zone, err := time.LoadLocation(written.text)
	if err != nil || written.text == "" || written.text == "Local" {
		p.fault(written, "zone: %.40q is no IANA time zone; write one such as Asia/Dubai", written.text)
	}
	return zone
}

// entry reads one slot of the list. It says whether the time of day could be read.
func (p *scheduleParser) entry(written slotSpec, number int) (Entry, bool) {
	at, err := time.Parse("15:04", written.At.text)
	if err != nil {
		p.fault(written.At, `slot %d: at: %.20q is no time of day; write it as "07:00"`, number, written.At.text)
	}
	if len(written.Run) == 0 {
		p.fault(written.At, "slot %d: run: at least one workflow is needed", number)
	}
	entry := Entry{Hour: at.Hour(), Minute: at.Minute()}
	for _, name := range written.Run {
		workflow := ecm.Workflow(name.text)
		switch {
		case !slices.Contains(workflows(), workflow):
			p.fault(name, "slot %d: run: there is no workflow %.40q; there are %s", number, name.text, joined(workflows()))
		case slices.Contains(entry.Workflows, workflow):
			p.fault(name, "slot %d: run: %s stands there twice", number, workflow)
		}
		entry.Workflows = append(entry.Workflows, workflow)
	}
	return entry, err == nil
}

// workflows are the names that a schedule may hold.
func workflows() []ecm.Workflow { return []ecm.Workflow{"cleanup", ecm.Triage, "progress"} }

func joined(workflows []ecm.Workflow) string {
	names := make([]string, len(workflows))
	for i, workflow := range workflows {
		names[i] = string(workflow)
	}
	return strings.Join(names, ", ")
}
