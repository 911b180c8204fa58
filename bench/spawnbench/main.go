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
	"strings"
	"time"
)

type config struct {
	rounds    int
	spawns    int           // per round and path, at most
	limit     time.Duration // for the whole run; 0: none
	env       int           // variables; 0: the current environment
	build     string
	bench     string
	report    string
	scenarios []*scenario
	paths     []*path
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == workerCommand {
		fail(work(os.Args[2:]))
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

const usage = `usage: spawnbench [flags]

Starts programs in several ways, in interleaved rounds, and prints how long a
start takes until the program's end has been waited for.

`

// parseFlags turns the command line into a config.
func parseFlags(args []string, stderr io.Writer) (*config, error) {
	cfg := new(config)
	fs := flag.NewFlagSet("spawnbench", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() {
		fmt.Fprint(stderr, usage)
		fs.PrintDefaults()
		fmt.Fprint(stderr, "\nscenarios:\n", listScenarios(), "\npaths:\n", listPaths())
	}
	fs.IntVar(&cfg.rounds, "rounds", 30, "number of rounds")
	fs.IntVar(&cfg.spawns, "n", 100, "spawns of each path in a round, at most")
	fs.DurationVar(&cfg.limit, "time", 90*time.Second, "spawn less often in slow scenarios so that the run takes about this long; 0: no limit")
	fs.IntVar(&cfg.env, "env", 0, "give the programs an environment of this many `variables`; 0: the current one")
	fs.StringVar(&cfg.build, "build", "build/bench", "`directory` for the programs that are compiled")
	fs.StringVar(&cfg.bench, "bench", "", "write Go benchmark lines for benchstat to this `file`; -: standard output")
	fs.StringVar(&cfg.report, "report", "", "write a report with machine and versions to this `file` (markdown)")
	quick := fs.Bool("quick", false, "few spawns: shows that it works and measures nothing")
	scenarioNames := fs.String("scenarios", "", "run only these, comma separated `names`")
	pathNames := fs.String("paths", "", "run only these, comma separated `names`")
	if err := fs.Parse(args); err != nil {
		return nil, err
	}
	if fs.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q", fs.Arg(0))
	}
	if *quick {
		cfg.rounds, cfg.spawns = 3, 3
	}
	if cfg.rounds < 1 || cfg.spawns < 1 || cfg.env < 0 || cfg.limit < 0 {
		return nil, errors.New("-rounds and -n must be positive, -env and -time not negative")
	}
	var err error
	if cfg.scenarios, err = choose(allScenarios, *scenarioNames); err != nil {
		return nil, fmt.Errorf("-scenarios: %w", err)
	}
	if cfg.paths, err = choose(allPaths, *pathNames); err != nil {
		return nil, fmt.Errorf("-paths: %w", err)
	}
	return cfg, nil
}

// choose returns the items that list names, in the order of all.
func choose[T interface{ id() string }](all []T, list string) ([]T, error) {
	if list == "" {
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
	start := time.Now()
	b, err := newBuilder(cfg.build)
	if err != nil {
		return err
	}
	pr := newProgress(stderr)
	defer pr.clear()
	pr.say("compiling")
	hosts := buildHosts(b, cfg.paths)
	m := describeMachine()
	pr.clear()
	fmt.Fprintf(stdout, "%s\n\n", strings.Join(m.summary(), "\n"))

	var results []*result
	for i, s := range cfg.scenarios {
		share := time.Duration(0)
		if cfg.limit > 0 {
			share = max(cfg.limit-time.Since(start), time.Second) / time.Duration(len(cfg.scenarios)-i)
		}
		r, err := runScenario(cfg, b, hosts, s, share, pr)
		if err != nil {
			return fmt.Errorf("scenario %s: %w", s.name, err)
		}
		pr.clear()
		writeText(stdout, r)
		results = append(results, r)
	}
	return writeFiles(cfg, m, b, results, stdout, time.Since(start))
}

// writeFiles writes what -bench and -report ask for.
func writeFiles(cfg *config, m *machine, b *builder, results []*result, stdout io.Writer, took time.Duration) error {
	switch cfg.bench {
	case "":
	case "-":
		stdout.Write(benchLines(m, results))
	default:
		if err := os.WriteFile(cfg.bench, benchLines(m, results), 0o666); err != nil {
			return err
		}
	}
	if cfg.report == "" {
		return nil
	}
	return os.WriteFile(cfg.report, markdown(cfg, m, b, results, took), 0o666)
}
