// SPDX-License-Identifier: BSD-3-Clause

//go:build !android

package exec

// The child's first three descriptors: files of the caller, the null device, or
// pipes with a goroutine behind them. What the package opens for the child is a
// bare descriptor, because an os.File costs three allocations, a finalizer and
// for a pipe a place in the poller, all for the few microseconds until it is
// closed.

import (
	"io"
	"os"
	"syscall"
	"unsafe"
)

// A plan is where the child's standard descriptors come from.
type plan struct {
	ends  [3]end
	given []*os.File // as files made of ends, for package os

	copiesInput bool
	launched    bool  // a start has been asked for, whose line others write
	outputs     []int // our ends of pipes that the child writes to
}

// An end is one of them.
type end struct {
	kind endKind
	file *os.File // byCaller
	fd   int      // owned, borrowed
}

type endKind uint8

const (
	unset    endKind = iota
	byCaller         // an *os.File of the caller, perhaps nil: closed in the child
	owned            // opened here, closed after the start
	borrowed         // that of another end
)

// connect fills the plan. What it opened before an error is closed by closeEnds
// and closeOwnEnds.
func (c *Cmd) connect(p *plan) (err error) {
	if p.ends[0], err = c.input(p); err != nil {
		return err
	}
	if p.ends[1], err = c.output(p, c.Stdout); err != nil {
		return err
	}
	if c.Stderr != nil && sameWriter(c.Stderr, c.Stdout) {
		p.ends[2] = p.ends[1]
		if p.ends[2].kind == owned {
			p.ends[2].kind = borrowed
		}
		return nil
	}
	p.ends[2], err = c.output(p, c.Stderr)
	return err
}

func (c *Cmd) input(p *plan) (end, error) {
	switch r := c.Stdin.(type) {
	case nil:
		return openNull(syscall.O_RDONLY)
	case *os.File:
		return end{kind: byCaller, file: r}, nil
	}
	fds, err := newPipe()
	if err != nil {
		return end{}, err
	}
	p.copiesInput = true
	w := pollableFile(fds[1], syscall.O_WRONLY, "|1")
	c.state.ownEnds = append(c.state.ownEnds, w)
	c.state.todo = append(c.state.todo, copyJob{to: w, from: c.Stdin, pipe: w})
	return end{kind: owned, fd: fds[0]}, nil
}

func (c *Cmd) output(p *plan, w io.Writer) (end, error) {
	switch w := w.(type) {
	case nil:
		return openNull(syscall.O_WRONLY)
	case *os.File:
		return end{kind: byCaller, file: w}, nil
	}
	fds, err := newPipe()
	if err != nil {
		return end{}, err
	}
	p.outputs = append(p.outputs, fds[0])
	r := pollableFile(fds[0], syscall.O_RDONLY, "|0")
	c.state.ownEnds = append(c.state.ownEnds, r)
	c.state.todo = append(c.state.todo, copyJob{to: w, from: r, pipe: r})
	return end{kind: owned, fd: fds[1]}, nil
}

// sameWriter reports whether a and b are equal; values that cannot be compared
// are not.
func sameWriter(a, b io.Writer) bool {
	defer func() { _ = recover() }() // of the comparison; the result stays false
	return a == b
}

// descriptors returns the child's table as package syscall wants it. Fd makes a
// file of the caller blocking, as os.StartProcess does, and of one that is nil or
// closed -1, which the child gets as a closed descriptor.
func (p *plan) descriptors(extra []*os.File) []uintptr {
	fds := make([]uintptr, 0, len(p.ends)+len(extra))
	for _, e := range p.ends {
		if e.kind == byCaller {
			fds = append(fds, e.file.Fd())
		} else {
			fds = append(fds, uintptr(e.fd))
		}
	}
	for _, f := range extra {
		fds = append(fds, f.Fd())
	}
	return fds
}

// files returns the child's table as package os wants it. Owned ends become
// files, which closeEnds closes: a descriptor must not be closed past its file,
// whose finalizer would close the number's next user.
func (p *plan) files(extra []*os.File) []*os.File {
	fs := make([]*os.File, 0, len(p.ends)+len(extra))
	for i := range p.ends {
		e := &p.ends[i]
		switch e.kind {
		case owned:
			*e = end{kind: byCaller, file: os.NewFile(uintptr(e.fd), "child's end")}
			p.given = append(p.given, e.file)
		case borrowed:
			*e = p.ends[i-1] // Stderr borrows from Stdout
		}
		fs = append(fs, e.file)
	}
	return append(fs, extra...)
}

// closeEnds closes what the plan owns, once the child has its copies.
func (p *plan) closeEnds() {
	for _, e := range p.ends {
		if e.kind == owned {
			syscall.Close(e.fd) // nothing was written through it: no error matters
		}
	}
	for _, f := range p.given {
		f.Close()
	}
}

func (c *Cmd) closeChildEnds() { closeAll(&c.state.childEnds) }

func (c *Cmd) closeOwnEnds() { closeAll(&c.state.ownEnds) }

func closeAll(files *[]*os.File) {
	for _, f := range *files {
		f.Close()
	}
	*files = nil
}

// nullDevice is os.DevNull for the kernel.
var nullDevice = [...]byte{'/', 'd', 'e', 'v', '/', 'n', 'u', 'l', 'l', 0}

// openNull opens the null device for one child. It is not shared with other
// children: they could then see each other's locks and O_NONBLOCK.
func openNull(mode int) (end, error) {
	const atFDCWD = -100
	dir := atFDCWD
	for {
		fd, _, e := syscall.Syscall6(syscall.SYS_OPENAT, uintptr(dir), uintptr(unsafe.Pointer(&nullDevice[0])),
			uintptr(mode|syscall.O_CLOEXEC|syscall.O_LARGEFILE), 0, 0, 0)
		switch e {
		case 0:
			return end{kind: owned, fd: int(fd)}, nil
		case syscall.EINTR:
		default:
			return end{}, &os.PathError{Op: "open", Path: os.DevNull, Err: e}
		}
	}
}

func newPipe() (fds [2]int, err error) {
	if err = syscall.Pipe2(fds[:], syscall.O_CLOEXEC); err != nil {
		err = os.NewSyscallError("pipe2", err)
	}
	return fds, err
}

// pollableFile makes a file of this process's end of a pipe that was opened with
// mode and no other flags. A file in the poller can be closed while a goroutine
// reads from it, and such a goroutine holds no thread. If the descriptor cannot be
// made non-blocking the file works without.
func pollableFile(fd, mode int, name string) *os.File {
	syscall.Syscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_SETFL, uintptr(mode|syscall.O_NONBLOCK))
	return os.NewFile(uintptr(fd), name)
}
