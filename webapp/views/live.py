"""The live page: the script does the work, this gives it its words and addresses."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, npgettext
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from labeling.emotions import Emotion
from ml.video import session_rules
from webapp.engine import words as engine_words
from webapp.http.notice import notice_first
from webapp.presenters.formats import by_count

Said = str | dict[str, str]  # a sentence, or one in its forms by a count


@require_safe
@ensure_csrf_cookie
@notice_first("live")
def live(request: HttpRequest) -> HttpResponse:
    why = engine_words.why_by_site()
    context = {
        "emotions": list(Emotion),
        "words": words(),
        "rules": session_rules.RULES,
        "is_by_device": why is None,
        "where": f"{_by_site()} {engine_words.because()[why]}" if why else _by_device(),
    }
    return render(request, "live/live.html", context)


def words() -> dict[str, object]:
    """Every sentence that the script may say, the emotions, and a session's rules."""
    said = _while_looking() | camera_troubles() | _ends() | _afterwards()
    rules = session_rules.as_json()
    where = {"by_site": _by_site(), "because": engine_words.because()}
    return {"emotions": emotions(), "session": rules, **where, **said}


def _by_device() -> str:
    return _(
        "This device looks at the camera’s pictures itself: none is sent, unless you "
        "press “This moment”. If the device cannot, this line says so first."
    )


def _by_site() -> str:
    return _("The camera’s pictures are sent to this site, looked at and forgotten.")


def emotions() -> list[dict[str, str]]:
    return [
        {
            "name": emotion.value,
            "word": str(emotion.label),
            "emoji": emotion.emoji,
            "colour": emotion.colour,
        }
        for emotion in Emotion
    ]


def _while_looking() -> dict[str, Said]:
    return {
        "waiting": _("Waiting for the camera…"),
        "by_device": _(
            "This device looks at the camera’s pictures itself: none is sent, unless "
            "you press “This moment”."
        ),
        "fetching": _("Fetching what this device needs (about 6 MB, once)…"),
        "slow": _("This device is slow; fewer faces in view and less else open help."),
        "no_face": _("No face in view. Come closer, or find more light."),
        "faces": by_count(
            lambda n: npgettext("in view", "One face", "{count} faces", n)
        ),
        "rate": by_count(
            lambda n: ngettext(
                "checked {rate} time a second", "checked {rate} times a second", n
            )
        ),
        "resting": _("Resting while this tab is hidden."),
        "busy": _("Many people are here. Going on in {seconds} s."),
        "offline": _("The site cannot be reached. Trying again in {seconds} s."),
    }


def camera_troubles() -> dict[str, str]:
    return {
        "denied": _(
            "The browser may not use the camera. Allow it beside the address, "
            "then start again."
        ),
        "missing": _("No camera was found on this device."),
        "busy_camera": _(
            "Another program seems to hold the camera. Close it there and start again."
        ),
        "insecure": _("Browsers give the camera only to secure pages."),
    }


def _ends() -> dict[str, str]:
    return {
        "stopped": _("Stopped. The camera is off."),
        "not_looking": _("not looking"),
        "start_again": _("Start again"),
        "too_short": _("That was too short for a summary. A few seconds are enough."),
        "not_kept": _("The browser has no room to keep this session. Save it instead."),
    }


def _afterwards() -> dict[str, Said]:
    return {
        "time": _("Time"),
        "time_axis": _("Time (min:s)"),
        "seconds": _("seconds"),
        "share": _("Share of time"),
        "expression": _("Expression"),
        "at": _("{emotion}, {share} at {time}"),
        "flash": _("{emotion} for {ms} ms at {time}"),
        "no_faces": _("No face was seen."),
        "no_moments": _("No expression but neutral stood out."),
        "no_flashes": _("None was seen."),
        "flash_limit": by_count(
            lambda n: ngettext(
                "The picture was checked {rate} time a second: only what lasts {ms} ms "
                "or longer can be seen.",
                "The picture was checked {rate} times a second: only what lasts {ms} "
                "ms or longer can be seen.",
                n,
            )
        ),
        "everybody": _("Everybody"),
        "person": _("Person {number}, {length} in sight"),
        "session_of": _("Session of {date}"),
        "length": _("{length}, {faces}, {rate}"),
        "timeline": _("Expressions over time"),
        "erase_one": _("Erase the session of {date}"),
        "erase_all": _("Erase all sessions from this browser?"),
        "show": _("Show"),
        "none_kept": _("No session is kept in this browser yet."),
        "period": by_count(
            lambda n: ngettext(
                "One session of {length}", "{count} sessions, {length} in all", n
            )
        ),
    }
