package sheet

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"

	"google.golang.org/api/option"
	"google.golang.org/api/sheets/v4"
	htransport "google.golang.org/api/transport/http"
)

// maxAnswer caps what is read of one answer: a sheet of a million cells is below it (F112).
const maxAnswer = 256 << 20

// signIn gives an HTTP client that carries a token for the one scope we need,
// and the e-mail to share the sheet with where it is known.
func (s Settings) signIn(ctx context.Context) (*http.Client, string, error) {
	if s.Client != nil {
		return s.Client, "", nil
	}
	options := []option.ClientOption{option.WithScopes(sheets.SpreadsheetsScope)}
	account := ""
	if !s.Account.IsZero() {
		key := []byte(s.Account.Reveal())
		var err error
		if account, err = keyAccount(key); err != nil {
			return nil, "", err
		}
		options = append(options, option.WithAuthCredentialsJSON(option.ServiceAccount, key))
	}
	transport, err := htransport.NewTransport(ctx, http.DefaultTransport, options...)
	if err != nil {
		// The library's own words stay out: they may quote the key.
		return nil, "", permanent("set GOOGLE_SERVICE_ACCOUNT_JSON to the key file of a service account, or give the machine application default credentials",
			"no usable Google credentials")
	}
	return &http.Client{Transport: transport}, account, nil
}

// keyAccount checks that the key is a service account's, and gives its e-mail.
// No error of it repeats a part of the key (F98).
func keyAccount(key []byte) (string, error) {
	const mend = "create a key of type JSON for the service account and put the whole file into GOOGLE_SERVICE_ACCOUNT_JSON"
	var file struct {
		Type        string `json:"type"`
		ClientEmail string `json:"client_email"`
		PrivateKey  string `json:"private_key"`
	}
	switch err := json.Unmarshal(key, &file); {
	case err != nil:
		return "", permanent(mend, "GOOGLE_SERVICE_ACCOUNT_JSON is not JSON")
	case file.Type != "service_account":
		return "", permanent(mend, "GOOGLE_SERVICE_ACCOUNT_JSON is not the key of a service account")
	case file.ClientEmail == "":
		return "", permanent(mend, "GOOGLE_SERVICE_ACCOUNT_JSON lacks client_email")
	case !isPrivateKey(file.PrivateKey):
		return "", permanent(mend, "private_key in GOOGLE_SERVICE_ACCOUNT_JSON is no private key; its line breaks may be lost")
	}
	return file.ClientEmail, nil
}

func isPrivateKey(text string) bool {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return false
	}
	_, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		_, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	}
	return err == nil
}

// capped is the client with a limit on the size of an answer. It follows no
// redirect: the token would go along to wherever that leads.
func capped(client *http.Client) *http.Client {
	twin := *client
	twin.Transport = cappedTransport{base: client.Transport}
	twin.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &twin
}

type cappedTransport struct{ base http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (t cappedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	base := t.base
	if base == nil {
		base = http.DefaultTransport
	}
	answer, err := base.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	answer.Body = cappedBody{Reader: http.MaxBytesReader(nil, answer.Body, maxAnswer), Closer: answer.Body}
	return answer, nil
}

type cappedBody struct {
	io.Reader
	io.Closer
}
