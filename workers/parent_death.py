"""Programs that end when their parent does, however it dies (Linux's parent-death
signal).

`python -m workers.parent_death PARENT COMMAND…` becomes COMMAND and is killed as soon
as the process PARENT is gone. A worker starts its trainings that way, because
`preexec_fn` is not safe beside threads. It imports almost nothing.
"""

import ctypes
import os
import signal
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)  # here, for nothing may be loaded between fork and exec


def end_with_parent(parent: int, last_signal: signal.Signals) -> None:
    """Have the kernel send us `last_signal` when our parent is gone.

    `parent`: its process id; should it be gone already, we end at once. For
    `Popen(preexec_fn=…)` too: that runs after the child changed its user, which would
    undo it.
    """
    _libc.prctl(PR_SET_PDEATHSIG, last_signal)
    if os.getppid() != parent:
        os._exit(1)


def main() -> None:
    parent, command = int(sys.argv[1]), sys.argv[2:]
    end_with_parent(parent, signal.SIGKILL)
    try:
        # Should memory run out, the kernel takes this process rather than the database.
        Path("/proc/self/oom_score_adj").write_text("800")
        os.nice(5)
    except OSError:
        pass  # where it is not allowed, it is not needed
    os.execvp(command[0], command)  # noqa: S606 (our own command, as a list)


if __name__ == "__main__":
    main()
