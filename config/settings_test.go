package config_test

import (
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"pi-manager/config"
	"pi-manager/internal/ecm"
)

const accountEmail = "pi-manager@ecm.iam.gserviceaccount.com"

// accountKey is the JSON of a service account's key; the private key holds the text.
func accountKey(private string) string {
	key := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte(private)})
	return fmt.Sprintf(`{"type":"service_account","client_email":%q,"private_key":%q}`, accountEmail, key)
}

// production is the environment of a run on Redshift, a Google Sheet and Slack.
func production() map[string]string {
	return map[string]string{
		"REDSHIFT_HOST":               "ecm.abc.eu-west-1.redshift.amazonaws.com",
		"REDSHIFT_DATABASE":           "dev",
		"REDSHIFT_USER":               "reader",
		"REDSHIFT_PASSWORD":           "hunter2",
		"SPREADSHEET_ID":              "1AbC-d_9",
		"GOOGLE_SERVICE_ACCOUNT_JSON": accountKey("hunter2"),
		"SLACK_BOT_TOKEN":             "xoxb-hunter2",
		"SLACK_CHANNEL_ID":            "C0123ABCD",
	}
}

// with is production with changes; an empty value takes the variable away.
func with(changes map[string]string) map[string]string {
	variables := production()
	maps.Copy(variables, changes)
	return variables
}

func environ(variables map[string]string) []string {
	var list []string
	for name, value := range variables {
		list = append(list, name+"="+value)
	}
	return list
}

func load(t *testing.T, variables map[string]string, files ...config.EnvFile) config.Settings {
	t.Helper()
	settings, err := config.Load(environ(variables), files...)
	if err != nil {
		t.Fatal(err)
	}
	return settings
}

// faults loads what must fail, and gives each fault as a line.
func faults(t *testing.T, variables map[string]string, files ...config.EnvFile) []string {
	t.Helper()
	_, err := config.Load(environ(variables), files...)
	found, ok := errors.AsType[config.Faults](err)
	if !ok {
		t.Fatalf("got %v, want faults", err)
	}
	lines := make([]string, len(found))
	for i, fault := range found {
		lines[i] = fault.String()
	}
	return lines
}

// onlyFault asserts that there is one fault, and that it says so.
func onlyFault(t *testing.T, lines []string, beginning, holding string) {
	t.Helper()
	if len(lines) != 1 || !strings.HasPrefix(lines[0], beginning) || !strings.Contains(lines[0], holding) {
		t.Errorf("got\n%s\nwant one fault: %s... %s", strings.Join(lines, "\n"), beginning, holding)
	}
}

// row finds what Print shows of a variable.
func row(t *testing.T, settings config.Settings, name string) config.Row {
	t.Helper()
	rows := settings.Rows()
	i := slices.IndexFunc(rows, func(r config.Row) bool { return r.Variable == name })
	if i < 0 {
		t.Fatalf("there is no row for %s", name)
	}
	return rows[i]
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLoadProduction(t *testing.T) {
	t.Parallel()
	got := load(t, production())
	want := config.Settings{
		Warehouse: config.Part{Kind: config.KindRedshift},
		Ledger:    config.Part{Kind: config.KindSheet},
		Notify:    config.Part{Kind: config.KindSlack},
		Redshift: config.Redshift{
			Host: "ecm.abc.eu-west-1.redshift.amazonaws.com", Port: 5439, Database: "dev",
			User: "reader", Password: ecm.NewSecret("hunter2"), SSLMode: "verify-full",
		},
		Sheet: config.Sheet{SpreadsheetID: "1AbC-d_9", Account: ecm.NewSecret(accountKey("hunter2")), AccountEmail: accountEmail},
		Slack: config.Slack{Token: ecm.NewSecret("xoxb-hunter2"), ChannelID: "C0123ABCD"},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(config.Settings{}), cmp.Comparer(sameSecret)); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
}

func sameSecret(a, b ecm.Secret) bool { return a.Reveal() == b.Reveal() }

// F91: each variable that a run needs, taken away, is one line that names it.
func TestEachNeededVariableDropped(t *testing.T) {
	t.Parallel()
	for name := range production() {
		if name == "GOOGLE_SERVICE_ACCOUNT_JSON" {
			continue // then Google's application default credentials are used
		}
		onlyFault(t, faults(t, with(map[string]string{name: ""})), name+": not set; ", " needs it")
	}
	got := load(t, with(map[string]string{"GOOGLE_SERVICE_ACCOUNT_JSON": ""}))
	if got.Ledger.Kind != config.KindSheet || !got.Sheet.Account.IsZero() {
		t.Errorf("without a key: ledger %v, key %q", got.Ledger, got.Sheet.Account)
	}
}

func TestNothingConfigured(t *testing.T) {
	t.Parallel()
	lines := faults(t, map[string]string{"HOME": "/home/me", "REDSHIFT_PORT": "5439", "REDSHIFT_HOST": " "})
	onlyFault(t, lines, "nothing is configured", "`pi-manager demo`")
	for name := range production() {
		if !strings.Contains(lines[0], name) {
			t.Errorf("%s is not named in:\n%s", name, lines[0])
		}
	}
	onlyFault(t, faults(t, map[string]string{"MCP_GATEWAY_URL": "https://gateway.example.com"}), "nothing is configured", "not built yet")
}

func TestPartsByHandAndByWhatIsThere(t *testing.T) {
	t.Parallel()
	local := map[string]string{"PI_MANAGER_WAREHOUSE": "file:w/orders.csv", "PI_MANAGER_LEDGER": "sqlite:w/ledger.db"}
	redshift, sheet := config.Part{Kind: config.KindRedshift}, config.Part{Kind: config.KindSheet}
	slack, stdout := config.Part{Kind: config.KindSlack}, config.Part{Kind: config.KindStdout}
	file, sqlite := config.Part{Kind: config.KindFile, Path: "w/orders.csv"}, config.Part{Kind: config.KindSQLite, Path: "w/ledger.db"}
	tests := []struct {
		name      string
		variables map[string]string
		want      [3]config.Part
	}{
		{"all found", production(), [3]config.Part{redshift, sheet, slack}},
		{"all named", with(map[string]string{"PI_MANAGER_WAREHOUSE": "redshift", "PI_MANAGER_LEDGER": "sheet", "PI_MANAGER_NOTIFY": "slack"}), [3]config.Part{redshift, sheet, slack}},
		{"the demo's folder", local, [3]config.Part{file, sqlite, stdout}},
		{"blanks before a path", map[string]string{"PI_MANAGER_WAREHOUSE": "file: w/orders.csv", "PI_MANAGER_LEDGER": "sqlite: w/ledger.db "}, [3]config.Part{file, sqlite, stdout}},
		{"by hand wins", with(local), [3]config.Part{file, sqlite, slack}},
		{"a dry look at production", with(map[string]string{"PI_MANAGER_NOTIFY": "stdout"}), [3]config.Part{redshift, sheet, stdout}},
	}
	for _, test := range tests {
		got := load(t, test.variables)
		if diff := cmp.Diff(test.want, [3]config.Part{got.Warehouse, got.Ledger, got.Notify}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

func TestPartsThatAreMissing(t *testing.T) {
	t.Parallel()
	without := func(names ...string) map[string]string {
		variables := production()
		for _, name := range names {
			delete(variables, name)
		}
		return variables
	}
	onlyFault(t, faults(t, without("REDSHIFT_HOST", "REDSHIFT_DATABASE", "REDSHIFT_USER", "REDSHIFT_PASSWORD")),
		"there is no warehouse", "PI_MANAGER_WAREHOUSE=file:PATH")
	onlyFault(t, faults(t, without("SPREADSHEET_ID", "GOOGLE_SERVICE_ACCOUNT_JSON")),
		"there is no ledger", "PI_MANAGER_LEDGER=sqlite:PATH")
	onlyFault(t, faults(t, map[string]string{"PI_MANAGER_LEDGER": "sqlite:ledger.db"}), "there is no warehouse", "REDSHIFT_HOST")
	// The messages of a team's sheet never go to a log by default.
	onlyFault(t, faults(t, without("SLACK_BOT_TOKEN", "SLACK_CHANNEL_ID")),
		"nobody would be told", "PI_MANAGER_NOTIFY=stdout")
}

// Each wrong value is exactly one fault, which names the variable and its place
// and never repeats the value (F98).
func TestWrongValues(t *testing.T) {
	t.Parallel()
	notes := write(t, "notes.txt", "canary")
	strayFolder := filepath.Dir(write(t, "policy.yml", "version: 1"))
	tests := []struct{ name, value, want string }{
		{"PI_MANAGER_WAREHOUSE", "gateway", "planned and not built yet; write redshift or file:PATH"},
		{"PI_MANAGER_WAREHOUSE", "canary", "no such choice; write redshift or file:PATH"},
		{"PI_MANAGER_WAREHOUSE", "Redshift", "no such choice"},
		{"PI_MANAGER_WAREHOUSE", "redshift:canary", "nothing follows the word"},
		{"PI_MANAGER_WAREHOUSE", "file", "the path is missing; write file:PATH"},
		{"PI_MANAGER_WAREHOUSE", "file: ", "the path is missing; write file:PATH"},
		{"PI_MANAGER_LEDGER", "gateway", "planned and not built yet; write sheet or sqlite:PATH"},
		{"PI_MANAGER_LEDGER", "postgres", "the user is missing; write postgres://USER:PASSWORD@HOST/DATABASE"},
		{"PI_MANAGER_LEDGER", "postgres:canary", "write postgres://USER:PASSWORD@HOST/DATABASE"},
		{"PI_MANAGER_LEDGER", "postgres://db/canary", "the user is missing"},
		{"PI_MANAGER_LEDGER", "postgres://me:canary@db", "the database is missing"},
		{"PI_MANAGER_LEDGER", "postgres://me:canary@db/", "the database is missing"},
		{"PI_MANAGER_LEDGER", "postgres://me:canary@/ecm", "the host is missing"},
		{"PI_MANAGER_LEDGER", "postgres://me:canary@db1,db2/ecm", "the name of one server"},
		{"PI_MANAGER_LEDGER", "postgres://me:canary@db:0/ecm", "a number from 1 to 65535"},
		{"PI_MANAGER_LEDGER", "postgres://me:canary@db:port/ecm", "in the user and the password, write % as %25"},
		{"PI_MANAGER_LEDGER", "postgres://me:can%ary@db/ecm", "in the user and the password, write % as %25"},
		{"PI_MANAGER_LEDGER", "postgres://me:can#ary@db/ecm", "in the user and the password, write % as %25"},
		{"PI_MANAGER_LEDGER", "postgres://me:1?canary@db/ecm", "nothing else"},
		{"PI_MANAGER_LEDGER", "postgres://me:canary@db/ecm?sslmode=require", "sslmode: it is verify-full, or disable"},
		{"PI_MANAGER_LEDGER", "postgres://me:canary@db/ecm?sslmode=prefer", "sslmode: it is verify-full, or disable"},
		{"PI_MANAGER_LEDGER", "postgres://me:canary@db/ecm?sslmode=disable&sslmode=disable", "sslmode stands there twice"},
		{"PI_MANAGER_LEDGER", "postgres://me:canary@db/ecm?sslrootcert=/nowhere/canary.pem", "sslrootcert: the file cannot be read: no such file"},
		{"PI_MANAGER_LEDGER", "postgres://me@db/ecm?password=canary", "nothing else"},
		{"PI_MANAGER_LEDGER", "postgres://me:canary@db/ecm?%zz", "cannot be read"},
		{"PI_MANAGER_LEDGER", "postgres://me:canary%00@db/ecm", "a control character"},
		{"PI_MANAGER_LEDGER_FILE", "postgres://me:canary@db/ecm", "cannot be read"},
		{"PI_MANAGER_LEDGER", "postgress://me:canary@db/ecm", "no such choice"},
		{"PI_MANAGER_LEDGER", "sqlite:", "the path is missing; write sqlite:PATH"},
		{"PI_MANAGER_NOTIFY", "canary", "no such choice; write slack or stdout"},
		{"PI_MANAGER_NOTIFY", "stdout:canary", "nothing follows the word"},
		{"REDSHIFT_HOST", "canary.example.com:5439/dev", "go into REDSHIFT_PORT and REDSHIFT_DATABASE"},
		{"REDSHIFT_HOST", "postgres://canary", "write the bare host name"},
		{"REDSHIFT_HOST", "canary host", "write the bare host name"},
		{"REDSHIFT_PORT", "0", "a number from 1 to 65535"},
		{"REDSHIFT_PORT", "65536", "a number from 1 to 65535"},
		{"REDSHIFT_PORT", "-5439", "a number from 1 to 65535"},
		{"REDSHIFT_PORT", "canary", "a number from 1 to 65535"},
		{"REDSHIFT_PORT", "tcp://10.0.0.7:5439", "enableServiceLinks: false"},
		{"REDSHIFT_DATABASE", "canary\nx", "control character"},
		{"REDSHIFT_USER", "canary\x00", "control character"},
		{"REDSHIFT_SSLMODE", "prefer", "it is verify-full, or disable"},
		{"REDSHIFT_SSLMODE", "allow", "it is verify-full, or disable"},
		{"REDSHIFT_SSLMODE", "require", "it is verify-full, or disable"},
		{"REDSHIFT_SSLMODE", "canary", "it is verify-full, or disable"},
		{"REDSHIFT_SSLROOTCERT", "/nowhere/canary.pem", "cannot be read: no such file"},
		{"REDSHIFT_SSLROOTCERT", notes, "no PEM certificate"},
		{"SPREADSHEET_ID", "canary sheet", "write the id of the sheet"},
		{"SPREADSHEET_ID", "https://example.com/spreadsheets/d/canary/edit", "write the id of the sheet"},
		{"SPREADSHEET_ID", "https://docs.google.com/spreadsheets/d/e/2PACX-canary/pubhtml", "a published copy"},
		{"GOOGLE_SERVICE_ACCOUNT_JSON", "canary", "neither JSON, which begins with {, nor the path"},
		{"GOOGLE_SERVICE_ACCOUNT_JSON", `{"canary": canary}`, "not valid JSON"},
		{"GOOGLE_SERVICE_ACCOUNT_JSON", `{"type": "authorized_user", "refresh_token": "canary"}`, "not the key of a service account"},
		{"GOOGLE_SERVICE_ACCOUNT_JSON", `{"type": "service_account", "private_key": "canary"}`, "no client_email"},
		{"GOOGLE_SERVICE_ACCOUNT_JSON", strings.ReplaceAll(accountKey("canary"), `\n`, `\\n`), "line breaks"},
		{"GOOGLE_SERVICE_ACCOUNT_JSON", notes, "not valid JSON"},
		{"GOOGLE_SERVICE_ACCOUNT_JSON_FILE", "/nowhere/canary", "cannot be read: no such file"},
		{"GOOGLE_SHEETS_ENDPOINT", "canary", "write a whole address"},
		{"GOOGLE_SHEETS_ENDPOINT", "ftp://canary", "write a whole address"},
		{"GOOGLE_SHEETS_ENDPOINT", "https:///canary", "write a whole address"},
		{"GOOGLE_SHEETS_ENDPOINT", "https://me:canary@proxy.example.com/", "without user, password, ? and #"},
		{"GOOGLE_SHEETS_ENDPOINT", "https://proxy.example.com/?key=canary", "without user, password, ? and #"},
		{"GOOGLE_SHEETS_ENDPOINT", "https://proxy.example.com/?", "without user, password, ? and #"},
		{"GOOGLE_SHEETS_ENDPOINT", "https://proxy.example.com/#canary", "without user, password, ? and #"},
		{"GOOGLE_SHEETS_ENDPOINT", "https://proxy.example.com/%zz-canary", "write a whole address"},
		{"SLACK_BOT_TOKEN", "https://hooks.slack.com/services/canary", "this is an address"},
		{"SLACK_BOT_TOKEN", "xapp-canary", "begins with xoxb-"},
		{"SLACK_BOT_TOKEN", "xoxp-canary", "begins with xoxb-"},
		{"SLACK_BOT_TOKEN", "xoxb-canary x", "a blank or a line break"},
		{"SLACK_BOT_TOKEN_FILE", "xoxb-canary", "cannot be read: no such file"},
		{"SLACK_CHANNEL_ID", "#canary", "this is a channel's name"},
		{"SLACK_CHANNEL_ID", "canary", "this is no channel id"},
		{"SLACK_CHANNEL_ID", "xoxb-canary", "this is no channel id"},
		{"SLACK_CHANNEL_ID", "U0123ABCD", "begins with C, G or D"},
		{"SLACK_API_URL", "https://slack.example.com/api", "must end in /api/"},
		{"SLACK_API_URL", "https://slack.example.com/canary/", "must end in /api/"},
		{"SLACK_API_URL", "slack.example.com/api/", "write a whole address"},
		{"PI_MANAGER_PUSHGATEWAY_URL", "pushgateway:9091/canary", "write a whole address"},
		{"PI_MANAGER_PUSHGATEWAY_URL", "http://canary:canary@pushgateway:9091", "without user"},
		{"PI_MANAGER_CONFIG", "/nowhere/canary", "the folder cannot be read: no such file"},
		{"PI_MANAGER_CONFIG", notes, "this is a file"},
		{"PI_MANAGER_CONFIG", t.TempDir(), "neither schedule.yaml nor policy.yaml"},
		{"PI_MANAGER_CONFIG", strayFolder, `"policy.yml", which is never read`},
		{"PI_MANAGER_QUERIES", "/nowhere/canary", "the folder cannot be read: no such file"},
		{"PI_MANAGER_QUERIES", notes, "this is a file"},
		{"PI_MANAGER_EXCLUDED_AGENTS", "a@example.com, canary", "item 2 of the list"},
		{"PI_MANAGER_EXCLUDED_AGENTS", "Canary <canary@example.com>", "item 1 of the list"},
		{"PI_MANAGER_EXCLUDED_AGENTS", "a@example.com b@example.com", "item 1 of the list"},
	}
	for _, test := range tests {
		t.Run(test.name+"="+test.value, func(t *testing.T) {
			t.Parallel()
			variables := with(map[string]string{test.name: test.value})
			place := test.name + " (environment)"
			if direct, isFile := strings.CutSuffix(test.name, "_FILE"); isFile {
				delete(variables, direct)
				place = direct + " (" + test.name + ", environment)"
			}
			lines := faults(t, variables)
			onlyFault(t, lines, place+": ", test.want)
			if text := strings.Join(lines, "\n"); strings.Contains(strings.ToLower(text), "canary") {
				t.Errorf("the value is repeated:\n%s", text)
			}
			settings, _ := config.Load(environ(variables))
			if shown := printed(t, settings); strings.Contains(strings.ToLower(shown), "canary") {
				t.Errorf("the wrong value is printed:\n%s", shown)
			}
		})
	}
}

func TestEveryFaultIsReportedAtOnce(t *testing.T) {
	t.Parallel()
	got := faults(t, with(map[string]string{
		"REDSHIFT_PORT": "x", "REDSHIFT_USER": "", "SLACK_CHANNEL_ID": "#ops", "SLACK_BOT_TOKEN": "",
		"PI_MANAGER_QUERYS": "x", "PI_MANAGER_EXCLUDED_AGENTS": "x",
	}))
	var places []string
	for _, line := range got {
		place, _, _ := strings.Cut(line, ": ")
		places = append(places, place)
	}
	want := []string{"environment", "REDSHIFT_PORT (environment)", "SLACK_CHANNEL_ID (environment)",
		"PI_MANAGER_EXCLUDED_AGENTS (environment)", "REDSHIFT_USER", "SLACK_BOT_TOKEN"}
	if diff := cmp.Diff(want, places); diff != "" {
		t.Errorf("places (-want +got):\n%s", diff)
	}
}

func TestValuesThatAreTaken(t *testing.T) {
	t.Parallel()
	certificate := write(t, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")})))
	team := filepath.Dir(write(t, config.ScheduleFile, "zone: UTC"))
	tests := []struct{ name, value, shown string }{
		{"REDSHIFT_HOST", "10.0.0.7", "10.0.0.7"},
		{"REDSHIFT_HOST", "::1", "::1"},
		{"REDSHIFT_HOST", "/var/run/postgresql", "/var/run/postgresql"},
		{"REDSHIFT_PORT", " 05432\n", "5432"},
		{"REDSHIFT_SSLMODE", "disable", "disable"},
		{"REDSHIFT_SSLROOTCERT", certificate, certificate},
		{"PI_MANAGER_LEDGER", " sheet\n", "sheet"},
		{"PI_MANAGER_LEDGER", "postgres://me:canary@db.example.com/ecm", "postgres://me:***@db.example.com:5432/ecm?sslmode=verify-full"},
		{"PI_MANAGER_LEDGER", "postgresql://me@[::1]:6432/ecm?sslmode=disable", "postgres://me@[::1]:6432/ecm?sslmode=disable"},
		{"SPREADSHEET_ID", "https://docs.google.com/spreadsheets/d/1x-Y_z/edit#gid=0", "1x-Y_z"},
		{"SPREADSHEET_ID", "https://docs.google.com/spreadsheets/u/1/d/1x-Y_z", "1x-Y_z"},
		{"SPREADSHEET_ID", "https://docs.google.com/a/example.com/spreadsheets/d/1x-Y_z?usp=sharing", "1x-Y_z"},
		{"GOOGLE_SERVICE_ACCOUNT_JSON", write(t, "key.json", "\ufeff\n"+accountKey("x")), "*** (" + accountEmail + ")"},
		{"GOOGLE_SHEETS_ENDPOINT", "http://127.0.0.1:8080", "http://127.0.0.1:8080"},
		{"SLACK_BOT_TOKEN", "xoxe.xoxb-1\n", "***"},
		{"SLACK_CHANNEL_ID", "G01", "G01"},
		{"SLACK_API_URL", "http://127.0.0.1:8080/api/", "http://127.0.0.1:8080/api/"},
		{"MCP_GATEWAY_URL", "https://gateway.example.com/?key=canary", "*** (not used yet)"},
		{"PI_MANAGER_CONFIG", team, team},
		{"PI_MANAGER_QUERIES", team, team},
		{"PI_MANAGER_PUSHGATEWAY_URL", "http://pushgateway:9091", "http://pushgateway:9091"},
		{"PI_MANAGER_EXCLUDED_AGENTS", " Boss@Example.com ,,test@example.com, boss@example.com,", "boss@example.com, test@example.com"},
	}
	for _, test := range tests {
		got := row(t, load(t, with(map[string]string{test.name: test.value})), test.name)
		if got.Value != test.shown || got.Source != "environment" {
			t.Errorf("%s=%s is shown as %q from %q, want %q", test.name, test.value, got.Value, got.Source, test.shown)
		}
	}
}

func TestWhereValuesComeFrom(t *testing.T) {
	t.Parallel()
	named := write(t, "team.env", "REDSHIFT_USER=named\nREDSHIFT_HOST=named\nREDSHIFT_PORT=1\n")
	own := write(t, ".env", "# own\nREDSHIFT_USER=own\nREDSHIFT_HOST=own\nREDSHIFT_PORT=\nREDSHIFT_DATABASE=own\n")
	skill := write(t, ".env", "REDSHIFT_USER=skill\nREDSHIFT_DATABASE=skill\nREDSHIFT_SSLMODE=disable\nUNRELATED=1\nUNRELATED=2\n")
	files := []config.EnvFile{{Path: named}, {Path: own, Optional: true}, {Path: skill, Optional: true}, {Path: own + ".none", Optional: true}}
	variables := with(map[string]string{"REDSHIFT_USER": "real", "REDSHIFT_HOST": "", "REDSHIFT_DATABASE": ""})
	settings := load(t, variables, files...)
	tests := []struct{ name, value, source string }{
		{"REDSHIFT_USER", "real", "environment"},
		{"REDSHIFT_HOST", "named", named + ":2"}, // the empty one in the environment is not set
		{"REDSHIFT_PORT", "1", named + ":3"},
		{"REDSHIFT_DATABASE", "own", own + ":5"},
		{"REDSHIFT_SSLMODE", "disable", skill + ":3"},
		{"REDSHIFT_SSLROOTCERT", "", "not set"},
		{"PI_MANAGER_WAREHOUSE", "redshift", "chosen: REDSHIFT_HOST is set"},
	}
	for _, test := range tests {
		if got := row(t, settings, test.name); got.Value != test.value || got.Source != test.source {
			t.Errorf("%s is %q from %q, want %q from %q", test.name, got.Value, got.Source, test.value, test.source)
		}
	}
}

func TestEnvFiles(t *testing.T) {
	t.Parallel()
	own, skill := config.EnvFile{Path: ".env", Optional: true}, config.EnvFile{Path: "../pi-skill/.env", Optional: true}
	tests := map[string][]config.EnvFile{
		"":          {own, skill},
		"prod.env":  {{Path: "prod.env"}, own, skill},
		"./.env":    {{Path: "./.env"}, skill},
		"../p/.env": {{Path: "../p/.env"}, own, skill},
	}
	for named, want := range tests {
		if diff := cmp.Diff(want, config.EnvFiles(named)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", named, diff)
		}
	}
}

func TestEnvFileFaults(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	broken := write(t, "broken.env", "A=1\nhunter2\n")
	twice := write(t, "twice.env", "REDSHIFT_PORT=1\nREDSHIFT_USER=reader\nREDSHIFT_PORT=2\nREDSHIFT_USER=reader\n")
	twins := write(t, "twins.env", "SLACK_BOT_TOKEN_FILE=/a\nSLACK_BOT_TOKEN_FILE=/b\n")
	typo := write(t, "typo.env", "\nPI_MANAGER_WAREHOSE=x\nPI_MANAGER_PORT=8080\nPI_MANAGER_SERVICE_HOST=10.0.0.7\n")
	large := write(t, "large.env", strings.Repeat("#", 1<<20+1))
	tests := []struct {
		file config.EnvFile
		want []string
	}{
		{config.EnvFile{Path: folder + "/none"}, []string{folder + "/none: the file cannot be read: no such file or directory"}},
		{config.EnvFile{Path: folder}, []string{folder + ": the file cannot be read: is a directory"}},
		{config.EnvFile{Path: broken, Optional: true}, []string{broken + ":2: expected KEY=VALUE, or # before a comment"}},
		{config.EnvFile{Path: twice}, []string{"REDSHIFT_PORT (" + twice + ":3): " + twice + ":1 sets it too, to something else; delete one of the lines"}},
		{config.EnvFile{Path: twins}, []string{"SLACK_BOT_TOKEN_FILE (" + twins + ":2): " + twins + ":1 sets it too, to something else; delete one of the lines"}},
		{config.EnvFile{Path: typo}, []string{
			typo + `:3: there is no variable "PI_MANAGER_PORT"; did you mean PI_MANAGER_NOTIFY?`,
			typo + `:4: there is no variable "PI_MANAGER_SERVICE_HOST"; did you mean PI_MANAGER_WAREHOUSE?`,
			typo + `:2: there is no variable "PI_MANAGER_WAREHOSE"; did you mean PI_MANAGER_WAREHOUSE?`,
		}},
		{config.EnvFile{Path: large}, []string{large + ": the file cannot be read: the file has more than 1048576 bytes; is it the right one?"}}, // F112
	}
	for _, test := range tests {
		if diff := cmp.Diff(test.want, faults(t, production(), test.file)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.file.Path, diff)
		}
	}
	load(t, production(), config.EnvFile{Path: folder, Optional: true}) // a Python environment called .env
}

func TestUnknownVariables(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"PI_MANAGER_WAREHOSE":       "PI_MANAGER_WAREHOUSE",
		"PI_MANAGER_EXCLUDE_AGENTS": "PI_MANAGER_EXCLUDED_AGENTS",
		"PI_MANAGER_CONFIG_FILE":    "PI_MANAGER_CONFIG",
		"PI_MANAGER_QUERY":          "PI_MANAGER_QUERIES",
		"PI_MANAGER_NOTIFY_":        "PI_MANAGER_NOTIFY",
	}
	for name, near := range tests {
		onlyFault(t, faults(t, with(map[string]string{name: "canary"})), "environment: ", fmt.Sprintf("%q; did you mean %s?", name, near))
	}
	load(t, with(map[string]string{"PI_MANAGER_WAREHOSE": ""}))
}

// Kubernetes sets these in each container where a Service is called pi-manager, or pi-manager-db.
func TestServiceLinksAreNotOurs(t *testing.T) {
	t.Parallel()
	for _, of := range []string{"PI_MANAGER", "PI_MANAGER_DB"} {
		load(t, with(map[string]string{
			of + "_SERVICE_HOST":        "10.0.0.7",
			of + "_SERVICE_PORT":        "8080",
			of + "_SERVICE_PORT_HTTP":   "8080",
			of + "_PORT":                "tcp://10.0.0.7:8080",
			of + "_PORT_8080_TCP":       "tcp://10.0.0.7:8080",
			of + "_PORT_8080_TCP_PROTO": "tcp",
			of + "_PORT_8080_TCP_PORT":  "8080",
			of + "_PORT_8080_TCP_ADDR":  "10.0.0.7",
		}))
	}
}

// .env.example names every variable once and the _FILE twin of each secret,
// shows the true defaults, and sets nothing.
func TestEnvExample(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../.env.example")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	shown := map[string]string{}
	for _, found := range regexp.MustCompile(`(?m)^#?([A-Z_]+)=(.*)$`).FindAllStringSubmatch(string(text), -1) {
		got = append(got, found[1])
		shown[found[1]] = found[2]
	}
	settings, _ := config.Load(nil)
	var want []string
	for _, row := range settings.Rows() {
		want = append(want, row.Variable)
		if row.Source == "default" && shown[row.Variable] != row.Value {
			t.Errorf("%s=%s, but the default is %s", row.Variable, shown[row.Variable], row.Value)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("variables (-want +got):\n%s", diff)
	}
	for _, twin := range []string{"REDSHIFT_PASSWORD_FILE", "GOOGLE_SERVICE_ACCOUNT_JSON_FILE", "SLACK_BOT_TOKEN_FILE"} {
		if !strings.Contains(string(text), "Or "+twin+".") {
			t.Errorf("%s is not named", twin)
		}
	}
	onlyFault(t, faults(t, nil, config.EnvFile{Path: "../.env.example"}), "nothing is configured", "")
}

func printed(t *testing.T, settings config.Settings) string {
	t.Helper()
	var b strings.Builder
	if err := settings.Print(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
