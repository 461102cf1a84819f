"""A language of no people: every marked sentence with accents on all its letters, so
that what is left plain on a page was never marked."""

import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import allauth
import django
import polib

from tests.languages.catalogues import PACKAGES, PARTS, key, template

CODE = "eo"  # one that Django knows, or it would not speak it
PLAIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
ACCENTED = "åƀçđéƒĝĥîĵķļɱñöþǫŕšţûṽŵẋýžÅƁÇĐÉƑĜĤÎĴĶĻṀÑÖÞǪŔŠŢÛṼŴẊÝŽ"
ACCENTS = str.maketrans(PLAIN, ACCENTED)
# Sentences of others that stand on our pages.
OTHERS = (
    *Path(django.__file__).parent.glob("c*/**/locale/en/LC_MESSAGES/django.po"),
    *Path(allauth.__file__).parent.glob("locale/en/LC_MESSAGES/django.po"),
)


def accented(text: str) -> str:
    """Placeholders, tags and code stay."""
    done, at = [], 0
    for part in PARTS.finditer(text):
        done += [text[at : part.start()].translate(ACCENTS), part[0]]
        at = part.end()
    return "".join([*done, text[at:].translate(ACCENTS)])


@cache
def _sentences() -> dict[object, polib.POEntry]:
    files = [template(package) for package in PACKAGES]
    files += [polib.pofile(path.read_text()) for path in OTHERS]
    return {key(entry): entry for file in files for entry in file}


def write(folder: Path) -> None:
    """Into a folder for LOCALE_PATHS."""
    made = polib.POFile()
    made.metadata = {
        "Language": CODE,
        "Content-Type": "text/plain; charset=UTF-8",
        "Plural-Forms": "nplurals=2; plural=(n != 1);",
    }
    for entry in _sentences().values():
        texts = [entry.msgid, *filter(None, [entry.msgid_plural])]
        said = [accented(text) for text in texts]
        plural = dict(enumerate(said)) if entry.msgid_plural else {}
        made.append(
            polib.POEntry(
                msgctxt=entry.msgctxt,
                msgid=entry.msgid,
                msgid_plural=entry.msgid_plural,
                msgstr="" if plural else said[0],
                msgstr_plural=plural,
            )
        )
    path = folder / CODE / "LC_MESSAGES"
    path.mkdir(parents=True)
    made.save_as_mofile(str(path / "django.mo"))


class _Words(HTMLParser):
    """What a page says, to eyes and to screen readers."""

    SAID_BY = ("alt", "title", "aria-label", "placeholder", "content", "data-confirm")
    SILENT = ("script", "style", "code", "pre", "kbd", "svg-title")

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.silent: list[str] = []
        self.other: list[str] = []  # elements in a language of their own, open now

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        void = tag in ("meta", "link", "input", "img", "br", "hr", "source", "use")
        if not void and (self.other or (tag != "html" and known.get("lang"))):
            self.other.append(tag)
        if tag in self.SILENT and not void:
            self.silent.append(tag)
        if self.other or (tag == "meta" and known.get("name") != "description"):
            return
        self.said += [v for name in self.SAID_BY if (v := known.get(name))]

    def handle_endtag(self, tag: str) -> None:
        if self.other and self.other[-1] == tag:
            self.other.pop()
        if self.silent and self.silent[-1] == tag:
            self.silent.pop()

    def handle_data(self, data: str) -> None:
        if data.strip() and not self.silent and not self.other:
            self.said.append(data.strip())


def said_by(html: str) -> list[str]:
    words = _Words()
    words.feed(html)
    return words.said


def unmarked(html: str, names: re.Pattern[str]) -> Iterator[str]:
    """What a page says in plain letters, but for names."""
    for text in said_by(html):
        if re.search("[A-Za-z]{2,}", names.sub("", text)):
            yield text
