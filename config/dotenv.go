package config

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// pair is one KEY=VALUE of a .env file.
type pair struct {
	key, value string
	line       int // where it begins, from 1
}

// dotenvError says which line of a .env file cannot be read. It never repeats the line.
type dotenvError struct {
	line int
	what string
}

func (e *dotenvError) Error() string { return fmt.Sprintf("line %d: %s", e.line, e.what) }

// parseDotenv reads the text of a .env file. Its grammar, and no more:
//
//	# comment
//	KEY=VALUE            blanks around "=" and after the value do not count
//	export KEY=VALUE     the same
//	KEY=VALUE # comment  a "#" that follows a blank; elsewhere it is part of the value
//	KEY='VALUE'          as it stands, over several lines if need be
//	KEY="VALUE"          likewise, with \n \r \t \" \\ \$
//
// A key is letters, digits and underscores. "$" has no meaning: nothing is
// looked up, nothing is run. The first line that does not fit ends the reading.
func parseDotenv(text string) ([]pair, error) {
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		return nil, &dotenvError{1, "the file is not UTF-8 text; save it as UTF-8"}
	}
	s := scanner{rest: strings.ReplaceAll(strings.TrimPrefix(text, "\ufeff"), "\r\n", "\n"), line: 1}
	var pairs []pair
	for s.rest != "" {
		found, err := s.next()
		if err != nil {
			return nil, err
		}
		if found.key != "" {
			pairs = append(pairs, found)
		}
	}
	return pairs, nil
}

// scanner walks through the text of a .env file.
type scanner struct {
	rest string
	line int // of the first byte of rest
}

// next reads one pair, or passes one line that holds none.
func (s *scanner) next() (pair, error) {
	s.blanks()
	if s.rest == "" || s.rest[0] == '#' || s.rest[0] == '\n' {
		s.cutLine()
		return pair{}, nil
	}
	found := pair{line: s.line}
	if export, ok := strings.CutPrefix(s.rest, "export"); ok && export != strings.TrimLeft(export, " \t") {
		s.rest = export
		s.blanks()
	}
	found.key = s.rest[:keyLength(s.rest)]
	s.rest = s.rest[len(found.key):]
	s.blanks()
	if found.key == "" || !strings.HasPrefix(s.rest, "=") {
		return pair{}, &dotenvError{s.line, "expected KEY=VALUE, or # before a comment"}
	}
	s.rest = s.rest[1:]
	var err error
	found.value, err = s.value()
	return found, err
}

// value reads what stands after the equals sign, to the end of its line.
func (s *scanner) value() (string, error) {
	if unspaced := strings.TrimLeft(s.rest, " \t"); unspaced == "" || unspaced[0] != '\'' && unspaced[0] != '"' {
		return plainValue(s.cutLine()), nil
	}
	s.blanks()
	begin := s.line
	value, err := s.quoted(s.rest[0])
	if err != nil {
		return "", err
	}
	if tail := strings.TrimLeft(s.cutLine(), " \t"); tail != "" && tail[0] != '#' {
		return "", &dotenvError{begin, "there is text after the closing quote; put a backslash before a \" that belongs to the value"}
	}
	return value, nil
}

// quoted reads to the closing quote and passes it.
func (s *scanner) quoted(quote byte) (string, error) {
	var b strings.Builder
	for i := 1; i < len(s.rest); i++ {
		c := s.rest[i]
		switch {
		case c == quote:
			value := s.rest[1:i]
			s.line += strings.Count(value, "\n")
			s.rest = s.rest[i+1:]
			if quote == '"' {
				value = b.String()
			}
			return value, nil
		case c == '\\' && quote == '"':
			i++
			plain, ok := unescape(s.rest[i:])
			if !ok {
				line := s.line + strings.Count(s.rest[:i], "\n")
				return "", &dotenvError{line, `in double quotes a backslash goes before n, r, t, ", $ or \ only; single quotes take every backslash as it stands`}
			}
			b.WriteByte(plain)
		default:
			b.WriteByte(c)
		}
	}
	return "", &dotenvError{s.line, "the quote that opens here is never closed"}
}

// unescape gives the byte that a backslash before rest stands for.
func unescape(rest string) (byte, bool) {
	if rest == "" {
		return 0, false
	}
	switch c := rest[0]; c {
	case 'n':
		return '\n', true
	case 'r':
		return '\r', true
	case 't':
		return '\t', true
	case '"', '\\', '$':
		return c, true
	}
	return 0, false
}

// plainValue is an unquoted value without its comment and the blanks around it.
func plainValue(text string) string {
	for i := range len(text) {
		if text[i] == '#' && (i > 0 && (text[i-1] == ' ' || text[i-1] == '\t')) {
			text = text[:i]
			break
		}
	}
	return strings.TrimSpace(text)
}

func (s *scanner) blanks() { s.rest = strings.TrimLeft(s.rest, " \t") }

// cutLine takes the rest of the line, and passes its end.
func (s *scanner) cutLine() string {
	line, rest, _ := strings.Cut(s.rest, "\n")
	s.rest = rest
	s.line++
	return line
}

// keyLength is how many bytes at the start of the text make a key.
func keyLength(text string) int {
	for i := range len(text) {
		c := text[i]
		letter := c == '_' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return i
		}
	}
	return len(text)
}
