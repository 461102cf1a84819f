"""Who may ask: by the rights of the account, and by the scopes of its token."""

from enum import Enum

from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import NotAuthenticated, PermissionDenied
from rest_framework.request import Request

from labeling.models import ApiToken, User
from labeling.models.user import Scope
from webapp.http.access import person


class UserRequest(Request):
    """A request of somebody with an account: every Need but NOTHING sees to it."""

    user: User


class Need(Enum):
    """What an operation takes of whoever asks."""

    NOTHING = ""
    ACCOUNT = "account"
    REVIEWER = "labeling.review"
    TRAINER = "labeling.train"


def check(request: Request, scope: Scope | None, need: Need) -> None:
    """Raises NotAuthenticated or PermissionDenied."""
    _check_scope(request, scope)
    if need is Need.NOTHING:
        return
    user = person(request)
    if user is None:
        raise NotAuthenticated
    if need is Need.ACCOUNT:
        return
    if user.owes_second_factor:
        raise PermissionDenied(
            _("Please set up two-step sign-in first, on your account page."),
            "second_factor_missing",
        )
    if not user.has_perm(need.value):
        raise PermissionDenied


def _check_scope(request: Request, scope: Scope | None) -> None:
    token = request.auth
    if scope and isinstance(token, ApiToken) and scope not in token.scopes:
        raise PermissionDenied(
            _("This token was made without the scope that this takes."),
            "scope_missing",
        )
