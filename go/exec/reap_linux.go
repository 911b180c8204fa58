// SPDX-License-Identifier: BSD-3-Clause

//go:build !android

package exec

import (
	"os"
	"sync/atomic"

	forkexec "forkexec.example/forkexec/go"
	"forkexec.example/forkexec/go/internal/pidwait"
)

// maxBlocked is how many waits hold a thread each. A blocked thread is woken some
// 8 % sooner than a goroutine that the poller has to find, so a program with a
// few children has that, and one with thousands has four threads more.
const maxBlocked = 4

var blocked atomic.Int32

// reap waits for p, if it has not ended, and returns its state.
func reap(p *os.Process, ended bool) (*os.ProcessState, error) {
	if ended || forkexec.Implementation() == "stdlib" {
		return p.Wait()
	}
	if blocked.Add(1) > maxBlocked {
		blocked.Add(-1)
		pidwait.Park(p)
		return p.Wait()
	}
	defer blocked.Add(-1)
	return p.Wait()
}
