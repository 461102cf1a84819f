"""docs/bench.md: every bench writes the section of its own, and leaves the others."""

import re
from pathlib import Path

PAGE = Path(__file__).resolve().parents[3] / "docs" / "bench.md"
HEAD = """# How fast

Written by `make bench`, a section for each file of `tests/bench/`. Figures are of the
machine that they name; measure again before you rely on them.
"""


def write_section(name: str, text: str) -> None:
    page = PAGE.read_text() if PAGE.exists() else HEAD
    section = f"<!-- {name} -->\n{text.strip()}\n<!-- end of {name} -->\n"
    former = re.compile(
        rf"<!-- {re.escape(name)} -->\n.*?<!-- end of {re.escape(name)} -->\n", re.S
    )
    if former.search(page):
        page = former.sub(lambda _match: section, page)
    else:
        page = f"{page.rstrip()}\n\n{section}"
    PAGE.write_text(page)


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
