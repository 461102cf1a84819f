"""How long something takes, as people say it."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext


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
