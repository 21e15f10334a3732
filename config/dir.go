package config

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// The files of the folder PI_MANAGER_CONFIG. What the folder lacks is taken from the binary.
const (
	ScheduleFile = "schedule.yaml"
	PolicyFile   = "policy.yaml"
)

// maxSize in bytes is far above any file that people write, and keeps a wrong path (a dump, a log) out of memory.
const maxSize = 1 << 20

//go:embed schedule.yaml policy.yaml
var embedded embed.FS

// File is the text of one file that people edit.
type File struct {
	Path string // where it was read: "embedded schedule.yaml", or the path in the team's folder
	Text string // UTF-8, without a byte order mark
}

// Read gives the named file: the one in dir if it is there, else the embedded
// one. An empty dir means embedded. A dir that does not exist is an error, and
// so is a file that is empty, above 1 MiB or not UTF-8.
func Read(dir, name string) (File, error) {
	if dir == "" {
		return readEmbedded(name)
	}
	if err := checkFolder(dir); err != nil {
		return File{}, fmt.Errorf("PI_MANAGER_CONFIG: %w", err)
	}
	path := filepath.Join(dir, name)
	text, err := readText(path)
	if errors.Is(err, fs.ErrNotExist) {
		return readEmbedded(name)
	}
	if err != nil {
		return File{}, fmt.Errorf("read %s: %w", path, cause(err))
	}
	if strings.TrimSpace(text) == "" {
		return File{}, fmt.Errorf("%s is empty; delete it to use the built-in one", path)
	}
	return File{Path: path, Text: text}, nil
}

func readEmbedded(name string) (File, error) {
	text, err := embedded.ReadFile(name)
	if err != nil {
		return File{}, fmt.Errorf("there is no configuration file called %s", name)
	}
	return File{Path: "embedded " + name, Text: string(text)}, nil
}

// checkConfigFolder refuses a folder that would be ignored in silence: one
// without either file, or with a YAML file under a name that nobody reads.
func checkConfigFolder(dir string) error {
	if err := checkFolder(dir); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("the folder cannot be read: %w", cause(err))
	}
	known := 0
	for _, entry := range entries {
		switch name := entry.Name(); {
		case name == ScheduleFile || name == PolicyFile:
			known++
		case strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml"):
			return fmt.Errorf("the folder holds %.60q, which is never read; the names are %s and %s", name, ScheduleFile, PolicyFile)
		}
	}
	if known == 0 {
		return fmt.Errorf("the folder has neither %s nor %s; correct the path, or leave the variable out to use the built-in ones", ScheduleFile, PolicyFile)
	}
	return nil
}

// checkFolder says what is wrong with a path that should be a folder.
func checkFolder(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("the folder cannot be read: %w", cause(err))
	}
	if !info.IsDir() {
		return errors.New("this is a file; name the folder that holds it")
	}
	return nil
}

// readText reads a small UTF-8 file; a pipe (--env-file <(...)) will do.
func readText(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxSize+1))
	if err != nil {
		return "", err
	}
	if len(text) > maxSize {
		return "", fmt.Errorf("the file has more than %d bytes; is it the right one?", maxSize)
	}
	if !utf8.Valid(text) {
		return "", errors.New("the file is not UTF-8 text; save it as UTF-8")
	}
	return strings.TrimPrefix(string(text), "\ufeff"), nil
}
