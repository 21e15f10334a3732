package ecm_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"pi-manager/internal/ecm"
)

// Who is not classified is in doubt: the careful class is what silence means.
func TestClassOf(t *testing.T) {
	t.Parallel()
	permanent := &ecm.Failure{Class: ecm.Permanent, Err: errors.New("no such channel")}
	retryable := &ecm.Failure{Class: ecm.Retryable, Err: permanent}
	for name, c := range map[string]struct {
		err  error
		want ecm.Class
	}{
		"nothing":             {nil, ecm.Ambiguous},
		"any error":           {context.DeadlineExceeded, ecm.Ambiguous},
		"a zero failure":      {&ecm.Failure{Err: errors.New("x")}, ecm.Ambiguous},
		"permanent":           {permanent, ecm.Permanent},
		"wrapped":             {fmt.Errorf("post: %w", permanent), ecm.Permanent},
		"the nearest counts":  {fmt.Errorf("post: %w", retryable), ecm.Retryable},
		"joined, a class too": {errors.Join(errors.New("x"), retryable), ecm.Retryable},
	} {
		if got := ecm.ClassOf(c.err); got != c.want {
			t.Errorf("%s: got %d, want %d", name, got, c.want)
		}
	}
}

func TestFailureSaysWhatToDo(t *testing.T) {
	t.Parallel()
	cause := errors.New("the channel C1 does not exist")
	f := &ecm.Failure{Err: cause, Mend: "invite the bot to it"}
	if got := f.Error(); got != "the channel C1 does not exist; invite the bot to it" {
		t.Errorf("got %q", got)
	}
	if got := (&ecm.Failure{Err: cause}).Error(); got != cause.Error() {
		t.Errorf("got %q", got)
	}
	if !errors.Is(fmt.Errorf("post: %w", f), cause) {
		t.Error("the cause is lost")
	}
}
