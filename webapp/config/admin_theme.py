"""How Django's admin looks: our colours, and what is where. For settings.UNFOLD."""

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# Lightness, chroma and hue in OKLCH, from the lightest to the darkest.
TONES = ("50", "100", "200", "300", "400", "500", "600", "700", "800", "900", "950")
STONE = (
    *("98.5% .001 106", "97% .001 106", "92.3% .003 49", "86.9% .005 56"),
    *("70.9% .01 56", "53% .013 58", "44.4% .011 74", "37.4% .01 68"),
    *("26.8% .007 34", "21.6% .006 56", "14.7% .004 49"),
)
AMBER = (
    *("98.7% .022 95", "96.2% .059 96", "92.4% .12 96", "87.9% .169 92"),
    *("82.8% .189 84", "70% .18 62", "53% .155 49", "47.3% .137 46"),
    *("41.4% .112 46", "34% .095 46", "27.9% .077 46"),
)


def _colour(steps: tuple[str, ...]) -> dict[str, str]:
    return {tone: f"oklch({step})" for tone, step in zip(TONES, steps, strict=True)}


def _list(title: "str | Promise", model: str) -> dict[str, object]:
    app, name = model.split(".")

    def may(request: HttpRequest) -> bool:
        return request.user.has_perm(f"{app}.view_{name}")

    link = reverse_lazy(f"admin:{app}_{name}_changelist")
    return {"title": title, "link": link, "permission": may}


def _icon(_request: HttpRequest) -> str:
    return static("mark.svg")


def _style(_request: HttpRequest) -> str:
    return static("css/admin.css")


UNFOLD: dict[str, object] = {
    "SITE_TITLE": "Mien",
    "SITE_HEADER": "Mien",
    "SITE_URL": "/",
    "SITE_ICON": _icon,
    "STYLES": [_style],
    "DASHBOARD_CALLBACK": "webapp.views.admin_index.fill",
    "SHOW_BACK_BUTTON": True,
    "COLORS": {"base": _colour(STONE), "primary": _colour(AMBER)},
    "SIDEBAR": {
        "navigation": [
            {
                "title": _("Faces"),
                "items": [
                    _list(_("Faces"), "labeling.contribution"),
                    _list(_("Decisions"), "labeling.review"),
                    _list(_("Votes"), "labeling.vote"),
                    _list(_("Withdrawals"), "labeling.withdrawal"),
                ],
            },
            {
                "title": _("Models"),
                "items": [
                    _list(_("Training runs"), "labeling.trainingrun"),
                    _list(_("Snapshots"), "labeling.snapshot"),
                    _list(_("Versions"), "labeling.modelversion"),
                    _list(_("Exams"), "labeling.exam"),
                    _list(_("Promotions"), "labeling.promotion"),
                ],
            },
            {
                "title": _("People"),
                "items": [
                    _list(_("Accounts"), "labeling.user"),
                    _list(_("Email addresses"), "account.emailaddress"),
                    _list(_("Two-step sign-in"), "mfa.authenticator"),
                    _list(_("Erased accounts"), "labeling.erasure"),
                    _list(_("Audit log"), "labeling.auditentry"),
                ],
            },
            {
                "title": _("Other programs"),
                "items": [
                    _list(_("Webhooks"), "labeling.webhook"),
                    _list(_("Webhook deliveries"), "labeling.webhookdelivery"),
                ],
            },
        ]
    },
}
