"""Which files of ours a call runs through.

    python -m tests.bench.parts.trail FILE ARGUMENTS…

does what `python -m ml ARGUMENTS…` does, and writes its trail into FILE.
"""

import functools
import inspect
import re
import runpy
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
PACKAGES = ("ml", "labeling", "workers", "webapp", "deploy")
OUTSIDE = re.compile("/django/template/|/logging/")
STARTS_PROGRAM = subprocess.Popen.__init__.__code__

# Module and function: where a path begins. Every command's `handle` is one, too.
entries = {("__main__", "main")}


@contextmanager
def followed() -> Iterator[set[str]]:
    """The files with a function that is called on the path meanwhile."""
    trail: set[str] = set()

    def note(frame: FrameType, event: str, _argument: Any) -> None:
        if event != "call":
            return
        if frame.f_code is STARTS_PROGRAM:
            trail.update(_modules_run_by(frame.f_locals["args"]))
        file = _ours(frame.f_code.co_filename)
        if file and file not in trail and _is_on_path(frame):
            trail.add(file)

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        yield trail
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


@functools.cache
def _ours(name: str) -> str:
    """A file's name from the root on, if it is code of the project's packages."""
    path = Path(name).absolute()
    parts = path.relative_to(ROOT).parts if path.is_relative_to(ROOT) else ("",)
    is_ours = parts[0] in PACKAGES and "migrations" not in parts and path.is_file()
    return "/".join(parts) if is_ours else ""


def _is_on_path(frame: FrameType | None) -> bool:
    while frame is not None:
        if _is_entry(frame):
            return True
        if _is_import(frame) or OUTSIDE.search(frame.f_code.co_filename):
            return False
        frame = frame.f_back
    # A thread was begun by somebody on the path.
    return threading.current_thread() is not threading.main_thread()


def _is_entry(frame: FrameType) -> bool:
    file, name = _ours(frame.f_code.co_filename), frame.f_code.co_name
    is_command = "/management/commands/" in file and name == "handle"
    return is_command or (
        bool(file) and (frame.f_globals.get("__name__"), name) in entries
    )


def _is_import(frame: FrameType) -> bool:
    """The body of a module or a class of ours."""
    is_function = frame.f_code.co_flags & inspect.CO_OPTIMIZED
    return bool(_ours(frame.f_code.co_filename)) and not is_function


def _modules_run_by(command: Sequence[Any]) -> list[str]:
    """Of a command with `-m MODULE` the file of that module, if it is ours."""
    modules = [name for flag, name in pairwise(map(str, command)) if flag == "-m"]
    files = [_ours(f"{ROOT / name.replace('.', '/')}.py") for name in modules]
    return [file for file in files if file]


def main() -> None:
    file, *arguments = sys.argv[1:]
    sys.argv = ["ml", *arguments]
    with followed() as trail:
        try:
            runpy.run_module("ml", run_name="__main__", alter_sys=True)
        finally:
            with Path(file).open("a") as out:
                out.writelines(f"{name}\n" for name in trail)


if __name__ == "__main__":
    main()
