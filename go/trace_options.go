// SPDX-License-Identifier: BSD-3-Clause

package forkexec

import (
	"fmt"
	"strings"
	"time"
)

// A Trace is what a start consisted of: see [Options].
type Trace struct {
	Begin time.Time     // of the first step
	Took  time.Duration // until the child was seen to run its program, or a step failed
	// Steps are in the order in which they were taken. The first two are the parent's:
	// StepRequest is all that comes before the clone, StepClone lasts until the child runs.
	// The last one is the execve, or what has failed.
	Steps []StepTime
}

// A StepTime is one step of a [Trace].
type StepTime struct {
	Step   Step
	Detail int64         // as in [Error]
	Object string        // as in [Error]: the same in words, also of a step that has not failed
	Calls  int           // how many system calls are in this entry; Detail is that of the first
	Begin  time.Duration // since Trace.Begin
	Took   time.Duration // until the next step began
}

// String returns a table of the steps: when each began, how long it took, its name and its Object.
func (t *Trace) String() string {
	var b strings.Builder
	for _, s := range t.Steps {
		fmt.Fprintf(&b, "%10.1f µs  +%10.1f µs  %s", micros(s.Begin), micros(s.Took), s.Step.word())
		if s.Object != "" {
			b.WriteString(" " + s.Object)
		}
		if s.Calls > 1 {
			fmt.Fprintf(&b, " (%d calls)", s.Calls)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// word is the name of a step, or the number of one that has none.
func (s Step) word() string {
	if s.known() {
		return stepTable[s].name
	}
	return fmt.Sprintf("step %d", uint32(s))
}
