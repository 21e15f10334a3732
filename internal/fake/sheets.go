package fake

import (
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// sheetMaxBody is the size above which Google refuses a request (F34).
const sheetMaxBody = 10 << 20

// Sheets is a Google Sheets server with one spreadsheet in it.
type Sheets struct {
	URL   string // the base address, ending in "/": option.WithEndpoint takes it
	ID    string // of the spreadsheet
	Email string // of the service account that Key belongs to

	api    *sheetAPI
	server *httptest.Server
	key    *rsa.PrivateKey
	gone   chan struct{} // closed at the end of the test: lets hanging answers go

	mu            sync.Mutex
	book          *sheetBook
	calls         []SheetsCall
	offences      []string
	tokens        []string
	troubles      []*SheetsTrouble
	before, after func(SheetsCall)
	now           func() time.Time
	readQuota     int
	writeQuota    int
	window        sheetWindow
	unshared      bool
	guardCode     int
	broken        []SheetsPromise
	maxCells      int
	skipsFiltered bool

	duplicatesGuards bool
}

// SheetsCall is one request that reached the server.
type SheetsCall struct {
	N        int    // counts from 1
	Method   string // Google's name for it, e.g. "spreadsheets.batchUpdate"; "token" for the OAuth endpoint
	Write    bool
	Query    url.Values
	Body     string
	Requests []string // of a batchUpdate: the kind of each sub-request
}

// NewSheets starts a server that ends with the test. Its spreadsheet holds one
// empty tab, "Sheet1", as a new spreadsheet does.
func NewSheets(t testing.TB) *Sheets {
	t.Helper()
	api, err := sheetDescription()
	if err != nil {
		t.Fatal(err)
	}
	key, err := sheetKey()
	if err != nil {
		t.Fatal(err)
	}
	s := &Sheets{
		ID:        "1FaKeSpReAdShEeT-0_id",
		Email:     "pi-manager@test-project.iam.gserviceaccount.com",
		api:       api,
		key:       key,
		gone:      make(chan struct{}),
		now:       time.Now,
		guardCode: http.StatusBadRequest,
		maxCells:  sheetMaxCells,
	}
	s.book = &sheetBook{title: "ECM", locale: "en_US", zone: "Etc/GMT"}
	s.book.tabs = []*sheetTab{{title: "Sheet1", height: sheetNewRows, width: sheetNewColumns}}
	s.server = httptest.NewServer(http.HandlerFunc(s.serve))
	s.URL = s.server.URL + "/"
	t.Cleanup(func() {
		close(s.gone)
		s.server.CloseClientConnections()
		s.server.Close()
	})
	return s
}

// OnBefore sets what runs before each call takes effect. The request has arrived whole and is
// understood by then, so this is both the time between two calls and the gap inside of one, between
// what the caller meant and what it will hit (F45). It may use every method of s.
func (s *Sheets) OnBefore(hook func(SheetsCall)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before = hook
}

// OnAfter sets what runs after each call took effect, before its answer leaves. The answer is
// made already, and does not show what the hook does.
func (s *Sheets) OnAfter(hook func(SheetsCall)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.after = hook
}

// Calls lists every request so far, tokens included.
func (s *Sheets) Calls() []SheetsCall {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// Reads counts the calls that Google's read quota counts.
func (s *Sheets) Reads() int {
	return s.count(func(c SheetsCall) bool { return !c.Write && c.Method != "token" })
}

// Writes counts the calls that Google's write quota counts.
func (s *Sheets) Writes() int { return s.count(func(c SheetsCall) bool { return c.Write }) }

func (s *Sheets) count(want func(SheetsCall) bool) int {
	n := 0
	for _, c := range s.Calls() {
		if want(c) {
			n++
		}
	}
	return n
}

// Forget empties the list of calls, so that a test can count from here.
func (s *Sheets) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = nil
}

// Offences lists what no client of ours may ever do: send what Google's
// description does not know, append with values.append, write a formula, ask
// for USER_ENTERED typing, invite net/http to replay a write. A test asserts that it is empty.
func (s *Sheets) Offences() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.offences)
}

func (s *Sheets) offend(format string, args ...any) {
	s.offences = append(s.offences, fmt.Sprintf(format, args...))
}

// sheetRefusal is an answer in Google's error shape.
type sheetRefusal struct {
	code    int
	message string
}

func (r *sheetRefusal) Error() string { return r.message }

func sheetRefuse(code int, format string, args ...any) error {
	return &sheetRefusal{code: code, message: fmt.Sprintf(format, args...)}
}

// serve is the life of one request: understand, let people at the sheet, apply, answer.
func (s *Sheets) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, sheetMaxBody+1))
	if err != nil {
		return // the client went away in the middle of its request: nothing happened
	}
	if r.URL.Path == sheetTokenPath {
		s.serveToken(w, r, body)
		return
	}
	call, act, refused := s.understand(r, body)
	hook, trouble := s.admit(&call)
	if hook != nil {
		hook(call)
	}
	if trouble != nil && !trouble.Applied {
		s.spoil(w, r, trouble, nil)
		return
	}
	answer, err := s.act(r, call, act, refused)
	s.mu.Lock()
	hook = s.after
	s.mu.Unlock()
	if hook != nil {
		hook(call)
	}
	reply := sheetReply(answer, err)
	if trouble != nil {
		s.spoil(w, r, trouble, reply)
		return
	}
	reply.send(w)
}

// admit writes the call down and takes the trouble that was ordered for it.
func (s *Sheets) admit(call *SheetsCall) (func(SheetsCall), *SheetsTrouble) {
	s.mu.Lock()
	defer s.mu.Unlock()
	call.N = len(s.calls) + 1
	s.calls = append(s.calls, *call)
	return s.before, s.takeTrouble(*call)
}

// sheetAct changes or reads the book; it runs under the lock.
type sheetAct func() (any, error)

// understand finds the method of a request and checks it against the description, before any effect.
func (s *Sheets) understand(r *http.Request, body []byte) (SheetsCall, sheetAct, error) {
	call := SheetsCall{Method: "unknown", Query: r.URL.Query(), Body: string(body)}
	method, params, err := s.api.find(r.Method, r.URL.EscapedPath())
	if err != nil {
		return call, nil, sheetRefuse(http.StatusNotFound, "%v", err)
	}
	call.Method = strings.TrimPrefix(method.ID, "sheets.")
	call.Write = r.Method != http.MethodGet && call.Method != "spreadsheets.developerMetadata.search"
	if len(body) > sheetMaxBody {
		return call, nil, sheetRefuse(http.StatusBadRequest, "Request payload size exceeds the limit: %d bytes.", sheetMaxBody)
	}
	if r.Header.Get("Idempotency-Key") != "" || r.Header.Get("X-Idempotency-Key") != "" {
		return call, nil, sheetRefuse(http.StatusBadRequest, "an Idempotency-Key makes net/http replay writes by itself (F36)")
	}
	if err := s.api.checkQuery(method, call.Query); err != nil {
		return call, nil, sheetRefuse(http.StatusBadRequest, "%v", err)
	}
	if _, err := s.api.decode(method, body); err != nil {
		return call, nil, sheetRefuse(http.StatusBadRequest, "%v", err)
	}
	call.Requests = sheetKinds(body)
	act, err := s.handler(call, params)
	if mask, _ := s.api.mask(method, call.Query); mask != nil && err == nil {
		act = mask.on(act)
	}
	return call, act, err
}

// on cuts what an act answers down to the mask.
func (m sheetMask) on(act sheetAct) sheetAct {
	return func() (any, error) {
		answer, err := act()
		return m.keep(answer), err
	}
}

// handler picks what a method does. A method that pi-manager has no use for is an offence.
func (s *Sheets) handler(call SheetsCall, params map[string]string) (sheetAct, error) {
	acts := map[string]sheetAct{
		"spreadsheets.get":                      func() (any, error) { return s.get(call.Query) },
		"spreadsheets.batchUpdate":              func() (any, error) { return s.batchUpdate([]byte(call.Body), call.Query.Has("fields")) },
		"spreadsheets.values.get":               func() (any, error) { return s.valuesGet(params["range"], call.Query) },
		"spreadsheets.values.batchGet":          func() (any, error) { return s.valuesBatchGet(call.Query) },
		"spreadsheets.values.update":            func() (any, error) { return s.valuesUpdate(params["range"], call.Query, []byte(call.Body)) },
		"spreadsheets.values.batchUpdate":       func() (any, error) { return s.valuesBatchUpdate([]byte(call.Body)) },
		"spreadsheets.values.append":            func() (any, error) { return s.valuesAppend(params["range"], call.Query, []byte(call.Body)) },
		"spreadsheets.developerMetadata.get":    func() (any, error) { return s.metadataGet(params["metadataId"]) },
		"spreadsheets.developerMetadata.search": func() (any, error) { return s.metadataSearch([]byte(call.Body)) },
	}
	act, ok := acts[call.Method]
	if !ok {
		return nil, sheetRefuse(http.StatusNotImplemented, "the fake does not speak %s", call.Method)
	}
	if id := params["spreadsheetId"]; id != s.ID {
		act = func() (any, error) { return nil, sheetRefuse(http.StatusNotFound, "Requested entity was not found.") } // F38
	}
	return act, nil
}

// act runs a call in Google's order: who are you, how often, is it valid, may you.
func (s *Sheets) act(r *http.Request, call SheetsCall, act sheetAct, refused error) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !s.knows(r.Header.Get("Authorization")):
		return nil, sheetRefuse(http.StatusUnauthorized, "Request had invalid authentication credentials.")
	case !s.withinQuota(call):
		return nil, sheetRefuse(http.StatusTooManyRequests, "Quota exceeded for quota metric '%s requests' of service 'sheets.googleapis.com'.", call.kind())
	case refused != nil:
		s.offend("%s: %v", call.Method, refused)
		return nil, refused
	case s.unshared:
		return nil, sheetRefuse(http.StatusForbidden, "The caller does not have permission")
	}
	return act()
}

func (c SheetsCall) kind() string {
	if c.Write {
		return "Write"
	}
	return "Read"
}

// sheetKinds lists the sub-requests of a batchUpdate by name.
func sheetKinds(body []byte) []string {
	var batch struct {
		Requests []map[string]json.RawMessage `json:"requests"`
	}
	_ = json.Unmarshal(body, &batch) // already checked against the description
	var kinds []string
	for _, r := range batch.Requests {
		for kind := range r {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// sheetAnswer is a response ready to be sent.
type sheetAnswer struct {
	code int
	body []byte
}

func sheetReply(answer any, err error) *sheetAnswer {
	code := http.StatusOK
	if refusal, ok := errors.AsType[*sheetRefusal](err); ok {
		code = refusal.code
		answer = map[string]any{"error": map[string]any{
			"code": code, "message": refusal.message, "status": sheetStatus(code),
		}}
	}
	body, err := json.Marshal(answer)
	if err != nil {
		panic(fmt.Sprintf("fake sheets: encode an answer: %v", err))
	}
	return &sheetAnswer{code: code, body: body}
}

func (a *sheetAnswer) send(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(a.code)
	_, _ = w.Write(a.body) // a client that left is no concern of the server's
}

// sheetStatus is Google's word for an HTTP status.
func sheetStatus(code int) string {
	words := map[int]string{
		400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND",
		429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 501: "UNIMPLEMENTED", 503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED",
	}
	return words[code]
}
