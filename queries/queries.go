// Package queries holds the SQL that reads the warehouse. The ops team edits these files: each says in its first
// lines what it returns and why. They are built into the binary, and a folder of the team's own can replace them one
// by one. The text goes to internal/warehouse, which checks that it is one statement and runs it.
package queries

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// The file names of the queries.
const (
	PendingList = "ecm-pending-list.sql" // lists the stuck orders
	OrderStatus = "ecm-order-status.sql" // tells what has become of certain orders
)

// maxSize in bytes is far above any hand-written query, and keeps a wrong path (a dump, a log) out of memory.
const maxSize = 1 << 20

//go:embed *.sql
var embedded embed.FS

// Query is a file of SQL.
type Query struct {
	Path string // where it was read: "embedded ecm-pending-list.sql", or the path in the team's folder
	Text string // the SQL, without a byte order mark
}

// Read returns the named query: the file in dir if it is there, else the embedded one. An empty dir means embedded.
// A dir that does not exist is an error, and so is a file that is empty, above 1 MiB or not UTF-8.
func Read(dir, name string) (Query, error) {
	if dir != "" {
		query, err := readFolder(dir, name)
		if !errors.Is(err, fs.ErrNotExist) {
			return query, err
		}
	}
	text, err := embedded.ReadFile(name)
	if err != nil {
		return Query{}, fmt.Errorf("there is no query called %s", name)
	}
	return checked("embedded "+name, text)
}

// readFolder reads the team's own version. Only a missing file in a folder that exists reports fs.ErrNotExist.
func readFolder(dir, name string) (Query, error) {
	folder, err := os.Stat(dir)
	if err != nil {
		//nolint:errorlint // wrapped, a missing folder would read as a missing file, for which the built-in one stands in
		return Query{}, fmt.Errorf("the folder of queries cannot be read: %v; correct --queries or PI_MANAGER_QUERIES", err)
	}
	if !folder.IsDir() {
		return Query{}, fmt.Errorf("%s is a file; --queries and PI_MANAGER_QUERIES want the folder that holds %s", dir, name)
	}
	path := filepath.Join(dir, name)
	file, err := os.Stat(path)
	if err != nil {
		return Query{}, fmt.Errorf("read the query: %w", err)
	}
	if file.Size() > maxSize {
		return Query{}, fmt.Errorf("%s has %d bytes; a query has at most %d", path, file.Size(), maxSize)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return Query{}, fmt.Errorf("read the query: %w", err)
	}
	return checked(path, text)
}

func checked(path string, text []byte) (Query, error) {
	if !utf8.Valid(text) {
		return Query{}, fmt.Errorf("%s is not UTF-8 text; save it as UTF-8", path)
	}
	sql := strings.TrimPrefix(string(text), "\ufeff")
	if strings.TrimSpace(sql) == "" {
		return Query{}, fmt.Errorf("%s is empty; delete it to use the built-in query", path)
	}
	return Query{Path: path, Text: sql}, nil
}
