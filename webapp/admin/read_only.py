"""What the pages of the admin share: nothing is edited, outcomes are shown."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import BadRequest, ValidationError
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.utils.functional import Promise, cached_property
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin

from labeling.db import COUNTED_UP_TO, count_about
from labeling.models import User
from webapp.http.error_responses import Problem
from webapp.presenters.formats import about

MOST_PROBLEMS = 5  # that are shown


class NoLog:
    """Django's own log of the admin would keep names of accounts that are gone; the
    audit log (`labeling/audit.py`) is written by the acts."""

    def log_addition(self, *args: Any) -> None: ...

    def log_change(self, *args: Any) -> None: ...

    def log_deletions(self, *args: Any) -> None: ...


class StrictSelection(ModelAdmin):
    """Django breaks down by a selected id that is none; here it is a bad request."""

    def response_action(
        self, request: HttpRequest, queryset: QuerySet[Any]
    ) -> HttpResponseBase | None:
        try:
            for text in request.POST.getlist(ACTION_CHECKBOX_NAME):
                self.model._meta.pk.to_python(text)
        except ValidationError as why:
            raise BadRequest from why
        response: HttpResponseBase | None = super().response_action(request, queryset)
        return response


class _Estimate(int):
    """A number that says, wherever the admin shows it, that it is none."""

    def __str__(self) -> str:
        return about(self)


class AboutCounted(Paginator):  # type: ignore[type-arg]
    """A million rows are neither counted nor leafed through for a page of fifty: what
    is further down is found by a filter, a search, or the other order."""

    template_name = "admin/about_counted.html"
    most = COUNTED_UP_TO

    @cached_property
    def count(self) -> int:
        return _Estimate(count_about(self.object_list))  # type: ignore[arg-type]

    @cached_property
    def num_pages(self) -> int:
        return min(super().num_pages, self.most // self.per_page)


class ReadOnlyAdmin(NoLog, StrictSelection):
    """Lists and pages without a single field to write in."""

    show_full_result_count = False
    list_per_page = 50
    paginator = AboutCounted

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def is_admin(request: HttpRequest) -> bool:
    """Whoever may change accounts may make himself anything."""
    return request.user.is_active and bool(getattr(request.user, "is_superuser", 0))


def admin_of(request: HttpRequest) -> User:
    """Who is asking: nobody without an account gets into the admin."""
    assert isinstance(request.user, User)  # noqa: S101 (for the type checker)
    return request.user


def show_outcomes(
    request: HttpRequest, outcomes: Iterable[object], done: "str | Promise"
) -> None:
    """How many rows an action has changed, and how many it skipped, and why.

    `done`: what happened to so many, from `ngettext_lazy(…, …, "n")`.
    """
    rows = list(outcomes)
    problems = [outcome for outcome in rows if isinstance(outcome, Problem)]
    parts = [str(done % {"n": len(rows) - len(problems)})]
    skipped = Counter(problem.message for problem in problems)
    for why, n in skipped.most_common(MOST_PROBLEMS):
        parts.append(_("%(n)s skipped: %(why)s") % {"n": n, "why": why})
    show = messages.warning if problems else messages.success
    show(request, ", ".join(parts))
