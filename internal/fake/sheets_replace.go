package fake

import (
	"fmt"
	"regexp"
	"strings"
)

// findReplace changes text wherever it stands at that moment, which makes it a
// compare-and-swap on the content of a cell: no row number is involved. What
// comes out is typed into the cell again, as in the editor, so it may become a
// number or a date. Formulas are left alone unless asked for.
func (s *Sheets) findReplace(b *sheetBook, req struct {
	Find, Replacement          string
	MatchCase, MatchEntireCell bool
	SearchByRegex              bool
	IncludeFormulas            bool
	AllSheets                  bool
	SheetID                    *int `json:"sheetId"`
	Range                      *sheetArea
}) (any, error) {
	pattern, err := sheetPatternOf(req.Find, req.SearchByRegex, req.MatchCase, req.MatchEntireCell)
	if err != nil {
		return nil, err
	}
	if !req.SearchByRegex {
		req.Replacement = strings.ReplaceAll(req.Replacement, "$", "$$")
	}
	if req.IncludeFormulas {
		return nil, fmt.Errorf("the fake does not replace in formulas")
	}
	where, err := b.scope(req.AllSheets, req.SheetID, req.Range)
	if err != nil {
		return nil, err
	}
	changed := 0
	for _, t := range b.tabs {
		box, meant := where[t]
		if !meant {
			continue
		}
		n, err := s.replaceIn(t, box, pattern, req.Replacement, b.locale)
		if err != nil {
			return nil, err
		}
		changed += n
	}
	if changed == 0 {
		return map[string]any{}, nil // zero counts are left out of the answer
	}
	return map[string]any{"occurrencesChanged": changed, "valuesChanged": changed}, nil
}

// scope is where to search: exactly one of all tabs, one tab and one range.
func (b *sheetBook) scope(all bool, id *int, area *sheetArea) (map[*sheetTab]sheetBox, error) {
	where := map[*sheetTab]sheetBox{}
	switch {
	case all && id == nil && area == nil:
		for _, t := range b.tabs {
			where[t] = sheetBox{bottom: t.height, right: t.width}
		}
	case !all && id != nil && area == nil:
		t, err := b.need(*id)
		if err != nil {
			return nil, err
		}
		where[t] = sheetBox{bottom: t.height, right: t.width}
	case !all && id == nil && area != nil:
		t, box, err := area.box(b)
		if err != nil {
			return nil, err
		}
		where[t] = box
	default:
		return nil, fmt.Errorf("exactly one of range, sheetId and allSheets must be specified")
	}
	return where, nil
}

func sheetPatternOf(find string, isRegex, matchCase, entire bool) (*regexp.Regexp, error) {
	if find == "" {
		return nil, fmt.Errorf("find must be specified")
	}
	if !isRegex {
		find = regexp.QuoteMeta(find)
	}
	if entire {
		find = `\A(?:` + find + `)\z`
	}
	if !matchCase {
		find = "(?i)" + find
	}
	return regexp.Compile(find)
}

func (s *Sheets) replaceIn(t *sheetTab, box sheetBox, pattern *regexp.Regexp, replacement, locale string) (int, error) {
	changed := 0
	for i := box.top; i < min(box.bottom, len(t.rows)); i++ {
		for j := box.left; j < min(box.right, len(t.rows[i])); j++ {
			c := t.rows[i][j]
			if _, computes := c.value.(SheetsFormula); c.value == nil || computes {
				continue
			}
			text := sheetFormatted(c, locale)
			hits := len(pattern.FindAllStringIndex(text, -1))
			if hits == 0 {
				continue
			}
			if err := s.mayEdit(t, i, j, i+1, j+1); err != nil {
				return 0, err
			}
			cell := t.at(i, j)
			cell.enter(pattern.ReplaceAllString(text, replacement), locale)
			if err := cell.obeys(); err != nil {
				return 0, err
			}
			changed += hits
		}
	}
	return changed, nil
}
