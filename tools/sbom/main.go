// Sbom prints what is inside a compiled pi-manager, as a CycloneDX document: the
// program, Go, and every module with its version.
//
// It reads what the compiler wrote into the binary, so it lists what was linked
// and not what go.mod would allow. It has no date and no serial number: the same
// binary gives the same document.
package main

import (
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/CycloneDX/cyclonedx-go"
)

func main() {
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: sbom BINARY")
		os.Exit(2)
	}
	if err := describe(flag.Arg(0)); err != nil {
		fmt.Fprintln(os.Stderr, "sbom:", err)
		os.Exit(1)
	}
}

func describe(binary string) error {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return fmt.Errorf("%s is no Go binary: %w", binary, err)
	}
	text, err := os.ReadFile(binary)
	if err != nil {
		return err
	}
	bom := document(info, filepath.Base(binary), sha256.Sum256(text))
	if err := cyclonedx.NewBOMEncoder(os.Stdout, cyclonedx.BOMFileFormatJSON).SetPretty(true).EncodeVersion(bom, cyclonedx.SpecVersion1_6); err != nil {
		return fmt.Errorf("write the document: %w", err)
	}
	return nil
}

// document lists the program as what is described, and all else as its components.
func document(info *debug.BuildInfo, file string, sum [sha256.Size]byte) *cyclonedx.BOM {
	bom := cyclonedx.NewBOM()
	program := module(&info.Main)
	program.Type = cyclonedx.ComponentTypeApplication
	program.Properties = &[]cyclonedx.Property{{Name: "file", Value: file}}
	program.Hashes = &[]cyclonedx.Hash{{Algorithm: cyclonedx.HashAlgoSHA256, Value: hex.EncodeToString(sum[:])}}
	bom.Metadata = &cyclonedx.Metadata{Component: &program}

	parts := []cyclonedx.Component{module(&debug.Module{Path: "std", Version: strings.TrimPrefix(info.GoVersion, "go")})}
	needs := []string{parts[0].BOMRef}
	for _, dependency := range info.Deps {
		if dependency.Replace != nil {
			dependency = dependency.Replace
		}
		parts = append(parts, module(dependency))
		needs = append(needs, parts[len(parts)-1].BOMRef)
	}
	bom.Components = &parts
	bom.Dependencies = &[]cyclonedx.Dependency{{Ref: program.BOMRef, Dependencies: &needs}}
	return bom
}

// module names a Go module by its package URL (github.com/package-url/purl-spec, type golang).
func module(m *debug.Module) cyclonedx.Component {
	purl := "pkg:golang/" + m.Path
	if m.Version != "" {
		purl += "@" + strings.ReplaceAll(m.Version, "+", "%2B")
	}
	return cyclonedx.Component{Type: cyclonedx.ComponentTypeLibrary, BOMRef: purl, Name: m.Path, Version: m.Version, PackageURL: purl}
}
