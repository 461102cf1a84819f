"""The account page and its tokens, and what is ours around allauth's own pages."""

from collections.abc import Callable

from allauth.account import views as allauth_views
from allauth.account.views import SignupView
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.views import activate_totp
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from labeling import accounts
from labeling.models import Scope
from webapp.http import admission, sessions
from webapp.http.access import UserRequest, person
from webapp.http.error_responses import Problem, on_problem

SIGN_UP_TRIES = 5
USUAL_SCOPES = (Scope.DETECT, Scope.GIVE, Scope.READ)


class SignUp(SignupView):
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
    here = request.session.session_key
    context = {
        "tokens": request.user.api_tokens.all(),
        "scopes": _scopes(request),
        "sessions": [
            {
                "row": row,
                "browser": sessions.in_words(row.browser),
                "handle": sessions.handle(row),
                "is_here": row.pk == here,
            }
            for row in accounts.live_sessions(request.user)
        ],
        **more,
    }
    return render(request, "account/account.html", context, status=status)


def _scopes(request: UserRequest) -> list[tuple[str, str, bool]]:
    """Each with its words, and whether its box is ticked: as it was sent, or what most
    programs need."""
    ticked = request.POST.getlist("scopes") or USUAL_SCOPES
    return [(scope, str(words), scope in ticked) for scope, words in Scope.choices]


def _with_problem(request: UserRequest, problem: Problem) -> HttpResponse:
    at = problem.details.get("field")
    return problem.on(_page(request, problem=problem.message, at=at))


@login_required
@require_POST
@never_cache
@on_problem(_with_problem)
def make_token(request: UserRequest) -> HttpResponse:
    """The secret stands on the answer to this one request and nowhere else."""
    name, scopes = request.POST.get("name", ""), request.POST.getlist("scopes")
    _token, secret = accounts.make_token(request.user, name=name, scopes=scopes)
    return _page(request, secret=secret, status=201)


@login_required
@require_POST
def revoke_token(request: UserRequest, pk: int) -> HttpResponse:
    token = get_object_or_404(request.user.api_tokens, pk=pk)
    accounts.revoke_token(token)
    messages.success(request, _("The token is revoked."))
    return redirect("account")


@login_required
@require_POST
def end_session(request: UserRequest, handle: str) -> HttpResponse:
    own = {sessions.handle(row): row for row in accounts.live_sessions(request.user)}
    if handle not in own:
        raise Http404
    accounts.end_session(own[handle])
    messages.success(request, _("That browser is signed out."))
    return redirect("account")


@login_required
@require_POST
def end_other_sessions(request: UserRequest) -> HttpResponse:
    accounts.end_other_sessions(request.user, but=request.session.session_key)
    messages.success(request, _("You are signed in here only."))
    return redirect("account")


def set_up_second_factor(request: UserRequest) -> HttpResponseBase:
    """allauth's page. Sessions that began without the factor end, but for this one."""
    owned: QuerySet[Authenticator] = Authenticator.objects.filter(type="totp")
    had_one = person(request) and owned.filter(user=request.user).exists()
    answer: HttpResponseBase = activate_totp(request)
    if person(request) and not had_one and owned.filter(user=request.user).exists():
        accounts.end_other_sessions(request.user, but=request.session.session_key)
    return answer


def addresses(request: HttpRequest) -> HttpResponseBase:
    """allauth's page, where another account's address can be named, but not taken."""
    return _unless_taken(allauth_views.email, request, back="account_email")


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
