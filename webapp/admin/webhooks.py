"""Webhooks in the admin: which address is told of what, what came of it, and again."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminTextInputWidget,
)

from labeling.errors import Refused
from labeling.models import Webhook, WebhookDelivery
from labeling.webhooks import deliveries, endpoints
from webapp.admin.read_only import ReadOnlyAdmin, admin_of, is_admin, show_outcomes
from webapp.http.error_responses import attempt


class WebhookForm(forms.ModelForm[Webhook]):
    events = forms.MultipleChoiceField(
        label=_("Events"),
        choices=Webhook.Event,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("None ticked: all of them."),
    )

    class Meta:
        model = Webhook
        fields = ("url", "events", "is_active")
        widgets = {"url": UnfoldAdminTextInputWidget}

    def clean_url(self) -> str:
        try:
            return endpoints.check_url(self.cleaned_data["url"])
        except Refused as refusal:
            raise ValidationError(str(refusal)) from None


@admin.register(Webhook)
class WebhookAdmin(ReadOnlyAdmin):
    form = WebhookForm
    list_display = ("url", "is_active", "events_told", "failures", "paused_until")
    readonly_fields = ("deliveries", "secrets")
    actions = ("rotate_secret",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return is_admin(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_admin(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_admin(request)

    def get_fields(
        self, request: HttpRequest, obj: Webhook | None = None
    ) -> tuple[str, ...]:
        if obj is None:
            return ("url", "events")
        mine = ("secrets",) if is_admin(request) else ()
        return ("url", "events", "is_active", "deliveries", *mine)

    @admin.display(description=_("events"))
    def events_told(self, webhook: Webhook) -> str:
        return ", ".join(webhook.events) or str(_("all"))

    @admin.display(description=_("deliveries"))
    def deliveries(self, webhook: Webhook) -> str:
        where = reverse(
            "admin:labeling_webhookdelivery_changelist",
            query={"webhook__id__exact": webhook.pk},
        )
        link = '<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>'
        return format_html(link, where, _("What it was told, and what it answered"))

    @admin.display(description=_("secret"))
    def secrets(self, webhook: Webhook) -> str:
        """The present one; below it, for a day, the one before."""
        secrets = endpoints.secrets_of(webhook)
        halves = ((secret[:26], secret[26:]) for secret in secrets)  # for phones
        return format_html_join("", "<div>{}<wbr>{}</div>", halves)

    @admin.action(description=_("Make a new secret"), permissions=["change"])
    def rotate_secret(self, request: HttpRequest, webhooks: QuerySet[Webhook]) -> None:
        by = admin_of(request)
        rows = [attempt(endpoints.rotate_secret, one, by=by) for one in webhooks]
        said = ngettext_lazy("%(n)s new secret", "%(n)s new secrets", "n")
        show_outcomes(request, rows, said)

    def save_model(
        self, request: HttpRequest, obj: Webhook, form: Any, change: bool
    ) -> None:
        by, said = admin_of(request), form.cleaned_data
        if change:
            wished = {name: said[name] for name in ("url", "events", "is_active")}
            endpoints.change(obj, **wished, by=by)
        else:
            obj.pk = endpoints.add(said["url"], said["events"], by=by).pk

    def delete_model(self, request: HttpRequest, obj: Webhook) -> None:
        endpoints.remove(obj, by=admin_of(request))

    def delete_queryset(
        self, request: HttpRequest, queryset: QuerySet[Webhook]
    ) -> None:
        for webhook in queryset:
            endpoints.remove(webhook, by=admin_of(request))

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """The log of what it was told goes with it."""
        return [str(webhook) for webhook in objs], {}, set(), []


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    list_display = (
        *("created_at", "event", "webhook", "status", "attempts"),
        *("answer", "problem", "next_at"),
    )
    list_filter = ("status", "event", "webhook")
    list_select_related = ("webhook",)
    search_fields = ("id", "face")
    actions = ("send_again",)

    @admin.action(description=_("Send again"), permissions=["send"])
    def send_again(
        self, request: HttpRequest, chosen: QuerySet[WebhookDelivery]
    ) -> None:
        by = admin_of(request)
        rows = chosen.select_related("webhook")
        outcomes = [attempt(deliveries.send_again, one, by=by) for one in rows]
        said = ngettext_lazy(
            "%(n)s message is sent again", "%(n)s messages are sent again", "n"
        )
        show_outcomes(request, outcomes, said)

    def has_send_permission(self, request: HttpRequest) -> bool:
        return is_admin(request)
