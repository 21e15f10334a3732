// Package sheet is the ledger in a Google Sheet that people edit while we write:
// an adapter behind the contract of package ledger.
//
// A run costs two reads (the layout with the generation, then the rows of all
// tabs at once) and two writes (the commit, the record of deliveries), however
// many orders there are; with changes of rows one of each more. Four rules keep
// people's cells safe and every order assigned once:
//
//   - One batchUpdate is one commit. It creates developer metadata with the id
//     generation + 1, which Google refuses when the id is used, and one refused
//     sub-request voids the whole batch: a compare-and-swap without a lock to leak.
//   - Rows are appended (appendCells, never values.append), and the record of a run
//     is changed by findReplace, which finds its own text wherever the row stands by then.
//   - A row that stands there already can only be addressed by a number that was
//     read earlier. So a batch that changes rows first copies the tab as it is at
//     that very moment, and afterwards the copy shows whether the rows that were hit
//     are those that were meant (see journal). If not, they get back what they held.
//   - Text goes in as stringValue only, so nothing turns into a number, a date or a formula.
//
// Columns are found by their headers, tabs by their titles or, once renamed, by
// the id that the last commit remembered.
package sheet

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"google.golang.org/api/option"
	"google.golang.org/api/sheets/v4"

	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
)

// Settings say which spreadsheet is the ledger, and as whom it is opened.
type Settings struct {
	SpreadsheetID string       // the part of the address between /d/ and /edit
	Account       ecm.Secret   // JSON key of a service account; empty: application default credentials
	Endpoint      string       // base address of another Sheets server; empty: Google's
	Client        *http.Client // signs requests by itself, in place of Account; nil: that one does
	Adopt         bool         // take over a copy of the file that was the ledger before; the next commit makes it the ledger
}

// Ledger is a spreadsheet as ledger.Ledger. It is safe for several goroutines.
type Ledger struct {
	id      string
	account string // e-mail of the service account; empty where it is not known
	adopt   bool
	service *sheets.Service

	mu   sync.Mutex
	seen *view // what the last Read saw and no commit has changed since; nil: nothing
	runs int64 // sheet id of the Runs tab; only meaningful once met is set
	met  bool
}

var _ ledger.Ledger = (*Ledger)(nil)

// Open prepares a ledger. It checks the settings and speaks to nobody yet; the
// first call signs in. A fault in the settings is a Permanent failure.
func Open(ctx context.Context, s Settings) (*Ledger, error) {
	if err := s.validate(); err != nil {
		return nil, err
	}
	client, account, err := s.signIn(ctx)
	if err != nil {
		return nil, err
	}
	options := []option.ClientOption{option.WithHTTPClient(capped(client))}
	if s.Endpoint != "" {
		options = append(options, option.WithEndpoint(s.Endpoint))
	}
	service, err := sheets.NewService(ctx, options...)
	if err != nil {
		return nil, permanent("check GOOGLE_SHEETS_ENDPOINT", "prepare the Google Sheets client: %w", err)
	}
	return &Ledger{id: s.SpreadsheetID, account: account, adopt: s.Adopt, service: service}, nil
}

func (s Settings) validate() error {
	switch {
	case s.SpreadsheetID == "":
		return permanent("set it to the part of the sheet's address between /d/ and /edit", "SPREADSHEET_ID is empty")
	case strings.ContainsAny(s.SpreadsheetID, "/:?# \t\n"):
		return permanent("give only the part of the sheet's address between /d/ and /edit", "SPREADSHEET_ID is no spreadsheet id")
	}
	return nil
}

// Read implements ledger.Ledger.
func (l *Ledger) Read(ctx context.Context) (ledger.Snapshot, error) {
	v, err := l.look(ctx)
	if err != nil {
		return ledger.Snapshot{}, err
	}
	return v.snapshot, nil
}

// look reads the spreadsheet and remembers what a commit has to know of it.
func (l *Ledger) look(ctx context.Context) (*view, error) {
	layout, err := l.layout(ctx)
	if err != nil {
		return nil, err
	}
	v := &view{layout: layout}
	if err := l.values(ctx, v); err != nil {
		return nil, err
	}
	if err := v.findHeaders(); err != nil && v.journal() != 0 {
		// An edit has hit the header row: Settle gives it back.
		v.snapshot = ledger.Snapshot{Generation: v.generation, Link: v.link, Unsettled: true}
		v.snapshot.Warnings = []string{"The last changes are still to be looked through: " + err.Error() + "."}
		l.remember(v)
		return v, nil
	} else if err != nil {
		return nil, err
	}
	if err := l.inspect(ctx, v); err != nil {
		return nil, err
	}
	v.interpret()
	l.remember(v)
	return v, nil
}

func (l *Ledger) remember(v *view) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen = v
	if t, ok := v.tables[runsTab]; ok {
		l.runs, l.met = t.id, true
	}
}

// remembered gives what the last Read saw, or sees anew.
func (l *Ledger) remembered(ctx context.Context) (*view, error) {
	l.mu.Lock()
	v := l.seen
	l.mu.Unlock()
	if v != nil {
		return v, nil
	}
	return l.look(ctx)
}

// Committed implements ledger.Ledger.
func (l *Ledger) Committed(ctx context.Context, generation int64) (string, error) {
	layout, err := l.layout(ctx)
	if err != nil {
		return "", err
	}
	entry, _ := layout.entry(generation)
	return entry.Hash, nil
}

// permanent is a failure that only a person can mend.
func permanent(mend, format string, args ...any) error {
	return &ecm.Failure{Class: ecm.Permanent, Mend: mend, Err: fmt.Errorf(format, args...)}
}
