// SPDX-License-Identifier: BSD-3-Clause

package exec

import (
	"bytes"
	"fmt"
	"io"
	"testing"
	"testing/iotest"
)

// TestExcerpt feeds the same bytes in different portions: the result depends on
// the bytes only.
func TestExcerpt(t *testing.T) {
	const limit = 4
	all := []byte("abcdefghijklmnopqrstuvwxyz")
	for size := 0; size <= len(all); size++ {
		want := string(all[:size])
		if lost := size - 2*limit; lost > 0 {
			want = fmt.Sprintf("%s\n... omitting %d bytes ...\n%s", all[:limit], lost, all[size-limit:size])
		}
		for portion := 1; portion <= max(size, 1); portion++ {
			e := &excerpt{limit: limit}
			for rest := all[:size]; len(rest) > 0; {
				p := rest[:min(portion, len(rest))]
				rest = rest[len(p):]
				if n, err := e.Write(p); n != len(p) || err != nil {
					t.Fatalf("Write of %d bytes: %d, %v", len(p), n, err)
				}
			}
			if got := string(e.text()); got != want {
				t.Errorf("%d bytes by %d: %q, want %q", size, portion, got, want)
			}
		}
	}
}

// TestExcerptReadFrom gives it more than its buffers hold, and an error.
func TestExcerptReadFrom(t *testing.T) {
	all := bytes.Repeat([]byte("0123456789abcde\n"), 10000)
	a, b := &excerpt{limit: excerptSize}, &excerpt{limit: excerptSize}
	if n, err := a.ReadFrom(iotest.DataErrReader(bytes.NewReader(all))); n != int64(len(all)) || err != nil {
		t.Errorf("ReadFrom: %d, %v", n, err)
	}
	if _, err := b.Write(all); err != nil {
		t.Error(err)
	}
	if !bytes.Equal(a.text(), b.text()) {
		t.Error("ReadFrom and Write keep different bytes")
	}
	if n, err := a.ReadFrom(iotest.ErrReader(io.ErrClosedPipe)); n != 0 || err != io.ErrClosedPipe {
		t.Errorf("ReadFrom: %d, %v", n, err)
	}
}

// TestExcerptGivesCopies writes from a buffer that is used again.
func TestExcerptGivesCopies(t *testing.T) {
	e := &excerpt{limit: 3}
	b := []byte("abcdef")
	if _, err := e.Write(b); err != nil {
		t.Fatal(err)
	}
	copy(b, "......")
	if got := e.text(); !bytes.Equal(got, []byte("abcdef")) {
		t.Errorf("%q", got)
	}
}
