package policy

import (
	"encoding/binary"
	"fmt"
	"strings"

	"pi-manager/internal/ecm"
)

// Bounds on what a question remembers.
const (
	maxAnswers = 1 << 16
	maxKey     = 1 << 10
)

// question is a program and the answers it gave before. Orders differ in their
// amounts and times, and are alike in the few words that most rules read: nearly
// every order asks what another has asked already.
type question struct {
	choice
	from    []source
	answers map[string]any // by the facts that were read; nil where time itself is read
}

// source is where the value of a name comes from.
type source struct {
	column string // as the result calls it
	name   string // as rules call it
	kind   kind
	index  int // in Order.Facts, or of a derived fact
}

// absent is the index of a column that the result does not have. Only a derived
// fact reads one, as null.
const absent = -1

func (j *Judge) question(c choice) question {
	q := question{choice: c, answers: map[string]any{}}
	for _, name := range c.reads {
		k := j.policy.facts[name]
		s := source{name: name, column: strings.TrimPrefix(name, hoursSince), kind: k}
		switch {
		case name == hoursStuck:
			q.answers = nil
		case name == diagnosisName:
			s.kind = verdict
		case k == derived:
			s.index = j.policy.derivedIndex(name)
		default:
			s.index = absent
			if index, there := j.columnAt[s.column]; there {
				s.index = index
			}
		}
		q.from = append(q.from, s)
	}
	return q
}

// raw is the text that the source holds for an order.
func (j *Judge) raw(s *source, o *ecm.Order) string {
	switch s.kind {
	case derived:
		return j.texts[s.index]
	case verdict:
		return j.diagnosis
	}
	if s.index == absent {
		return ""
	}
	return o.Facts[s.index]
}

// ask answers a question about an order, from memory where it can.
func (j *Judge) ask(q *question, o *ecm.Order) (any, error) {
	j.key = j.key[:0]
	for i := range q.from {
		if s := &q.from[i]; s.name != hoursStuck {
			text := j.raw(s, o)
			j.key = append(binary.AppendUvarint(j.key, uint64(len(text))), text...)
		}
	}
	if answer, known := q.answers[string(j.key)]; known {
		return answer, nil
	}
	for i := range q.from {
		if err := j.load(&q.from[i], o); err != nil {
			return nil, err
		}
	}
	answer, err := j.machine.Run(q.program, j.env)
	if err != nil {
		return nil, fmt.Errorf("apply the rules: %w", err)
	}
	if q.answers != nil && len(q.answers) < maxAnswers && len(j.key) < maxKey {
		q.answers[string(j.key)] = answer
	}
	return answer, nil
}

// load puts one name into the environment.
func (j *Judge) load(s *source, o *ecm.Order) error {
	if s.name == hoursStuck {
		j.env[s.name] = j.stuck.Hours()
		return nil
	}
	value, err := s.value(j.raw(s, o), j.asOf)
	j.env[s.name] = value
	return err
}

// first asks which alternative holds: its index in what was compiled.
func (j *Judge) first(q *question, o *ecm.Order) (index int, ok bool, err error) {
	answer, err := j.ask(q, o)
	if err != nil {
		return 0, false, err
	}
	n, isInt := answer.(int)
	if !isInt || n >= len(q.which) {
		return 0, false, nil
	}
	return q.which[n], true, nil
}
