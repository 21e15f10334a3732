package run

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"pi-manager/internal/brief"
	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
)

// What a lease allows for: the messenger's pace of one message a second twice
// over, and some waiting that it may ask for.
const (
	leaseBase       = 30 * time.Second
	leasePerMessage = 2 * time.Second
)

// seam is kept free at the end of a lease: what was posted last has arrived and
// shows in the history before another process looks there.
const seam = 10 * time.Second

// lease is how long the process that commits a run is the only one to deliver
// its messages. It never posts after that, so another may take over then.
func lease(messages int) time.Duration {
	return leaseBase + time.Duration(messages)*leasePerMessage + seam
}

// historyLooks is how often the history is looked through before a message is
// believed lost: what was posted may show late.
const historyLooks = 3

// possibleDuplicate is noted of a message that an earlier process may have posted
// too: the history that would tell could not be read.
const possibleDuplicate = "possible duplicate"

// clockDrift is how far the messenger's clock may be behind ours.
const clockDrift = 5 * time.Minute

// delivery posts what one run owes.
type delivery struct {
	manager *Manager
	run     *ecm.Run
	thread  string // ts of the first message; ecm.NotPosted where it is gone for good
	lost    string // why, for the replies
	changed []ecm.Owed
	rebuilt bool   // the first message was posted anew because it was gone
	note    string // for what is posted: a doubt, where the history could not be looked through
}

// deliver posts the owed messages of a run, in order, and records what was
// posted. With doubt, an earlier process may have posted some: the history is
// looked through first. What could not be posted stays owed, and is the error.
func (m *Manager) deliver(ctx context.Context, run *ecm.Run, doubt bool) error {
	if len(run.Messages) == 0 {
		return nil
	}
	d := &delivery{manager: m, run: run}
	posting, cancel := context.WithDeadline(ctx, m.leaseEnd(run))
	defer cancel()
	err := d.all(posting, doubt)
	return errors.Join(err, d.record(ctx))
}

// leaseEnd is when posting ends: the end of the lease less the seam. The lease
// is a time of the clock; it is turned into one that a deadline understands.
func (m *Manager) leaseEnd(run *ecm.Run) time.Time {
	return time.Now().Add(run.Until.Sub(m.Now()) - seam)
}

func (d *delivery) all(ctx context.Context, doubt bool) error {
	if doubt {
		if err := d.lookAround(ctx); err != nil {
			return err
		}
	}
	var refused error
	for i := range d.run.Messages {
		owed := &d.run.Messages[i]
		if !owed.Delivered() {
			d.manager.Progress(fmt.Sprintf("posting message %d of %d", i+1, len(d.run.Messages)))
			err := wrap("post "+owed.Part+" of "+d.run.ID, d.post(ctx, owed))
			if err != nil && (i == 0 || ecm.ClassOf(err) != ecm.Permanent || errors.Is(err, ecm.ErrThreadGone)) {
				return errors.Join(refused, err)
			}
			refused = errors.Join(refused, err) // one reply that is never taken must not hold up the others
		}
		if i == 0 {
			d.thread, d.lost = owed.TS, "not posted: the briefing's text is lost"
		}
	}
	return refused
}

// post sends one message; a reply whose thread is gone takes its thread along.
func (d *delivery) post(ctx context.Context, owed *ecm.Owed) error {
	err := d.send(ctx, owed)
	if !errors.Is(err, ecm.ErrThreadGone) || d.rebuilt {
		return err
	}
	d.manager.Effects.Log.Warn("the first message of the thread is gone, posting it once more", "run", d.run.ID)
	d.rebuilt = true
	first := &d.run.Messages[0]
	if len(first.Body) == 0 {
		// It was delivered long ago and taken away since. That was a person's will,
		// and a reply without it would stand alone in the channel.
		d.thread, d.lost = ecm.NotPosted, "not posted: the thread was deleted"
		return d.send(ctx, owed)
	}
	first.TS, d.thread = "", ""
	// Its receipt is void, and must not be recorded if no new one comes.
	d.changed = slices.DeleteFunc(d.changed, func(o ecm.Owed) bool { return o.Part == first.Part })
	if err := d.send(ctx, first); err != nil {
		return err
	}
	d.thread = first.TS
	return d.send(ctx, owed)
}

// send posts a message, and settles a doubtful answer by reading back.
func (d *delivery) send(ctx context.Context, owed *ecm.Owed) error {
	if d.thread == ecm.NotPosted && !alone(owed) {
		d.delivered(owed, brief.Receipt{TS: ecm.NotPosted}, d.lost)
		return nil
	}
	post, err := d.letter(owed)
	if err != nil {
		d.manager.Effects.Log.Warn("the text of an owed message is lost, so it cannot be posted", "part", owed.Part, "run", d.run.ID, "error", err)
		d.delivered(owed, brief.Receipt{TS: ecm.NotPosted}, "not posted: its text is lost")
		return nil
	}
	receipt, err := d.transmit(ctx, "posting "+owed.Part, post)
	if err == nil {
		d.delivered(owed, receipt, d.note)
		return nil
	}
	if ecm.ClassOf(err) != ecm.Ambiguous || errors.Is(err, ecm.ErrThreadGone) {
		return err
	}
	return d.settle(ctx, owed, post, err)
}

func (d *delivery) transmit(ctx context.Context, what string, post brief.Post) (brief.Receipt, error) {
	return send(ctx, d.manager.Effects, what, toMessenger(), func(ctx context.Context) (brief.Receipt, error) {
		return d.manager.Notifier.Post(ctx, post)
	})
}

// settle finds out whether a message of doubtful fate was posted, and posts it
// once more where it was not. A history that cannot be read is no reason to stay silent.
func (d *delivery) settle(ctx context.Context, owed *ecm.Owed, post brief.Post, doubt error) error {
	found, looked := d.search(ctx, post)
	if found != nil {
		d.delivered(owed, found.Receipt, "")
		return nil
	}
	if ctx.Err() != nil {
		return doubt
	}
	note := d.note
	if !looked {
		note = possibleDuplicate
	}
	receipt, err := d.transmit(ctx, "posting "+owed.Part+" once more", post)
	if err == nil {
		d.delivered(owed, receipt, note)
	}
	return err
}

func (d *delivery) letter(owed *ecm.Owed) (brief.Post, error) {
	message, err := brief.Decode(owed.Body)
	if err != nil {
		return brief.Post{}, fmt.Errorf("read the owed message: %w", err)
	}
	post := brief.Post{Tag: d.tag(*owed), Message: message}
	if !alone(owed) {
		post.Thread = d.thread
	}
	return post, nil
}

// alone says whether a message stands in the channel itself, though it is not the
// first of its run.
func alone(owed *ecm.Owed) bool { return owed.Kind == kindAlert }

func (d *delivery) tag(owed ecm.Owed) brief.Tag {
	return brief.Tag{Run: d.run.ID, Part: owed.Part, Hash: owed.Hash}
}

func (d *delivery) delivered(owed *ecm.Owed, receipt brief.Receipt, note string) {
	owed.Channel, owed.TS, owed.Note = receipt.Channel, receipt.TS, note
	d.changed = append(d.changed, *owed)
}

// since is the moment from which on the run's messages can be in the history.
func (d *delivery) since() time.Time { return d.run.Started.Add(-clockDrift) }

// search looks for a message in the history until it shows or the looks are
// used up. looked is false where the history could not be read.
func (d *delivery) search(ctx context.Context, post brief.Post) (found *brief.Sent, looked bool) {
	for look := range historyLooks {
		if !sleep(ctx, time.Duration(look+1)*time.Second) {
			return nil, looked
		}
		sent, err := once(ctx, d.manager.Effects, toMessenger(), false, func(ctx context.Context) ([]brief.Sent, error) {
			return d.manager.Notifier.Sent(ctx, d.since(), post.Thread)
		})
		if err != nil {
			d.manager.Effects.Log.Warn("the channel's history cannot be read", "error", err)
			continue
		}
		looked = true
		if i := indexOf(sent, post.Tag); i >= 0 {
			return &sent[i], true
		}
	}
	return nil, looked
}

// lookAround finds out which messages an earlier process posted without being
// able to record it. A history that cannot be read is no reason to stay silent.
func (d *delivery) lookAround(ctx context.Context) error {
	if len(d.run.Messages) == 0 {
		return nil
	}
	d.manager.Progress("looking which messages are there already")
	d.adopt(ctx, "", func(i int) bool { return i == 0 || alone(&d.run.Messages[i]) })
	if first := d.run.Messages[0]; first.Posted() {
		d.adopt(ctx, first.TS, func(i int) bool { return i > 0 && !alone(&d.run.Messages[i]) })
	}
	return ctx.Err()
}

// adopt takes over what the history shows of the messages that stand in one place.
func (d *delivery) adopt(ctx context.Context, thread string, stands func(i int) bool) {
	var missing []*ecm.Owed
	for i := range d.run.Messages {
		if m := &d.run.Messages[i]; stands(i) && !m.Delivered() {
			missing = append(missing, m)
		}
	}
	if len(missing) == 0 {
		return
	}
	sent, err := read(ctx, d.manager.Effects, "reading the channel's history", toMessenger(), func(ctx context.Context) ([]brief.Sent, error) {
		return d.manager.Notifier.Sent(ctx, d.since(), thread)
	})
	if err != nil {
		d.manager.Effects.Log.Warn("the channel's history cannot be read; a message may appear twice", "error", err)
		d.note = possibleDuplicate
		return
	}
	for _, m := range missing {
		if at := indexOf(sent, d.tag(*m)); at >= 0 {
			d.delivered(m, sent[at].Receipt, "")
		}
	}
}

// indexOf finds a message by its run and part. Its text may have been changed by
// the messenger or by a person, so that does not count.
func indexOf(sent []brief.Sent, tag brief.Tag) int {
	return slices.IndexFunc(sent, func(s brief.Sent) bool { return s.Tag.Run == tag.Run && s.Tag.Part == tag.Part })
}

// grace is the time to note what was done after the run was told to stop.
const grace = 5 * time.Second

// withGrace gives a context that ends a little later than ctx.
func withGrace(ctx context.Context) (context.Context, context.CancelFunc) {
	late, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })
	return late, func() {
		stop()
		cancel()
	}
}

// record writes down what was posted. It gets a little time of its own where the
// run's is over: what is not recorded must be looked for later.
func (d *delivery) record(ctx context.Context) error {
	finished := time.Time{}
	if !d.run.Owes() {
		finished = d.manager.now()
	}
	if len(d.changed) == 0 && finished.IsZero() {
		return nil
	}
	ctx, stop := withGrace(ctx)
	defer stop()
	_, err := read(ctx, d.manager.Effects, "recording the deliveries", toLedger(), func(ctx context.Context) (struct{}, error) {
		return struct{}{}, d.manager.Ledger.Record(ctx, d.run.ID, d.changed, finished)
	})
	if err == nil {
		d.run.Deliver(d.changed)
		d.run.Finished = finished
	}
	if errors.Is(err, ledger.ErrNoRun) {
		d.manager.Effects.Log.Warn("the run's record is gone, so nothing can be noted in it", "run", d.run.ID)
		return nil
	}
	return wrap("record the deliveries", err)
}
