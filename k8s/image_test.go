package k8s_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"crypto/x509"
	"debug/elf"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

const binary = "usr/local/bin/pi-manager"

// image is what `make image` made, read from its OCI layout by hand: the library
// that wrote it is not asked whether it is right.
type image struct {
	digest  string
	size    int64 // of the layers as they are pulled, in bytes
	config  imageConfig
	entries []entry
}

// entry is one file or folder of the image.
type entry struct {
	header *tar.Header
	text   []byte
}

type imageConfig struct {
	Architecture, OS string
	Created          time.Time
	Config           struct {
		User, WorkingDir string
		Entrypoint, Cmd  []string
		Env              []string
		Labels           map[string]string
	}
}

type descriptor struct {
	MediaType, Digest string
	Size              int64
}

// makeImage runs `make image` in a folder with a copy of the sources.
func makeImage(t *testing.T, sources string, environ ...string) image {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "make", "image", "ARCH="+runtime.GOARCH, "VERSION=v9.9.9")
	cmd.Dir, cmd.Env = sources, append(os.Environ(), environ...)
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("make image: %v\n%s", err, text)
	}
	return readImage(t, layoutIn(sources))
}

func layoutIn(sources string) string {
	return filepath.Join(sources, "dist", "ecm-manager-linux-"+runtime.GOARCH)
}

// copySources copies the project, without what git or a build made.
func copySources(t *testing.T, to, from string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, found fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		below, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if found.IsDir() && slices.Contains([]string{".git", "bin", "dist", "demo-world"}, below) {
			return fs.SkipDir
		}
		if found.IsDir() {
			return os.MkdirAll(filepath.Join(to, below), 0o755)
		}
		info, err := found.Info()
		if err != nil || !info.Mode().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		return errors.Join(err, os.WriteFile(filepath.Join(to, below), text, info.Mode()))
	})
	if err != nil {
		t.Fatal(err)
	}
}

// readImage reads an OCI layout with one image, and checks every digest on the way.
func readImage(t *testing.T, layout string) image {
	t.Helper()
	var index struct{ Manifests []descriptor }
	parse(t, read(t, filepath.Join(layout, "index.json")), &index)
	if len(index.Manifests) != 1 {
		t.Fatalf("%d images in the layout, want one", len(index.Manifests))
	}
	var manifest struct {
		Config descriptor
		Layers []descriptor
	}
	parse(t, blob(t, layout, index.Manifests[0]), &manifest)
	img := image{digest: index.Manifests[0].Digest}
	parse(t, blob(t, layout, manifest.Config), &img.config)
	for _, layer := range manifest.Layers {
		img.size += layer.Size
		img.entries = append(img.entries, unpack(t, blob(t, layout, layer))...)
	}
	return img
}

func parse(t *testing.T, text []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

func blob(t *testing.T, layout string, d descriptor) []byte {
	t.Helper()
	text := read(t, filepath.Join(layout, "blobs", strings.Replace(d.Digest, ":", "/", 1)))
	sum := sha256.Sum256(text)
	if "sha256:"+hex.EncodeToString(sum[:]) != d.Digest || int64(len(text)) != d.Size {
		t.Fatalf("the content of %s is another one", d.Digest)
	}
	return text
}

func unpack(t *testing.T, layer []byte) []entry {
	t.Helper()
	text, err := gzip.NewReader(bytes.NewReader(layer))
	if err != nil {
		t.Fatal(err)
	}
	var entries []entry
	for r := tar.NewReader(text); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return entries
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, entry{header, content})
	}
}

func (i image) file(t *testing.T, name string) []byte {
	t.Helper()
	for _, e := range i.entries {
		if e.header.Name == name {
			return e.text
		}
	}
	t.Fatalf("the image has no %s", name)
	return nil
}

// TestImage builds the image twice, in two folders and for two users with habits
// of their own: one digest, and in it what is needed and nothing else (F111).
func TestImage(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	here, there := filepath.Join(base, "here"), filepath.Join(base, "some where", "else")
	copySources(t, here, "..")
	copySources(t, there, here) // not the sources again: somebody may be writing there
	img := makeImage(t, here, "TZ=UTC")
	again := makeImage(t, there, "TZ=Asia/Dubai", "LC_ALL=C", "USER=somebody", "GOFLAGS=-tags=elsewhere")
	if img.digest != again.digest {
		t.Errorf("two builds, two digests: %s and %s", img.digest, again.digest)
	}
	if !bytes.Equal(read(t, layoutIn(here)+".tar"), read(t, layoutIn(there)+".tar")) {
		t.Error("two builds, two tars for docker load")
	}
	t.Logf("%s: %d bytes as it is pulled, the binary %d bytes", img.digest, img.size, len(img.file(t, binary)))
	var unpacked int64
	for _, e := range img.entries {
		unpacked += e.header.Size
	}
	if limit := int64(45_000_000); unpacked >= limit {
		t.Errorf("the image has %d bytes unpacked, want less than %d", unpacked, limit)
	}
	checkConfig(t, img)
	checkFiles(t, img)
	checkDockerTar(t, layoutIn(here)+".tar")
	checkParts(t, here, img.file(t, binary))
}

func checkConfig(t *testing.T, img image) {
	t.Helper()
	c := img.config
	if c.OS != "linux" || c.Architecture != runtime.GOARCH || !c.Created.Equal(time.Unix(0, 0)) {
		t.Errorf("the image is for %s/%s, of %s", c.OS, c.Architecture, c.Created)
	}
	if c.Config.User != "65532:65532" || c.Config.WorkingDir != "/" || len(c.Config.Env) > 0 {
		t.Errorf("user %q in %q with the environment %q", c.Config.User, c.Config.WorkingDir, c.Config.Env)
	}
	if !slices.Equal(c.Config.Entrypoint, []string{"/" + binary}) || !slices.Equal(c.Config.Cmd, []string{"run"}) {
		t.Errorf("it starts %q %q", c.Config.Entrypoint, c.Config.Cmd)
	}
	if got := c.Config.Labels["org.opencontainers.image.version"]; got != "v9.9.9" {
		t.Errorf("the version on the label is %q", got)
	}
}

func checkFiles(t *testing.T, img image) {
	t.Helper()
	var files []string
	for _, e := range img.entries {
		h := e.header
		if h.Typeflag == tar.TypeReg {
			files = append(files, h.Name)
		}
		if h.Uid != 0 || h.Gid != 0 || h.Uname != "" || h.Mode&0o022 != 0 || h.Mode&0o6000 != 0 || !h.ModTime.Equal(time.Unix(0, 0)) {
			t.Errorf("%s belongs to %d:%d %q, mode %o, of %s: nobody but root may own or write it", h.Name, h.Uid, h.Gid, h.Uname, h.Mode, h.ModTime)
		}
	}
	if want := []string{"etc/ssl/certs/ca-certificates.crt", binary}; !slices.Equal(files, want) {
		t.Errorf("the image holds %v, want %v", files, want)
	}
	checkRoots(t, img.file(t, "etc/ssl/certs/ca-certificates.crt"))
	program, err := elf.NewFile(bytes.NewReader(img.file(t, binary)))
	if err != nil {
		t.Fatal(err)
	}
	if program.Section(".interp") != nil || program.Section(".dynamic") != nil {
		t.Error("the binary is not static: an empty image has no loader")
	}
	if home, err := os.Getwd(); err != nil || bytes.Contains(img.file(t, binary), []byte(filepath.Dir(home))) {
		t.Errorf("the binary holds the path of the sources (%v)", err)
	}
}

// checkRoots looks for the authorities that Google, Slack and Redshift use: Google
// Trust Services; DigiCert, Amazon and Let's Encrypt; Amazon, with Starfield above it.
func checkRoots(t *testing.T, text []byte) {
	t.Helper()
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		t.Fatal("no certificate can be read")
	}
	for _, name := range []string{
		"GTS Root R1", "GTS Root R4", "GlobalSign Root R46", "DigiCert Global Root G2", "ISRG Root X1",
		"Amazon Root CA 1", "Amazon Root CA 2", "Amazon Root CA 3", "Amazon Root CA 4", "Starfield Services Root Certificate Authority - G2",
	} {
		if !strings.Contains(string(text), "CN="+name) {
			t.Errorf("the authority %q is not trusted", name)
		}
	}
	if n := strings.Count(string(text), "BEGIN CERTIFICATE"); n < 90 || n > 200 {
		t.Errorf("%d authorities are trusted, and Mozilla's list has between 90 and 200", n)
	}
}

// checkParts looks at the parts list that a release has beside each binary.
func checkParts(t *testing.T, sources string, program []byte) {
	t.Helper()
	path := filepath.Join(sources, "dist", "linux-"+runtime.GOARCH, "pi-manager")
	text, err := exec.CommandContext(t.Context(), "go", "-C", filepath.Join(sources, "tools"), "run", "./sbom", path).Output()
	if err != nil {
		t.Fatalf("list the parts: %v", err)
	}
	var list struct {
		BOMFormat string
		Metadata  struct {
			Component struct{ Hashes []struct{ Content string } }
		}
		Components []struct{ Name, Version string }
	}
	parse(t, text, &list)
	sum := sha256.Sum256(program)
	if hashes := list.Metadata.Component.Hashes; list.BOMFormat != "CycloneDX" || len(hashes) != 1 || hashes[0].Content != hex.EncodeToString(sum[:]) {
		t.Errorf("the list (%q) is of another binary than the image's: %v", list.BOMFormat, hashes)
	}
	modules := string(read(t, "../go.mod"))
	for _, name := range []string{"modernc.org/sqlite", "github.com/jackc/pgx/v5", "github.com/slack-go/slack"} {
		if !slices.ContainsFunc(list.Components, func(c struct{ Name, Version string }) bool {
			return c.Name == name && strings.Contains(modules, name+" "+c.Version+"\n")
		}) {
			t.Errorf("the list does not have %s in the version of go.mod", name)
		}
	}
}

// checkDockerTar looks at what docker load reads first.
func checkDockerTar(t *testing.T, path string) {
	t.Helper()
	for r := tar.NewReader(bytes.NewReader(read(t, path))); ; {
		header, err := r.Next()
		if err != nil {
			t.Fatalf("no manifest.json in the tar: %v", err)
		}
		if header.Name != "manifest.json" {
			continue
		}
		var manifest []struct {
			RepoTags, Layers []string
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		parse(t, text, &manifest)
		if len(manifest) != 1 || !slices.Equal(manifest[0].RepoTags, []string{"ecm-manager:latest"}) || len(manifest[0].Layers) != 1 {
			t.Errorf("docker load would make %+v", manifest)
		}
		return
	}
}
