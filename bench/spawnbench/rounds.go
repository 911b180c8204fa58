// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// restartEvery is the number of rounds after which the workers are started
// anew. Where the kernel happens to place a process's memory makes some percent
// of difference; with one process for all rounds that would be a systematic
// error of which the spread shows nothing.
const restartEvery = 10

// loadRounds is the number of rounds, at most, of the loads that are no spawns: each says
// much and takes long.
const loadRounds = 5

// A session holds the running workers of one point of a scenario.
type session struct {
	sc      *scenario
	point   int
	hosts   map[*host]built
	program []string
	env     []string
	rest    time.Duration // for how long waiting is looked at
	workers map[*host]*worker
}

// start starts a worker for each host of the paths, puts it into the point's condition
// and lets it warm up. It returns how long a spawn takes on each path.
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
			if err := s.condition(p.host); err != nil {
				return nil, fmt.Errorf("worker %s: %w", p.host.name, err)
			}
		}
		b, err := s.workers[p.host].spawn(p, warmUp, 1)
		if err != nil {
			return nil, fmt.Errorf("path %s: %w", p.name, err)
		}
		took[p] = time.Duration(percentile(sorted(b.ns), 50))
	}
	return took, nil
}

func (s *session) condition(h *host) error {
	if s.sc.axis == nil || s.sc.axis.conditions == nil || h == floorHost {
		return nil
	}
	for _, request := range s.sc.axis.conditions(s.point) {
		if _, err := s.workers[h].ask("%s", request); err != nil {
			return err
		}
	}
	return nil
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
	r = &result{Scenario: sc.name, Title: sc.title, Point: point, Rounds: cfg.rounds}
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
	n := cfg.env
	if sc.axis != nil && sc.axis.env {
		n = point
	}
	s := &session{sc: sc, point: point, hosts: hosts, program: program, env: environment(n), rest: 500 * time.Millisecond}
	if cfg.quick {
		s.rest /= 10
	}
	defer func() { s.kill() }()
	pr.say("%s: starting the workers", r.name())
	took, err := s.start(paths)
	var reason cannot
	if errors.As(err, &reason) {
		r.Skipped = err.Error()
		return r, nil
	}
	if err != nil {
		return r, err
	}
	if r.Spawns = affordable(cfg, took, share); sc.load != spawns {
		r.Rounds, r.Spawns = min(cfg.rounds, loadRounds), 1
	} else if sc.axis != nil && sc.axis.width {
		r.Spawns = max(r.Spawns, 4*point) // else most goroutines would start once
	}
	for i := range r.Rounds {
		pr.say("%s: round %d of %d, %d spawns of each path", r.name(), i+1, r.Rounds, r.Spawns)
		if err := s.round(i, running, paths, r.Spawns); err != nil {
			return r, err
		}
		if i%restartEvery == restartEvery-1 && i != r.Rounds-1 {
			if err := s.stop(); err != nil {
				return r, err
			}
			if _, err := s.start(paths); err != nil {
				return r, err
			}
		}
	}
	return r, s.stop()
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
		one.Rounds = append(one.Rounds, round{cost, max(len(b.ns), 1), b.values})
	}
	return nil
}

func (s *session) batch(p *path, n int) (*batch, error) {
	w := s.workers[p.host]
	switch s.sc.load {
	case waiters:
		return s.freshly(p, "waiters %s %d %d", p.request(), s.point, s.rest.Milliseconds())
	case slow:
		l, err := takeLease(s.program[0])
		if err != nil {
			return nil, err
		}
		b, err := w.ask("slow %s", p.request())
		return b, errors.Join(err, l.end())
	}
	width := 1
	if s.sc.axis != nil && s.sc.axis.width {
		width = s.point
	}
	return w.spawn(p, n, width)
}

// freshly asks a worker that has done nothing before: Go never ends a thread, so that
// what another path has needed would be counted again.
func (s *session) freshly(p *path, format string, args ...any) (*batch, error) {
	w, err := startWorker(s.hosts[p.host].argv, s.program, s.env)
	if err != nil {
		return nil, err
	}
	b, err := w.ask(format, args...)
	if err != nil {
		w.kill()
		return nil, err
	}
	return b, w.stop()
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
