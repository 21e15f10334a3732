package sheet

import (
	"slices"
	"strconv"
	"strings"

	"google.golang.org/api/sheets/v4"
)

// The archive is a tab with the columns that Assignments had when the first rows
// went there, people's own too. New rows stand at its top. It is never read, so
// that it costs nothing however long it grows.

// findArchive finds the archive by the id that it had, else by its title. Whatever
// is wrong with it is no reason not to read the ledger.
func (o *layout) findArchive(list []*sheets.Sheet) {
	id, known := o.newest().Tabs[archiveTab]
	found := byID(list, id)
	if !known || found == nil {
		i := slices.IndexFunc(list, func(s *sheets.Sheet) bool { return strings.EqualFold(squeeze(s.Properties.Title), archiveTab) })
		if i < 0 {
			return
		}
		found = list[i]
	}
	o.archive = o.newTable(tab{archiveTab, tabOf(assignmentsTab).columns}, found)
}

// archiveID is the sheet id of the archive; 0 where there is none.
func (o *layout) archiveID() int64 {
	if o.archive == nil {
		return 0
	}
	return o.archive.id
}

// shelf is the place in the archive that rows go to.
type shelf struct {
	id      int64
	top     int   // index of the first row below its header
	columns []int // of the archive, by the columns of the journal; -1: none
}

// shelve makes room in the archive for n rows, and the archive itself where there is none.
func (o *layout) shelve(b *batch, e entry, j *journal, n int) shelf {
	found := o.archive
	header := -1
	if found != nil {
		first := headerKey(found.columns[0].header)
		header = slices.IndexFunc(j.archive, func(row []any) bool { return isHeader(row, first) })
	}
	if header < 0 {
		return o.newArchive(b, e, j, n)
	}
	e.Tabs[archiveTab] = found.id
	s := shelf{id: found.id, top: header + 1}
	keys := keysOf(j.archive[header])
	edge := 0
	for _, row := range j.archive {
		edge = max(edge, len(row))
	}
	var added []*sheets.CellData
	s.columns = homes(keysOf(j.headers), keys)
	for column, key := range keysOf(j.headers) {
		if key != "" && s.columns[column] < 0 {
			s.columns[column] = edge + len(added)
			added = append(added, textCell(cellText(j.headers[column])))
		}
	}
	if len(added) > 0 {
		b.extend(s.id, columnsOf, int(found.gridEnd), edge+1)
		b.insert(s.id, columnsOf, edge, len(added))
		for i, cell := range added {
			b.write(s.id, header, edge+i, cell)
		}
	}
	b.extend(s.id, rowsOf, int(found.gridTop), s.top+1)
	b.insert(s.id, rowsOf, s.top, n)
	return s
}

// newArchive makes the tab, with the headers that Assignments has.
func (o *layout) newArchive(b *batch, e entry, j *journal, n int) shelf {
	s := shelf{id: o.freeID(), top: 1}
	e.Tabs[archiveTab] = s.id
	title := archiveTab
	for i := 2; o.hasTitle(title); i++ {
		title = archiveTab + " " + strconv.Itoa(i)
	}
	width := len(j.headers)
	b.add(&sheets.Request{AddSheet: &sheets.AddSheetRequest{Properties: &sheets.SheetProperties{
		SheetId: s.id, Title: title,
		GridProperties: &sheets.GridProperties{RowCount: int64(n + 1), ColumnCount: int64(width), FrozenRowCount: 1},
	}}})
	b.paste(pasteValues, area{tab: j.Picture, top: j.Header, bottom: j.Header + 1, right: width}, s.id, 0, 0)
	b.add(&sheets.Request{RepeatCell: &sheets.RepeatCellRequest{
		Range:  area{tab: s.id, bottom: 1, right: width}.grid(),
		Cell:   &sheets.CellData{UserEnteredFormat: &sheets.CellFormat{TextFormat: &sheets.TextFormat{Bold: true}}},
		Fields: "userEnteredFormat.textFormat",
	}})
	for column, header := range j.headers {
		s.columns = append(s.columns, column)
		b.widths(s.id, column, cellText(header))
	}
	return s
}

// widths makes a column of ours as wide as in Assignments.
func (b *batch) widths(id int64, column int, header string) {
	for _, c := range tabOf(assignmentsTab).columns {
		if headerKey(c.header) == headerKey(header) {
			b.add(&sheets.Request{UpdateDimensionProperties: &sheets.UpdateDimensionPropertiesRequest{
				Range: dimensionRange(id, columnsOf, column, 1), Properties: &sheets.DimensionProperties{PixelSize: int64(c.width)}, Fields: "pixelSize",
			}})
		}
	}
}

func (o *layout) hasTitle(title string) bool {
	for _, t := range o.titles {
		if strings.EqualFold(t, title) {
			return true
		}
	}
	return false
}

// store puts rows of the picture on the shelf: as they looked, and with what their
// formulas showed, since an archived row no longer changes. A validation that the
// new rows take over from their neighbours, or that comes along with the looks,
// must not refuse what a row holds.
func (b *batch) store(j *journal, list []int, s shelf) {
	for _, paste := range []string{pasteAll, pasteValues} {
		b.add(&sheets.Request{SetDataValidation: &sheets.SetDataValidationRequest{
			Range: area{tab: s.id, top: s.top, bottom: s.top + len(list), right: slices.Max(s.columns) + 1}.grid(),
		}})
		for n := 0; n < len(list); {
			first, row := n, j.intents[list[n]].Row
			for n++; n < len(list) && j.intents[list[n]].Row == row+n-first; n++ {
			}
			for _, r := range runs(s.columns) {
				b.paste(paste, area{tab: j.Picture, top: row, bottom: row + n - first, left: r.from, right: r.from + r.n}, s.id, s.top+first, r.to)
			}
		}
	}
}

// run is some neighbouring columns that stay neighbours.
type run struct{ from, to, n int }

// runs cuts the new places of columns into runs; -1 is no place.
func runs(places []int) []run {
	var list []run
	for from, to := range places {
		if to < 0 {
			continue
		}
		if k := len(list) - 1; k >= 0 && list[k].from+list[k].n == from && list[k].to+list[k].n == to {
			list[k].n++
			continue
		}
		list = append(list, run{from, to, 1})
	}
	return list
}
