package sqlstore_test

import (
	"crypto/tls"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger/sqlstore"
)

// secure is a door with TLS in front of the server; its certificate is for 127.0.0.1 and example.com.
func secure(t *testing.T, place string) (server sqlstore.Server, rootCert string) {
	t.Helper()
	inside, server := newLine(t, place)
	web := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(web.Close)
	rootCert = filepath.Join(t.TempDir(), "root.pem")
	if err := os.WriteFile(rootCert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: web.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	var listen net.ListenConfig
	door, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = door.Close() })
	go func() {
		for {
			guest, err := door.Accept()
			if err != nil {
				return // the test is over
			}
			go handOver(guest, inside.listener.Addr().String(), web.TLS)
		}
	}()
	server.Port, server.SSLMode = door.Addr().(*net.TCPAddr).Port, "verify-full"
	return server, rootCert
}

// handOver answers a wish for TLS with yes, and carries what is inside to another address.
func handOver(guest net.Conn, address string, config *tls.Config) {
	defer guest.Close()
	if _, err := readMessage(guest, 0); err != nil || !sent(guest, []byte("S")) {
		return
	}
	inner := tls.Server(guest, &tls.Config{Certificates: config.Certificates})
	server, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer server.Close()
	go func() { _, _ = io.Copy(server, inner); _ = server.Close() }()
	_, _ = io.Copy(inner, server)
}

// F100: without a word to the contrary the ledger speaks only to a server that proves who it is.
func TestTLS(t *testing.T) {
	t.Parallel()
	place := newSchema(t)
	server, rootCert := secure(t, place)
	_, plain := newLine(t, place)
	plain.SSLMode = "verify-full"
	refuses, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = refuses.Close() })
	go func() {
		for {
			guest, err := refuses.Accept()
			if err != nil {
				return // the test is over
			}
			if _, err := readMessage(guest, 0); err == nil {
				sent(guest, []byte("N"))
			}
			_ = guest.Close()
		}
	}()

	trusted := server
	trusted.RootCert = rootCert
	store, err := sqlstore.OpenPostgres(t.Context(), trusted)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if check := store.Check(t.Context())[0]; !check.OK || !strings.HasSuffix(check.Detail, ", TLS") {
		t.Errorf("%+v, want it to say that TLS is on", check)
	}

	otherName, noTLS := trusted, trusted
	otherName.Host = "localhost"
	noTLS.Port = refuses.Addr().(*net.TCPAddr).Port
	for name, test := range map[string]struct {
		server sqlstore.Server
		mend   string
	}{
		"nobody vouches for it": {server, "sslrootcert="},
		"another server's name": {otherName, "must be the name"},
		"it has no TLS":         {noTLS, "sslmode=disable"},
	} {
		store, err := sqlstore.OpenPostgres(t.Context(), test.server)
		if err == nil {
			_ = store.Close()
			t.Errorf("%s: it was opened", name)
			continue
		}
		if ecm.ClassOf(err) != ecm.Permanent || !strings.Contains(err.Error(), test.mend) {
			t.Errorf("%s: class %d, %v; want a permanent failure with %q", name, ecm.ClassOf(err), err, test.mend)
		}
	}
}
