package fake

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	sheetTokenPath = "/token"
	sheetGrant     = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	sheetScope     = "https://www.googleapis.com/auth/spreadsheets"
)

// sheetKey is the service account's key, made once for all servers of a test binary because making one is slow.
var sheetKey = sync.OnceValues(func() (*rsa.PrivateKey, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, fmt.Errorf("make a key for the service account: %w", err)
	}
	return key, nil
})

// Key is a service-account key file whose token address is this server's, as
// GOOGLE_SERVICE_ACCOUNT_JSON holds one.
func (s *Sheets) Key() string {
	der, err := x509.MarshalPKCS8PrivateKey(s.key)
	if err != nil {
		panic(fmt.Sprintf("fake sheets: encode the key: %v", err))
	}
	file, err := json.Marshal(map[string]string{
		"type":           "service_account",
		"project_id":     "test-project",
		"private_key_id": "k1",
		"private_key":    string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		"client_email":   s.Email,
		"client_id":      "100000000000000000001",
		"token_uri":      strings.TrimSuffix(s.URL, "/") + sheetTokenPath,
	})
	if err != nil {
		panic(fmt.Sprintf("fake sheets: encode the key file: %v", err))
	}
	return string(file)
}

// Client is an HTTP client that already holds a token, for tests that are not about signing in.
func (s *Sheets) Client() *http.Client {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &http.Client{Transport: sheetBearer{token: s.issue(), base: s.server.Client().Transport}}
}

type sheetBearer struct {
	token string
	base  http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (b sheetBearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+b.token)
	return b.base.RoundTrip(r)
}

func (s *Sheets) issue() string {
	token := fmt.Sprintf("ya29.fake-%d-%s", len(s.tokens)+1, rand.Text())
	s.tokens = append(s.tokens, token)
	return token
}

func (s *Sheets) knows(header string) bool {
	token, ok := strings.CutPrefix(header, "Bearer ")
	return ok && slices.Contains(s.tokens, token)
}

// RevokeTokens makes every token that was given out invalid, as when the key is deleted (F37).
func (s *Sheets) RevokeTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens = nil
}

// serveToken is the OAuth endpoint: a signed assertion in, an access token out.
// A trouble can be ordered for its method "token" (F37).
func (s *Sheets) serveToken(w http.ResponseWriter, r *http.Request, body []byte) {
	call := SheetsCall{Method: "token"}
	hook, trouble := s.admit(&call)
	if hook != nil {
		hook(call)
	}
	if trouble != nil {
		s.spoil(w, r, trouble, nil)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	if err := s.checkAssertion(body); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(map[string]string{"error": "invalid_grant", "error_description": err.Error()})
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"access_token": s.issue(), "token_type": "Bearer", "expires_in": 3599})
}

func (s *Sheets) checkAssertion(body []byte) error {
	form, err := url.ParseQuery(string(body))
	if err != nil || form.Get("grant_type") != sheetGrant {
		return fmt.Errorf("Unsupported grant type")
	}
	parts := strings.Split(form.Get("assertion"), ".")
	if len(parts) != 3 {
		return fmt.Errorf("Invalid JWT: not three parts")
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return fmt.Errorf("Invalid JWT: %w", err)
	}
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err := rsa.VerifyPKCS1v15(&s.key.PublicKey, crypto.SHA256, digest[:], signature); err != nil {
		return fmt.Errorf("Invalid JWT Signature")
	}
	return s.checkClaims(parts[1])
}

func (s *Sheets) checkClaims(part string) error {
	raw, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return fmt.Errorf("Invalid JWT: %w", err)
	}
	var claims struct {
		Iss   string `json:"iss"`
		Scope string `json:"scope"`
		Iat   int64  `json:"iat"`
		Exp   int64  `json:"exp"`
	}
	if err := json.Unmarshal(raw, &claims); err != nil {
		return fmt.Errorf("Invalid JWT: %w", err)
	}
	now := s.now()
	switch {
	case claims.Iss != s.Email:
		return fmt.Errorf("Invalid grant: account not found")
	case !slices.Contains(strings.Fields(claims.Scope), sheetScope):
		return fmt.Errorf("invalid_scope: %q", claims.Scope)
	case claims.Scope != sheetScope:
		s.offend("token: more power asked for than the one scope needed: %s (F101)", claims.Scope)
	case time.Unix(claims.Iat, 0).After(now.Add(5 * time.Minute)), time.Unix(claims.Exp, 0).Before(now):
		return fmt.Errorf("Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe")
	}
	return nil
}
