package config

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// decodeFile reads one YAML document into a value. Unknown and repeated keys,
// wrong types and a second document are faults, each with its line.
func decodeFile(file File, into any) Faults {
	decoder := yaml.NewDecoder(strings.NewReader(file.Text))
	decoder.KnownFields(true)
	err := decoder.Decode(into)
	if errors.Is(err, io.EOF) {
		return Faults{{file.Path, "the file holds nothing but comments"}}
	}
	if err != nil {
		return yamlFaults(file.Path, file.Text, err)
	}
	if !errors.Is(decoder.Decode(new(yaml.Node)), io.EOF) {
		return Faults{{file.Path, "one document is expected; something follows it after ---"}}
	}
	return nil
}

// yamlLine splits what the library says into the line and the rest.
var yamlLine = regexp.MustCompile(`^(?:yaml: )?line (\d+): (.*)$`)

// goType is how the library names the Go type that it filled; people do not know those.
var goType = regexp.MustCompile(` (?:in type|into) \S+$`)

func yamlFaults(path, text string, err error) Faults {
	// The library counts the line of some errors of form from 0, of others from 1.
	messages := []string{err.Error() + " (in this line or the next)"}
	if line := lineOfValue(text, err.Error()); line > 0 {
		messages = []string{fmt.Sprintf("line %d: %s", line, err)}
	}
	if several, ok := errors.AsType[*yaml.TypeError](err); ok {
		messages = several.Errors
	}
	var faults Faults
	for _, message := range messages {
		where := path
		if parts := yamlLine.FindStringSubmatch(message); parts != nil {
			where, message = path+":"+parts[1], parts[2]
		}
		message = goType.ReplaceAllString(strings.TrimPrefix(message, "yaml: "), "")
		faults.add(where, "%s", strings.Replace(message, "field ", "key ", 1))
	}
	return faults
}

// refusedValue is how decoders quote a value that they do not take.
var refusedValue = regexp.MustCompile(`^"((?:[^"\\]|\\.)*)"|convert (\S+) to decimal`)

// lineOfValue finds the line of the value that a message is about; 0 where the
// message names none. The library does not say.
func lineOfValue(text, message string) int {
	parts := refusedValue.FindStringSubmatch(message)
	var root yaml.Node
	if parts == nil || yaml.Unmarshal([]byte(text), &root) != nil {
		return 0
	}
	return lineOfScalar(&root, parts[1]+parts[2])
}

func lineOfScalar(node *yaml.Node, value string) int {
	if node.Kind == yaml.ScalarNode && node.Value == value {
		return node.Line
	}
	for _, below := range node.Content {
		if line := lineOfScalar(below, value); line > 0 {
			return line
		}
	}
	return 0
}

// scalar is a single value of a YAML file, as it is written, with its line.
type scalar struct {
	text string
	line int // from 1; 0 where the file has no value
}

// UnmarshalYAML takes any single value as text: 07:00 is a time here, never a number.
func (s *scalar) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind != yaml.ScalarNode {
		return &yaml.TypeError{Errors: []string{fmt.Sprintf("line %d: a single value is expected, not a list or a map", node.Line)}}
	}
	*s = scalar{text: strings.TrimSpace(node.Value), line: node.Line}
	return nil
}
