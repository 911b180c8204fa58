// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

// The start and end of the test binary: it builds the probe, makes the fixture,
// starts the watchdog, and holds the number of skipped cases to a limit. Parts
// that need a process of a special kind (a soft limit, a terminal, ignored signals,
// an ordinary user) run this binary again with DIFFERENTIAL_INNER naming the part.

package differential

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	forkexec "forkexec.example/forkexec/go"
)

const (
	innerEnv = "DIFFERENTIAL_INNER" // name of the part to run
	probeEnv = "DIFFERENTIAL_PROBE" // a probe that is built already

	// A skip is a case that cannot be set up here. Full root skips none, and the few
	// that need a cgroup v2 of their own where there is none. An ordinary user skips
	// all that needs a privileged thread.
	maxSkipsRoot = 6
	maxSkipsUser = 24
	// Under an emulator: seccomp filters and pidfds, too.
	moreSkipsEmulated = 8
)

var skips struct {
	sync.Mutex
	reasons []string
}

// skipCase records that a case cannot be run, and why.
func skipCase(r reporter, name, reason string) {
	skips.Lock()
	defer skips.Unlock()
	if text := name + ": " + reason; !slices.Contains(skips.reasons, text) { // -count
		skips.reasons = append(skips.reasons, text)
	}
	r.Logf("skip %s: %s", name, reason)
}

// reporter is what the checks need of a testing.T; parts that run outside of the
// testing package bring their own.
type reporter interface {
	Errorf(format string, args ...any)
	Logf(format string, args ...any)
}

type plainReporter struct{ failed bool }

func (p *plainReporter) Errorf(format string, args ...any) {
	p.failed = true
	fmt.Printf("FAIL "+format+"\n", args...)
}

func (p *plainReporter) Logf(format string, args ...any) { fmt.Printf(format+"\n", args...) }

// countingReporter lets long tests stop after maxFailures, for the rest would only
// repeat them.
type countingReporter struct {
	reporter
	failures int
}

const maxFailures = 20

func (c *countingReporter) Errorf(format string, args ...any) {
	c.failures++
	c.reporter.Errorf(format, args...)
}

// fullRoot says whether the process may do all that the cases ask for, so that the
// result of each case is known.
var fullRoot = os.Getuid() == 0 && hasCapability(21) // CAP_SYS_ADMIN

// inner holds the parts that run in a process of their own.
var inner = map[string]func(r reporter){}

// The main goroutine keeps the main thread for itself. A case that changes its
// thread must not get that one: it cannot be thrown away, and /proc/self shows it.
func init() { runtime.LockOSThread() }

func TestMain(m *testing.M) {
	flag.Parse()
	if emulator != "" {
		runtime.GOMAXPROCS(1)
		caseTimeout = 3 * time.Second
	}
	if os.Getenv(innerEnv) == "watchdog" {
		watchdogMain()
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	var err error
	if fix, err = newFixture(); err != nil {
		fmt.Fprintln(os.Stderr, "differential:", err)
		return 1
	}
	defer fix.remove()
	if err := startWatchdog(); err != nil {
		fmt.Fprintln(os.Stderr, "differential: watchdog:", err)
		return 1
	}
	if part := os.Getenv(innerEnv); part != "" {
		r := &plainReporter{}
		inner[part](r)
		if r.failed {
			return 1
		}
		return 0
	}
	fmt.Printf("differential: %s, uid %d, implementation %q, %d entries\n",
		runtime.Version(), os.Getuid(), forkexec.Implementation(), len(mods()))
	code := m.Run()
	for name, n := range hangs {
		fmt.Printf("differential: under the emulator %d starts of %s hung and were repeated\n", n, name)
	}
	if n, limit := len(skips.reasons), skipLimit(); n > 0 {
		fmt.Printf("differential: %d cases skipped (limit %d)\n", n, limit)
		for _, reason := range skips.reasons {
			fmt.Println("  skip", reason)
		}
		if n > limit {
			fmt.Println("differential: FAIL: more skips than the limit")
			return 1
		}
	}
	return code
}

func skipLimit() int {
	more := 0
	if emulator != "" {
		more = moreSkipsEmulated
	}
	switch {
	case fullRoot:
		return maxSkipsRoot + more
	case os.Getuid() != 0:
		return maxSkipsUser + more
	}
	return 1 << 30 // root of a container without its powers: nothing can be promised
}

// buildProbe compiles the probe to the given path.
func buildProbe(path string) error {
	if ready := os.Getenv(probeEnv); ready != "" {
		return copyFile(ready, path)
	}
	cc := os.Getenv("CC")
	if cc == "" {
		cc = "cc"
	}
	out, err := exec.Command(cc, "-O2", "-static", "-Wall", "-o", path, filepath.Join("testdata", "probe.c")).CombinedOutput()
	if err != nil {
		return fmt.Errorf("building the probe: %v\n%s", err, out)
	}
	return nil
}

func copyFile(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.WriteFile(to, data, 0o755); err != nil {
		return err
	}
	return os.Chmod(to, 0o755) // whatever the umask
}

// runInner runs a part in a process of its own, started by a shell line in which
// "$0" is this program. sys may be nil.
func runInner(t *testing.T, part, shell string, sys *syscall.SysProcAttr, stdin *os.File) {
	t.Helper()
	exe, err := selfIn(fix.dir)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/bin/sh", "-c", shell, exe, "-test.timeout=5m")
	cmd.Env = append(os.Environ(), innerEnv+"="+part, probeEnv+"="+fix.probe)
	cmd.SysProcAttr = sys
	if stdin != nil {
		cmd.Stdin = stdin
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%s: %v\n%s", part, err, out)
	} else if len(out) > 0 {
		t.Logf("%s", out)
	}
}
