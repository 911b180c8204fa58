# SPDX-License-Identifier: BSD-3-Clause
"""The worker of spawnbench for CPython: subprocess.run as users write it.

The protocol is described in bench/INTERNALS.md.
"""

import os
import resource
import stat
import subprocess
import sys
from time import perf_counter_ns

STDIN_IS_FILE = stat.S_ISREG(os.fstat(0).st_mode)
COLD = 5  # the first starts of a request are made but not counted


def spawn(argv):
    """Runs the program once and returns the nanoseconds it took."""
    if STDIN_IS_FILE:
        os.lseek(0, 0, os.SEEK_SET)  # each start reads it from the begin
    start = perf_counter_ns()
    code = subprocess.run(argv).returncode
    ns = perf_counter_ns() - start
    if code != 0:
        sys.exit(f"python: the program ended with {code}")
    return ns


def usage(before, after, n):
    """Words for what n starts have cost this process."""
    user = (after.ru_utime - before.ru_utime) * 1e6
    system = (after.ru_stime - before.ru_stime) * 1e6
    return (
        f"vol-switches/op={(after.ru_nvcsw - before.ru_nvcsw) / n:.4f} "
        f"invol-switches/op={(after.ru_nivcsw - before.ru_nivcsw) / n:.4f} "
        f"faults/op={(after.ru_minflt - before.ru_minflt) / n:.3f} "
        f"user-us/op={user / n:.3f} cpu-us/op={(user + system) / n:.3f}"
    )


def serve(argv, count):
    """Starts the program count times and returns the words of the answer."""
    words = [spawn(argv) for _ in range(min(count, COLD))]
    before = resource.getrusage(resource.RUSAGE_SELF)
    words += [spawn(argv) for _ in range(count - COLD)]
    after = resource.getrusage(resource.RUSAGE_SELF)
    if count > COLD:
        words.append(usage(before, after, count - COLD))
    return words


def main():
    """Answers requests until there are no more."""
    argv = sys.argv[1:]
    if not argv:
        sys.exit("usage: worker.py program [argument]...")
    for fd in (3, 4):
        os.set_inheritable(fd, False)
    with os.fdopen(3) as requests, os.fdopen(4, "w") as answers:
        for line in requests:
            print(*serve(argv, int(line.split()[1])), file=answers, flush=True)


main()
