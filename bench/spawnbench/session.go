// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// A session holds the running workers of one point of a scenario.
type session struct {
	sc      *scenario
	point   int
	hosts   map[*host]built
	program []string
	setup   setup
	rest    time.Duration // for how long waiting is looked at
	workers map[*host]*worker
	own     map[*host]ownRates // context switches without any start
	number  int                // of times that the workers have been started
}

// start starts a worker for each host of the paths, puts it into the point's condition
// and lets it warm up. It returns how long a spawn takes on each path.
func (s *session) start(paths []*path) (map[*path]time.Duration, error) {
	const warmUp = 5
	s.number++
	s.workers = make(map[*host]*worker)
	took := make(map[*path]time.Duration)
	for _, p := range paths {
		if s.workers[p.host] == nil {
			w, err := s.startWorker(p.host, s.hosts[p.host].argv)
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
	return took, s.measureOwn()
}

// startWorker starts a worker under the scenario's conditions. The floor's is no other
// user's: the ruler is the same in all scenarios.
func (s *session) startWorker(h *host, argv []string) (*worker, error) {
	setup := s.setup
	if h == floorHost {
		setup.credential = nil
	}
	return startWorker(argv, s.program, setup)
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
	w, err := s.startWorker(p.host, s.hosts[p.host].argv)
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

// nobody is the ordinary user where root runs spawnbench: the one that has nothing.
const nobody = 65534

// becomeOrdinary has the workers run as an ordinary user, and puts what they execute where
// that user can reach it: the go command builds below a directory that only root enters.
func (s *session) becomeOrdinary(b *builder) error {
	if os.Geteuid() != 0 {
		return nil // so they are
	}
	dir, err := os.MkdirTemp("", "spawnbench-")
	if err != nil {
		return err
	}
	b.temporary = append(b.temporary, dir)
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	hosts := make(map[*host]built)
	for h, built := range s.hosts {
		if built.err == nil {
			built.argv, built.err = copyProgram(dir, h.name, built.argv)
		}
		hosts[h] = built
	}
	s.hosts = hosts
	s.program, err = copyProgram(dir, "program", s.program)
	s.setup.dir = dir
	s.setup.credential = &syscall.Credential{Uid: nobody, Gid: nobody}
	return err
}

// copyProgram returns a command line with a copy of its program.
func copyProgram(dir, name string, argv []string) ([]string, error) {
	from, err := os.Open(argv[0])
	if err != nil {
		return nil, err
	}
	defer from.Close()
	file := filepath.Join(dir, name)
	to, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(to, from); err != nil {
		to.Close()
		return nil, err
	}
	if err := to.Chmod(0o755); err != nil { // whatever the umask
		to.Close()
		return nil, err
	}
	return append([]string{file}, argv[1:]...), to.Close()
}
