// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

// Spawnbench measures what it takes to start a program and wait for its end:
// forkexec, the standard library, other languages' usual ways and the bare
// kernel limit, in interleaved rounds of one run.
//
// It compiles the programs it needs itself; what cannot be compiled on this
// machine becomes a row that says so. See bench/README.md.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	forkexec "forkexec.example/forkexec/go"
)

type config struct {
	rounds    int           // 0: as many as it takes
	spawns    int           // per round and path, at most
	limit     time.Duration // for the whole run; 0: none
	env       int           // variables; 0: the current environment
	quick     bool
	build     string
	from      string // a record to read in place of measuring
	format    string // of the standard output
	files     map[string]string
	scenarios []*scenario
	paths     []*path
	own       ownProgram
	goals     bool // print what has come of them
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == workerCommand {
		fail(work(os.Args[2:]))
		return
	}
	if len(os.Args) > 1 && os.Args[1] == implementationCommand {
		fmt.Println(forkexec.Implementation())
		return
	}
	if len(os.Args) > 1 && os.Args[1] == compareCommand {
		fail(compare(os.Args[2:], os.Stdout))
		return
	}
	fail(run(os.Args[1:], os.Stdout, os.Stderr))
}

func fail(err error) {
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "spawnbench:", err)
		os.Exit(1)
	}
}

// choose returns the items that list names, in the order of all.
func choose[T interface{ id() string }](all []T, list string) ([]T, error) {
	if list == "all" {
		return all, nil
	}
	wanted := make(map[string]bool)
	for _, name := range strings.Split(list, ",") {
		wanted[strings.TrimSpace(name)] = true
	}
	var chosen []T
	for _, item := range all {
		if wanted[item.id()] {
			chosen = append(chosen, item)
			delete(wanted, item.id())
		}
	}
	for name := range wanted {
		return nil, fmt.Errorf("there is no %q", name)
	}
	return chosen, nil
}

func run(args []string, stdout, stderr io.Writer) error {
	cfg, err := parseFlags(args, stderr)
	if err != nil {
		return err
	}
	if cfg.from != "" {
		rec, err := readRecord(cfg.from)
		if err != nil {
			return err
		}
		return write(cfg, rec, stdout)
	}
	rec, failed := measureAll(cfg, stdout, stderr)
	if rec == nil {
		return failed
	}
	return errors.Join(write(cfg, rec, stdout), failed)
}

// measureAll runs what was asked for. A scenario that fails is a result that says so,
// and an error at the end: the others may have taken an hour.
func measureAll(cfg *config, stdout, stderr io.Writer) (*record, error) {
	start := time.Now()
	b, err := newBuilder(cfg.build)
	if err != nil {
		return nil, err
	}
	defer b.clean()
	pr := newProgress(stderr)
	defer pr.clear()
	pr.say("compiling")
	hosts := buildHosts(b, neededPaths(cfg))
	rec := &record{Machine: describeMachine()}
	rec.Machine.Environment = cfg.env
	if pr.clear(); cfg.format == "text" {
		var described [][2]string
		for _, p := range neededPaths(cfg) {
			described = append(described, [2]string{p.name, p.title})
		}
		writeBegin(stdout, rec.Machine, described)
	}
	left := 0
	for _, sc := range cfg.scenarios {
		left += len(sc.points(cfg.quick))
	}
	var failed error
	for _, sc := range cfg.scenarios {
		for _, point := range sc.points(cfg.quick) {
			share := time.Duration(0)
			if cfg.limit > 0 {
				share = max(cfg.limit-time.Since(start), time.Second) / time.Duration(left)
			}
			left--
			pr.left = left
			r, err := runPoint(cfg, b, hosts, sc, point, share, pr)
			if err != nil && sc.own != nil {
				err = fmt.Errorf("%w (a program that is measured must end with exit status 0)", err)
			}
			if err != nil {
				r.Skipped = "failed: " + err.Error()
				failed = errors.Join(failed, fmt.Errorf("%s: %w", r.name(), err))
			}
			rec.Results = append(rec.Results, r)
			if pr.clear(); cfg.format == "text" {
				writeText(stdout, r)
			}
		}
	}
	rec.Versions = b.versions
	rec.Seconds = time.Since(start).Round(time.Second).Seconds()
	rec.conclude()
	return rec, failed
}

// neededPaths are those of the scenarios to be run.
func neededPaths(cfg *config) (paths []*path) {
	for _, p := range cfg.paths {
		if slices.ContainsFunc(cfg.scenarios, func(sc *scenario) bool { return slices.Contains(choosePaths(cfg, sc), p) }) {
			paths = append(paths, p)
		}
	}
	return paths
}
