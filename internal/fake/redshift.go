package fake

import (
	"net"
	"slices"
	"strconv"
	"sync"
	"testing"
)

// What a client of Redshift has to know to get in.
const (
	RedshiftUser     = "pi_manager"
	RedshiftPassword = "correct horse battery staple"
	RedshiftDatabase = "prod"
)

// RedshiftNull is a value that is null.
const RedshiftNull = "\x00null"

// Redshift is a server that speaks the PostgreSQL protocol the way Amazon Redshift does where it differs: it calls itself
// 8.0.2 and its encoding UNICODE, says nothing of standard_conforming_strings, hangs up on start-up parameters that it does
// not know, and has no setting that PostgreSQL gained after 8.0 (F73). It gives one prepared answer to every query, or
// the rows of it that the query asks for, and fails the test where a client leaves a named statement behind or asks for
// binary values, both of which go wrong on a real one only later.
//
// Upset orders a fault, at every point where a real one breaks: F67 to F71.
type Redshift struct {
	Host     string // 127.0.0.1, or localhost where it speaks TLS
	Port     int
	RootCert string // file with the certificate of the server's issuer; empty without TLS

	tb        testing.TB
	listener  net.Listener
	security  *wireSecurity // nil: no TLS
	accepting sync.WaitGroup
	sessions  sync.WaitGroup
	mu        sync.Mutex
	columns   []string
	rows      [][]string
	byKey     bool // only rows that the query asks for
	trouble   RedshiftTrouble
	seen      RedshiftSeen
	lines     map[uint32]net.Conn
	cancelled map[uint32]chan struct{}
}

// RedshiftTLS says how the server identifies itself. The zero value is a good certificate for localhost.
type RedshiftTLS struct {
	OtherHost  bool // F100: the certificate is somebody else's
	Expired    bool // F100
	SelfSigned bool // F100: not issued by whom RootCert names
}

// RedshiftTrouble is what goes wrong. The zero value is a good day.
type RedshiftTrouble struct {
	RefuseCode string // SQLSTATE that meets everybody who logs in
	Code       string // SQLSTATE of an error in place of row AtRow + 1
	Message    string // what the error says
	AtQuery    int    // it happens to this query of a connection, counted from 1; 0: to each
	AtRow      int    // rows that arrive before Code, Cut or Hang
	Cut        bool   // F69: the connection is gone after AtRow rows
	CutBytes   int    // F70: the connection is gone after so many bytes of the answer
	Hang       bool   // F68: nothing more comes after AtRow rows until the query is cancelled
	Deaf       bool   // with Hang: a cancel request is ignored, too
}

// RedshiftSeen is what clients did.
type RedshiftSeen struct {
	Connections int
	Statements  []string   // every SQL text, in order
	Arguments   [][]string // of each execution
	Executions  int
	Cancels     int // cancel requests
	Goodbyes    int // connections ended by the client in good order
}

// NewRedshift starts a server without TLS. It ends with the test.
func NewRedshift(tb testing.TB) *Redshift {
	tb.Helper()
	return startRedshift(tb, "127.0.0.1", nil)
}

// NewRedshiftTLS starts a server that speaks TLS only.
func NewRedshiftTLS(tb testing.TB, identity RedshiftTLS) *Redshift {
	tb.Helper()
	security := newWireSecurity(tb, identity)
	server := startRedshift(tb, "localhost", security)
	server.RootCert = security.rootFile
	return server
}

func startRedshift(tb testing.TB, host string, security *wireSecurity) *Redshift {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatalf("start the Redshift fake: %v", err)
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	number, _ := strconv.Atoi(port)
	r := &Redshift{
		Host: host, Port: number, tb: tb, listener: listener, security: security,
		lines: map[uint32]net.Conn{}, cancelled: map[uint32]chan struct{}{},
	}
	r.accepting.Go(r.accept)
	tb.Cleanup(r.stop)
	return r
}

// Answer sets the columns and rows that every query gets from now on. RedshiftNull is null.
func (r *Redshift) Answer(columns []string, rows [][]string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.columns, r.rows, r.byKey = columns, rows, false
}

// AnswerAsked sets rows of which a query gets those whose first value is one of its arguments or null.
func (r *Redshift) AnswerAsked(columns []string, rows [][]string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.columns, r.rows, r.byKey = columns, rows, true
}

// answer is what a query with these arguments gets.
func (r *Redshift) answer(arguments []string) [][]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.byKey {
		return r.rows
	}
	var rows [][]string
	for _, row := range r.rows {
		if row[0] == RedshiftNull || slices.Contains(arguments, row[0]) {
			rows = append(rows, row)
		}
	}
	return rows
}

// troubleFor is what goes wrong with the nth query of a connection.
func (r *Redshift) troubleFor(nth int) RedshiftTrouble {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.trouble.AtQuery != 0 && r.trouble.AtQuery != nth {
		return RedshiftTrouble{}
	}
	return r.trouble
}

// Upset orders what goes wrong from now on.
func (r *Redshift) Upset(trouble RedshiftTrouble) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.trouble = trouble
}

// Seen is what clients did so far.
func (r *Redshift) Seen() RedshiftSeen {
	r.mu.Lock()
	defer r.mu.Unlock()
	seen := r.seen
	seen.Statements, seen.Arguments = slices.Clone(seen.Statements), slices.Clone(seen.Arguments)
	return seen
}

// Settled is what clients did once all connections so far have ended.
func (r *Redshift) Settled() RedshiftSeen {
	r.sessions.Wait()
	return r.Seen()
}

// note changes what was seen.
func (r *Redshift) note(change func(*RedshiftSeen)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.seen)
}

func (r *Redshift) accept() {
	for id := uint32(1); ; id++ {
		line, err := r.listener.Accept()
		if err != nil {
			return // the test is over
		}
		r.mu.Lock()
		r.seen.Connections++
		r.lines[id], r.cancelled[id] = line, make(chan struct{})
		r.mu.Unlock()
		r.sessions.Go(func() {
			defer line.Close()
			(&wireSession{server: r, id: id, line: line}).run()
		})
	}
}

// cancel passes a cancel request on. The secret is the process id, as nobody else is around to guess it.
func (r *Redshift) cancel(id uint32) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen.Cancels++
	if signal := r.cancelled[id]; signal != nil && !r.trouble.Deaf {
		close(signal)
		r.cancelled[id] = nil
	}
}

func (r *Redshift) stop() {
	_ = r.listener.Close()
	r.mu.Lock()
	for _, line := range r.lines {
		_ = line.Close()
	}
	for id, signal := range r.cancelled {
		if signal != nil {
			close(signal)
			r.cancelled[id] = nil
		}
	}
	r.mu.Unlock()
	r.accepting.Wait()
	r.sessions.Wait()
}
