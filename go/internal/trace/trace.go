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
	"strconv"
	"sync"
	"syscall"
	"time"

	"forkexec.example/forkexec/go/internal/settings"
)

// Bytes of a line's parts as they are written, so that a line has less than 4,096 (PIPE_BUF):
// then lines of several processes do not mix in a pipe either.
const (
	maxProgram    = 512
	maxArgv       = 1536
	maxAttributes = 1024
	maxError      = 512
)

// On reports whether starts are traced.
func On() bool { return settings.Get().Trace != "" }

// A Start is what a line tells.
type Start struct {
	Begin      time.Time
	Program    string
	Argv       []string
	Attributes []string // names of what was set
	Pid        int      // 0: it has failed
	Method     string   // the system call that made the child; "": not known, or none
	Shared     bool     // with Method: the child shared our memory
	Why        string   // not, or why there is no Method
	Step       string   // that failed; "": not known
	Detail     int64
	Err        error
}

var lines = sync.Pool{New: func() any { b := make([]byte, 0, 4096); return &b }}

// Write appends the start's line.
func (s *Start) Write() {
	took := time.Since(s.Begin)
	p := lines.Get().(*[]byte)
	b := appendTime((*p)[:0], s.Begin)
	b = appendString(append(b, `,"program":`...), s.Program, maxProgram)
	b = appendStrings(append(b, `,"argv":`...), s.Argv, maxArgv)
	b = appendStrings(append(b, `,"attributes":`...), s.Attributes, maxAttributes)
	if s.Pid != 0 {
		b = strconv.AppendInt(append(b, `,"pid":`...), int64(s.Pid), 10)
	}
	if s.Method != "" {
		b = appendString(append(b, `,"method":`...), s.Method, 16)
		b = strconv.AppendBool(append(b, `,"shared":`...), s.Shared)
	}
	if s.Why != "" {
		b = appendString(append(b, `,"why":`...), s.Why, 128)
	}
	b = strconv.AppendInt(append(b, `,"exec_ns":`...), int64(took), 10)
	if s.Err != nil {
		b = s.appendFailure(b)
	}
	b = append(b, "}\n"...)
	theFile.write(b)
	*p = b
	lines.Put(p)
}

func (s *Start) appendFailure(b []byte) []byte {
	if s.Step != "" {
		b = appendString(append(b, `,"step":`...), s.Step, 32)
		b = strconv.AppendInt(append(b, `,"detail":`...), s.Detail, 10)
	}
	var errno syscall.Errno
	if errors.As(s.Err, &errno) {
		b = appendString(append(b, `,"errno":`...), errnoName(errno), 16)
	}
	return appendString(append(b, `,"error":`...), s.Err.Error(), maxError)
}

// Wait appends the line of a child that has ended: how, and how long after its start began.
func Wait(pid int, state *os.ProcessState, began time.Time) {
	if state == nil {
		return
	}
	now := time.Now()
	b := appendTime(make([]byte, 0, 256), now)
	b = strconv.AppendInt(append(b, `,"pid":`...), int64(pid), 10)
	b = appendString(append(b, `,"status":`...), state.String(), 64)
	b = strconv.AppendInt(append(b, `,"run_ns":`...), int64(now.Sub(began)), 10)
	theFile.write(append(b, "}\n"...))
}

func appendTime(b []byte, t time.Time) []byte {
	return append(t.AppendFormat(append(b, `{"time":"`...), "2006-01-02T15:04:05.000000000Z07:00"), '"')
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

func errnoName(e syscall.Errno) string {
	if int(e) < len(errnoNames) && errnoNames[e] != "" {
		return errnoNames[e]
	}
	return strconv.Itoa(int(e))
}
