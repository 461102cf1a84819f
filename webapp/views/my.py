"""What someone gave: its story and its effect, taking it back, taking it along."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from labeling import accounts
from labeling.contributions import consent, offers, withdrawals
from labeling.errors import Refused
from labeling.models import Contribution
from labeling.stats import contributor_impact
from webapp.forms import ids
from webapp.forms.contribute import ConsentsForm, FreeConsentsForm
from webapp.http.access import UserRequest
from webapp.http.error_responses import Problem, attempt, message_and_back, on_problem
from webapp.presenters import contribution, data_export

PER_PAGE = 24
MOST_CLAIMED = 20  # faces of one link


@require_GET
@login_required
@never_cache
def my(request: UserRequest) -> HttpResponse:
    rows = request.user.gifts.order_by("-created_at", "pk")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "faces": page,
        "gifts": contribution.summarise(page.object_list),
        "in_doubt": rows.exclude(consent_in_doubt="").count(),
        "effect": contributor_impact.contributor_impact(request.user),
    }
    return render(request, "my/my.html", context)


@require_http_methods(["GET", "POST"])
@login_required
@never_cache
def withdraw(request: UserRequest) -> HttpResponse:
    """Ask first, then take back the selected faces, or all, and show the receipt."""
    sent = request.POST
    is_all = request.method == "GET" or sent.get("which") == "all"
    only = sent.get("only")
    picked = ids.uuids([only] if only else sent.getlist("face"))
    if sent.get("sure") == "yes":
        receipt = (
            withdrawals.withdraw_all(by=request.user)
            if is_all
            else withdrawals.withdraw_some(picked, by=request.user)
        )
        return render(request, "withdraw/receipt.html", {"receipt": receipt})
    faces = (
        request.user.gifts.all() if is_all else request.user.gifts.filter(pk__in=picked)
    )
    if not (count := faces.count()):
        messages.info(request, _("No face is selected."))
        return redirect("my")
    context = {
        "is_all": is_all,
        "count": count,
        "faces": faces,
        "shown": faces[:PER_PAGE],
        "unshown": max(0, count - PER_PAGE),
    }
    return render(request, "my/withdraw.html", context)


@require_http_methods(["GET", "POST"])
@login_required
@never_cache
@on_problem(message_and_back("my"))
def change_consent(request: UserRequest, pk: UUID) -> HttpResponse:
    face = get_object_or_404(request.user.gifts, pk=pk)
    needed = ConsentsForm if face.consent_in_doubt else FreeConsentsForm
    if request.method == "GET":
        return _ask_for_consent(request, face, needed(initial=vars(face)))
    form = needed(request.POST)
    if not form.is_valid():
        return _ask_for_consent(request, face, form, status=400)
    said_again = needed is ConsentsForm or form.cleaned_data["agree"]
    offers.change_consent(face, form.consent(), said_again=said_again)
    messages.success(request, _("Saved. It holds from now on."))
    return redirect("my")


def _ask_for_consent(
    request: UserRequest,
    face: Contribution,
    form: FreeConsentsForm,
    *,
    status: int = 200,
) -> HttpResponse:
    context = {
        "face": face,
        "form": form,
        "text": consent.shown(),
        "is_older": face.consent_version != consent.VERSION,
    }
    return render(request, "my/consent.html", context, status=status)


@require_POST
@login_required
@on_problem(message_and_back("my"))
def claim(request: UserRequest) -> HttpResponse:
    """A private link becomes a face of this account, or several: the booth's is one for
    all. What is unknown of it is only said where nothing is known."""
    secrets = request.POST.get("link", "").strip().rpartition("#")[2].split(",")
    outcomes = [
        attempt(offers.claim, secret, by=request.user)
        for secret in secrets[:MOST_CLAIMED]
    ]
    unknown = [outcome for outcome in outcomes if isinstance(outcome, Problem)]
    count = len(outcomes) - len(unknown)
    if not count:
        raise Refused("unknown_link", unknown[0].message)
    text = ngettext(
        "The face is yours here now.", "%(n)d faces are yours here now.", count
    )
    messages.success(request, text % {"n": count})
    return redirect("my")


@require_GET
@login_required
@never_cache
def download(request: UserRequest) -> HttpResponseBase:
    return data_export.everything(request.user)


@require_http_methods(["GET", "POST"])
@login_required
@never_cache
@on_problem(message_and_back("my"))
def delete(request: UserRequest) -> HttpResponse:
    """Delete the account with all it gave, once its address has been typed."""
    wrong = False
    if request.method == "POST":
        typed = request.POST.get("email", "").strip().lower()
        wrong = typed != request.user.email.lower()
        if not wrong:
            return _erase(request)
    context = {"wrong": wrong, "count": request.user.gifts.count()}
    return render(request, "my/delete.html", context, status=400 if wrong else 200)


def _erase(request: UserRequest) -> HttpResponse:
    receipt = accounts.delete_account(request.user)
    logout(request)
    return render(request, "withdraw/receipt.html", {"receipt": receipt})


urlpatterns = [
    path("", my, name="my"),
    path("withdraw/", withdraw, name="my-withdraw"),
    path("<uuid:pk>/consent/", change_consent, name="my-consent"),
    path("claim/", claim, name="my-claim"),
    path("download/", download, name="my-download"),
    path("delete/", delete, name="my-delete"),
]
