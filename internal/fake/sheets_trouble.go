package fake

import (
	"net/http"
	"slices"
	"time"
)

// SheetsTrouble is something that goes wrong with a call. The zero value's
// answer is a 503 whose request had no effect, once.
type SheetsTrouble struct {
	On   func(SheetsCall) bool // which calls; nil: any
	Skip int                   // let so many of them pass first
	Last int                   // how many calls it hits; 0 means one, negative all that come

	Applied bool // the request takes effect before its answer is spoiled (F32); else it does not (F33)

	Status     int    // of the answer; 0: 503
	Message    string // in Google's error shape
	RetryAfter string // header, as it stands
	HTML       bool   // the body is a proxy's HTML page
	Cut        bool   // the connection dies before an answer
	Half       bool   // the connection dies in the middle of a 200 answer
	Hang       bool   // no answer until the client gives up
}

// OnMethod selects the calls of one method for a trouble or a hook, e.g. "spreadsheets.batchUpdate".
func OnMethod(method string) func(SheetsCall) bool {
	return func(c SheetsCall) bool { return c.Method == method }
}

// Trouble orders a fault.
func (s *Sheets) Trouble(t SheetsTrouble) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.Last == 0 {
		t.Last = 1
	}
	s.troubles = append(s.troubles, &t)
}

// Calm cancels all faults that are still to come.
func (s *Sheets) Calm() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.troubles = nil
}

func (s *Sheets) takeTrouble(call SheetsCall) *SheetsTrouble {
	for _, t := range s.troubles {
		switch {
		case t.Last == 0 || t.On != nil && !t.On(call):
			continue
		case t.Skip > 0:
			t.Skip--
			continue
		}
		t.Last = max(t.Last-1, -1)
		return t
	}
	return nil
}

// spoil sends what the trouble asks for in place of the true answer.
func (s *Sheets) spoil(w http.ResponseWriter, r *http.Request, t *SheetsTrouble, truth *sheetAnswer) {
	switch {
	case t.Hang:
		select {
		case <-r.Context().Done():
		case <-s.gone:
		}
		panic(http.ErrAbortHandler)
	case t.Cut:
		panic(http.ErrAbortHandler) // closes the connection without a byte
	case t.Half && truth != nil:
		w.Header().Set("Content-Type", "application/json; charset=UTF-8")
		_, _ = w.Write(truth.body[:len(truth.body)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	if t.RetryAfter != "" {
		w.Header().Set("Retry-After", t.RetryAfter)
	}
	code := t.Status
	if code == 0 {
		code = http.StatusServiceUnavailable
	}
	if t.HTML {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(code)
		_, _ = w.Write([]byte("<html><body><h1>The server encountered an error</h1></body></html>"))
		return
	}
	message := t.Message
	if message == "" {
		message = "The service is currently unavailable."
	}
	sheetReply(nil, sheetRefuse(code, "%s", message)).send(w)
}

// Quota sets how many reads and writes a minute are served; 0 is no limit.
// Google gives 60 of each to a user, and a service account is one user (F31).
// It is off at first, because a suite of tests makes in a second what takes a day outside.
func (s *Sheets) Quota(reads, writes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.readQuota, s.writeQuota = reads, writes
}

// Clock sets the clock that the quota and the tokens go by.
func (s *Sheets) Clock(now func() time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = now
}

// sheetWindow counts the calls of the running minute: Google refills each minute.
type sheetWindow struct {
	start         time.Time
	reads, writes int
}

func (s *Sheets) withinQuota(call SheetsCall) bool {
	if now := s.now(); now.Sub(s.window.start) >= time.Minute {
		s.window = sheetWindow{start: now}
	}
	if call.Write {
		s.window.writes++
		return s.writeQuota == 0 || s.window.writes <= s.writeQuota
	}
	s.window.reads++
	return s.readQuota == 0 || s.window.reads <= s.readQuota
}

// Unshare takes the spreadsheet away from the service account: 403 from now on (F38).
func (s *Sheets) Unshare() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unshared = true
}

// ProtectedAnswers sets the status of an edit of a protected range: 400 at first,
// since that has been seen, while 403 is what one would expect (F39).
func (s *Sheets) ProtectedAnswers(code int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.guardCode = code
}

// CellLimit lowers the ten million cells that a spreadsheet may have (F58).
func (s *Sheets) CellLimit(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.maxCells = n
}

// PasteSkipsFiltered makes copyPaste leave out the rows that a filter hides and close the
// gap, as copying by hand does in the editor. Whether the service does so is written nowhere (F46).
func (s *Sheets) PasteSkipsFiltered() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.skipsFiltered = true
}

// DuplicateKeepsProtection makes duplicateSheet copy protection along, so that the copy can no more
// be edited or deleted than the tab itself. Whether the service does so is written nowhere (F39).
func (s *Sheets) DuplicateKeepsProtection() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.duplicatesGuards = true
}

// SheetsPromise is a documented promise that a test can have the fake break, to
// prove that its own checks would notice (F35).
type SheetsPromise string

// The promises that the commit protocol leans on.
const (
	SheetsAtomicBatch      SheetsPromise = "a batch applies whole or not at all"
	SheetsUniqueMetadataID SheetsPromise = "a used metadata id is refused"
)

// Break makes the fake break a promise from now on.
func (s *Sheets) Break(p SheetsPromise) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken = append(s.broken, p)
}

func (s *Sheets) breaks(p SheetsPromise) bool { return slices.Contains(s.broken, p) }
