package warehouse

import (
	"encoding/csv"
	"errors"
	"io"
)

// csv reads a header line and a row a line. A row with too few or too many values is set aside; broken quotes end the
// reading with an error, because the rows after them may be part of a text.
func (e export) csv() (truncated bool, err error) {
	reader := csv.NewReader(e.text)
	reader.FieldsPerRecord = -1
	reader.ReuseRecord = true
	names, err := reader.Read()
	if err != nil {
		return false, headerError(err)
	}
	answer, err := e.begin(names)
	if err != nil {
		return false, err
	}
	for row := 0; ; row++ {
		values, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if row >= e.limit {
			return true, nil
		}
		answer.add(values)
	}
}

func headerError(err error) error {
	if errors.Is(err, io.EOF) {
		return errors.New("the file is blank: not even the names of the columns are there")
	}
	return err
}
