"""Papers are written as Markdown templates; this makes HTML of them. Markup that a
person has typed into a name or a reason stays text, and links lead to the web alone."""

import re

from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

_READER = MarkdownIt("commonmark", {"html": False}).enable("table")
_MARKS = re.compile(r"([\\`*_\[\]#!|<>~])")


def to_html(text: str) -> SafeString:
    html: str = _READER.render(text)
    return mark_safe(html)  # noqa: S308 (raw HTML in it is escaped)


def literal(text: object) -> str:
    """What somebody typed, so that it says in a paper just what it says: one line,
    without any markup."""
    return _MARKS.sub(r"\\\1", " ".join(str(text).split()))
