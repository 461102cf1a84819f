"""Template tags of the pages: emotions, bars, icons, the top bar."""

from collections.abc import Mapping

from django import template
from django.conf import settings
from django.http import HttpRequest
from django.template import Context
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from labeling.emotions import Emotion
from labeling.figures import in_percent, percent
from labeling.models import FaceReport
from webapp.http.languages import ASKED, without_language
from webapp.presenters import formats
from webapp.presenters.formats import about, of_worker

register = template.Library()


register.filter(percent)
register.filter(of_worker)


register.filter(about)


@register.simple_tag
def emotion(value: str, *, share: float | None = None) -> SafeString:
    known = Emotion(value)
    return format_html(
        '<span class="chip is-{}"><span class="emoji" aria-hidden="true">{}</span>'
        "{}{}</span>",
        known.value,
        known.emoji,
        known.label,
        "" if share is None else f" {percent(share)}",
    )


@register.filter
def emoji(value: str) -> str:
    return Emotion(value).emoji


@register.filter
def emotion_word(value: str) -> str:
    return str(Emotion(value).label)


@register.simple_tag
def emotions() -> list[Emotion]:
    return list(Emotion)


@register.simple_tag
def bar(value: float, kind: str = "") -> SafeString:
    return format_html(
        '<svg class="bar {}" viewBox="0 0 100 6" preserveAspectRatio="none"'
        ' aria-hidden="true"><rect class="rest" width="100" height="6"/>'
        '<rect class="part" width="{}" height="6"/></svg>',
        kind,
        f"{min(max(value, 0), 1) * 100:.1f}",
    )


@register.inclusion_tag("parts/bars.html")
def bars(probabilities: Mapping[str, float]) -> dict[str, object]:
    winner = max(probabilities, key=lambda name: probabilities[name], default="")
    return {
        "bars": [
            {
                "emotion": known,
                "value": probabilities.get(known.value, 0.0),
                "is_winner": known.value == winner,
            }
            for known in Emotion
        ]
    }


@register.simple_tag
def icon(name: str) -> SafeString:
    return format_html(
        '<svg class="icon" aria-hidden="true"><use href="{}#{}"/></svg>',
        static("icons.svg"),
        name,
    )


@register.simple_tag(takes_context=True)
def nav_link(context: Context, name: str, word: str) -> SafeString:
    request: HttpRequest | None = context.get("request")
    address = reverse(name)
    path = request.path if request else ""
    is_here = path == address or (address != "/" and path.startswith(address))
    return format_html(
        '<a href="{}"{}>{}</a>',
        address,
        format_html(' aria-current="{}"', "page") if is_here else "",
        word,
    )


@register.simple_tag(takes_context=True)
def theme_attribute(context: Context) -> SafeString:
    """The visitor's choice, from a cookie, so that no page flashes in the other one."""
    request: HttpRequest | None = context.get("request")
    theme = request.COOKIES.get("theme") if request else None
    if theme not in ("light", "dark"):
        return SafeString("")
    return format_html(' data-theme="{}"', theme)


@register.simple_tag(takes_context=True)
def alternates(context: Context) -> SafeString:
    """This page in every language, for search engines. Of one that a form made, or that
    a filter narrows, there are none."""
    request: HttpRequest | None = context.get("request")
    if request is None or request.method != "GET" or set(request.GET) - {ASKED}:
        return SafeString("")
    here = settings.SITE_URL + request.path
    known = [(code, f"{here}?{ASKED}={code}") for code, _name in settings.LANGUAGES]
    return format_html_join(
        "\n    ",
        '<link rel="alternate" hreflang="{}" href="{}">',
        [*known, ("x-default", here)],
    )


@register.simple_tag(takes_context=True)
def this_page(context: Context) -> str:
    """Where to come back to when another language is chosen. What a form made has no
    address of its own: then to the start."""
    request: HttpRequest | None = context.get("request")
    if request is None or request.method != "GET":
        return reverse("try")
    return without_language(request)


@register.simple_tag
def percent_pattern() -> str:
    """For scripts, which put their figure in the place of {n}."""
    return in_percent("{n}")


@register.simple_tag
def colon() -> str:
    return formats.colon()


@register.simple_tag
def mail_configured() -> bool:
    """Without a mail server nothing is confirmed, and the page should say so."""
    return bool(settings.MAIL_CONFIGURED)


@register.simple_tag
def contact(address: str) -> SafeString:
    """An email address, or a page, as a link."""
    link = address if address.startswith("https://") else f"mailto:{address}"
    return format_html('<a href="{}">{}</a>', link, address)


@register.simple_tag
def reported_faces() -> int:
    """How many are hidden until a reviewer decides."""
    return FaceReport.objects.count()
