package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pi-manager/internal/fake"
)

// The worlds of these tests lie in one morning.
func morning() time.Time   { return time.Date(2026, 2, 17, 3, 0, 0, 0, time.UTC) }
func afternoon() time.Time { return time.Date(2026, 2, 17, 10, 0, 0, 0, time.UTC) }

// world is a warehouse, a spreadsheet and a workspace of one test alone, and
// everything that the program said in it.
type world struct {
	dir      string
	db       database
	sheets   *fake.Sheets
	slack    *fake.Slack
	binder   binder
	env      []string
	said     []string
	members  []string        // ids that may be mentioned
	excluded []string        // e-mails of agents who never get an order
	pasted   map[string]bool // orders whose rows somebody has pasted once more
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{dir: t.TempDir(), db: newDatabase(t), sheets: fake.NewSheets(t), slack: fake.NewSlack(t), pasted: map[string]bool{}}
	w.binder = sheetBinder{w.sheets}
	w.write(t, "key.json", w.sheets.Key())
	w.env = append(w.db.environment(t),
		"SPREADSHEET_ID="+w.sheets.ID, "GOOGLE_SHEETS_ENDPOINT="+w.sheets.URL, "GOOGLE_SERVICE_ACCOUNT_JSON=key.json",
		"SLACK_BOT_TOKEN="+fake.SlackToken, "SLACK_CHANNEL_ID="+fake.SlackChannelID, "SLACK_API_URL="+w.slack.URL)
	t.Cleanup(func() { w.check(t) })
	return w
}

func (w *world) write(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// crew fills the Agents tab with so many agents on duty.
func (w *world) crew(emails ...string) {
	rows := [][]any{{"Email", "Name", "Team", "Slack Handle", "Active", "Max Tickets"}}
	for _, email := range emails {
		name, _, _ := strings.Cut(email, "@")
		rows = append(rows, []any{email, name, "Ops", "", true, nil})
	}
	w.sheets.Seed("Agents", rows)
}

// stuck loads so many orders, all of which belong into the pending list.
func (w *world) stuck(t *testing.T, orders int) {
	t.Helper()
	g := newGenerator(uint64(orders), morning())
	for i := range orders {
		g.stuckOrder(orderID(i))
	}
	w.db.load(t, g.shuffled())
}

func orderID(i int) string { return fmt.Sprintf("AE%05dUG00", i) }

// hoursLater lets Slack forget how fast messages came before: hours lie between two slots.
func (w *world) hoursLater() { w.slack.SetRate(1, 10) }

// outcome is how a run of the program ended.
type outcome struct {
	exit           int
	stdout, stderr string
	document       document
}

// document is what --json prints, as far as these tests look at it.
type document struct {
	RunID      string         `json:"run_id"`
	Slot       string         `json:"slot"`
	Status     string         `json:"status"`
	DoneBefore bool           `json:"done_before"`
	Guardrails []verdict      `json:"guardrails"`
	Counts     map[string]int `json:"counts"`
	Mix        []share        `json:"currency_mix"`

	Assignments []struct {
		OrderID    string      `json:"order_id"`
		Agent      string      `json:"agent"`
		Priority   string      `json:"priority"`
		Score      json.Number `json:"score"`
		Currency   string      `json:"currency"`
		Amount     string      `json:"amount"`
		HoursStuck float64     `json:"hours_stuck"`
		Diagnosis  string      `json:"diagnosis"`
		Reason     string      `json:"reason"`
	} `json:"assignments"`
	SetAside []struct {
		OrderID string `json:"order_id"`
		Reason  string `json:"reason"`
	} `json:"set_aside"`
	Disqualified []struct {
		OrderID string `json:"order_id"`
	} `json:"disqualified"`
	Overflow []struct {
		OrderID  string      `json:"order_id"`
		Priority string      `json:"priority"`
		Score    json.Number `json:"score"`
	} `json:"overflow"`
	Messages []struct {
		Kind    string `json:"kind"`
		Channel string `json:"channel"`
		TS      string `json:"ts"`
	} `json:"messages"`
}

type verdict struct {
	Check   string `json:"check"`
	Value   string `json:"value"`
	Level   string `json:"level"`
	Message string `json:"message"`
}

type share struct {
	Currency string `json:"currency"`
	Orders   int    `json:"orders"`
	Percent  string `json:"percent"`
}

// triage runs the program for a slot, as if it were then.
func (w *world) triage(t *testing.T, slot string, asOf time.Time, more ...string) outcome {
	t.Helper()
	return w.run(t, append([]string{"triage", "--json", "--slot", slot, "--as-of", asOf.Format(time.RFC3339)}, more...)...)
}

func (w *world) run(t *testing.T, args ...string) outcome {
	t.Helper()
	p := start(t, w.dir, w.env, args...)
	o := outcome{exit: p.wait()}
	o.stdout, o.stderr = p.stdout.String(), p.stderr.String()
	w.said = append(w.said, o.stdout, o.stderr)
	if o.stdout != "" {
		if err := json.Unmarshal([]byte(o.stdout), &o.document); err != nil {
			t.Errorf("stdout is not one JSON document: %v\n%s", err, o.stdout)
		}
	}
	return o
}

// wants ends the test where the program ended otherwise.
func (o outcome) wants(t *testing.T, exit int, status string) {
	t.Helper()
	if o.exit != exit || o.document.Status != status {
		t.Fatalf("exit status %d, result %q; want %d, %q\n%s", o.exit, o.document.Status, exit, status, o.stderr)
	}
}

// says wants words in what the program told the person who started it.
func (o outcome) says(t *testing.T, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(o.stderr, word) {
			t.Errorf("the error does not say %q:\n%s", word, o.stderr)
		}
	}
}

// briefings are the messages at the top of the channel.
func (w *world) briefings() []fake.SlackMessage {
	return slices.DeleteFunc(w.slack.Messages(), func(m fake.SlackMessage) bool { return m.ThreadTS != "" })
}

// check holds every world to what must be true of all of them.
func (w *world) check(t *testing.T) {
	t.Helper()
	for _, offence := range w.sheets.Offences() {
		t.Errorf("the spreadsheet was asked for what nobody may ask: %s", offence)
	}
	for _, sin := range w.slack.Sins() {
		t.Errorf("Slack: %s", sin)
	}
	w.checkSecrets(t)
	w.checkEntities(t)
}

// checkEntities wants nobody notified and nothing to click but agents and the sheet (F16).
func (w *world) checkEntities(t *testing.T) {
	t.Helper()
	link := "https://docs.google.com/spreadsheets/d/" + w.sheets.ID + "/edit"
	for _, m := range w.slack.Messages() {
		for _, e := range m.Entities {
			isSheet := e.Kind == "link" && e.Target == link
			isAgent := e.Kind == "user" && slices.Contains(w.members, e.Target)
			if !isSheet && !isAgent {
				t.Errorf("a message has a live %s to %q:\n%s", e.Kind, e.Target, m.Text)
			}
		}
	}
}

// checkSecrets looks for the canaries in every place that a world can show (F98).
func (w *world) checkSecrets(t *testing.T) {
	t.Helper()
	places := map[string]string{"the program's output": strings.Join(w.said, "\n"), "the spreadsheet": w.spreadsheet()}
	for _, m := range w.slack.Messages() {
		places["Slack"] += m.Text + string(m.Blocks) + string(m.Metadata) + "\n"
	}
	for place, text := range places {
		for _, secret := range w.secrets(t) {
			if strings.Contains(text, secret) {
				t.Errorf("a secret stands in %s: %q", place, secret)
			}
		}
	}
}

// secrets are the canaries: token, password, and lines of the private key.
func (w *world) secrets(t *testing.T) []string {
	t.Helper()
	var key struct {
		PrivateKey string `json:"private_key"`
	}
	if err := json.Unmarshal([]byte(w.sheets.Key()), &key); err != nil {
		t.Error(err)
	}
	lines := strings.Split(strings.TrimSpace(key.PrivateKey), "\n")
	list := []string{fake.SlackToken, wrongToken, databasePassword, "BEGIN PRIVATE KEY", "ya29.fake"}
	return append(list, lines[1:len(lines)-1]...)
}

// wrongToken has the right form.
const wrongToken = "xoxb-another-canary-token"

// spreadsheet is all text in the sheet, seen and unseen.
func (w *world) spreadsheet() string {
	text := fmt.Sprint(w.sheets.Metadata())
	for _, tab := range w.sheets.Titles() {
		text += w.sheets.Render(tab)
	}
	return text
}
