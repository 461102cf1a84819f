"""`python -m deploy.licences make | check`: docs/licences.md, of what is installed."""

import re
import sys
from importlib.metadata import PackageNotFoundError, metadata

from deploy.locks import ALL, ROOT, WEB

PAGE = ROOT / "docs" / "licences.md"
PINNED = re.compile(r"^([\w.-]+)==(\S+)", re.MULTILINE)
MARK = "<!-- below: made by `make lock` -->\n"
LONGEST = (
    60  # characters; who pastes a whole licence into the field gets its first line
)


def make() -> int:
    written_by_hand = PAGE.read_text().partition(MARK)[0]
    PAGE.write_text(written_by_hand + MARK + _table())
    return 0


def check() -> int:
    """Whether the page names all that is pinned, by version."""
    said = PAGE.read_text()
    pinned = PINNED.findall(ALL.read_text())
    missing = [
        name for name, version in pinned if f"| {name} | {version} |" not in said
    ]
    for name in missing:
        print(f"{PAGE.name} does not name {name}: make lock", file=sys.stderr)
    return len(missing)


def _table() -> str:
    in_web = dict(PINNED.findall(WEB.read_text()))
    lines = ["\n| package | version | licence | in |\n|---|---|---|---|\n"]
    for name, version in PINNED.findall(ALL.read_text()):
        where = "both images" if name in in_web else "worker"
        lines.append(f"| {name} | {version} | {licence_of(name)} | {where} |\n")
    return "".join(lines)


def licence_of(name: str) -> str:
    """By the package's own word."""
    try:
        told = metadata(name)
    except PackageNotFoundError:
        return "(installed on other systems only)"
    if "License-Expression" in told:
        return told["License-Expression"]
    prefix = "License :: "
    found = [c for c in told.get_all("Classifier", []) if c.startswith(prefix)]
    names = {c.rpartition(" :: ")[2] for c in found} - {"OSI Approved"}
    field = told["License"].strip().splitlines() if "License" in told else []
    return ", ".join(sorted(names)) or (field[0][:LONGEST] if field else "not said")


if __name__ == "__main__":
    sys.exit({"make": make, "check": check}[sys.argv[1]]())
