// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

// Package forklock asks: does everybody who wants syscall.ForkLock, and every start, get its
// turn beside many starters?
//
// The measure is the plain standard library in the same run: with the overlay, with the
// package, or with both, nobody may wait longer than ten times as long, plus 100 ms.
package forklock

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	forkexec "forkexec.example/forkexec/go"
)

// longest is how long the standard library may wait and still be a measure. Where it waits
// longer, as writers do beside 64 starters on 64 processors, ten times that is no bound that
// a test could wait for.
const longest = 200 * time.Millisecond

// rounds is how often somebody must wait too long, as the machine may be busy with something
// else. Each round measures the standard library anew.
const rounds = 3

// A build is the program with more or less of ours in it.
type build struct {
	name    string
	overlay bool
	tags    string
	besides []string // starters
}

var builds = []build{
	{"overlay", true, "", []string{"standard start"}},
	{"package", false, "forkexec_package", []string{"standard start", "package's start"}},
	{"both", true, "forkexec_package", []string{"standard start", "package's start"}},
}

func (b build) make(t *testing.T, dir, overlay string) string {
	t.Helper()
	program := filepath.Join(dir, "program-"+b.name)
	args := []string{"build", "-o", program, "-tags", b.tags}
	if b.overlay {
		args = append(args, "-overlay", overlay)
	}
	if out, err := exec.Command("go", append(args, "./program")...).CombinedOutput(); err != nil {
		t.Fatalf("go %v: %v\n%s", args, err, out)
	}
	return program
}

// waits runs a program. Who is not in the result has waited for longer than asked for.
func waits(t *testing.T, program, beside string, starters int, maxProcs string, longest time.Duration) map[string]time.Duration {
	t.Helper()
	cmd := exec.Command(program, beside, strconv.Itoa(starters), strconv.Itoa(int(longest.Milliseconds())))
	cmd.Env = append(os.Environ(), "FORKEXEC=")
	if maxProcs != "" {
		cmd.Env = append(cmd.Env, "GOMAXPROCS="+maxProcs)
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	result := make(map[string]time.Duration)
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		name, text, _ := strings.Cut(line, ": ")
		if us, err := strconv.Atoi(text); err == nil {
			result[name] = time.Duration(us) * time.Microsecond
		} else if text != "longer" {
			t.Fatalf("%q", line)
		}
	}
	return result
}

func TestForkLock(t *testing.T) {
	if _, err := os.Stat("../../go.mod"); err != nil {
		t.Skip("needs the sources: ", err)
	}
	if forkexec.Implementation() == "stdlib" {
		t.Skip("this is about the C path")
	}
	dir := t.TempDir()
	overlay := filepath.Join(dir, "overlay.json")
	if out, err := exec.Command("go", "run", "../../go/cmd/forkexec-overlay", "-o", overlay).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	plain := build{name: "plain"}.make(t, dir, "")
	for _, b := range builds {
		if b.name == "overlay" && forkexec.Implementation() == "cgo" {
			continue // it is the same program without cgo
		}
		program := b.make(t, dir, overlay)
		for _, beside := range b.besides {
			for _, starters := range []int{1, 16, 64} {
				for _, maxProcs := range []string{"", "64"} {
					name := fmt.Sprintf("%s/%d x %s,GOMAXPROCS=%s", b.name, starters, beside, maxProcs)
					t.Run(name, func(t *testing.T) { b.compare(t, plain, program, beside, starters, maxProcs) })
				}
			}
		}
	}
}

// compare measures both programs until nobody waits too long.
func (b build) compare(t *testing.T, plain, program, beside string, starters int, maxProcs string) {
	var late []string
	for i := 0; i < rounds; i++ {
		theirs := waits(t, plain, "standard start", starters, maxProcs, longest)
		limit := func(name string) (time.Duration, bool) {
			if name == "package's start" {
				name = "standard start"
			}
			d, ok := theirs[name]
			return 10*d + 100*time.Millisecond, ok
		}
		patience := 200 * time.Millisecond
		for name := range theirs {
			d, _ := limit(name)
			patience = max(patience, d)
		}
		ours := waits(t, program, beside, starters, maxProcs, patience)
		late = nil
		for _, name := range []string{"reader", "standard start", "package's start", "writer"} { // as the program measures
			if name == "package's start" && b.tags == "" {
				continue
			}
			most, ok := limit(name)
			if got, came := ours[name]; ok && (!came || got > most) {
				what := got.String()
				if !came {
					what = "more than " + patience.String()
				}
				late = append(late, fmt.Sprintf("%s waits %s, at most %v may it (10 x %v + 100 ms)", name, what, most, (most-100*time.Millisecond)/10))
				if !came {
					break // those behind it were not measured
				}
			}
		}
		if late == nil {
			t.Log("standard library: ", theirs, " ours: ", ours)
			return
		}
	}
	t.Errorf("in each of %d rounds, the last: %s", rounds, strings.Join(late, "; "))
}
