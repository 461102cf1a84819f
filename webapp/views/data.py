"""The public figures: what was given, what became of it, how well people agree."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from labeling.stats import site_stats
from webapp.presenters import stats_charts


@require_safe
def data(request: HttpRequest) -> HttpResponse:
    counted = site_stats.current()
    context = {
        "counted": counted,
        "when": stats_charts.moment(counted.counted_at),
        "charts": stats_charts.charts_of(counted),
        "agreement": stats_charts.agreement(counted),
        "backlog": stats_charts.backlog(counted),
    }
    return render(request, "figures/data.html", context)


@require_safe
@cache_control(max_age=60, public=True)
def data_json(request: HttpRequest) -> JsonResponse:
    return JsonResponse(site_stats.current().model_dump(mode="json"))


urlpatterns = [
    path("", data, name="data"),
    path("numbers.json", data_json, name="data-json"),
]
