"""The account page and its tokens, and what is ours around allauth's own pages."""

from collections.abc import Callable

from allauth.account import views as allauth_views
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from labeling import accounts
from webapp.http.access import UserRequest
from webapp.http.error_responses import Problem, on_problem


@login_required
@require_safe
def account(request: UserRequest) -> HttpResponse:
    return _page(request)


def _page(request: UserRequest, *, status: int = 200, **more: object) -> HttpResponse:
    context = {"tokens": request.user.api_tokens.all(), **more}
    return render(request, "account/account.html", context, status=status)


def _with_problem(request: UserRequest, problem: Problem) -> HttpResponse:
    return problem.on(_page(request, problem=problem.message))


@login_required
@require_POST
@never_cache
@on_problem(_with_problem)
def make_token(request: UserRequest) -> HttpResponse:
    """The secret stands on the answer to this one request and nowhere else."""
    name = request.POST.get("name", "")
    _token, secret = accounts.make_token(request.user, name=name)
    return _page(request, secret=secret, status=201)


@login_required
@require_POST
def revoke_token(request: UserRequest, pk: int) -> HttpResponse:
    token = get_object_or_404(request.user.api_tokens, pk=pk)
    accounts.revoke_token(token)
    messages.success(request, _("The token is revoked."))
    return redirect("account")


def addresses(request: HttpRequest) -> HttpResponseBase:
    """allauth's page, where another account's address can be named, but not taken."""
    return _unless_taken(allauth_views.email, request, back="account_email")


def sign_up(request: HttpRequest) -> HttpResponseBase:
    """allauth's page, asked by two at once for the same address."""
    return _unless_taken(allauth_views.signup, request, back="account_signup")


def _unless_taken(
    view: Callable[[HttpRequest], HttpResponseBase], request: HttpRequest, *, back: str
) -> HttpResponseBase:
    """Postgres keeps an address to one account; all or nothing is changed."""
    try:
        with transaction.atomic():
            return view(request)
    except IntegrityError:
        messages.error(
            request,
            _(
                "Another account already has this address, and nothing was changed. "
                "If that account is yours, sign in to it; if you can't, ask the admin."
            ),
        )
        return redirect(back)


def forgotten_password(request: HttpRequest) -> HttpResponseBase:
    """allauth's page, and who can help where no mail can be sent."""
    if not settings.MAIL_CONFIGURED:
        return render(request, "account/no_mail.html")
    answer: HttpResponseBase = allauth_views.password_reset(request)
    return answer


def reset_mail_sent(request: HttpRequest) -> HttpResponseBase:
    if not settings.MAIL_CONFIGURED:
        return redirect("account_reset_password")
    answer: HttpResponseBase = allauth_views.password_reset_done(request)
    return answer
