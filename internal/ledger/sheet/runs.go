package sheet

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"google.golang.org/api/sheets/v4"

	"pi-manager/internal/ecm"
)

// A row of the Runs tab. Run ID to Guardrails are for people. Record is the run
// as JSON, cut over as many cells as it needs, and never changes. What changes is text that can be found again by
// its content alone, wherever the row stands by then:
//
//	Finished   owes messages (3f0c...)         -> 2026-02-17 12:01:00
//	Messages   briefing: owed:9a1b...          -> briefing: C0123 1700000000.000100
//	Outbox     outbox 3f0c... 1/2 {"briefing":  -> blank
//
// The hexadecimal words are hashes of the run's id, or of it and the part.

const (
	outboxChunk = 40_000 // bytes; well below the 50,000 characters of a cell (F58)
	keptRuns    = 50     // in a snapshot, besides all that owe messages
)

// runMark is the word that a run's changing cells carry.
func runMark(runID string) string { return mark(runID) }

// partMark is the word that an owed message of a run carries.
func partMark(runID, part string) string { return mark(runID + "\x00" + part) }

func mark(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}

// runCells is the row of a run, by header.
func runCells(run ecm.Run) (map[string]*sheets.CellData, error) {
	record, err := json.Marshal(recordOf(run))
	if err != nil {
		return nil, fmt.Errorf("encode the record of %s: %w", run.ID, err)
	}
	cells := map[string]*sheets.CellData{
		runIDHeader:      textCell(run.ID),
		workflowHeader:   textCell(string(run.Workflow)),
		slotHeader:       textCell(string(run.Slot)),
		startedHeader:    textCell(ecm.FormatTime(run.Started)),
		finishedHeader:   textCell(finishedText(run)),
		resultHeader:     textCell(string(run.Result)),
		countsHeader:     textCell(countsText(run.Counts)),
		guardrailsHeader: textCell(guardrailsText(run.Guardrails)),
		messagesHeader:   textCell(messagesText(run)),
	}
	for i, piece := range pieces(string(record)) {
		cells[more(recordHeader, i)] = textCell(piece)
	}
	chunks, err := outbox(run)
	if err != nil {
		return nil, err
	}
	for i, chunk := range chunks {
		cells[more(outboxHeader, i)] = textCell(chunk)
	}
	return cells, nil
}

// record is the Record cell: what of a run never changes. The bodies of its
// messages, where they were posted, and when it finished stand in other cells.
type record struct {
	ID         string               `json:"id"`
	Workflow   ecm.Workflow         `json:"workflow"`
	Slot       ecm.Slot             `json:"slot"`
	Started    time.Time            `json:"started"`
	Until      time.Time            `json:"until"`
	Result     ecm.Result           `json:"result"`
	Counts     map[string]int       `json:"counts,omitempty"`
	Guardrails []ecm.Verdict        `json:"guardrails,omitempty"`
	Seen       map[string]time.Time `json:"seen,omitempty"`
	LastAgent  string               `json:"last_agent,omitempty"`
	Hash       string               `json:"hash"`
	Messages   []ecm.Owed           `json:"messages,omitempty"` // part, kind and hash alone
	Marks      []string             `json:"marks,omitempty"`
	Changed    []ecm.Changed        `json:"changed,omitempty"`
	AsOf       time.Time            `json:"as_of,omitzero"`
	Healed     []string             `json:"healed,omitempty"`
}

func recordOf(run ecm.Run) record {
	messages := make([]ecm.Owed, len(run.Messages))
	for i, m := range run.Messages {
		messages[i] = ecm.Owed{Part: m.Part, Kind: m.Kind, Hash: m.Hash}
	}
	return record{
		ID: run.ID, Workflow: run.Workflow, Slot: run.Slot, Started: run.Started, Until: run.Until, Result: run.Result, Counts: run.Counts,
		Guardrails: run.Guardrails, Seen: run.Seen, LastAgent: run.LastAgent, Hash: run.Hash, Messages: messages,
		Marks: run.Marks, Changed: run.Changed, AsOf: run.AsOf, Healed: run.Healed,
	}
}

func (r record) run() ecm.Run {
	return ecm.Run{
		ID: r.ID, Workflow: r.Workflow, Slot: r.Slot, Started: r.Started, Until: r.Until, Result: r.Result, Counts: r.Counts,
		Guardrails: r.Guardrails, Seen: r.Seen, LastAgent: r.LastAgent, Hash: r.Hash, Messages: r.Messages,
		Marks: r.Marks, Changed: r.Changed, AsOf: r.AsOf, Healed: r.Healed,
	}
}

func finishedText(run ecm.Run) string {
	if run.Finished.IsZero() {
		return unfinished(run.ID)
	}
	return ecm.FormatTime(run.Finished)
}

func unfinished(runID string) string { return "owes messages (" + runMark(runID) + ")" }

func countsText(counts map[string]int) string {
	var parts []string
	for name, n := range counts {
		parts = append(parts, fmt.Sprintf("%s %d", name, n))
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

func guardrailsText(verdicts []ecm.Verdict) string {
	var lines []string
	for _, g := range verdicts {
		lines = append(lines, fmt.Sprintf("%s: %s (%s)", g.Check, g.Value, g.Level))
	}
	return strings.Join(lines, "\n")
}

// messagesText has one line a message: its part, then where it was posted or that it is owed.
func messagesText(run ecm.Run) string {
	var lines []string
	for _, m := range run.Messages {
		lines = append(lines, m.Part+": "+stateText(run.ID, m))
	}
	return strings.Join(lines, "\n")
}

const owedPrefix = "owed:"

// stateText is the last part of a message's line. Escaped as in an address, no
// word of it holds a blank, a quote or anything that a pattern or its replacement would take as a sign.
func stateText(runID string, m ecm.Owed) string {
	words := []string{owedPrefix + partMark(runID, m.Part)}
	if m.Delivered() {
		words = []string{"-", url.QueryEscape(m.TS)}
		if m.Channel != "" {
			words[0] = url.QueryEscape(m.Channel)
		}
	}
	if m.Note != "" {
		words = append(words, url.QueryEscape(m.Note))
	}
	return strings.Join(words, " ")
}

// readState is the opposite of stateText.
func readState(m *ecm.Owed, state string) {
	words := strings.Split(state, " ")
	for i, w := range words {
		if plain, err := url.QueryUnescape(w); err == nil {
			words[i] = plain
		}
	}
	note := 2
	if strings.HasPrefix(state, owedPrefix) {
		note = 1
	} else if len(words) >= 2 {
		m.Channel, m.TS = strings.TrimPrefix(words[0], "-"), words[1]
	}
	if len(words) > note {
		m.Note = words[note]
	}
}

// outbox is the text of the owed messages as JSON, cut to what a cell holds.
func outbox(run ecm.Run) ([]string, error) {
	bodies := map[string]string{}
	for _, m := range run.Messages {
		if !m.Delivered() && len(m.Body) > 0 {
			bodies[m.Part] = string(m.Body) // a string: its bytes come back as they were
		}
	}
	if len(bodies) == 0 {
		return nil, nil
	}
	text, err := json.Marshal(bodies)
	if err != nil {
		return nil, fmt.Errorf("encode the messages of %s: %w", run.ID, err)
	}
	chunks := pieces(string(text))
	for i, chunk := range chunks {
		chunks[i] = fmt.Sprintf("%s%d/%d %s", outboxMark(run.ID), i+1, len(chunks), chunk)
	}
	return chunks, nil
}

// outboxMark is what the outbox cells of a run begin with.
func outboxMark(runID string) string { return "outbox " + runMark(runID) + " " }

// more is the header of the n-th column, from 0, of what may need several.
func more(header string, n int) string {
	if n == 0 {
		return header
	}
	return fmt.Sprintf("%s %d", header, n+1)
}

// isMore says whether a header is one of the further ones of another.
func isMore(key, header string) bool {
	number, ok := strings.CutPrefix(key, headerKey(header))
	n, err := strconv.Atoi(number)
	return ok && err == nil && n > 1
}

// pieces cuts text to what cells hold.
func pieces(text string) []string {
	var list []string
	for text != "" {
		cut := min(outboxChunk, len(text))
		for cut < len(text) && !utf8.RuneStart(text[cut]) {
			cut--
		}
		list, text = append(list, text[:cut]), text[cut:]
	}
	return list
}
