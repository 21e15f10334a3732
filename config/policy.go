package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"pi-manager/internal/policy"
)

// LoadPolicy reads the policy file from dir, or the embedded one, and checks it;
// see Read. A file with faults gives a Faults: every one of them, with its line.
func LoadPolicy(dir string) (*policy.Policy, error) {
	file, err := Read(dir, PolicyFile)
	if err != nil {
		return nil, err
	}
	return ParsePolicy(file)
}

// ParsePolicy reads and checks the text of a policy.
func ParsePolicy(file File) (*policy.Policy, error) {
	var spec policy.Spec
	if faults := decodeFile(file, &spec); len(faults) > 0 {
		return nil, faults
	}
	compiled, broken := policy.Compile(spec)
	if len(broken) == 0 {
		return compiled, nil
	}
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(file.Text), &root); err != nil {
		return nil, yamlFaults(file.Path, file.Text, err)
	}
	slices.SortStableFunc(broken, func(a, b policy.Fault) int { return lineOf(&root, a.Path) - lineOf(&root, b.Path) })
	var faults Faults
	for _, fault := range broken {
		faults.add(fmt.Sprintf("%s:%d", file.Path, lineOf(&root, fault.Path)), "%s: %s", strings.Join(fault.Path, "."), fault.Message)
	}
	return nil, faults
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
