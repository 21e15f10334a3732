package ecm

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
)

// Change is what a run does to a row that stands in the ledger already. It is
// done only where the row still is as it was read: whatever a person wrote since
// then wins, and the row is left alone.
type Change struct {
	Was  Assignment // the row as it was read
	Is   Assignment // as it shall be: Status, Word, ResolvedAt and Notes may differ from Was
	Move Move       // where the row goes; Is says nothing then
}

// Move says whether a row stays in its table.
type Move uint8

// The moves of a row.
const (
	Stay      Move = iota
	ToArchive      // to the archive, whole
	Away           // taken out, where nothing of a person's own stands in it
)

// SelfHealed is the note of a row that was closed because its order completed
// without an agent. It stands behind what people wrote.
const SelfHealed = "self-healed"

// noteSeparator stands between people's words and ours.
const noteSeparator = "; "

// WithNote puts a note behind what Notes says.
func (a Assignment) WithNote(note string) Assignment {
	if a.Notes != "" {
		note = a.Notes + noteSeparator + note
	}
	a.Notes = note
	return a
}

// WithoutNote takes back what WithNote has put there. It says whether the note was there.
func (a Assignment) WithoutNote(note string) (Assignment, bool) {
	if a.Notes == note {
		a.Notes = ""
		return a, true
	}
	before, found := strings.CutSuffix(a.Notes, noteSeparator+note)
	if found {
		a.Notes = before
	}
	return a, found
}

// Healed says whether the row was closed because its order completed without an
// agent. People may have written behind our note.
func (a Assignment) Healed() bool {
	return a.Status == Resolved && slices.ContainsFunc(strings.Split(a.Notes, ";"), func(note string) bool { return strings.TrimSpace(note) == SelfHealed })
}

// Mark is a short fingerprint of all that the row says; where it stands does not
// count. It is the same for a row as it was written and as it is read back.
func (a Assignment) Mark() string {
	const size = 6 // bytes: no two of a million rows share a mark by chance, and 2,000 of them fit into a cell
	sum := sha256.Sum256([]byte(strings.Join([]string{
		a.OrderID, a.Agent, FormatTime(a.AssignedAt), string(a.Status), a.Word, a.Priority.String(), a.Send.Currency, a.Send.Amount.String(),
		HoursText(a.Stuck), a.Diagnosis, a.Notes, FormatTime(a.ResolvedAt), a.RunID,
	}, "\x00")))
	return hex.EncodeToString(sum[:size])
}

// Changed is what a run did to rows that stood in the ledger, for an undo: rows
// that had the same word in their status cell and got the same note.
type Changed struct {
	Word  string   `json:"word,omitempty"`  // what stood in the status cell before; empty where that was left alone
	Note  string   `json:"note,omitempty"`  // what was put behind the notes
	Timed bool     `json:"timed,omitempty"` // Resolved At was blank and was filled
	Marks []string `json:"marks"`           // of the rows as they were afterwards
}
