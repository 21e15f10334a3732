package queries_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"pi-manager/queries"
)

func TestReadPrefersTheTeamsFolderFileByFile(t *testing.T) {
	t.Parallel()
	embedded, err := queries.Read("", queries.PendingList)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(embedded.Text, "orders_goms") || embedded.Path != "embedded ecm-pending-list.sql" {
		t.Errorf("embedded query is %q, %.40q", embedded.Path, embedded.Text)
	}

	dir := t.TempDir()
	if got, err := queries.Read(dir, queries.PendingList); err != nil || got != embedded {
		t.Errorf("a folder without the file: got %q, %v, want the embedded query", got.Path, err)
	}

	own := filepath.Join(dir, queries.PendingList)
	write(t, own, "\ufeffSELECT 1;\r\n")
	got, err := queries.Read(dir, queries.PendingList)
	if err != nil {
		t.Fatal(err)
	}
	if want := (queries.Query{Path: own, Text: "SELECT 1;\r\n"}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "empty.sql"), " \n\t\n")
	write(t, filepath.Join(dir, "latin1.sql"), "SELECT 'caf\xe9'")
	write(t, filepath.Join(dir, "dump.sql"), strings.Repeat("x", 1<<20+1)) // F78: never near Redshift's 16 MB
	if err := os.Mkdir(filepath.Join(dir, "folder.sql"), 0o700); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct{ dir, name, want string }{
		"empty file":       {dir, "empty.sql", "empty.sql is empty"},
		"not UTF-8":        {dir, "latin1.sql", "latin1.sql is not UTF-8"},
		"far too large":    {dir, "dump.sql", "at most 1048576"},
		"a folder":         {dir, "folder.sql", "folder.sql"},
		"no such folder":   {filepath.Join(dir, "typo"), queries.PendingList, "correct --queries"},
		"folder is a file": {filepath.Join(dir, "empty.sql"), queries.PendingList, "want the folder that holds"},
		"no such query":    {dir, "nothing.sql", "no query called nothing.sql"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := queries.Read(tt.dir, tt.name)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got error %v, want one that says %q", err, tt.want)
			}
		})
	}
}

// F81: words that only Redshift or only PostgreSQL knows, or that only Redshift's leader node can run, fail on the
// other side, where no test would see it.
func TestOurSQLMeansTheSameOnRedshiftAndPostgreSQL(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("*.sql")
	if err != nil || len(names) == 0 {
		t.Fatalf("no SQL found: %v", err)
	}
	for _, name := range names {
		query, err := queries.Read("", name)
		if err != nil {
			t.Fatal(err)
		}
		if found := deniedWords(query.Text); len(found) > 0 {
			t.Errorf("%s uses %q", name, found)
		}
	}
}

func TestDeniedWordsAreFound(t *testing.T) {
	t.Parallel()
	bad := []string{
		"SELECT DATEDIFF(hour, a, b)", "select nvl(a, b)", "SELECT LISTAGG(a)", "SELECT TOP 5 a", "QUALIFY nth = 1",
		"SELECT DISTINCT ON (a) b", "x = ANY($1)", "LEFT JOIN LATERAL f()", "count(*) FILTER (WHERE a)", "SELECT now()",
		"a -> 'b'", "a::jsonb", "SELECT getdate()", "string_agg(a, ',')", "WHERE a ~ 'b'", "SELECT 1 LIMIT 10",
		"generate_series(1, 2)", "E'a'", "ARRAY[1]", "CURRENT_TIMESTAMP",
	}
	for _, sql := range bad {
		if len(deniedWords(sql)) == 0 {
			t.Errorf("%q passes", sql)
		}
	}
	if found := deniedWords("SELECT a -- FILTER, not TOP or now()\nFROM b WHERE c = 'LATERAL ~ ANY('"); found != nil {
		t.Errorf("words in a comment or a text are refused: %q", found)
	}
}

func deniedWords(sql string) []string {
	notCode := regexp.MustCompile(`--[^\n]*|'[^']*'`)
	denied := regexp.MustCompile(`(?i)\b(DATEDIFF|DATEADD|NVL2?|LISTAGG|TOP|QUALIFY|GETDATE|SYSDATE|DECODE|LEN|CONVERT_TIMEZONE|` +
		`LATERAL|FILTER|UNNEST|GENERATE_SERIES|STRING_AGG|ARRAY_AGG|ARRAY|JSONB?|ILIKE|RETURNING|NOW|CURRENT_TIMESTAMP|` +
		`CURRENT_DATE|LOCALTIMESTAMP|CLOCK_TIMESTAMP|AGE|FORMAT|LIMIT|MATERIALIZED|COLLATE)\b|\bDISTINCT\s+ON\b|\bANY\s*\(|->|~|\bE''|\bE$`)
	return denied.FindAllString(notCode.ReplaceAllString(sql, ""), -1)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
