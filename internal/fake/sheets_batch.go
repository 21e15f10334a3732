package fake

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// sheetApply carries one sub-request of a batch out on a book and gives its reply.
type sheetApply func(b *sheetBook, raw json.RawMessage) (any, error)

// sheetKind makes a sheetApply of a function that takes the request decoded.
func sheetKind[T any](apply func(*sheetBook, T) (any, error)) sheetApply {
	return func(b *sheetBook, raw json.RawMessage) (any, error) {
		var req T
		if err := json.Unmarshal(raw, &req); err != nil {
			return nil, err
		}
		return apply(b, req)
	}
}

// applies lists the sub-requests that the fake knows.
func (s *Sheets) applies() map[string]sheetApply {
	return map[string]sheetApply{
		"createDeveloperMetadata":   sheetKind(s.createMetadata),
		"updateDeveloperMetadata":   sheetKind(s.updateMetadata),
		"deleteDeveloperMetadata":   sheetKind(s.deleteMetadata),
		"appendCells":               sheetKind(s.appendCells),
		"updateCells":               sheetKind(s.updateCells),
		"repeatCell":                sheetKind(s.repeatCell),
		"addSheet":                  sheetKind(s.addSheet),
		"deleteSheet":               sheetKind(s.deleteSheet),
		"updateSheetProperties":     sheetKind(s.updateSheet),
		"appendDimension":           sheetKind(s.appendDimension),
		"insertDimension":           sheetKind(s.insertDimension),
		"deleteDimension":           sheetKind(s.deleteDimension),
		"updateDimensionProperties": sheetKind(s.updateDimension),
		"autoResizeDimensions":      sheetKind(s.autoResize),
		"setDataValidation":         sheetKind(s.setValidation),
		"addConditionalFormatRule":  sheetKind(s.addRule),
		"findReplace":               sheetKind(s.findReplace),
		"duplicateSheet":            sheetKind(s.duplicateSheet),
		"clearBasicFilter":          sheetKind(s.clearBasicFilter),
		"copyPaste":                 sheetKind(s.copyPaste),
		"addChart":                  sheetKind(s.addChart),
	}
}

// batchUpdate applies all sub-requests or, when one is refused, none (F35). On
// demand the answer shows the spreadsheet as it is right after, before anybody else comes in.
func (s *Sheets) batchUpdate(body []byte, masked bool) (any, error) {
	var in struct {
		Requests []map[string]json.RawMessage `json:"requests"`
		Include  bool                         `json:"includeSpreadsheetInResponse"`
		Grid     bool                         `json:"responseIncludeGridData"`
		Ranges   []string                     `json:"responseRanges"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, sheetRefuse(http.StatusBadRequest, "%v", err)
	}
	if len(in.Requests) == 0 {
		return nil, sheetRefuse(http.StatusBadRequest, "Must specify at least one request.")
	}
	book := s.book.clone()
	replies := make([]any, 0, len(in.Requests))
	for i, request := range in.Requests {
		reply, err := s.applyOne(book, i, request)
		if err != nil {
			if s.breaks(SheetsAtomicBatch) {
				s.book = book
			}
			return nil, err
		}
		replies = append(replies, reply)
	}
	answer := map[string]any{"spreadsheetId": s.ID, "replies": replies}
	if in.Include {
		after, err := s.spreadsheet(book, url.Values{"ranges": in.Ranges}, in.Grid || masked)
		if err != nil {
			return nil, err // a range that cannot be read voids the batch too
		}
		answer["updatedSpreadsheet"] = after
	}
	s.book = book
	return answer, nil
}

func (s *Sheets) applyOne(book *sheetBook, i int, request map[string]json.RawMessage) (any, error) {
	for kind, raw := range request {
		apply, ok := s.applies()[kind]
		if !ok {
			s.offend("spreadsheets.batchUpdate: the fake does not know %s", kind)
			return nil, sheetRefuse(http.StatusNotImplemented, "the fake does not know %s", kind)
		}
		reply, err := apply(book, raw)
		if err != nil {
			return nil, sheetRefuse(sheetCode(err), "Invalid requests[%d].%s: %v", i, kind, err)
		}
		if reply == nil {
			return map[string]any{}, nil
		}
		return map[string]any{kind: reply}, nil
	}
	return nil, sheetRefuse(http.StatusBadRequest, "Invalid requests[%d]: No request set.", i)
}

// sheetCode is the HTTP status of a refusal; plain errors are 400.
func sheetCode(err error) int {
	if r, ok := errors.AsType[*sheetRefusal](err); ok {
		return r.code
	}
	return http.StatusBadRequest
}

// fields splits a field mask and refuses one that Google would refuse: an empty
// one, or one with a name that its root message does not have.
func (s *Sheets) fields(mask, root string) ([]string, error) {
	if strings.TrimSpace(mask) == "" {
		return nil, fmt.Errorf("At least one field must be listed in 'fields'. (Use '*' to indicate all fields.)")
	}
	tree, err := sheetParseMask(mask)
	if err != nil {
		return nil, err
	}
	if err := s.api.checkMask(root, tree); err != nil {
		return nil, err
	}
	return strings.Split(mask, ","), nil
}

func sheetMasked(fields []string, name string) bool {
	for _, f := range fields {
		if f == "*" || f == name || strings.HasPrefix(f, name+".") {
			return true
		}
	}
	return false
}

func (b *sheetBook) need(id int) (*sheetTab, error) {
	if t := b.byID(id); t != nil {
		return t, nil
	}
	return nil, fmt.Errorf("No grid with id: %d", id)
}

// room refuses what would take the spreadsheet over its ten million cells (F58).
func (s *Sheets) room(b *sheetBook) error {
	if b.cells() <= s.maxCells {
		return nil
	}
	return fmt.Errorf("This action would increase the number of cells in the workbook above the limit of %d cells.", s.maxCells)
}
