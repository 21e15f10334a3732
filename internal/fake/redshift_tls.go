package fake

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// wireSecurity is a server's certificate, and the file that names its issuer.
type wireSecurity struct {
	config   *tls.Config
	rootFile string
}

func newWireSecurity(tb testing.TB, identity RedshiftTLS) *wireSecurity {
	tb.Helper()
	issuer, issuerKey := wireCertificate(tb, wireTemplate("Fake Root"), nil, nil)
	template := wireTemplate("localhost")
	template.DNSNames = []string{"localhost"}
	if identity.OtherHost {
		template.DNSNames = []string{"somebody-else.example"}
	}
	if identity.Expired {
		template.NotBefore, template.NotAfter = time.Now().AddDate(-2, 0, 0), time.Now().AddDate(-1, 0, 0)
	}
	parent, parentKey := issuer, issuerKey
	if identity.SelfSigned {
		parent, parentKey = nil, nil
	}
	certificate, key := wireCertificate(tb, template, parent, parentKey)
	return &wireSecurity{
		config:   &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{certificate.Raw}, PrivateKey: key}}},
		rootFile: wireRootFile(tb, issuer),
	}
}

func wireTemplate(name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
}

// wireCertificate is signed by the parent, or by itself without one.
func wireCertificate(tb testing.TB, template, parent *x509.Certificate, parentKey *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatalf("make a key: %v", err)
	}
	if parent == nil {
		parent, parentKey = template, key
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, parentKey)
	if err != nil {
		tb.Fatalf("make a certificate: %v", err)
	}
	certificate, err := x509.ParseCertificate(raw)
	if err != nil {
		tb.Fatalf("read the certificate back: %v", err)
	}
	return certificate, key
}

func wireRootFile(tb testing.TB, root *x509.Certificate) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "root.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Raw}), 0o600); err != nil {
		tb.Fatalf("write the root certificate: %v", err)
	}
	return path
}
