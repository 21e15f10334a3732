package config

import "pi-manager/internal/ecm"

// Settings is the effective configuration of one run, as a value. Every field
// was checked; none is shared between runs.
type Settings struct {
	Warehouse Part // KindRedshift or KindFile
	Ledger    Part // KindSheet, KindSQLite or KindPostgres
	Notify    Part // KindSlack or KindStdout

	Redshift Redshift // complete where the warehouse is KindRedshift
	Sheet    Sheet    // complete where the ledger is KindSheet
	Postgres Postgres // complete where the ledger is KindPostgres
	Slack    Slack    // complete where the notifier is KindSlack

	ConfigDir      string   // folder for Read and LoadSchedule; empty: the embedded files
	QueriesDir     string   // folder with SQL files of the team's own; empty: the embedded ones
	ExcludedAgents []string // e-mails by ecm.AgentKey, each once; they add to the policy's
	JobName        string   // of the Kubernetes Job that runs this; empty where none does
	Pushgateway    string   // base address of where runs push their figures; empty: nowhere

	rows []Row
}

// Redshift is how the warehouse is reached.
type Redshift struct {
	Host     string // a name, an IP address, or the folder of a Unix socket
	Port     int    // 1 to 65535; 5439 unless given
	Database string
	User     string
	Password ecm.Secret
	SSLMode  string // verify-full unless a person wrote disable
	RootCert string // PEM file to trust instead of the system's certificates; empty: the system's
}

// Sheet is how the Google Sheet is reached.
type Sheet struct {
	SpreadsheetID string
	Account       ecm.Secret // the JSON of a service account's key; empty: application default credentials
	AccountEmail  string     // whom a person shares the sheet with; empty where Account is
	Endpoint      string     // base address instead of Google's; empty: Google's
}

// Slack is how the team's channel is reached.
type Slack struct {
	Token     ecm.Secret
	ChannelID string // C..., G... or D..., never a name
	APIURL    string // base address instead of Slack's, ends in /api/; empty: Slack's
}

// Load reads the settings from the environment (as os.Environ gives it) and
// from .env files, the more important ones first; the environment wins over all.
//
// An empty value counts as not set. A secret is read from its variable or from
// the file that its _FILE twin names; the trailing line break of a secret and
// the blanks around any other value do not count.
//
// The error is a Faults with everything that is wrong. The settings that come
// with it are good for Print only.
func Load(environ []string, files ...EnvFile) (Settings, error) {
	s, faults := &Settings{}, Faults{}
	variables := s.variables()
	layers := readLayers(environ, files, variables, &faults)
	faults = append(faults, unknown(layers, variables)...)
	set := map[string]bool{}
	for _, v := range variables {
		row, err := v.read(layers)
		if err != nil {
			faults.add(v.name+" ("+row.Source+")", "%v", err)
		}
		set[v.name] = row.given()
		s.rows = append(s.rows, row)
	}
	faults = append(faults, s.chooseParts(set)...)
	return *s, faults.err()
}

// variable is one thing that a person can set.
type variable struct {
	group, name string
	initial     string // the value where nobody gave one
	secret      bool   // has a _FILE twin, and is never shown, or only in part

	// set checks the text and puts it into the settings. It returns how the value
	// is shown; its error must not repeat the text.
	set func(text string) (shown string, err error)
}

// variables lists every variable there is, bound to its field of s.
func (s *Settings) variables() []variable {
	const warehouse, ledger, notify, edited = "Warehouse", "Ledger", "Slack", "What people edit"
	return []variable{
		{group: warehouse, name: chooseWarehouse, set: choice(&s.Warehouse, KindRedshift, KindFile)},
		{group: warehouse, name: "REDSHIFT_HOST", set: host(&s.Redshift.Host)},
		{group: warehouse, name: "REDSHIFT_PORT", initial: "5439", set: port(&s.Redshift.Port)},
		{group: warehouse, name: "REDSHIFT_DATABASE", set: word(&s.Redshift.Database)},
		{group: warehouse, name: "REDSHIFT_USER", set: word(&s.Redshift.User)},
		{group: warehouse, name: "REDSHIFT_PASSWORD", secret: true, set: secret(&s.Redshift.Password)},
		{group: warehouse, name: "REDSHIFT_SSLMODE", initial: "verify-full", set: sslMode(&s.Redshift.SSLMode)},
		{group: warehouse, name: "REDSHIFT_SSLROOTCERT", set: certificates(&s.Redshift.RootCert)},

		{group: ledger, name: chooseLedger, secret: true, set: s.setLedger},
		{group: ledger, name: "SPREADSHEET_ID", set: spreadsheet(&s.Sheet.SpreadsheetID)},
		{group: ledger, name: "GOOGLE_SERVICE_ACCOUNT_JSON", secret: true, set: s.Sheet.setAccount},
		{group: ledger, name: "GOOGLE_SHEETS_ENDPOINT", set: webAddress(&s.Sheet.Endpoint, "")},

		{group: notify, name: chooseNotify, set: choice(&s.Notify, KindSlack, KindStdout)},
		{group: notify, name: "SLACK_BOT_TOKEN", secret: true, set: botToken(&s.Slack.Token)},
		{group: notify, name: "SLACK_CHANNEL_ID", set: channel(&s.Slack.ChannelID)},
		{group: notify, name: "SLACK_API_URL", set: webAddress(&s.Slack.APIURL, "/api/")},

		{group: "Gateway", name: "MCP_GATEWAY_URL", set: unused},

		{group: edited, name: "PI_MANAGER_CONFIG", set: folder(&s.ConfigDir, checkConfigFolder)},
		{group: edited, name: "PI_MANAGER_QUERIES", set: folder(&s.QueriesDir, checkFolder)},
		{group: edited, name: "PI_MANAGER_EXCLUDED_AGENTS", set: emails(&s.ExcludedAgents)},

		{group: "Where it runs", name: "PI_MANAGER_JOB_NAME", set: word(&s.JobName)},
		{group: "Where it runs", name: "PI_MANAGER_PUSHGATEWAY_URL", set: webAddress(&s.Pushgateway, "")},
	}
}
