package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
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
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	t.Cleanup(cancel)
	p := &process{cmd: exec.CommandContext(ctx, "pi-manager", args...)}
	p.cmd.Dir, p.cmd.Env = dir, append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir}, env...)
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	if err := p.cmd.Start(); err != nil {
		t.Errorf("start pi-manager: %v", err)
	}
	return p
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
