"""Accounts in the admin: rights, confirmed addresses, second factors, deletion."""

from copy import copy
from functools import partial
from typing import Any

from allauth.account.admin import EmailAddressAdmin
from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa.admin import AuthenticatorAdmin
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db.models import ManyToManyField, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from unfold.forms import AdminPasswordChangeForm, UserChangeForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from labeling import accounts
from labeling.models import ApiToken, User
from webapp.admin.read_only import (
    AboutCounted,
    NoLog,
    ReadOnlyAdmin,
    StrictSelection,
    admin_of,
    is_admin,
    show_outcomes,
)
from webapp.http.access import person, second_factor_first
from webapp.http.error_responses import attempt


def _may_enter(request: HttpRequest) -> bool:
    if not admin.AdminSite.has_permission(admin.site, request):
        return False
    user = person(request)
    return bool(user and not user.owes_second_factor)


admin.site.has_permission = _may_enter  # type: ignore[method-assign]
# The one door to sign in, with the second factor where an account has one.
admin.site.login = secure_admin_login(  # type: ignore[method-assign]
    second_factor_first(admin.site.login)
)


class PasswordForm(AdminPasswordChangeForm):
    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by = by

    def save(self, commit: bool = True) -> User:
        is_usable = self.cleaned_data["set_usable_password"]
        password = self.cleaned_data["password1"] if is_usable else None
        accounts.set_password(self.user, password, by=self.by)
        user: User = self.user
        return user


@admin.register(User)
class AccountAdmin(NoLog, StrictSelection, UserAdmin):  # type: ignore[misc,type-arg]
    """Accounts: who is a reviewer, a trainer, or shut out. Deleting is withdrawing."""

    form = UserChangeForm
    actions = ("revoke_tokens",)
    list_display = ("email", "date_joined", "last_login", "is_active", "is_staff")
    list_filter = ("is_active", "is_staff", "groups")
    list_per_page = 50
    search_fields = ("email", "username", "key")
    ordering = ("-pk",)
    paginator = AboutCounted
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

    def save_model(
        self, request: HttpRequest, obj: User, form: Any, change: bool
    ) -> None:
        chosen = form.cleaned_data
        rights = {right for right, column in accounts.FLAGS.items() if chosen[column]}
        rights |= {group.name for group in chosen["groups"]}
        accounts.change_rights(obj, rights, by=admin_of(request))

    def save_related(
        self, request: HttpRequest, form: Any, formsets: Any, change: bool
    ) -> None:
        """The groups are among the rights."""

    def user_change_password(
        self, request: HttpRequest, id: str, form_url: str = ""
    ) -> HttpResponse:
        """With a form that knows who is asking."""
        mine = copy(self)
        mine.change_password_form = partial(PasswordForm, by=admin_of(request))
        return super(AccountAdmin, mine).user_change_password(request, id, form_url)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """What was done to the account, and what it did."""
        user = self.get_object(request, object_id)
        if user is None or not self.has_view_permission(request, user):
            raise Http404
        log = reverse("admin:labeling_auditentry_changelist", query={"q": user.key})
        return redirect(log)

    @admin.action(description=_("Revoke API tokens"), permissions=["change"])
    def revoke_tokens(self, request: HttpRequest, users: QuerySet[User]) -> None:
        by = admin_of(request)
        tokens = ApiToken.objects.filter(user__in=users).select_related("user")
        for token in tokens:
            accounts.revoke_token(token, by=by)
        said = ngettext_lazy("%(n)s token revoked", "%(n)s tokens revoked", "n")
        show_outcomes(request, tokens, said)

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
        by = admin_of(request)
        outcomes = [attempt(accounts.delete_account, user, by=by) for user in users]
        said = ngettext_lazy("%(n)s account deleted", "%(n)s accounts deleted", "n")
        show_outcomes(request, outcomes, said)


# Which group somebody is in stands with the account; what it may do, in a migration.
admin.site.unregister([Group, EmailAddress, Authenticator])


@admin.register(EmailAddress)
class AddressAdmin(EmailAddressAdmin, ReadOnlyAdmin):
    """To confirm an address where a mail did not arrive."""

    list_select_related = ("user",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and is_admin(request)  # the list's action, no form

    @admin.action(description=_("Mark as confirmed"), permissions=["change"])
    def make_verified(
        self, request: HttpRequest, queryset: QuerySet[EmailAddress]
    ) -> None:
        by = admin_of(request)
        outcomes = [attempt(accounts.confirm_address, one, by=by) for one in queryset]
        said = ngettext_lazy(
            "%(n)s address confirmed", "%(n)s addresses confirmed", "n"
        )
        show_outcomes(request, outcomes, said)


@admin.register(Authenticator)
class SecondFactorAdmin(AuthenticatorAdmin, ReadOnlyAdmin):
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
        by = admin_of(request)
        for user in User.objects.filter(authenticator__in=queryset).distinct():
            accounts.remove_second_factors(user, by=by)
