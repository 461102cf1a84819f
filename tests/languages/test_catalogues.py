"""The catalogues as they lie here, and whether their check sees what is wrong."""

from datetime import timedelta
from pathlib import Path

import polib
import pytest
from django.conf import settings
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import ngettext, npgettext, override

from tests.languages import catalogues
from tests.languages.catalogues import PACKAGES, PLURALS, faults_of, path_of

NUMBERS = (0, 1, 2, 3, 4, 5, 11, 12, 14, 21, 22, 25, 101, 111, 112)
# Which form each of them takes.
FORMS = {
    "pt-br": (0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1),
    "es": (1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1),
    "fr": (0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1),
    "pl": (2, 0, 1, 1, 1, 2, 2, 2, 2, 2, 1, 2, 2, 2, 2),
    "ru": (2, 0, 1, 1, 1, 2, 2, 2, 2, 0, 1, 2, 0, 2, 2),
}


def test_every_language_of_the_site_but_english_has_its_catalogues() -> None:
    assert set(dict(settings.LANGUAGES)) == {"en", *PLURALS}
    for package in PACKAGES:
        for language in PLURALS:
            assert path_of(package, language, "mo").exists()


@pytest.mark.parametrize("language", PLURALS)
def test_every_number_takes_the_form_that_its_language_gives_it(language: str) -> None:
    """In the site's own sentences, beside Django's and allauth's catalogues, which
    count otherwise."""
    entries = [
        entry
        for package in PACKAGES
        for entry in polib.pofile(path_of(package, language).read_text())
        if entry.msgid_plural
    ]
    assert len(entries) > 30
    with override(language):
        for entry in entries:
            for number, form in zip(NUMBERS, FORMS[language], strict=True):
                texts = entry.msgid, entry.msgid_plural, number
                context = entry.msgctxt
                said = npgettext(context, *texts) if context else ngettext(*texts)
                assert said == entry.msgstr_plural[form], (entry.msgid, number)


def test_so_do_djangos_own() -> None:
    ago = timezone.now() - timedelta(minutes=22)
    with override("pl"):
        assert timesince(ago) == "22\xa0minuty"
    with override("ru"):
        assert timesince(ago) == "22\xa0минуты"


def entry(msgid: str, msgstr: str, **more: object) -> polib.POEntry:
    return polib.POEntry(msgid=msgid, msgstr=msgstr, **more)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (entry("Save", ""), "is not translated"),
        (entry("Save", "Guardar", flags=["fuzzy"]), "is fuzzy"),
        (entry("Run %(n)s", "Tirada"), "has other placeholders"),
        (entry("{count} of {all}", "{count} de {todo}"), "has other placeholders"),
        (entry("<a href='x'>Go</a>", "Ir"), "has other placeholders"),
        (entry("Sending: ", "Enviando:"), "ends otherwise"),
    ],
)
def test_the_check_sees_what_is_wrong(wrong: polib.POEntry, why: str) -> None:
    assert any(why in fault for fault in faults_of(wrong, "es"))


def test_a_form_that_also_goes_with_21_has_its_number() -> None:
    english = ("One face", "%(count)d faces")
    said = {0: "Одно лицо", 1: "%(count)d лица", 2: "%(count)d лиц"}
    counted = polib.POEntry(
        msgid=english[0], msgid_plural=english[1], msgstr_plural=said
    )
    assert any("placeholders" in fault for fault in faults_of(counted, "ru"))
    said[0] = "%(count)d лицо"
    assert not list(faults_of(counted, "ru"))


def test_the_check_sees_what_was_not_compiled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "django.po"
    path.write_text(path_of("labeling", "es").read_text())
    path.with_suffix(".mo").write_bytes(b"")
    said = polib.pofile(path.read_text())
    monkeypatch.setattr(catalogues, "ROOT", tmp_path)
    monkeypatch.setattr(catalogues, "path_of", lambda *_: path)
    monkeypatch.setattr(catalogues, "template", lambda _: said[1:])
    faults = list(catalogues.faults("labeling", "es"))
    assert "django.po is not what lies compiled beside it" in faults
    assert f"django.po has {said[0].msgid!r} for nothing" in faults
