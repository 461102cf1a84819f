"""The account page: links to what allauth does, and personal API tokens."""

from allauth.account.views import SignupView
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import IntegrityError, transaction
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from labeling import accounts
from webapp.http import admission
from webapp.http.access import UserRequest
from webapp.http.error_responses import Problem, on_problem

SIGN_UP_TRIES = 5


class SignUp(SignupView):  # type: ignore[misc]  # allauth is untyped
    """Of those who sign up with one address at one moment, one is first. The others
    are answered as if they had come a moment later: the form is looked at again."""

    def form_valid(self, form: Form) -> HttpResponse:
        for _try in range(SIGN_UP_TRIES):
            try:
                with transaction.atomic():
                    answer: HttpResponse = super().form_valid(form)
                    return answer
            except IntegrityError:
                form.full_clean()
            if form.errors:
                break
        else:
            raise admission.Busy
        refusal: HttpResponse = self.form_invalid(form)
        return refusal


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
