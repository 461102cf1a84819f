"""What people are told before the first look at them: AI Act, Article 50(3).

A site for one machine tells it in a line; one that others reach names who answers for
it and waits for a yes. Change a sentence and make a new version: add it to TEXTS, and
every browser is told again. So it is when the controller states something else.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from labeling import controller

VERSION = "2026-11-28"


@dataclass(frozen=True)
class Text:
    line: Promise  # at each door of one's own machine
    what: Promise
    who: Promise  # only where others are the visitors
    where: Promise


TEXTS: Mapping[str, Text] = {
    "2026-11-28": Text(
        line=_(
            "A program looks at every face in the picture, other people's too: tell "
            "them first."
        ),
        what=_(
            "A program finds every face in your picture and guesses which of seven "
            "expressions it shows."
        ),
        who=_("%(name)s runs this site, for %(purpose)s."),
        where=_(
            "Pictures go to this site and are forgotten at once; a face is kept only "
            "if you give it. Other people in the picture are looked at too: tell them "
            "first."
        ),
    )
}


def version() -> str:
    """Of the text together with what the controller states in it."""
    stated = controller.stated()
    if stated is None:
        return VERSION
    said = f"{stated.name}\n{stated.purpose}\n{stated.minimum_age}"
    return f"{VERSION}.{hashlib.sha256(said.encode()).hexdigest()[:8]}"


def line() -> str:
    return str(TEXTS[VERSION].line)


def paragraph() -> str:
    """The whole notice: what is done, by whom, where pictures go, who else is seen."""
    text, stated = TEXTS[VERSION], controller.stated()
    parts = [str(text.what), str(text.where)]
    if stated:
        purpose = str(stated.purpose_in_words)
        parts.insert(1, str(text.who) % {"name": stated.name, "purpose": purpose})
    return " ".join(parts)
