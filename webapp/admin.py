"""Django's admin, for looking and searching. What changes anything calls the same verbs
as the pages; rows are never edited here."""

from typing import Any

from allauth.account.admin import EmailAddressAdmin
from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa.admin import AuthenticatorAdmin
from allauth.mfa.models import Authenticator
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db.models import ManyToManyField, Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from labeling import accounts
from labeling.contributions import withdrawals
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
from labeling.review import decisions
from labeling.training import training_runs

# The one door to sign in, with the second factor where an account has one.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]


def is_admin(request: HttpRequest) -> bool:
    """Whoever may change accounts may make himself anything."""
    return request.user.is_active and bool(getattr(request.user, "is_superuser", 0))


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
    search_fields = ("id", "giver__email", "source_name", "cluster")
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
        (
            _("Desk and training"),
            {"fields": ("priority", "leased_to", "leased_until", "split", "cluster")},
        ),
    )
    readonly_fields = ("picture", "history")
    actions = ("accept", "take_back")
    ordering = ("-created_at",)

    @admin.display(description=_("number"), ordering="pk")
    def number(self, face: Contribution) -> str:
        return face.pk.hex[:8]

    @admin.display(description=_("picture"))
    def picture(self, face: Contribution) -> str:
        address = reverse("face", args=[face.pk])
        return format_html('<img src="{}" width="160" height="160" alt="">', address)

    @admin.display(description=_("history"))
    def history(self, face: Contribution) -> str:
        address = reverse("review-history", args=[face.pk])
        link = '<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>'
        return format_html(link, address, _("On its own page"))

    @admin.action(description=_("Accept as given"), permissions=["review"])
    def accept(self, request: HttpRequest, faces: QuerySet[Contribution]) -> None:
        assert isinstance(request.user, User)  # noqa: S101 (for the type checker)
        ids = list(faces.values_list("pk", flat=True))
        result = decisions.accept_all(ids, by=request.user)
        _tell(request, len(result.done), [])

    @admin.action(description=_("Withdraw for the giver"), permissions=["withdraw"])
    def take_back(self, request: HttpRequest, faces: QuerySet[Contribution]) -> None:
        for face in faces:
            withdrawals.withdraw(face)
        _tell(request, len(faces), [])

    def has_review_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("labeling.review")

    def has_withdraw_permission(self, request: HttpRequest) -> bool:
        return is_admin(request)


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
                training_runs.cancel(run, by=request.user)
                done += 1
            except Refused as refusal:
                refused.append(refusal)
        _tell(request, done, refused)

    def has_train_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("labeling.train")


@admin.register(User)
class AccountAdmin(UserAdmin, ModelAdmin):  # type: ignore[misc,type-arg]
    """Accounts: who is a reviewer, a trainer, or shut out. Deleting is withdrawing."""

    form = UserChangeForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("email", "date_joined", "last_login", "is_active", "is_staff")
    list_filter = ("is_active", "is_staff", "groups")
    list_per_page = 50
    search_fields = ("email", "username")
    ordering = ("-date_joined",)
    fieldsets = (
        (None, {"fields": ("email", "username", "password")}),
        (_("May do"), {"fields": ("is_active", "is_staff", "is_superuser", "groups")}),
        (_("When"), {"fields": ("date_joined", "last_login")}),
    )
    readonly_fields = ("email", "username", "date_joined", "last_login")
    filter_horizontal = ()
    formfield_overrides = {
        ManyToManyField: {"widget": UnfoldAdminCheckboxSelectMultipleWidget}
    }
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_admin(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_admin(request)

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
                accounts.delete_account(user)
            except Refused as refusal:
                refused.append(refusal)
        _tell(request, len(users) - len(refused), refused)


# Which group somebody is in stands with the account; what it may do, in a migration.
admin.site.unregister([Group, EmailAddress, Authenticator])


@admin.register(EmailAddress)
class AddressAdmin(EmailAddressAdmin, Looking):  # type: ignore[misc]
    """To confirm an address where a mail did not arrive."""

    list_select_related = ("user",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and is_admin(request)  # the list's action, no form

    @admin.action(description=_("Mark as confirmed"), permissions=["change"])
    def make_verified(
        self, request: HttpRequest, queryset: QuerySet[EmailAddress]
    ) -> None:
        super().make_verified(request, queryset)


@admin.register(Authenticator)
class SecondFactorAdmin(AuthenticatorAdmin, Looking):  # type: ignore[misc]
    """To take off one that was lost. Its secret is shown to nobody."""

    list_filter = ("type",)
    list_select_related = ("user",)
    search_fields = ("user__email",)
    exclude = ("data",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_admin(request)

    def delete_model(self, request: HttpRequest, obj: Authenticator) -> None:
        self.delete_queryset(request, Authenticator.objects.filter(pk=obj.pk))

    def delete_queryset(
        self, request: HttpRequest, queryset: QuerySet[Authenticator]
    ) -> None:
        """All of those accounts: recovery codes alone would still ask for a factor."""
        people = list(queryset.values_list("user", flat=True))
        Authenticator.objects.filter(user__in=people).delete()


class VersionAdmin(Looking):
    """PrivateTest stays out: trainers decide about versions."""

    list_display = ("name", "origin", "is_champion", "contaminated_at", "created_at")
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
