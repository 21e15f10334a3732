package fake

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"unicode/utf8"
)

// sheetMaxMetadata is how many characters of metadata one place may hold: keys
// and values of all entries together. Google's guide to metadata gives 30,000
// for the spreadsheet and 30,000 for each tab.
const sheetMaxMetadata = 30_000

type sheetTagData struct {
	ID         *int           `json:"metadataId"`
	Key        string         `json:"metadataKey"`
	Value      string         `json:"metadataValue"`
	Visibility string         `json:"visibility"`
	Location   *sheetLocation `json:"location"`
}

type sheetLocation struct {
	Spreadsheet bool        `json:"spreadsheet"`
	SheetID     *int        `json:"sheetId"`
	Dimension   *sheetLines `json:"dimensionRange"`
}

// place finds where metadata is to hang.
func (l *sheetLocation) place(b *sheetBook) (sheetPlace, error) {
	switch {
	case l == nil:
		return sheetPlace{}, fmt.Errorf("developerMetadata.location must be specified")
	case l.Spreadsheet:
		return sheetPlace{kind: "SPREADSHEET"}, nil
	case l.SheetID != nil:
		t, err := b.need(*l.SheetID)
		if err != nil {
			return sheetPlace{}, err
		}
		return sheetPlace{kind: "SHEET", tab: t.id}, nil
	case l.Dimension != nil:
		t, from, to, err := l.Dimension.span(b, 0)
		if err != nil {
			return sheetPlace{}, err
		}
		if to-from != 1 {
			return sheetPlace{}, fmt.Errorf("dimensionRange must represent a single row or column")
		}
		return sheetPlace{kind: l.Dimension.Dimension[:len(l.Dimension.Dimension)-1], tab: t.id, index: from}, nil
	}
	return sheetPlace{}, fmt.Errorf("developerMetadata.location must be specified")
}

// createMetadata is the compare-and-swap of the commit protocol: an id in use is
// refused, and with it the whole batch (F61). Ids are positive int32.
func (s *Sheets) createMetadata(b *sheetBook, req struct{ DeveloperMetadata sheetTagData }) (any, error) {
	d := req.DeveloperMetadata
	place, err := d.Location.place(b)
	switch {
	case err != nil:
		return nil, err
	case d.Key == "":
		return nil, fmt.Errorf("developerMetadata.metadataKey must be specified")
	case d.Visibility != "DOCUMENT" && d.Visibility != "PROJECT":
		return nil, fmt.Errorf("developerMetadata.visibility must be specified")
	}
	tag := sheetTag{id: b.newID(), key: d.Key, value: d.Value, visibility: d.Visibility, place: place}
	if d.ID != nil {
		tag.id = *d.ID
	}
	if tag.id <= 0 {
		return nil, fmt.Errorf("developerMetadata.metadataId must be positive")
	}
	if b.tag(tag.id) >= 0 && !s.breaks(SheetsUniqueMetadataID) {
		return nil, fmt.Errorf("developer metadata with ID %d already exists", tag.id)
	}
	b.tags = append(b.tags, tag)
	if err := b.metadataRoom(place); err != nil {
		return nil, err
	}
	return map[string]any{"developerMetadata": tag.json()}, nil
}

func (b *sheetBook) tag(id int) int {
	return slices.IndexFunc(b.tags, func(t sheetTag) bool { return t.id == id })
}

func (b *sheetBook) metadataRoom(p sheetPlace) error {
	sum := 0
	for _, t := range b.tags {
		if (t.place.kind == "SPREADSHEET") == (p.kind == "SPREADSHEET") && t.place.tab == p.tab {
			sum += utf8.RuneCountInString(t.key) + utf8.RuneCountInString(t.value)
		}
	}
	if sum > sheetMaxMetadata {
		return fmt.Errorf("developer metadata of one location may hold %d characters, not %d", sheetMaxMetadata, sum)
	}
	return nil
}

type sheetFilterData struct {
	Lookup *struct {
		ID           *int   `json:"metadataId"`
		Key          string `json:"metadataKey"`
		Value        string `json:"metadataValue"`
		LocationType string `json:"locationType"`
		Visibility   string `json:"visibility"`
	} `json:"developerMetadataLookup"`
}

func (f sheetFilterData) matches(t sheetTag) bool {
	l := f.Lookup
	return l != nil &&
		(l.ID == nil || *l.ID == t.id) &&
		(l.Key == "" || l.Key == t.key) &&
		(l.Value == "" || l.Value == t.value) &&
		(l.LocationType == "" || l.LocationType == t.place.kind) &&
		(l.Visibility == "" || l.Visibility == t.visibility)
}

func (s *Sheets) updateMetadata(b *sheetBook, req struct {
	DataFilters       []sheetFilterData
	DeveloperMetadata sheetTagData
	Fields            string
}) (any, error) {
	fields, err := s.fields(req.Fields, "DeveloperMetadata")
	if err != nil {
		return nil, err
	}
	changed := []any{}
	for i, t := range b.tags {
		if !slices.ContainsFunc(req.DataFilters, func(f sheetFilterData) bool { return f.matches(t) }) {
			continue
		}
		if sheetMasked(fields, "metadataValue") {
			b.tags[i].value = req.DeveloperMetadata.Value
		}
		if sheetMasked(fields, "metadataKey") {
			b.tags[i].key = req.DeveloperMetadata.Key
		}
		if err := b.metadataRoom(t.place); err != nil {
			return nil, err
		}
		changed = append(changed, b.tags[i].json())
	}
	return map[string]any{"developerMetadata": changed}, nil
}

// deleteMetadata removes what a filter matches; that nothing matches is no fault.
func (s *Sheets) deleteMetadata(b *sheetBook, req struct{ DataFilter sheetFilterData }) (any, error) {
	deleted := []any{}
	b.tags = slices.DeleteFunc(b.tags, func(t sheetTag) bool {
		if !req.DataFilter.matches(t) {
			return false
		}
		deleted = append(deleted, t.json())
		return true
	})
	return map[string]any{"deletedDeveloperMetadata": deleted}, nil
}

func (t sheetTag) json() map[string]any {
	location := map[string]any{"locationType": t.place.kind}
	switch t.place.kind {
	case "SPREADSHEET":
		location["spreadsheet"] = true
	case "SHEET":
		location["sheetId"] = t.place.tab
	default:
		location["dimensionRange"] = map[string]any{
			"sheetId": t.place.tab, "dimension": t.place.kind + "S", "startIndex": t.place.index, "endIndex": t.place.index + 1,
		}
	}
	out := map[string]any{"metadataId": t.id, "metadataKey": t.key, "visibility": t.visibility, "location": location}
	if t.value != "" {
		out["metadataValue"] = t.value
	}
	return out
}

func (s *Sheets) metadataGet(text string) (any, error) {
	id, err := strconv.Atoi(text)
	if err != nil {
		return nil, sheetRefuse(http.StatusBadRequest, "Invalid value at 'metadata_id' (TYPE_INT32), %q", text)
	}
	i := s.book.tag(id)
	if i < 0 {
		return nil, sheetRefuse(http.StatusNotFound, "Requested entity was not found.")
	}
	return s.book.tags[i].json(), nil
}

func (s *Sheets) metadataSearch(body []byte) (any, error) {
	var in struct {
		DataFilters []sheetFilterData `json:"dataFilters"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, sheetRefuse(http.StatusBadRequest, "%v", err)
	}
	if len(in.DataFilters) == 0 {
		return nil, sheetRefuse(http.StatusBadRequest, "Must specify at least one data filter.")
	}
	found := []any{}
	for _, t := range s.book.tags {
		if slices.ContainsFunc(in.DataFilters, func(f sheetFilterData) bool { return f.matches(t) }) {
			found = append(found, map[string]any{"developerMetadata": t.json()})
		}
	}
	if len(found) == 0 {
		return map[string]any{}, nil // an empty list is left out of the answer
	}
	return map[string]any{"matchedDeveloperMetadata": found}, nil
}
