"""Who is asking, and which doors are open to them."""

import functools
from collections.abc import Callable
from typing import Any, TypedDict
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.crypto import get_random_string, salted_hmac
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from labeling.contributions import recent_gifts
from labeling.models import User
from webapp.http import admission

View = Callable[..., HttpResponseBase]

DEVICE_COOKIE = "mien_device"
GIVEN_COOKIE = "mien_given"
MOST_GIVEN = 100  # the latest; more would not fit into a cookie
KNOWN_COOKIE = "mien_known"
MOST_KNOWN = 10
_DEVICE_SALT = "mien.device"
_GIVEN_SALT = "mien.given"
_KNOWN_SALT = "mien.known"
_YEAR = 365 * 24 * 3600


class SiteRequest(HttpRequest):
    """A request as our middleware leaves it.

    `htmx` is true when a script asks for a part to put into the page, not for a whole
    one. `new_device` is the id that a browser without one gets with the answer.
    """

    htmx: HtmxDetails
    new_device: str  # or empty


class UserRequest(SiteRequest):
    """A request behind `login_required`: nobody anonymous gets here."""

    user: User


def person(request: HttpRequest) -> User | None:
    """The account that is asking, if there is one."""
    return request.user if isinstance(request.user, User) else None


def staff(permission: str) -> Callable[[View], View]:
    """Strangers go to sign in, who lacks a second factor that is asked for sets it up,
    and everyone else without the permission gets 403."""

    def guard(view: View) -> View:
        allowed: Any = permission_required(permission, raise_exception=True)(view)
        guarded: View = login_required(second_factor_first(allowed))
        return guarded

    return guard


def second_factor_first(view: View) -> View:
    """For people who are signed in: to the page that sets it up, if they owe it."""

    @functools.wraps(view)
    def guarded(request: UserRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.owes_second_factor:
            return view(request, *args, **kwargs)
        messages.warning(request, _("Please set up two-step sign-in first."))
        page = reverse("mfa_activate_totp")
        return HttpResponseClientRedirect(page) if request.htmx else redirect(page)

    return guarded


reviewers_only = staff("labeling.review")
trainers_only = staff("labeling.train")


def devices(
    get_response: Callable[[SiteRequest], HttpResponseBase],
) -> Callable[[SiteRequest], HttpResponseBase]:
    """The middleware that sends a new device its id."""

    def middleware(request: SiteRequest) -> HttpResponseBase:
        request.new_device = ""
        response = get_response(request)
        if request.new_device:
            _keep(request, response, DEVICE_COOKIE, request.new_device, _DEVICE_SALT)
        return response

    return middleware


def device(request: SiteRequest) -> str | None:
    """A hash that stands for this browser; signed, so that nobody makes one up."""
    name = request.new_device or request.get_signed_cookie(
        DEVICE_COOKIE, default=None, salt=_DEVICE_SALT
    )
    if not name:
        return None
    return salted_hmac(_DEVICE_SALT, name, algorithm="sha256").hexdigest()


def name_device(request: SiteRequest) -> None:
    """Give a browser without an id one; `devices` sends it along."""
    if not device(request):
        request.new_device = get_random_string(32)


def given_here(request: HttpRequest) -> list[UUID]:
    """The faces that this browser gave, so that it need not vote on its own.

    Beyond an hour (`recent_gifts`) only the browser knows: nothing of ours ties a face
    without an account to anybody.
    """
    ids = request.get_signed_cookie(GIVEN_COOKIE, default="", salt=_GIVEN_SALT)
    return [UUID(text) for text in (ids or "").split(".") if text]


def keep_given(request: HttpRequest, response: HttpResponseBase, *faces: UUID) -> None:
    ids = [*given_here(request), *faces][-MOST_GIVEN:]
    text = ".".join(pk.hex for pk in ids)
    _keep(request, response, GIVEN_COOKIE, text, _GIVEN_SALT)


def signed_in_here(request: HttpRequest, email: str) -> bool:
    """Has somebody signed in by this address in this browser before?"""
    return _known(email) in _known_here(request)


def keep_known(request: HttpRequest, response: HttpResponseBase, *emails: str) -> None:
    new = [_known(email) for email in emails]
    others = [known for known in _known_here(request) if known not in new]
    text = ".".join([*others, *new][-MOST_KNOWN:])
    _keep(request, response, KNOWN_COOKIE, text, _KNOWN_SALT)


def _known_here(request: HttpRequest) -> list[str]:
    known = request.get_signed_cookie(KNOWN_COOKIE, default="", salt=_KNOWN_SALT)
    return (known or "").split(".")


def _known(email: str) -> str:
    return salted_hmac(_KNOWN_SALT, email.lower(), algorithm="sha256").hexdigest()[:32]


def _keep(
    request: HttpRequest, response: HttpResponseBase, name: str, value: str, salt: str
) -> None:
    response.set_signed_cookie(
        name,
        value,
        salt=salt,
        max_age=_YEAR,
        httponly=True,
        secure=request.is_secure(),
        samesite="Lax",
    )


class Voter(TypedDict):
    """Who votes, as `labeling.voting.votes` wants to know it."""

    by: User | None
    device: str | None
    own: list[UUID]  # by its cookie, and given from its network within the hour
    network: str


def voter(request: SiteRequest) -> Voter:
    there = network(request)
    return Voter(
        by=person(request),
        device=device(request),
        own=[*given_here(request), *recent_gifts.given_from(there)],
        network=there,
    )


def network(request: HttpRequest) -> str:
    """Whose address it is: one, or all of an IPv6 customer's."""
    return admission.network(admission.client_address(request))


def voter_key(request: SiteRequest) -> str:
    """What a voter's picture tickets are made out to."""
    user = person(request)
    return f"user:{user.pk}" if user else f"device:{device(request) or ''}"
