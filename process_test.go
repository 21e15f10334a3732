package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// process is one run of the binary.
type process struct {
	cmd            *exec.Cmd
	stdout, stderr bytes.Buffer
}

// start starts pi-manager with this environment alone, in its own folder.
func start(t *testing.T, dir string, env []string, args ...string) *process {
	t.Helper()
	return startWith(t, "", dir, env, args...)
}

// startWith starts pi-manager with something to read on stdin.
func startWith(t *testing.T, stdin, dir string, env []string, args ...string) *process {
	t.Helper()
	p := prepare(t, stdin, dir, env, args...)
	p.start(t)
	return p
}

// prepare makes a process that is not started yet.
func prepare(t *testing.T, stdin, dir string, env []string, args ...string) *process {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	t.Cleanup(cancel)
	p := &process{cmd: exec.CommandContext(ctx, "pi-manager", args...)}
	p.cmd.Dir, p.cmd.Env = dir, append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir}, env...)
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	p.cmd.Stdin = strings.NewReader(stdin)
	return p
}

func (p *process) start(t *testing.T) {
	t.Helper()
	if err := p.cmd.Start(); err != nil {
		t.Errorf("start pi-manager: %v", err)
	}
}

// wait gives the exit status; -1 for a process that was killed.
func (p *process) wait() int { return exitCode(p.cmd.Wait()) }

func exitCode(err error) int {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode()
	}
	if err != nil {
		return -2
	}
	return 0
}
