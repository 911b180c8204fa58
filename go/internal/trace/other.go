// SPDX-License-Identifier: BSD-3-Clause

//go:build !linux || android

// Package trace is for Linux. Elsewhere there are its sources only, for forkexec-overlay.
package trace
