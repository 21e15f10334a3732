package fake

import (
	"fmt"
	"maps"
	"strings"
)

// sheetMask is a field mask as a tree; a leaf takes everything below it.
type sheetMask map[string]sheetMask

// sheetParseMask reads masks such as "sheets(properties.title,data/rowData),developerMetadata".
func sheetParseMask(text string) (sheetMask, error) {
	p := &sheetMaskParser{rest: text}
	mask, err := p.list()
	if err == nil && p.rest != "" {
		err = fmt.Errorf("Invalid field mask %q at %q", text, p.rest)
	}
	return mask, err
}

type sheetMaskParser struct{ rest string }

func (p *sheetMaskParser) list() (sheetMask, error) {
	mask := sheetMask{}
	for {
		if err := p.path(mask); err != nil {
			return nil, err
		}
		if !strings.HasPrefix(p.rest, ",") {
			return mask, nil
		}
		p.rest = p.rest[1:]
	}
}

// path reads one a.b/c, or a(b,c), into the tree.
func (p *sheetMaskParser) path(into sheetMask) error {
	for {
		end := strings.IndexAny(p.rest+",", ",./()")
		name := strings.TrimSpace(p.rest[:end])
		p.rest = p.rest[end:]
		if name == "" {
			return fmt.Errorf("Invalid field mask: a name is missing before %q", p.rest)
		}
		if into[name] == nil {
			into[name] = sheetMask{}
		}
		into = into[name]
		switch {
		case strings.HasPrefix(p.rest, ".") || strings.HasPrefix(p.rest, "/"):
			p.rest = p.rest[1:]
			continue
		case strings.HasPrefix(p.rest, "("):
			return p.group(into)
		}
		return nil
	}
}

func (p *sheetMaskParser) group(into sheetMask) error {
	p.rest = p.rest[1:]
	inner, err := p.list()
	if err != nil {
		return err
	}
	if !strings.HasPrefix(p.rest, ")") {
		return fmt.Errorf("Invalid field mask: a bracket is not closed")
	}
	p.rest = p.rest[1:]
	maps.Copy(into, inner)
	return nil
}

// checkMask refuses names that the message does not have.
func (a *sheetAPI) checkMask(message string, mask sheetMask) error {
	for name, sub := range mask {
		if name == "*" {
			continue
		}
		schema, ok := a.Schemas[message].Properties[name]
		if !ok {
			return fmt.Errorf("Invalid field: %s has no field %q", message, name)
		}
		ref := schema.Ref
		if schema.Items != nil {
			ref = schema.Items.Ref
		}
		if len(sub) == 0 {
			continue
		}
		if err := a.checkMask(ref, sub); err != nil {
			return err
		}
	}
	return nil
}

// keep cuts a JSON value down to the mask.
func (m sheetMask) keep(v any) any {
	if _, all := m["*"]; all || len(m) == 0 {
		return v
	}
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = m.keep(v[i])
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for name, sub := range m {
			if value, ok := v[name]; ok {
				out[name] = sub.keep(value)
			}
		}
		return out
	}
	return v
}
