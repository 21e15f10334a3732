package warehouse

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"pi-manager/internal/ecm"
)

const (
	maxFileSize = 64 << 20 // bytes: 200,000 orders
	maxLineSize = 1 << 20  // bytes: fifteen of the widest values
)

// File is an export of the pending list: CSV with a header line, or JSON lines. What has become of its orders stands in
// a second export beside it, orders-status.csv beside orders.csv.
type File struct{ path string }

// NewFile names an export; nothing is opened yet. A path that ends in .csv is CSV, one in .jsonl or .ndjson is JSON
// lines, and any other is what its first character says.
func NewFile(path string) File { return File{path: path} }

// Pending reads the stuck orders of the file, at most limit rows of it. The file is taken as it is: whoever exported it
// chose the orders. asOf is what an hours_diff column counts back from.
func (f File) Pending(ctx context.Context, asOf time.Time, limit int) (ecm.Pending, error) {
	file, err := os.Open(f.path)
	if err != nil {
		return ecm.Pending{}, permanent("check the path in PI_MANAGER_WAREHOUSE", "read the orders: %w", err)
	}
	defer file.Close()
	var list *rows
	truncated, err := readExport(ctx, file, limit, func(names []string) (answer, error) {
		list, err = newRows(f.path, names, asOf)
		return list, err
	})
	if err != nil {
		return ecm.Pending{}, err
	}
	list.pending.Truncated = truncated
	return list.pending, nil
}

// Statuses reads the second export: order_id and order_status, and, for the age of the data, newest_order_at (UTC), or
// else created_at or updated_at of each order. It needs every order that people still work on, ended or not; rows of
// other orders do not matter. Where nobody is asked about, nothing is opened.
func (f File) Statuses(ctx context.Context, asOf time.Time, ids []string) (ecm.Statuses, error) {
	asked := newQuestion(ids)
	if len(asked.askable) == 0 {
		return newStatuses(f.statusPath(), asOf, asked).result(), nil
	}
	found, err := f.readStatuses(ctx, asOf, asked)
	if err != nil {
		return ecm.Statuses{}, err
	}
	return found.result(), nil
}

func (f File) readStatuses(ctx context.Context, asOf time.Time, asked question) (*statuses, error) {
	path := f.statusPath()
	file, err := os.Open(path)
	if err != nil {
		return nil, permanent(statusFileMend, "read what has become of the orders: %w", err)
	}
	defer file.Close()
	found := newStatuses(path, asOf, asked)
	found.export = true
	truncated, err := readExport(ctx, file, maxStatusRows, func(names []string) (answer, error) { return found, found.begin(names) })
	switch {
	case err != nil:
		return nil, err
	case truncated:
		return nil, permanent("export the orders of the last weeks only", "%s: more than %d rows", path, maxStatusRows)
	case found.fault != nil:
		return nil, found.fault
	}
	return found, nil
}

const statusFileMend = "cleanup and progress need this second export beside the pending list: " +
	"columns order_id and order_status (better: created_at, too), a row for every order that people still work on"

// statusPath is orders-status.csv for orders.csv.
func (f File) statusPath() string {
	extension := filepath.Ext(f.path)
	return strings.TrimSuffix(f.path, extension) + "-status" + extension
}

// answer takes the rows of an export or a query, each in the order of its columns.
type answer interface {
	add(values []string)    // the next row; "" is null
	setAside(detail string) // the next row, of which not even the values are known
}

// export is a file that is being read.
type export struct {
	text  *bufio.Reader
	limit int                                  // rows that are read
	begin func(names []string) (answer, error) // takes the names of the columns, before any row
}

// readExport hands the rows of a file on, at most limit of them, and says whether there are more.
func readExport(ctx context.Context, file *os.File, limit int, begin func([]string) (answer, error)) (truncated bool, err error) {
	input := export{text: bufio.NewReader(&capped{ctx: ctx, reader: file}), limit: limit, begin: begin}
	truncated, err = input.read(strings.ToLower(filepath.Ext(file.Name())))
	if err != nil {
		return false, exportFailure(file.Name(), err)
	}
	return truncated, nil
}

func (e export) read(extension string) (truncated bool, err error) {
	start, err := e.text.Peek(4)
	if len(start) == 0 {
		if err != io.EOF {
			return false, err
		}
		return false, errors.New("the file is empty: not even the names of the columns are there")
	}
	if bytes.HasPrefix(start, []byte("\x1f\x8b")) || bytes.HasPrefix(start, []byte("PK")) {
		return false, errors.New("the file is compressed or a workbook: unpack it, or export it as CSV")
	}
	if bytes.HasPrefix(start, []byte("\ufeff")) {
		_, _ = e.text.Discard(len("\ufeff")) // it was just peeked at
		start = start[len("\ufeff"):]
	}
	switch {
	case extension == ".csv":
		return e.csv()
	case extension == ".jsonl" || extension == ".ndjson" || start[0] == '{':
		return e.jsonLines()
	case start[0] == '[':
		return false, errors.New("the file is one JSON array: write one object a line instead (JSON lines)")
	default:
		return e.csv()
	}
}

// exportFailure keeps what is classified already; what a file holds does not change by trying again.
func exportFailure(path string, err error) error {
	if _, ok := errors.AsType[*ecm.Failure](err); ok {
		return err
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return classify("read "+path, err)
	}
	return permanent("", "%s: %w", path, err)
}

// capped reads on while the file and each of its lines have a sensible size, and while somebody waits for it.
type capped struct {
	ctx    context.Context
	reader io.Reader
	total  int
	line   int // bytes since the last line break
}

func (c *capped) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := c.reader.Read(p)
	c.total += n
	for chunk := p[:n]; len(chunk) > 0; {
		line, rest, broken := bytes.Cut(chunk, []byte{'\n'})
		c.line += len(line)
		if c.line > maxLineSize {
			return 0, fmt.Errorf("a line has more than %d bytes: this is no list of orders", maxLineSize)
		}
		if broken {
			c.line = 0
		}
		chunk = rest
	}
	if c.total > maxFileSize {
		return 0, fmt.Errorf("the file has more than %d bytes: this is no list of orders", maxFileSize)
	}
	return n, err
}
