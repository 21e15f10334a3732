package warehouse

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// statement is a query as people wrote it, and what has to be known of it before it is sent.
type statement struct {
	text  string
	asOf  bool // it takes the as-of time as $1
	limit int  // n, where it ends in LIMIT n; else 0
}

var (
	endLimit  = regexp.MustCompile(`(?i)\blimit\s+(\d{1,9})$`)
	parameter = regexp.MustCompile(`\$(\d+)`)
)

// readStatement wants exactly one statement, whose one parameter, if any, is $1. A semicolon at the end is fine.
func readStatement(sql string) (statement, error) {
	code := strings.TrimRight(codeOf(sql), "; \t\r\n\f")
	if code == "" {
		return statement{}, errors.New("there is no statement in it")
	}
	if strings.Contains(code, ";") {
		return statement{}, errors.New("it holds more than one statement: keep one, with a semicolon at its end at most")
	}
	result := statement{text: sql}
	for _, match := range parameter.FindAllStringSubmatch(code, -1) {
		if match[1] != "1" {
			return statement{}, fmt.Errorf("it uses %s: the only parameter is $1, the time as of when", match[0])
		}
		result.asOf = true
	}
	if match := endLimit.FindStringSubmatch(code); match != nil {
		result.limit, _ = strconv.Atoi(match[1]) // nine digits at most: it fits
	}
	return result, nil
}

// codeOf is the SQL with a blank in place of each comment and an empty pair of quotes in place of each quoted text.
func codeOf(sql string) string {
	var code strings.Builder
	for sql != "" {
		var length int
		switch {
		case strings.HasPrefix(sql, "--"):
			length = lineLength(sql)
			code.WriteByte(' ')
		case strings.HasPrefix(sql, "/*"):
			length = commentLength(sql)
			code.WriteByte(' ')
		case sql[0] == '\'' || sql[0] == '"':
			length = quotedLength(sql)
			code.WriteString(`''`)
		default:
			length = 1
			code.WriteByte(sql[0])
		}
		sql = sql[length:]
	}
	return code.String()
}

func lineLength(sql string) int {
	if end := strings.IndexByte(sql, '\n'); end >= 0 {
		return end
	}
	return len(sql)
}

// commentLength measures a /* comment */; comments may hold comments.
func commentLength(sql string) int {
	depth, i := 0, 0
	for i < len(sql) {
		switch {
		case strings.HasPrefix(sql[i:], "/*"):
			depth++
			i += 2
		case strings.HasPrefix(sql[i:], "*/"):
			depth--
			i += 2
			if depth == 0 {
				return i
			}
		default:
			i++
		}
	}
	return len(sql)
}

// quotedLength measures 'text' or "name". A doubled quote goes on as if one text had ended and another begun, which is
// the same to us; a backslash escapes in Redshift's texts, though not in PostgreSQL's.
func quotedLength(sql string) int {
	for i := 1; i < len(sql); i++ {
		switch {
		case sql[i] == '\\' && sql[0] == '\'':
			i++
		case sql[i] == sql[0]:
			return i + 1
		}
	}
	return len(sql)
}
