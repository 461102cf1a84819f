"""Durations, large numbers, and sentences with a count in them, as people say them."""

import re
from collections.abc import Callable

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from labeling.db import COUNTED_UP_TO
from labeling.figures import number

# A number of each kind that a language may count in: `Intl.PluralRules` names them.
COUNTS = {"one": 1, "few": 3, "many": 5, "other": 5}
EPOCH = re.compile(r"Training: epoch (?P<epoch>\d+) of (?P<epochs>\d+)\.")


def rough(seconds: float | None) -> str:
    """Half a minute is enough precision for whoever waits."""
    if seconds is None:
        return ""
    if seconds < 10:
        return _("a few seconds")
    if seconds < 90:
        whole = round(seconds / 5) * 5
        return ngettext("%(n)s second", "%(n)s seconds", whole) % {"n": whole}
    minutes = round(seconds / 60)
    if minutes < 90:
        return ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes}
    hours = round(seconds / 3600, 1)
    return _("%(n)s hours") % {"n": number(hours, 1 if hours % 1 else 0)}


def by_count(sentence: Callable[[int], str]) -> dict[str, str]:
    """A sentence with a count in each of its forms, for scripts."""
    return {kind: sentence(count) for kind, count in COUNTS.items()}


def of_worker(sentence: str) -> str:
    """What a worker wrote down in English, in the reader's language, if it is one of
    our sentences."""
    if epoch := EPOCH.fullmatch(sentence):
        return _("Training: epoch %(epoch)s of %(epochs)s.") % epoch.groupdict()
    return _(sentence) if sentence else ""


def about(count: int) -> str:
    """What `labeling.db.count_about` found: exactly, or that it is an estimate."""
    if count < COUNTED_UP_TO:
        return intcomma(count)
    return _("about %(count)s") % {"count": intcomma(round(count, -3))}


def colon() -> str:
    """Between a label and what it says; French has a space before it."""
    return pgettext("between a label and what it says", ": ")
