"""The public figures: what was given, what became of it, how well people agree."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from labeling import numbers
from webapp import figures


@require_safe
def data(request: HttpRequest) -> HttpResponse:
    counted = numbers.current()
    context: dict[str, Any] = {
        "counted": counted,
        "when": figures.moment(counted["counted_at"]),
        "charts": figures.charts_of(counted),
        "agreement": figures.agreement(counted),
        "backlog": figures.backlog(counted),
    }
    return render(request, "figures/data.html", context)


@require_safe
@cache_control(max_age=60, public=True)
def data_json(request: HttpRequest) -> JsonResponse:
    return JsonResponse(numbers.current())


urlpatterns = [
    path("", data, name="data"),
    path("numbers.json", data_json, name="data-json"),
]
