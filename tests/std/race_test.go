// SPDX-License-Identifier: BSD-3-Clause

//go:build race

package std

func init() { raceFlag = []string{"-race"} }
