"""Accounts in the admin: rights, confirmed addresses, second factors, deletion."""

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
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.forms import AdminPasswordChangeForm, UserChangeForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from labeling import accounts
from labeling.models import User
from webapp.admin.read_only import (
    ReadOnlyAdmin,
    StrictSelection,
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


@admin.register(User)
class AccountAdmin(StrictSelection, UserAdmin):  # type: ignore[misc,type-arg]
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
        show_outcomes(request, [attempt(accounts.delete_account, u) for u in users])


# Which group somebody is in stands with the account; what it may do, in a migration.
admin.site.unregister([Group, EmailAddress, Authenticator])


@admin.register(EmailAddress)
class AddressAdmin(EmailAddressAdmin, ReadOnlyAdmin):  # type: ignore[misc]
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
class SecondFactorAdmin(AuthenticatorAdmin, ReadOnlyAdmin):  # type: ignore[misc]
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
