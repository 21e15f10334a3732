package main

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"os"
	"path"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Where things are in the image; k8s/Dockerfile has the same.
const (
	program      = "usr/local/bin/pi-manager"
	certificates = "etc/ssl/certs/ca-certificates.crt" // the first place where crypto/x509 looks
	nobody       = "65532:65532"                       // the number that distroless images use for "nonroot"
)

const labelVersion = "org.opencontainers.image.version"

// assemble makes the image of one layer.
func assemble(binary, arch, version string) (v1.Image, error) {
	layer, err := pack(binary)
	if err != nil {
		return nil, err
	}
	empty := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	created := v1.Time{Time: time.Unix(0, 0).UTC()}
	img, err := mutate.Append(empty, mutate.Addendum{Layer: layer, History: v1.History{Created: created, CreatedBy: "make image"}})
	if err != nil {
		return nil, fmt.Errorf("add the layer: %w", err)
	}
	config, err := img.ConfigFile()
	if err != nil {
		return nil, fmt.Errorf("read the image's configuration: %w", err)
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Created = "linux", arch, created
	config.Config = v1.Config{
		User: nobody, WorkingDir: "/", Entrypoint: []string{"/" + program}, Cmd: []string{"run"},
		Labels: map[string]string{"org.opencontainers.image.title": "pi-manager", labelVersion: version, "org.opencontainers.image.licenses": "Apache-2.0"},
	}
	return mutate.ConfigFile(img, config)
}

// pack makes the layer: the certificates and the program.
func pack(binary string) (v1.Layer, error) {
	text, err := os.ReadFile(binary)
	if err != nil {
		return nil, fmt.Errorf("read the binary: %w", err)
	}
	roots, err := trusted()
	if err != nil {
		return nil, err
	}
	var packed bytes.Buffer
	w := tar.NewWriter(&packed)
	known := map[string]bool{}
	for _, file := range []struct {
		name string
		mode int64
		text []byte
	}{{certificates, 0o644, roots}, {program, 0o755, text}} {
		if err := addFolders(w, known, path.Dir(file.name)); err != nil {
			return nil, err
		}
		header := tar.Header{Typeflag: tar.TypeReg, Name: file.name, Mode: file.mode, Size: int64(len(file.text)), ModTime: time.Unix(0, 0)}
		if err := w.WriteHeader(&header); err != nil {
			return nil, fmt.Errorf("pack %s: %w", file.name, err)
		}
		if _, err := w.Write(file.text); err != nil {
			return nil, fmt.Errorf("pack %s: %w", file.name, err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("pack the layer: %w", err)
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(packed.Bytes())), nil }
	return tarball.LayerFromOpener(open, tarball.WithMediaType(types.OCILayer))
}

// addFolders adds a folder and those above it, each once.
func addFolders(w *tar.Writer, known map[string]bool, folder string) error {
	if folder == "." || known[folder] {
		return nil
	}
	if err := addFolders(w, known, path.Dir(folder)); err != nil {
		return err
	}
	known[folder] = true
	header := tar.Header{Typeflag: tar.TypeDir, Name: folder + "/", Mode: 0o755, ModTime: time.Unix(0, 0)}
	if err := w.WriteHeader(&header); err != nil {
		return fmt.Errorf("pack %s: %w", folder, err)
	}
	return nil
}
