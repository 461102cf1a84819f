"""The catalogues of the languages: what they have to hold, and what is wrong in them.

Sentences are found by Django's `makemessages`, which takes GNU gettext, in a copy of
the sources, and each catalogue is then brought up to date here: no sentence is guessed
from one that resembles it.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

import polib

ROOT = Path(__file__).parents[2]
# Where the catalogues lie, and whose sentences are in them.
PACKAGES: Mapping[str, Sequence[str]] = {
    "webapp": ("webapp", "workers"),
    "labeling": ("labeling",),
}
# Whole numbers only; a fraction takes the last form. In Polish and Russian the forms
# are those of 1, 2 and 5.
PLURALS = {
    "pt-br": "nplurals=2; plural=(n > 1);",
    "es": "nplurals=2; plural=(n != 1);",
    "fr": "nplurals=2; plural=(n > 1);",
    "pl": (
        "nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) "
        "? 1 : 2);"
    ),
    "ru": (
        "nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && "
        "(n%100<12 || n%100>14) ? 1 : 2);"
    ),
}
# Where the first form is also that of 21: the number has to stand in it.
FIRST_FORM_HAS_MANY = ("ru",)
SOURCES = (".py", ".html", ".txt", ".md")
PARTS = re.compile(
    r"%\(\w+\)[sd]|(?<!%)%[sd]|%%|\{\w*\}|</?[a-z]+\b[^>]*>|`[^`]+`|\n|\|"
)

Key = tuple[str | None, str, str]


def key(entry: polib.POEntry) -> Key:
    return entry.msgctxt, entry.msgid, entry.msgid_plural


def path_of(package: str, language: str, kind: str = "po") -> Path:
    locale = language.split("-")
    folder = "_".join([locale[0], *(part.upper() for part in locale[1:])])
    return ROOT / package / "locale" / folder / "LC_MESSAGES" / f"django.{kind}"


@cache
def template(package: str) -> polib.POFile:
    """Every marked sentence of a package, without translations."""
    if shutil.which("xgettext") is None:
        raise SystemExit("Sentences are found by GNU gettext: apt install gettext")
    with tempfile.TemporaryDirectory() as folder:
        for name in PACKAGES[package]:
            _copy_sources(ROOT / name, Path(folder, name))
        Path(folder, "locale").mkdir()
        command = [sys.executable, "-m", "django", "makemessages", "--locale", "en"]
        extensions = ",".join(kind[1:] for kind in SOURCES)
        options = ["--keep-pot", "--add-location", "file", "--extension", extensions]
        subprocess.run(
            [*command, *options],
            cwd=folder,
            check=True,
            capture_output=True,
            env={k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"},
        )
        return polib.pofile((Path(folder) / "locale" / "django.pot").read_text())


def _copy_sources(source: Path, target: Path) -> None:
    for path in sorted(source.rglob("*")):
        if path.suffix in SOURCES and "migrations" not in path.parts:
            copy = target / path.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)


def bring_up_to_date(package: str, language: str, said: Mapping[Key, object]) -> None:
    """Write both files of a catalogue. `said`: translations that are new or better, a
    text or a list of plural forms."""
    path = path_of(package, language)
    old = polib.pofile(path.read_text()) if path.exists() else polib.POFile()
    known: dict[Key, object] = {
        key(e): [e.msgstr_plural[n] for n in sorted(e.msgstr_plural)] or e.msgstr
        for e in old
    } | dict(said)
    new = polib.POFile(wrapwidth=88)
    new.metadata = {
        "Project-Id-Version": "Mien",
        "Language": path.parts[-3],
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": PLURALS[language],
    }
    for entry in template(package):
        new.append(_filled(entry, known.get(key(entry)), forms(language)))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(str(new))
    path.with_suffix(".mo").write_bytes(new.to_binary())


def _filled(entry: polib.POEntry, said: object, count: int) -> polib.POEntry:
    filled = polib.POEntry(
        msgctxt=entry.msgctxt,
        msgid=entry.msgid,
        msgid_plural=entry.msgid_plural,
        comment=entry.comment,
        occurrences=entry.occurrences,
        flags=[flag for flag in entry.flags if flag != "fuzzy"],
    )
    if entry.msgid_plural:
        texts = list(said) if isinstance(said, list) else []
        texts = (texts + [""] * count)[:count]
        filled.msgstr_plural = dict(enumerate(texts))
    elif isinstance(said, str):
        filled.msgstr = said
    return filled


def forms(language: str) -> int:
    return int(PLURALS[language].split("nplurals=")[1][0])


def faults(package: str, language: str) -> Iterator[str]:
    """What is wrong in one catalogue, a line each."""
    path = path_of(package, language)
    name = path.relative_to(ROOT)
    if not path.exists():
        yield f"{name} is not there"
        return
    said = polib.pofile(path.read_text())
    compiled = path.with_suffix(".mo")
    if not compiled.exists() or compiled.read_bytes() != said.to_binary():
        yield f"{name} is not what lies compiled beside it"
    if said.metadata.get("Plural-Forms") != PLURALS[language]:
        yield f"{name} has other plural forms than {PLURALS[language]}"
    wanted, found = {key(e) for e in template(package)}, {key(e) for e in said}
    yield from (f"{name} lacks {text!r}" for _c, text, _p in wanted - found)
    yield from (f"{name} has {text!r} for nothing" for _c, text, _p in found - wanted)
    for entry in said:
        for why in faults_of(entry, language):
            yield f"{name}: {entry.msgid!r} {why}"


def faults_of(entry: polib.POEntry, language: str) -> Iterator[str]:
    if entry.fuzzy or entry.obsolete:
        yield "is fuzzy or obsolete"
    if not entry.msgid_plural:
        yield from _text_faults(entry.msgstr, [entry.msgid])
        return
    texts = [entry.msgstr_plural.get(n, "") for n in range(forms(language))]
    if len(entry.msgstr_plural) != forms(language):
        yield f"has {len(entry.msgstr_plural)} forms"
    first = [entry.msgid, entry.msgid_plural]
    if language in FIRST_FORM_HAS_MANY:
        first = [entry.msgid_plural]
    yield from _text_faults(texts[0], first)
    for text in texts[1:]:
        yield from _text_faults(text, [entry.msgid_plural])


def _text_faults(text: str, likes: Sequence[str]) -> Iterator[str]:
    if not text.strip():
        yield "is not translated"
    elif parts(text) not in [parts(like) for like in likes]:
        yield f"has other placeholders or marks in {text!r}"
    # French has a no-break space before a colon.
    if text.lstrip("\u00a0")[:1].isspace() != likes[0][:1].isspace():
        yield f"begins otherwise: {text!r}"
    if text[-1:].isspace() != likes[0][-1:].isspace():
        yield f"ends otherwise: {text!r}"


def parts(text: str) -> list[str]:
    """What a translation takes over as it is: placeholders, marks, code, line ends."""
    return sorted(set(PARTS.findall(text)))
