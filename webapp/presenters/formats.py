"""Shares, durations and large numbers as people say them."""

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from labeling.db import COUNTED_UP_TO


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
    return _("%(n)s hours") % {"n": f"{hours:g}"}


def percent(share: float) -> str:
    """82 %, with a narrow no-break space; small shares are not called nothing."""
    if 0 < share < 0.005:
        return "<1\u202f%"
    return f"{share * 100:.0f}\u202f%"


def about(count: int) -> str:
    """What `labeling.db.count_about` found: exactly, or that it is an estimate."""
    if count < COUNTED_UP_TO:
        return intcomma(count)
    return _("about %(count)s") % {"count": intcomma(round(count, -3))}
