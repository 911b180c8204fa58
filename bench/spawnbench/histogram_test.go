// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"encoding/json"
	"math"
	"math/rand"
	"reflect"
	"testing"
)

func TestBuckets(t *testing.T) {
	last := -1
	for v := int64(0); v < 1<<20; v++ {
		b := bucketOf(v)
		if b != last && b != last+1 {
			t.Fatalf("bucket %d after %d at %d", b, last, v)
		}
		if b != last && lowest(b) != v {
			t.Fatalf("bucket %d begins with %d, not %d", b, v, lowest(b))
		}
		last = b
	}
	for _, v := range []int64{0, 1, 127, 128, 1e6, 1e9, 1 << 40, math.MaxInt64} {
		low := lowest(bucketOf(v))
		if v < low || v-low > v>>subBits {
			t.Errorf("%d lies in a bucket that begins with %d", v, low)
		}
	}
}

// What a histogram says must be what the values themselves say, but for its buckets'
// width.
func TestHistogramPercentiles(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	h := new(histogram)
	var values []int64
	for range 20000 {
		v := int64(40e3 * math.Exp(random.NormFloat64()))
		values = append(values, v)
		h.add(v)
	}
	values = sorted(values)
	for _, p := range []float64{0, 1, 50, 90, 99, 99.9} {
		got, want := h.percentile(p), percentile(values, p)
		if math.Abs(got-want) > want/50 { // they choose differently between two values far apart
			t.Errorf("p%v = %v, want %v", p, got, want)
		}
	}
	if got, want := h.percentile(100), values[len(values)-1]; got != float64(want) || h.max != want {
		t.Errorf("largest: %v and %v, want %v exactly", got, h.max, want)
	}
}

func TestHistogramEdges(t *testing.T) {
	var none *histogram
	if got := none.percentile(50); !math.IsNaN(got) {
		t.Errorf("median of no histogram = %v", got)
	}
	h := new(histogram)
	if got := h.percentile(50); !math.IsNaN(got) {
		t.Errorf("median of nothing = %v", got)
	}
	h.add(-5) // a clock that goes back
	h.add(1000)
	if h.percentile(50) != 0 || h.percentile(90) != 1000 {
		t.Errorf("p50 %v, p90 %v, want 0 and 1000", h.percentile(50), h.percentile(90))
	}
}

func TestHistogramJSON(t *testing.T) {
	h, back := new(histogram), new(histogram)
	for _, v := range []int64{0, 3, 3, 70000, 70001, 1 << 33} {
		h.add(v)
	}
	text, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, back); err != nil || !reflect.DeepEqual(h, back) {
		t.Errorf("%v: %s became %+v, want %+v", err, text, back, h)
	}
	if err := json.Unmarshal([]byte(`{"max":1,"buckets":[[-1,1]]}`), back); err == nil {
		t.Error("a negative value is accepted")
	}
}
