"""docs/bench.md, or another page: every bench writes the section of its own, and leaves
the rest."""

import re
from pathlib import Path

PAGE = Path(__file__).resolve().parents[3] / "docs" / "bench.md"
HEAD = """# How fast

Written by `make bench`, a section for each file of `tests/bench/`. Figures are of the
machine that they name; measure again before you rely on them.
"""


def write_section(name: str, text: str, *, page: Path | None = None) -> None:
    page = page or PAGE
    whole = page.read_text() if page.exists() else HEAD
    section = f"<!-- {name} -->\n{text.strip()}\n<!-- end of {name} -->\n"
    former = re.compile(
        rf"<!-- {re.escape(name)} -->\n.*?<!-- end of {re.escape(name)} -->\n", re.S
    )
    if former.search(whole):
        whole = former.sub(lambda _match: section, whole)
    else:
        whole = f"{whole.rstrip()}\n\n{section}"
    page.write_text(whole)


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
