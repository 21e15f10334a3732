package run_test

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"pi-manager/internal/brief"
	"pi-manager/internal/ecm"
)

// wall is a channel as Slack keeps it: messages with tags, threads, a history
// that may lag, a pace, and people who delete things.
type wall struct {
	mu       sync.Mutex
	last     time.Time
	messages []message
	lag      time.Duration // until a message shows in the history
	busy     func() bool   // says whether the next post is refused for its pace; may be nil
}

type message struct {
	ts, thread string
	tag        brief.Tag
	text       string
	mentions   string // the member that its head mentions; empty if none
	shows      time.Time
	posted     time.Time
	deleted    bool
}

const channel = "C0PAYOUTS"

// pace is what the channel bears; faster posts are refused.
const pace = 100 * time.Millisecond

func (w *wall) post(p brief.Post) (brief.Receipt, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	if now.Sub(w.last) < pace || w.busy != nil && w.busy() {
		return brief.Receipt{}, &ecm.Failure{Class: ecm.Retryable, Wait: time.Second, Err: fmt.Errorf("ratelimited")}
	}
	w.last = now
	if p.Thread != "" && w.find(p.Thread) == nil {
		return brief.Receipt{}, &ecm.Failure{Class: ecm.Permanent, Err: fmt.Errorf("reply to %s: %w", p.Thread, ecm.ErrThreadGone)}
	}
	m := message{
		ts: fmt.Sprintf("%d.%06d", now.Unix(), len(w.messages)+1), thread: p.Thread, tag: p.Tag,
		text: p.Message.String(), mentions: mentioned(p.Message), shows: now.Add(w.lag), posted: now,
	}
	w.messages = append(w.messages, m)
	return brief.Receipt{Channel: channel, TS: m.ts}, nil
}

// find gives a message of the channel itself that is there still.
func (w *wall) find(ts string) *message {
	i := slices.IndexFunc(w.messages, func(m message) bool { return m.ts == ts && m.thread == "" && !m.deleted })
	if i < 0 {
		return nil
	}
	return &w.messages[i]
}

func (w *wall) sent(since time.Time, thread string) []brief.Sent {
	w.mu.Lock()
	defer w.mu.Unlock()
	var list []brief.Sent
	if thread != "" && w.find(thread) == nil {
		return nil
	}
	for _, m := range w.messages {
		if m.thread == thread && !m.deleted && !m.shows.After(time.Now()) && !m.posted.Before(since) {
			// The messenger may change a text, so its hash says nothing (F23).
			tag := brief.Tag{Run: m.tag.Run, Part: m.tag.Part, Hash: "changed"}
			list = append(list, brief.Sent{Tag: tag, Receipt: brief.Receipt{Channel: channel, TS: m.ts}})
		}
	}
	return list
}

// remove is a person who deletes every message with this part that is there now.
func (w *wall) remove(part string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range w.messages {
		if w.messages[i].tag.Part == part {
			w.messages[i].deleted = true
		}
	}
}

// visible are the messages with this tag that people can see. A reply whose
// thread is deleted is not to be seen any more.
func (w *wall) visible(runID, part string) []message {
	w.mu.Lock()
	defer w.mu.Unlock()
	var list []message
	for _, m := range w.messages {
		if m.tag.Run == runID && m.tag.Part == part && !m.deleted && (m.thread == "" || w.find(m.thread) != nil) {
			list = append(list, m)
		}
	}
	return list
}

// all are the messages that were ever posted, deleted ones too.
func (w *wall) all() []message {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.messages)
}

// parts are the parts of the messages that were ever posted, in order.
func (w *wall) parts() []string {
	var list []string
	for _, m := range w.all() {
		list = append(list, m.tag.Part)
	}
	return list
}

// mentioned is whom a message wakes.
func mentioned(m brief.Message) string {
	for _, block := range m.Blocks {
		for _, line := range block.Lines {
			for _, span := range line {
				if span.Style == brief.Mention {
					return span.To
				}
			}
		}
	}
	return ""
}

// mentions says whom the messages of a slot mention, by part.
func (w *world) mentions(slot ecm.Slot) map[string]string {
	found := map[string]string{}
	for _, m := range w.wall.all() {
		if m.tag.Run == ecm.RunID(ecm.Triage, slot) {
			found[m.tag.Part] = m.mentions
		}
	}
	return found
}
