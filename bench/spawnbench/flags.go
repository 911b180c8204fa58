// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

const usage = `usage: spawnbench [flags]
       spawnbench [flags] -- PROGRAM [ARGUMENT]...
       spawnbench compare OLD.json NEW.json

Starts programs in several ways, in interleaved rounds, and tells how long a start
takes until the program's end has been waited for. With a PROGRAM it measures that one,
which must end with exit status 0. compare tells what has changed between two runs.

`

// parseFlags turns the command line into a config.
func parseFlags(args []string, stderr io.Writer) (*config, error) {
	cfg := &config{files: make(map[string]string)}
	fs := flag.NewFlagSet("spawnbench", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() {
		fmt.Fprint(stderr, usage)
		fs.PrintDefaults()
		fmt.Fprint(stderr, "\nscenarios:\n", listScenarios(), "\npaths:\n", listPaths())
	}
	fs.IntVar(&cfg.rounds, "rounds", 0, "number of rounds; 0: until the main ratios are known to 2 %, or the time is up")
	fs.IntVar(&cfg.spawns, "n", 100, "spawns of each path in a round, at most")
	fs.DurationVar(&cfg.limit, "time", 90*time.Second, "spawn less often in slow scenarios so that the run takes about this long; 0: no limit")
	fs.IntVar(&cfg.env, "env", 0, "give the programs an environment of this many `variables`; 0: the current one")
	fs.StringVar(&cfg.build, "build", "build/bench", "`directory` for the programs that are compiled")
	fs.StringVar(&cfg.from, "from", "", "measure nothing and take the results from this `file`, which -json has written")
	fs.StringVar(&cfg.format, "format", "text", "what to print: "+strings.Join(formatNames(), ", "))
	for _, f := range formats {
		fs.Func(f.flag, "write "+f.title+" to this `file`", func(file string) error {
			cfg.files[f.name] = file
			return nil
		})
	}
	fs.BoolVar(&cfg.quick, "quick", false, "few spawns, at two points of each axis: shows that it works and measures nothing")
	fs.BoolVar(&cfg.goals, "goals", false, "print also what has come of the project's goals")
	fs.StringVar(&cfg.own.stdin, "stdin", "", "PROGRAM reads this `file`")
	fs.StringVar(&cfg.own.dir, "dir", "", "PROGRAM runs in this `directory`")
	fs.Func("setenv", "PROGRAM has this variable, `NAME=VALUE`; may be repeated", cfg.own.setenv)
	scenarioNames := fs.String("scenarios", plainScenarios(), "run these, comma separated `names`, or all")
	pathNames := fs.String("paths", "all", "run only these, comma separated `names`")
	if err := fs.Parse(args); err != nil {
		return nil, err
	}
	if seen := len(args) - fs.NArg(); fs.NArg() > 0 && (seen == 0 || args[seen-1] != "--") {
		return nil, fmt.Errorf("unexpected argument %q; a program of your own comes after --", fs.Arg(0))
	}
	cfg.own.argv = fs.Args()
	return cfg, cfg.check(*scenarioNames, *pathNames)
}

// check completes what the flags say.
func (cfg *config) check(scenarioNames, pathNames string) (err error) {
	if cfg.quick {
		cfg.rounds, cfg.spawns = 3, 3
	}
	if cfg.rounds < 0 || cfg.spawns < 1 || cfg.env < 0 || cfg.limit < 0 {
		return errors.New("-n must be positive; -rounds, -env and -time not negative")
	}
	if !slices.Contains(formatNames(), cfg.format) {
		return fmt.Errorf("-format: there is no %q", cfg.format)
	}
	if cfg.scenarios, err = choose(allScenarios, scenarioNames); err != nil {
		return fmt.Errorf("-scenarios: %w", err)
	}
	own, err := cfg.own.scenario()
	if err != nil {
		return err
	}
	if own != nil {
		if scenarioNames != plainScenarios() {
			return errors.New("-scenarios: with a program of your own only that one is measured")
		}
		cfg.scenarios = []*scenario{own}
	}
	if cfg.paths, err = choose(allPaths, pathNames); err != nil {
		return fmt.Errorf("-paths: %w", err)
	}
	return nil
}
