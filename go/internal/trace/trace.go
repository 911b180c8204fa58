// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

// Package trace writes what FORKEXEC=trace=FILE asks for: one JSON object in a line for each
// start, and for each child that package exec has waited for. No start ever fails because of
// it: what cannot be written is lost, and told once.
package trace

import (
	"errors"
	"os"
	"reflect"
	"sync"
	"syscall"
	"time"

	"forkexec.example/forkexec/go/internal/settings"
)

// On reports whether starts are traced.
func On() bool { return settings.Get().Trace != "" }

// A Start is what a line tells.
type Start struct {
	Begin       time.Time
	Program     string
	Argv        []string
	Attributes  []string // names of what was set
	Pid         int      // 0: it has failed
	Method, How uint32   // of struct forkexec_result
	Why         string   // why there is no Method
	Step        string   // that failed; "": not known
	Detail      int64
	Err         error
}

var (
	lines   = sync.Pool{New: func() any { b := make([]byte, 0, 4096); return &b }}
	theFile = sync.OnceValue(func() *traceFile { return &traceFile{name: settings.Get().Trace} })
)

// Write appends the start's line.
func (s *Start) Write() { s.writeTo(theFile()) }

func (s *Start) writeTo(f *traceFile) {
	l := traceLine{sec: s.Begin.Unix(), nsec: int64(s.Begin.Nanosecond()), took: int64(time.Since(s.Begin)),
		program: s.Program, argv: s.Argv, attributes: s.Attributes, pid: s.Pid, why: s.Why, step: s.Step, detail: s.Detail}
	l.made(s.Method, s.How)
	if s.Err != nil {
		l.failed, l.text = true, s.Err.Error()
		var errno syscall.Errno
		if errors.As(s.Err, &errno) {
			l.errno = int(errno)
		}
	}
	p := lines.Get().(*[]byte)
	*p = l.appendTo((*p)[:0])
	f.write(*p)
	lines.Put(p)
}

// Wait appends the line of a child that has ended: how, and how long after its start began.
func Wait(pid int, state *os.ProcessState, began time.Time) {
	if state == nil {
		return
	}
	now := time.Now()
	b := traceTime(make([]byte, 0, 256), now.Unix(), int64(now.Nanosecond()))
	b = traceInt(append(b, `,"pid":`...), int64(pid))
	b = traceString(append(b, `,"status":`...), state.String(), 64)
	b = traceInt(append(b, `,"run_ns":`...), int64(now.Sub(began)))
	theFile().write(append(b, "}\n"...))
}

// Attributes returns the names of the fields that are set: "Dir", and those of
// syscall.SysProcAttr and of forkexec.Options.
func Attributes(dir string, structs ...any) (names []string) {
	if dir != "" {
		names = append(names, "Dir")
	}
	for _, s := range structs {
		v := reflect.ValueOf(s)
		if v.Kind() != reflect.Pointer || v.IsNil() {
			continue
		}
		v = v.Elem()
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() && !v.Field(i).IsZero() {
				names = append(names, v.Type().Field(i).Name)
			}
		}
	}
	return names
}
