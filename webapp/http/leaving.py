"""A web host that is about to end says so at /health, so that a balancer sends it no
more requests, and serves on for a while (LEAVE_SECONDS)."""

_is_leaving = False


def begin() -> None:
    global _is_leaving
    _is_leaving = True


def is_leaving() -> bool:
    return _is_leaving
