package config_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"pi-manager/config"
)

// secrets are the variables with a _FILE twin, each with a good value that holds the canary.
func secrets() map[string]string {
	return map[string]string{
		"REDSHIFT_PASSWORD":           "canary $ # ' \" x",
		"GOOGLE_SERVICE_ACCOUNT_JSON": accountKey("canary"),
		"SLACK_BOT_TOKEN":             "xoxb-canary",
	}
}

func TestSecretsFromFiles(t *testing.T) {
	t.Parallel()
	direct := with(secrets())
	want := load(t, direct)
	for _, ending := range []string{"", "\n", "\r\n"} {
		variables := with(nil)
		for name, secret := range secrets() {
			delete(variables, name)
			variables[name+"_FILE"] = write(t, "secret", secret+ending) + ending
		}
		got := load(t, variables)
		if got.Redshift.Password.Reveal() != want.Redshift.Password.Reveal() || got.Sheet.Account.Reveal() != want.Sheet.Account.Reveal() || got.Slack.Token.Reveal() != want.Slack.Token.Reveal() {
			t.Errorf("files that end in %q give other secrets than the variables", ending)
		}
		if source := row(t, got, "REDSHIFT_PASSWORD").Source; source != "REDSHIFT_PASSWORD_FILE, environment" {
			t.Errorf("the password's source is %q", source)
		}
	}
}

func TestSecretAndTwin(t *testing.T) {
	t.Parallel()
	empty := write(t, "empty", "\n")
	for name := range secrets() {
		onlyFault(t, faults(t, with(map[string]string{name + "_FILE": empty})), name+" (environment): ", name+"_FILE is set as well; keep one of the two")
		onlyFault(t, faults(t, with(map[string]string{name: "", name + "_FILE": empty})), name+" ("+name+"_FILE, environment): ", "is empty")
	}
	// The environment wins over a file, in whichever of the two forms.
	secret := write(t, "secret", "mounted")
	file := config.EnvFile{Path: write(t, ".env", "REDSHIFT_PASSWORD=local\nSLACK_BOT_TOKEN_FILE=/nowhere\n")}
	got := load(t, with(map[string]string{"REDSHIFT_PASSWORD": "", "REDSHIFT_PASSWORD_FILE": secret}), file)
	if got.Redshift.Password.Reveal() != "mounted" || got.Slack.Token.Reveal() != "xoxb-hunter2" {
		t.Error("a .env file won over the environment")
	}
}

// F98: no secret in anything that is printed, encoded or logged.
func TestNoSecretLeaks(t *testing.T) {
	t.Parallel()
	good := with(secrets())
	good["MCP_GATEWAY_URL"] = "https://gateway.example.com/canary"
	good["PI_MANAGER_LEDGER"] = "postgres://me:canary@db/ecm"
	asFiles := with(nil)
	for name, secret := range secrets() {
		delete(asFiles, name)
		asFiles[name+"_FILE"] = write(t, "canary", secret)
	}
	faulty := with(secrets())
	faulty["REDSHIFT_PORT"] = "canary"
	asTwins := with(nil) // people put the secret itself where its file belongs
	for name, secret := range secrets() {
		delete(asTwins, name)
		asTwins[name+"_FILE"] = strings.ReplaceAll(secret, "\n", "")
	}
	for what, variables := range map[string]map[string]string{"good": good, "files": asFiles, "faulty": faulty, "secrets as paths": asTwins} {
		settings, err := config.Load(environ(variables))
		document, jsonErr := json.Marshal(settings)
		if jsonErr != nil {
			t.Fatal(jsonErr)
		}
		rows, jsonErr := json.Marshal(settings.Rows())
		if jsonErr != nil {
			t.Fatal(jsonErr)
		}
		var log strings.Builder
		slog.New(slog.NewJSONHandler(&log, nil)).Info("settings", "settings", settings, "err", err)
		slog.New(slog.NewTextHandler(&log, nil)).Info("settings", "settings", settings, "err", err)
		sinks := map[string]string{
			"error": fmt.Sprint(err), "print": printed(t, settings), "json": string(document), "rows": string(rows), "log": log.String(),
			"%v": fmt.Sprintf("%v", settings), "%+v": fmt.Sprintf("%+v", settings), "%#v": fmt.Sprintf("%#v", settings),
		}
		for sink, text := range sinks {
			if strings.Contains(text, "canary") {
				t.Errorf("%s: a secret is in %s:\n%s", what, sink, text)
			}
		}
	}
}

func TestPrint(t *testing.T) {
	t.Parallel()
	file := config.EnvFile{Path: write(t, ".env", "REDSHIFT_USER=reader\n\nSLACK_CHANNEL_ID=#ops\n")}
	settings, err := config.Load(environ(with(map[string]string{"REDSHIFT_USER": "", "SLACK_CHANNEL_ID": "", "GOOGLE_SERVICE_ACCOUNT_JSON": ""})), file)
	if err == nil {
		t.Fatal("want a fault for the channel's name")
	}
	const want = `Warehouse
  PI_MANAGER_WAREHOUSE         redshift                                  chosen: REDSHIFT_HOST is set
  REDSHIFT_HOST                ecm.abc.eu-west-1.redshift.amazonaws.com  environment
  REDSHIFT_PORT                5439                                      default
  REDSHIFT_DATABASE            dev                                       environment
  REDSHIFT_USER                reader                                    .env:1
  REDSHIFT_PASSWORD            ***                                       environment
  REDSHIFT_SSLMODE             verify-full                               default
  REDSHIFT_SSLROOTCERT         -                                         not set

Ledger
  PI_MANAGER_LEDGER            sheet                                     chosen: SPREADSHEET_ID is set
  SPREADSHEET_ID               1AbC-d_9                                  environment
  GOOGLE_SERVICE_ACCOUNT_JSON  -                                         not set
  GOOGLE_SHEETS_ENDPOINT       -                                         not set

Slack
  PI_MANAGER_NOTIFY            slack                                     chosen: SLACK_BOT_TOKEN is set
  SLACK_BOT_TOKEN              ***                                       environment
  SLACK_CHANNEL_ID             (faulty)                                  .env:3
  SLACK_API_URL                -                                         not set

Gateway
  MCP_GATEWAY_URL              -                                         not set

What people edit
  PI_MANAGER_CONFIG            -                                         not set
  PI_MANAGER_QUERIES           -                                         not set
  PI_MANAGER_EXCLUDED_AGENTS   -                                         not set

Where it runs
  PI_MANAGER_JOB_NAME          -                                         not set
  PI_MANAGER_PUSHGATEWAY_URL   -                                         not set
`
	if got := strings.ReplaceAll(printed(t, settings), file.Path, ".env"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
