"""What givers agree to. Each text that ever stood on the page stays here, by version.

Change a sentence and you make a new version: add it, never edit an old one. Its
translations count as the same version, and the language is kept beside it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import get_language, override
from django.utils.translation import gettext_lazy as _

from labeling.errors import Refused


@dataclass(frozen=True)
class Consent:
    """What one giver agreed to: to which text, read in which language."""

    version: str
    language: str
    may_be_seen: bool = False
    may_be_released: bool = False

    def __post_init__(self) -> None:
        said: tuple[object, object] = (self.may_be_seen, self.may_be_released)
        if not all(isinstance(word, bool) for word in said):
            raise TypeError("Consent is true or false, and never guessed.")


@dataclass(frozen=True)
class Text:
    """`keep` and `adult` are required, the other two are free to choose."""

    keep: "str | Promise"
    adult: "str | Promise"
    seen: "str | Promise"
    released: "str | Promise"
    language: str = ""  # in which it stands on a page

    @property
    def sentences(self) -> "tuple[str | Promise, ...]":
        return self.keep, self.adult, self.seen, self.released

    @property
    def agree(self) -> str:
        """Both that are required, as one sentence after the other."""
        return f"{self.keep} {self.adult}"


VERSION = "2026-12"
# Who agreed to one of these knows that a model may go to visitors' browsers.
NAMES_DEVICES = ("2026-12",)
IMPORTED = "import"

TEXTS: Mapping[str, Text] = {
    "2026-11": Text(
        keep=_(
            "Keep this face, cropped as shown, and train the model with it. "
            "I can take it back at any time."
        ),
        adult=_(
            "I am an adult, and this is my face or I have the permission of the adult "
            "it belongs to."
        ),
        seen=_("Other people may see this face, to say what it shows."),
        released=_(
            "This face may be part of a dataset that anyone can download. "
            "Copies that others took cannot be called back."
        ),
    ),
    "2026-11-28": Text(
        keep=_(
            "Mien may keep this face, cropped as shown, and learn from it. "
            "I can take it back at any time."
        ),
        adult=_("I am an adult. This is my face, or the adult it belongs to said yes."),
        seen=_("Other people may see this face and vote on what it shows."),
        released=_(
            "This face may be in a data set that anyone can download. "
            "Copies that others took cannot be called back."
        ),
    ),
    "2026-12": Text(
        keep=_(
            "Mien may keep this face, cropped as shown, and learn from it. What Mien "
            "learned, never the face, may go to visitors' browsers. "
            "I can take the face back at any time."
        ),
        adult=_("I am an adult. This is my face, or the adult it belongs to said yes."),
        seen=_("Other people may see this face and vote on what it shows."),
        released=_(
            "This face may be in a data set that anyone can download. "
            "Copies that others took cannot be called back."
        ),
    ),
}


def shown(version: str = VERSION) -> Text:
    """A text as it stands on a page: in the reader's language where all of it is
    translated, else all of it in English. That is what is agreed to, and kept."""
    english, spoken = _in("en", version), _in(get_language() or "en", version)
    is_whole = not set(spoken.sentences) & set(english.sentences)
    return spoken if is_whole else english


def _in(language: str, version: str) -> Text:
    with override(language):
        keep, adult, seen, released = map(str, TEXTS[version].sentences)
    return Text(keep, adult, seen, released, language)


def given(*, may_be_seen: bool = False, may_be_released: bool = False) -> Consent:
    """Consent to today's text, in the language of whoever reads it now."""
    return Consent(VERSION, shown().language, may_be_seen, may_be_released)


def for_import(*, may_be_seen: bool = False, may_be_released: bool = False) -> Consent:
    """Given elsewhere, to another text: the basis that the importer names stands in."""
    return Consent(IMPORTED, "", may_be_seen, may_be_released)


def text_of(version: str) -> Text | None:
    """What stood on the page then; None for an import."""
    return TEXTS.get(version)


def check(consent: Consent | None, *, basis: str = "") -> Consent:
    """Refuse consent that is missing, or that was given to no text of ours."""
    if consent and consent.version == IMPORTED and basis.strip():
        return consent
    if consent is None:
        raise Refused(
            "consent_missing",
            _("Please agree that we may keep this face."),
            field="keep",
        )
    if consent.version not in TEXTS:
        raise Refused(
            "consent_unknown",
            _("This consent text is not known here. Please read today's and agree."),
            field="keep",
        )
    return consent
