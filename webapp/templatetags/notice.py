"""The notice before the first look, for the pages with a camera or a file dialog."""

from django import template
from django.template import Context

from labeling import controller
from labeling.detection import notice
from webapp.http.notice import is_due

register = template.Library()


@register.simple_tag(takes_context=True)
def notice_due(context: Context) -> bool:
    return is_due(context["request"])


@register.inclusion_tag("notice/line.html")
def notice_line() -> dict[str, object]:
    return {"line": notice.line()}


@register.inclusion_tag("notice/step.html", takes_context=True)
def notice_step(context: Context, page: str) -> dict[str, object]:
    return {
        "page": page,
        "paragraph": notice.paragraph(),
        "controller": controller.stated(),
        "is_due": is_due(context["request"]),
        "csrf_token": context["csrf_token"],
    }
