package sheet_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"pi-manager/internal/fake"
	"pi-manager/internal/ledger/ledgertest"
	"pi-manager/internal/ledger/sheet"
)

// tape answers from memory what the fake has answered once, so that a benchmark
// measures what is ours and not the fake, which copies its whole book for a write.
type tape struct {
	base    http.RoundTripper // while it records
	answers [][]byte
	next    int
}

// RoundTrip implements http.RoundTripper.
func (t *tape) RoundTrip(r *http.Request) (*http.Response, error) {
	if t.base != nil {
		if err := t.record(r); err != nil {
			return nil, err
		}
	}
	body := t.answers[t.next]
	t.next++
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(body)), Request: r,
	}, nil
}

func (t *tape) record(r *http.Request) error {
	answer, err := t.base.RoundTrip(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the fake answered %s: %s", answer.Status, body)
	}
	t.answers = append(t.answers, body)
	return nil
}

// size is how many bytes the answers have.
func (t *tape) size() int { return len(bytes.Join(t.answers, nil)) }

// aged is a spreadsheet in which so many rows are being worked on and so many lie
// in the archive.
type aged struct {
	live  int
	s     *fake.Sheets
	tape  *tape
	times []time.Duration
}

func newAged(b *testing.B, live, archived int) *aged {
	b.Helper()
	a := &aged{live: live, s: fake.NewSheets(b)}
	rows := func(n int, prefix, status string) [][]any {
		list := [][]any{peoplesHeader()}
		for i := range n {
			list = append(list, peoplesRow(fmt.Sprint(prefix, i), status))
		}
		return list
	}
	a.s.Seed("Assignments", rows(live, "A", "OPEN"))
	if archived > 0 {
		a.s.Seed("Archive", rows(archived, "R", "RESOLVED"))
	}
	if err := run(b.Context(), open(b, a.s), "before"); err != nil {
		b.Fatal(err)
	}
	a.tape = &tape{base: a.s.Client().Transport}
	a.run(b)
	a.tape.base, a.times = nil, nil
	return a
}

// run is what a triage does with the ledger: it reads it, and commits the rows of 50 new orders.
func (a *aged) run(b *testing.B) {
	b.Helper()
	l, err := sheet.Open(b.Context(), sheet.Settings{SpreadsheetID: a.s.ID, Endpoint: a.s.URL, Client: &http.Client{Transport: a.tape}})
	if err != nil {
		b.Fatal(err)
	}
	a.tape.next = 0
	start := time.Now()
	snapshot, err := l.Read(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	c := ledgertest.Commit(snapshot.Generation, "slot")
	for i := range 50 {
		c.Rows = append(c.Rows, ledgertest.Row(fmt.Sprint("NEW", i), "ana@example.com"))
	}
	if err := l.Commit(b.Context(), c); err != nil {
		b.Fatal(err)
	}
	a.times = append(a.times, time.Since(start))
	if len(snapshot.Assignments) != a.live || a.tape.next != len(a.tape.answers) {
		b.Fatalf("%d rows were read in %d calls, want %d in %d", len(snapshot.Assignments), a.tape.next, a.live, len(a.tape.answers))
	}
}

// quickest is the time of the quickest run in milliseconds: what else the machine does only adds to it.
func (a *aged) quickest() float64 {
	return slices.Min(a.times).Seconds() * 1000
}

// BenchmarkBesideArchive is a triage's read and commit of 50 rows. What lies in the
// archive must cost nothing, no call and no time; 2,000 rows that are worked on
// cost their reading, in as many calls as 200.
func BenchmarkBesideArchive(b *testing.B) {
	young, busy, old := newAged(b, 200, 0), newAged(b, 2_000, 0), newAged(b, 2_000, 20_000)
	for b.Loop() { // in turns and back, so that what disturbs one disturbs all
		for range 20 {
			for _, a := range []*aged{young, busy, old, old, busy, young} {
				a.run(b)
			}
		}
	}
	calls := len(young.tape.answers)
	if len(busy.tape.answers) != calls || len(old.tape.answers) != calls {
		b.Errorf("%d, %d and %d calls", calls, len(busy.tape.answers), len(old.tape.answers))
	}
	if more := old.tape.size() - busy.tape.size(); more > 1_000 { // the layout names one tab more
		b.Errorf("the archive adds %d bytes to what is read", more)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(calls), "calls")
	b.ReportMetric(young.quickest(), "ms/200-rows")
	b.ReportMetric(busy.quickest(), "ms/2000-rows")
	b.ReportMetric(old.quickest(), "ms/2000-rows-20000-archived")
	b.ReportMetric(old.quickest()/busy.quickest(), "archive-ratio")
}
