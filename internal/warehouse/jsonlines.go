package warehouse

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"
)

// jsonLines reads an object a line. The columns are all names that any row has, in the order in which they turn up; a
// row without one has null there.
func (e export) jsonLines() (truncated bool, err error) {
	table := objects{positions: map[string]int{}}
	lines := bufio.NewScanner(e.text)
	lines.Buffer(nil, maxLineSize+1)
	for number := 1; lines.Scan(); number++ {
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		if truncated = len(table.lines) >= e.limit; truncated {
			break
		}
		table.add(number, line)
	}
	if err := lines.Err(); err != nil {
		return false, err
	}
	answer, err := e.begin(table.names)
	if err != nil {
		return false, err
	}
	table.into(answer)
	return truncated, nil
}

// objects are the lines read so far.
type objects struct {
	names     []string
	positions map[string]int // of a column's name in names
	lines     []object
}

// object is one line: its values by the position of their column, or why it has none.
type object struct {
	values []string
	fault  string
}

func (o *objects) add(number int, line []byte) {
	values, err := o.values(line)
	read := object{values: values}
	if err != nil {
		read = object{fault: fmt.Sprintf("line %d: %v", number, err)}
	}
	o.lines = append(o.lines, read)
}

// into hands the rows on, each as wide as the widest.
func (o *objects) into(answer answer) {
	for _, line := range o.lines {
		if line.fault != "" {
			answer.setAside(line.fault)
			continue
		}
		answer.add(append(line.values, make([]string, len(o.names)-len(line.values))...))
	}
}

// values reads one object. Numbers stay the text that they are; a name that comes twice, in whatever spelling, and a
// value with something inside are refused.
func (o *objects) values(line []byte) ([]string, error) {
	if !utf8.Valid(line) {
		return nil, errors.New("not UTF-8") // the decoder would put a mark in its place, and two ids might become one
	}
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.UseNumber()
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return nil, errors.New("not a JSON object")
	}
	values, seen := make([]string, len(o.names)), map[int]bool{}
	for decoder.More() {
		position, value, err := o.member(decoder)
		if err != nil {
			return nil, err
		}
		if seen[position] {
			return nil, fmt.Errorf("%.40q is there twice", o.names[position])
		}
		seen[position] = true
		if missing := position + 1 - len(values); missing > 0 {
			values = slices.Concat(values, make([]string, missing))
		}
		values[position] = value
	}
	return values, endOfObject(decoder)
}

func endOfObject(decoder *json.Decoder) error {
	if _, err := decoder.Token(); err != nil {
		return errors.New("the object does not end")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the object")
	}
	return nil
}

// member reads one name and its value.
func (o *objects) member(decoder *json.Decoder) (position int, value string, err error) {
	token, err := decoder.Token()
	if err != nil {
		return 0, "", errors.New("broken JSON")
	}
	name, _ := token.(string) // a name is always text, else the decoder has reported it
	position = o.position(name)
	token, err = decoder.Token()
	if err != nil {
		return 0, "", errors.New("broken JSON")
	}
	value, ok := scalar(token)
	if !ok {
		return 0, "", fmt.Errorf("%.40q holds a list or an object", name)
	}
	return position, value, nil
}

func (o *objects) position(name string) int {
	key := columnName(name)
	position, known := o.positions[key]
	if !known {
		position = len(o.names)
		o.positions[key] = position
		o.names = append(o.names, key)
	}
	return position
}

// scalar is a value as the warehouse would print it; null is "".
func scalar(token json.Token) (string, bool) {
	switch value := token.(type) {
	case nil:
		return "", true
	case string:
		return value, true
	case json.Number:
		return value.String(), true
	case bool:
		return fmt.Sprint(value), true
	default:
		return "", false
	}
}
