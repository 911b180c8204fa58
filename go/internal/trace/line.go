// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

package trace

import "unicode/utf8"

// For this file, too, holds what file.go says of its use in package syscall.

// Bytes of a line's parts as they are written, so that a line has less than 4,096 (PIPE_BUF):
// then lines of several processes do not mix in a pipe either.
const (
	traceMaxProgram    = 512
	traceMaxArgv       = 1536
	traceMaxAttributes = 1024
	traceMaxError      = 512
)

// A traceLine is what is told of a start.
type traceLine struct {
	sec, nsec  int64 // when it began
	program    string
	argv       []string
	attributes []string // names of what was set
	pid        int      // 0: it has failed
	method     string   // the system call that made the child; "": not known, or none
	shared     bool     // with method: the child shared our memory
	why        string   // not, or why there is no method
	took       int64    // ns
	failed     bool
	step       string // that failed; "": not known
	detail     int64
	errno      int // 0: the error is none
	text       string
}

func (l *traceLine) appendTo(b []byte) []byte {
	b = traceTime(b, l.sec, l.nsec)
	b = traceString(append(b, `,"program":`...), l.program, traceMaxProgram)
	b = traceStrings(append(b, `,"argv":`...), l.argv, traceMaxArgv)
	b = traceStrings(append(b, `,"attributes":`...), l.attributes, traceMaxAttributes)
	if l.pid != 0 {
		b = traceInt(append(b, `,"pid":`...), int64(l.pid))
	}
	if l.method != "" {
		b = traceString(append(b, `,"method":`...), l.method, 16)
		if l.shared {
			b = append(b, `,"shared":true`...)
		} else {
			b = append(b, `,"shared":false`...)
		}
	}
	if l.why != "" {
		b = traceString(append(b, `,"why":`...), l.why, 128)
	}
	b = traceInt(append(b, `,"exec_ns":`...), l.took)
	if l.failed {
		b = l.appendFailure(b)
	}
	return append(b, "}\n"...)
}

func (l *traceLine) appendFailure(b []byte) []byte {
	if l.step != "" {
		b = traceString(append(b, `,"step":`...), l.step, 32)
		b = traceInt(append(b, `,"detail":`...), l.detail)
	}
	if l.errno != 0 {
		b = traceString(append(b, `,"errno":`...), traceErrno(l.errno), 16)
	}
	return traceString(append(b, `,"error":`...), l.text, traceMaxError)
}

func traceErrno(n int) string {
	if n < len(traceErrnoNames) && traceErrnoNames[n] != "" {
		return traceErrnoNames[n]
	}
	return string(traceInt(nil, int64(n)))
}

// The bits of forkexec_result.how in forkexec.h, and the methods.
const (
	traceClone3  = 1
	traceShared  = 1
	traceVfork   = 2
	traceRefused = 4
	traceUnsafe  = 8
	traceUnseen  = 16
)

// made says how the core made a child.
func (l *traceLine) made(method, how uint32) {
	switch {
	case method == 0:
		return
	case how&traceVfork != 0:
		l.method = "vfork"
	case method == traceClone3:
		l.method = "clone3"
	case how&traceShared == 0:
		l.method = "fork"
	default:
		l.method = "clone"
	}
	l.shared = how&traceShared != 0
	switch {
	case l.shared:
	case how&traceRefused != 0:
		l.why = "the kernel or a filter refuses to share memory"
	case how&traceUnsafe != 0:
		l.why = "others could get into memory that this child shares"
	case how&traceUnseen != 0:
		l.why = "an emulator copied the memory, or the child was killed at once"
	}
}

// traceTime begins a line with the time in UTC, by RFC 3339.
func traceTime(b []byte, sec, nsec int64) []byte {
	days, rest := sec/86400, sec%86400
	// Years from March on have their leap day at the end; eras of 400 years are alike.
	z := days + 719468
	era := z / 146097
	day := z - era*146097
	year := (day - day/1460 + day/36524 - day/146096) / 365
	day -= 365*year + year/4 - year/100
	month := (5*day + 2) / 153
	day -= (153*month + 2) / 5
	year += era * 400
	if month += 3; month > 12 {
		month, year = month-12, year+1
	}
	b = append(b, `{"time":"`...)
	for _, part := range [...]struct {
		n, width int64
		end      string
	}{{year, 4, "-"}, {month, 2, "-"}, {day + 1, 2, "T"}, {rest / 3600, 2, ":"}, {rest / 60 % 60, 2, ":"}, {rest % 60, 2, "."}, {nsec, 9, "Z\""}} {
		b = append(traceDigits(b, uint64(part.n), int(part.width)), part.end...)
	}
	return b
}

func traceInt(b []byte, n int64) []byte {
	if n < 0 {
		return traceDigits(append(b, '-'), -uint64(n), 1)
	}
	return traceDigits(b, uint64(n), 1)
}

func traceDigits(b []byte, n uint64, width int) []byte {
	var d [20]byte
	i := len(d)
	for n > 0 || len(d)-i < width {
		i--
		d[i] = byte('0' + n%10)
		n /= 10
	}
	return append(b, d[i:]...)
}

// JSON by hand: package encoding/json would come into every program that starts another.

const traceCut = "…"

// traceString appends s as a JSON string of at most about max bytes. What is no UTF-8 becomes
// U+FFFD.
func traceString(b []byte, s string, max int) []byte {
	end := len(b) + max
	b = append(b, '"')
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if len(b)+6+len(traceCut) > end {
			b = append(b, traceCut...)
			break
		}
		b = traceRune(b, r)
		i += n
	}
	return append(b, '"')
}

func traceRune(b []byte, r rune) []byte {
	const hex = "0123456789abcdef"
	switch {
	case r == '"' || r == '\\':
		return append(b, '\\', byte(r))
	case r == '\n':
		return append(b, `\n`...)
	case r == '\t':
		return append(b, `\t`...)
	case r < ' ' || r == 0x7f || r == 0x2028 || r == 0x2029:
		return append(b, '\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
	}
	return utf8.AppendRune(b, r)
}

// traceStrings appends a list of strings of at most about max bytes; a last "…" stands for
// what is left out.
func traceStrings(b []byte, list []string, max int) []byte {
	end := len(b) + max
	b = append(b, '[')
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		left := end - len(b)
		if left < 16 {
			b = append(b, `"`+traceCut+`"`...)
			break
		}
		b = traceString(b, s, left)
	}
	return append(b, ']')
}
