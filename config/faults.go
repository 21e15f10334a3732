package config

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// Fault is one thing that a person has to mend.
type Fault struct {
	Where string // "REDSHIFT_PORT (.env:3)", "schedule.yaml:7"; empty where it is about no single place
	What  string // what is wrong, and what to do
}

// String is the place, then what is wrong there.
func (f Fault) String() string {
	if f.Where == "" {
		return f.What
	}
	return f.Where + ": " + f.What
}

// Faults are all the faults that were found, in the order of the place.
type Faults []Fault

// Error gives each fault a line.
func (f Faults) Error() string {
	if len(f) == 1 {
		return "configuration: " + f[0].String()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "the configuration has %d faults:", len(f))
	for _, fault := range f {
		b.WriteString("\n  " + fault.String())
	}
	return b.String()
}

func (f *Faults) add(where, format string, args ...any) {
	*f = append(*f, Fault{Where: where, What: fmt.Sprintf(format, args...)})
}

// err is nil where there are no faults.
func (f Faults) err() error {
	if len(f) == 0 {
		return nil
	}
	return f
}

// cause is a file error without the path: the path came out of a variable, and
// what was typed there may be the secret itself.
func cause(err error) error {
	if wrapped, ok := errors.AsType[*fs.PathError](err); ok {
		return wrapped.Err
	}
	return err
}

// AsFaults is what an error says as faults: itself where it is a Faults, one
// fault for any other error, nothing for nil.
func AsFaults(err error) Faults {
	if faults, ok := errors.AsType[Faults](err); ok || err == nil {
		return faults
	}
	return Faults{{What: err.Error()}}
}
