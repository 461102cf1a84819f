"""What a command ends with, for whoever calls it from a program."""

OK = 0
USAGE = 2  # called wrongly: argparse's own
BAD_INPUT = 3  # what was handed in cannot be used
PARTLY = 4  # some of it could not
WORKER_LOST = 5  # another process of the same training is gone: it can be resumed
INTERRUPTED = 130  # 128 and the number of the signal, as shells have it


def of_batch(failed: int, count: int) -> int:
    if not failed:
        return OK
    return BAD_INPUT if failed == count else PARTLY
