package config_test

import (
	"encoding/pem"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"pi-manager/config"
	"pi-manager/internal/ecm"
)

func TestPostgres(t *testing.T) {
	t.Parallel()
	certificate := write(t, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")})))
	whole := "postgres://led%40ger:p%25%40%3A%2F%3F%23s@10.0.0.7:6432/e%20cm?sslmode=disable&sslrootcert=" + certificate
	tests := map[string]struct {
		variables map[string]string
		want      config.Postgres
	}{
		"defaults": {
			map[string]string{"PI_MANAGER_LEDGER": "postgres://ledger:hunter2@db.example.com/ecm"},
			config.Postgres{Host: "db.example.com", Port: 5432, Database: "ecm", User: "ledger", Password: ecm.NewSecret("hunter2"), SSLMode: "verify-full"},
		},
		"everything": {
			map[string]string{"PI_MANAGER_LEDGER": whole},
			config.Postgres{Host: "10.0.0.7", Port: 6432, Database: "e cm", User: "led@ger", Password: ecm.NewSecret("p%@:/?#s"), SSLMode: "disable", RootCert: certificate},
		},
		"a mounted secret": {
			map[string]string{"PI_MANAGER_LEDGER_FILE": write(t, "ledger-url", "postgres://ledger:hunter2@db/ecm\n")},
			config.Postgres{Host: "db", Port: 5432, Database: "ecm", User: "ledger", Password: ecm.NewSecret("hunter2"), SSLMode: "verify-full"},
		},
		"a socket, no password": {
			map[string]string{"PI_MANAGER_LEDGER": "postgres://ledger@/ecm?host=/run/postgresql"},
			config.Postgres{Host: "/run/postgresql", Port: 5432, Database: "ecm", User: "ledger", SSLMode: "verify-full"},
		},
	}
	for name, test := range tests {
		got := load(t, with(test.variables))
		if got.Ledger != (config.Part{Kind: config.KindPostgres}) || got.Notify.Kind != config.KindSlack {
			t.Errorf("%s: ledger %v, notifier %v", name, got.Ledger, got.Notify)
		}
		if diff := cmp.Diff(test.want, got.Postgres, cmp.Comparer(sameSecret)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// The ledger of several machines is no reason to keep messages on this one.
func TestPostgresNeedsANotifier(t *testing.T) {
	t.Parallel()
	onlyFault(t, faults(t, map[string]string{"PI_MANAGER_WAREHOUSE": "file:orders.csv", "PI_MANAGER_LEDGER": "postgres://me@db/ecm"}),
		"nobody would be told", "PI_MANAGER_NOTIFY=stdout")
}

// Whatever a password is made of, escaped as an address wants it, it arrives; and it is not shown.
func TestAnyPassword(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		password := rapid.StringMatching(`[ -~é日]{1,30}`).Draw(r, "password")
		address := url.URL{Scheme: "postgres", User: url.UserPassword("me", password), Host: "db", Path: "/ecm"}
		got := load(t, with(map[string]string{"PI_MANAGER_LEDGER": address.String()}))
		if got.Postgres.Password.Reveal() != password {
			r.Errorf("%q arrived as %q", password, got.Postgres.Password.Reveal())
		}
		if shown := row(t, got, "PI_MANAGER_LEDGER").Value; shown != "postgres://me:***@db:5432/ecm?sslmode=verify-full" {
			r.Errorf("shown as %q", shown)
		}
	})
}
