// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"fmt"
	"time"
)

// A result is what one scenario has given.
type result struct {
	scenario *scenario
	skipped  error // why it could not be run; nil: it was
	rounds   int
	spawns   int // per round and path
	series   []*series
}

// A series is one path's part of a result.
type series struct {
	path    *path
	missing error // why the path could not be run; nil: it was
	rounds  []*batch
}

// find returns the series of a path, or nil if it has not run.
func (r *result) find(name string) *series {
	for _, s := range r.series {
		if s.path.name == name && s.missing == nil {
			return s
		}
	}
	return nil
}

// restartEvery is the number of rounds after which the workers are started
// anew. Where the kernel happens to place a process's memory makes some percent
// of difference; with one process for all rounds that would be a systematic
// error of which the spread shows nothing.
const restartEvery = 10

// A session holds the running workers of one scenario.
type session struct {
	cfg     *config
	hosts   map[*host]built
	program []string
	env     []string
	workers map[*host]*worker
}

// start starts a worker for each host of the paths and lets it warm up. It
// returns how long a spawn takes on each path.
func (s *session) start(paths []*path) (map[*path]time.Duration, error) {
	const warmUp = 5
	s.workers = make(map[*host]*worker)
	took := make(map[*path]time.Duration)
	for _, p := range paths {
		if s.workers[p.host] == nil {
			w, err := startWorker(s.hosts[p.host].argv, s.program, s.env)
			if err != nil {
				return nil, fmt.Errorf("worker %s: %w", p.host.name, err)
			}
			s.workers[p.host] = w
		}
		b, err := s.workers[p.host].spawn(p.name, warmUp)
		if err != nil {
			return nil, fmt.Errorf("path %s: %w", p.name, err)
		}
		took[p] = time.Duration(percentile(sorted(b.ns), 50))
	}
	return took, nil
}

// stop ends the workers, all of them whatever happens to one.
func (s *session) stop() (err error) {
	for h, w := range s.workers {
		if e := w.stop(); e != nil && err == nil {
			err = fmt.Errorf("worker %s: %w", h.name, e)
		}
	}
	s.workers = nil
	return err
}

func (s *session) kill() {
	for _, w := range s.workers {
		w.kill()
	}
}

// runScenario runs all rounds of one scenario. share is the time that it may
// take; 0: any.
func runScenario(cfg *config, b *builder, hosts map[*host]built, sc *scenario, share time.Duration, pr *progress) (*result, error) {
	r := &result{scenario: sc, rounds: cfg.rounds}
	program, err := sc.argv(b)
	if err != nil {
		r.skipped = err
		return r, nil
	}
	var running []*series
	var paths []*path
	for _, p := range cfg.paths {
		one := &series{path: p, missing: hosts[p.host].err}
		r.series = append(r.series, one)
		if one.missing == nil {
			running = append(running, one)
			paths = append(paths, p)
		}
	}
	n := sc.env
	if n == 0 {
		n = cfg.env
	}
	s := &session{cfg: cfg, hosts: hosts, program: program, env: environment(n)}
	defer s.kill()
	took, err := s.start(paths)
	if err != nil {
		return nil, err
	}
	r.spawns = affordable(cfg, took, share)
	for round := range cfg.rounds {
		pr.say("%s: round %d of %d, %d spawns of each path", sc.name, round+1, cfg.rounds, r.spawns)
		if err := s.round(round, running, r.spawns); err != nil {
			return nil, err
		}
		if round%restartEvery == restartEvery-1 && round != cfg.rounds-1 {
			if err := s.stop(); err != nil {
				return nil, err
			}
			if _, err := s.start(paths); err != nil {
				return nil, err
			}
		}
	}
	return r, s.stop()
}

// round has each path spawn n times.
func (s *session) round(round int, all []*series, n int) error {
	for _, i := range order(round, len(all)) {
		one := all[i]
		b, err := s.workers[one.path.host].spawn(one.path.name, n)
		if err != nil {
			return fmt.Errorf("path %s: %w", one.path.name, err)
		}
		one.rounds = append(one.rounds, b)
	}
	return nil
}

// order returns the order of n paths in a round: rotated, so that none is
// always first, and backwards in every other turn of the wheel, so that none
// always follows the same other.
func order(round, n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = (round + i) % n
	}
	if (round/max(n, 1))%2 == 1 {
		for i, j := 0, n-1; i < j; i, j = i+1, j-1 {
			list[i], list[j] = list[j], list[i]
		}
	}
	return list
}

// affordable returns how often each path can spawn in a round so that all
// rounds fit into share.
func affordable(cfg *config, took map[*path]time.Duration, share time.Duration) int {
	const least = 5 // a median of fewer says little
	var each time.Duration
	for _, d := range took {
		each += d
	}
	if share == 0 || each == 0 {
		return cfg.spawns
	}
	n := int(share/(each*time.Duration(cfg.rounds))) - cold
	return min(max(n, least), cfg.spawns)
}
