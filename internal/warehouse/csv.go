package warehouse

import (
	"encoding/csv"
	"errors"
	"io"

	"pi-manager/internal/ecm"
)

// csv reads a header line and a row a line. A row with too few or too many values is set aside; broken quotes end the
// reading with an error, because the rows after them may be part of a text.
func (e export) csv() (ecm.Pending, error) {
	reader := csv.NewReader(e.text)
	reader.FieldsPerRecord = -1
	reader.ReuseRecord = true
	names, err := reader.Read()
	if err != nil {
		return ecm.Pending{}, headerError(err)
	}
	rows, err := newRows(e.source, names, e.asOf)
	if err != nil {
		return ecm.Pending{}, err
	}
	for {
		values, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return rows.pending, nil
		}
		if err != nil {
			return ecm.Pending{}, err
		}
		if rows.pending.Rows() >= e.limit {
			rows.pending.Truncated = true
			return rows.pending, nil
		}
		rows.add(values)
	}
}

func headerError(err error) error {
	if errors.Is(err, io.EOF) {
		return errors.New("the file is blank: not even the names of the columns are there")
	}
	return err
}
