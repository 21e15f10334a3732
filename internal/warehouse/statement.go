package warehouse

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
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
	idsPlace  = regexp.MustCompile(`(?:^|[^:\w])(:ids)\b`) // ::ids is a cast
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

// arguments are the values of the parameters: the as-of time, where the statement takes it, and the ids. They travel
// beside the text, so nothing that an id holds is ever read as SQL.
func (s statement) arguments(asOf time.Time, ids ...string) [][]byte {
	values := make([][]byte, 0, 1+len(ids))
	if s.asOf {
		values = append(values, []byte(asOf.UTC().Format("2006-01-02 15:04:05.999999")))
	}
	for _, id := range ids {
		values = append(values, []byte(id))
	}
	return values
}

// idStatement is a statement that asks about certain orders: their ids stand between before and after.
type idStatement struct {
	statement

	before, after string
}

// readIDStatement wants a statement that says :ids in exactly one place, and nothing that cuts its answer short.
func readIDStatement(sql string) (idStatement, error) {
	query, err := readStatement(sql)
	if err != nil {
		return idStatement{}, err
	}
	if query.limit > 0 {
		return idStatement{}, errors.New("it ends in LIMIT: an order that is cut off would look unknown; take the LIMIT away")
	}
	places := idsPlace.FindAllStringSubmatchIndex(codeOf(sql), -1)
	if len(places) != 1 {
		return idStatement{}, fmt.Errorf("it says :ids %d times: write order_id IN (:ids) once, outside of quotes and comments", len(places))
	}
	start, end := places[0][2], places[0][3]
	return idStatement{statement: query, before: sql[:start], after: sql[end:]}, nil
}

// textFor is the SQL for n ids: a numbered parameter for each of them in place of :ids.
func (s idStatement) textFor(n int) string {
	first := 1
	if s.asOf {
		first = 2
	}
	var text strings.Builder
	text.WriteString(s.before)
	for i := range n {
		if i > 0 {
			text.WriteString(", ")
		}
		text.WriteString("$" + strconv.Itoa(first+i))
	}
	text.WriteString(s.after)
	return text.String()
}

// codeOf is the SQL with blanks in place of each comment and quotes in place of each quoted text, byte for byte: a
// place in the code is the same place in the SQL.
func codeOf(sql string) string {
	var code strings.Builder
	for sql != "" {
		var length int
		switch {
		case strings.HasPrefix(sql, "--"):
			length = lineLength(sql)
			code.WriteString(strings.Repeat(" ", length))
		case strings.HasPrefix(sql, "/*"):
			length = commentLength(sql)
			code.WriteString(strings.Repeat(" ", length))
		case sql[0] == '\'' || sql[0] == '"':
			length = quotedLength(sql)
			code.WriteString(strings.Repeat("'", length))
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
