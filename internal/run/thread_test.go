package run_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
	"pi-manager/internal/run"
)

// visibleParts are the parts of a slot's messages that people can see, in the order of the record.
func (w *world) visibleParts(slot ecm.Slot) (parts []string) {
	record := w.record(slot)
	for _, owed := range record.Messages {
		for range w.wall.visible(record.ID, owed.Part) {
			parts = append(parts, owed.Part)
		}
	}
	return parts
}

// F19: a person deletes the briefing before reply k. It is posted once more, and
// the replies that are not posted yet hang on the new one.
func TestBriefingDeletedWhileRepliesGoOut(t *testing.T) {
	t.Parallel()
	for k := range replies {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, uint64(k))
			call := fmt.Sprintf("post#%d", k+2)
			w.wire.before = func(name string, _ *process) {
				if name == call {
					w.wall.remove("briefing")
				}
			}
			if o := w.triage(morning); o.err != nil {
				t.Fatalf("reply %d: %v", k+1, o.err)
			}
			want := append([]string{"briefing"}, replies[k:]...)
			if got := w.visibleParts(morning); !slices.Equal(got, want) {
				t.Errorf("reply %d: people see %v, want %v", k+1, got, want)
			}
			if n := w.wire.count("post"); n != 1+len(replies)+2 {
				t.Errorf("reply %d: %d posts, want one refused and one briefing more than usual", k+1, n)
			}
			report(t, call, w.judge(morning, outcome{}))
		})
	}
}

// F19: the briefing is posted once more, once. Whoever deletes that one too, at
// once or a reply later, has the last word.
func TestBriefingDeletedTwice(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		after []string // the posts after which the briefing is deleted
		posts int
	}{
		"at once":         {[]string{"post#1", "post#3"}, 4},           // briefing, refused reply, briefing, refused reply
		"a reply later":   {[]string{"post#1", "post#4"}, 5},           // the same, and a reply in between
		"again and again": {[]string{"post#1", "post#3", "post#5"}, 4}, // the third never comes
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 1)
				w.wire.after = func(name string, _ *process) {
					if slices.Contains(c.after, name) {
						w.wall.remove("briefing")
					}
				}
				if o := w.triage(morning); !errors.Is(o.err, run.ErrOwed) {
					t.Errorf("error %v, want ErrOwed", o.err)
				}
				if n := w.wire.count("post"); n != c.posts {
					t.Errorf("%d posts, want %d: the run fights with a person", n, c.posts)
				}
			})
		})
	}
}

// F19: the briefing is deleted, and posting it once more fails for a while. The
// replies must not be given up: nobody took them away.
func TestBriefingDeletedAndMessengerDown(t *testing.T) {
	t.Parallel()
	for name, what := range map[string]trouble{"forbidden": {isLost, forbidden}, "refused": {isLost, refused}, "reset": {isLost, doubtful}, "killed": {isLost, dies}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 1)
				w.wire.before = func(name string, _ *process) {
					if name == "post#2" {
						w.wall.remove("briefing")
					}
				}
				w.wire.trouble = always("post", 3, what)
				if o := w.triage(morning); o.well() {
					t.Error("the run says that it went well")
				}
				w.wire.trouble = noTrouble
				time.Sleep(time.Minute)
				report(t, name, w.insist(morning))
				report(t, name, w.check(morning))
			})
		})
	}
}

// F26: what was posted and recorded, and deleted by a person since, stays away:
// in later runs of the slot and of others.
func TestDeletedBetweenRuns(t *testing.T) {
	t.Parallel()
	for _, part := range append([]string{"briefing"}, replies...) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, 1)
			report(t, part, w.insist(morning))
			w.wall.remove(part)
			posted := len(w.wall.all())
			report(t, part, w.insist(morning))
			if n := len(w.wall.all()); n != posted {
				t.Errorf("%s: %d messages more after it was deleted", part, n-posted)
			}
			time.Sleep(7 * time.Hour)
			report(t, part, w.insist(afternoon))
			if n := len(w.wall.visible(ecm.RunID(ecm.Triage, morning), part)); n != 0 {
				t.Errorf("%s is back", part)
			}
		})
	}
}

// F26: the briefing was posted and recorded, its replies were not, and a person
// deleted it since. The replies are not thrown into the channel.
func TestDeletedBeforeItsRepliesCame(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.wire.trouble = always("post", 2, trouble{isLost, forbidden})
		if o := w.triage(morning); !errors.Is(o.err, run.ErrOwed) {
			t.Fatalf("error %v, want ErrOwed", o.err)
		}
		if r := w.record(morning); !r.Messages[0].Delivered() || !r.Finished.IsZero() {
			t.Errorf("finished %s, messages %s: want the briefing noted, and the run not finished", r.Finished, states(*r))
		}
		w.wire.trouble = noTrouble
		w.wall.remove("briefing")
		time.Sleep(time.Minute)
		report(t, "second start", w.insist(morning))
		if got := w.visibleParts(morning); len(got) != 0 {
			t.Errorf("people see %v", got)
		}
		for _, owed := range w.record(morning).Messages[1:] {
			if owed.TS != "-" || !strings.Contains(owed.Note, "deleted") {
				t.Errorf("%s: ts %q, note %q: the record does not say why it was not posted", owed.Part, owed.TS, owed.Note)
			}
		}
	})
}

// F25: an agent whom nobody can look up is named, and gets the reply all the same.
func TestMembersUnknown(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		trouble trouble
		ben     string // how Ben is addressed, found by the look-up where it works
	}{
		"found":     {trouble{}, "U0BEN"},
		"forbidden": {trouble{isLost, forbidden}, ""},
		"reset":     {trouble{isLost, doubtful}, ""},
		"silent":    {trouble{isLost, silent}, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 1)
				w.wire.trouble = always("members", 1, c.trouble)
				report(t, name, w.insist(morning))
				report(t, name, w.check(morning))
				if n := w.wire.count("members"); n != 1 {
					t.Errorf("looked up %d times, want once: it is not worth waiting for", n)
				}
				if want := []string{"ben@example.com", "cara@example.com"}; name == "found" && !slices.Equal(w.asked, want) {
					t.Errorf("looked up %v, want those on duty without an id: %v", w.asked, want)
				}
				mentioned := w.mentions(morning)
				if got := mentioned["agent/ben@example.com"]; got != c.ben {
					t.Errorf("Ben is mentioned as %q, want %q", got, c.ben)
				}
				if got := mentioned["agent/asha@example.com"]; got != "U0ASHA1234" {
					t.Errorf("Asha is mentioned as %q: her id stands in the ledger", got)
				}
				if got := mentioned["agent/cara@example.com"] + mentioned["agent/dina@example.com"]; got != "" {
					t.Errorf("mentioned %q, want nobody: Cara is unknown and Dina off duty", got)
				}
			})
		})
	}
}

// F10: a messenger that refuses us (a wrong token) stops the run before anything is written.
func TestMessengerRefusesUs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.wire.trouble = messengerDown(trouble{isLost, forbidden}, "ready", "members", "post", "sent")
		if o := w.triage(morning); o.err == nil || !strings.Contains(o.err.Error(), "reach the messenger: forbidden") {
			t.Errorf("error %v", o.err)
		}
		if w.wire.count("commit") != 0 || w.wire.count("ready") != 1 {
			t.Errorf("calls %v", w.wire.counts)
		}
		w.wire.trouble = noTrouble
		report(t, "with a new token", w.insist(morning))
		report(t, "with a new token", w.check(morning))
	})
}

// F27: nothing of the messenger works for three runs. The orders are dealt all
// the same, and once it is back the next run posts what each of them owes.
func TestMessengerDownForThreeRuns(t *testing.T) {
	t.Parallel()
	for name, what := range map[string]trouble{"refused": {isLost, refused}, "put off": {isLost, putOff}, "reset": {isLost, doubtful}, "silent": {isLost, silent}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 1)
				w.wire.trouble = messengerDown(what, "ready", "members", "post", "sent")
				downFor(t, w)
			})
		})
	}
}

// F9 F27: posting does not work for three runs, although the token is fine.
func TestPostingDownForThreeRuns(t *testing.T) {
	t.Parallel()
	for name, what := range errs {
		if what.reach != isLost {
			continue // then it does work
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 1)
				w.wire.trouble = messengerDown(what, "post")
				downFor(t, w)
			})
		})
	}
}

func messengerDown(what trouble, kinds ...string) func(string, int) trouble {
	return func(kind string, _ int) trouble {
		if slices.Contains(kinds, kind) {
			return what
		}
		return trouble{}
	}
}

// downFor runs three slots while the messenger is down, and a fourth when it is back.
func downFor(t *testing.T, w *world) {
	t.Helper()
	for i, slot := range []ecm.Slot{morning, afternoon, evening} {
		o := w.triage(slot)
		if !errors.Is(o.err, run.ErrOwed) {
			t.Errorf("run %d: error %v, want ErrOwed", i+1, o.err)
		}
		if o.took > 5*time.Minute {
			t.Errorf("run %d: took %s for a messenger that is down", i+1, o.took)
		}
		if w.record(slot) == nil {
			t.Errorf("run %d: nothing was committed", i+1)
		}
		time.Sleep(6 * time.Hour)
	}
	if n := len(w.wall.all()); n != 0 {
		t.Errorf("%d messages although the messenger is down", n)
	}
	w.wire.trouble = noTrouble
	const next = ecm.Slot("2000-01-02T07:00")
	report(t, "the messenger is back", w.insist(next))
	report(t, "the messenger is back", w.check(morning, afternoon, evening, next))
}

// F60: a person damaged the text of an owed message in the ledger. The others go out.
func TestTextOfAReplyLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.wire.trouble = once("post#1", trouble{isLost, dies})
		w.triage(morning)
		w.ledger.Edit(func(s *ledger.Snapshot) { s.Runs[0].Messages[2].Body = nil })
		time.Sleep(time.Minute)
		w.triage(morning)
		want := []string{"briefing", replies[0], replies[2], replies[3]}
		if got := w.visibleParts(morning); !slices.Equal(got, want) {
			t.Errorf("people see %v, want all but the lost one: %v", got, want)
		}
	})
}

// F60: the text of the briefing is lost, and with it the thread: its replies are
// not thrown at a thread that never was, and the run comes to an end.
func TestTextOfTheBriefingLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.wire.trouble = once("post#1", trouble{isLost, dies})
		w.triage(morning)
		w.ledger.Edit(func(s *ledger.Snapshot) { s.Runs[0].Messages[0].Body = nil })
		time.Sleep(time.Minute)
		tried := w.wire.count("post")
		report(t, "second start", w.insist(morning))
		if n := w.wire.count("post") - tried; n != 0 || len(w.wall.all()) != 0 {
			t.Errorf("%d posts, on the wall %v", n, w.wall.parts())
		}
		for _, owed := range w.record(morning).Messages {
			if owed.TS != "-" || strings.Contains(owed.Note, "deleted") || owed.Note == "" {
				t.Errorf("%s: ts %q, note %q: nobody deleted anything", owed.Part, owed.TS, owed.Note)
			}
		}
	})
}

// F9: the messenger will never take one of the replies. The others go out.
func TestReplyThatIsNeverTaken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.wire.trouble = once("post#2", trouble{isLost, forbidden})
		if o := w.triage(morning); !errors.Is(o.err, run.ErrOwed) {
			t.Errorf("error %v, want ErrOwed", o.err)
		}
		want := append([]string{"briefing"}, replies[1:]...)
		if got := w.visibleParts(morning); !slices.Equal(got, want) {
			t.Errorf("people see %v, want all but the one: %v", got, want)
		}
	})
}
