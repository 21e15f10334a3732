package sqlstore_test

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"pi-manager/internal/ledger/sqlstore"
)

// line lies between the ledger and its server, and can be cut.
type line struct {
	listener net.Listener
	network  string // of the server
	address  string

	mu       sync.Mutex
	messages int  // from the ledger, since cutAt
	cut      int  // the message at which it is cut; 0 is never
	late     bool // the server still gets that message and does as it says; its answer is lost
	lost     bool // late, and the message has gone by
}

// newLine gives a line to a place on the server, and the server as it looks from its other end.
func newLine(t *testing.T, place string) (*line, sqlstore.Server) {
	t.Helper()
	server, err := serverOf(place)
	if err != nil {
		t.Fatal(err)
	}
	var listen net.ListenConfig
	listener, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	l := &line{listener: listener}
	l.network, l.address = pgconn.NetworkAddress(server.Host, uint16(server.Port))
	go l.accept()
	here := listener.Addr().(*net.TCPAddr)
	server.Host, server.Port = here.IP.String(), here.Port
	return l, server
}

// cutAt cuts the line at the n-th message from now on.
func (l *line) cutAt(n int, late bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.messages, l.cut, l.late, l.lost = 0, n, late, false
}

func (l *line) accept() {
	for {
		ledger, err := l.listener.Accept()
		if err != nil {
			return // the test is over
		}
		server, err := net.Dial(l.network, l.address)
		if err != nil {
			_ = ledger.Close()
			continue
		}
		go l.there(ledger, server)
		go l.back(ledger, server)
	}
}

// there carries what the ledger says to the server: a start-up message, then
// messages of a letter and a length (PostgreSQL, "Frontend/Backend Protocol").
func (l *line) there(ledger, server net.Conn) {
	defer ledger.Close()
	defer server.Close()
	if start, err := readMessage(ledger, 0); err != nil || !sent(server, start) {
		return
	}
	for {
		message, err := readMessage(ledger, 1)
		if err != nil || l.cutNow() || !sent(server, message) {
			return
		}
	}
}

func (l *line) cutNow() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.messages++
	reached := l.messages == l.cut
	l.lost = l.lost || reached && l.late
	return reached && !l.late
}

// back carries the answers. Of a late cut they are read up to the word that the
// server has done its work ('Z'), and never arrive.
func (l *line) back(ledger, server net.Conn) {
	defer ledger.Close()
	defer server.Close()
	for {
		answer, err := readMessage(server, 1)
		if err != nil {
			return
		}
		l.mu.Lock()
		lost := l.lost
		l.mu.Unlock()
		switch {
		case lost && answer[0] == 'Z':
			return
		case !lost && !sent(ledger, answer):
			return
		}
	}
}

func sent(to net.Conn, message []byte) bool {
	_, err := to.Write(message)
	return err == nil
}

// readMessage reads a message with its letter, if it has one, and its length.
func readMessage(from io.Reader, letters int) ([]byte, error) {
	head := make([]byte, letters+4)
	if _, err := io.ReadFull(from, head); err != nil {
		return nil, fmt.Errorf("read a length: %w", err)
	}
	message := make([]byte, letters+int(binary.BigEndian.Uint32(head[letters:])))
	copy(message, head)
	if _, err := io.ReadFull(from, message[len(head):]); err != nil {
		return nil, fmt.Errorf("read a message: %w", err)
	}
	return message, nil
}
