package policy

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"
)

// kind is how the rules read a column.
type kind uint8

const (
	text    kind = iota // a string; null is ""
	number              // a float64; null is NaN: only != is true of it
	flag                // a bool; null is false
	since               // a float64, the hours since a time; null is NaN
	derived             // a string made by a rule of the policy
	verdict             // the name of the diagnosis
)

// The names that every rule may read without a column behind them.
const (
	hoursStuck    = "hours_stuck"
	diagnosisName = "diagnosis"
	hoursSince    = "hours_since_" // before the name of a time column
)

// zero is the value of a kind as the expression language sees it.
func (k kind) zero() any {
	switch k {
	case number, since:
		return 0.0
	case flag:
		return false
	}
	return ""
}

// rule is one checked expression and the names it reads.
type rule struct {
	name   string // of a derived fact; else empty
	source string
	reads  []string
}

// environment is what the expression language checks names and types against.
func environment(facts map[string]kind) map[string]any {
	env := map[string]any{}
	for name, k := range facts {
		env[name] = k.zero()
	}
	return env
}

// options are the language that rules are written in: values, comparisons and
// logic. Functions and loops are left out; a rule that needs one belongs into
// the query.
func options(env map[string]any) []expr.Option {
	return []expr.Option{expr.Env(env), expr.DisableAllBuiltins()}
}

// parse checks a rule against the facts and finds the names that it reads.
func parse(source string, env map[string]any, result expr.Option) (rule, error) {
	tree, err := parser.Parse(source)
	if err != nil {
		return rule{}, firstLine(err)
	}
	names := reader{}
	ast.Walk(&tree.Node, &names)
	if names.readsNil {
		return rule{}, errors.New(`nil is not used in rules: compare with "" instead`)
	}
	if _, err := expr.Compile(source, append(options(env), result)...); err != nil {
		return rule{}, firstLine(err)
	}
	for _, name := range names.found {
		if _, known := env[name]; !known {
			return rule{}, fmt.Errorf("%s: a rule reads facts and nothing else", name)
		}
	}
	if names.computes {
		return rule{}, errors.New("a rule compares facts; variables and loops belong into the query")
	}
	slices.Sort(names.found)
	return rule{source: source, reads: slices.Compact(names.found)}, nil
}

// reader collects the names in an expression.
type reader struct {
	found    []string
	readsNil bool
	computes bool // variables, loops, sequences
}

// Visit implements ast.Visitor.
func (r *reader) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		r.found = append(r.found, n.Value)
	case *ast.NilNode:
		r.readsNil = true
	case *ast.VariableDeclaratorNode, *ast.PredicateNode, *ast.SequenceNode:
		r.computes = true
	}
}

// firstLine is the error without the drawing of the expression under it, which
// makes no sense in a list of faults.
func firstLine(err error) error {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return errors.New(line)
}

// choice is several alternatives as one program, whose result is the index of
// the first that holds. One program is several times as fast as one for each.
type choice struct {
	program *vm.Program
	which   []int // by result: the index in the list that was compiled
	reads   []string
}

// compileChoice joins alternatives, in their order; an alternative that reads
// what is not there is left out.
func compileChoice(alternatives [][]rule, env map[string]any, there func(string) bool) (choice, error) {
	var c choice
	var source strings.Builder
	reads := map[string]bool{}
	for i, rules := range alternatives {
		for _, r := range rules {
			if !all(r.reads, there) {
				continue
			}
			fmt.Fprintf(&source, "(%s\n) ? %d : ", r.source, len(c.which))
			c.which = append(c.which, i)
			for _, name := range r.reads {
				reads[name] = true
			}
		}
	}
	c.reads = slices.Sorted(maps.Keys(reads))
	fmt.Fprintf(&source, "%d", len(c.which))
	program, err := expr.Compile(source.String(), append(options(env), expr.AsInt())...)
	c.program = program
	return c, err
}

func all(names []string, there func(string) bool) bool {
	for _, name := range names {
		if !there(name) {
			return false
		}
	}
	return true
}
