package config

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// EnvFile is a file of KEY=VALUE lines to read settings from.
type EnvFile struct {
	Path     string
	Optional bool // a file that is not there is no fault
}

// EnvFiles lists the files that are read, the most important first: the one a
// person named (--env-file; may be empty), then ./.env and ../pi-skill/.env
// where they exist.
func EnvFiles(named string) []EnvFile {
	var files []EnvFile
	if named != "" {
		files = append(files, EnvFile{Path: named})
	}
	for _, usual := range []string{".env", "../pi-skill/.env"} {
		if named == "" || filepath.Clean(named) != usual {
			files = append(files, EnvFile{Path: usual, Optional: true})
		}
	}
	return files
}

// The sources that are not a place in a file.
const (
	sourceEnvironment = "environment"
	sourceDefault     = "default"
	sourceNone        = "not set"
)

// given is a value and the place it came from: "environment" or "path:line".
type given struct{ text, where string }

// layer is one place that values come from, by name. It holds no empty values.
type layer map[string]given

// readLayers reads the environment and the files, the most important first.
func readLayers(environ []string, files []EnvFile, variables []variable, faults *Faults) []layer {
	environment := layer{}
	for _, setting := range environ {
		name, text, _ := strings.Cut(setting, "=")
		environment.put(name, given{text, sourceEnvironment})
	}
	layers := []layer{environment}
	for _, file := range files {
		layers = append(layers, readEnvFile(file, variables, faults))
	}
	return layers
}

func (l layer) put(name string, value given) {
	if strings.TrimSpace(value.text) != "" {
		l[name] = value
	}
}

// readEnvFile reads one file. A variable of ours that it sets twice, to
// different values, is a fault; what else the file holds is not our business.
func readEnvFile(file EnvFile, variables []variable, faults *Faults) layer {
	read := layer{}
	text, err := readText(file.Path)
	if err != nil {
		if !file.Optional || !absent(file.Path, err) {
			faults.add(file.Path, "the file cannot be read: %v", cause(err))
		}
		return read
	}
	pairs, err := parseDotenv(text)
	if wrong, ok := errors.AsType[*dotenvError](err); ok {
		faults.add(fmt.Sprintf("%s:%d", file.Path, wrong.line), "%s", wrong.what)
	}
	for _, p := range pairs {
		value := given{p.value, fmt.Sprintf("%s:%d", file.Path, p.line)}
		if first := read[p.key]; first.text != "" && p.value != "" && first.text != p.value && isKnown(p.key, variables) {
			faults.add(p.key+" ("+value.where+")", "%s sets it too, to something else; delete one of the lines", first.where)
			continue
		}
		read.put(p.key, value)
	}
	return read
}

// absent says whether there is no such file. A folder of the name .env is
// somebody's Python environment.
func absent(path string, err error) bool {
	if errors.Is(err, fs.ErrNotExist) {
		return true
	}
	info, statErr := os.Stat(path)
	return statErr == nil && info.IsDir()
}

// read finds the variable's value, sets it, and describes it. The row says
// where the value came from even if there is an error.
func (v variable) read(layers []layer) (Row, error) {
	row := Row{Group: v.group, Variable: v.name, Source: sourceNone}
	value, err := v.find(layers)
	if value.where != "" {
		row.Source = value.where
	} else if value.text = v.initial; v.initial != "" {
		row.Source = sourceDefault
	}
	if err == nil && value.text != "" {
		row.Value, err = v.set(value.text)
	}
	if err != nil {
		row.Value = "(faulty)"
	}
	return row, err
}

// find gives the value of the most important layer that has one, directly or
// through the _FILE twin. Nothing found is no error.
func (v variable) find(layers []layer) (given, error) {
	for _, l := range layers {
		direct := l[v.name]
		if !v.secret {
			if direct.text != "" {
				return given{strings.TrimSpace(direct.text), direct.where}, nil
			}
			continue
		}
		twin := l[v.twin()]
		switch {
		case direct.text != "" && twin.text != "":
			return direct, fmt.Errorf("%s is set as well; keep one of the two", v.twin())
		case direct.text != "":
			return given{strings.TrimRight(direct.text, "\r\n"), direct.where}, nil
		case twin.text != "":
			text, err := readSecret(strings.TrimSpace(twin.text))
			return given{text, v.twin() + ", " + twin.where}, err
		}
	}
	return given{}, nil
}

func (v variable) twin() string { return v.name + "_FILE" }

// readSecret reads a mounted secret. Its error does not name the path: people
// put the secret itself there.
func readSecret(path string) (string, error) {
	text, err := readText(path)
	if err != nil {
		return "", fmt.Errorf("the file that it names cannot be read: %w", cause(err))
	}
	if strings.TrimSpace(text) == "" {
		return "", errors.New("the file that it names is empty")
	}
	return strings.TrimRight(text, "\r\n"), nil
}

const ourPrefix = "PI_MANAGER_"

// unknown reports variables that look like ours and are none: a typing error
// would else be a setting that is ignored in silence.
func unknown(layers []layer, variables []variable) Faults {
	var faults Faults
	for _, l := range layers {
		for _, name := range slices.Sorted(maps.Keys(l)) {
			if strings.HasPrefix(name, ourPrefix) && !isKnown(name, variables) && !serviceLink(name, l[name]) {
				faults.add(l[name].where, "there is no variable %.60q; did you mean %s?", name, nearest(name, variables))
			}
		}
	}
	return faults
}

func isKnown(name string, variables []variable) bool {
	return slices.ContainsFunc(variables, func(v variable) bool {
		return name == v.name || v.secret && name == v.twin()
	})
}

// serviceLinkName is the form of the variables that Kubernetes sets in every
// container for each Service of the namespace, here for one whose name begins
// with pi-manager (kubernetes.io/docs/concepts/services-networking/service/#environment-variables).
var serviceLinkName = regexp.MustCompile(`^PI_MANAGER_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$`)

// serviceLink says whether Kubernetes set the variable, not a person.
func serviceLink(name string, value given) bool {
	if value.where != sourceEnvironment {
		return false
	}
	return serviceLinkName.MatchString(name) || strings.HasSuffix(name, "_PORT") && fromServiceLink(value.text)
}

// fromServiceLink says whether a value is an address as Kubernetes writes it: tcp://10.0.0.1:5439.
func fromServiceLink(text string) bool { return strings.Contains(text, "://") }

// nearest is the variable whose name takes the fewest changes of a letter.
func nearest(name string, variables []variable) string {
	return slices.MinFunc(variables, func(a, b variable) int {
		return cmp.Compare(editDistance(name, a.name), editDistance(name, b.name))
	}).name
}

// editDistance is Levenshtein's: how many bytes to add, drop or change, by
// dynamic programming over one row.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
