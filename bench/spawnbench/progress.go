// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"fmt"
	"io"
	"os"
	"syscall"
	"time"
	"unsafe"
)

// progress tells what a long run is doing: on a terminal in one line that is
// overwritten, elsewhere with a line every few seconds.
type progress struct {
	w        io.Writer
	terminal bool
	last     time.Time
	shown    bool // the terminal's line is not empty
	left     int  // points that are still to come
	begin    time.Time
}

func newProgress(w io.Writer) *progress {
	f, ok := w.(*os.File)
	return &progress{w: w, terminal: ok && isTerminal(f), last: time.Now(), begin: time.Now()}
}

func isTerminal(f *os.File) bool {
	var t syscall.Termios
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), syscall.TCGETS, uintptr(unsafe.Pointer(&t)))
	return errno == 0
}

// say reports what begins now.
func (p *progress) say(format string, args ...any) {
	interval := 5 * time.Second
	if p.terminal {
		interval = 100 * time.Millisecond // to write costs the measurement something, too
	}
	if time.Since(p.last) < interval {
		return
	}
	p.last = time.Now()
	text := fmt.Sprintf(format, args...)
	if p.left > 0 {
		text += fmt.Sprintf(", then %d more", p.left)
	}
	text = fmt.Sprintf("[%v] %s", time.Since(p.begin).Round(time.Second), text)
	if p.terminal {
		fmt.Fprintf(p.w, "\r\033[K%s", text)
		p.shown = true
		return
	}
	fmt.Fprintln(p.w, text)
}

// tell prints what must not be missed.
func (p *progress) tell(format string, args ...any) {
	p.clear()
	fmt.Fprintf(p.w, format+"\n", args...)
}

// clear removes the line from the terminal.
func (p *progress) clear() {
	if p.shown {
		fmt.Fprint(p.w, "\r\033[K")
		p.shown = false
	}
}
