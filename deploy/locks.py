"""`python -m deploy.locks make | check | audit`: what is installed, pinned with hashes.

requirements.txt says what Mien wants, the lock files what it gets: the same for every
machine, Python 3.11 to 3.13, with no registry's address in them. The web image has a
list of its own, without what only training needs.
"""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WANTED = ROOT / "requirements.txt"
ALL, WEB = ROOT / "requirements.lock", ROOT / "requirements-web.lock"
TRAINING = "# --- training"  # below it stands what the web image leaves out
COMPILE = (
    *("pip", "compile", "-", "--quiet", "--universal", "--python-version", "3.11"),
    *("--generate-hashes", "--no-header", "--no-annotate"),
    *("--no-emit-index-url", "--no-emit-find-links"),
)


def make() -> int:
    wanted = WANTED.read_text()
    _compile(wanted, ALL)
    # The same versions as with training.
    _compile(wanted.partition(TRAINING)[0], WEB, "--constraint", ALL.name)
    for lock in (ALL, WEB):
        lock.write_text(_first_line() + lock.read_text())
    return 0


def check() -> int:
    """Whether the lock files are of these very requirements."""
    old = [lock for lock in (ALL, WEB) if not _is_of_today(lock)]
    for lock in old:
        print(f"{lock.name} is older than {WANTED.name}: make lock", file=sys.stderr)
    return len(old)


def audit() -> int:
    """Known holes in the pinned versions: 1 if there are any, 2 when not all of them
    could be asked about, for then nothing is known."""
    command = [sys.executable, "-m", "pip_audit", "--progress-spinner", "off"]
    command += ["--format", "json", "--disable-pip", "--require-hashes"]
    asked = subprocess.run(
        [*command, "-r", ALL.name], cwd=ROOT, capture_output=True, text=True
    )
    return told(asked.stdout, asked.stderr)


def told(answer: str, complaint: str) -> int:
    """Say what pip-audit found."""
    try:
        pinned = json.loads(answer)["dependencies"]
    except (ValueError, KeyError):
        last = (complaint.strip().splitlines() or ["no reason given"])[-1]
        print(f"NOT audited, the database of holes was not reached: {last}")
        return 2
    holes = [(one, hole) for one in pinned for hole in one.get("vulns", [])]
    for one, hole in holes:
        better = ", ".join(hole["fix_versions"]) or "no version yet"
        print(f"{one['name']} {one['version']}: {hole['id']}; mended in {better}")
    unknown = [one["name"] for one in pinned if "skip_reason" in one]
    if unknown:
        print(
            f"NOT audited: of {len(pinned)} pinned packages the database of holes did "
            f"not tell of {len(unknown)} ({', '.join(unknown[:5])} …). Was it reached?"
        )
    elif not holes:
        print(f"{len(pinned)} pinned packages, none with a known hole.")
    return 1 if holes else 2 if unknown else 0


def _compile(wanted: str, lock: Path, *more: str) -> None:
    command = [sys.executable, "-m", "uv", *COMPILE, *more, "--output-file", lock.name]
    subprocess.run(command, cwd=ROOT, check=True, input=wanted, text=True)


def _first_line() -> str:
    sha256 = hashlib.sha256(WANTED.read_bytes()).hexdigest()
    return f"# By `make lock` of requirements.txt {sha256}\n"


def _is_of_today(lock: Path) -> bool:
    return lock.exists() and lock.read_text().startswith(_first_line())


if __name__ == "__main__":
    sys.exit({"make": make, "check": check, "audit": audit}[sys.argv[1]]())
