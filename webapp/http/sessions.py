"""Which browsers an account is signed in with, as its owner sees and ends them."""

from collections.abc import Callable
from datetime import timedelta
from typing import cast

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.sessions.backends.base import UpdateError
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from labeling.models import Session
from labeling.models.session import SessionStore

NOTED_EVERY = timedelta(minutes=5)
ON = " on "
_SALT = "mien.session"

# The first that fits; many browsers name others too, so that pages are made for them.
BROWSERS = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser": "Samsung Internet",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "CriOS": "Chrome",
    "Chrome": "Chrome",
    "Safari": "Safari",
}
SYSTEMS = {
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "Mac OS X": "Mac",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}


def last_use(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """The middleware that notes, every few minutes, that a session is in use."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        # Without the cookie nothing is looked up, and no answer varies by it.
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            _note(request)
        return get_response(request)

    return middleware


def _note(request: HttpRequest) -> None:
    if not request.user.is_authenticated:
        return
    session = cast(SessionStore, request.session)
    noted_at = session.noted_at
    if noted_at and timezone.now() - noted_at < NOTED_EVERY:
        return
    try:
        session.note(browser=browser(request.headers.get("User-Agent", "")))
    except UpdateError:  # ended from elsewhere, while another request still held it
        logout(request)


def browser(agent: str) -> str:
    """Enough to tell one's own devices apart, too little to tell people apart. Kept in
    English, and read by `in_words`."""
    name = next((word for part, word in BROWSERS.items() if part in agent), "")
    system = next((word for part, word in SYSTEMS.items() if part in agent), "")
    return f"{name}{ON}{system}" if name and system else name or system


def in_words(kept: str) -> str:
    """What `browser` said, in the reader's language."""
    name, on, system = kept.partition(ON)
    if not on:
        return name
    return _("%(browser)s on %(system)s") % {"browser": name, "system": system}


def handle(session: Session) -> str:
    """Names it on the page, where the key itself would let others in."""
    return salted_hmac(_SALT, session.session_key, algorithm="sha256").hexdigest()[:32]
