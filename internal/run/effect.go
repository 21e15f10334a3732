package run

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/cenkalti/backoff/v5"

	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
)

// tries is how often one call goes out at most. A service that names a time to
// come back is asked again then, so often at most.
const (
	tries        = 4
	appointments = 30
)

// service is one of the outside parts, and how long a single call to it may take.
type service struct {
	name    string
	timeout time.Duration
}

// The warehouse may queue before it runs.
const (
	warehouseTimeout = 4 * time.Minute
	ledgerTimeout    = 90 * time.Second
	notifyTimeout    = 30 * time.Second
)

func toWarehouse() service { return service{"warehouse", warehouseTimeout} }
func toLedger() service    { return service{"ledger", ledgerTimeout} }
func toMessenger() service { return service{"messenger", notifyTimeout} }

// Effects is the one place that retries. Adapters classify their failures; what
// may be sent again is decided here.
type Effects struct {
	Log    *slog.Logger
	Called func(service string, retry bool) // told of every call that goes out; nil: nobody counts
}

// read asks for something. Asking twice does no harm, so a doubtful answer is
// simply asked for again.
func read[T any](ctx context.Context, e Effects, what string, to service, call func(context.Context) (T, error)) (T, error) {
	return repeat(ctx, e, what, to, func(c ecm.Class) bool { return c != ecm.Permanent }, call)
}

// send changes something. Only a call that surely changed nothing goes out
// again; a doubtful one is the caller's to settle.
func send[T any](ctx context.Context, e Effects, what string, to service, call func(context.Context) (T, error)) (T, error) {
	return repeat(ctx, e, what, to, func(c ecm.Class) bool { return c == ecm.Retryable }, call)
}

func repeat[T any](ctx context.Context, e Effects, what string, to service, again func(ecm.Class) bool, call func(context.Context) (T, error)) (T, error) {
	pause := backoff.NewExponentialBackOff()
	try, appointment := 1, 0
	for {
		if err := context.Cause(ctx); err != nil {
			var none T
			return none, err
		}
		result, err := once(ctx, e, to, try+appointment > 1, call)
		if err == nil || !again(ecm.ClassOf(err)) || final(err) {
			return result, err
		}
		wait := pause.NextBackOff()
		if f, ok := errors.AsType[*ecm.Failure](err); ok && f.Wait > 0 {
			wait = max(wait, f.Wait)
			appointment++
		} else {
			try++
		}
		if try > tries || appointment > appointments {
			return result, err
		}
		e.Log.Warn(what+" failed, trying again", "try", try, "wait", wait.Round(time.Millisecond), "error", err)
		if !sleep(ctx, wait) {
			return result, err
		}
	}
}

// final errors are answers, not failures.
func final(err error) bool {
	return errors.Is(err, ecm.ErrThreadGone) || errors.Is(err, ledger.ErrNoRun) || errors.Is(err, ledger.ErrConflict)
}

func once[T any](ctx context.Context, e Effects, to service, retry bool, call func(context.Context) (T, error)) (T, error) {
	if e.Called != nil {
		e.Called(to.name, retry)
	}
	ctx, cancel := context.WithTimeout(ctx, to.timeout)
	defer cancel()
	return call(ctx)
}

// sleep waits, and says whether there was time for it. It does not begin a wait
// that the deadline would cut.
func sleep(ctx context.Context, wait time.Duration) bool {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < wait {
		return false
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
