package ecm

import (
	"errors"
	"time"
)

// Class says what may be done after a failed call.
type Class uint8

// The classes of failure. The zero value is the careful one.
const (
	Ambiguous Class = iota // the effect may have happened: read back before anything is sent again
	Retryable              // nothing happened: the same call may go out again
	Permanent              // nothing happened, and nothing will until a person mends it
)

// Failure is an error that an adapter has classified. Adapters classify; only
// the effect layer of package run retries.
type Failure struct {
	Class Class
	Mend  string        // what a person does about it; may be empty
	Wait  time.Duration // how long the other side asked us to wait; 0 where it did not say
	Err   error
}

// Error is the cause, then what to do about it.
func (f *Failure) Error() string {
	if f.Mend == "" {
		return f.Err.Error()
	}
	return f.Err.Error() + "; " + f.Mend
}

// Unwrap gives the cause.
func (f *Failure) Unwrap() error { return f.Err }

// ClassOf is the class of the nearest Failure in err's chain, else Ambiguous.
func ClassOf(err error) Class {
	if f, ok := errors.AsType[*Failure](err); ok {
		return f.Class
	}
	return Ambiguous
}

// ErrThreadGone says that the message a reply should hang on is not there any
// more. Nothing of the reply is left behind when it is returned.
var ErrThreadGone = errors.New("the thread's first message is gone")
