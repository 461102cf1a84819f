"""Django's admin, for looking and searching. What changes anything calls the same verbs
as the pages; rows are never edited here."""

from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from labeling import contributions, people, reviews, training
from labeling.errors import Refused
from labeling.models import (
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

# The one door to sign in, with the second factor where an account has one.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]


class Looking(ModelAdmin):  # type: ignore[misc]
    """Lists and pages without a single field to write in."""

    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _tell(request: HttpRequest, done: int, refused: list[Refused]) -> None:
    if done:
        text = _("%(n)s done.") % {"n": done}
        messages.success(request, text)
    for refusal in refused[:5]:
        messages.warning(request, str(refusal.message))


@admin.register(Contribution)
class ContributionAdmin(Looking):
    list_display = (
        "id",
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
    search_fields = ("id", "giver__email", "source_name", "cluster")
    exclude = ("digest", "digest_key", "withdrawal_hash")
    readonly_fields = ("picture", "history")
    actions = ("accept", "take_back")
    ordering = ("-created_at",)

    @admin.display(description=_("picture"))
    def picture(self, face: Contribution) -> str:
        address = reverse("face", args=[face.pk])
        return format_html('<img src="{}" width="160" height="160" alt="">', address)

    @admin.display(description=_("history"))
    def history(self, face: Contribution) -> str:
        address = reverse("review-history", args=[face.pk])
        return format_html('<a href="{}">{}</a>', address, _("On its own page"))

    @admin.action(description=_("Accept as given"), permissions=["review"])
    def accept(self, request: HttpRequest, faces: QuerySet[Contribution]) -> None:
        assert isinstance(request.user, User)  # noqa: S101 (for the type checker)
        ids = list(faces.values_list("pk", flat=True))
        result = reviews.accept_all(ids, by=request.user)
        _tell(request, len(result.done), [])

    @admin.action(description=_("Withdraw for the giver"), permissions=["withdraw"])
    def take_back(self, request: HttpRequest, faces: QuerySet[Contribution]) -> None:
        for face in faces:
            contributions.withdraw(face)
        _tell(request, len(faces), [])

    def has_review_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("labeling.review")

    def has_withdraw_permission(self, request: HttpRequest) -> bool:
        return request.user.is_active and bool(getattr(request.user, "is_superuser", 0))


@admin.register(TrainingRun)
class TrainingRunAdmin(Looking):
    list_display = ("id", "status", "preset", "trigger", "requested_by", "created_at")
    list_filter = ("status", "preset", "trigger")
    list_select_related = ("requested_by",)
    search_fields = ("id", "message")
    actions = ("cancel",)

    @admin.action(description=_("Cancel"), permissions=["train"])
    def cancel(self, request: HttpRequest, runs: QuerySet[TrainingRun]) -> None:
        assert isinstance(request.user, User)  # noqa: S101 (for the type checker)
        refused, done = [], 0
        for run in runs:
            try:
                training.cancel(run, by=request.user)
                done += 1
            except Refused as refusal:
                refused.append(refusal)
        _tell(request, done, refused)

    def has_train_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("labeling.train")


@admin.register(User)
class UserAdmin(ModelAdmin):  # type: ignore[misc]
    """Accounts: who is a reviewer, a trainer, or shut out. Deleting is withdrawing."""

    list_display = ("email", "date_joined", "last_login", "is_active", "is_staff")
    list_filter = ("is_active", "is_staff", "groups")
    search_fields = ("email", "username")
    fields = (
        "email",
        "username",
        "is_active",
        "is_staff",
        "is_superuser",
        "groups",
        "date_joined",
        "last_login",
    )
    readonly_fields = ("email", "username", "date_joined", "last_login")
    filter_horizontal = ("groups",)
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may change accounts may make himself anything: admins only."""
        return request.user.is_active and bool(getattr(request.user, "is_superuser", 0))

    has_delete_permission = has_change_permission

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        self._erase(request, [obj])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._erase(request, list(queryset))

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """All that an account gave goes with it, by withdrawal; nothing protects it."""
        return [str(user) for user in objs], {}, set(), []

    def _erase(self, request: HttpRequest, users: list[User]) -> None:
        refused = []
        for user in users:
            try:
                people.delete_account(user)
            except Refused as refusal:
                refused.append(refusal)
        _tell(request, len(users) - len(refused), refused)


class VersionAdmin(Looking):
    """PrivateTest stays out: trainers decide about versions."""

    list_display = ("name", "origin", "is_champion", "tainted_at", "created_at")
    list_filter = ("origin", "is_champion")
    search_fields = ("name",)
    exclude = ("private_test",)


def _plain(*columns: str, filters: tuple[str, ...] = ()) -> type[Looking]:
    return type("Plain", (Looking,), {"list_display": columns, "list_filter": filters})


PLAIN: dict[type[Model], type[Looking]] = {
    ModelVersion: VersionAdmin,
    Review: _plain("created_at", "act", "by", "from_emotion", "to_emotion", "reason"),
    Vote: _plain("created_at", "choice", "gold_answer", "contribution_id"),
    Exam: _plain("created_at", "challenger", "outcome", "policy"),
    Promotion: _plain("created_at", "version", "kind", "by", "reason"),
    Snapshot: _plain("created_at", "hash", "run"),
    Withdrawal: _plain("withdrawn_at", "contribution_id", "was_released"),
    Erasure: _plain("erased_at", "user_key"),
}
for _model, _look in PLAIN.items():
    admin.site.register(_model, _look)
