// SPDX-License-Identifier: BSD-3-Clause

package exec

import (
	"bytes"
	"errors"
	"io"
	"strconv"
)

// Errors that both implementations return. The texts are os/exec's.
var (
	errStdoutSet = errors.New("exec: Stdout already set")
	errStderrSet = errors.New("exec: Stderr already set")
)

// excerptSize is how much of each end of a long standard error an ExitError
// keeps: os/exec's 32 KiB, enough for the first and the last messages.
const excerptSize = 32 << 10

// Output runs the command and returns what it wrote to standard output. If
// Stderr is nil, the [*ExitError] of a command that failed holds what it wrote
// there, without the middle if that is long.
func (c *Cmd) Output() ([]byte, error) {
	if c.Stdout != nil {
		return nil, errStdoutSet
	}
	var out bytes.Buffer
	c.Stdout = &out
	var kept *excerpt
	if c.Stderr == nil {
		kept = &excerpt{limit: excerptSize}
		c.Stderr = kept
	}
	err := c.Run()
	if kept != nil && err != nil {
		// An ExitError that is wrapped is not ours to change: os/exec does
		// not look inside either.
		if exit, ok := err.(*ExitError); ok {
			exit.Stderr = kept.text()
		}
	}
	return out.Bytes(), err
}

// CombinedOutput runs the command and returns what it wrote to standard output
// and standard error, in the order of the writes.
func (c *Cmd) CombinedOutput() ([]byte, error) {
	if c.Stdout != nil {
		return nil, errStdoutSet
	}
	if c.Stderr != nil {
		return nil, errStderrSet
	}
	var both bytes.Buffer
	c.Stdout, c.Stderr = &both, &both
	err := c.Run()
	return both.Bytes(), err
}

// An excerpt is a writer that keeps the first and the last limit bytes written
// to it.
type excerpt struct {
	limit int
	head  []byte
	tail  []byte // once full, a ring that starts at next
	next  int
	lost  int64
}

// Write implements io.Writer; it never fails.
func (e *excerpt) Write(p []byte) (int, error) {
	n := len(p)
	k := min(n, e.limit-len(e.head))
	e.head, p = append(e.head, p[:k]...), p[k:]
	k = min(len(p), e.limit-len(e.tail))
	e.tail, p = append(e.tail, p[:k]...), p[k:]
	// Every further byte takes the place of an older one.
	e.lost += int64(len(p))
	if over := len(p) - e.limit; over > 0 {
		p = p[over:]
	}
	for len(p) > 0 {
		k = copy(e.tail[e.next:], p)
		p = p[k:]
		e.next = (e.next + k) % e.limit
	}
	return n, nil
}

// ReadFrom implements io.ReaderFrom, to spare io.Copy its buffer of 32 KiB: most
// commands that succeed write nothing here.
func (e *excerpt) ReadFrom(r io.Reader) (n int64, err error) {
	buf := make([]byte, 512)
	for {
		k, err := r.Read(buf)
		_, _ = e.Write(buf[:k]) // never fails
		n += int64(k)
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		if k == len(buf) && k < excerptSize {
			buf = make([]byte, 4*k)
		}
	}
}

// text returns what was kept, with a note in the place of what was not.
func (e *excerpt) text() []byte {
	if e.tail == nil {
		return e.head
	}
	b := make([]byte, 0, len(e.head)+len(e.tail)+len("\n... omitting 9223372036854775807 bytes ...\n"))
	b = append(b, e.head...)
	if e.lost > 0 {
		b = append(b, "\n... omitting "...)
		b = strconv.AppendInt(b, e.lost, 10)
		b = append(b, " bytes ...\n"...)
	}
	b = append(b, e.tail[e.next:]...)
	return append(b, e.tail[:e.next]...)
}
