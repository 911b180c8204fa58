// SPDX-License-Identifier: BSD-3-Clause

// For the function without a body in file.go.
