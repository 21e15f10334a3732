package run

import (
	"context"
	"errors"
	"time"

	"pi-manager/internal/brief"
	"pi-manager/internal/ecm"
)

// alarmMemory is how far back an alarm of the same slot is looked for.
const alarmMemory = 24 * time.Hour

// alarm tells the team that a run could not do its work. It is told once for a
// slot within a day, however often the run is started again, and where the messenger is what
// failed there is nothing to tell it with.
func (m *Manager) alarm(ctx context.Context, req Request, workflow ecm.Workflow, cause error) {
	if errors.Is(ctx.Err(), context.Canceled) {
		return // somebody stopped the run on purpose
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), notifyTimeout)
	defer cancel()
	tag := brief.Tag{Run: ecm.RunID(workflow, req.Slot), Part: "failure"}
	sent, err := m.Notifier.Sent(ctx, req.started.Add(-alarmMemory), "")
	if err == nil && indexOf(sent, tag) >= 0 {
		return
	}
	page := brief.Page{Zone: m.Zone, Slot: req.Slot}
	if _, err = m.Notifier.Post(ctx, brief.Post{Tag: tag, Message: brief.Failure(string(workflow), cause, effect(cause), req.started, page)}); err != nil {
		m.Effects.Log.Warn("the team could not be told of the failure", "error", err)
	}
}

// effect is what a run that failed has left behind.
func effect(cause error) brief.Effect {
	switch {
	case errors.Is(cause, ErrUnknown):
		return brief.Unknown
	case errors.Is(cause, ErrUnsettled):
		return brief.Unsettled
	}
	return brief.NoEffect
}
