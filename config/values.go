package config

import (
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/mail"
	"net/netip"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"pi-manager/internal/ecm"
)

// setter checks a text, keeps it, and returns how it is shown. Its error never
// repeats the text: a password in the wrong variable must not reach a log.
type setter = func(text string) (shown string, err error)

// word takes any text without control characters.
func word(field *string) setter {
	return func(text string) (string, error) {
		if strings.ContainsFunc(text, unicode.IsControl) {
			return "", errors.New("it holds a line break or another control character")
		}
		*field = text
		return text, nil
	}
}

func secret(field *ecm.Secret) setter {
	return func(text string) (string, error) {
		*field = ecm.NewSecret(text)
		return field.String(), nil
	}
}

// unused takes a variable that nothing reads yet. Its address may carry a key.
func unused(string) (string, error) { return "*** (not used yet)", nil }

// hostName is a DNS name, loosely: the network decides whether it exists.
var hostName = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?$`)

func host(field *string) setter {
	return func(text string) (string, error) {
		_, err := netip.ParseAddr(text)
		if err != nil && !hostName.MatchString(text) && !filepath.IsAbs(text) {
			return "", errors.New("write the bare host name; the port and the database of an endpoint go into REDSHIFT_PORT and REDSHIFT_DATABASE")
		}
		return word(field)(text)
	}
}

func port(field *int) setter {
	return func(text string) (string, error) {
		if fromServiceLink(text) {
			return "", errors.New("this is an address, not a port; if Kubernetes set it for a Service called redshift, put enableServiceLinks: false into the pod's spec")
		}
		number, err := strconv.ParseUint(text, 10, 16)
		if err != nil || number == 0 {
			return "", errors.New("a port is a number from 1 to 65535")
		}
		*field = int(number)
		return strconv.Itoa(*field), nil
	}
}

// sslMode takes the safe mode and none. What lies between looks safe and is
// not: prefer and allow fall back to plain text, require and verify-ca do not
// ask who answers.
func sslMode(field *string) setter {
	return func(text string) (string, error) {
		if text != "verify-full" && text != "disable" {
			return "", errors.New("it is verify-full, or disable if you accept that passwords and orders can be read on the way; no other mode proves who answers")
		}
		*field = text
		return text, nil
	}
}

// certificates takes the path of a PEM file.
func certificates(field *string) setter {
	return func(path string) (string, error) {
		text, err := readText(path)
		if err != nil {
			return "", fmt.Errorf("the file cannot be read: %w", cause(err))
		}
		if block, _ := pem.Decode([]byte(text)); block == nil || block.Type != "CERTIFICATE" {
			return "", errors.New("there is no PEM certificate in the file (-----BEGIN CERTIFICATE-----)")
		}
		*field = path
		return path, nil
	}
}

// webAddress takes an http or https address that ends as it must. User,
// password and query are refused: the address is shown, and paths are added to it.
func webAddress(field *string, ending string) setter {
	return func(text string) (string, error) {
		address, err := url.Parse(text)
		if err != nil || address.Scheme != "http" && address.Scheme != "https" || address.Hostname() == "" {
			return "", errors.New("write a whole address, such as https://proxy.example.com" + ending)
		}
		if address.User != nil || address.RawQuery != "" || address.ForceQuery || address.Fragment != "" {
			return "", errors.New("an address without user, password, ? and # is needed")
		}
		if !strings.HasSuffix(address.Path, ending) {
			return "", fmt.Errorf("the address must end in %s", ending)
		}
		*field = text
		return text, nil
	}
}

// sheetAddress is where the id stands in the address of a sheet.
var sheetAddress = regexp.MustCompile(`^https://docs\.google\.com/(?:a/[^/]+/)?spreadsheets/(?:u/\d+/)?d/([A-Za-z0-9_-]+)(?:[/?#]|$)`)

var sheetID = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// spreadsheet takes an id, or the address that the browser shows.
func spreadsheet(field *string) setter {
	return func(text string) (string, error) {
		id := text
		if found := sheetAddress.FindStringSubmatch(text); found != nil {
			id = found[1]
		}
		if id == "e" {
			return "", errors.New("this is the address of a published copy; take the one that the browser shows while you edit the sheet")
		}
		if !sheetID.MatchString(id) {
			return "", errors.New("write the id of the sheet, or its address: https://docs.google.com/spreadsheets/d/ID/edit")
		}
		*field = id
		return id, nil
	}
}

// setAccount takes the JSON of a service account's key, or the path of the file that holds it.
func (s *Sheet) setAccount(text string) (string, error) {
	if !strings.HasPrefix(strings.TrimSpace(text), "{") {
		content, err := readText(strings.TrimSpace(text))
		if err != nil {
			return "", fmt.Errorf("it is neither JSON, which begins with {, nor the path of a file that can be read: %w", cause(err))
		}
		text = content
	}
	var key struct {
		Type  string `json:"type"`
		Email string `json:"client_email"`
		Key   string `json:"private_key"`
	}
	if json.Unmarshal([]byte(text), &key) != nil {
		return "", errors.New("it is not valid JSON; take the key file as Google made it, whole")
	}
	if key.Type != "service_account" {
		return "", errors.New(`it is not the key of a service account ("type": "service_account"); make one in the Google Cloud console, under IAM, Service accounts, Keys`)
	}
	if !isEmail(key.Email) {
		return "", errors.New("the key has no client_email; take the key file as Google made it, whole")
	}
	if block, _ := pem.Decode([]byte(key.Key)); block == nil {
		return "", errors.New("its private_key is not PEM; most often its line breaks (\\n) were lost or doubled on the way: pass the file instead")
	}
	s.Account, s.AccountEmail = ecm.NewSecret(text), key.Email
	return s.Account.String() + " (" + key.Email + ")", nil
}

// botToken refuses what is surely another kind of token. Slack decides about the rest.
func botToken(field *ecm.Secret) setter {
	return func(text string) (string, error) {
		switch {
		case strings.ContainsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }):
			return "", errors.New("the token holds a blank or a line break; copy it again")
		case strings.HasPrefix(text, "https://"):
			return "", errors.New("this is an address; a bot token begins with xoxb-")
		case strings.HasPrefix(text, "xapp-"), strings.HasPrefix(text, "xoxp-"):
			return "", errors.New("this is an app-level or user token; take the Bot User OAuth Token, which begins with xoxb-")
		}
		return secret(field)(text)
	}
}

var channelID = regexp.MustCompile(`^[CGD][A-Z0-9]+$`)

func channel(field *string) setter {
	return func(text string) (string, error) {
		if channelID.MatchString(text) {
			*field = text
			return text, nil
		}
		const where = "the id stands at the foot of the channel's details in Slack and begins with C, G or D"
		if strings.HasPrefix(text, "#") {
			return "", errors.New("this is a channel's name; " + where)
		}
		return "", errors.New("this is no channel id; " + where)
	}
}

func folder(field *string, check func(dir string) error) setter {
	return func(dir string) (string, error) {
		if err := check(dir); err != nil {
			return "", err
		}
		return word(field)(dir)
	}
}

// emails takes a list with commas.
func emails(field *[]string) setter {
	return func(text string) (string, error) {
		var keys []string
		for i, item := range strings.Split(text, ",") {
			item = strings.TrimSpace(item)
			if item == "" {
				continue
			}
			if !isEmail(item) {
				return "", fmt.Errorf("item %d of the list is not an e-mail address; write them as a@example.com, b@example.com", i+1)
			}
			if key := ecm.AgentKey(item); !slices.Contains(keys, key) {
				keys = append(keys, key)
			}
		}
		*field = keys
		return strings.Join(keys, ", "), nil
	}
}

// isEmail says whether the text is a bare address, without a name or brackets.
func isEmail(text string) bool {
	address, err := mail.ParseAddress(text)
	return err == nil && address.Address == text
}
