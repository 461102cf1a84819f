"""What the site remembers, in the admin: faces, votes, decisions, runs, versions."""

from contextlib import suppress
from functools import reduce
from operator import or_
from uuid import UUID

from django.contrib import admin
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from labeling import audit
from labeling.contributions import withdrawals
from labeling.models import (
    AuditEntry,
    Contribution,
    Erasure,
    Exam,
    ModelVersion,
    Promotion,
    Review,
    Snapshot,
    TrainingRun,
    User,
    Vote,
    Withdrawal,
)
from labeling.review import bulk_decisions
from labeling.training import training_runs
from webapp.admin.read_only import ReadOnlyAdmin, admin_of, is_admin, show_outcomes
from webapp.http import last_bulk
from webapp.http.error_responses import attempt

MOST_GIVERS = 100  # that one search finds the faces of


@admin.register(Contribution)
class ContributionAdmin(ReadOnlyAdmin):
    list_display = (
        "thumbnail",
        "number",
        "created_at",
        "status",
        "emotion",
        "decided_emotion",
        "model_emotion",
        "giver",
        "source",
    )
    list_filter = ("status", "emotion", "source", "may_be_seen", "may_be_released")
    list_select_related = ("giver",)
    search_fields = ("source_name",)  # and what `get_search_results` knows
    search_help_text = _(
        "A face's number, its giver's address, or the name of an import: all of it, or "
        "how it begins"
    )
    fieldsets = (
        (None, {"fields": ("picture", "emotion", "status", "giver", "history")}),
        (_("Decided"), {"fields": ("decided_emotion", "decided_at", "screened_at")}),
        (
            _("Given"),
            {
                "fields": (
                    *("created_at", "source", "source_name", "consent_version"),
                    *("consent_language", "consented_at", "consent_basis"),
                    *("may_be_seen", "may_be_released", "released_at"),
                    "consent_in_doubt",
                )
            },
        ),
        (
            _("What was said"),
            {
                "fields": (
                    *("model_version", "model_emotion", "model_probabilities"),
                    *("vote_count", "agreement"),
                )
            },
        ),
        (_("Review"), {"fields": ("priority", "leased_to", "leased_until")}),
        (_("Training"), {"fields": ("split", "cluster")}),
    )
    readonly_fields = ("picture", "history")
    list_before_template = "admin/undo_bulk.html"
    actions = ("accept", "take_back")
    ordering = ("-created_at",)

    def get_search_results(
        self,
        request: HttpRequest,
        queryset: QuerySet[Contribution],
        search_term: str,
    ) -> tuple[QuerySet[Contribution], bool]:
        """By what an index finds: a part of a word would be looked for in all rows.
        Mostly one way finds something, and its index may have the list's order too;
        asked for together with others it has not."""
        word = search_term.strip()
        if not word:
            return queryset, False
        ways = [Q(source_name__startswith=word) & ~Q(source_name="")]
        people = User.objects.filter(email__startswith=word.lower())
        ways += [Q(giver__in=list(people.values_list("pk", flat=True)[:MOST_GIVERS]))]
        with suppress(ValueError):
            start = UUID(word.replace("-", "").ljust(32, "0"))
            end = UUID(word.replace("-", "").ljust(32, "f"))
            ways += [Q(pk__range=(start, end)), Q(cluster=start)]
        found = [way for way in ways if Contribution.objects.filter(way).exists()]
        return queryset.filter(reduce(or_, found, Q(pk__in=()))), False

    @admin.display(description=_("number"), ordering="pk")
    def number(self, face: Contribution) -> str:
        return face.pk.hex[:8]

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        """The faces themselves are for reviewers to see (`webapp/views/faces.py`)."""
        may_see = self.has_review_permission(request)
        return tuple(c for c in self.list_display if may_see or c != "thumbnail")

    @admin.display(description=_("face"))
    def thumbnail(self, face: Contribution) -> str:
        return _image(face, edge=56)

    @admin.display(description=_("face"))
    def picture(self, face: Contribution) -> str:
        return _image(face, edge=160)

    @admin.display(description=_("history"))
    def history(self, face: Contribution) -> str:
        address = reverse("review-history", args=[face.pk])
        link = '<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>'
        return format_html(link, address, _("On its own page"))

    @admin.action(description=_("Accept as given"), permissions=["review"])
    def accept(self, request: HttpRequest, faces: QuerySet[Contribution]) -> None:
        ids = list(faces.values_list("pk", flat=True))
        result = bulk_decisions.accept(ids, by=admin_of(request))
        last_bulk.remember(request, result, act=Review.Act.ACCEPT, back=request.path)

    @admin.action(description=_("Withdraw for the giver"), permissions=["withdraw"])
    def take_back(self, request: HttpRequest, faces: QuerySet[Contribution]) -> None:
        by = admin_of(request)
        outcomes = [attempt(withdrawals.withdraw, face, by=by) for face in faces]
        said = ngettext_lazy("%(n)s face withdrawn", "%(n)s faces withdrawn", "n")
        show_outcomes(request, outcomes, said)

    def has_review_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("labeling.review")

    def has_withdraw_permission(self, request: HttpRequest) -> bool:
        return is_admin(request)


def _image(face: Contribution, *, edge: int) -> str:
    if face.status in (Contribution.Status.IN_DOUBT, Contribution.Status.HIDDEN):
        return "–"  # it is seen by nobody
    return format_html(
        '<img src="{}" width="{}" height="{}" loading="lazy" alt="{}" class="rounded">',
        *(reverse("face", args=[face.pk]), edge, edge, face.get_emotion_display()),
    )


@admin.register(TrainingRun)
class TrainingRunAdmin(ReadOnlyAdmin):
    list_display = ("id", "status", "preset", "trigger", "requested_by", "created_at")
    list_filter = ("status", "preset", "trigger")
    list_select_related = ("requested_by",)
    search_fields = ("id", "message")
    actions = ("cancel",)

    @admin.action(description=_("Cancel"), permissions=["train"])
    def cancel(self, request: HttpRequest, runs: QuerySet[TrainingRun]) -> None:
        by = admin_of(request)
        outcomes = [attempt(training_runs.cancel, run, by=by) for run in runs]
        said = ngettext_lazy("%(n)s run cancelled", "%(n)s runs cancelled", "n")
        show_outcomes(request, outcomes, said)

    def has_train_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("labeling.train")


@admin.register(ModelVersion)
class VersionAdmin(ReadOnlyAdmin):
    """PrivateTest stays out: trainers decide about versions."""

    list_display = ("name", "origin", "is_champion", "contaminated_at", "created_at")
    list_filter = ("origin", "is_champion")
    search_fields = ("name",)
    exclude = ("private_test",)


@admin.register(Review)
class ReviewAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "act", "by", "from_emotion", "to_emotion", "reason")
    list_filter = ("act", "is_own_gift")
    ordering = ("-pk",)


@admin.register(Vote)
class VoteAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "choice", "gold_answer", "contribution_id")
    exclude = ("network_hash",)


@admin.register(Exam)
class ExamAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "challenger", "outcome", "policy")


@admin.register(Promotion)
class PromotionAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "version", "kind", "by", "reason")


@admin.register(Snapshot)
class SnapshotAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "hash", "run")


@admin.register(Withdrawal)
class WithdrawalAdmin(ReadOnlyAdmin):
    list_display = ("withdrawn_at", "contribution_id", "was_released")


@admin.register(Erasure)
class ErasureAdmin(ReadOnlyAdmin):
    list_display = ("erased_at", "user_key")


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """Who did what. People stand in it by key; whoever has left stays a key."""

    list_display = ("moment", "act", "who", "subject_link", "said_briefly")
    list_filter = ("act",)
    search_fields = ("subject", "by_key")
    fields = ("moment", "act", "who", "subject_link", "said")
    readonly_fields = ("moment", "who", "subject_link", "said")

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEntry]:
        actor = User.objects.filter(key=OuterRef("by_key")).values("email")
        entries: QuerySet[AuditEntry] = super().get_queryset(request)
        return entries.annotate(email=Subquery(actor))

    @admin.display(description=_("at"), ordering="at")
    def moment(self, entry: AuditEntry) -> str:
        return date_format(timezone.localtime(entry.at), "DATETIME_FORMAT")

    @admin.display(description=_("by"))
    def who(self, entry: AuditEntry) -> str:
        if entry.by_key is None:
            return _("a program, as %(user)s") % {"user": entry.system_user}
        email: str | None = getattr(entry, "email", None)
        return email or _("%(key)s (gone)") % {"key": entry.by_key}

    @admin.display(description=_("subject"))
    def subject_link(self, entry: AuditEntry) -> str:
        kind, _space, key = entry.subject.partition(" ")
        if kind != audit.KINDS[User]:
            return entry.subject
        address = reverse("admin:labeling_user_changelist", query={"q": key})
        link = '<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>'
        return format_html(link, address, entry.subject)

    @admin.display(description=_("details"))
    def said(self, entry: AuditEntry) -> str:
        rows = entry.details.items()
        parts = [(name, value) for name, value in rows if name != "system_user"]
        return "; ".join(f"{name}: {_words(value)}" for name, value in parts if value)

    @admin.display(description=_("details"))
    def said_briefly(self, entry: AuditEntry) -> str:
        return Truncator(self.said(entry)).chars(160)


def _words(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_words(each)}" for name, each in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
