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
	tabs := b.tabs
	switch {
	case req.Range != nil || req.IncludeFormulas:
		return nil, fmt.Errorf("the fake replaces in whole tabs, and not in formulas")
	case req.AllSheets == (req.SheetID != nil):
		return nil, fmt.Errorf("exactly one of allSheets and sheetId must be specified")
	case req.SheetID != nil:
		t, err := b.need(*req.SheetID)
		if err != nil {
			return nil, err
		}
		tabs = []*sheetTab{t}
	}
	changed := 0
	for _, t := range tabs {
		n, err := s.replaceIn(t, pattern, req.Replacement, b.locale)
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

func (s *Sheets) replaceIn(t *sheetTab, pattern *regexp.Regexp, replacement, locale string) (int, error) {
	changed := 0
	for i, row := range t.rows {
		for j, c := range row {
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
			t.at(i, j).enter(pattern.ReplaceAllString(text, replacement), locale)
			changed += hits
		}
	}
	return changed, nil
}
