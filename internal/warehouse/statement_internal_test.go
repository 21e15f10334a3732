package warehouse

import (
	"strings"
	"testing"
)

func TestReadStatement(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		sql  string
		want statement
	}{
		"plain":                     {"SELECT 1", statement{}},
		"as of":                     {"SELECT CAST($1 AS timestamp), $1::date", statement{asOf: true}},
		"no parameter in a comment": {"SELECT 1 -- $1\n/* $2 ; /* nested ; */ LIMIT 3 */", statement{}},
		"no parameter in a text":    {"SELECT '$2; it''s', \"$3\"", statement{}},
		"escaped quote":             {`SELECT 'it\'s; LIMIT 5'`, statement{}},
		"limit":                     {"SELECT 1 LIMIT 600", statement{limit: 600}},
		"limit, noise around it":    {"SELECT 1\nlimit\t2000 ; -- enough\r\n/* really */ ;", statement{limit: 2000}},
		"limit inside":              {"SELECT * FROM (SELECT 1 LIMIT 5) x", statement{}},
		"limit in a name":           {"SELECT a FROM my_limit 10", statement{}},
		"limit all":                 {"SELECT 1 LIMIT ALL", statement{}},
		"limit too large for us":    {"SELECT 1 LIMIT 99999999999999999999", statement{}},
		"limit in the last comment": {"SELECT 1 -- LIMIT 5", statement{}},
		"open comment":              {"SELECT 1 /* LIMIT 5", statement{}},
		"open text":                 {"SELECT 'LIMIT 5", statement{}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.want.text = tt.sql
			got, err := readStatement(tt.sql)
			if err != nil || got != tt.want {
				t.Errorf("got %+v, %v; want %+v", got, err, tt.want)
			}
		})
	}
}

func TestReadStatementRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ sql, want string }{
		"nothing":                     {" \n", "no statement"},
		"comments only":               {"-- nothing\n/* here */;", "no statement"},
		"two statements":              {"SELECT 1; SELECT 2", "more than one statement"},
		"second one behind a comment": {"SELECT 1; --\nDROP TABLE x;", "more than one statement"},
		"second parameter":            {"SELECT $1, $2", "it uses $2"},
		"parameter zero":              {"SELECT $0", "it uses $0"},
		"parameter eleven":            {"SELECT $11", "it uses $11"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := readStatement(tt.sql)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestReadIDStatement(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		sql, want string // for three ids
	}{
		"as of and ids":    {"SELECT $1 WHERE id IN (:ids)", "SELECT $1 WHERE id IN ($2, $3, $4)"},
		"as of after them": {"SELECT 1 WHERE id IN (:ids) AND t < $1", "SELECT 1 WHERE id IN ($2, $3, $4) AND t < $1"},
		"without as of":    {"SELECT '$1' WHERE id IN ( :ids ); -- $1", "SELECT '$1' WHERE id IN ( $1, $2, $3 ); -- $1"},
		"said elsewhere": {
			"-- :ids\n/* :ids /* :ids */ */ SELECT ':ids', \":ids\" WHERE id IN (:ids) -- :ids",
			"-- :ids\n/* :ids /* :ids */ */ SELECT ':ids', \":ids\" WHERE id IN ($1, $2, $3) -- :ids",
		},
		"others of the name": {"SELECT x::ids, :idsx, a:ids WHERE id IN (:ids)", "SELECT x::ids, :idsx, a:ids WHERE id IN ($1, $2, $3)"},
		"odd bytes before":   {"SELECT 'é🙂\xff' /*é*/ WHERE id IN (:ids)", "SELECT 'é🙂\xff' /*é*/ WHERE id IN ($1, $2, $3)"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			statement, err := readIDStatement(tt.sql)
			if err != nil {
				t.Fatal(err)
			}
			if got := statement.textFor(3); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestReadIDStatementRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ sql, want string }{
		"no ids":             {"SELECT 1", "it says :ids 0 times"},
		"ids in a comment":   {"SELECT 1 -- IN (:ids)", "it says :ids 0 times"},
		"ids in a text":      {"SELECT 1 WHERE id IN (':ids')", "it says :ids 0 times"},
		"ids twice":          {"SELECT 1 WHERE id IN (:ids) OR id IN (:ids)", "it says :ids 2 times"},
		"a cut answer":       {"SELECT 1 WHERE id IN (:ids) LIMIT 500;", "take the LIMIT away"},
		"a second parameter": {"SELECT $2 WHERE id IN (:ids)", "it uses $2"},
		"two statements":     {"SELECT 1; SELECT 1 WHERE id IN (:ids)", "more than one statement"},
		"nothing":            {"", "no statement"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := readIDStatement(tt.sql)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// FuzzReadStatement: what is sent is always what was written, and a quoted or commented text never counts.
func FuzzReadStatement(f *testing.F) {
	f.Add("SELECT 1 LIMIT 5")
	f.Add("-- a\n/* b /* c */ */ 'd' \"e\" ;")
	f.Fuzz(func(t *testing.T, sql string) {
		got, err := readStatement(sql)
		if err == nil && got.text != sql {
			t.Errorf("%q became %q", sql, got.text)
		}
		if len(codeOf(sql)) != len(sql) {
			t.Errorf("the code of %q is %q: places in it are others", sql, codeOf(sql))
		}
		if err != nil || strings.ContainsAny(sql, `'"\-/*`) {
			return
		}
		quoted, err := readStatement("SELECT '" + sql + "'")
		if err != nil || quoted.asOf || quoted.limit != 0 {
			t.Errorf("%q in quotes counts: %+v, %v", sql, quoted, err)
		}
	})
}
