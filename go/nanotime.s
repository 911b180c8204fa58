// SPDX-License-Identifier: BSD-3-Clause

// Empty: functions without a body, as nanotime, need an assembler file in their package.
