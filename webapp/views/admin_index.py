"""The admin's first page: what waits, runs and serves, and what is wrong."""

from datetime import timedelta
from urllib.parse import urlsplit

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from labeling import controller
from labeling.db import count_about
from labeling.models import (
    Contribution,
    FaceReport,
    Promotion,
    TrainingRun,
    User,
    Webhook,
)
from labeling.registry import serving
from webapp.http.access import person
from webapp.views import health

FAILED_FOR = timedelta(days=7)
MOST_FAILED = 5
SILENT_AFTER = 3  # calls of a webhook that failed in a row


def fill(request: HttpRequest, context: dict[str, object]) -> dict[str, object]:
    """Everybody sees what the pages of the site would show them, and no more."""
    user = person(request)
    return {
        **context,
        "title": _("Overview"),
        **(_faces() if user and user.is_reviewer else {}),
        **(_runs(user) if user else {}),
        "promotion": Promotion.objects.select_related("version").first(),
        "problems": _problems(),
    }


def _faces() -> dict[str, object]:
    waiting = Contribution.objects.waiting()
    oldest = waiting.order_by("created_at").values_list("created_at", flat=True)
    return {
        "may_review": True,
        "waiting": count_about(waiting),
        "oldest": oldest.first(),
    }


def _runs(user: User) -> dict[str, object]:
    if not (user.is_trainer or user.has_perm("labeling.view_trainingrun")):
        return {}
    rows = TrainingRun.objects.defer("log")
    failed = rows.filter(
        status=TrainingRun.Status.FAILED,
        created_at__gte=timezone.now() - FAILED_FOR,
    )
    return {
        "may_see_runs": True,
        "active": rows.active().first(),
        "failed": failed[:MOST_FAILED],
    }


def _problems() -> list[str]:
    """What `/health` is in trouble about, in sentences."""
    parts = health.check_all()
    said = {
        "database": _("The database can't be written to."),
        "disk": _("The disk is almost full."),
        "broker": _("Redis doesn't answer, so no work can be queued."),
        "workers": _("A worker is missing, so some work has to wait."),
        "champion": _("There is no current model, or it could not be loaded."),
    }
    found = [text for name, text in said.items() if not parts[name]["ok"]]
    found += [str(problem.message) for problem in serving.problems()]
    if not parts["detector"]["is_best"]:
        found.append(_("The better face detector is missing: fewer faces are found."))
    if parts["backup"].get("is_late"):
        found.append(_("There is no backup of the last day and a half."))
    if count := FaceReport.objects.count():
        sentence = ngettext(
            "%(n)s face was reported and is hidden: decide at %(page)s.",
            "%(n)s faces were reported and are hidden: decide at %(page)s.",
            count,
        )
        found.append(sentence % {"n": count, "page": reverse("reported-faces")})
    return found + _silent_webhooks() + _lapses()


def _silent_webhooks() -> list[str]:
    """By host: the rest of an address may be a secret of the receiver."""
    sentence = _("A webhook doesn't take what it is told: %(host)s.")
    silent = Webhook.objects.filter(is_active=True, failures__gte=SILENT_AFTER)
    hosts = [urlsplit(url).hostname for url in silent.values_list("url", flat=True)]
    return [sentence % {"host": host} for host in hosts]


def _lapses() -> list[str]:
    stated = controller.stated()
    if stated is None or not stated.lapses_soon:
        return []
    said = (
        _("The impact assessment has been too old since %(day)s: look at it again.")
        if stated.has_lapsed
        else _("The impact assessment is too old from %(day)s on: look at it again.")
    )
    return [said % {"day": date_format(stated.lapses_on)}]
