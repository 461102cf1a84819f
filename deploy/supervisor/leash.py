"""A child on a leash dies with its parent, however the parent dies."""

import ctypes
import os
import signal
from collections.abc import Callable

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def leash(stop_signal: signal.Signals) -> Callable[[], None]:
    """For `Popen(preexec_fn=…)`: the kernel sends `stop_signal` when we are gone.

    It runs after the child changed its user, which would take the leash off again.
    """
    parent = os.getpid()

    def hold() -> None:
        follow_parent(stop_signal)
        if os.getppid() != parent:  # We died before the leash was on.
            os._exit(1)

    return hold


def follow_parent(stop_signal: signal.Signals) -> None:
    _libc.prctl(PR_SET_PDEATHSIG, stop_signal)
