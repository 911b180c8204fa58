// SPDX-License-Identifier: BSD-3-Clause

// Command rename gives the module another path, in every text file of the tree: imports,
// go.mod, docs, scripts, and the symbol names of debugger scripts. `make rename MODULE=…`
// runs it. The path that it replaces is the one of go.mod, so it may be run again.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"go/format"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// What the documents say for as long as the path is a placeholder: between two comments, and a
// line of shell, which becomes go get.
var (
	noHome      = regexp.MustCompile(`(?s)<!-- no home begin -->\n.*?<!-- no home end -->\n\n?`)
	unpublished = regexp.MustCompile(`go mod edit -replace [^\n]* # until it is published\n`)
)

// A module path as go get wants it: a host with a dot, then at least one more element. The
// letters are those that need no escaping anywhere, neither in a URL nor in a symbol name.
var modulePath = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)+(/[a-z0-9][a-z0-9._~-]*)+$`)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: rename MODULE (such as github.com/somebody/forkexec)")
		os.Exit(2)
	}
	n, err := rename(".", os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "rename:", err)
		os.Exit(1)
	}
	fmt.Printf("%d files changed\n", n)
}

func rename(root, to string) (changed int, err error) {
	if !modulePath.MatchString(to) {
		return 0, fmt.Errorf("%q is no module path that works everywhere: lower-case letters, digits, - . _ ~, "+
			"and a host with a dot in front", to)
	}
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return 0, err
	}
	first, _, _ := strings.Cut(string(mod), "\n")
	from, ok := strings.CutPrefix(first, "module ")
	if !ok || from == "" {
		return 0, errors.New("go.mod does not begin with the module's path")
	}
	err = filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if file != root && (d.Name() == ".git" || file == filepath.Join(root, "build")) {
				return filepath.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() {
			return nil
		}
		did, err := renameIn(file, from, to)
		if did {
			changed++
		}
		return err
	})
	return changed, err
}

func renameIn(file, from, to string) (bool, error) {
	old, err := os.ReadFile(file)
	if err != nil || bytes.IndexByte(old, 0) >= 0 {
		return false, err
	}
	text := replace(string(old), from, to)
	if strings.HasSuffix(file, ".md") {
		text = unpublished.ReplaceAllString(noHome.ReplaceAllString(text, ""), "go get "+to+"\n")
	}
	if text == string(old) {
		return false, nil
	}
	b := []byte(text)
	if strings.HasSuffix(file, ".go") {
		if b, err = format.Source(b); err != nil { // the order of imports
			return false, fmt.Errorf("%s: %w", file, err)
		}
	}
	info, err := os.Stat(file)
	if err != nil {
		return false, err
	}
	return true, os.WriteFile(file, b, info.Mode())
}

// replace changes a path where it is a whole one, not the beginning of another name.
func replace(text, from, to string) string {
	var b strings.Builder
	for {
		head, rest, found := strings.Cut(text, from)
		b.WriteString(head)
		if !found {
			return b.String()
		}
		if more := rest != "" && (rest[0] == '-' || rest[0] == '_' || rest[0] >= '0' && rest[0] <= '9' ||
			rest[0]|0x20 >= 'a' && rest[0]|0x20 <= 'z'); more {
			b.WriteString(from)
		} else {
			b.WriteString(to)
		}
		text = rest
	}
}
