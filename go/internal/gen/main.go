// SPDX-License-Identifier: BSD-3-Clause

// Command gen writes what is made from the step list: the Go constants with
// their names and hints (go/step_generated.go) and the table of the man page
// (c/man/forkexec.7). Run it by `make gen-steps`; `make test` fails if its output
// differs from the tree.
//
// The one owner of the steps is FORKEXEC_STEPS in include/forkexec_steps.h, of
// the explanations FORKEXEC_HINTS in c/hints.h.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"go/format"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
)

type step struct {
	id, macro, name, call, field, detail string
}

type hint struct{ macro, errno, text string }

var (
	stepRE  = regexp.MustCompile(`X\((\d+), (\w+), "([^"]*)", "([^"]*)",\s*"([^"]*)"\)\s*/\* (.*?) \*/`)
	hintRE  = regexp.MustCompile(`X\((\w+), (\w+), "((?:[^"\\]|\\.)*)"\)`)
	wordRE  = regexp.MustCompile(`X\("(\w+)", "([^"]*)", "([^"]*)"\)`)
	fieldRE = regexp.MustCompile(`F\((\w+)\)`)
	braceRE = regexp.MustCompile(`{\w+}`)
	joinRE  = regexp.MustCompile(`\s*\\\n\s*`)
	catRE   = regexp.MustCompile(`"\s+"`)
)

func main() {
	root := flag.String("root", ".", "the project's root folder")
	out := flag.String("out", "", "write below this folder instead of the root (to compare)")
	flag.Parse()
	if *out == "" {
		*out = *root
	}
	if err := run(*root, *out); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(root, out string) error {
	steps, err := readSteps(filepath.Join(root, "include/forkexec_steps.h"))
	if err != nil {
		return err
	}
	words, err := readWords(filepath.Join(root, "c/hints.h"))
	if err != nil {
		return err
	}
	hints, err := readHints(filepath.Join(root, "c/hints.h"), words)
	if err != nil {
		return err
	}
	src, err := goFile(steps, hints, words)
	if err != nil {
		return err
	}
	if src, err = format.Source(src); err != nil {
		return err
	}
	if err := write(filepath.Join(out, "go/step_generated.go"), src); err != nil {
		return err
	}
	return manPage(root, out, steps)
}

func write(name string, b []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return err
	}
	return os.WriteFile(name, b, 0o666)
}

// macroText returns the text of one #define with its continuation lines joined.
func macroText(file, define string) (string, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	_, text, ok := strings.Cut(string(b), "#define "+define)
	if !ok {
		return "", fmt.Errorf("%s: no #define %s", file, define)
	}
	text = joinRE.ReplaceAllString(text, " ")
	text, _, _ = strings.Cut(text, "\n")
	return catRE.ReplaceAllString(text, ""), nil
}

// readWords returns Go's name of each field of the request.
func readWords(file string) (map[string]string, error) {
	text, err := macroText(file, "FORKEXEC_WORDS(X)")
	if err != nil {
		return nil, err
	}
	words := map[string]string{"": ""}
	for _, m := range wordRE.FindAllStringSubmatch(text, -1) {
		words[m[1]] = m[2]
	}
	if n := strings.Count(text, "X("); len(words) != n+1 {
		return nil, fmt.Errorf("%s: %d of %d words understood", file, len(words)-1, n)
	}
	return words, nil
}

// inGo says the fields in braces as Go calls them.
func inGo(text string, words map[string]string) (string, error) {
	var err error
	return braceRE.ReplaceAllStringFunc(text, func(s string) string {
		word, ok := words[s[1:len(s)-1]]
		if !ok {
			err = fmt.Errorf("no word for %s", s)
		}
		return word
	}), err
}

func readSteps(file string) ([]step, error) {
	text, err := macroText(file, "FORKEXEC_STEPS(X)")
	if err != nil {
		return nil, err
	}
	var steps []step
	for _, m := range stepRE.FindAllStringSubmatch(text, -1) {
		steps = append(steps, step{m[1], m[2], m[3], m[4], m[5], m[6]})
	}
	if n := strings.Count(text, "X(") - 0; len(steps) != n {
		return nil, fmt.Errorf("%s: %d of %d steps understood", file, len(steps), n)
	}
	return steps, nil
}

func readHints(file string, words map[string]string) ([]hint, error) {
	text, err := macroText(file, "FORKEXEC_HINTS(X, F)")
	if err != nil {
		return nil, err
	}
	text = catRE.ReplaceAllString(fieldRE.ReplaceAllString(text, `"{$1}"`), "")
	if text, err = inGo(text, words); err != nil {
		return nil, err
	}
	var hints []hint
	for _, m := range hintRE.FindAllStringSubmatch(text, -1) {
		hints = append(hints, hint{m[1], m[2], m[3]})
	}
	if n := strings.Count(text, "X("); len(hints) != n {
		return nil, fmt.Errorf("%s: %d of %d hints understood", file, len(hints), n)
	}
	return hints, nil
}

// initialisms are the words that Go does not write as others. Names of system calls, as in
// StepSetuid, are one word.
var initialisms = map[string]string{"FD": "FD", "FDS": "FDs", "UID": "UID", "GID": "GID", "IDMAP": "IDMap"}

// goName turns FD_MOVE into StepFDMove, CHDIR into StepChdir.
func goName(macro string) string {
	var b strings.Builder
	b.WriteString("Step")
	for _, w := range strings.Split(macro, "_") {
		if initialisms[w] != "" {
			b.WriteString(initialisms[w])
		} else {
			b.WriteString(w[:1] + strings.ToLower(w[1:]))
		}
	}
	return b.String()
}

// goDetail says in Go's words what the comment in the step list says of a Detail in C's.
func goDetail(s step, words map[string]string) (string, error) {
	list, isIndex := strings.CutPrefix(s.detail, "index in ")
	zero, one, isChoice := strings.Cut(s.detail, "; 1: ")
	switch {
	case isIndex && words[list] == "":
		return "", fmt.Errorf("step %s: no word for %s", s.name, list)
	case isIndex:
		return "index in " + words[list], nil
	case isChoice:
		return zero + ", or 1 if " + one, nil
	case s.detail == "ctty":
		return words[s.detail], nil
	case s.detail == "offset of the field in the request":
		return "offset of a field in C's struct forkexec_request, or 0; Error.Field says which", nil
	}
	return s.detail, nil
}

// fields returns the words that are fields of the request, sorted; the others are flags.
func fields(words map[string]string) (names []string) {
	for name := range words {
		if name != "" && name == strings.ToLower(name) {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	return names
}

// camel turns cap_ambient into CapAmbient.
func camel(name string) string {
	var b strings.Builder
	for _, w := range strings.Split(name, "_") {
		b.WriteString(strings.ToUpper(w[:1]) + w[1:])
	}
	return b.String()
}

// goComment describes a step and its Error.Detail in sentences.
func goComment(s step, detail, field string) string {
	text := goName(s.macro) + " is the step " + strconv.Quote(s.name)
	if s.call != "" {
		text += ", " + s.call + "(2)"
		if field != "" {
			text += " for " + field
		}
		if field == "AmbientCaps" {
			text += " or Capabilities"
		}
	}
	switch {
	case detail == "never reported":
		return text + ". It is never reported."
	case detail[0] == '0' || detail[0] >= 'A' && detail[0] <= 'Z': // the name of a field
		return text + ". Its Detail is " + detail + "."
	}
	return text + ". Its Detail is the " + strings.TrimPrefix(detail, "the ") + "."
}

func goFile(steps []step, hints []hint, words map[string]string) ([]byte, error) {
	var b bytes.Buffer
	p := func(f string, a ...any) { fmt.Fprintf(&b, f+"\n", a...) }
	p("// Code generated by go/internal/gen from include/forkexec_steps.h and c/hints.h. DO NOT EDIT.")
	p("")
	p("// SPDX-License-Identifier: BSD-3-Clause")
	p("")
	p("package forkexec")
	p("")
	p("// The steps of a start, in the order in which they are taken.")
	p("const (")
	for i, s := range steps {
		if i > 0 {
			p("")
		}
		detail, err := goDetail(s, words)
		if err != nil {
			return nil, err
		}
		p("\t// %s", goComment(s, detail, words[s.field]))
		p("\t%s Step = %s", goName(s.macro), s.id)
	}
	p(")")
	p("")
	p("var stepTable = [...]stepInfo{")
	for _, s := range steps {
		p("\t%s: {%q, %q, %q},", goName(s.macro), s.name, s.call, words[s.field])
	}
	p("}")
	p("")
	p("// requestFields are the fields of c.Request and what Go's callers know them by.")
	p("var requestFields = [...][2]string{")
	for _, name := range fields(words) {
		p("\t{%q, %q},", camel(name), words[name])
	}
	p("}")
	p("")
	p("var hintTable = [...]hintInfo{")
	for _, h := range hints {
		e := "0"
		if h.errno != "ANY" {
			e = fmt.Sprintf("errno%s", h.errno)
		}
		p("\t{%s, %s, \"%s\"},", goName(h.macro), e, h.text)
	}
	p("}")
	p("")
	// Linux numbers, so that the table also compiles where syscall lacks a name.
	p("const (")
	for _, e := range []string{"E2BIG 7", "EACCES 13", "EAGAIN 11", "EBADF 9", "EBUSY 16", "ECANCELED 125", "EDQUOT 122", "EFAULT 14", "EINVAL 22", "EIO 5", "EISDIR 21", "ELIBBAD 80", "ELOOP 40", "EMFILE 24", "ENAMETOOLONG 36", "ENFILE 23", "ENODEV 19", "ENOENT 2", "ENOEXEC 8", "ENOMEM 12", "ENOSPC 28", "ENOSYS 38", "ENOTDIR 20", "ENOTTY 25", "EOPNOTSUPP 95", "EPERM 1", "ESRCH 3", "ETIMEDOUT 110", "ETXTBSY 26", "EUSERS 87"} {
		n, v, _ := strings.Cut(e, " ")
		used := false
		for _, h := range hints {
			used = used || h.errno == n
		}
		if used {
			p("\terrno%s = %s", n, v)
		}
	}
	p(")")
	return b.Bytes(), nil
}

// manPage fills the table between the two marker comments of forkexec.7.
func manPage(root, out string, steps []step) error {
	const begin, end = ".\\\" BEGIN STEPS (generated)\n", ".\\\" END STEPS\n"
	b, err := os.ReadFile(filepath.Join(root, "c/man/forkexec.7"))
	if err != nil {
		return err
	}
	head, rest, ok1 := strings.Cut(string(b), begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok1 || !ok2 {
		return fmt.Errorf("forkexec.7: no markers for the step table")
	}
	var t strings.Builder
	for _, s := range steps {
		dash := func(v string) string {
			if v == "" {
				return "-"
			}
			return v
		}
		detail := s.detail
		if detail == "0" {
			detail = "-"
		}
		fmt.Fprintf(&t, ".TP\n.B %s\nStep %s. System call: %s. Field: %s. Detail: %s.\n", s.name, s.id, dash(s.call), dash(s.field), detail)
	}
	return write(filepath.Join(out, "c/man/forkexec.7"), []byte(head+begin+t.String()+end+tail))
}
