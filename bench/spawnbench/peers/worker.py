# SPDX-License-Identifier: BSD-3-Clause
"""The worker of spawnbench for CPython: subprocess.run as users write it.

The protocol is described in bench/README.md.
"""

import os
import subprocess
import sys
from time import perf_counter_ns


def spawn(argv):
    """Runs the program once and returns the nanoseconds it took."""
    start = perf_counter_ns()
    code = subprocess.run(argv).returncode
    ns = perf_counter_ns() - start
    if code != 0:
        sys.exit(f"python: the program ended with {code}")
    return ns


def main():
    """Answers requests until there are no more."""
    argv = sys.argv[1:]
    if not argv:
        sys.exit("usage: worker.py program [argument]...")
    for fd in (3, 4):
        os.set_inheritable(fd, False)
    with os.fdopen(3) as requests, os.fdopen(4, "w") as answers:
        for line in requests:
            count = int(line.split()[1])
            print(*[spawn(argv) for _ in range(count)], file=answers, flush=True)


main()
