// Image packs a compiled pi-manager into a container image, without a Docker
// daemon and without a base image: the binary, the certificates it trusts, and
// nothing else. Zone data is in the binary.
//
// It writes an OCI layout and a tar for `docker load`. Nothing of the machine
// goes into them: every time is 1970, every owner is root, the certificates come
// from a Go module that go.sum pins. The same binary gives the same digest.
package main

import (
	"debug/buildinfo"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

func main() {
	binary := flag.String("binary", "", "the compiled pi-manager: linux, static (scripts/compile makes it)")
	out := flag.String("out", "", "the folder to write into")
	tag := flag.String("tag", "ecm-manager:latest", "the image's name after docker load")
	version := flag.String("version", "", "the version on the image's label; left out: the one that is in the binary")
	flag.Parse()
	if err := build(*binary, *out, *tag, *version); err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

func build(binary, out, tag, version string) error {
	if binary == "" || out == "" {
		return errors.New("-binary and -out are needed")
	}
	ref, err := name.NewTag(tag)
	if err != nil {
		return fmt.Errorf("-tag: %w", err)
	}
	info, err := inspect(binary)
	if err != nil {
		return err
	}
	if version == "" {
		version = info.Main.Version
	}
	img, err := assemble(binary, setting(info, "GOARCH"), version)
	if err != nil {
		return err
	}
	return write(img, ref, filepath.Join(out, "ecm-manager-linux-"+setting(info, "GOARCH")))
}

// inspect reads how the binary was built, and refuses one that would not run in
// an empty image or would carry something of this machine.
func inspect(binary string) (*buildinfo.BuildInfo, error) {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return nil, fmt.Errorf("%s is no Go binary: %w", binary, err)
	}
	for key, want := range map[string]string{"GOOS": "linux", "CGO_ENABLED": "0", "-trimpath": "true"} {
		if got := setting(info, key); got != want {
			return nil, fmt.Errorf("%s was built with %s=%q, and the image needs %q: build it with scripts/compile", binary, key, got, want)
		}
	}
	return info, nil
}

func setting(info *debug.BuildInfo, key string) string {
	for _, s := range info.Settings {
		if s.Key == key {
			return s.Value
		}
	}
	return ""
}

// write makes base (an OCI layout) and base.tar (for docker load), in place of
// those of an earlier build, and prints what they are.
func write(img v1.Image, tag name.Tag, base string) error {
	if err := os.RemoveAll(base); err != nil {
		return fmt.Errorf("clear the earlier image: %w", err)
	}
	path, err := layout.Write(base, empty.Index)
	if err != nil {
		return fmt.Errorf("write the OCI layout: %w", err)
	}
	config, err := img.ConfigFile()
	if err != nil {
		return err
	}
	named := layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": tag.TagStr()})
	if err := path.AppendImage(img, named, layout.WithPlatform(*config.Platform())); err != nil {
		return fmt.Errorf("write the OCI layout: %w", err)
	}
	if err := check(path); err != nil {
		return err
	}
	if err := tarball.WriteToFile(base+".tar", tag, img); err != nil {
		return fmt.Errorf("write the tar: %w", err)
	}
	digest, err := img.Digest()
	if err != nil {
		return err
	}
	fmt.Printf("%s  %s  version %s\n  %s       OCI layout\n  %s.tar   docker load -i\n", tag, digest, config.Config.Labels[labelVersion], base, base)
	return nil
}

// check reads back what was written.
func check(path layout.Path) error {
	index, err := path.ImageIndex()
	if err != nil {
		return fmt.Errorf("read the OCI layout back: %w", err)
	}
	if err := validate.Index(index); err != nil {
		return fmt.Errorf("the image is not sound: %w", err)
	}
	return nil
}
