package config

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"pi-manager/internal/ecm"
)

// Postgres is how a ledger in a PostgreSQL database is reached.
type Postgres struct {
	Host     string // a name, an IP address, or the folder of a Unix socket
	Port     int    // 1 to 65535; 5432 unless given
	Database string
	User     string
	Password ecm.Secret // may be empty
	SSLMode  string     // verify-full unless a person wrote disable
	RootCert string     // PEM file to trust instead of the system's certificates; empty: the system's
}

// postgresForm is how a person writes it.
const postgresForm = "postgres://USER:PASSWORD@HOST/DATABASE" //nolint:gosec // a form to fill in, no password

// setLedger takes a kind, or the address of a PostgreSQL database.
func (s *Settings) setLedger(text string) (string, error) {
	text = strings.TrimSpace(text)
	if name, _, _ := strings.Cut(text, ":"); name != "postgres" && name != "postgresql" {
		return choice(&s.Ledger, KindSheet, KindSQLite, KindPostgres)(text)
	}
	server, err := readPostgres(text)
	if err != nil {
		return "", err
	}
	s.Ledger, s.Postgres = Part{Kind: KindPostgres}, server
	return server.String(), nil
}

// String is the address as people may see it: without the password.
func (p Postgres) String() string {
	user := p.User
	if !p.Password.IsZero() {
		user += ":" + p.Password.String()
	}
	return fmt.Sprintf("postgres://%s@%s/%s?sslmode=%s", user, net.JoinHostPort(p.Host, strconv.Itoa(p.Port)), p.Database, p.SSLMode)
}

// readPostgres reads an address. Its error never repeats a part of it: where one
// is missing, another may be the password.
func readPostgres(text string) (Postgres, error) {
	address, err := url.Parse(text)
	if err != nil || address.Fragment != "" || address.Opaque != "" {
		return Postgres{}, errors.New("write " + postgresForm + "; in the user and the password, write % as %25, @ as %40, : as %3A, / as %2F, ? as %3F and # as %23")
	}
	password, _ := address.User.Password()
	server := Postgres{
		Host: address.Hostname(), Database: strings.TrimPrefix(address.Path, "/"), User: address.User.Username(), Password: ecm.NewSecret(password),
		SSLMode: "verify-full",
	}
	if _, err := port(&server.Port)(cmp.Or(address.Port(), "5432")); err != nil {
		return Postgres{}, err
	}
	if err := server.setOptions(address.RawQuery); err != nil {
		return Postgres{}, err
	}
	return server, server.incomplete()
}

// setOptions takes what stands behind the question mark.
func (p *Postgres) setOptions(query string) error {
	options, err := url.ParseQuery(query)
	if err != nil {
		return errors.New("what follows the ? cannot be read; write it as sslmode=verify-full&sslrootcert=PATH")
	}
	setters := map[string]setter{"host": word(&p.Host), "sslmode": sslMode(&p.SSLMode), "sslrootcert": certificates(&p.RootCert)}
	for _, name := range slices.Sorted(maps.Keys(options)) {
		values := options[name]
		set, known := setters[name]
		switch {
		case !known:
			return errors.New("after the ? may stand sslmode, sslrootcert and host (the folder of a Unix socket), nothing else")
		case len(values) > 1:
			return fmt.Errorf("%s stands there twice", name)
		}
		if _, err := set(values[0]); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func (p *Postgres) incomplete() error {
	_, err := netip.ParseAddr(p.Host)
	switch {
	case p.User == "":
		return errors.New("the user is missing; write " + postgresForm)
	case p.Database == "":
		return errors.New("the database is missing; write " + postgresForm)
	case strings.ContainsFunc(p.User+p.Database+p.Password.Reveal(), unicode.IsControl):
		return errors.New("the user, the password or the database holds a control character")
	case err != nil && !hostName.MatchString(p.Host) && !filepath.IsAbs(p.Host):
		return errors.New("the host is missing or is none; write the name of one server: " + postgresForm)
	}
	return nil
}
