package fake

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// sheetAPI is Google's description of Sheets v4 as its Go client carries it.
type sheetAPI struct {
	Parameters map[string]sheetSchema `json:"parameters"`
	Schemas    map[string]sheetSchema `json:"schemas"`
	Resources  map[string]sheetRes    `json:"resources"`

	methods []sheetMethod
	unions  map[string][][]string
}

type sheetRes struct {
	Methods   map[string]sheetMethod `json:"methods"`
	Resources map[string]sheetRes    `json:"resources"`
}

type sheetMethod struct {
	ID         string                 `json:"id"`
	HTTP       string                 `json:"httpMethod"`
	Path       string                 `json:"path"`
	Parameters map[string]sheetSchema `json:"parameters"`
	Request    *sheetSchema           `json:"request"`
	Response   *sheetSchema           `json:"response"`

	pattern *regexp.Regexp
	names   []string // of the path parameters, in the pattern's order
}

type sheetSchema struct {
	Ref        string                 `json:"$ref"`
	Type       string                 `json:"type"`
	Format     string                 `json:"format"`
	Enum       []string               `json:"enum"`
	Items      *sheetSchema           `json:"items"`
	Properties map[string]sheetSchema `json:"properties"`
	Additional *sheetSchema           `json:"additionalProperties"`
	Location   string                 `json:"location"`
	Repeated   bool                   `json:"repeated"`
	Required   bool                   `json:"required"`
}

// sheetUnions lists the members of which a message may set only one. The
// description says so in prose alone; the service refuses a second member.
func sheetUnions(api *sheetAPI) map[string][][]string {
	return map[string][][]string{
		"Request":                          {slices.Collect(maps.Keys(api.Schemas["Request"].Properties))},
		"ExtendedValue":                    {{"stringValue", "numberValue", "boolValue", "formulaValue", "errorValue"}},
		"DataFilter":                       {{"a1Range", "gridRange", "developerMetadataLookup"}},
		"DeveloperMetadataLocation":        {{"spreadsheet", "sheetId", "dimensionRange"}},
		"UpdateCellsRequest":               {{"start", "range"}},
		"ProtectedRange":                   {{"range", "namedRangeId", "tableId"}},
		"ConditionalFormatRule":            {{"booleanRule", "gradientRule"}},
		"AutoResizeDimensionsRequest":      {{"dimensions", "dataSourceSheetDimensions"}},
		"UpdateDimensionPropertiesRequest": {{"range", "dataSourceSheetRange"}},
		"ColorStyle":                       {{"rgbColor", "themeColor"}},
		"ConditionValue":                   {{"relativeDate", "userEnteredValue"}},
	}
}

// sheetDescription reads the description out of the module google.golang.org/api,
// once for all servers of a test binary: it is large and never changes.
var sheetDescription = sync.OnceValues(func() (*sheetAPI, error) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "google.golang.org/api").Output()
	if err != nil {
		return nil, fmt.Errorf("find the module google.golang.org/api, which describes Sheets: %w", err)
	}
	raw, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "sheets", "v4", "sheets-api.json"))
	if err != nil {
		return nil, fmt.Errorf("read Google's description of Sheets: %w", err)
	}
	api := &sheetAPI{}
	if err := json.Unmarshal(raw, api); err != nil {
		return nil, fmt.Errorf("understand Google's description of Sheets: %w", err)
	}
	api.collect(api.Resources)
	api.unions = sheetUnions(api)
	// The longest path first: values/{range} would swallow values/{range}:append.
	slices.SortFunc(api.methods, func(a, b sheetMethod) int { return len(b.Path) - len(a.Path) })
	return api, nil
})

func (a *sheetAPI) collect(resources map[string]sheetRes) {
	for _, r := range resources {
		for _, m := range r.Methods {
			m.pattern, m.names = sheetPattern(m.Path)
			a.methods = append(a.methods, m)
		}
		a.collect(r.Resources)
	}
}

// sheetPattern turns v4/spreadsheets/{spreadsheetId}/values/{range} into an expression.
func sheetPattern(path string) (*regexp.Regexp, []string) {
	var names []string
	var expr strings.Builder
	expr.WriteString("^/")
	for rest := path; rest != ""; {
		before, after, found := strings.Cut(rest, "{")
		expr.WriteString(regexp.QuoteMeta(before))
		if !found {
			break
		}
		name, tail, _ := strings.Cut(after, "}")
		names = append(names, name)
		if name == "range" {
			expr.WriteString("([^/]+)") // a range may hold a colon: A1:B2
		} else {
			expr.WriteString("([^/:]+)")
		}
		rest = tail
	}
	expr.WriteString("$")
	return regexp.MustCompile(expr.String()), names
}

// find gives the method of a request and the values of its path parameters.
func (a *sheetAPI) find(verb, path string) (sheetMethod, map[string]string, error) {
	for _, m := range a.methods {
		match := m.pattern.FindStringSubmatch(path)
		if m.HTTP != verb || match == nil {
			continue
		}
		values := map[string]string{}
		for i, name := range m.names {
			value, err := url.PathUnescape(match[i+1])
			if err != nil {
				return m, nil, fmt.Errorf("path parameter %s: %w", name, err)
			}
			values[name] = value
		}
		return m, values, nil
	}
	return sheetMethod{}, nil, fmt.Errorf("no method of Sheets v4 is %s %s", verb, path)
}

// checkQuery refuses parameters that the method does not have.
func (a *sheetAPI) checkQuery(m sheetMethod, query url.Values) error {
	for name, values := range query {
		schema, ok := m.Parameters[name]
		if !ok || schema.Location != "query" {
			schema, ok = a.Parameters[name]
		}
		if !ok {
			return fmt.Errorf("Unknown name %q: Cannot bind query parameter", name)
		}
		if len(values) > 1 && !schema.Repeated {
			return fmt.Errorf("query parameter %q is given %d times", name, len(values))
		}
		for _, v := range values {
			if err := schema.checkText(name, v); err != nil {
				return err
			}
		}
	}
	_, err := a.mask(m, query)
	return err
}

// mask is the part of the answer that the caller wants; nil: all of it.
func (a *sheetAPI) mask(m sheetMethod, query url.Values) (sheetMask, error) {
	text := query.Get("fields")
	if text == "" {
		return nil, nil
	}
	mask, err := sheetParseMask(text)
	if err != nil {
		return nil, err
	}
	return mask, a.checkMask(m.Response.Ref, mask)
}

// checkText checks a parameter, which is text whatever its type.
func (s sheetSchema) checkText(name, value string) error {
	if len(s.Enum) > 0 && !slices.Contains(s.Enum, value) {
		return fmt.Errorf("Invalid value at '%s': %q is not one of %v", name, value, s.Enum)
	}
	switch s.Type {
	case "boolean":
		if value != "true" && value != "false" {
			return fmt.Errorf("Invalid value at '%s': %q is no boolean", name, value)
		}
	case "integer":
		if _, err := strconv.ParseInt(value, 10, 32); err != nil {
			return fmt.Errorf("Invalid value at '%s' (TYPE_INT32): %q", name, value)
		}
	}
	return nil
}

// decode reads a request body and checks it against the method's message.
func (a *sheetAPI) decode(m sheetMethod, body []byte) (map[string]any, error) {
	if m.Request == nil {
		if len(bytes.TrimSpace(body)) > 0 {
			return nil, fmt.Errorf("%s takes no body", m.ID)
		}
		return nil, nil
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, fmt.Errorf("Invalid JSON payload received: %w", err)
	}
	if dec.More() {
		return nil, fmt.Errorf("Invalid JSON payload received: more than one value")
	}
	if err := a.check(*m.Request, v, ""); err != nil {
		return nil, err
	}
	return v.(map[string]any), nil
}

// check compares a JSON value with its schema. null is an absent field, save where any value goes.
func (a *sheetAPI) check(s sheetSchema, v any, at string) error {
	if s.Ref != "" {
		return a.checkMessage(s.Ref, v, at)
	}
	switch v := v.(type) {
	case nil:
		if s.Type == "any" {
			return nil
		}
		return fmt.Errorf("Invalid value at '%s': null in a list", at)
	case string:
		if len(s.Enum) > 0 && !slices.Contains(s.Enum, v) {
			return fmt.Errorf("Invalid value at '%s': %q is not one of %v", at, v, s.Enum)
		}
		return s.want(at, "string")
	case bool:
		return s.want(at, "boolean")
	case json.Number:
		return s.checkNumber(v, at)
	case []any:
		return a.checkList(s, v, at)
	default:
		return a.checkMap(s, v.(map[string]any), at)
	}
}

func (s sheetSchema) want(at, got string) error {
	if s.Type == got || s.Type == "any" {
		return nil
	}
	return fmt.Errorf("Invalid value at '%s': a %s where a %s goes", at, got, s.Type)
}

func (s sheetSchema) checkNumber(n json.Number, at string) error {
	f, err := n.Float64()
	if err != nil {
		return fmt.Errorf("Invalid value at '%s' (TYPE_DOUBLE): %s", at, n)
	}
	if s.Type != "integer" {
		return s.want(at, "number")
	}
	if f != math.Trunc(f) || f < math.MinInt32 || f > math.MaxInt32 {
		return fmt.Errorf("Invalid value at '%s' (TYPE_INT32): %s", at, n)
	}
	return nil
}

func (a *sheetAPI) checkList(s sheetSchema, list []any, at string) error {
	if s.Type != "array" || s.Items == nil {
		return s.want(at, "list")
	}
	for i, v := range list {
		if err := a.check(*s.Items, v, fmt.Sprintf("%s[%d]", at, i)); err != nil {
			return err
		}
	}
	return nil
}

func (a *sheetAPI) checkMap(s sheetSchema, m map[string]any, at string) error {
	if s.Additional == nil {
		return s.want(at, "message")
	}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if err := a.check(*s.Additional, m[key], at+"."+key); err != nil {
			return err
		}
	}
	return nil
}

// checkMessage checks the fields of one message: known, well typed, one member a union.
func (a *sheetAPI) checkMessage(name string, v any, at string) error {
	fields, ok := v.(map[string]any)
	if !ok {
		return fmt.Errorf("Invalid value at '%s' (%s): not a message", at, name)
	}
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		schema, known := a.Schemas[name].Properties[key]
		if !known {
			return fmt.Errorf("Invalid JSON payload received. Unknown name %q at '%s': Cannot find field", key, at)
		}
		if fields[key] == nil {
			continue
		}
		if err := a.check(schema, fields[key], strings.TrimPrefix(at+"."+key, ".")); err != nil {
			return err
		}
	}
	return a.checkUnions(name, fields, at)
}

func (a *sheetAPI) checkUnions(name string, fields map[string]any, at string) error {
	for _, members := range a.unions[name] {
		var set []string
		for _, m := range members {
			if fields[m] != nil {
				set = append(set, m)
			}
		}
		if len(set) > 1 {
			slices.Sort(set)
			return fmt.Errorf("Invalid value at '%s' (oneof), oneof field is already set: %v", at, set)
		}
	}
	return nil
}
