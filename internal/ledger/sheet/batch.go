package sheet

import (
	"encoding/json"
	"fmt"

	"google.golang.org/api/sheets/v4"
)

// batch is one batchUpdate in the making: all of it happens, or nothing.
type batch struct {
	requests []*sheets.Request
	shown    []string // ranges that the answer shows as they are right after
}

// maxBatch is what Google advises as the largest payload of a request, in bytes (F34).
const maxBatch = 2 << 20

func (b *batch) add(requests ...*sheets.Request) { b.requests = append(b.requests, requests...) }

// request is the batch as it is sent.
func (b *batch) request() *sheets.BatchUpdateSpreadsheetRequest {
	return &sheets.BatchUpdateSpreadsheetRequest{
		Requests: b.requests, ResponseRanges: b.shown, IncludeSpreadsheetInResponse: len(b.shown) > 0,
	}
}

// fits refuses a batch that Google may refuse or be too slow for.
func (b *batch) fits() error {
	text, err := json.Marshal(b.request())
	if err != nil {
		return fmt.Errorf("encode a commit: %w", err)
	}
	if len(text) > maxBatch {
		return permanent("let one run do less: lower the guardrail on the order count, or archive in smaller portions",
			"the commit takes %d bytes, and Google advises at most %d in one request (about 2,000 rows)", len(text), maxBatch)
	}
	return nil
}

// area is a block of cells, counted from 0; bottom and right are exclusive.
type area struct {
	tab                      int64
	top, bottom, left, right int
}

func (a area) grid() *sheets.GridRange {
	return &sheets.GridRange{
		SheetId: a.tab, StartRowIndex: int64(a.top), EndRowIndex: int64(a.bottom), StartColumnIndex: int64(a.left), EndColumnIndex: int64(a.right),
		ForceSendFields: []string{"SheetId", "StartRowIndex", "StartColumnIndex"},
	}
}

// What copyPaste brings along.
const (
	pasteAll    = "PASTE_NORMAL" // formulas, formats and notes too
	pasteValues = "PASTE_VALUES" // what formulas show
)

// paste copies a block of cells to the place whose upper left corner is given.
func (b *batch) paste(kind string, from area, tab int64, top, left int) {
	to := area{tab: tab, top: top, bottom: top + from.bottom - from.top, left: left, right: left + from.right - from.left}
	b.add(&sheets.Request{CopyPaste: &sheets.CopyPasteRequest{Source: from.grid(), Destination: to.grid(), PasteType: kind}})
}

// write sets the values of cells that stand below each other.
func (b *batch) write(tab int64, row, column int, cells ...*sheets.CellData) {
	rows := make([]*sheets.RowData, len(cells))
	for i, c := range cells {
		rows[i] = &sheets.RowData{Values: []*sheets.CellData{c}}
	}
	b.add(&sheets.Request{UpdateCells: &sheets.UpdateCellsRequest{
		Start: &sheets.GridCoordinate{
			SheetId: tab, RowIndex: int64(row), ColumnIndex: int64(column), ForceSendFields: []string{"SheetId", "RowIndex", "ColumnIndex"},
		},
		Rows: rows, Fields: "userEnteredValue",
	}})
}

const (
	rowsOf    = "ROWS"
	columnsOf = "COLUMNS"
)

func (b *batch) insert(tab int64, dimension string, at, n int) {
	b.add(&sheets.Request{InsertDimension: &sheets.InsertDimensionRequest{Range: dimensionRange(tab, dimension, at, n)}})
}

func (b *batch) remove(tab int64, dimension string, at, n int) {
	b.add(&sheets.Request{DeleteDimension: &sheets.DeleteDimensionRequest{Range: dimensionRange(tab, dimension, at, n)}})
}

func dimensionRange(tab int64, dimension string, at, n int) *sheets.DimensionRange {
	return &sheets.DimensionRange{
		SheetId: tab, Dimension: dimension, StartIndex: int64(at), EndIndex: int64(at + n), ForceSendFields: []string{"SheetId", "StartIndex"},
	}
}

// extend makes sure that a grid of a known size has so many lines.
func (b *batch) extend(tab int64, dimension string, has, needs int) {
	if needs > has {
		b.add(&sheets.Request{AppendDimension: &sheets.AppendDimensionRequest{
			SheetId: tab, Dimension: dimension, Length: int64(needs - has), ForceSendFields: []string{"SheetId"},
		}})
	}
}

// drop deletes a tab.
func (b *batch) drop(tab int64) {
	b.add(&sheets.Request{DeleteSheet: &sheets.DeleteSheetRequest{SheetId: tab, ForceSendFields: []string{"SheetId"}}})
}
