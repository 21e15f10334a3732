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

// File is an export of the pending list: CSV with a header line, or JSON lines.
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
	input := export{source: f.path, asOf: asOf, limit: limit, text: bufio.NewReader(&capped{ctx: ctx, reader: file})}
	pending, err := input.read(strings.ToLower(filepath.Ext(f.path)))
	if err != nil {
		return ecm.Pending{}, input.failure(err)
	}
	return pending, nil
}

// export is a file that is being read.
type export struct {
	source string
	asOf   time.Time
	limit  int
	text   *bufio.Reader
}

func (e export) read(extension string) (ecm.Pending, error) {
	start, err := e.text.Peek(4)
	if len(start) == 0 {
		if err != io.EOF {
			return ecm.Pending{}, err
		}
		return ecm.Pending{}, errors.New("the file is empty: not even the names of the columns are there")
	}
	if bytes.HasPrefix(start, []byte("\x1f\x8b")) || bytes.HasPrefix(start, []byte("PK")) {
		return ecm.Pending{}, errors.New("the file is compressed or a workbook: unpack it, or export it as CSV")
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
		return ecm.Pending{}, errors.New("the file is one JSON array: write one object a line instead (JSON lines)")
	default:
		return e.csv()
	}
}

// failure keeps what is classified already; what a file holds does not change by trying again.
func (e export) failure(err error) error {
	if _, ok := errors.AsType[*ecm.Failure](err); ok {
		return err
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return classify("read "+e.source, err)
	}
	return permanent("", "%s: %w", e.source, err)
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
		return 0, fmt.Errorf("the file has more than %d bytes: this is no list of stuck orders", maxFileSize)
	}
	return n, err
}
