package ecm_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"pi-manager/internal/ecm"
)

const canary = "canary-7f3a"

// client stands for what holds a secret in a program: fields of both kinds.
type client struct {
	Token  ecm.Secret
	hidden ecm.Secret
}

// No verb, flag or place shows a secret (I9: no canary in any sink).
func TestSecretIsNeverPrinted(t *testing.T) {
	t.Parallel()
	secret := ecm.NewSecret(canary)
	values := map[string]any{
		"bare": secret, "pointer": &secret, "slice": []ecm.Secret{secret}, "map": map[string]ecm.Secret{"k": secret},
		"exported field": struct{ Token ecm.Secret }{secret}, "unexported field": client{hidden: secret}, "behind a pointer": &client{hidden: secret},
		"error": fmt.Errorf("sign in with %v: %w", secret, errors.New("refused")),
	}
	for place, value := range values {
		if shown := firstLeak(value); shown != "" {
			t.Errorf("%s: %s", place, shown)
		}
	}
}

// firstLeak prints a value in every way there is, and gives the first that shows
// three letters of the canary, as they are or in hexadecimal.
func firstLeak(value any) string {
	for _, verb := range "vTtbcdoOqxXUeEfFgGspwz" {
		for _, flags := range []string{"", "+", "#", "-40", ".3", "040", "[1]"} {
			format := "%" + flags + string(verb) // built here, so that vet lets the senseless ones pass
			got := fmt.Sprintf(format, value)
			if lower := strings.ToLower(got); strings.Contains(lower, canary[:3]) || strings.Contains(lower, fmt.Sprintf("%x", canary[:3])) {
				return format + ": " + got
			}
		}
	}
	return ""
}

func TestSecretIsNeverEncoded(t *testing.T) {
	t.Parallel()
	secret := ecm.NewSecret(canary)
	values := map[string]any{
		"bare": secret, "field": client{Token: secret, hidden: secret}, "map value": map[string]ecm.Secret{"k": secret}, "map key": map[ecm.Secret]int{secret: 1},
	}
	for place, value := range values {
		body, err := json.Marshal(value)
		if err != nil || strings.Contains(string(body), canary) {
			t.Errorf("JSON, %s: %s, %v", place, body, err)
		}
		text, err := yaml.Marshal(value)
		if err != nil || strings.Contains(string(text), canary) {
			t.Errorf("YAML, %s: %s, %v", place, text, err)
		}
	}
}

func TestSecretIsNeverLogged(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	secret := ecm.NewSecret(canary)
	for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		log := slog.New(handler).With("token", secret)
		log.Info("signed in", "again", secret, slog.Group("g", "token", secret), "in", client{Token: secret}, "list", []ecm.Secret{secret})
	}
	if strings.Contains(out.String(), canary) || strings.Count(out.String(), "***") < 10 {
		t.Errorf("got %s", out.String())
	}
}

func TestSecretShowsWhetherItIsSet(t *testing.T) {
	t.Parallel()
	if got := fmt.Sprintf("%v|%s|%q", ecm.NewSecret(""), ecm.NewSecret(canary), ecm.NewSecret("x")); got != "|***|***" {
		t.Errorf("got %s", got)
	}
	if got := ecm.NewSecret(canary).Reveal(); got != canary {
		t.Errorf("revealed as %s", got)
	}
	if unset := ecm.NewSecret(""); !unset.IsZero() || unset.Reveal() != "" || ecm.NewSecret("x").IsZero() {
		t.Error("a secret without a text is not set")
	}
}
