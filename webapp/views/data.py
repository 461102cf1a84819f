"""The public figures: what was given, what became of it, how well people agree; and the
datasets that were released, whose files are where the operator has put them."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import path
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from labeling.datasets import croissant, dataset_release, release_papers
from labeling.models import DatasetRelease
from labeling.stats import site_stats
from ml.emotions import EMOTIONS
from webapp.presenters import stats_charts
from webapp.views import pages


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


@require_safe
def releases(request: HttpRequest) -> HttpResponse:
    made = dataset_release.made().defer("croissant")
    return render(request, "releases/releases.html", {"releases": made})


@require_safe
def release(request: HttpRequest, pk: int) -> HttpResponse:
    row = _made(pk)
    context = {
        "release": row,
        "license": croissant.license_url(row.license),
        "emotions": [(emotion, row.emotions.get(emotion, 0)) for emotion in EMOTIONS],
        "withdrawn": row.withdrawn().count(),
    }
    return render(request, "releases/release.html", context)


@require_safe
def datasheet(request: HttpRequest, pk: int) -> HttpResponse:
    text = release_papers.datasheet(_made(pk))
    return pages.paper(request, text, language="en", back="data-release", pk=pk)


@require_safe
@cache_control(max_age=60, public=True)
def croissant_json(request: HttpRequest, pk: int) -> JsonResponse:
    return JsonResponse(_made(pk).croissant, content_type="application/ld+json")


@require_safe
@cache_control(max_age=60, public=True)
def withdrawn(request: HttpRequest) -> JsonResponse:
    """For whoever took a release: which faces to delete."""
    return JsonResponse(dataset_release.withdrawn())


def _made(pk: int) -> DatasetRelease:
    return get_object_or_404(dataset_release.made(), pk=pk)


urlpatterns = [
    path("", data, name="data"),
    path("numbers.json", data_json, name="data-json"),
    path("releases/", releases, name="data-releases"),
    path("releases/withdrawn.json", withdrawn, name="data-withdrawn"),
    path("releases/<int:pk>/", release, name="data-release"),
    path("releases/<int:pk>/datasheet/", datasheet, name="data-release-datasheet"),
    path("releases/<int:pk>/croissant.json", croissant_json, name="data-croissant"),
]
