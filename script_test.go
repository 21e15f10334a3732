package main

import (
	"flag"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"pi-manager/internal/cli"
)

// TestMain makes this test binary stand in for pi-manager, in scripts and for
// every test that starts it as a process.
func TestMain(m *testing.M) {
	manyAtOnce()
	testscript.Main(m, map[string]func(){
		"pi-manager": func() { os.Exit(cli.Main(os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr)) },
	})
}

// manyAtOnce lets more tests run side by side than there are cores: nearly all of
// them wait, for Slack's pace or for the lease of a process that was killed. What
// the command line says comes after this, and wins.
func manyAtOnce() {
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
}

// TestScripts runs testdata/script/*.txtar: the binary as people type it, its
// output and its exit statuses.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":       exits,
			"many-orders": manyOrders,
			"new-ledger":  newLedger,
		},
	})
}
