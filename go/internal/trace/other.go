// SPDX-License-Identifier: BSD-3-Clause

//go:build !linux || android

// Package trace is for Linux.
package trace
