package ecm

import "fmt"

// secretMask is all that a Secret ever prints.
const secretMask = "***"

// Secret is a password, token or key. Whatever prints, encodes or logs it gets
// three stars; Reveal is the one way to its text, so its uses can be searched for.
//
// The text is behind a pointer because package fmt calls no methods on an
// unexported field: there it prints an address at worst.
type Secret struct{ text *string }

// NewSecret hides a text. The empty text is a secret that is not set.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{text: &text}
}

// IsZero says whether the secret is not set.
func (s Secret) IsZero() bool { return s.text == nil }

// Reveal is the text itself. Call it where it leaves for the service it opens, nowhere else.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// Format implements fmt.Formatter for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(s.mask())) }

// String is three stars, or nothing where the secret is not set.
func (s Secret) String() string { return s.mask() }

// MarshalText is what JSON, YAML and log handlers use.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.mask()), nil }

func (s Secret) mask() string {
	if s.IsZero() {
		return ""
	}
	return secretMask
}
