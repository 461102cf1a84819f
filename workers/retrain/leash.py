"""`python -m workers.retrain.leash PARENT COMMAND…`: run a command that dies with its
parent.

The worker may be killed without a word; the kernel then kills the child, so that no
training goes on that nobody reads. Between worker and child, because `preexec_fn` is
not safe beside threads. Should memory run out, the kernel is told to take this child
rather than the database.
"""

import ctypes
import os
import signal
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1


def main() -> None:
    parent, command = int(sys.argv[1]), sys.argv[2:]
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit("the worker is gone")
    try:
        Path("/proc/self/oom_score_adj").write_text("800")
        os.nice(5)
    except OSError:
        pass  # where it is not allowed, it is not needed
    os.execvp(command[0], command)  # noqa: S606 (our own command, as a list)


main()
