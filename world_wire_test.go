package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// wire lies between the program and the database, and writes down the statements that go by.
type wire struct {
	mu         sync.Mutex
	statements []string
}

// tap puts a wire in front of the world's database.
func (w *world) tap(t *testing.T) *wire {
	t.Helper()
	var listen net.ListenConfig
	door, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = door.Close() })
	server := w.db.server(t)
	network, address := pgconn.NetworkAddress(server.Host, server.Port)
	host, port, _ := net.SplitHostPort(door.Addr().String())
	w.env = set(set(w.env, "REDSHIFT_HOST", host), "REDSHIFT_PORT", port)
	tapped := &wire{}
	go func() {
		for {
			client, err := door.Accept()
			if err != nil {
				return // the test is over
			}
			go tapped.join(client, network, address)
		}
	}()
	return tapped
}

func (w *wire) join(client net.Conn, network, address string) {
	defer func() { _ = client.Close() }()
	var dialer net.Dialer
	server, err := dialer.DialContext(anytime, network, address)
	if err != nil {
		w.note("cannot reach the server: " + err.Error())
		return
	}
	defer func() { _ = server.Close() }()
	go func() { _, _ = io.Copy(client, server) }()
	w.listen(io.TeeReader(client, server))
}

// listen reads what the client says: a start-up message, then messages of a
// letter and a length. Source: PostgreSQL, "Frontend/Backend Protocol", message formats.
func (w *wire) listen(client io.Reader) {
	if _, err := readBody(client); err != nil {
		return
	}
	for {
		var kind [1]byte
		if _, err := io.ReadFull(client, kind[:]); err != nil {
			return
		}
		body, err := readBody(client)
		if err != nil {
			return
		}
		switch kind[0] {
		case 'Q':
			text, _, _ := bytes.Cut(body, []byte{0})
			w.note(string(text))
		case 'P': // a statement's name, then its text
			_, rest, _ := bytes.Cut(body, []byte{0})
			text, _, _ := bytes.Cut(rest, []byte{0})
			w.note(string(text))
		}
	}
}

func readBody(from io.Reader) ([]byte, error) {
	var length [4]byte
	if _, err := io.ReadFull(from, length[:]); err != nil {
		return nil, fmt.Errorf("read a length: %w", err)
	}
	body := make([]byte, binary.BigEndian.Uint32(length[:])-4)
	if _, err := io.ReadFull(from, body); err != nil {
		return nil, fmt.Errorf("read a message: %w", err)
	}
	return body, nil
}

func (w *wire) note(statement string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.statements = append(w.statements, statement)
}

// queries are the statements that read something; settings of the session are none.
func (w *wire) queries() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(w.statements), func(s string) bool {
		return !strings.Contains(strings.ToUpper(s), "SELECT") && !strings.HasPrefix(s, "cannot")
	})
}
