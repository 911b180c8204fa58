// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package api

import (
	"context"
	"os"
	"strconv"
	"testing"
	"time"

	forkexec "forkexec.example/forkexec/go"
)

// TestCancelStorm races the end of contexts with starts: each start either gives a
// process or the context's error, and never leaves a child.
func TestCancelStorm(t *testing.T) {
	clean(t)
	killed, most := 0, 3
	if n, _ := strconv.Atoi(os.Getenv("FORKEXEC_TEST_SLOW")); n > 1 {
		most *= n // a machine so much slower needs more than the last moment for an execve
	}
	for i := 0; i < 400; i++ {
		ctx, cancel := context.WithTimeout(context.Background(), time.Duration(i%40)*5*time.Microsecond)
		p, err := forkexec.Start(ctx, "/bin/true", []string{"true"}, nil, nil)
		if err == nil {
			st, err := p.Wait()
			if err == nil && ctx.Err() != nil && st.String() == "signal: killed" && killed < most {
				killed++ // the context's end met the execve
			} else if err != nil || !st.Success() {
				t.Fatalf("start %d: %v, %v", i, st, err)
			}
		} else if err != context.DeadlineExceeded {
			t.Fatalf("start %d: %v", i, err)
		}
		cancel()
	}
}
