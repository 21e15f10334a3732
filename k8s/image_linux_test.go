package k8s_test

import (
	"archive/tar"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// The ways to give a process a root of its own, by what the machine allows. Each
// makes $1 read-only, $2 writable at /data in it, and runs the rest in there as
// user 65532 with no environment but what `env -i` is told.
const (
	mountRoot = `set -eu; root=$1; mount --bind "$root" "$root"; mount --bind "$2" "$root/data"; mount -o remount,bind,ro "$root"; shift 2; exec env -i `
	realUser  = mountRoot + `"$CHROOT" --userspec=65532:65532 "$root" "$@"`
	mapUser   = mountRoot + `"$UNSHARE" --user --map-user=65532 --map-group=65532 --root="$root" "$@"`
)

// cage is the unpacked image as the root of processes.
type cage struct {
	root, data string
	command    []string // what runs a program in the cage
	owner      uint32   // whose the files in data are, seen from outside
}

// newCage finds a way that works here: as root, with sudo, or in a user namespace.
// A machine that allows none of them cannot show what the test is for: it fails.
func newCage(t *testing.T, img image) cage {
	t.Helper()
	base := t.TempDir()
	c := cage{root: filepath.Join(base, "root"), data: filepath.Join(base, "data")}
	c.unpack(t, img)
	unshare, chroot := program(t, "unshare"), program(t, "chroot")
	own := uint32(os.Getuid())
	var tried []string
	for _, way := range []struct {
		wrap   []string
		script string
		owner  uint32
		able   bool
	}{
		{[]string{unshare, "--mount"}, realUser, 65532, own == 0},
		{[]string{"sudo", "-n", unshare, "--mount"}, realUser, 65532, own != 0},
		{[]string{unshare, "--user", "--map-root-user", "--mount"}, mapUser, own, own != 0},
	} {
		script := strings.NewReplacer("$CHROOT", chroot, "$UNSHARE", unshare).Replace(way.script)
		c.command = append(slices.Clone(way.wrap), "sh", "-c", script, "cage", c.root, c.data)
		c.owner = way.owner
		if !way.able {
			continue
		}
		text, err := exec.CommandContext(t.Context(), c.command[0], append(c.command[1:], "/"+binary, "version")...).CombinedOutput()
		if err == nil {
			t.Cleanup(func() { c.clear(t, way.wrap) })
			return c
		}
		tried = append(tried, strings.Join(way.wrap, " ")+": "+err.Error()+" "+string(text))
	}
	t.Fatalf("nothing here may start a process with a root of its own; run the tests as root, with sudo, or allow user namespaces:\n%s", strings.Join(tried, "\n"))
	return c
}

// unpack writes the image's files, and the mount point that Kubernetes would add.
func (c cage) unpack(t *testing.T, img image) {
	t.Helper()
	err := errors.Join(os.MkdirAll(filepath.Join(c.root, "data"), 0o755), os.MkdirAll(c.data, 0o700), os.Chmod(c.data, 0o777))
	for _, e := range img.entries {
		path := filepath.Join(c.root, e.header.Name)
		if e.header.Typeflag == tar.TypeDir {
			err = errors.Join(err, os.MkdirAll(path, 0o755))
			continue
		}
		err = errors.Join(err, os.WriteFile(path, e.text, 0o600), os.Chmod(path, os.FileMode(e.header.Mode)))
	}
	// The test's own folders are closed to others.
	for dir := c.root; dir != filepath.Clean(os.TempDir()) && dir != "/"; dir = filepath.Dir(dir) {
		err = errors.Join(err, os.Chmod(dir, 0o755))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// clear takes away what the program wrote: with sudo it belongs to a user whom
// the test cannot clean up after.
func (c cage) clear(t *testing.T, wrap []string) {
	t.Helper()
	command := append(slices.Clone(wrap), "rm", "-rf", filepath.Join(c.data, "world"))
	if text, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
		t.Errorf("clean up: %v %s", err, text)
	}
}

func program(t *testing.T, name string) string {
	t.Helper()
	for _, dir := range append(filepath.SplitList(os.Getenv("PATH")), "/usr/sbin", "/sbin") {
		if path := filepath.Join(dir, name); exec.Command(path, "--version").Run() == nil {
			return path
		}
	}
	t.Fatalf("%s is needed: it comes with util-linux and coreutils", name)
	return ""
}

// run starts the image's program as its configuration says, with other arguments
// where there are any, and gives its exit status and all that it printed.
func (c cage) run(t *testing.T, img image, environ []string, args ...string) (int, string) {
	t.Helper()
	if len(args) == 0 {
		args = img.config.Config.Cmd
	}
	command := slices.Clone(c.command)
	for i, word := range command {
		command[i] = strings.Replace(word, "exec env -i ", "exec env -i "+strings.Join(environ, " ")+" ", 1)
	}
	command = append(append(command, img.config.Config.Entrypoint...), args...)
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	text, err := cmd.CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode(), string(text)
	}
	if err != nil {
		t.Fatalf("start %q: %v", command, err)
	}
	return 0, string(text)
}

// TestImageRuns runs the binary out of the image: no shell, no HOME, no /tmp, no
// zone files, a root that cannot be written, and a user that has no name (F92).
func TestImageRuns(t *testing.T) {
	t.Parallel()
	sources := filepath.Join(t.TempDir(), "sources")
	copySources(t, sources, "..")
	img := makeImage(t, sources)
	c := newCage(t, img)
	world := []string{"PI_MANAGER_WAREHOUSE=file:/data/world/orders.csv", "PI_MANAGER_LEDGER=sqlite:/data/world/ledger.db", "PI_MANAGER_NOTIFY=stdout"}
	for _, step := range []struct {
		name    string
		environ []string
		args    []string
		status  int
		wants   []string
	}{
		{"version", nil, []string{"version"}, 0, []string{"pi-manager ", "linux/"}},
		{"the default command tells what is missing", nil, nil, 2, []string{"REDSHIFT_HOST", "SPREADSHEET_ID", "SLACK_BOT_TOKEN"}},
		{"the settings", world, []string{"config"}, 0, []string{"sqlite:/data/world/ledger.db"}},
		{"the root cannot be written", nil, []string{"demo", "--dir", "/world"}, 1, []string{"read-only file system"}},
		{"nor can the folder of the program", nil, []string{"demo", "--dir", "/usr/local/bin/world"}, 1, []string{"read-only file system"}},
		{"a volume can, and zones are known", nil, []string{"demo", "--dir", "/data/world"}, 0, []string{"Asia/Dubai", "What to do next"}},
		{"the default command does a run", world, nil, 0, []string{"Triage for slot"}},
	} {
		status, text := c.run(t, img, step.environ, step.args...)
		if status != step.status {
			t.Fatalf("%s: exit status %d, want %d:\n%s", step.name, status, step.status, text)
		}
		for _, want := range step.wants {
			if !strings.Contains(text, want) {
				t.Errorf("%s: it does not say %q:\n%s", step.name, want, text)
			}
		}
	}
	info, err := os.Stat(filepath.Join(c.data, "world"))
	if err != nil {
		t.Fatal(err)
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); !ok || stat.Uid != c.owner {
		t.Errorf("what it wrote belongs to %+v, not to user %d: the binary did not run as 65532", info.Sys(), c.owner)
	}
}
