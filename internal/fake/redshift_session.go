package fake

import (
	"bytes"
	"crypto/md5"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgproto3"
)

const (
	wireMaxParameters = 32_767 // half of PostgreSQL's
	wireSalt          = "salt"
	wireText          = 0 // the format of a value; 1 is binary
)

// errWireOver ends a session without an answer.
var errWireOver = errors.New("the session is over")

// wireSession is one connection.
type wireSession struct {
	server  *Redshift
	id      uint32
	line    net.Conn
	backend *pgproto3.Backend
	cut     *wireCut
	status  byte // of the transaction: I idle, T inside, E failed
	skip    bool // after an error everything up to the next Sync is ignored
	query   string
	values  []string // of the query's parameters
	queries int      // that were executed
}

var wireParameter = regexp.MustCompile(`\$(\d+)`)

func (s *wireSession) run() {
	if !s.start() {
		return
	}
	s.status = 'I'
	for {
		message, err := s.backend.Receive()
		if err != nil {
			return
		}
		if err := s.handle(message); err != nil {
			return
		}
		if err := s.backend.Flush(); err != nil {
			return
		}
	}
}

// start deals with everything up to the first query, and says whether there will be one.
func (s *wireSession) start() bool {
	s.speak(s.line)
	for {
		message, err := s.backend.ReceiveStartupMessage()
		if err != nil {
			return false
		}
		switch message := message.(type) {
		case *pgproto3.SSLRequest:
			if !s.secure() {
				return false
			}
		case *pgproto3.CancelRequest:
			s.server.cancel(message.ProcessID)
			return false
		case *pgproto3.StartupMessage:
			return s.logIn(message.Parameters)
		default:
			return false
		}
	}
}

func (s *wireSession) speak(line net.Conn) {
	s.cut = &wireCut{Conn: line, left: -1}
	s.backend = pgproto3.NewBackend(line, s.cut)
}

// secure answers the wish for TLS, and says whether the session goes on.
func (s *wireSession) secure() bool {
	if s.server.security == nil {
		_, err := s.line.Write([]byte{'N'})
		return err == nil
	}
	if _, err := s.line.Write([]byte{'S'}); err != nil {
		return false
	}
	secured := tls.Server(s.line, s.server.security.config)
	if secured.Handshake() != nil {
		return false
	}
	s.line = secured
	s.speak(secured)
	return true
}

func (s *wireSession) logIn(parameters map[string]string) bool {
	if s.server.security != nil {
		if _, secured := s.line.(*tls.Conn); !secured {
			return s.fatal("28000", "no pg_hba.conf entry for host, SSL off")
		}
	}
	for name := range parameters {
		if !slices.Contains([]string{"user", "database"}, name) {
			return s.fatal("42704", `unrecognized configuration parameter "`+name+`"`)
		}
	}
	if !s.passwordIsRight(parameters["user"]) {
		return s.fatal("28000", `password authentication failed for user "`+parameters["user"]+`"`)
	}
	if parameters["database"] != RedshiftDatabase {
		return s.fatal("3D000", `database "`+parameters["database"]+`" does not exist`)
	}
	s.server.mu.Lock()
	refusal := s.server.trouble.RefuseCode
	s.server.mu.Unlock()
	if refusal != "" {
		return s.fatal(refusal, "you cannot log in now")
	}
	return s.welcome()
}

func (s *wireSession) passwordIsRight(user string) bool {
	s.backend.Send(&pgproto3.AuthenticationMD5Password{Salt: [4]byte([]byte(wireSalt))})
	if s.backend.Flush() != nil || s.backend.SetAuthType(pgproto3.AuthTypeMD5Password) != nil {
		return false
	}
	message, err := s.backend.Receive()
	if err != nil {
		return false
	}
	answer, ok := message.(*pgproto3.PasswordMessage)
	return ok && user == RedshiftUser && answer.Password == "md5"+wireMD5(wireMD5(RedshiftPassword+RedshiftUser)+wireSalt)
}

func wireMD5(text string) string {
	sum := md5.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}

func (s *wireSession) welcome() bool {
	s.backend.Send(&pgproto3.AuthenticationOk{})
	for _, parameter := range [...]pgproto3.ParameterStatus{
		{Name: "server_version", Value: "8.0.2"}, {Name: "server_encoding", Value: "UNICODE"},
		{Name: "client_encoding", Value: "UNICODE"}, {Name: "max_varchar_size", Value: "65535"},
		{Name: "session_authorization", Value: RedshiftUser}, {Name: "integer_datetimes", Value: "on"},
	} {
		s.backend.Send(&parameter)
	}
	s.backend.Send(&pgproto3.BackendKeyData{ProcessID: s.id, SecretKey: []byte{0, 0, 0, 1}})
	s.backend.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
	return s.backend.Flush() == nil
}

func (s *wireSession) fatal(code, message string) bool {
	s.backend.Send(&pgproto3.ErrorResponse{Severity: "FATAL", Code: code, Message: message})
	_ = s.backend.Flush() // the client may be gone already
	return false
}

// handle answers one message; an error ends the session.
func (s *wireSession) handle(message pgproto3.FrontendMessage) error {
	if _, sync := message.(*pgproto3.Sync); s.skip && !sync {
		return nil
	}
	switch message := message.(type) {
	case *pgproto3.Query:
		s.simple(message.String)
	case *pgproto3.Parse:
		s.parse(message)
	case *pgproto3.Bind:
		s.bind(message)
	case *pgproto3.Describe:
		s.describe(message)
	case *pgproto3.Execute:
		return s.execute()
	case *pgproto3.Sync:
		s.skip = false
		s.ready()
	case *pgproto3.Terminate:
		s.server.note(func(seen *RedshiftSeen) { seen.Goodbyes++ })
		return errWireOver
	default:
		s.server.tb.Errorf("Redshift got a message that it need not know: %T", message)
		return errWireOver
	}
	return nil
}

func (s *wireSession) ready() { s.backend.Send(&pgproto3.ReadyForQuery{TxStatus: s.status}) }

// refuse reports an error of the extended protocol or of a simple query.
func (s *wireSession) refuse(code, message string) {
	s.skip = true
	if s.status == 'T' {
		s.status = 'E'
	}
	s.backend.Send(&pgproto3.ErrorResponse{Severity: "ERROR", Code: code, Message: message})
}

// simple runs SQL that a client sends as plain text: settings, transactions, a ping.
func (s *wireSession) simple(sql string) {
	s.server.note(func(seen *RedshiftSeen) { seen.Statements = append(seen.Statements, sql) })
	for statement := range strings.SplitSeq(sql, ";") {
		if tag := s.simpleStatement(strings.Fields(strings.ToUpper(statement))); tag != "" {
			s.backend.Send(&pgproto3.CommandComplete{CommandTag: []byte(tag)})
		}
		if s.skip {
			break
		}
	}
	s.skip = false
	s.ready()
}

// simpleStatement gives the tag of a statement that went well.
func (s *wireSession) simpleStatement(words []string) string {
	settings := []string{"STATEMENT_TIMEOUT", "TIMEZONE", "QUERY_GROUP", "SEARCH_PATH", "DATESTYLE"}
	switch {
	case len(words) == 4 && words[0] == "SET" && words[2] == "TO":
		if slices.Contains(settings, words[1]) {
			return "SET"
		}
		s.refuse("42704", `unrecognized configuration parameter "`+strings.ToLower(words[1])+`"`)
	case slices.Equal(words, []string{"BEGIN", "READ", "ONLY"}):
		s.status = 'T'
		return "BEGIN"
	case slices.Equal(words, []string{"SELECT", "1"}):
		s.backend.Send(wireColumns([]string{"?column?"}))
		s.backend.Send(&pgproto3.DataRow{Values: [][]byte{[]byte("1")}})
		return "SELECT 1"
	default:
		s.refuse("42601", "syntax error at or near "+strconv.Quote(strings.Join(words, " ")))
	}
	return ""
}

func (s *wireSession) parse(message *pgproto3.Parse) {
	if message.Name != "" {
		s.server.tb.Errorf("a named statement is left behind in the session: %q", message.Name)
	}
	if len(message.ParameterOIDs) > 0 {
		s.server.tb.Errorf("parameters come with types of PostgreSQL: %v", message.ParameterOIDs)
	}
	if s.status != 'T' {
		s.server.tb.Errorf("a query outside of a read-only transaction: %.60q", message.Query)
	}
	s.query = message.Query
	s.server.note(func(seen *RedshiftSeen) { seen.Statements = append(seen.Statements, message.Query) })
	s.backend.Send(&pgproto3.ParseComplete{})
}

func (s *wireSession) bind(message *pgproto3.Bind) {
	binary := func(format int16) bool { return format != wireText }
	if slices.ContainsFunc(message.ParameterFormatCodes, binary) || slices.ContainsFunc(message.ResultFormatCodes, binary) {
		s.server.tb.Errorf("binary values: parameters %v, results %v", message.ParameterFormatCodes, message.ResultFormatCodes)
	}
	if len(message.Parameters) > wireMaxParameters {
		s.refuse("08P01", "there is no parameter $-32768")
		return
	}
	if n := len(message.Parameters); n != wireParameters(s.query) {
		s.refuse("08P01", "bind message supplies "+strconv.Itoa(n)+" parameters, the statement requires another number")
		return
	}
	s.values = make([]string, len(message.Parameters))
	for i, value := range message.Parameters {
		if !utf8.Valid(value) || bytes.IndexByte(value, 0) >= 0 {
			s.refuse("22021", fmt.Sprintf("invalid byte sequence for encoding \"UTF8\": %x", value))
			return
		}
		s.values[i] = string(value)
	}
	s.server.note(func(seen *RedshiftSeen) { seen.Arguments = append(seen.Arguments, s.values) })
	s.backend.Send(&pgproto3.BindComplete{})
}

// wireParameters counts the parameters of a query, wherever they stand in it, and wants them numbered without a gap: one
// that nothing uses has no type.
func wireParameters(query string) int {
	used := map[string]bool{}
	for _, match := range wireParameter.FindAllStringSubmatch(query, -1) {
		used[match[1]] = true
	}
	for n := range len(used) {
		if !used[strconv.Itoa(n+1)] {
			return -1
		}
	}
	return len(used)
}

func (s *wireSession) describe(message *pgproto3.Describe) {
	s.server.mu.Lock()
	columns := s.server.columns
	s.server.mu.Unlock()
	if message.ObjectType == 'S' {
		s.backend.Send(&pgproto3.ParameterDescription{ParameterOIDs: make([]uint32, max(wireParameters(s.query), 0))})
	}
	s.backend.Send(wireColumns(columns))
}

func wireColumns(names []string) *pgproto3.RowDescription {
	const varchar = 1043
	var description pgproto3.RowDescription
	for _, name := range names {
		description.Fields = append(description.Fields, pgproto3.FieldDescription{Name: []byte(name), DataTypeOID: varchar, DataTypeSize: -1, TypeModifier: -1})
	}
	return &description
}

// execute gives the prepared answer, as far as the ordered trouble lets it.
func (s *wireSession) execute() error {
	s.queries++
	rows, trouble := s.server.answer(s.values), s.server.troubleFor(s.queries)
	s.server.mu.Lock()
	cancelled := s.server.cancelled[s.id]
	s.server.seen.Executions++
	s.server.mu.Unlock()
	if trouble.CutBytes > 0 {
		s.cut.left = trouble.CutBytes
	}
	for i := range len(rows) + 1 {
		if i >= trouble.AtRow && (trouble.Cut || trouble.Code != "" || trouble.Hang) {
			return s.breakOff(trouble, cancelled) // perhaps after the last row, before the word that it was the last
		}
		if i == len(rows) {
			break
		}
		s.backend.Send(wireRow(rows[i]))
		if i%64 == 63 && s.backend.Flush() != nil {
			return errWireOver
		}
	}
	s.backend.Send(&pgproto3.CommandComplete{CommandTag: []byte("SELECT " + strconv.Itoa(len(rows)))})
	return nil
}

func (s *wireSession) breakOff(trouble RedshiftTrouble, cancelled chan struct{}) error {
	if s.backend.Flush() != nil || trouble.Cut {
		return errWireOver
	}
	if !trouble.Hang {
		s.refuse(trouble.Code, trouble.Message)
		return nil
	}
	if trouble.Deaf {
		_, _ = io.Copy(io.Discard, s.line) // until the client cuts the line
		return errWireOver
	}
	<-cancelled
	s.refuse("57014", "Query (1024) cancelled on user's request")
	return nil
}

func wireRow(row []string) *pgproto3.DataRow {
	values := make([][]byte, len(row))
	for i, value := range row {
		if value != RedshiftNull {
			values[i] = []byte(value)
		}
	}
	return &pgproto3.DataRow{Values: values}
}

// wireCut is a line that breaks after a number of bytes.
type wireCut struct {
	net.Conn
	left int // bytes until it breaks; below 0: never
}

func (c *wireCut) Write(p []byte) (int, error) {
	if c.left < 0 {
		return c.Conn.Write(p)
	}
	n, err := c.Conn.Write(p[:min(c.left, len(p))])
	c.left -= n
	if err == nil && n < len(p) {
		_ = c.Conn.Close()
		err = io.ErrClosedPipe
	}
	return n, err
}
