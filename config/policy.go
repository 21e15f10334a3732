package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"pi-manager/internal/policy"
)

// LoadPolicy reads and checks a policy file. The error lists every fault with
// its line; name is what the file is called in it.
func LoadPolicy(name string, content []byte) (*policy.Policy, error) {
	var spec policy.Spec
	if err := decodeStrict(name, content, &spec); err != nil {
		return nil, err
	}
	compiled, faults := policy.Compile(spec)
	if len(faults) == 0 {
		return compiled, nil
	}
	var root yaml.Node
	if err := yaml.Unmarshal(content, &root); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	errs := make([]error, len(faults))
	for i, fault := range faults {
		errs[i] = fmt.Errorf("%s:%d: %s: %s", name, lineOf(&root, fault.Path), strings.Join(fault.Path, "."), fault.Message)
	}
	return nil, errors.Join(errs...)
}

// decodeStrict decodes one YAML document; a key that into does not know is a fault.
func decodeStrict(name string, content []byte, into any) error {
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	decoder.KnownFields(true)
	err := decoder.Decode(into)
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%s:1: the file is empty", name)
	}
	if typeErr, ok := errors.AsType[*yaml.TypeError](err); ok {
		errs := make([]error, len(typeErr.Errors))
		for i, message := range typeErr.Errors {
			errs[i] = errors.New(withName(name, message))
		}
		return errors.Join(errs...)
	}
	if err != nil {
		return errors.New(withName(name, strings.TrimPrefix(err.Error(), "yaml: ")))
	}
	return nil
}

// withName turns the decoder's "line 12: what" into "file:12: what".
func withName(name, message string) string {
	if rest, ok := strings.CutPrefix(message, "line "); ok {
		return name + ":" + rest
	}
	return name + ": " + message
}

// lineOf finds the line of a path of keys and indexes, or of the nearest parent that is there.
func lineOf(root *yaml.Node, path []string) int {
	node := root
	if node.Kind == yaml.DocumentNode && len(node.Content) > 0 {
		node = node.Content[0]
	}
	line := max(node.Line, 1)
	for _, step := range path {
		next := child(node, step)
		if next == nil {
			return line
		}
		node, line = next, next.Line
	}
	return line
}

func child(node *yaml.Node, step string) *yaml.Node {
	switch node.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == step {
				return node.Content[i+1]
			}
		}
	case yaml.SequenceNode:
		if i, err := strconv.Atoi(step); err == nil && i < len(node.Content) {
			return node.Content[i]
		}
	}
	return nil
}
