package k8s_test

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// instructions are the lines of a Dockerfile, continued lines joined, by stage.
func instructions(text string) [][]string {
	var stages [][]string
	for line := range strings.Lines(strings.ReplaceAll(text, "\\\n", " ")) {
		line = strings.Join(strings.Fields(line), " ")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if strings.HasPrefix(line, "FROM ") {
			stages = append(stages, nil)
		}
		if len(stages) > 0 {
			stages[len(stages)-1] = append(stages[len(stages)-1], line)
		}
	}
	return stages
}

// TestDockerfile: the last stage starts from nothing and has what `make image` has.
func TestDockerfile(t *testing.T) {
	t.Parallel()
	text := string(read(t, "Dockerfile"))
	stages := instructions(text)
	if len(stages) != 2 {
		t.Fatalf("%d stages, want one that builds and one that runs", len(stages))
	}
	if pinned := regexp.MustCompile(`^FROM golang:1\.\d+\.\d+ AS build$`); !pinned.MatchString(stages[0][0]) {
		t.Errorf("the builder is not pinned to a version: %s", stages[0][0])
	}
	if !slices.ContainsFunc(stages[0], func(line string) bool { return strings.HasPrefix(line, "RUN scripts/compile linux ") }) {
		t.Error("the binary is not built as a release's is, by scripts/compile")
	}
	want := []string{
		"FROM scratch",
		"COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt",
		"COPY --from=build /out/pi-manager /usr/local/bin/pi-manager",
		"USER 65532:65532",
		"WORKDIR /",
		`ENTRYPOINT ["/usr/local/bin/pi-manager"]`,
		`CMD ["run"]`,
	}
	if !slices.Equal(stages[1], want) {
		t.Errorf("the image is\n%s\nwant\n%s", strings.Join(stages[1], "\n"), strings.Join(want, "\n"))
	}
	if secret := regexp.MustCompile(`(?i)password|token|secret|_account`).FindString(text); secret != "" {
		t.Errorf("the Dockerfile speaks of a %s: what a build is given stays in its layers", secret)
	}
	compile := string(read(t, "../scripts/compile"))
	for _, needed := range []string{"CGO_ENABLED=0", "-trimpath"} {
		if !strings.Contains(compile, needed) {
			t.Errorf("scripts/compile has no %s", needed)
		}
	}
}

// TestDockerContext: no secret and no build product is sent to the builder, and
// what git tracks is, so that Go does not take the sources for changed.
func TestDockerContext(t *testing.T) {
	t.Parallel()
	ignored := strings.Fields(regexp.MustCompile(`(?m)^#.*$`).ReplaceAllString(string(read(t, "../.dockerignore")), ""))
	for pattern := range strings.FieldsSeq(string(read(t, "../.gitignore"))) {
		rooted := strings.TrimSuffix(pattern, "/")
		if !slices.Contains(ignored, rooted) && !slices.Contains(ignored, "**/"+rooted) {
			t.Errorf(".gitignore has %s and .dockerignore has not", pattern)
		}
	}
	for _, pattern := range ignored {
		if matches, err := filepath.Glob(filepath.Join("..", strings.TrimPrefix(pattern, "**/"))); err != nil || len(matches) > 0 && strings.HasSuffix(matches[0], ".go") {
			t.Errorf("%s keeps sources from the builder: %v %v", pattern, matches, err)
		}
	}
	if slices.Contains(ignored, ".git") {
		t.Error("without .git the binary does not know its version")
	}
}

// TestOneGo: the image, the CI and the release are built with the same Go, which
// go.mod allows.
func TestOneGo(t *testing.T) {
	t.Parallel()
	version := regexp.MustCompile(`golang:(1\.\d+)(\.\d+) `).FindStringSubmatch(string(read(t, "Dockerfile")))
	if version == nil || !strings.Contains(string(read(t, "../go.mod")), "\ngo "+version[1]) {
		t.Errorf("the Dockerfile builds with Go %v, and go.mod wants another one", version)
	}
	for _, file := range []string{"ci.yml", "release.yml"} {
		text := string(read(t, filepath.Join("../.github/workflows", file)))
		if !strings.Contains(text, "go-version: "+version[1]+version[2]+"\n") {
			t.Errorf("%s does not build with Go %s%s, as the Dockerfile does", file, version[1], version[2])
		}
	}
}

// TestActionsArePinned: a tag of somebody else's repository can be moved, a
// commit cannot (F111).
func TestActionsArePinned(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../.github/workflows/*.yml")
	if err != nil || len(files) != 2 {
		t.Fatalf("workflows: %v %v", files, err)
	}
	pinned := regexp.MustCompile(`^\s*-?\s*uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)
	for _, file := range files {
		text := string(read(t, file))
		for line := range strings.Lines(text) {
			if strings.Contains(line, "uses:") && !pinned.MatchString(strings.TrimRight(line, "\n")) {
				t.Errorf("%s: not pinned to a commit: %s", file, line)
			}
		}
		if !strings.Contains(text, "\npermissions:\n  contents: read\n") {
			t.Errorf("%s: jobs get more rights than to read, unless they ask", file)
		}
	}
}
