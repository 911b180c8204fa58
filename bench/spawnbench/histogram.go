// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"math"
	"math/bits"
)

// A histogram counts values of any size in buckets that grow with the value: 128
// in each octave, so that what it says is off by less than 1/128, and a run of any
// length takes the same memory. The largest value is kept as it is.
type histogram struct {
	counts []int64
	n, max int64
}

const subBits = 7

func bucketOf(v int64) int {
	shift := max(bits.Len64(uint64(v))-subBits-1, 0)
	return shift<<subBits + int(v>>shift)
}

// lowest is the smallest value of a bucket.
func lowest(bucket int) int64 {
	shift := max(bucket>>subBits-1, 0)
	return int64(bucket-shift<<subBits) << shift
}

func (h *histogram) add(v int64) { h.addN(max(v, 0), 1) }

func (h *histogram) addN(v, n int64) {
	b := bucketOf(v)
	for len(h.counts) <= b {
		h.counts = append(h.counts, 0)
	}
	h.counts[b] += n
	h.n += n
	h.max = max(h.max, v)
}

// percentile returns the middle of the bucket in which the value lies that p percent
// do not exceed. It is NaN for none.
func (h *histogram) percentile(p float64) float64 {
	if h == nil || h.n == 0 {
		return math.NaN()
	}
	rank := int64(math.Ceil(p / 100 * float64(h.n)))
	if rank >= h.n {
		return float64(h.max)
	}
	var seen int64
	for b, c := range h.counts {
		if seen += c; seen >= max(rank, 1) {
			middle := float64(lowest(b)+lowest(b+1)-1) / 2
			return min(middle, float64(h.max))
		}
	}
	return float64(h.max)
}

// The JSON form holds the buckets that are not empty: lowest value and count.
type histogramJSON struct {
	Max     int64      `json:"max"`
	Buckets [][2]int64 `json:"buckets"`
}

func (h *histogram) MarshalJSON() ([]byte, error) {
	j := histogramJSON{Max: h.max, Buckets: [][2]int64{}}
	for b, c := range h.counts {
		if c > 0 {
			j.Buckets = append(j.Buckets, [2]int64{lowest(b), c})
		}
	}
	return json.Marshal(j)
}

func (h *histogram) UnmarshalJSON(text []byte) error {
	var j histogramJSON
	if err := json.Unmarshal(text, &j); err != nil {
		return err
	}
	*h = histogram{}
	for _, b := range j.Buckets {
		if b[0] < 0 || b[1] < 0 {
			return fmt.Errorf("bucket %v of a histogram is negative", b)
		}
		h.addN(b[0], b[1])
	}
	h.max = j.Max
	return nil
}
