// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// An ownProgram is what the user has given after "--", with the conditions under which it
// runs. All workers get into them before they start, so that every path starts the same.
type ownProgram struct {
	argv  []string
	stdin string // file; "": /dev/null
	dir   string
	env   []string // NAME=VALUE
}

// setenv adds a variable to those of the program.
func (o *ownProgram) setenv(assignment string) error {
	if name, _, ok := strings.Cut(assignment, "="); !ok || name == "" {
		return fmt.Errorf("%q is not NAME=VALUE", assignment)
	}
	o.env = append(o.env, assignment)
	return nil
}

// scenario makes what is measured of it.
func (o *ownProgram) scenario() (*scenario, error) {
	switch {
	case len(o.argv) == 0 && (o.stdin != "" || o.dir != "" || o.env != nil):
		return nil, errors.New("-stdin, -dir and -setenv are for a program of your own, which comes after --")
	case len(o.argv) == 0:
		return nil, nil
	}
	file, err := exec.LookPath(o.argv[0])
	if err != nil {
		return nil, err
	}
	if file, err = filepath.Abs(file); err != nil {
		return nil, err
	}
	argv := append([]string{file}, o.argv[1:]...)
	sc := &scenario{name: "program", title: strings.Join(o.argv, " "), plain: true, own: o, counts: true,
		argv: func(*builder) ([]string, error) { return argv, nil }}
	if o.stdin != "" {
		info, err := os.Stat(o.stdin)
		if err != nil {
			return nil, err
		}
		if !info.Mode().IsRegular() {
			return nil, fmt.Errorf("-stdin: %s is not a regular file: each start has to read it from the begin", o.stdin)
		}
		sc.paths = withoutNil(plainPaths)
	}
	if o.dir != "" {
		if info, err := os.Stat(o.dir); err != nil || !info.IsDir() {
			return nil, errors.Join(fmt.Errorf("-dir: %s is not a directory", o.dir), err)
		}
	}
	return sc, nil
}

// withoutNil leaves out the paths that give the program no standard input.
func withoutNil(all []string) (list []string) {
	for _, name := range all {
		if !strings.HasSuffix(name, "_nil") {
			list = append(list, name)
		}
	}
	return list
}
