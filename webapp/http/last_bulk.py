"""The last decision about many faces at once, which one button takes back."""

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from labeling.models import Review, User
from labeling.review import bulk_decisions
from labeling.review.bulk_decisions import Bulk, Skipped

KEY = "bulk"  # of the session


def remember(request: HttpRequest, result: Bulk, *, act: str, back: str) -> None:
    """Tells what was done, and keeps in the session what can be undone, and `back`,
    where the button for it stands."""
    if result.events:
        events = [event.pk for event in result.events]
        said = _done(act, len(events))
        request.session[KEY] = {"events": events, "said": said, "back": back}
    _tell(request, result, act=act)


def undo(request: HttpRequest, *, by: User) -> str | None:
    """Takes back what stands of it, and tells; returns where the button was."""
    last = request.session.pop(KEY, None)
    if last is None:
        messages.info(request, _("There is nothing to undo."))
        return None
    _tell(request, bulk_decisions.undo(last["events"], by=by), act=Review.Act.UNDO)
    back: str = last["back"]
    return back


def _tell(request: HttpRequest, result: Bulk, *, act: str) -> None:
    show = messages.warning if result.skipped else messages.success
    show(request, _sentence(result, act=act))


def _sentence(result: Bulk, *, act: str) -> str:
    """`12 accepted, 1 skipped: your own gift`."""
    parts = [_done(act, len(result.events))]
    if n := result.skipped.total():
        skipped = ngettext("%(n)s skipped", "%(n)s skipped", n) % {"n": n}
        parts.append(f"{skipped}: {_why(result)}")
    return ", ".join(parts)


def _why(result: Bulk) -> str:
    reasons = [(_reason(why, n), n) for why, n in result.skipped.most_common()]
    if len(reasons) == 1:
        return reasons[0][0]
    return ", ".join(f"{n} {reason}" for reason, n in reasons)


def _done(act: str, n: int) -> str:
    said = {
        Review.Act.ACCEPT: ngettext("%(n)s accepted", "%(n)s accepted", n),
        Review.Act.REJECT: ngettext("%(n)s rejected", "%(n)s rejected", n),
        Review.Act.SCREEN: ngettext(
            "%(n)s now shown to voters", "%(n)s now shown to voters", n
        ),
        Review.Act.UNDO: ngettext("%(n)s undone", "%(n)s undone", n),
    }
    return said[Review.Act(act)] % {"n": n}


def _reason(why: Skipped, n: int) -> str:
    return {
        Skipped.GONE: _("withdrawn"),
        Skipped.DECIDED: _("already decided"),
        Skipped.OWN_GIFT: ngettext("your own gift", "your own gifts", n),
        Skipped.NOT_TO_BE_SEEN: _("not to be seen by others"),
        Skipped.SEEN_ALREADY: _("already shown to voters"),
        Skipped.CHANGED_SINCE: _("changed since"),
    }[why]
