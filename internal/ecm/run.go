package ecm

import (
	"encoding/json"
	"time"
)

// Workflow names one of the roads a run takes.
type Workflow string

// The workflows.
const (
	Triage   Workflow = "triage"   // deals stuck orders to agents
	Progress Workflow = "progress" // reports what moved and which SLAs broke
	Cleanup  Workflow = "cleanup"  // closes the rows of orders that completed by themselves
	Archive  Workflow = "archive"  // moves rows that were resolved long ago out of the way
	Undo     Workflow = "undo"     // takes back what another run wrote
	Missed   Workflow = "missed"   // tells the team that slots were missed
	Deliver  Workflow = "deliver"  // takes over the messages of a run that died before it had posted them all
)

// Slot is what a run is for: the local date and hour of a scheduled time, or a
// name of its own where a person started it. A slot of a workflow is committed at most once.
type Slot string

// SlotLayout is how a scheduled slot is written, in the schedule's zone.
const SlotLayout = "2006-01-02T15:04"

// RunID is the key of a run: its workflow and slot. It is the same for every
// try at the same slot, so whatever carries it can be recognised after a crash.
func RunID(w Workflow, s Slot) string { return string(w) + "/" + string(s) }

// Result says how a run ended once it was committed.
type Result string

// The results of a committed run.
const (
	ResultOK         Result = "ok"
	ResultNothingNew Result = "nothing_new" // nothing to assign; the briefing says so
	ResultStopped    Result = "stopped"     // a guardrail forbade it; no row was written
)

// Run is the record that a ledger keeps of one committed run.
type Run struct {
	ID         string
	Workflow   Workflow
	Slot       Slot
	Started    time.Time // UTC
	AsOf       time.Time // UTC; the moment that it decided as of, which may lie before it started
	Until      time.Time // UTC; up to then the process that committed the run is the only one to deliver its messages
	Finished   time.Time // UTC; zero while messages are owed
	Result     Result
	Counts     map[string]int // what came in and what was decided on it, by the names of the JSON result
	Guardrails []Verdict
	Seen       map[string]time.Time // orders that this run was the first to find resolved with no time noted anywhere, and when (UTC)
	Healed     []string             // orders that a report has spoken of as completed while their rows were open
	LastAgent  string               // who got the last order; the next run deals on after them
	Hash       string               // of everything that was decided; tells my commit from another's
	Messages   []Owed               // the one that the others reply to comes first
	Marks      []string             // of the rows that it added, so that an undo can tell which are still as they were written
	Changed    []Changed            // what it did to rows that stood there, for the same purpose
}

// Owes says whether a message of the run still waits to be posted.
func (r Run) Owes() bool {
	for _, m := range r.Messages {
		if !m.Delivered() {
			return true
		}
	}
	return false
}

// Owed is one message of the outbox. It is committed together with the rows it
// speaks of, and posted afterwards, by whichever run gets to it.
type Owed struct {
	Part    string          `json:"part"`              // unique in the run: "briefing", "agent/<e-mail>", "alert"
	Kind    string          `json:"kind"`              // briefing, report, thread or alert
	Hash    string          `json:"hash"`              // of Body
	Body    json.RawMessage `json:"body,omitempty"`    // the neutral message; a ledger may drop it once delivered
	Channel string          `json:"channel,omitempty"` // where it was posted
	TS      string          `json:"ts,omitempty"`      // the id that the messenger gave it
	Note    string          `json:"note,omitempty"`    // a doubt worth keeping, for example "possible duplicate"
}

// NotPosted stands in place of the id of a message that will not be posted any
// more: its text is lost, or the thread it belongs to.
const NotPosted = "-"

// Delivered says whether nothing is owed any more: the message was posted, or is NotPosted.
func (o Owed) Delivered() bool { return o.TS != "" }

// Posted says whether the message is known to be posted.
func (o Owed) Posted() bool { return o.Delivered() && o.TS != NotPosted }

// Level is how bad a guardrail's verdict is.
type Level string

// The levels, from fine to fatal.
const (
	LevelOK      Level = "ok"
	LevelNotice  Level = "notice"  // outside what is expected, worth a look
	LevelWarning Level = "warning" // the team is told
	LevelStop    Level = "stop"    // nothing is assigned
)

// Verdict is what one guardrail says of the orders that came in.
type Verdict struct {
	Check   string `json:"check"`
	Value   string `json:"value"` // as people read it: "412" or "61.2 %"
	Level   Level  `json:"level"`
	Message string `json:"message"`
}

// Deliver copies what is known of delivered messages into the record, part by
// part, and drops the bodies of those that need no second try.
func (r *Run) Deliver(delivered []Owed) {
	for _, d := range delivered {
		for i := range r.Messages {
			if m := &r.Messages[i]; m.Part == d.Part {
				m.Channel, m.TS, m.Note = d.Channel, d.TS, d.Note
				if m.Delivered() {
					m.Body = nil
				}
			}
		}
	}
}
