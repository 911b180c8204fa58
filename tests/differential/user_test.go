// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

// All of the suite as an ordinary user, from a test run of root: most steps then fail
// with EPERM or EACCES, and a user namespace is the only way to any power.

package differential

import (
	"flag"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
)

func TestOrdinaryUser(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("is one already")
	}
	exe, err := fix.copySelf()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, "-test.timeout=10m", "-test.skip="+flag.Lookup("test.skip").Value.String(),
		"-random.n="+strconv.Itoa(*randomN), "-random.seed="+strconv.FormatUint(*randomSeed, 10), "-pairs.part="+strconv.Itoa(*pairsPart),
		"-test.short="+strconv.FormatBool(testing.Short()))
	cmd.Dir = fix.dir
	cmd.Env = append(os.Environ(), probeEnv+"="+fix.probe)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Errorf("as uid 65534: %v", err)
	}
}
