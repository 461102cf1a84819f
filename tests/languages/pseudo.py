"""A language of no people: every marked sentence with accents on all its letters, so
that what is left plain on a page was never marked."""

from functools import cache
from pathlib import Path

import allauth
import django
import polib

from tests.languages.catalogues import PACKAGES, PARTS, key, path_of

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
def sentences() -> dict[object, polib.POEntry]:
    ours = [path_of(package, "es") for package in PACKAGES]
    files = [polib.pofile(path.read_text()) for path in (*ours, *OTHERS)]
    return {key(entry): entry for file in files for entry in file}


def write(folder: Path) -> None:
    """Into a folder for LOCALE_PATHS."""
    made = polib.POFile()
    made.metadata = {
        "Language": CODE,
        "Content-Type": "text/plain; charset=UTF-8",
        "Plural-Forms": "nplurals=2; plural=(n != 1);",
    }
    for entry in sentences().values():
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
