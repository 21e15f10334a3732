package main

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// fewest certificates that a sound bundle has; Mozilla's list has had more than a hundred for years.
const fewest = 90

// trusted is the PEM of the certificate authorities that Mozilla trusts for web
// servers, from the Go team's module of them. A builder's own file would differ
// from machine to machine, and could hold a company's proxy.
//
// Those that Mozilla trusts within limits only (certificates issued before some
// date) are left out: a PEM file cannot say so.
func trusted() ([]byte, error) {
	var text bytes.Buffer
	n := 0
	for root := range bundle.Roots() {
		if root.Constraint != nil {
			continue
		}
		certificate, err := x509.ParseCertificate(root.Certificate)
		if err != nil {
			return nil, fmt.Errorf("a certificate of the bundle cannot be read: %w", err)
		}
		fmt.Fprintf(&text, "# %s\n", certificate.Subject)
		if err := pem.Encode(&text, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}); err != nil {
			return nil, fmt.Errorf("write the certificates: %w", err)
		}
		n++
	}
	if n < fewest {
		return nil, errors.New("the bundle of certificates is too small to be true")
	}
	return text.Bytes(), nil
}
