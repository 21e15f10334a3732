package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseDotenv(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		want       []pair
	}{
		{"nothing", "", nil},
		{"comments and blank lines", "# a\n\n  # b\n \t\n", nil},
		{"plain", "A=1\nB_2=two words\n", []pair{{"A", "1", 1}, {"B_2", "two words", 2}}},
		{"no line break at the end", "A=1", []pair{{"A", "1", 1}}},
		{"blanks around", "  A =  1  \n", []pair{{"A", "1", 1}}},
		{"CRLF and a byte order mark", "\ufeffA=1\r\nB=2\r\n", []pair{{"A", "1", 1}, {"B", "2", 2}}},
		{"export", "export A=1\nexport\tB=2\nexport=3\nexported=4\n", []pair{{"A", "1", 1}, {"B", "2", 2}, {"export", "3", 3}, {"exported", "4", 4}}},
		{"empty", "A=\nB= # why\nC=''\nD=\"\"\n", []pair{{"A", "", 1}, {"B", "", 2}, {"C", "", 3}, {"D", "", 4}}},
		{"a comment needs a blank before it", "A=x#y #z\nB=#ops\nC=x\t# y\n", []pair{{"A", "x#y", 1}, {"B", "#ops", 2}, {"C", "x", 3}}},
		{"nothing is looked up or run", "A=$HOME ${B} `id` $(id)\n", []pair{{"A", "$HOME ${B} `id` $(id)", 1}}},
		{"single quotes", `A='a\n"#$ ' # c`, []pair{{"A", `a\n"#$ `, 1}}},
		{"double quotes", `A="a\n\r\t\"\\\$'# "`, []pair{{"A", "a\n\r\t\"\\$'# ", 1}}},
		{"quotes inside", `A=it's "so"`, []pair{{"A", `it's "so"`, 1}}},
		{"equals signs in the value", "A=a=b==\n", []pair{{"A", "a=b==", 1}}},
		{"JSON as it stands", `A={"k": "a\nb"}`, []pair{{"A", `{"k": "a\nb"}`, 1}}},
		{"several lines", "A='{\n  \"k\": 1\n}'\nB=\"x\ny\"\nC=3", []pair{{"A", "{\n  \"k\": 1\n}", 1}, {"B", "x\ny", 4}, {"C", "3", 6}}},
		{"twice", "A=1\nA=2\n", []pair{{"A", "1", 1}, {"A", "2", 2}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := parseDotenv(test.text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(pair{})); diff != "" {
				t.Errorf("pairs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseDotenvRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{"no equals sign", "A=1\nhunter2\n", "line 2: expected KEY=VALUE"},
		{"no key", "=hunter2\n", "line 1: expected KEY=VALUE"},
		{"a key with a hyphen", "A-B=hunter2\n", "line 1: expected KEY=VALUE"},
		{"a key that begins with a digit", "\n\n1A=hunter2\n", "line 3: expected KEY=VALUE"},
		{"export of nothing", "export\n", "line 1: expected KEY=VALUE"},
		{"an open quote", "A=1\nB='hunter2\nC=3\n", "line 2: the quote that opens here"},
		{"a lone backslash at the end", `A="hunter2\`, "line 1: in double quotes a backslash"},
		{"text after the quote", "A='hunter2'hunter2\n", "line 1: there is text after the closing quote"},
		{"an unknown escape, lines later", "A=\"x\ny\nhunter2\\q\"\n", "line 3: in double quotes a backslash"},
		{"not UTF-8", "A=hunter2\xff\n", "line 1: the file is not UTF-8"},
		{"a zero byte", "A=hunter2\x00\n", "line 1: the file is not UTF-8"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			pairs, err := parseDotenv(test.text)
			if err == nil {
				t.Fatalf("got %v, want an error", pairs)
			}
			if !strings.HasPrefix(err.Error(), test.want) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("got %q, want %q... without the text of the file", err, test.want)
			}
		})
	}
}

// quoteDotenv writes a value in double quotes so that parseDotenv reads it back.
func quoteDotenv(value string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\r", `\r`, "$", `\$`).Replace(value) + `"`
}

func FuzzParseDotenv(f *testing.F) {
	for _, seed := range []string{"A=1\n# c\nexport B='x\ny' # z\n", "A=\"\\n\"", "\ufeffA=\r\n", "A='", "=\n", "A=$B #c", "\xff", "export\tA =\t1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		lines := strings.Count(text, "\n") + 1
		pairs, err := parseDotenv(text)
		if wrong, ok := err.(*dotenvError); err != nil && (!ok || wrong.line < 1 || wrong.line > lines) {
			t.Fatalf("the error %v names no line of the %d", err, lines)
		}
		last := 0
		for _, p := range pairs {
			if p.line <= last || p.line > lines || p.key == "" || !strings.Contains(text, p.key) {
				t.Fatalf("%+v after line %d, in a text of %d lines", p, last, lines)
			}
			last = p.line
			again, err := parseDotenv("# first\n" + p.key + "=" + quoteDotenv(p.value) + " # last")
			if want := []pair{{p.key, p.value, 2}}; err != nil || !cmp.Equal(want, again, cmp.AllowUnexported(pair{})) {
				t.Fatalf("quoted and read again: got %+v, %v, want %+v", again, err, want)
			}
		}
	})
}
