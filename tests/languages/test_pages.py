"""Every page, walked in a language in which all that is marked has accents, and in
others: nothing on it is left in English.

`ALL_LANGUAGES=1` walks every language in place of one.
"""

import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import polib
import pytest
from django.conf import settings as site
from django.test import Client
from django.utils.translation import trans_real

from labeling.models import User
from tests.browser.test_full_pages import fill
from tests.languages import pseudo
from tests.languages.catalogues import PACKAGES, PLURALS, path_of
from tests.languages.said import said_by
from tests.security.access_table import none, one_of_each
from tests.security.test_access import asked
from tests.security.world import ROLES, World, undone

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("champion"),
    pytest.mark.slow,
]

PEOPLE = ("bystander", "ada", "gail", "victor")
WALKED = [*PLURALS] if os.environ.get("ALL_LANGUAGES") else ["pl"]

# What stays plain in every language: names, addresses, numbers, units and codes, the
# words between the parts of a date in the language that lends its code, and what
# allauth and Django make of the names of their own tables.
NAMES = re.compile(
    r"^\{.*|The database holds no card for|\S*[\d@/_:.…#=*×-]\S*|"
    r"\b(Mien|FER|JSON|CSV|PNG|MB|MiB|ms|UTC|API|de|je|en|new|"
    + "|".join((*ROLES, *PEOPLE, "script", "tiny", "old", "happy"))
    + r"|authenticators?|user|type|id|train|created at|last used at)\b",
    re.IGNORECASE,
)


@pytest.fixture
def accented(tmp_path: Path, settings: Any) -> Iterator[str]:
    """The code of the language with accents."""
    pseudo.write(tmp_path)
    settings.LANGUAGES = [*settings.LANGUAGES, (pseudo.CODE, "Accents")]
    settings.LOCALE_PATHS = [str(tmp_path)]
    _forget()
    yield pseudo.CODE
    _forget()


def _forget() -> None:
    """What Django keeps of the languages that it has."""
    trans_real._translations.clear()
    trans_real.get_languages.cache_clear()
    trans_real._get_supported_language_variant.cache_clear()


def pages(language: str) -> Iterator[tuple[str, str]]:
    """The address and the text of each page, as the first sees it who may."""
    world = World()
    clients: dict[str, Client] = {}
    for route, line in one_of_each():
        if line.by_token:
            continue
        client = clients.setdefault(line.guest, world.client(line.guest))
        client.cookies[site.LANGUAGE_COOKIE_NAME] = language
        with undone(client):
            answer = asked(client, world, route, line.method, line)
        if not answer.streaming and "html" in answer.get("Content-Type", ""):
            assert answer["Content-Language"] == language, route
            yield f"{line.method} /{route}", answer.text


def full_pages(language: str) -> Iterator[tuple[str, str]]:
    addresses = fill()
    client = Client()
    client.force_login(User.objects.get(username="ada"))
    client.cookies[site.LANGUAGE_COOKIE_NAME] = language
    for address in addresses.values():
        yield address, client.get(address).text


@pytest.mark.parametrize("walk", [pages, full_pages])
def test_every_sentence_is_marked(accented: str, walk: Any) -> None:
    none(
        f"{where}: {text}"
        for where, html in walk(accented)
        for text in said_by(html)
        if re.search("[A-Za-z]{2,}", NAMES.sub("", text))
    )


@pytest.mark.parametrize("language", WALKED)
@pytest.mark.parametrize("walk", [pages, full_pages])
def test_no_english_is_left_on_a_page(language: str, walk: Any) -> None:
    english = _english(language)
    none(
        f"{where}: {text}"
        for where, html in walk(language)
        for text in said_by(html)
        if text in english
    )


@cache
def _english(language: str) -> set[str]:
    """Every sentence of two words or more, ours and others', that says something else
    in that language."""
    files = [path_of(package, language) for package in PACKAGES]
    entries = [entry for path in files for entry in polib.pofile(path.read_text())]
    same = {entry.msgid for entry in entries if entry.msgid == entry.msgstr}
    known = {entry.msgid for entry in pseudo.sentences().values()}
    return {text for text in known - same if " " in text.strip()}
