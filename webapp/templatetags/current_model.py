"""The model in use, in a sentence, for pages that are not about models."""

from django import template

from webapp.presenters import versions

register = template.Library()


@register.inclusion_tag("models/current.html")
def current_model() -> dict[str, object]:
    return {"model": versions.of_champion()}
