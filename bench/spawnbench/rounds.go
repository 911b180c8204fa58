// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"time"
)

// restartEvery is the number of rounds after which the workers are started
// anew. Where the kernel happens to place a process's memory makes some percent
// of difference; with one process for all rounds that would be a systematic
// error of which the spread shows nothing. To fill much memory takes longer than a round.
const (
	restartEvery       = 5
	restartEveryMemory = 15
)

// Rounds of a run that does not ask for a number: as many as usual, and then until the
// ratios are settled, or the time is up after the fewest.
const (
	usualRounds  = 30
	fewestRounds = 10
	mostRounds   = 1000
	loadRounds   = 5 // of loads that are no spawns: each says much and takes long
)

// choosePaths returns what a scenario runs: those of its own paths that were asked for.
func choosePaths(cfg *config, sc *scenario) []*path {
	own := sc.paths
	if own == nil {
		own = plainPaths
	}
	var chosen []*path
	for _, p := range cfg.paths {
		if slices.Contains(own, p.name) {
			chosen = append(chosen, p)
		}
	}
	return chosen
}

// plan makes the result of a point, as yet without numbers, and says what can run.
func plan(cfg *config, hosts map[*host]built, sc *scenario, point int) (r *result, running []*series, paths []*path) {
	r = &result{Scenario: sc.name, Title: sc.title, Point: point}
	if sc.axis != nil {
		r.Axis, r.Key = sc.axis.label, sc.axis.key
	}
	used := make(map[*host]bool)
	for _, p := range choosePaths(cfg, sc) {
		one := &series{Path: p.name, Title: p.title, Base: p.base, Hist: new(histogram)}
		r.Series = append(r.Series, one)
		switch {
		case hosts[p.host].err != nil:
			one.Missing = hosts[p.host].err.Error()
		case sc.axis != nil && sc.axis.conditions != nil && !p.host.conditions && p.host != floorHost:
			one.Missing = "its worker knows no conditions"
		default:
			running, paths = append(running, one), append(paths, p)
			used[p.host] = true
		}
	}
	delete(used, floorHost)
	if sc.user == root && os.Geteuid() != 0 {
		r.Skipped = "only root can measure it; userns_user is yours"
		return r, running, paths
	}
	if have := availableMemory(); sc.axis != nil && sc.axis.memory && have > 0 && point*len(used) > have*9/10 {
		r.Skipped = fmt.Sprintf("needs %d MB of memory, %d are available", point*len(used), have)
	} else if len(running) == 0 {
		r.Skipped = "none of its paths runs here"
	}
	return r, running, paths
}

// runPoint runs all rounds of one point of a scenario. share is the time that it may
// take; 0: any. The result is never nil.
func runPoint(cfg *config, b *builder, hosts map[*host]built, sc *scenario, point int, share time.Duration, pr *progress) (*result, error) {
	r, running, paths := plan(cfg, hosts, sc, point)
	program, err := sc.argv(b)
	if err != nil {
		r.Skipped = err.Error()
	}
	if r.Skipped != "" {
		return r, nil
	}
	s := &session{sc: sc, point: point, hosts: hosts, program: program, setup: sc.setup(cfg, point), rest: 500 * time.Millisecond}
	if cfg.quick {
		s.rest /= 10
	}
	if sc.user == ordinary {
		if err := s.becomeOrdinary(b); err != nil {
			return r, err
		}
	}
	defer func() { s.kill() }()
	pr.say("%s: starting the workers", r.name())
	began := time.Now()
	took, err := s.start(paths)
	var reason cannot
	if errors.As(err, &reason) {
		r.Skipped = err.Error()
		return r, nil
	}
	if err != nil {
		return r, err
	}
	if sc.counts {
		if err := countSyscalls(b, s, running, paths, countingTime(took, share), pr); err != nil {
			r.Notes = append(r.Notes, "system calls: not counted: "+err.Error())
		}
	}
	var deadline time.Time
	if share > 0 {
		deadline = began.Add(share)
		share = max(time.Until(deadline), share/10)
	}
	if r.Spawns = affordable(cfg, took, share); sc.load != spawns {
		r.Spawns = 1
	} else if sc.axis != nil && sc.axis.width {
		r.Spawns = max(r.Spawns, 4*point) // else most goroutines would start once
	}
	if least := roundTime(took, r.Spawns) * fewestRounds; share > 0 && least > 2*share {
		pr.tell("%s takes long to start and end: this needs about %v; -paths makes it less", r.name(), least.Round(time.Second))
	}
	if err := s.allRounds(cfg, r, running, paths, deadline, pr); err != nil {
		return r, err
	}
	return r, s.stop()
}

// allRounds makes rounds until there are enough.
func (s *session) allRounds(cfg *config, r *result, running []*series, paths []*path, deadline time.Time, pr *progress) error {
	every := restartEvery
	if s.sc.axis != nil && s.sc.axis.memory {
		every = restartEveryMemory
	}
	for r.Rounds = 0; !s.enough(cfg, r, deadline); r.Rounds++ {
		if r.Rounds > 0 && r.Rounds%every == 0 {
			if err := s.stop(); err != nil {
				return err
			}
			if _, err := s.start(paths); err != nil {
				return err
			}
		}
		pr.say("%s: round %d, %d spawns of each path", r.name(), r.Rounds+1, r.Spawns)
		if err := s.round(r.Rounds, running, paths, r.Spawns); err != nil {
			return err
		}
	}
	return nil
}

// enough says whether the rounds so far will do. No deadline: the time does not matter.
func (s *session) enough(cfg *config, r *result, deadline time.Time) bool {
	n := r.Rounds
	switch {
	case s.sc.load != spawns && cfg.rounds > 0:
		return n >= min(cfg.rounds, loadRounds)
	case s.sc.load != spawns:
		return n >= loadRounds
	case cfg.rounds > 0:
		return n >= cfg.rounds
	case n < fewestRounds:
		return false
	case !deadline.IsZero() && time.Now().After(deadline) || n >= mostRounds:
		return true
	case s.sc.axis != nil:
		return n >= usualRounds
	}
	return n >= usualRounds && n%restartEvery == 0 && r.settled()
}

// setup is what the workers of a scenario start with.
func (sc *scenario) setup(cfg *config, point int) setup {
	n := cfg.env
	if sc.axis != nil && sc.axis.env {
		n = point
	}
	with := setup{env: environment(n)}
	if sc.own != nil {
		with.env = append(with.env, sc.own.env...)
		with.dir, with.stdin = sc.own.dir, sc.own.stdin
	}
	return with
}

// round has each path do once what the scenario is about.
func (s *session) round(i int, all []*series, paths []*path, n int) error {
	for _, k := range order(i, len(all)) {
		one, p := all[k], paths[k]
		if one.Missing != "" {
			continue
		}
		b, err := s.batch(p, n)
		var reason cannot
		if errors.As(err, &reason) {
			one.Missing = err.Error()
			continue
		}
		if err != nil {
			return fmt.Errorf("path %s: %w", p.name, err)
		}
		cost := percentile(sorted(b.ns), 50)
		if rate := b.values["spawns/s"]; rate > 0 {
			cost = 1e9 / rate
		}
		if len(b.ns) == 0 {
			cost = 0
		}
		for _, ns := range b.ns {
			one.Hist.add(ns)
		}
		s.takeOwn(p, b, cost)
		one.Rounds = append(one.Rounds, round{cost, max(len(b.ns), 1), s.number, b.values})
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
	each := roundTime(took, 1-cold)
	if share == 0 || each == 0 {
		return cfg.spawns
	}
	rounds := cfg.rounds
	if rounds == 0 {
		rounds = usualRounds
	}
	n := int(share/(each*time.Duration(rounds))) - cold
	return min(max(n, least), cfg.spawns)
}

// roundTime is how long a round takes in which each path spawns n times.
func roundTime(took map[*path]time.Duration, n int) (all time.Duration) {
	for _, d := range took {
		all += d * time.Duration(n+cold)
	}
	return all
}
