"""The account page: links to what allauth does, and personal API tokens."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from labeling import accounts
from labeling.errors import Refused
from webapp.http.access import UserRequest


@login_required
@require_safe
def account(request: UserRequest) -> HttpResponse:
    return _page(request)


@login_required
@require_POST
@never_cache
def make_token(request: UserRequest) -> HttpResponse:
    """The secret stands on the answer to this one request and nowhere else."""
    try:
        _token, secret = accounts.make_token(
            request.user, name=request.POST.get("name", "")
        )
    except Refused as why:
        return _page(request, problem=why.message, status=400)
    return _page(request, secret=secret, status=201)


@login_required
@require_POST
def revoke_token(request: UserRequest, pk: int) -> HttpResponse:
    token = get_object_or_404(request.user.api_tokens, pk=pk)
    accounts.revoke_token(token)
    messages.success(request, _("The token is revoked."))
    return redirect("account")


def _page(request: UserRequest, *, status: int = 200, **more: object) -> HttpResponse:
    context = {"tokens": request.user.api_tokens.all(), **more}
    return render(request, "account/account.html", context, status=status)
